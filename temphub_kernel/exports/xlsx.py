"""An Excel workbook: real dates and numbers, a sheet for each probe or one, and an overview with a chart in front. The export's
thread only.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xlsxwriter

from ..core import HOUR_MS, LOCAL, TooLarge, harmless
from ..journal import Beyond, Figures, Floats, Ints, time_weights
from .alarms_sheet import write_alarms
from .order import Order
from .source import Piece, Source, celsius, headings, qualities, to_days, to_local

# More points than a screen has columns would only make Excel slow.
CHART_POINTS = 1000


@dataclass
class ProbeRows:
    """What is known of one probe's rows. Milliseconds UTC; faults: rows without a number; good: whether there are others.

    total, held: of each of the chart's steps the sum of the temperatures (°C), each times how long it holds, and of those times.
    """

    faults: int = 0
    good: bool = False
    first_ms: int = 2**62
    last_ms: int = 0
    total: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))
    held: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))
    running: time_weights.Running = field(default_factory=time_weights.Running)

    def means(self) -> Floats:
        """The mean over time in each of the chart's steps, NaN where there is none."""
        found: Floats = np.divide(self.total, self.held, out=np.full(CHART_POINTS, np.nan), where=self.held > 0)
        return found

    def take(self, step: Ints, mean: Floats, held: "Floats | Ints") -> None:
        """What holds for some time, by step."""
        self.total += np.bincount(step, mean * held, CHART_POINTS)
        self.held += np.bincount(step, held, CHART_POINTS)


class Overview:
    """What passes by of all probes over [from_ms, to_ms)."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self.from_ms = from_ms
        self.step_ms = max(-(-(to_ms - from_ms) // CHART_POINTS), 1)
        self.probes: dict[str, ProbeRows] = {}

    def times_ms(self) -> Ints:
        """The middle of each of the chart's steps."""
        return self.from_ms + np.arange(CHART_POINTS, dtype=np.int64) * self.step_ms + self.step_ms // 2

    def add(self, piece: Piece) -> None:
        """Take some rows in."""
        mean = celsius(piece.units["mean_c"] if "mean_c" in piece.units else piece.units["temperature_c"])
        for no in np.unique(piece.probe).tolist():
            mine = piece.probe == no
            at_ms, good = piece.at_ms[mine], mine & ~np.isnan(mean)
            rows = self.probes.setdefault(piece.ids[no], ProbeRows())
            rows.first_ms, rows.last_ms = min(rows.first_ms, int(at_ms.min())), max(rows.last_ms, int(at_ms.max()))
            rows.faults += int(mine.sum() - good.sum())
            rows.good |= bool(good.any())
            if len(piece.held):
                rows.take(self._step(piece.at_ms[good]), mean[good], piece.held[good])
            else:
                moments, values, held = rows.running.add(piece.at_ms[good], mean[good])
                rows.take(self._step(moments), values, held)

    def close(self) -> None:
        """No rows come any more."""
        for rows in self.probes.values():
            moments, values, held = rows.running.rest()
            rows.take(self._step(moments), values, held)

    def _step(self, at_ms: Ints) -> Ints:
        return np.clip((at_ms - self.from_ms) // self.step_ms, 0, CHART_POINTS - 1)


LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bottom": 1},
    "number": {"num_format": "0.00"},
    "about": {"num_format": '"about "0.00'},
}
HEADS = ("name", "probe", "readings", "faults", "lowest °C", "mean °C", "highest °C", "σ °C", "trend °C/h", "first", "last")
CHARTED = 30
DATA = "Chart data"
FIRST_ROW = 4


class Look(NamedTuple):
    """What the overview shows and how. names: what each id is called; figures, beyond (time beyond limits) in whole_ms: by id."""

    order: Order
    names: dict[str, str]
    formats: dict[str, Any]
    date: Any
    figures: dict[str, Figures]
    beyond: dict[str, Beyond]
    whole_ms: int


def write(book: Any, sheet: Any, overview: Overview, look: Look) -> None:
    """Fill the overview; the rest of the book is written already."""
    order, formats, date = look.order, look.formats, look.date
    zone = "this computer's time zone" if order.zone == LOCAL else order.zone
    sheet.set_column(0, 1, 28)
    sheet.set_column(2, 8, 12)
    sheet.set_column(9, 10, 24)
    sheet.set_column(11, 11 + len(order.limits), 20)
    sheet.write_string(0, 0, "Temperatures", formats["title"])
    about = "An empty temperature is a fault of the sensor; mean, σ and trend are over time."
    sheet.write_string(1, 0, f"Times are in {zone}; each row also has its time in UTC. {about}")
    passed = [f"{limit.kind} {limit.celsius:g} °C, hours" for limit in order.limits]
    for column, name in enumerate([*HEADS, *passed, *(["not measured, hours"] if passed else [])]):
        sheet.write_string(FIRST_ROW - 1, column, name, formats["head"])
    names = {probe: look.names.get(probe, probe) for probe in overview.probes}
    probes = sorted(overview.probes)
    for row, probe in enumerate(probes, FIRST_ROW):
        sheet.write_string(row, 0, names[probe])
        _figures(sheet, row, probe, overview.probes[probe], look)
        _beyond(sheet, row, look.beyond.get(probe), look)
    if charted := [probe for probe in probes if overview.probes[probe].good][:CHARTED]:
        _data(book.add_worksheet(DATA), charted, names, overview, order, formats["head"], date)
        sheet.insert_chart(FIRST_ROW + len(probes) + 1, 0, _chart(book, charted, names))


def _figures(sheet: Any, row: int, probe: str, rows: ProbeRows, look: Look) -> None:
    sheet.write_string(row, 1, probe)
    told = look.figures.get(probe)
    sheet.write_number(row, 2, told.readings if told else 0)
    sheet.write_number(row, 3, told.faults if told else rows.faults)
    if told:
        over_time = look.formats["number" if told.exact else "about"]
        formats = (look.formats["number"], over_time, look.formats["number"], over_time, over_time)
        for column, (value, shown) in enumerate(zip((told.low, told.mean, told.high, told.sigma, told.trend), formats, strict=True), 4):
            if value is not None:
                sheet.write_number(row, column, value, shown)
    for column, day in enumerate(to_days(to_local(np.array([rows.first_ms, rows.last_ms]), look.order.zone)), 9):
        sheet.write_number(row, column, day, look.date)


def _beyond(sheet: Any, row: int, told: Beyond | None, look: Look) -> None:
    if told is None:
        return
    times = [(passed.beyond_ms, passed.exact) for passed in told.passed] + [(look.whole_ms - told.measured_ms, told.exact)]
    for column, (ms, exact) in enumerate(times, len(HEADS)):
        sheet.write_number(row, column, ms / HOUR_MS, look.formats["number" if exact else "about"])


def _data(sheet: Any, probes: list[str], names: dict[str, str], overview: Overview, order: Order, head: Any, date: Any) -> None:
    sheet.set_column(0, 0, 24)
    sheet.write_string(0, 0, "time", head)
    for column, probe in enumerate(probes, 1):
        sheet.write_string(0, column, f"{names[probe]}, mean °C", head)
    means = [overview.probes[probe].means().tolist() for probe in probes]
    for row, (day, *values) in enumerate(zip(to_days(to_local(overview.times_ms(), order.zone)), *means, strict=True), 1):
        sheet.write_number(row, 0, day, date)
        for column, value in enumerate(values, 1):
            if value == value:
                sheet.write_number(row, column, value)
    sheet.freeze_panes(1, 1)


def _chart(book: Any, probes: list[str], names: dict[str, str]) -> Any:
    chart = book.add_chart({"type": "scatter", "subtype": "straight"})
    for column, probe in enumerate(probes, 1):
        chart.add_series(
            {
                # What begins with = would be a reference to a cell.
                "name": harmless(names[probe]),
                "categories": [DATA, 1, 0, CHART_POINTS, 0],
                "values": [DATA, 1, column, CHART_POINTS, column],
                "line": {"width": 1.25},
            }
        )
    chart.set_title({"name": "Temperatures"})
    chart.set_x_axis({"num_format": "yyyy-mm-dd hh:mm", "num_font": {"rotation": -45}, "label_position": "low"})
    chart.set_y_axis({"name": "°C"})
    # A fault or a gap between two points is bridged, or single points would show nothing.
    chart.show_blanks_as("span")
    chart.set_size({"width": 1100, "height": 460})
    return chart


# Excel's sheets end at 1,048,576 rows; a workbook of more rows than a file's opens on few computers.
SHEET_ROWS = 1_000_000
FILE_ROWS = 10_000_000
MOST_SHEETS = 200
DATE = "yyyy-mm-dd hh:mm:ss.000"


class Sheet:
    """One sheet of rows and where the next one goes."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.row = 1


class Workbook:
    """One file."""

    def __init__(self, path: Path, order: Order, source: Source) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(str(path), options)
        self.rows = 0
        self._source, self._titles = source, source.names
        self._order = order
        self._tidy = order.sheets == "tidy"
        self._formats = {name: self.book.add_format(look) for name, look in LOOKS.items()}
        self._date = self.book.add_format({"num_format": DATE})
        self._number = self.book.add_format({"num_format": "0.00##"})
        self._overview = Overview(*source.span)
        self._front = self.book.add_worksheet("Overview")
        self._open: dict[str, Sheet] = {}
        self._names = {"overview", "chart data", "history", "alarms"}

    def add(self, piece: Piece) -> None:
        """Write some rows."""
        days, local = to_days(piece.at_ms), to_days(to_local(piece.at_ms, self._order.zone))
        numbers = [celsius(piece.units[name]).tolist() for name in headings(self._order)]
        last_cells: list[Any] = piece.counts.tolist() if self._order.every_ms else qualities(piece.quality)
        ids = [piece.ids[no] for no in piece.probe.tolist()]
        for row in zip(ids, days, local, last_cells, *numbers, strict=True):
            self._write(*row)
        self.rows += len(days)
        self._overview.add(piece)

    def close(self, from_ms: int, to_ms: int) -> None:
        """Write the overview, and the file; its rows are of [from_ms, to_ms). May raise OSError."""
        self._overview.close()
        figures, beyond = self._source.figures(from_ms, to_ms), self._source.beyond(from_ms, to_ms)
        look = Look(self._order, self._titles, self._formats, self._date, figures, beyond, to_ms - from_ms)
        write(self.book, self._front, self._overview, look)
        found = self._source.alarms(from_ms, to_ms)
        write_alarms(self.book, found, self._titles, self._order.zone, self._formats["head"], self._date)
        for sheet in self._open.values():
            self._finish(sheet)
        try:
            self.book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from error

    def give_up(self) -> None:
        """Close what is open, without the file."""
        for sheet in self.book.worksheets():
            sheet.row_data_fh.close()

    def _write(self, id_: str, day: float, local: float, last: Any, *numbers: float) -> None:
        place = self._sheet(id_)
        sheet, row = place.sheet, place.row
        sheet.write_number(row, 0, local, self._date)
        sheet.write_number(row, 1, day, self._date)
        column = 2
        if self._tidy:
            sheet.write_string(row, 2, id_)
            sheet.write_string(row, 3, self._titles.get(id_, id_))
            column = 4
        for number in numbers:
            # Not a number is what the sensor gave: an empty cell.
            if number == number:
                sheet.write_number(row, column, number, self._number)
            column += 1
        if self._order.every_ms:
            sheet.write_number(row, column, last)
        elif last:
            sheet.write_string(row, column, last)
        place.row = row + 1

    def _sheet(self, id_: str) -> Sheet:
        key = "Readings" if self._tidy else id_
        known = self._open.get(key)
        if known is None or known.row > SHEET_ROWS:
            if known is not None:
                self._finish(known)
            known = self._open[key] = self._new_sheet(key)
        return known

    def _new_sheet(self, key: str) -> Sheet:
        if len(self._names) > MOST_SHEETS:
            raise TooLarge(
                f"These readings would need more than {MOST_SHEETS} sheets, which no workbook can be used with.",
                "Choose fewer probes, a shorter range, or one tidy table with --sheets tidy (sheets=tidy).",
                code="too_many_sheets",
            )
        sheet = self.book.add_worksheet(self._free_name(key if self._tidy else self._titles.get(key, key)))
        wide = 24
        sheet.set_column(0, 1, wide)
        sheet.set_column(2, 8, 16)
        if self._tidy:
            sheet.set_column(2, 3, wide)
        zone = "local time" if self._order.zone == LOCAL else self._order.zone
        names = [zone, "UTC", *(["probe", "name"] if self._tidy else []), *(n.replace("_c", " °C") for n in headings(self._order))]
        for column, name in enumerate([*names, "readings" if self._order.every_ms else "quality"]):
            sheet.write_string(0, column, name, self._formats["head"])
        sheet.freeze_panes(1, 0)
        return Sheet(sheet)

    def _finish(self, place: Sheet) -> None:
        place.sheet.autofilter(0, 0, max(place.row - 1, 1), 2 + len(headings(self._order)) + (2 if self._tidy else 0))

    def _free_name(self, key: str) -> str:
        """A name that Excel takes and that no other sheet has, whatever the case of its letters."""
        # Also signs that nobody sees, such as a control character in what a probe calls itself.
        plain = "".join(sign if sign.isprintable() else "_" for sign in re.sub(r"[\[\]:*?/\\']", "_", key))
        number, name = 1, plain[:31]
        while name.lower() in self._names:
            number += 1
            end = f" ({number})"
            name = plain[: 31 - len(end)] + end
        self._names.add(name.lower())
        return name


class XlsxTable:
    """Writes one workbook, and further ones (`name-2.xlsx`) where a file would hold too many rows for Excel."""

    def __init__(self, path: Path, order: Order, source: Source) -> None:
        self._path, self._order, self._source = path, order, source
        self.paths = [path]
        self._begin_ms = source.span[0]
        self._book = Workbook(path, order, source)

    def add(self, piece: Piece) -> None:
        """Write some rows. Raises OSError, TempHubError."""
        first, end = 0, len(piece.at_ms)
        while first < end:
            if self._book.rows >= FILE_ROWS:
                at_ms = int(piece.at_ms[first])
                self._book.close(self._begin_ms, at_ms)
                self._begin_ms = at_ms
                self.paths.append(self._path.with_stem(f"{self._path.stem}-{len(self.paths) + 1}"))
                self._book = Workbook(self.paths[-1], self._order, self._source)
            last = min(end, first + FILE_ROWS - self._book.rows)
            self._book.add(part(piece, first, last))
            first = last

    def close(self) -> None:
        """All rows are written. May raise OSError."""
        self._book.close(self._begin_ms, self._source.span[1])

    def give_up(self) -> None:
        """The files are of no use."""
        self._book.give_up()


def part(piece: Piece, first: int, last: int) -> Piece:
    """Some rows of a piece."""
    units = {name: column[first:last] for name, column in piece.units.items()}
    columns = {name: getattr(piece, name)[first:last] for name in ("probe", "at_ms", "received_ms", "quality", "counts", "held")}
    return piece._replace(units=units, **columns)
