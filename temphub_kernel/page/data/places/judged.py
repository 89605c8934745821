"""How each probe of all places does, the worst place first. One of all pages of an engine, any thread: of
thousands only those are judged anew of which something new was told, or whose time has run out."""

import threading
from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from ....alarms import states
from ....core import natural
from ....journal import Newest, StoredRule
from ..alarms import WELL
from ..probe import Good, Probe, Site
from .lines import Worst
from .told import Key, There

Natural = tuple[str | int, ...]
# By what a probe is called, and what its limits are.
CALLED = ("name", "group", "upper", "lower")


class Held(NamedTuple):
    """A probe that is as it was from from_ms to until_ms, both included, if nothing is told of it meanwhile.
    called: its group and name as people count."""

    there: There
    probe: Probe
    from_ms: float
    until_ms: float
    called: tuple[Natural, Natural]


class Judged(NamedTuple):
    """probes, keys: of one length, the worst place first, and in each place the worst probe; at: where each
    id stands; named: another object as soon as one is called otherwise, or has other limits."""

    probes: list[Probe]
    keys: list[Key]
    at: Mapping[str, int]
    named: object


class Judging:
    """Judges; keeps what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Key, Held] = {}
        self._colours: dict[Key, int] = {}
        self._judged = Judged([], [], {}, object())
        self._sites: tuple[object, object, list[Site]] = (None, None, [])

    def judged(self, there: Mapping[Key, There], now_ms: int) -> Judged:
        """How each of these does. The lists are everybody's."""
        with self._lock:
            before, held = self._held, dict[Key, Held]()
            same = there.keys() == before.keys()
            if not same:
                # By place and name: a line keeps its colour when another place gets worse.
                self._colours = {key: number for number, key in enumerate(sorted(there))}
            moved, named, changed = not same, not same, not same
            for key, one in there.items():
                known, colour = before.get(key), self._colours[key]
                if (
                    known is None
                    or known.there is not one
                    or known.probe.colour != colour
                    or not known.from_ms <= now_ms <= known.until_ms
                ):
                    was, known = known, _judge(one, colour, now_ms, known)
                    changed = True
                    if was is not None:
                        named = named or (was.there is not one and _called(was.there) != _called(one))
                        moved = moved or was.probe.standing != known.probe.standing
                held[key] = known
            self._held = held
            if moved or named:
                self._order(held, object() if named else self._judged.named)
            elif changed:
                probes = [held[key].probe for key in self._judged.keys]
                self._judged = self._judged._replace(probes=probes)
            return self._judged

    def _order(self, held: Mapping[Key, Held], named: object) -> None:
        worst: dict[str, tuple[int, bool, int, int]] = {}
        for (site, _), one in held.items():
            place = one.probe.standing.place
            worst[site] = min(place, worst.get(site, place))
        # Of as many probes as a place has its rank is one.
        ranks = {site: (place, natural(site)) for site, place in worst.items()}
        keys = sorted(held, key=lambda key: (ranks[key[0]], held[key].probe.standing.place, held[key].called))
        probes = [held[key].probe for key in keys]
        self._judged = Judged(probes, keys, {one.id: at for at, one in enumerate(probes)}, named)

    def sites(self, judged: Judged, month: Mapping[Key, Worst]) -> list[Site]:
        """Each probe of which there are hours, the worst of the month first: longest beyond its limits, then
        least measured."""
        with self._lock:
            if self._sites[0] is not judged.named or self._sites[1] is not month:
                self._sites = judged.named, month, _sites(self._held, month)
            return self._sites[2]


def _called(one: There) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in CALLED)


def _judge(one: There, colour: int, now_ms: int, known: Held | None) -> Held:
    """known: what is known of it from before."""
    taken_ms, celsius, quality = one.newest
    heard = states.heard(now_ms, taken_ms or None, one.interval_ms, celsius is not None)
    from_ms, until_ms = _spell(one, now_ms)
    newest = Newest(one.id, taken_ms, None, quality, taken_ms, 0) if taken_ms else None
    if known is None or _called(known.there) != _called(one):
        id_, called = one.id, (natural(one.group), natural(one.name))
        # Each shop may have a "Freezer".
        name, rules = f"{one.site} · {one.name}", _rules(one)
        record = {"id": id_, "name": one.name, "group": one.site, "note": one.group, "site": one.site}
    else:
        was, called = known.probe, known.called
        id_, name, record, rules = was.id, was.name, was.record, was.rules
    probe = Probe(
        id=id_,
        name=name,
        record=record,
        colour=colour,
        state=heard,
        newest=newest,
        good=Good(taken_ms, celsius) if celsius is not None else None,
        quality=None if celsius is not None or not taken_ms else quality,
        catching_up=False,
        rules=rules,
        standing=_standing(one, heard, now_ms),
    )
    return Held(one, probe, from_ms, until_ms, called)


def _spell(one: There, now_ms: int) -> tuple[float, float]:
    """From when to when it is as it is now, by the age of its newest reading alone."""
    taken_ms = one.newest[0]
    if not taken_ms:
        return -inf, inf
    age_ms = abs(now_ms - taken_ms)
    edges_ms = (*states.patience(one.interval_ms), states.lasts_ms(one.interval_ms))
    # What is older than an edge is another matter; one of the future is judged by how far off it is.
    above_ms = max((edge for edge in edges_ms if edge < age_ms), default=-1)
    most_ms = min((edge for edge in edges_ms if edge >= age_ms), default=inf)
    if above_ms < 0:
        return taken_ms - most_ms, taken_ms + most_ms
    if now_ms > taken_ms:
        return taken_ms + above_ms + 1, taken_ms + most_ms
    return taken_ms - most_ms, taken_ms - above_ms - 1


def _standing(one: There, heard: states.Heard, now_ms: int) -> states.Standing:
    """The worst of what its hub says and of what is seen from here: whether anything comes."""
    taken_ms, celsius, _ = one.newest
    seen = WELL
    if heard != "online":
        good_ms = taken_ms if celsius is not None else 0
        newest = states.Newest(heard, taken_ms, good_ms, celsius, one.interval_ms)
        seen = states.standing(newest, [], [], None, now_ms)
    return seen if one.standing is None else min(seen, one.standing, key=lambda told: told.rank)


def _rules(one: There) -> tuple[StoredRule, ...]:
    """Its limits, as the page draws them."""
    given = (("above", one.upper), ("below", one.lower))
    return tuple(
        StoredRule(0, {"kind": kind, "limit_c": limit, "probes": [one.id]}, True, 0, 0, "")
        for kind, limit in given
        if limit is not None
    )


def _sites(held: Mapping[Key, Held], month: Mapping[Key, Worst]) -> list[Site]:
    found = []
    for key, one in held.items():
        if (told := month.get(key)) is not None:
            there = one.there
            figures = told.beyond_s, told.measured_s, told.high, told.low, there.upper, there.lower
            found.append(Site(there.site, one.probe.id, there.name, *figures))
    order = {site: natural(site) for site in {one.site for one in found}}
    return sorted(found, key=lambda one: (-(one.beyond_s or 0.0), one.measured_s, order[one.site]))
