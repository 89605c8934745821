"""The workbook's first sheet: a row for each probe, and a chart of all. In the export's own process."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..core import HOUR_MS, LOCAL, harmless
from ..journal import Beyond, Figures, Floats, Ints, time_weights
from .order import Order
from .source import Piece, celsius, to_days, to_local

# More points than a screen has columns would only make Excel slow.
CHART_POINTS = 1000


@dataclass
class ProbeRows:
    """What is known of one probe's rows. Milliseconds UTC; faults: rows without a number; good: whether there
    are others.

    total, held: of each of the chart's steps the sum of the temperatures (°C), each times how long it holds,
    and of those times.
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
        found: Floats = np.divide(
            self.total, self.held, out=np.full(CHART_POINTS, np.nan), where=self.held > 0
        )
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
            rows.first_ms, rows.last_ms = (
                min(rows.first_ms, int(at_ms.min())),
                max(rows.last_ms, int(at_ms.max())),
            )
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
HEADS = (
    "name",
    "probe",
    "readings",
    "faults",
    "lowest °C",
    "mean °C",
    "highest °C",
    "σ °C",
    "trend °C/h",
    "first",
    "last",
)
CHARTED = 30
DATA = "Chart data"
FIRST_ROW = 4


class Look(NamedTuple):
    """What the overview shows and how. names: what each id is called; figures, beyond (time beyond limits) in
    whole_ms: by id."""

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
        for column, (value, shown) in enumerate(
            zip((told.low, told.mean, told.high, told.sigma, told.trend), formats, strict=True), 4
        ):
            if value is not None:
                sheet.write_number(row, column, value, shown)
    for column, day in enumerate(
        to_days(to_local(np.array([rows.first_ms, rows.last_ms]), look.order.zone)), 9
    ):
        sheet.write_number(row, column, day, look.date)


def _beyond(sheet: Any, row: int, told: Beyond | None, look: Look) -> None:
    if told is None:
        return
    times = [(passed.beyond_ms, passed.exact) for passed in told.passed] + [
        (look.whole_ms - told.measured_ms, told.exact)
    ]
    for column, (ms, exact) in enumerate(times, len(HEADS)):
        sheet.write_number(row, column, ms / HOUR_MS, look.formats["number" if exact else "about"])


def _data(
    sheet: Any,
    probes: list[str],
    names: dict[str, str],
    overview: Overview,
    order: Order,
    head: Any,
    date: Any,
) -> None:
    sheet.set_column(0, 0, 24)
    sheet.write_string(0, 0, "time", head)
    for column, probe in enumerate(probes, 1):
        sheet.write_string(0, column, f"{names[probe]}, mean °C", head)
    means = [overview.probes[probe].means().tolist() for probe in probes]
    for row, (day, *values) in enumerate(
        zip(to_days(to_local(overview.times_ms(), order.zone)), *means, strict=True), 1
    ):
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
    chart.set_x_axis(
        {"num_format": "yyyy-mm-dd hh:mm", "num_font": {"rotation": -45}, "label_position": "low"}
    )
    chart.set_y_axis({"name": "°C"})
    # A fault or a gap between two points is bridged, or single points would show nothing.
    chart.show_blanks_as("span")
    chart.set_size({"width": 1100, "height": 460})
    return chart
