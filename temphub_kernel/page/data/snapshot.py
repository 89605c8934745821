"""What the page shows, read from the journal. One thread makes it and asks it (a Reader belongs to its
thread)."""

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...alarms import states
from ...core import (
    DAY_MS,
    MINUTE_MS,
    JournalUnreadable,
    TempHubError,
    called,
    look_alikes,
    to_celsius,
)
from ...journal import NO_VALUE, DatabaseError, Newest, Reader, StoredRule, Strike, Thermocouple
from ..choices import View, Wanted, Window
from .alarms import AlarmMemory, ShownAlarm, ShownAlarms, Standings
from .card_extras import Glance, Glances, day_start
from .happened import Happened
from .met import MOST_FOLDED, Met, Record, met_by, order
from .series import NO_CURVE, NO_TIMES, Curve, Times
from .statistics import Statistics
from .status import catching_up
from .window_cache import VALUES, Kept, Measure, Measured, Memory

MOST_NOTES = 60
# More lines are told apart by nobody: of more probes the first have one each, until some are chosen.
MOST_LINES = 20
LOOK_BACK_MS = DAY_MS


class Good(NamedTuple):
    """A reading that is a temperature."""

    taken_ms: int
    celsius: float


class Probe(NamedTuple):
    """All that the page shows of a probe. record: see journal.reader.PROBE_FIELDS, and "trust", how it and
    the hub stand to each other.

    colour: its place in the palette;
    quality: why its newest reading is no temperature, None when it is one; good: its newest temperature.
    """

    id: str
    name: str
    record: dict[str, Any]
    colour: int
    state: states.Heard
    newest: Newest | None
    good: Good | None
    quality: str | None
    catching_up: bool
    statistics: Statistics
    curve: Curve
    curve_key: object
    glance: Glance = Glance()
    faults: Times = NO_TIMES
    late: Times = NO_TIMES
    measured: Measured | None = None
    # The probe that a person could take it for, as lists show it; empty for none.
    looks_like: str = ""
    # From when to when its numbers are corrected for a type of thermocouple.
    stated: tuple[Thermocouple, ...] = ()
    # Alarms that go on, the most pressing first.
    alarms: tuple[ShownAlarm, ...] = ()
    # The rules that watch it.
    rules: tuple[StoredRule, ...] = ()
    # The worst that is the matter with it.
    standing: states.Standing = states.Standing()

    @property
    def hidden(self) -> bool:
        """True for one that somebody put away: it is in the list, and nowhere else."""
        return bool(self.record.get("hidden"))

    @property
    def elsewhere(self) -> bool:
        """True for one that another hub has, so that nothing of it comes here."""
        return self.record.get("trust") in ("foreign", "elsewhere") and self.state not in (
            "online",
            "late",
            "fault",
        )


class Annotation(NamedTuple):
    """What somebody wrote to a moment or a range, of one probe or of all."""

    no: int
    from_ms: int
    to_ms: int
    probe_id: str | None
    text: str
    by_ms: int


class Snapshot(NamedTuple):
    """One moment of the journal. health: the hub's own note and when it wrote it, (0, {}) when there is none.

    transients: how many ids came once and did not come back (core/names.py), which are not among `probes`;
    folded: the last of them. removals: how many probes somebody removed; removed: what is known of the last
    of them. now_is: the probe that an id counts as now.
    """

    now_ms: int
    window: Window
    stored: int
    health_ms: int
    health: dict[str, Any]
    probes: list[Probe]
    annotations: list[Annotation] = []
    struck: list[Strike] = []
    transients: int = 0
    folded: list[Probe] = []
    removals: int = 0
    removed: list[Record] = []
    now_is: dict[str, str] = {}
    alarms: ShownAlarms = ShownAlarms()
    happened: Happened | None = None
    view: View = View()
    # When the first reading was taken, 0 for none.
    began_ms: int = 0
    # What pages made of it so far; None where nothing is kept.
    drawn: dict[object, str] | None = None

    def once(self, what: Hashable, draw: Callable[[], str]) -> str:
        """A piece of HTML that depends on this snapshot and on the view alone: pages that look alike share
        it. Drawing thread only."""
        if self.drawn is None:
            return draw()
        key = what, self.view
        if key not in self.drawn:
            self.drawn[key] = draw()
        return self.drawn[key]

    def seen(self, view: View) -> "Snapshot":
        """The same as one viewer sees it; what was read is shared by all."""
        return self._replace(view=view)

    @property
    def shown(self) -> list[Probe]:
        """The probes of cards, chart and statistics: one that is folded away when it was chosen."""
        chosen = self.folded if self.view.probes else []
        return [probe for probe in (*self.probes, *chosen) if not probe.hidden and self.view.shows(probe.id)]

    @property
    def charted(self) -> list[Probe]:
        """Those with a line in the chart and in the statistics: the chosen ones, or the first of many."""
        return (
            self.shown if self.view.probes else [one for one in self.shown if not one.elsewhere][:MOST_LINES]
        )


class Source:
    """Asks the journal; keeps what it read, so that a second's refresh costs only what is new."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None
        self._memory: Memory | None = None
        self._glances = Glances()
        self._measure = Measure()
        self._goods: dict[str, tuple[int, Good | None]] = {}
        self._judged: tuple[int, ...] = ()
        self._stated: list[Thermocouple] = []
        self._alarms = AlarmMemory()
        self._standings = Standings()
        self._began_ms = 0

    def read(self, wanted: Wanted, now_ms: int) -> Snapshot:
        """The page's content now. Raises TempHubError when the journal cannot be read; the next call starts
        afresh."""
        try:
            return self._read(wanted, now_ms)
        except Exception as error:
            # Whatever broke (a journal that was replaced, a disk that went), nothing half-read is kept.
            self.close()
            if isinstance(error, DatabaseError):
                raise _unreadable(self._path, error) from error
            raise

    def close(self) -> None:
        """Close the connection and forget what was read."""
        reader, self._reader, self._memory = self._reader, None, None
        if reader is not None:
            reader.close()

    def _read(self, wanted: Wanted, now_ms: int) -> Snapshot:
        if self._reader is None:
            self._reader = Reader(self._path)
        reader, memory = self._reader, self._remembered(self._reader, wanted.window)
        met = met_by(reader, now_ms)
        memory.update(reader, met.intervals, now_ms)
        health_ms, health = reader.note("health")
        ids = {record["no"]: id_ for id_, record in met.everybody.items()}
        alarms = self._alarms.read(reader, ids, wanted.alarms, now_ms)
        probes, folded = self._probes(
            reader, memory, met, wanted, now_ms, frozenset(map(str, health.get("refused_probes") or ()))
        )
        return Snapshot(
            now_ms,
            wanted.window,
            reader.count(),
            health_ms,
            health,
            self._with_standings(reader, memory, probes, alarms, now_ms),
            _annotations(reader, wanted.window, now_ms),
            _struck(reader, wanted.window, now_ms),
            len(met.gone),
            folded,
            len(met.removed),
            met.removed[:MOST_FOLDED],
            {also: id_ for id_, record in met.everybody.items() for also in record["also"]},
            alarms=alarms,
            began_ms=self._begun(reader),
            drawn={},
        )

    def _with_standings(
        self, reader: Reader, memory: Memory, probes: list[Probe], alarms: ShownAlarms, now_ms: int
    ) -> list[Probe]:
        """The same with what watches each of them, what goes on there, and the worst of it."""
        everything, found = self._standings.read(reader, alarms), []
        for probe in probes:
            record, newest, good = probe.record, probe.newest, probe.good
            told = states.Newest(
                probe.state,
                newest.taken_ms if newest else 0,
                good.taken_ms if good else 0,
                good.celsius if good and probe.quality is None else None,
                record["interval_ms"] or memory.interval_ms(probe.id),
            )
            judged = everything.of(record["no"], probe.id, str(record.get("group") or ""), told, now_ms)
            found.append(probe._replace(**judged._asdict()))
        return found

    def _begun(self, reader: Reader) -> int:
        if not self._began_ms:
            self._began_ms = (reader.span() or (0, 0))[0]
        return self._began_ms

    def _remembered(self, reader: Reader, window: Window) -> Memory:
        """What was read of the window, as far as it still counts."""
        if (judged := reader.judged()) != self._judged:
            # What was read counts otherwise now: somebody struck it out, took that back, or calibrated.
            self._judged, self._memory = judged, None
            self._glances, self._measure, self._goods = Glances(), Measure(), {}
            self._stated = reader.thermocouples()
        if self._memory is None or self._memory.window != window:
            self._memory = Memory(window)
        return self._memory

    def _probes(
        self, reader: Reader, memory: Memory, met: Met, wanted: Wanted, now_ms: int, refused: frozenset[str]
    ) -> tuple[list[Probe], list[Probe]]:
        """(those that are shown, the last of those folded away), as people see them in order."""
        alike = {id_: called(met.records[other]) for id_, other in look_alikes(met.records.values()).items()}
        glances = self._glances.of(reader, met.records, wanted.where, now_ms)
        asked = wanted.measured
        measured = self._measure.of(reader, met.intervals, asked, wanted.line_c, now_ms) if asked else {}
        probes: list[Probe] = []
        folded: list[Probe] = []
        for record in sorted(met.records.values(), key=order):
            id_ = record["id"]
            probe = self._probe(
                reader, memory, record, met.colours[id_], met.newest.get(id_), now_ms, refused
            )
            glance = glances[id_]
            if probe.good is not None and probe.good.taken_ms >= day_start(now_ms, wanted.where):
                glance = glance.with_newest(probe.good.celsius)
            stated = tuple(one for one in self._stated if one.probe_id == id_)
            probe = probe._replace(
                glance=glance, measured=measured.get(id_), looks_like=alike.get(id_, ""), stated=stated
            )
            (folded if id_ in met.gone else probes).append(probe)
        return probes, folded

    def _probe(
        self,
        reader: Reader,
        memory: Memory,
        record: dict[str, Any],
        colour: int,
        newest: Newest | None,
        now_ms: int,
        refused: frozenset[str],
    ) -> Probe:
        id_, interval_ms = record["id"], record["interval_ms"] or memory.interval_ms(record["id"])
        fine = newest is not None and newest.units is not None
        kept = memory.kept(id_) or Kept(None, NO_CURVE, Statistics())
        return Probe(
            id=id_,
            name=record.get("alias") or record["name"] or id_,
            record=record,
            colour=colour,
            state=states.heard(
                now_ms,
                newest.taken_ms if newest else None,
                interval_ms,
                fine,
                told=bool(record["provisioned_ms"]),
                refused=id_ in refused,
            ),
            newest=newest,
            good=self._good(reader, newest, now_ms),
            quality=None if newest is None or fine else newest.quality or "",
            catching_up=newest is not None
            and catching_up(now_ms, newest.taken_ms, newest.delivered_ms, interval_ms),
            statistics=kept.statistics,
            curve=kept.curve,
            curve_key=kept.key,
            faults=kept.faults,
            late=kept.late,
        )

    def _good(self, reader: Reader, newest: Newest | None, now_ms: int) -> Good | None:
        """The newest temperature; that of a faulty sensor is looked up once a minute."""
        if newest is None:
            return None
        if newest.units is not None:
            good = Good(newest.taken_ms, to_celsius(newest.units))
            self._goods[newest.probe_id] = (now_ms, good)
            return good
        asked_ms, known = self._goods.get(newest.probe_id, (0, None))
        if known is None and abs(now_ms - asked_ms) > MINUTE_MS:
            known = _look_back(reader, newest)
            self._goods[newest.probe_id] = (now_ms, known)
        return known


def _annotations(reader: Reader, window: Window, now_ms: int) -> list[Annotation]:
    """The last of those that touch the window."""
    return [Annotation(*item) for item in reader.annotations(*window.ends(now_ms))][-MOST_NOTES:]


def _struck(reader: Reader, window: Window, now_ms: int) -> list[Strike]:
    """The last struck-out ranges that touch the window, by time."""
    from_ms, to_ms = window.ends(now_ms)
    found = [one for one in reader.strikes() if one.from_ms < to_ms and one.to_ms >= from_ms]
    return sorted(found, key=lambda one: (one.from_ms, one.no))[-MOST_NOTES:]


def _look_back(reader: Reader, newest: Newest) -> Good | None:
    """The last temperature of the day before a faulty reading: its minute from the roll-ups, then the reading
    itself."""
    end_ms = (newest.taken_ms // MINUTE_MS + 1) * MINUTE_MS
    _, minutes = reader.steps(end_ms - LOOK_BACK_MS, end_ms, MINUTE_MS, newest.probe_id)
    at = minutes.at[minutes.good > 0]
    if not len(at):
        return None
    start_ms = int(at[-1]) * MINUTE_MS
    columns = reader.columns(start_ms, start_ms + MINUTE_MS, [newest.probe_id], fields=VALUES)
    good = np.flatnonzero(columns.units != NO_VALUE)
    return Good(int(columns.taken_ms[good[-1]]), float(columns.celsius[good[-1]])) if len(good) else None


def _unreadable(path: Path, error: Exception) -> TempHubError:
    return JournalUnreadable(
        f"The journal {path} could not be read ({error}), so this page shows what it had; recording is not "
        "touched by that.",
        "Wait a moment; if it stays, check the disk that holds DATA_DIR.",
    )
