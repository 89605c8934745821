"""A table in memory as a file: the forms, signs and zones of an export of readings. Any thread."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ..core import BOM, DAY_MS, TooLarge, csv_cell, text_cell
from ..journal import NO_VALUE
from .order import EXCEL
from .source import PIECE_ROWS, iso_texts, texts, to_days, to_local

Kind = Literal["time", "span", "text", "number", "flag"]
# A workbook of more opens on few computers.
SHEET_ROWS = 1_000_000
BOOK_ROWS = 10_000_000
DATE, LENGTH, NUMBER = "yyyy-mm-dd hh:mm:ss.000", "[h]:mm:ss.000", "0.00##"


class Column(NamedTuple):
    """One column. values: int64 milliseconds for `time` (UTC since 1970) and `span`, NO_VALUE for none;
    floats (NaN) or whole numbers for `number`; codes (−1 for none) of `names` for `text`; bools for
    `flag`."""

    name: str
    kind: Kind
    values: npt.NDArray[Any]
    names: Sequence[str] = ()


def write_table(columns: Sequence[Column], path: Path, form: str, *, zone: str, excel: str) -> None:
    """Write the columns, all of one length, as csv, xlsx or parquet. zone: of local times; excel: the country
    of a CSV for Excel, or empty. Raises TempHubError for too many rows, OSError."""
    if form == "csv":
        _csv(columns, path, zone, excel)
    elif form == "xlsx":
        _xlsx(columns, path, zone)
    else:
        _parquet(columns, path)


def _pieces(columns: Sequence[Column]) -> Iterator[list[Column]]:
    rows = len(columns[0].values) if columns else 0
    for first in range(0, rows, PIECE_ROWS):
        yield [column._replace(values=column.values[first : first + PIECE_ROWS]) for column in columns]


def _csv(columns: Sequence[Column], path: Path, zone: str, excel: str) -> None:
    separator, point = EXCEL[excel] if excel else (",", ".")
    end = "\r\n" if excel else "\n"
    as_cell = text_cell if excel else csv_cell
    first = _first_time(columns)
    heads: list[str] = []
    for column in columns:
        # As in the log, for a table of readings.
        heads.append(as_cell("timestamp" if column is first and column.name == "time" else column.name))
        heads += ["local_time"] if column is first else []
    names = {column.name: [as_cell(text) for text in column.names] for column in columns}
    with path.open("wb") as out:
        out.write((BOM if excel else b"") + (separator.join(heads) + end).encode())
        for piece in _pieces(columns):
            cells: list[list[str]] = []
            for column in piece:
                cells.append(_cells(column, names[column.name], point))
                if first is not None and column.name == first.name:
                    cells.append(_blank(column, texts(to_local(column.values, zone))))
            lines = map(separator.join, zip(*cells, strict=True))
            out.write((end.join(lines) + end).encode())


def _first_time(columns: Sequence[Column]) -> Column | None:
    return next((column for column in columns if column.kind == "time"), None)


def _cells(column: Column, names: Sequence[str], point: str) -> list[str]:
    values = column.values
    if column.kind == "time":
        return _blank(column, iso_texts(values))
    if column.kind == "span":
        # Seconds: a number in every program.
        return _blank(column, [_decimal(value / 1000, point) for value in values.tolist()])
    if column.kind == "text":
        return ["" if code < 0 else names[code] for code in values.tolist()]
    if column.kind == "flag":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    # Few different values come again and again.
    distinct, place = np.unique(values, return_inverse=True)
    shown = ["" if value != value else _decimal(value, point) for value in distinct.tolist()]
    return [shown[at] for at in place.tolist()]


def _blank(column: Column, cells: list[str]) -> list[str]:
    missing = np.flatnonzero(column.values == NO_VALUE).tolist()
    for place in missing:
        cells[place] = ""
    return cells


def _decimal(value: float, point: str) -> str:
    """The shortest decimal that is this number, without an exponent."""
    text = np.format_float_positional(value, trim="-")
    return text if point == "." else text.replace(".", point)


def _xlsx(columns: Sequence[Column], path: Path, zone: str) -> None:
    import xlsxwriter

    rows = len(columns[0].values) if columns else 0
    if rows > BOOK_ROWS:
        raise TooLarge(
            f"These are {rows:,} rows, and a workbook of more than {BOOK_ROWS:,} opens on few computers.",
            'Give a file that ends in ".parquet" or ".csv", or load means with every="5min".',
            code="too_many_rows",
        )
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    book = xlsxwriter.Workbook(str(path), {**options, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        _Sheets(book, columns, zone).fill()
    except BaseException:
        for sheet in book.worksheets():
            sheet.row_data_fh.close()
        raise
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from error


class _Sheets:
    """The sheets of a workbook, one after the other: local time, UTC beside the first one, and the rest."""

    def __init__(self, book: Any, columns: Sequence[Column], zone: str) -> None:
        self._book, self._columns, self._zone = book, columns, zone
        self._first = _first_time(columns)
        self._head = book.add_format({"bold": True, "bottom": 1})
        looks = (("time", DATE), ("span", LENGTH), ("number", NUMBER))
        self._formats = {kind: book.add_format({"num_format": look}) for kind, look in looks}
        self._sheet: Any = None
        self._row = self._width = 0

    def fill(self) -> None:
        """Write all rows."""
        self._begin()
        for piece in _pieces(self._columns):
            for cells in zip(*self._ready(piece), strict=True):
                if self._row > SHEET_ROWS:
                    self._begin()
                for place, (kind, value) in enumerate(cells):
                    self._write(place, kind, value)
                self._row += 1
        self._end()

    def _begin(self) -> None:
        self._end()
        number = len(self._book.worksheets()) + 1
        self._sheet = self._book.add_worksheet("Table" if number == 1 else f"Table ({number})")
        heads: list[str] = []
        for column in self._columns:
            heads.append(column.name)
            heads += ["UTC"] if column is self._first else []
        for place, (head, wide) in enumerate(zip(heads, self._widths(), strict=True)):
            self._sheet.set_column(place, place, wide)
            self._sheet.write_string(0, place, head, self._head)
        self._sheet.freeze_panes(1, 0)
        self._row, self._width = 1, len(heads)

    def _widths(self) -> Iterator[int]:
        for column in self._columns:
            yield from [24] * (1 + (column is self._first)) if column.kind == "time" else [18]

    def _end(self) -> None:
        if self._sheet is not None and self._width:
            self._sheet.autofilter(0, 0, max(self._row - 1, 1), self._width - 1)

    def _ready(self, piece: Sequence[Column]) -> list[list[tuple[str, Any]]]:
        """What stands in each cell, column by column; None is an empty one."""
        found: list[list[tuple[str, Any]]] = []
        for column, whole in zip(piece, self._columns, strict=True):
            values, kind = column.values, column.kind
            none = values == NO_VALUE if kind in ("time", "span") else np.zeros(len(values), np.bool_)
            shown: list[Any]
            if kind == "time":
                safe = np.where(none, 0, values)
                found.append(_cells_of(kind, to_days(to_local(safe, self._zone)), none))
                if whole is self._first:
                    found.append(_cells_of(kind, to_days(safe), none))
                continue
            if kind == "span":
                shown = (np.where(none, 0, values) / DAY_MS).tolist()
            elif kind == "text":
                shown = [column.names[code] for code in values.tolist()]
                none = values < 0
            else:
                shown = values.tolist()
                none = np.isnan(values) if values.dtype.kind == "f" else none
            found.append(_cells_of(kind, shown, none))
        return found

    def _write(self, place: int, kind: str, value: Any) -> None:
        if value is None:
            return
        if kind == "text":
            self._sheet.write_string(self._row, place, value)
        elif kind == "flag":
            self._sheet.write_boolean(self._row, place, value)
        else:
            # Counts are shown whole.
            look = None if isinstance(value, int) and kind == "number" else self._formats[kind]
            self._sheet.write_number(self._row, place, value, look)


def _cells_of(kind: str, values: list[Any], none: npt.NDArray[np.bool_]) -> list[tuple[str, Any]]:
    return [(kind, None if empty else value) for value, empty in zip(values, none.tolist(), strict=True)]


def _parquet(columns: Sequence[Column], path: Path) -> None:
    import polars as pl

    def series(column: Column) -> pl.Series:
        values = pl.Series(column.name, column.values)
        if column.kind == "text":
            # A code of -1 names the last: none.
            names = pl.Series([*column.names, None], dtype=pl.String)
            return names.gather(np.where(column.values < 0, len(column.names), column.values)).alias(
                column.name
            )
        if column.kind in ("time", "span"):
            kind = pl.Datetime("us", "UTC") if column.kind == "time" else pl.Duration("us")
            missing = pl.Series(column.values == NO_VALUE)
            return (values.set(missing, None) * 1000).cast(kind)
        return values.fill_nan(None) if column.values.dtype.kind == "f" else values

    frame = pl.DataFrame([series(column) for column in columns])
    frame.write_parquet(path, compression="zstd", row_group_size=50_000)
