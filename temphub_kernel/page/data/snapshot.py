"""What the page shows, read from the journal. One thread makes it and asks it (a Reader belongs to its
thread)."""

from collections.abc import Callable, Collection, Hashable, Iterable
from itertools import filterfalse
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from ...alarms import states
from ...core import JournalUnreadable, TempHubError
from ...journal import Annotation, DatabaseError, Reader, Strike, file_at
from ..choices import View, Wanted, Window
from .alarms import AlarmMemory, ShownAlarms
from .card_extras import Glances, day_start
from .happened import Happened
from .judging import Judging, Moment
from .looks import MOST_LINES, Grouped, Look, grouped, not_hidden, sight, troubled
from .met import MOST_FOLDED, Met, Record, Roster
from .probe import Probe, Site, is_elsewhere, told_apart
from .window_cache import Measure, Memory

MOST_NOTES = 60
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
        return self.kept("listed", lambda: not_hidden(self.probes))

    @property
    def ours(self) -> list[Probe]:
        """Those of them that no other hub has."""
        return self.kept("ours", lambda: list(filterfalse(is_elsewhere, self.listed)))

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
        bad = self.troubled if probes is self.listed else None
        return self.kept(("grouped", id(probes), look), lambda: grouped(probes, look, bad))


class Source:
    """Asks the journal; keeps what it read, so that a second's refresh costs only what is new."""

    def __init__(self, path: Path, roster: Roster | None = None, judging: Judging | None = None) -> None:
        """roster, judging: of all that read this journal."""
        self._path, self._roster, self._judging = path, roster or Roster(), judging or Judging()
        self._reader: Reader | None = None
        self._forget()

    def _forget(self) -> None:
        """Know nothing yet."""
        self._memory: Memory | None = None
        self._glances = Glances()
        self._measure = Measure()
        self._judged: tuple[int, ...] = ()
        self._alarms = AlarmMemory()
        self._began_ms = 0

    def read(self, wanted: Wanted, now_ms: int, looks: Collection[Look] = (Look(),)) -> Snapshot:
        """The content now of pages that look at this. Raises TempHubError when the journal cannot be read;
        the next call starts afresh."""
        try:
            return self._read(wanted, now_ms, looks)
        except Exception as error:
            # Whatever broke (a disk that went), nothing half-read is kept.
            self.close()
            if isinstance(error, DatabaseError):
                raise _unreadable(self._path, error) from error
            raise

    def close(self) -> None:
        """Close the connection and forget what was read."""
        reader, self._reader = self._reader, None
        self._forget()
        if reader is not None:
            reader.close()

    def _read(self, wanted: Wanted, now_ms: int, looks: Collection[Look]) -> Snapshot:
        reader = self._current()
        memory = self._remembered(reader, wanted.window)
        met = self._roster.met(reader, now_ms)
        few = len(met.records) <= MOST_LINES
        if few:
            memory.update(reader, met.intervals, now_ms)
        health_ms, health = reader.note("health")
        gathered_ms = states.gathered(health.get("gathering") or {})
        alarms = self._alarms.read(reader, met.numbers, wanted.alarms, now_ms)
        refused = frozenset(map(str, health.get("refused_probes") or ()))
        moment = Moment(reader, met, alarms, now_ms, refused, gathered_ms, memory.interval_ms)
        probes, folded = self._judging.judged(moment, self._judged)
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
            met.now_is,
            alarms=alarms,
            began_ms=self._begun(reader),
            read=frozenset(lines),
            drawn={},
        )

    def _current(self) -> Reader:
        """Of the journal that is there now."""
        if self._reader is not None and self._reader.file != file_at(self._path):
            self.close()
        if self._reader is None:
            self._reader = Reader(self._path)
        return self._reader

    def _begun(self, reader: Reader) -> int:
        if not self._began_ms:
            self._began_ms = (reader.span() or (0, 0))[0]
        return self._began_ms

    def _remembered(self, reader: Reader, window: Window) -> Memory:
        """What was read of the window, as far as it still counts."""
        if (judged := (*reader.file, *reader.judged())) != self._judged:
            # What was read counts otherwise now: somebody struck it out, took that back, or calibrated. Those
            # who judge for all windows have to know another journal as one.
            self._judged, self._memory = judged, None
            self._glances, self._measure = Glances(), Measure()
        if self._memory is None or self._memory.window != window:
            self._memory = Memory(window)
        return self._memory

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


def _annotations(reader: Reader, window: Window, now_ms: int) -> list[Annotation]:
    """The last of those that touch the window."""
    return reader.annotations(*window.ends(now_ms))[-MOST_NOTES:]


def _struck(reader: Reader, window: Window, now_ms: int) -> list[Strike]:
    """The last struck-out ranges that touch the window, by time."""
    from_ms, to_ms = window.ends(now_ms)
    found = [one for one in reader.strikes() if one.from_ms < to_ms and one.to_ms >= from_ms]
    return sorted(found, key=lambda one: (one.from_ms, one.no))[-MOST_NOTES:]


def _unreadable(path: Path, error: Exception) -> TempHubError:
    return JournalUnreadable(
        f"The journal {path} could not be read ({error}), so this page shows what it had; recording is not "
        "touched by that.",
        "Wait a moment; if it stays, check the disk that holds DATA_DIR.",
    )
