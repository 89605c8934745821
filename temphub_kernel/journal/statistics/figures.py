"""The figures of a range: counts, extremes, and mean, standard deviation and trend over time. Pure but for
what is asked.

Whoever tells them (page, API, workbook, notebook) has them from here, so they are the same to the last digit.
They are exact up to Most.single readings of a probe. Of more, hours with an even pace weigh as a whole, and
what differs is looked into: that is an estimate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np

from ...core import DAY_MS, HOUR_MS, MINUTE_MS, UNITS_PER_C
from ..columns import Flags, Floats, Ints
from .hourly import BY_MINUTE, NO_FINE, SINGLY, Fine, Found, Hourly, Most
from .steps import Steps
from .time_weights import OverTime, Weights, holds, readings_of, singly, weighed

# From here on it goes by the day.
LONG_MS = 400 * DAY_MS
# Three readings behind one tell how long it holds, each within a day of the one before.
BESIDE_MS = 3 * DAY_MS
# So many readings of all probes are in memory at a time.
AT_ONCE = 150_000
# Beginning to read somewhere costs as much as reading so many more, which are then left aside.
AS_MUCH_AS_A_START = 10_000

# Steps of probes in [from_ms, to_ms) of a width; their good readings there by probe and time: (probe, ms,
# 1e-7 °C).
Ask = Callable[[Sequence[int], int, int, int], Steps]
Read = Callable[[Sequence[int], int, int], tuple[Ints, Ints, Ints]]


class Figures(NamedTuple):
    """Of one probe in a range. readings: good ones; °C, °C per hour. mean, sigma (standard deviation), trend:
    over time (time_weights.py).

    exact: whether these three are no estimates; mean_of_readings, sigma_of_readings: each reading counts
    alike.
    """

    readings: int
    faults: int
    low: float
    high: float
    mean: float
    sigma: float | None
    trend: float | None
    mean_of_readings: float
    sigma_of_readings: float | None
    exact: bool


class Known:
    """What was found for one range (that may move along), so that asking again costs only what is new.
    Belongs to its caller's thread.

    most: how many readings of all probes are read in one go, 0 for all; whole: False when that left something
    to be read. means: where width_ms is given, of each probe whose figures are exact when each such span
    began (counted from 1970) and its mean, °C.
    """

    def __init__(self, most: int = 0, width_ms: int = 0) -> None:
        self.most, self.width_ms = most, width_ms
        self.whole = True
        self.means: dict[str, tuple[Ints, Floats]] = {}
        self.of: dict[int, Found] = {}
        self._judged: tuple[int, ...] = ()

    def judged_as(self, judged: tuple[int, ...]) -> "Known":
        """Itself, empty where readings count otherwise now (see Reader.judged)."""
        if judged != self._judged:
            self.of, self._judged = {}, judged
        return self


def figures(
    ask: Ask,
    read: Read,
    ids: Mapping[int, str],
    from_ms: int,
    to_ms: int,
    everything: int,
    known: Known,
    most: Most,
) -> dict[str, Figures]:
    """What each of these probes (ids by number) with a good reading in [from_ms, to_ms) has there.
    everything: how many all probes have."""
    numbers = sorted(ids)
    width_ms = HOUR_MS if to_ms - from_ms <= LONG_MS else DAY_MS
    first, end = (from_ms - BESIDE_MS) // width_ms * width_ms, -(-(to_ms + BESIDE_MS) // width_ms) * width_ms
    parts = [ask(numbers, *span, width_ms) for span in ((first, from_ms), (from_ms, to_ms), (to_ms, end))]
    tables: dict[int, Hourly] = {}
    for no in numbers:
        before, inside, behind = (part.of_probe(no) for part in parts)
        if inside.good.any():
            tables[no] = Hourly((before, inside, behind), width_ms, from_ms, to_ms)
            tables[no].choose(most, everything)
            tables[no].recall(known.of.get(no))
    known.whole = _read_singly(read, tables, width_ms, known)
    for no, table in tables.items():
        _by_minute(ask, no, table, from_ms, to_ms)
    known.of = {no: table.found() for no, table in tables.items()}
    exact = [no for no, table in tables.items() if known.width_ms and table.exact and not table.missing.any()]
    known.means = {ids[no]: tables[no].means(known.width_ms) for no in exact}
    return {ids[no]: _told(table) for no, table in tables.items()}


def _told(table: Hourly) -> Figures:
    steps = table.steps.of(table.steps.good > 0)
    n, total = int(steps.good.sum()), int(steps.total.sum())
    apart = float(
        (steps.spread + steps.good * ((steps.total / steps.good - total / n) / UNITS_PER_C) ** 2).sum()
    )
    over: OverTime = weighed(table.weights(), n)
    return Figures(
        n,
        int(table.steps.bad.sum()),
        int(steps.lowest.min()) / UNITS_PER_C,
        int(steps.highest.max()) / UNITS_PER_C,
        over.mean or 0.0,
        over.sigma,
        over.trend,
        total / n / UNITS_PER_C,
        sqrt(apart / (n - 1)) if n > 1 else None,
        table.exact and not table.missing.any(),
    )


def _read_singly(read: Read, tables: dict[int, Hourly], width_ms: int, known: Known) -> bool:
    """Look into the hours that are to be known reading by reading; False when known.most was reached before
    that."""
    wanted = {no: table.missing & (table.how == SINGLY) for no, table in tables.items()}
    spent = 0
    for first, end in _groups(tables, wanted, min(AT_ONCE, known.most or AT_ONCE)):
        if known.most and spent >= known.most:
            return False
        mine = {
            no: rows & (tables[no].all.at >= first) & (tables[no].all.at < end) for no, rows in wanted.items()
        }
        mine = {no: rows for no, rows in mine.items() if rows.any()}
        hours = np.unique(
            np.concatenate([tables[no].all.at[tables[no].near(rows)] for no, rows in mine.items()])
        )
        spans = _joined(_stretches(hours), [tables[no].all for no in mine])
        probe, at_ms, units = _by_probe(
            [
                _inside(hours, width_ms, *read(list(mine), low * width_ms, high * width_ms))
                for low, high in spans
            ]
        )
        spent += len(probe)
        for no, rows in mine.items():
            low, high = np.searchsorted(probe, [no, no + 1])
            moments, values, held = readings_of(at_ms[low:high], units[low:high].astype(np.float64))
            _learn(tables[no], rows, moments, singly(moments, values, held), known.width_ms)
    return True


def _joined(stretches: list[tuple[int, int]], steps: Sequence[Steps]) -> list[tuple[int, int]]:
    """The same stretches of hours, those as one between which little lies."""
    at, good = np.concatenate([one.at for one in steps]), np.concatenate([one.good for one in steps])
    order = np.argsort(at)
    upto = np.concatenate([[0], np.cumsum(good[order])])
    before = {hour: int(upto[np.searchsorted(at[order], hour)]) for span in stretches for hour in span}
    found = stretches[:1]
    for low, high in stretches[1:]:
        first, end = found[-1]
        if before[low] - before[end] <= AS_MUCH_AS_A_START and before[high] - before[first] <= AT_ONCE:
            found[-1] = (first, high)
        else:
            found.append((low, high))
    return found


def _by_probe(pieces: list[tuple[Ints, Ints, Ints]]) -> list[Ints]:
    """(probe, time, units) of all pieces in order of probe; here, so that the pieces are let go before
    anything is made of them."""
    order = np.argsort(np.concatenate([probe for probe, _, _ in pieces]), kind="stable")
    return [np.concatenate(column)[order] for column in zip(*pieces, strict=True)]


def _inside(hours: Ints, width_ms: int, probe: Ints, at_ms: Ints, units: Ints) -> tuple[Ints, Ints, Ints]:
    kept = np.isin(at_ms // width_ms, hours)
    return probe[kept], at_ms[kept], units[kept]


def _groups(tables: dict[int, Hourly], wanted: dict[int, Flags], readings: int) -> Iterator[tuple[int, int]]:
    """[first, end) of hours that hold about so many readings of those wanted."""
    some = [
        (table.all.at[wanted[no]], table.all.good[wanted[no]])
        for no, table in tables.items()
        if wanted[no].any()
    ]
    if not some:
        return
    at, good = (np.concatenate(column) for column in zip(*some, strict=True))
    hours, place = np.unique(at, return_inverse=True)
    group = np.cumsum(np.bincount(place, good)).astype(np.int64) // readings
    cuts = np.flatnonzero(np.diff(group)) + 1
    for part in np.split(hours, cuts):
        yield int(part[0]), int(part[-1]) + 1


def _by_minute(ask: Ask, no: int, table: Hourly, from_ms: int, to_ms: int) -> None:
    rows = table.missing & (table.how == BY_MINUTE)
    if not rows.any():
        return
    moments: list[Ints] = []
    parts: list[Steps] = []
    for first, end in _stretches(table.all.at[table.near(rows)]):
        borders = [
            first * table.width_ms,
            *(ms for ms in (from_ms, to_ms) if first < ms / table.width_ms < end),
            end * table.width_ms,
        ]
        for low, high in pairwise(borders):
            steps = ask([no], low, high, MINUTE_MS)
            parts.append(steps.of(steps.good > 0))
            moments.append(np.maximum(parts[-1].at * MINUTE_MS, low))
    steps, at_ms = (
        Steps(*(np.concatenate(column) for column in zip(*parts, strict=True))),
        np.concatenate(moments),
    )
    held = holds(steps.probe, at_ms, steps.good, MINUTE_MS)
    weights = singly(at_ms, steps.total / steps.good, held)
    spread: Floats = steps.spread * UNITS_PER_C**2 / steps.good * held
    _learn(table, rows, at_ms, weights._replace(values=spread))


def _learn(table: Hourly, rows: Flags, moments: Ints, weights: Weights, fine_ms: int = 0) -> None:
    """Put together what lies in these rows, and in shorter spans of them."""
    row = table.row_of(moments)
    kept = np.flatnonzero(rows[row])
    known, group = np.unique(row[kept], return_inverse=True)
    some = weights.of(kept)
    table.learn(
        known,
        some.added(group, len(known)),
        _fine(moments[kept], some, table.width_ms, fine_ms) if fine_ms else NO_FINE,
    )


def _fine(moments: Ints, weights: Weights, width_ms: int, fine_ms: int) -> Fine:
    # Where such a span reaches over hours, each of these has its part.
    at_ms, group = np.unique(
        np.maximum(moments // fine_ms * fine_ms, moments // width_ms * width_ms), return_inverse=True
    )
    held = np.bincount(group, weights.held).astype(np.float64)
    return Fine(at_ms, held, np.bincount(group, weights.held * weights.value) / held)


def _stretches(hours: Ints) -> list[tuple[int, int]]:
    """[first, end) of hours that follow each other."""
    cuts = np.flatnonzero(np.diff(hours) > 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(hours, cuts)]
