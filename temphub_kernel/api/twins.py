"""Two devices that deliver under one id: seen by deliveries that come back to a sender that had been left. Endpoint thread only.

A probe whose address changed does not return to the old one again and again, nor does one that was restarted to its old boot mark. One
behind several addresses (a router, a proxy, IPv4 beside IPv6) keeps its boot mark and its count.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address

from ..base.clock import monotonic_s
from ..base.ip import real_address
from ..base.reading import Row

# So many returns among the last deliveries are no accident.
LOOKED_AT = 16
RETURNS = 4
# After so many deliveries of one alone, and so long, the other is gone.
ALONE = 40
ALONE_S = 120.0
# Older readings may be what a probe had kept from before its restart.
LIVE_MS = 30_000
MOST = 4096
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

    def delivered(self, rows: Sequence[Row], address: str, *, renumbered: int = 0) -> tuple[str, str] | None:
        """Note a delivery. (problem, remedy) when it shows that there are two, ("", "") when that is over, else None."""
        newest = rows[0] if len(rows) == 1 else max(rows, key=lambda row: row.taken_ms)
        if newest.received_ms - newest.taken_ms > LIVE_MS:
            return None
        boot = newest.boot
        # Whoever names no boot is known by where it sends from; a device with IPv4 and IPv6 is two tracks, each of one sender.
        way = "boot" if boot else _family(address)
        key = newest.probe_id, way
        track = self._tracks.pop(key, None) or _Track()
        self._tracks[key] = track
        if len(self._tracks) > MOST:
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
        f"Two devices deliver as {probe_id} ({who}), so its curve mixes the readings of two places. All of them are stored.",
        "Give one of them another id; readings that came till then can be told apart by their value only.",
    )


@lru_cache(maxsize=MOST)
def _family(address: str) -> str:
    try:
        return "6" if isinstance(real_address(address), IPv6Address) else "4"
    except ValueError:
        return "?"
