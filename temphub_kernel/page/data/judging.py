"""How each probe does. One of all pages of a journal, any thread: of thousands only those are judged anew of
which something came, or whose time has run out."""

import threading
from collections.abc import Callable, Collection
from math import inf
from typing import NamedTuple

from ...alarms import states
from ...core import MINUTE_MS, to_celsius
from ...journal import Newest, Reader, Thermocouple
from .alarms import WELL, Noted, ShownAlarms, Standings, Watched
from .look_back import LookBack
from .met import Met, Record
from .probe import Good, Probe

# What a probe is called and judged by; all else of its record is told as it is.
JUDGED_BY = ("alias", "name", "group", "interval_ms")


class Held(NamedTuple):
    """A probe that is as it was, if nothing comes of it, in (since_ms, lasts_ms), and by a clock that is
    behind by what probes may keep readings in (from_ms, until_ms). late_ms: from which age on it is late;
    low_c, high_c: its limits; well: there is nothing to say of it; noted: see Standings.known."""

    probe: Probe
    record: Record
    newest: Newest | None
    since_ms: float
    lasts_ms: float
    from_ms: float
    until_ms: float
    late_ms: int
    low_c: float
    high_c: float
    well: bool
    noted: Noted | None

    def goes_on(self, record: Record, newest: Newest | None, now_ms: int) -> "Held | None":
        """The same with what came since, of one that is well and stays so; None where it has to be judged."""
        if not self.well or newest is None or newest.units is None or newest.taken_ms > now_ms:
            return None
        if record is not self.record and any(record[name] != self.record[name] for name in JUDGED_BY):
            return None
        good = Good(newest.taken_ms, to_celsius(newest.units))
        if not self.low_c <= good.celsius <= self.high_c:
            return None
        probe, late_ms = self.probe._replace(record=record, newest=newest, good=good), self.late_ms
        return Held(
            *(probe, record, newest, newest.taken_ms - late_ms, inf, -inf, newest.taken_ms + late_ms),
            *(late_ms, self.low_c, self.high_c, True, self.noted),
        )


class Moment(NamedTuple):
    """What all are judged by. refused: whose deliveries are; gathered_ms: how long probes may keep readings
    because the hub asked them to; pace_ms(id): the pace seen in the readings of one that nobody told any."""

    reader: Reader
    met: Met
    alarms: ShownAlarms
    now_ms: int
    refused: Collection[str]
    gathered_ms: int
    pace_ms: Callable[[str], int]


class Judging:
    """Judges; keeps what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings = Standings()
        self._counts: tuple[int, ...] | None = None
        self._goods: dict[str, tuple[int, Good | None]] = {}
        self._stated: dict[str, tuple[Thermocouple, ...]] = {}
        self._look_back = LookBack()
        self._before: dict[str, Held] = {}
        self._by: tuple[object, ...] = (None,) * 4

    def judged(self, by: Moment, counts: tuple[int, ...]) -> tuple[list[Probe], list[Probe]]:
        """(those that are shown, the last of those folded away), as people see them in order: how each does,
        and no more. counts: another one whenever readings count otherwise, see Reader.judged."""
        with self._lock:
            if counts != self._counts:
                self._counts, self._goods, self._before = counts, {}, {}
                self._stated = _by_probe(by.reader.thermocouples())
            self._standings.read(by.reader, by.alarms)
            self._look_for_goods(by)
            return self._judged(by)

    def _judged(self, by: Moment) -> tuple[list[Probe], list[Probe]]:
        before, kept, standings = self._still_held(by), dict[str, Held](), self._standings
        odd, noted, newest_of = by.met.gone.union(by.refused), standings.noted, by.met.newest
        now_ms, plain_ms = by.now_ms, by.now_ms - by.gathered_ms
        probes: list[Probe] = []
        folded: list[Probe] = []
        for id_, record in by.met.records.items():
            known, newest = before.get(id_), newest_of.get(id_)
            if known is not None and id_ not in odd:
                if known.newest is not newest or known.record is not record:
                    known = known.goes_on(record, newest, now_ms)
                if (
                    known is not None
                    and known.from_ms < plain_ms < known.until_ms
                    and known.since_ms < now_ms < known.lasts_ms
                    and ((not known.noted and id_ not in noted) or standings.known(id_) == known.noted)
                ):
                    kept[id_] = known
                    probes.append(known.probe)
                    continue
            interval_ms = record["interval_ms"] or by.pace_ms(id_)
            probe = self._heard(by, record, newest, interval_ms)
            if id_ in by.met.gone:
                folded.append(probe)
                continue
            watched = standings.watched(id_, str(record.get("group") or ""))
            probe = self._stands(by, probe, watched, interval_ms)
            probes.append(probe)
            # At the pace of one that nobody told any, another window may see another.
            if record["interval_ms"] and (held := self._held(by, probe, watched)) is not None:
                kept[id_] = held
        self._before = kept
        return probes, folded

    def _held(self, by: Moment, probe: Probe, watched: Watched) -> Held | None:
        """How long it stays like this; None for what has to be looked at each time."""
        newest, now_ms = probe.newest, by.now_ms
        late_ms, silent_ms = states.patience(probe.record["interval_ms"])
        since_ms, lasts_ms, from_ms, until_ms = -inf, inf, -inf, inf
        if probe.catching_up or probe.state == "refused":
            return None
        if probe.quality is not None and probe.good is None:
            # Its last temperature is still looked for.
            return None
        if newest is not None:
            # One that delivers, however old that is, catches up for so long.
            heard_ms = max(newest.taken_ms, newest.delivered_ms)
            if probe.state in ("online", "fault"):
                since_ms, until_ms = newest.taken_ms - late_ms, newest.taken_ms + late_ms
            elif probe.state == "late":
                from_ms, until_ms = heard_ms + late_ms, newest.taken_ms + silent_ms
            else:
                from_ms = heard_ms + silent_ms
            if probe.state in ("silent", "fault"):
                last = probe.good if probe.state == "fault" and probe.good else newest
                ends_ms = last.taken_ms + states.lasts_ms(probe.record["interval_ms"])
                if now_ms > ends_ms:
                    since_ms = max(since_ms, ends_ms)
                else:
                    lasts_ms = ends_ms
            if self._drifts(probe, watched):
                return None
        return Held(
            *(probe, probe.record, newest, since_ms, lasts_ms, from_ms, until_ms, late_ms),
            *(watched.low_c, watched.high_c, probe.standing is WELL, self._standings.known(probe.id)),
        )

    def _drifts(self, probe: Probe, watched: Watched) -> bool:
        """Whether a limit is passed that is no alarm: it is told since when, and a rule has its hours."""
        if probe.good is None or probe.quality is not None or probe.state == "silent":
            return False
        passed = watched.passed(probe.good.celsius)
        about = self._standings.known(probe.id) or ((), None)
        return bool(passed - {one.alarm.rule for one in about[0] if one.active})

    def _still_held(self, by: Moment) -> dict[str, Held]:
        """Those that were so, where what they are judged by is the same."""
        met, (rules, *before) = by.met, self._by
        now = self._stated, met.colours, met.alike
        # Windows read the rules each for itself.
        alike = by.alarms.rules == rules
        self._by = rules if alike else by.alarms.rules, *now
        if not alike or now[0] is not before[0]:
            return {}
        if now[1] is before[1] and now[2] is before[2]:
            return self._before
        return {
            id_: one
            for id_, one in self._before.items()
            if one.probe.colour == met.colours.get(id_) and one.probe.looks_like == met.alike.get(id_, "")
        }

    def _heard(self, by: Moment, record: Record, newest: Newest | None, interval_ms: int) -> Probe:
        """How a probe delivers, and what."""
        id_, now_ms, late_ms = record["id"], by.now_ms, by.gathered_ms
        fine = newest is not None and newest.units is not None
        taken_ms, told = newest.taken_ms if newest else None, bool(record["provisioned_ms"])
        refused = id_ in by.refused
        return Probe(
            id_,
            record.get("alias") or record["name"] or id_,
            *(record, by.met.colours[id_]),
            states.heard(
                now_ms,
                taken_ms,
                interval_ms,
                fine,
                told=told,
                refused=refused,
                gathered_ms=late_ms,
                delivered_ms=newest.delivered_ms if newest else 0,
            ),
            newest,
            self._good(newest, now_ms),
            None if newest is None or fine else newest.quality or "",
            newest is not None
            and states.catching_up(now_ms, newest.taken_ms, newest.delivered_ms, interval_ms, late_ms),
            looks_like=by.met.alike.get(id_, ""),
            stated=self._stated.get(id_, ()),
        )

    def _stands(self, by: Moment, probe: Probe, watched: Watched, interval_ms: int) -> Probe:
        """The same with what is the matter with it."""
        good, celsius = probe.good, probe.good.celsius if probe.good and probe.quality is None else None
        taken_ms, good_ms = probe.newest.taken_ms if probe.newest else 0, good.taken_ms if good else 0
        brought = sum(one.readings for one in probe.record.get("imports", ()))
        imported = probe.newest is not None and probe.newest.readings == brought
        told = states.Newest(probe.state, taken_ms, good_ms, celsius, interval_ms, imported)
        judged = self._standings.of(probe.record["no"], watched, probe.id, told, by.now_ms)
        return probe._replace(**judged._asdict())

    def _look_for_goods(self, by: Moment) -> None:
        """Look up the last temperatures of faulty sensors: once a minute where there is none."""
        faulty = [
            one
            for id_, one in by.met.newest.items()
            if one.units is None and self._known_good(id_) is None and self._is_due(id_, by.now_ms)
        ]
        if faulty:
            for id_, good in self._look_back.of(by.reader, faulty).items():
                self._goods[id_] = by.now_ms, good

    def _known_good(self, id_: str) -> Good | None:
        """What is known from before."""
        was = self._before.get(id_)
        return was.probe.good if was is not None and was.probe.good else self._goods.get(id_, (0, None))[1]

    def _is_due(self, id_: str, now_ms: int) -> bool:
        return id_ not in self._goods or abs(now_ms - self._goods[id_][0]) > MINUTE_MS

    def _good(self, newest: Newest | None, now_ms: int) -> Good | None:
        """The newest temperature; that of a faulty sensor is the one before, if that was found."""
        if newest is None:
            return None
        if newest.units is not None:
            good = Good(newest.taken_ms, to_celsius(newest.units))
            self._goods[newest.probe_id] = (now_ms, good)
            return good
        if (known := self._known_good(newest.probe_id)) is not None:
            self._goods[newest.probe_id] = (now_ms, known)
        return known


def _by_probe(stated: list[Thermocouple]) -> dict[str, tuple[Thermocouple, ...]]:
    found: dict[str, tuple[Thermocouple, ...]] = {}
    for one in stated:
        found[one.probe_id] = (*found.get(one.probe_id, ()), one)
    return found
