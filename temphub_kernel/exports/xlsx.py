"""An Excel workbook: real dates and numbers, a sheet for each probe or one, an overview with a chart in
front, and the alarms. The export's thread only.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from ..core import LOCAL, MINUTE_MS, TooLarge, printable
from ..journal import Alarm
from .order import Order
from .overview import LOOKS, Look, Overview, write
from .source import Piece, Source, celsius, headings, qualities, to_days, to_local

# Excel's sheets end at 1,048,576 rows; a workbook of more rows than a file's opens on few computers.
SHEET_ROWS = 1_000_000
FILE_ROWS = 10_000_000
MOST_SHEETS = 200
DATE = "yyyy-mm-dd hh:mm:ss.000"
# Of the sheet of alarms.
TITLE = "Alarms"
HEADS = (
    *(
        "probe",
        "id",
        "rule",
        "severity",
        "kind",
        "limit °C",
        "since",
        "until",
        "minutes",
        "worst °C",
        "state",
    ),
    *("acknowledged", "by", "comment", "corrective action", "known late"),
)
WIDTHS = (20, 20, 28, 10, 10, 10, 20, 20, 10, 10, 16, 20, 16, 40, 40, 10)
FIRST_ROW = 1


class Sheet:
    """One sheet of rows and where the next one goes."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.row = 1


class Workbook:
    """One file."""

    def __init__(self, path: Path, order: Order, source: Source) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
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
        told = [self._source.origins[no] for no in piece.origin.tolist()] or [""] * len(ids)
        for row in zip(ids, days, local, last_cells, told, *numbers, strict=True):
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

    def _write(self, id_: str, day: float, local: float, last: Any, origin: str, *numbers: float) -> None:
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
        if origin:
            sheet.write_string(row, column + 1, origin)
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
                f"These readings would need more than {MOST_SHEETS} sheets, which no workbook can be used "
                "with.",
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
        names = [
            zone,
            "UTC",
            *(["probe", "name"] if self._tidy else []),
            *(n.replace("_c", " °C") for n in headings(self._order)),
        ]
        names += [
            "readings" if self._order.every_ms else "quality",
            *(["origin"] if self._order.origin else []),
        ]
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, self._formats["head"])
        sheet.freeze_panes(1, 0)
        return Sheet(sheet)

    def _finish(self, place: Sheet) -> None:
        place.sheet.autofilter(
            0,
            0,
            max(place.row - 1, 1),
            len(headings(self._order)) + 2 * (1 + self._tidy) + self._order.origin,
        )

    def _free_name(self, key: str) -> str:
        """A name that Excel takes and that no other sheet has, whatever the case of its letters."""
        # Also signs that nobody sees, such as a control character in what a probe calls itself.
        plain = "".join(sign if printable(sign) else "_" for sign in re.sub(r"[\[\]:*?/\\']", "_", key))
        number, name = 1, plain[:31]
        while name.lower() in self._names:
            number += 1
            end = f" ({number})"
            name = plain[: 31 - len(end)] + end
        self._names.add(name.lower())
        return name


class XlsxTable:
    """Writes one workbook, and further ones (`name-2.xlsx`) where a file would hold too many rows for
    Excel."""

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
    columns = {
        name: getattr(piece, name)[first:last]
        for name in ("probe", "at_ms", "received_ms", "quality", "counts", "held", "origin")
    }
    return piece._replace(units=units, **columns)


def write_alarms(
    book: Any, found: list[Alarm], names: dict[str, str], zone: str, head: Any, date: Any
) -> None:
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
    numbers = {
        5: one.limit_c,
        8: (one.cleared_ms - one.since_ms) / MINUTE_MS if one.cleared_ms else None,
        9: one.worst_c,
    }
    times = {6: one.since_ms, 7: one.cleared_ms, 11: one.acked_ms}
    for column in range(len(HEADS)):
        if texts.get(column):
            sheet.write_string(row, column, texts[column])
        elif (number := numbers.get(column)) is not None:
            sheet.write_number(row, column, round(number, 3))
        elif ms := times.get(column):
            sheet.write_number(row, column, to_days(to_local(np.array([ms], np.int64), zone))[0], date)
