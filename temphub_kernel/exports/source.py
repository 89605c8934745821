"""The rows of an export, piece by piece, from the journal, with local times in any zone. The Reader's thread
only."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..core import (
    DAY_MS,
    MINUTE_MS,
    NotFound,
    TooLarge,
    counted_as,
    find_zone,
    list_of_names,
    offset_ms,
    titles,
)
from ..journal import (
    NO_VALUE,
    QUALITY,
    Alarm,
    Beyond,
    Columns,
    Figures,
    Floats,
    Ints,
    Reader,
    Steps,
    WallClock,
    imports_of,
    in_order,
    pieces,
)
from .order import Order

# Clocks change on a quarter of an hour everywhere.
QUARTER_MS = 15 * MINUTE_MS
# 1970 as Excel counts days.
EXCEL_1970 = 25_569


def to_local(ms: Ints, zone: str) -> Ints:
    """What the clock on the wall showed, as milliseconds since 1970 on that clock."""
    quarters, place = np.unique(ms // QUARTER_MS, return_inverse=True)
    known = find_zone(zone)
    offsets = np.array([offset_ms(known, int(quarter) * QUARTER_MS) for quarter in quarters], np.int64)
    return ms + offsets[place] if len(ms) else ms


def texts(ms: Ints) -> list[str]:
    """`2026-11-23 13:54:00` of each; what is behind the second is left off."""
    seconds, place = np.unique(ms // 1000, return_inverse=True)
    shown = np.datetime_as_string(seconds.astype("datetime64[s]"))
    return [text.replace("T", " ") for text in shown[place].tolist()]


def iso_texts(ms: Ints) -> list[str]:
    """`2026-11-23T12:54:00.123Z` of each."""
    return [f"{text}Z" for text in np.datetime_as_string(ms.astype("datetime64[ms]")).tolist()]


def to_days(ms: Ints) -> list[float]:
    """Times as Excel counts them: days since the end of 1899."""
    return [float(day) for day in (ms / DAY_MS + EXCEL_1970).tolist()]


# Of 50,000 a CSV takes a third less time and 20 MB more.
PIECE_ROWS = 10_000
UNITS_PER_C = 1e7


class Piece(NamedTuple):
    """Some rows in order of time. ids: probe id of each number in `probe`; units: columns of 1e-7 °C by their
    heading.

    quality: places in QUALITY, for readings; origin: from which import each is, 0 for none, where that was
    asked for; counts, held: readings in each row and for how many ms they hold, for rows that stand for some
    time.
    """

    ids: dict[int, str]
    probe: Ints
    at_ms: Ints
    received_ms: Ints
    units: dict[str, Ints]
    quality: Ints
    counts: Ints
    held: Floats
    origin: Ints


def headings(order: Order) -> list[str]:
    """The headings of the columns of numbers."""
    return ["min_c", "mean_c", "max_c"] if order.every_ms else ["temperature_c"]


def celsius(units: Ints) -> Floats:
    """°C as the nearest double, which shows the stored decimal; NaN where the sensor answered badly."""
    return np.where(units == NO_VALUE, np.nan, units / UNITS_PER_C)


def qualities(codes: Ints) -> list[str]:
    """The text of each code, empty for a good reading."""
    return [QUALITY[code] or "" for code in codes.tolist()]


class Source:
    """The rows that an order asks for. span: [from_ms, to_ms) of what there is; ids: the probes, in order;
    names: what each is called; origins: what each import is called, where that was asked for."""

    def __init__(self, reader: Reader, order: Order) -> None:
        self._reader = reader
        self._order = order
        self._imports = reader.imports() if order.origin else []
        self.origins = {0: "", **{one.no: one.source for one in self._imports}}
        # One that was removed is exported when it is named.
        probes = reader.probes(removed=bool(order.probe_ids))
        known, self.names = [probe["id"] for probe in probes], titles(probes)
        self._asked = tuple(dict.fromkeys(counted_as(probes, probe) for probe in order.probe_ids))
        missing = [probe for probe in self._asked if probe not in known]
        if missing:
            raise NotFound(
                f"The probe {missing[0]} has no readings here, so there is nothing of it to export.",
                f"Use one of: {list_of_names(probes) or 'none yet'}.",
                code="unknown_probe",
            )
        there = reader.span() or (order.from_ms, order.from_ms - 1)
        whole = order.from_ms <= there[0] and there[1] < order.to_ms and not order.every_ms
        # Known before a minute of work is spent on it.
        if whole and order.most:
            self._check(
                sum(n.readings for n in reader.newest() if n.probe_id in self._asked or not self._asked)
            )
        self.span = max(order.from_ms, there[0]), min(order.to_ms, there[1] + 1)
        self.ids = [id_ for id_ in known if id_ in self._asked or not self._asked]

    def pieces(self) -> Iterator[Piece]:
        """All rows. Raises TempHubError when they are more than the order allows."""
        rows = 0
        for piece in self._buckets() if self._order.every_ms else self._readings():
            rows += len(piece.at_ms)
            self._check(rows)
            yield piece

    def figures(self, from_ms: int, to_ms: int) -> dict[str, Figures]:
        """The figures of each probe with a good reading in [from_ms, to_ms)."""
        return self._reader.figures(from_ms, to_ms, self.ids)

    def beyond(self, from_ms: int, to_ms: int) -> dict[str, Beyond]:
        """How long each probe was beyond the order's limits in [from_ms, to_ms)."""
        return self._reader.beyond(from_ms, to_ms, self._order.limits, self.ids) if self._order.limits else {}

    def alarms(self, from_ms: int, to_ms: int) -> list[Alarm]:
        """The alarms of the probes, and of several at once, that lie in [from_ms, to_ms) in part, by when
        they began."""
        if self._asked:
            return self._reader.alarms(from_ms, to_ms, self.ids)
        return [
            one for one in self._reader.alarms(from_ms, to_ms) if not one.probe or one.probe_id in self.ids
        ]

    def _check(self, rows: int) -> None:
        if rows > self._order.most > 0:
            raise TooLarge(
                f"These are more than {self._order.most:,} rows, too many for one file of this kind over the "
                "network.",
                "Choose a shorter range, fewer probes, every=5min, or format=parquet or csv.",
                code="too_many_rows",
            )

    def _readings(self) -> Iterator[Piece]:
        for columns in self._reader.stream(*self.span, self._asked or None, most=PIECE_ROWS):
            yield _readings(columns)._replace(origin=imports_of(self._imports, columns.no))

    def _buckets(self) -> Iterator[Piece]:
        width, (start, end) = self._order.every_ms, self.span
        if start >= end:
            return
        # Steps that do not divide the day are counted from the first day that was asked for.
        calendar = WallClock(width, find_zone(self._order.zone), self._order.from_ms or start, start, end)
        for low, high in pieces(calendar, start, end, max(PIECE_ROWS // max(len(self.ids), 1), 1) * width):
            found = _buckets(*self._reader.calendar_steps(low, high, calendar, self.ids))
            if len(found.at_ms):
                yield found


def _readings(columns: Columns) -> Piece:
    units = {"temperature_c": columns.units, "raw_c": columns.raw}
    none = np.empty(0, np.int64)
    return Piece(
        columns.ids,
        columns.probe,
        columns.taken_ms,
        columns.received,
        units,
        columns.quality.astype(np.int64),
        none,
        np.empty(0),
        none,
    )


def _buckets(ids: dict[int, str], steps: Steps, means: Floats, held: Floats) -> Piece:
    order, none = in_order(ids, steps, time_first=True), np.empty(0, np.int64)
    steps = steps.of(order)
    units = {"min_c": steps.lowest, "mean_c": np.rint(means[order]).astype(np.int64), "max_c": steps.highest}
    return Piece(ids, steps.probe, steps.at, none, units, none, steps.good, held[order], none)
