"""What happened in a window, found in its readings: doors, times beyond a limit, gaps, compressor cycles.

Looked for behind a window's values, in the thread that reads them, a few readings at a time and only while a
page shows it; all pages of a window share what was found. What each means is what `th.door_openings`,
`th.excursions`, `th.gaps` and `th.compressor_cycles` say of the same readings.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from ...core import HOUR_MS, MINUTE_MS, Once, describe, monotonic_s
from ...journal import (
    NO_VALUE,
    Columns,
    Limit,
    Reader,
    StoredRule,
    exceedance,
    file_at,
    holes_of,
    refrigeration,
    track_of,
)
from ..choices import Window

DOOR, ABOVE, BELOW, GAP = "door", "above", "below", "gap"
# Shorter gaps and times beyond a limit are nothing to tell somebody of.
SHORTEST_MS = MINUTE_MS
# Of a probe the last so many readings of the window are looked at, in about a quarter of a second.
MOST_READINGS = 100_000
# So many at a time, between two readings of the values; and on the long run so many a second.
AT_A_TIME, A_SECOND = 50_000, 5_000
AGAIN_MS, STILL_AGAIN_MS = 30_000, 300_000
ASKED_S = 10.0
# A compressor that runs less often than that, or was seen to run so seldom, is none to speak of.
SLOWEST_MS, FEWEST = 3 * HOUR_MS, 3
FIELDS = ("taken_ms", "units", "boot", "seq")

# The limits that count for each probe that is looked at, by id.
Limits = Mapping[str, tuple[Limit, ...]]

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """Something of one probe. kind: DOOR, ABOVE, BELOW or GAP; start_ms and end_ms of it; at_ms: the moment
    that shows it best.

    celsius: the farthest beyond a limit in °C, of a door the rise in K; limit_c: what was passed; whole:
    False where it may have been longer: a door's end was not seen, or readings stop beyond the limit;
    missing: readings that a gap lacks.
    """

    kind: str
    probe_id: str
    start_ms: int
    end_ms: int
    at_ms: int
    celsius: float = 0.0
    limit_c: float = 0.0
    whole: bool = True
    missing: int = 0


class Compressor(NamedTuple):
    """Cycles of one probe: how many (runs), the median period, the share of time that it cooled, from when
    to when it cooled the longest."""

    runs: int
    period_ms: int
    duty_percent: float
    start_ms: int
    end_ms: int


class Looked(NamedTuple):
    """What was found of a probe. at_ms: when; since_ms: from when on its readings were looked at, 0 for all
    of the window; readings: how many."""

    key: object
    at_ms: int
    since_ms: int
    readings: int
    events: tuple[Event, ...]
    compressor: Compressor | None


class Happened:
    """What was found in one window so far, for any thread."""

    def __init__(self) -> None:
        self._asked_s = -ASKED_S
        self._found: Mapping[str, Looked] = {}
        self._looking = threading.Lock()

    def ask(self) -> Mapping[str, Looked]:
        """By probe id; who asks has it looked for in the next seconds."""
        self._asked_s = monotonic_s()
        return self._found

    def look(self, reader: Reader, window: Window, limits: Limits, now_ms: int) -> None:
        """Look at the probes whose turn it is, if somebody asked lately and no other thread does."""
        if monotonic_s() - self._asked_s > ASKED_S or not self._looking.acquire(blocking=False):
            return
        try:
            self._look(reader, window, limits, now_ms)
        finally:
            self._looking.release()

    def _look(self, reader: Reader, window: Window, limits: Limits, now_ms: int) -> None:
        judged = (*reader.file, *reader.judged())
        found = {id_: looked for id_, looked in self._found.items() if id_ in limits}
        least_ms = AGAIN_MS if window.live else STILL_AGAIN_MS
        every_ms = max(least_ms, sum(one.readings for one in found.values()) * 1000 // A_SECOND)
        left = AT_A_TIME
        for id_ in sorted(limits, key=lambda id_: found[id_].at_ms if id_ in found else 0):
            known, key = found.get(id_), (judged, limits[id_])
            if known is not None and known.key == key and abs(now_ms - known.at_ms) < every_ms:
                continue
            found[id_] = looked_at(reader, id_, limits[id_], window, now_ms)._replace(key=key)
            left -= found[id_].readings
            if left <= 0:
                break
        self._found = found


_lock = threading.Lock()
_shared: WeakValueDictionary[tuple[Path, Window], Happened] = WeakValueDictionary()


class Looker:
    """Looks on behalf of one thread, with a connection of its own."""

    def __init__(self, journal: Path, window: Window) -> None:
        self._journal = journal
        self._reader: Reader | None = None
        self._once = Once(log)
        with _lock:
            self.happened = _shared.setdefault((journal, window), Happened())

    def look(self, window: Window, limits: Limits, now_ms: int) -> None:
        """Look for what happened in the window now; never raises."""
        try:
            if self._reader is not None and self._reader.file != file_at(self._journal):
                self.close()
            if self._reader is None:
                self._reader = Reader(self._journal)
            self.happened.look(self._reader, window, limits, now_ms)
            self._once.clear("look")
        # The values go on whatever this fails for.
        except Exception as error:
            self.close()
            self._once.warn("look", f"what happened could not be looked for: {' '.join(describe(error))}")

    def close(self) -> None:
        """Close the connection."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def limits_of(rules: Iterable[StoredRule]) -> tuple[Limit, ...]:
    """The limits that count for a probe: the narrowest of its rules to each side."""
    given = [one.body for one in rules if one.enabled and one.body.get("limit_c") is not None]
    highs = [float(one["limit_c"]) for one in given if one["kind"] == ABOVE]
    lows = [float(one["limit_c"]) for one in given if one["kind"] == BELOW]
    found = [Limit(ABOVE, min(highs))] if highs else []
    return (*found, Limit(BELOW, max(lows))) if lows else tuple(found)


def looked_at(
    reader: Reader,
    probe_id: str,
    limits: tuple[Limit, ...],
    window: Window,
    now_ms: int,
    most: int = MOST_READINGS,
) -> Looked:
    """What happened to a probe in a window, of its last `most` readings there or some less."""
    from_ms, end_ms = window.ends(now_ms + 1)
    since_ms = _since(reader, probe_id, from_ms, end_ms, most)
    columns = reader.columns(max(from_ms, since_ms), end_ms, [probe_id], fields=FIELDS, struck_out=True)
    good = columns.units != NO_VALUE
    line = exceedance.line_of(columns.taken_ms[good], columns.celsius[good])
    events = [*_gaps(probe_id, columns), *_doors(probe_id, line)]
    for limit in limits if len(line.ms) else ():
        events += _beyond(probe_id, line, limit)
    return Looked(None, now_ms, since_ms, len(columns.taken_ms), tuple(events), _compressor(line))


def _since(reader: Reader, probe_id: str, from_ms: int, end_ms: int, most: int) -> int:
    """From when on there are no more than `most` readings, in whole hours; 0 when all are so few."""
    if reader.about(from_ms, end_ms, [probe_id]) <= most:
        return 0
    _, hours = reader.steps(from_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS, probe_id)
    behind = np.cumsum((hours.good + hours.bad)[::-1])[::-1]
    fitting = np.flatnonzero(behind <= most)
    if len(fitting) == len(behind):
        return 0
    # An hour of more than that is looked at in its last minutes alone.
    return int(hours.at[fitting[0]]) * HOUR_MS if len(fitting) else end_ms - MINUTE_MS


def _gaps(probe_id: str, columns: Columns) -> list[Event]:
    holes = holes_of(track_of(columns.taken_ms, columns.boot, columns.seq))
    return [
        Event(GAP, probe_id, start, end, start, missing=missing)
        for start, end, missing in zip(*(column.tolist() for column in holes[:3]), strict=True)
        if end - start >= SHORTEST_MS
    ]


def _doors(probe_id: str, line: exceedance.Line) -> list[Event]:
    return [
        Event(
            DOOR,
            probe_id,
            one.start_ms,
            one.peak_ms if one.end_ms is None else one.end_ms,
            one.peak_ms,
            one.rise_c,
            whole=one.end_ms is not None,
        )
        for one in refrigeration.openings(line)
    ]


def _beyond(probe_id: str, line: exceedance.Line, limit: Limit) -> list[Event]:
    found = exceedance.excursions_of(line, limit)
    if found is None:
        return []
    sure = (found.begins == "crossing") & (found.ends == "crossing")
    starts, ends = np.rint(found.start_ms).astype(np.int64), np.rint(found.end_ms).astype(np.int64)
    return [
        Event(limit.kind, probe_id, start, end, start, peak, limit.celsius, whole)
        for start, end, peak, whole in zip(
            starts.tolist(), ends.tolist(), found.peak_c.tolist(), sure.tolist(), strict=True
        )
        if end - start >= SHORTEST_MS
    ]


def _compressor(line: exceedance.Line) -> Compressor | None:
    on, off, end = refrigeration.cycles(line)
    if len(on) < FEWEST:
        return None
    cooling, period = line.ms[off] - line.ms[on], line.ms[end] - line.ms[on]
    if (usual := int(np.median(period))) > SLOWEST_MS:
        return None
    longest = int(np.argmax(cooling))
    share = 100 * float(cooling.sum()) / float(period.sum())
    return Compressor(len(on), usual, share, int(line.ms[on[longest]]), int(line.ms[off[longest]]))
