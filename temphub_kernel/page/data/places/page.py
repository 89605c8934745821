"""The page's snapshot of all places. Any thread: every question to the engine is asked behind it, once for
all pages, so that nobody waits for one that is slow."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from ....core import HOUR_MS
from ....engines import Engine
from ...choices import Wanted
from .. import card_extras, series, statistics, window_cache
from ..behind import NOW_S, PATIENCE_S, Behind
from ..looks import MOST_LINES, Look, sight
from ..probe import Probe, told_apart
from ..snapshot import Snapshot
from . import lines as times
from .judged import Judging
from .told import Key, Places, There

TIMEOUT_S = 15.0
# How old the answer about the month may be.
LONG_S = 120.0
# A question about more probes would be too long for an address.
MOST_ASKED = 100
NO_HOURS: Mapping[Key, times.Hourly] = {}
NO_LINES: times.Lines = {}
NOTHING = window_cache.Kept(None, series.NO_CURVE, statistics.Statistics())


class Place(NamedTuple):
    """Where the engine is. token: what is shown to it; most: of how many probes one question is about the
    whole month."""

    address: str
    token: str = ""
    most: int = times.MOST_AT_ONCE

    def engine(self) -> Engine:
        """Whoever asks has one of his own. Raises TempHubError."""
        return Engine(self.address, self.token, "READ_FROM", TIMEOUT_S)

    def fleet(self) -> "Fleet":
        """All places there. Raises TempHubError."""
        return Fleet(self)


class Fleet:
    """All places, for all windows."""

    def __init__(self, place: Place) -> None:
        self.place = place
        asked, long = Places(place.engine()), place.engine()
        self.places = asked
        self.now = Behind(asked.ask, NOW_S, asked.engine.cut, asked.parts)
        self._long = times.Times(long, lambda: asked.found, place.most)
        self.long = Behind(self._long.ask, LONG_S, long.cut, self._long.parts)
        self._untold = times.Long({}, {})
        self.judging = Judging()

    def times(self, patience_s: float, known: int) -> times.Long:
        """What the month and the last day came to, as far as the engine has said, of so many probes."""
        if (found := self.long.get(patience_s) or self._long.so_far) is not None:
            return found
        if self._untold.missing != known:
            self._untold = times.Long({}, {}, known)
        return self._untold

    def shown(self, wanted: Wanted) -> "Shown":
        """What one window shows of it."""
        return Shown(self, wanted)

    def close(self) -> None:
        """Ask no more."""
        self.now.close()
        self.long.close()


class Shown:
    """A window. It reads as `snapshot.Source` does."""

    def __init__(self, fleet: Fleet, wanted: Wanted) -> None:
        self._fleet, self._engine = fleet, fleet.place.engine()
        self._charted: list[There] = []
        self._asked: tuple[Key, ...] = ()
        self._lines: Behind[times.Lines] = self._asking(wanted)
        self._seen: tuple[Key, ...] = ()
        self._patience_s = PATIENCE_S
        self._hours: Behind[Mapping[Key, times.Hourly]] = self._asking_hours()
        # What was made last, and of what.
        self._snapshot = Snapshot(0, wanted.window, 0, 0, {}, [])
        self._basis: tuple[object, ...] = ()
        self._held: tuple[object, object, object] = (None, None, None)

    def _asking(self, wanted: Wanted) -> Behind[times.Lines]:
        def ask() -> times.Lines:
            return times.lines(self._engine, wanted, list(self._charted), self._fleet.places.revisions)

        return Behind(ask, times.every_s(wanted), self._engine.cut)

    def _asking_hours(self) -> Behind[Mapping[Key, times.Hourly]]:
        engine = self._fleet.place.engine()
        return Behind(lambda: times.day_of(engine, self._seen), LONG_S, engine.cut)

    def read(self, wanted: Wanted, now_ms: int, looks: Collection[Look] = (Look(),)) -> Snapshot:
        """The content now of pages that look at this: before it is known who there is, how much of the answer
        is here. Raises TempHubError where nothing is."""
        if (there := self._fleet.now.get()) is None:
            # Whoever waited for who there is waits no more for what else there is to see of them.
            self._patience_s = 0.0
            return _asking(wanted, now_ms, self._fleet.now.asking())
        long = self._fleet.times(self._patience_s, len(there))
        told = (self._lines.get(self._patience_s) if self._charted else None) or NO_LINES
        asked: tuple[Behind[Any], ...] = (self._fleet.now, self._fleet.long, self._lines, self._hours)
        troubles = tuple(dict.fromkeys(one.trouble for one in asked if one.trouble))
        # An engine says something new every few seconds: until then nothing is judged and drawn again.
        basis = (frozenset(looks), now_ms // round(NOW_S * 1000), troubles)
        held = (there, long, told)
        if basis != self._basis or any(one is not had for one, had in zip(held, self._held, strict=True)):
            self._snapshot = self._made(wanted, now_ms, looks, there, long)
            self._basis, self._held = basis, held
        workers = [_worker(*one) for one in troubles]
        return self._snapshot._replace(health={"workers": workers}, health_ms=now_ms)

    def _made(
        self,
        wanted: Wanted,
        now_ms: int,
        looks: Collection[Look],
        there: Mapping[Key, There],
        long: times.Long,
    ) -> Snapshot:
        judged = self._fleet.judging.judged(there, now_ms)
        probes, at = list(judged.probes), judged.at
        lines, seen = _looked_at(probes, looks)
        # Of thousands only those that are looked at are made ready for it.
        drawn, listed = (sorted(at[id_] for id_ in ids) for ids in (lines, seen))
        told = self._told([there[judged.keys[place]] for place in drawn])
        today_ms = card_extras.day_start(now_ms, wanted.where)
        apart = told_apart({probes[place].id: probes[place].colour for place in drawn})
        hours = self._hours_of([judged.keys[place] for place in listed], long)
        for place in listed:
            probes[place] = _with_glance(probes[place], hours.get(judged.keys[place]), today_ms)
        for place in drawn:
            probe = probes[place]._replace(colour=apart[probes[place].id])
            probes[place] = _with_line(probe, *told.get(judged.keys[place], (NOTHING, None)))
        return Snapshot(
            now_ms,
            wanted.window,
            0,
            now_ms,
            {},
            probes,
            began_ms=1,
            read=frozenset(lines),
            drawn={},
            sites=self._fleet.judging.sites(judged, long.month),
            missing=long.missing,
        )

    def _told(self, chosen: list[There]) -> times.Lines:
        """Lines and figures of these, as far as the engine has answered."""
        asked = tuple(sorted((one.site, one.probe_id) for one in chosen))
        if asked != self._asked:
            self._asked, self._charted = asked, chosen
            self._lines.stale()
        return (self._lines.get(self._patience_s) if chosen else None) or NO_LINES

    def _hours_of(self, seen: list[Key], long: times.Long) -> Mapping[Key, times.Hourly]:
        """The last day of these: of few probes it is known, of very many it is asked for."""
        if long.hours is not None:
            return long.hours
        if (asked := tuple(sorted(seen[:MOST_ASKED]))) != self._seen:
            self._seen = asked
            self._hours.stale()
        return (self._hours.get(self._patience_s) if asked else None) or NO_HOURS

    def close(self) -> None:
        """Ask no more."""
        self._lines.close()
        self._hours.close()


def _looked_at(probes: list[Probe], looks: Collection[Look]) -> tuple[set[str], set[str]]:
    """The ids that have a line, and those that have a card or a row; of few probes all."""
    if len(probes) <= MOST_LINES:
        everyone = {probe.id for probe in probes}
        return everyone, everyone
    lines, seen = dict[str, None](), set[str]()
    for look in looks:
        told = sight(look, probes, ())
        lines.update(dict.fromkeys(told.lines))
        seen.update(told.seen)
    return set(list(lines)[:MOST_ASKED]), seen


def _asking(wanted: Wanted, now_ms: int, parts: tuple[int, int]) -> Snapshot:
    health: dict[str, Any] = {"workers": []}
    return Snapshot(now_ms, wanted.window, 0, now_ms, health, [], began_ms=1, sites=[], asking=parts)


def _worker(problem: str, remedy: str) -> dict[str, object]:
    return {"name": "engine", "running": True, "problem": problem, "remedy": remedy}


def _with_glance(probe: Probe, hours: times.Hourly | None, today_ms: int) -> Probe:
    glance = card_extras.Glance()
    if hours is not None:
        glance = card_extras.glance_of(hours.buckets, series.NO_BUCKETS, today_ms, HOUR_MS)
    if probe.good is not None and probe.good.taken_ms >= today_ms:
        glance = glance.with_newest(probe.good.celsius)
    return probe._replace(glance=glance)


def _with_line(probe: Probe, kept: window_cache.Kept, measured: window_cache.Measured | None) -> Probe:
    return probe._replace(
        statistics=kept.statistics,
        curve=kept.curve,
        curve_key=kept.key,
        faults=kept.faults,
        measured=measured,
    )
