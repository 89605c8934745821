"""A workbook's sheet of alarms: what was the matter in its range, and what people did about it. One thread."""

from typing import Any

import numpy as np

from ..core import MINUTE_MS
from ..journal import Alarm
from .source import to_days, to_local

TITLE = "Alarms"
HEADS = (
    *("probe", "id", "rule", "severity", "kind", "limit °C", "since", "until", "minutes", "worst °C", "state"),
    *("acknowledged", "by", "comment", "corrective action", "known late"),
)
WIDTHS = (20, 20, 28, 10, 10, 10, 20, 20, 10, 10, 16, 20, 16, 40, 40, 10)
FIRST_ROW = 1


def write_alarms(book: Any, found: list[Alarm], names: dict[str, str], zone: str, head: Any, date: Any) -> None:
    """Add the sheet; nothing where there were none. Times are in the zone of the workbook."""
    if not found:
        return
    sheet = book.add_worksheet(TITLE)
    for column, (name, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
    sheet.freeze_panes(1, 0)
    for row, one in enumerate(found, FIRST_ROW):
        _row(sheet, row, one, names, zone, date)


def _row(sheet: Any, row: int, one: Alarm, names: dict[str, str], zone: str, date: Any) -> None:
    texts = {
        0: names.get(one.probe_id, one.probe_id) or "several at once",
        1: one.probe_id,
        2: str(one.body.get("rule", {}).get("name", "")),
        3: one.severity,
        4: one.cause,
        10: one.state if one.live else "closed",
        12: one.acked_by,
        13: one.comment,
        14: one.action,
        15: "yes" if one.past else "",
    }
    numbers = {5: one.limit_c, 8: (one.cleared_ms - one.since_ms) / MINUTE_MS if one.cleared_ms else None, 9: one.worst_c}
    times = {6: one.since_ms, 7: one.cleared_ms, 11: one.acked_ms}
    for column in range(len(HEADS)):
        if texts.get(column):
            sheet.write_string(row, column, texts[column])
        elif (number := numbers.get(column)) is not None:
            sheet.write_number(row, column, round(number, 3))
        elif ms := times.get(column):
            sheet.write_number(row, column, to_days(to_local(np.array([ms], np.int64), zone))[0], date)
