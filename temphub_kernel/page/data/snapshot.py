"""What the page shows, read from the journal. One thread makes it and asks it (a Reader belongs to its
thread)."""

from collections.abc import Callable, Collection, Hashable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from ...alarms import states
from ...core import DAY_MS, MINUTE_MS, JournalUnreadable, TempHubError, to_celsius
from ...journal import NO_VALUE, Annotation, DatabaseError, Newest, Reader, Strike, Thermocouple
from ..choices import View, Wanted, Window
from .alarms import AlarmMemory, ShownAlarms, Standings
from .card_extras import Glances, day_start
from .happened import Happened
from .looks import MOST_LINES, Grouped, Look, grouped, sight, troubled
from .met import MOST_FOLDED, Met, Record, Roster
from .probe import Good, Probe, Site, Well, told_apart
from .status import catching_up
from .window_cache import VALUES, Measure, Memory

MOST_NOTES = 60
LOOK_BACK_MS = DAY_MS
# So many faulty probes are looked back for at a time.
MOST_LOOKED_BACK = 20
T = TypeVar("T")


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
    # The ids that have a curve, statistics and what happened.
    read: frozenset[str] = frozenset()
    # Of a page of all places: its probes, the worst of the last 30 days first; None for a hub's own page.
    sites: list[Site] | None = None
    # Of how many of them the month is still on its way.
    missing: int = 0
    # Until it is known who there is: (parts of the engine's answer that are here, of how many).
    asking: tuple[int, int] | None = None
    # What pages made of it so far; None where nothing is kept.
    drawn: dict[object, Any] | None = None

    def once(self, what: Hashable, draw: Callable[[], str]) -> str:
        """A piece of HTML that depends on this snapshot and on the view alone: pages that look alike share
        it. Drawing thread only."""
        return self.kept((what, self.view), draw)

    def kept(self, what: Hashable, make: Callable[[], T]) -> T:
        """The same of what depends on nothing but this snapshot and what its name tells."""
        if self.drawn is None:
            return make()
        if what not in self.drawn:
            self.drawn[what] = make()
        return cast(T, self.drawn[what])

    def seen(self, view: View) -> "Snapshot":
        """The same as one viewer sees it; what was read is shared by all."""
        return self._replace(view=view)

    @property
    def by_id(self) -> dict[str, Probe]:
        """`probes` by their ids, in their order."""
        return self.kept("by_id", lambda: {probe.id: probe for probe in self.probes})

    @property
    def listed(self) -> list[Probe]:
        """Those of `probes` that nobody put away."""
        return self.kept("listed", lambda: [probe for probe in self.probes if not probe.hidden])

    @property
    def ours(self) -> list[Probe]:
        """Those of them that no other hub has."""
        return self.kept("ours", lambda: [probe for probe in self.listed if not probe.elsewhere])

    @property
    def troubled(self) -> list[Probe]:
        """Those that somebody has to look at, the worst first."""
        return self.kept("troubled", lambda: troubled(self.probes))

    @property
    def shown(self) -> list[Probe]:
        """The probes of cards, chart and statistics: one that is folded away when it was chosen."""
        chosen = frozenset(self.view.probes)
        if not chosen:
            return self.listed
        everyone = (*self.probes, *self.folded)
        found = (probe for probe in everyone if probe.id in chosen and not probe.hidden)
        return self.kept(("shown", chosen), lambda: list(found))

    @property
    def charted(self) -> list[Probe]:
        """Those with a line in the chart and in the statistics: the chosen ones, or the first of many."""
        return self.shown if self.view.probes else self.ours[:MOST_LINES]

    @property
    def whole(self) -> bool:
        """Whether all there is was read of every probe, whoever looks at it."""
        return len(self.read) >= len(self.probes)

    @property
    def looked_into(self) -> list[Probe]:
        """Those that are shown and have a curve: of many those of the chart."""
        return self.shown if len(self.shown) <= MOST_LINES else self.charted

    def grouped(self, probes: list[Probe], look: Look) -> Grouped:
        """Some of them by group; pages that look alike share it."""
        return self.kept(("grouped", id(probes), look), lambda: grouped(probes, look))


class Source:
    """Asks the journal; keeps what it read, so that a second's refresh costs only what is new."""

    def __init__(self, path: Path, roster: Roster | None = None) -> None:
        """roster: of all that read this journal."""
        self._path, self._roster = path, roster or Roster()
        self._reader: Reader | None = None
        self._memory: Memory | None = None
        self._glances = Glances()
        self._measure = Measure()
        self._goods: dict[str, tuple[int, Good | None]] = {}
        self._judged: tuple[int, ...] = ()
        self._stated: dict[str, tuple[Thermocouple, ...]] = {}
        self._look_back = 0
        self._well: dict[str, Well] = {}
        self._judged_by: tuple[object, ...] = (None,) * 4
        self._alarms = AlarmMemory()
        self._standings = Standings()
        self._began_ms = self._gathered_ms = 0

    def read(self, wanted: Wanted, now_ms: int, looks: Collection[Look] = (Look(),)) -> Snapshot:
        """The content now of pages that look at this. Raises TempHubError when the journal cannot be read;
        the next call starts afresh."""
        try:
            return self._read(wanted, now_ms, looks)
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

    def _read(self, wanted: Wanted, now_ms: int, looks: Collection[Look]) -> Snapshot:
        if self._reader is None:
            self._reader = Reader(self._path)
        reader, memory = self._reader, self._remembered(self._reader, wanted.window)
        met = self._roster.met(reader, now_ms)
        few = len(met.records) <= MOST_LINES
        if few:
            memory.update(reader, met.intervals, now_ms)
        health_ms, health = reader.note("health")
        self._gathered_ms = states.gathered(health.get("gathering") or {})
        ids = {record["no"]: id_ for id_, record in met.everybody.items()}
        alarms = self._alarms.read(reader, ids, wanted.alarms, now_ms)
        refused = frozenset(map(str, health.get("refused_probes") or ()))
        probes, folded = self._judged_now(reader, memory, met, alarms, now_ms, refused)
        lines, seen = set(met.records if few else ()), set(met.records if few else ())
        for look in () if few else looks:
            told = sight(look, probes, folded)
            lines.update(told.lines)
            seen.update(told.seen)
        self._look_into(reader, memory, met, wanted, now_ms, (probes, folded), lines, seen | lines, few=few)
        return Snapshot(
            now_ms,
            wanted.window,
            reader.count(),
            health_ms,
            health,
            probes,
            _annotations(reader, wanted.window, now_ms),
            _struck(reader, wanted.window, now_ms),
            len(met.gone),
            folded,
            len(met.removed),
            met.removed[:MOST_FOLDED],
            {also: id_ for id_, record in met.everybody.items() for also in record["also"]},
            alarms=alarms,
            began_ms=self._begun(reader),
            read=frozenset(lines),
            drawn={},
        )

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
            self._stated = _by_probe(reader.thermocouples())
        if self._memory is None or self._memory.window != window:
            self._memory = Memory(window)
        return self._memory

    def _judged_now(
        self,
        reader: Reader,
        memory: Memory,
        met: Met,
        alarms: ShownAlarms,
        now_ms: int,
        refused: frozenset[str],
    ) -> tuple[list[Probe], list[Probe]]:
        """(those that are shown, the last of those folded away), as people see them in order: how each does,
        and no more."""
        everything, self._look_back = self._standings.read(reader, alarms), MOST_LOOKED_BACK
        well, self._well, quiet = self._still_well(met, alarms), {}, everything.quiet
        probes: list[Probe] = []
        folded: list[Probe] = []
        for id_, record in met.records.items():
            known = well.get(id_)
            if (
                known is not None
                and known.holds(record, met.newest.get(id_), now_ms)
                and quiet(id_)
                and id_ not in refused
            ):
                self._well[id_] = known
                probes.append(known.probe)
                continue
            interval_ms = record["interval_ms"] or memory.interval_ms(id_)
            probe = self._heard(reader, met, record, interval_ms, now_ms, refused)
            if id_ in met.gone:
                folded.append(probe)
                continue
            good, celsius = probe.good, probe.good.celsius if probe.good and probe.quality is None else None
            taken_ms, good_ms = probe.newest.taken_ms if probe.newest else 0, good.taken_ms if good else 0
            told = states.Newest(probe.state, taken_ms, good_ms, celsius, interval_ms)
            judged = everything.of(record["no"], id_, str(record.get("group") or ""), told, now_ms)
            probe = probe._replace(**judged._asdict()) if judged.rules or judged.worse else probe
            probes.append(probe)
            if record["interval_ms"] and probe.state == "online" and not (judged.worse or probe.catching_up):
                self._well[id_] = Well(probe, states.online_until_ms(taken_ms, interval_ms))
        return probes, folded

    def _still_well(self, met: Met, alarms: ShownAlarms) -> "dict[str, Well]":
        """Those that were well, where what they are judged by is the same."""
        before, self._judged_by = self._judged_by, (alarms.rules, met.colours, met.alike, self._stated)
        same = all(one is other for one, other in zip(before, self._judged_by, strict=True))
        return self._well if same else {}

    def _heard(
        self,
        reader: Reader,
        met: Met,
        record: Record,
        interval_ms: int,
        now_ms: int,
        refused: frozenset[str],
    ) -> Probe:
        """How a probe delivers, and what."""
        id_, late_ms, newest = record["id"], self._gathered_ms, met.newest.get(record["id"])
        fine = newest is not None and newest.units is not None
        taken_ms, told = newest.taken_ms if newest else None, bool(record["provisioned_ms"])
        return Probe(
            id_,
            record.get("alias") or record["name"] or id_,
            *(record, met.colours[id_]),
            states.heard(
                now_ms, taken_ms, interval_ms, fine, told=told, refused=id_ in refused, gathered_ms=late_ms
            ),
            newest,
            self._good(reader, newest, now_ms),
            None if newest is None or fine else newest.quality or "",
            newest is not None
            and catching_up(now_ms, newest.taken_ms, newest.delivered_ms, interval_ms, late_ms),
            looks_like=met.alike.get(id_, ""),
            stated=self._stated.get(id_, ()),
        )

    def _look_into(
        self,
        reader: Reader,
        memory: Memory,
        met: Met,
        wanted: Wanted,
        now_ms: int,
        places: Iterable[list[Probe]],
        lines: Collection[str],
        seen: Collection[str],
        *,
        few: bool,
    ) -> None:
        """Put into these lists what somebody looks at. lines: with a curve; seen: with a card or a row."""
        intervals = {id_: record["interval_ms"] for id_, record in met.records.items() if id_ in lines}
        if not few:
            memory.update(reader, intervals, now_ms)
        glances = self._glances.of(reader, [id_ for id_ in met.records if id_ in seen], wanted.where, now_ms)
        asked, today_ms = wanted.measured, day_start(now_ms, wanted.where)
        measured = self._measure.of(reader, intervals, asked, wanted.line_c, now_ms) if asked else {}
        colours = told_apart({id_: met.colours[id_] for id_ in intervals})
        for probes in places:
            for place, probe in enumerate(probes):
                if (glance := glances.get(probe.id)) is None:
                    continue
                if probe.good is not None and probe.good.taken_ms >= today_ms:
                    glance = glance.with_newest(probe.good.celsius)
                colour = colours.get(probe.id, probe.colour)
                probe = probe._replace(glance=glance, measured=measured.get(probe.id), colour=colour)
                if (kept := memory.kept(probe.id)) is not None:
                    probe = probe._replace(
                        statistics=kept.statistics,
                        curve=kept.curve,
                        curve_key=kept.key,
                        faults=kept.faults,
                        late=kept.late,
                    )
                probes[place] = probe

    def _good(self, reader: Reader, newest: Newest | None, now_ms: int) -> Good | None:
        """The newest temperature; that of a faulty sensor is looked up once a minute."""
        if newest is None:
            return None
        if newest.units is not None:
            good = Good(newest.taken_ms, to_celsius(newest.units))
            self._goods[newest.probe_id] = (now_ms, good)
            return good
        asked_ms, known = self._goods.get(newest.probe_id, (0, None))
        if known is None and self._look_back and abs(now_ms - asked_ms) > MINUTE_MS:
            self._look_back -= 1
            known = _look_back(reader, newest)
            self._goods[newest.probe_id] = (now_ms, known)
        return known


def _by_probe(stated: list[Thermocouple]) -> dict[str, tuple[Thermocouple, ...]]:
    found: dict[str, tuple[Thermocouple, ...]] = {}
    for one in stated:
        found[one.probe_id] = (*found.get(one.probe_id, ()), one)
    return found


def _annotations(reader: Reader, window: Window, now_ms: int) -> list[Annotation]:
    """The last of those that touch the window."""
    return reader.annotations(*window.ends(now_ms))[-MOST_NOTES:]


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
