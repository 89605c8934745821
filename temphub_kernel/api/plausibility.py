"""What a delivery is looked at for beyond its form: values that sensors say when they measured nothing, two
devices under one id, made-up names. Endpoint thread only.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple

from ..core import (
    CLONE_GHOST,
    GHOSTS,
    MAX_INTERVAL_MS,
    NEAR_UNITS,
    POWER_ON,
    UNDATED,
    Once,
    Row,
    TempHubError,
    TooOften,
    monotonic_s,
    real_address,
)
from ..journal import Reader
from .access import MOST_TRACKED, place_of

# A reading before is a neighbour for three times the probe's own pace, and for the longest pace there is in
# any case.
NEIGHBOUR_MS = MAX_INTERVAL_MS
TIMES = 3
MOST_PROBES = 16_384


class _Last(NamedTuple):
    taken_ms: int
    units: int
    pace_ms: int


class Court:
    """Remembers each plain sender's last good reading."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def remember(self, probe_id: str, taken_ms: int, units: int) -> None:
        """A good reading that the next ones of its probe are compared with."""
        before = self._last.pop(probe_id, None)
        pace_ms = 0 if before is None else abs(taken_ms - before.taken_ms)
        self._last[probe_id] = _Last(taken_ms, units, pace_ms)
        if len(self._last) > MOST_PROBES:
            self._last.popitem(last=False)

    def recall(self, reader: Reader) -> None:
        """The newest good readings in the journal: a hub that was just started has neighbours, too."""
        for one in reader.newest(own=True):
            if one.units is not None:
                self.remember(one.probe_id, one.taken_ms, one.units)

    def judged(self, row: Row) -> Row:
        """The reading of a plain sender with what is to be thought of it; one that brings a quality was
        judged where it was measured."""
        if row.units is None or row.quality not in (None, UNDATED):
            return row
        near = self._near(row)
        verdict = GHOSTS.get(row.units) if near is not True else None
        if verdict is None and row.units == CLONE_GHOST and near is False:
            verdict = POWER_ON, True
            # Once: a place that has just this temperature says so again, and must not be hidden for as long
            # as it does.
            self.remember(row.probe_id, row.taken_ms, row.units)
        if verdict is None:
            self.remember(row.probe_id, row.taken_ms, row.units)
            return row
        quality, may_be_true = verdict
        return row._replace(units=row.units if may_be_true else None, quality=quality)

    def _near(self, row: Row) -> bool | None:
        """Whether the reading before was near in value; None when there is none near in time."""
        last = self._last.get(row.probe_id)
        if last is None or abs(row.taken_ms - last.taken_ms) > max(NEIGHBOUR_MS, TIMES * last.pace_ms):
            return None
        return abs((row.units or 0) - last.units) <= NEAR_UNITS


# So many returns among the last deliveries are no accident.
LOOKED_AT = 16
RETURNS = 4
# After so many deliveries of one alone, and so long, the other is gone.
ALONE = 40
ALONE_S = 120.0
# Older readings may be what a probe had kept from before its restart.
LIVE_MS = 30_000
MOST_SENDERS = 16_384
SENDERS = 8


@dataclass
class _Track:
    """One id's deliveries of late. senders: who sent -> from where, the last one last; places: the
    addresses it came from last; back: for each of the last, whether it came back."""

    senders: OrderedDict[str, str] = field(default_factory=OrderedDict)
    places: deque[str] = field(default_factory=lambda: deque(maxlen=2))
    back: deque[bool] = field(default_factory=lambda: deque(maxlen=LOOKED_AT))
    top: int = -1
    alone: int = 0
    since_s: float = 0.0
    told: bool = False


class Twins:
    """Who delivers under which id. Only for deliveries that are not signed: a key belongs to one probe."""

    def __init__(self, now_s: Callable[[], float] = monotonic_s) -> None:
        self._now_s = now_s
        self._tracks: OrderedDict[tuple[str, str], _Track] = OrderedDict()

    def delivered(self, newest: Row, address: str, *, renumbered: int = 0) -> tuple[str, str] | None:
        """Note a delivery by its newest reading. (problem, remedy) when it shows two senders, ("", "") when
        that is over, else None."""
        if newest.received_ms - newest.taken_ms > LIVE_MS:
            return None
        boot = newest.boot
        # Whoever names no boot is known by where it sends from; a device with IPv4 and IPv6 is two tracks,
        # each of one sender.
        way = "boot" if boot else _family(address)
        key = newest.probe_id, way
        track = self._tracks.pop(key, None) or _Track()
        self._tracks[key] = track
        if len(self._tracks) > MOST_SENDERS:
            self._tracks.popitem(last=False)
        other = _note(track, boot or address, address, newest.seq, renumbered)
        return _judge(newest.probe_id, track, self._now_s(), other=other)


def _note(track: _Track, sender: str, address: str, seq: int | None, renumbered: int) -> bool:
    """Whether this delivery comes from somebody else than the one before."""
    last = next(reversed(track.senders), sender)
    elsewhere = track.senders.get(sender, address) != address and last == sender
    # One boot from two addresses is one probe as long as it counts on.
    fell = seq is not None and seq <= track.top and elsewhere
    back = bool(renumbered) or fell or (last != sender and sender in track.senders)
    track.top = seq if seq is not None and (fell or last != sender or seq > track.top) else track.top
    track.senders[sender] = address
    if address not in track.places:
        track.places.append(address)
    track.senders.move_to_end(sender)
    if len(track.senders) > SENDERS:
        track.senders.popitem(last=False)
    track.back.append(back)
    return back or last != sender


def _judge(probe_id: str, track: _Track, now: float, *, other: bool) -> tuple[str, str] | None:
    if other:
        track.alone, track.since_s = 0, now
    else:
        track.alone += 1
    if not track.told and sum(track.back) >= RETURNS:
        track.told = True
        return told(probe_id, sorted(track.places))
    if track.told and track.alone >= ALONE and now - track.since_s >= ALONE_S:
        track.told = False
        track.senders.clear()
        track.places.clear()
        track.back.clear()
        return "", ""
    return None


def told(probe_id: str, places: list[str]) -> tuple[str, str]:
    """In words. places: one or two addresses."""
    if len(places) > 1:
        who = f"{' and '.join(places)} take turns"
    else:
        who = f"two at {places[0]} take turns, or one that counts anew under an old boot mark"
    return (
        f"Two devices deliver as {probe_id} ({who}), so its curve mixes the readings of two places. All of "
        "them are stored.",
        "Give one of them another id; readings that came till then can be told apart by their value only.",
    )


@lru_cache(maxsize=MOST_SENDERS)
def _family(address: str) -> str:
    try:
        return "6" if isinstance(real_address(address), IPv6Address) else "4"
    except ValueError:
        return "?"


FREE_EACH = 500
FREE = 2000
# One more name each time: more than anybody unpacks and plugs in.
EVERY_S = 10.0
# How long a person's word that more will come holds.
EXPECTED_S = 3600.0

log = logging.getLogger(__name__)
FULL = (
    "More probes came that this hub had never heard of than are taken at once; of the others one is taken "
    "every ten seconds."
)
REMEDY = (
    "If they are yours, run `temphub probes --expect 1000` with as many as will come, or set "
    "SERVER_TOKEN: who shows it is taken at once."
)


class NewNames:
    """Counts new names, by address and in all. free_each, free: at once; then one every `every_s` for an
    address, and for the hub."""

    def __init__(self, *, free_each: int = FREE_EACH, free: int = FREE, every_s: float = EVERY_S) -> None:
        self._each, self._all, self._every_s = free_each * every_s, free * every_s, every_s
        self._known: set[str] = set()
        # Of each address, and of all: until when its names are paid for.
        self._paid_s: dict[str, float] = {}
        self._all_paid_s = 0.0
        self._expected, self._expected_till_s = 0, 0.0
        self._once = Once(log)

    def recall(self, reader: Reader) -> None:
        """The names in the journal, those that a person removed or merged as well."""
        self._known.update(
            id_ for probe in reader.probes(removed=True) for id_ in (probe["id"], *probe["also"])
        )

    def expect(self, count: int) -> None:
        """A person says that so many new probes will come within the hour: they are taken at once."""
        self._expected, self._expected_till_s = count, monotonic_s() + EXPECTED_S
        self._once.clear("full", "new probes are expected and taken at once")

    def admit(self, name: str, address: str) -> None:
        """Raises TempHubError (429) for a new name where there were too many; nothing of it is kept then."""
        if name in self._known:
            return
        now, place = monotonic_s(), place_of(address)
        if self._expected and now < self._expected_till_s:
            self._expected -= 1
            self._known.add(name)
            return
        each, everybody = max(self._paid_s.pop(place, 0.0), now), max(self._all_paid_s, now)
        full = each + self._every_s > now + self._each or everybody + self._every_s > now + self._all
        self._paid_s[place] = each if full else each + self._every_s
        while len(self._paid_s) > MOST_TRACKED:
            del self._paid_s[next(iter(self._paid_s))]
        if full:
            self._once.warn("full", f"{FULL} {REMEDY}")
            raise _too_many(address)
        self._all_paid_s = everybody + self._every_s
        self._known.add(name)


class TooManyNew(TooOften):
    """Raised when a name nobody has heard of comes after too many such; answered after a pause."""

    code = "too_many_new"


def _too_many(address: str) -> TempHubError:
    return TooManyNew(
        f"So many probes that this hub had never heard of came at once (the last from {address}) that no "
        "further name is taken now.",
        f"Send again: one more is taken every {EVERY_S:.0f} s. {REMEDY}",
    )
