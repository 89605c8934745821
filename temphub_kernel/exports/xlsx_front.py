"""The overview sheet of a workbook, its chart and the chart's data. The export's thread only."""

from typing import Any

import numpy as np

from .order import Order
from .overview import CHART_POINTS, Overview
from .zones import LOCAL, to_days, to_local

LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bottom": 1},
    "number": {"num_format": "0.00"},
}
HEADS = ("probe", "readings", "faults", "lowest °C", "mean °C", "highest °C", "first", "last")
CHARTED = 30
DATA = "Chart data"
FIRST_ROW = 4


def write(book: Any, sheet: Any, overview: Overview, order: Order, formats: dict[str, Any], date: Any) -> None:
    """Fill the overview; the rest of the book is written already."""
    zone = "this computer's time zone" if order.zone == LOCAL else order.zone
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 5, 12)
    sheet.set_column(6, 7, 24)
    sheet.write_string(0, 0, "Temperatures", formats["title"])
    sheet.write_string(1, 0, f"Times are in {zone}; each row also has its time in UTC. An empty temperature is a fault of the sensor.")
    for column, name in enumerate(HEADS):
        sheet.write_string(FIRST_ROW - 1, column, name, formats["head"])
    probes = sorted(overview.probes)
    for row, probe in enumerate(probes, FIRST_ROW):
        _figures(sheet, row, probe, overview, order, formats["number"], date)
    if any(figures.readings for figures in overview.probes.values()):
        charted = [probe for probe in probes if overview.probes[probe].readings][:CHARTED]
        _data(book.add_worksheet(DATA), charted, overview, order, formats["head"], date)
        sheet.insert_chart(FIRST_ROW + len(probes) + 1, 0, _chart(book, charted))


def _figures(sheet: Any, row: int, probe: str, overview: Overview, order: Order, number: Any, date: Any) -> None:
    figures = overview.probes[probe]
    sheet.write_string(row, 0, probe)
    sheet.write_number(row, 1, figures.readings)
    sheet.write_number(row, 2, figures.faults)
    if figures.readings:
        for column, value in enumerate((figures.lowest, figures.total / figures.readings, figures.highest), 3):
            sheet.write_number(row, column, value, number)
    for column, day in enumerate(to_days(to_local(np.array([figures.first_ms, figures.last_ms]), order.zone)), 6):
        sheet.write_number(row, column, day, date)


def _data(sheet: Any, probes: list[str], overview: Overview, order: Order, head: Any, date: Any) -> None:
    sheet.set_column(0, 0, 24)
    sheet.write_string(0, 0, "time", head)
    for column, probe in enumerate(probes, 1):
        sheet.write_string(0, column, f"{probe}, mean °C", head)
    means = [overview.probes[probe].means().tolist() for probe in probes]
    for row, (day, *values) in enumerate(zip(to_days(to_local(overview.times_ms(), order.zone)), *means, strict=True), 1):
        sheet.write_number(row, 0, day, date)
        for column, value in enumerate(values, 1):
            if value == value:
                sheet.write_number(row, column, value)
    sheet.freeze_panes(1, 1)


def _chart(book: Any, probes: list[str]) -> Any:
    chart = book.add_chart({"type": "scatter", "subtype": "straight"})
    for column, probe in enumerate(probes, 1):
        chart.add_series(
            {
                "name": probe,
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
