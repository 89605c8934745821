"""Rows as a CSV: plain, as the log's own, or as Excel reads it in a country. The export's thread only."""

from typing import BinaryIO

import numpy as np

from ..core import BOM, csv_cell, number_cell, text_cell
from ..journal import NO_VALUE, Ints
from .order import EXCEL, Order
from .source import Piece, Source, headings, iso_texts, qualities, texts, to_local


class CsvTable:
    """Writes to an open file: header, then a line for each row.

    Plain: comma, point, newline, no byte order mark. For Excel: the country's separator and decimal sign, a
    byte order mark and CRLF, which is what makes a double-click open it as a table there.
    """

    def __init__(self, out: BinaryIO, order: Order, source: Source) -> None:
        self._out = out
        self._order = order
        self._names, self._origins = source.names, source.origins
        self._separator, self._point = EXCEL[order.excel] if order.excel else (",", ".")
        self._end = "\r\n" if order.excel else "\n"
        heads = ["start" if order.every_ms else "timestamp", "local_time", "probe_id", *headings(order)]
        # Last: whoever counts columns finds the log's own where they are.
        heads += ["count" if order.every_ms else "quality", "name", *(["origin"] if order.origin else [])]
        out.write((BOM if order.excel else b"") + (self._separator.join(heads) + self._end).encode())

    def add(self, piece: Piece) -> None:
        """Write some rows."""
        as_cell = text_cell if self._order.excel else csv_cell
        ids = {no: as_cell(id_) for no, id_ in piece.ids.items()}
        called = {no: as_cell(self._names.get(id_, id_)) for no, id_ in piece.ids.items()}
        probes = piece.probe.tolist()
        columns = [
            iso_texts(piece.at_ms),
            texts(to_local(piece.at_ms, self._order.zone)),
            [ids[no] for no in probes],
            *(self._numbers(piece.units[name]) for name in headings(self._order)),
            [str(n) for n in piece.counts.tolist()] if self._order.every_ms else qualities(piece.quality),
            [called[no] for no in probes],
        ]
        if self._order.origin:
            told = {no: as_cell(text) for no, text in self._origins.items()}
            columns.append([told[no] for no in piece.origin.tolist()])
        lines = map(self._separator.join, zip(*columns, strict=True))
        self._out.write((self._end.join(lines) + self._end).encode())

    def _numbers(self, units: Ints) -> list[str]:
        # Few different values come again and again.
        distinct, place = np.unique(units, return_inverse=True)
        shown = ["" if value == NO_VALUE else number_cell(value, self._point) for value in distinct.tolist()]
        return [shown[at] for at in place.tolist()]

    def close(self) -> None:
        """All rows are written."""
        self._out.flush()
