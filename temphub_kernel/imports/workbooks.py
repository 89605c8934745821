"""Excel workbooks: each sheet with readings is a table. One thread; a sheet is in memory as a whole."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from . import layout, tables
from .source import Counts, NotRead, Said, Source
from .table_source import Several, TableSource

ROWS = 50_000


def opened(path: Path, said: Said) -> Source:
    """A workbook's sheets with readings. Raises NotRead."""
    # Only here: it is needed for workbooks alone.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        names = [said.sheet] if said.sheet else list(book.sheet_names)
        if said.sheet and said.sheet not in book.sheet_names:
            raise NotRead(
                f"{path.name} has no sheet {said.sheet!r}.", f"Use one of: {', '.join(book.sheet_names)}."
            )
        found = [(name, rows) for name in names if (rows := _rows(book.get_sheet_by_name(name).to_python()))]
    except CalamineError as error:
        raise NotRead(
            f"{path.name} cannot be read as a workbook ({error}).",
            "Save it again as XLSX without a password.",
        ) from error
    return _sheets(path, found, said)


def _sheets(path: Path, found: list[tuple[str, list[list[str]]]], said: Said) -> Source:
    """The sheets that have readings, as one."""
    if own := _of_temphub(found):
        return _sheet(path, "with readings", own, said, alone=True)
    sources: list[TableSource] = []
    refused: NotRead | None = None
    for name, rows in found:
        try:
            sources.append(_sheet(path, name, rows, said, alone=len(found) == 1))
        except NotRead as error:
            refused = refused or error
    if not sources:
        raise refused or NotRead(f"{path.name} has no sheet with readings.", "Choose another file.")
    return sources[0] if len(sources) == 1 else Several(sources, "sheets of a workbook")


def _sheet(path: Path, name: str, rows: list[list[str]], said: Said, *, alone: bool) -> TableSource:
    # As a text with tabs: everything that is known of tables then holds for sheets.
    head = "\n".join("\t".join(row) for row in rows[:2000]).encode()
    shape = tables.shape_of(head + b"\n", f"the sheet {name!r}")
    width = len(shape.heads)
    body = [(row + [""] * width)[:width] for row in rows[shape.skip :]]
    stem = path.stem if alone else name
    table = layout.Table(shape.heads, shape.before, shape.samples, stem)

    def frames(counts: Counts) -> Iterator[pl.DataFrame]:
        for first in range(0, len(body), ROWS):
            part = body[first : first + ROWS]
            counts.lines += len(part)
            counts.share = min((first + len(part)) / len(body), 1.0)
            yield pl.DataFrame(part, schema={str(at): pl.String for at in range(width)}, orient="row")

    return TableSource(table, frames, said, f"sheet {name}")


def _rows(cells: list[list[Any]]) -> list[list[str]]:
    return [[_cell(cell) for cell in row] for row in cells]


def _cell(cell: Any) -> str:
    if isinstance(cell, datetime):
        # Days are whole milliseconds at best: a spreadsheet counts them with a rounded fraction.
        return (cell + timedelta(microseconds=500)).isoformat(sep=" ", timespec="milliseconds")
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell).replace("\t", " ").replace("\n", " ")


# The first columns of a sheet with readings in a workbook of TempHub's; others there show what was counted.
OWN, OVERVIEW = ["local time", "UTC"], ["name", "probe"]


def _of_temphub(found: list[tuple[str, list[list[str]]]]) -> list[list[str]]:
    """The readings in a workbook that TempHub made, as its CSV has them; empty for another one's."""
    ids: dict[str, tuple[str, str]] = {}
    for name, rows in found:
        if name == "Overview":
            for title, id_, *_ in (row for row in rows if len(row) > 2 and row[1].strip()):
                ids |= {title[:31]: (id_, title), id_[:31]: (id_, title)}
    told = [["timestamp", "local_time", "probe_id", "temperature_c", "quality", "name"]]
    for name, rows in found:
        if rows[0][:2] == OWN:
            tidy = rows[0][2:3] == ["probe"]
            id_, title = ids.get(name, (name, name))
            for local, utc, *rest in rows[1:]:
                *who, celsius, quality = rest[: 4 if tidy else 2]
                told.append(
                    [f"{utc}Z", local, who[0] if tidy else id_, celsius, quality, who[1] if tidy else title]
                )
    return told if len(told) > 1 else []
