"""Which kind of file it is, by what stands in it; its name is a hint at most. One thread."""

import json
import os
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from . import home_assistant, layout, parquet, series, tables, workbooks
from .source import NotRead, Said, Source
from .table_source import Several, TableSource

# A feed that is one JSON object is read as a whole; ThingSpeak gives 8,000 lines at most.
MOST_JSON_BYTES = 256 << 20
LINE_PROTOCOL = re.compile(r"(#.*|CREATE .*|[^\s,=]+(,\S+=\S+)* \S+=\S+( -?\d+)?)")


def recognised(path: Path, said: Said) -> Source:
    """How a file is read. Raises NotRead for one that cannot be."""
    try:
        return _recognised(path, said)
    except (OSError, pl.exceptions.PolarsError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NotRead(
            f"{path} cannot be read ({why}).",
            "Check that you may read it, that its drive or share is connected, and that it is whole.",
        ) from error


def _recognised(path: Path, said: Said) -> Source:
    if path.is_dir():
        raise NotRead(f"{path} is a folder.", "Name the files in it, such as 'history/*.csv'.")
    with path.open("rb") as file:
        head = file.read(tables.HEAD_BYTES)
        size = tables.readable_size(path.stat().st_mtime, time.time(), file)
        cut = size < os.fstat(file.fileno()).st_size
    if not head.removeprefix(b"\xef\xbb\xbf").strip(b"\0 \r\n\t\xfe\xff"):
        raise NotRead(f"{path.name} is empty.", "Choose another file.")
    if head.startswith(b"SQLite format 3\0"):
        return home_assistant.HomeAssistant(path, said)
    if head.startswith(b"PAR1"):
        return parquet.ParquetSource(path, said)
    if head.startswith(b"PK"):
        return _zipped(path, said)
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")):
        raise NotRead(f"{path.name} is packed.", "Unpack it and import what is inside.")
    if head.startswith((b"%PDF", b"\xd0\xcf\x11\xe0")):
        what = "a PDF" if head[:1] == b"%" else "a workbook of Excel 97 or a logger's own format"
        raise NotRead(
            f"{path.name} is {what}, which is not read.", "Export it as CSV or XLSX in its own program."
        )
    source = _text(path, head[:size], size, said)
    if cut:
        source.facts.append(("left out for now", "its last line: it has no end, and may be half of one"))
    return source


def _text(path: Path, head: bytes, size: int, said: Said) -> Source:
    encoding, text = tables.decoded(head)
    lines = [line for line in text.splitlines() if line.strip()][:200]
    if text.lstrip().startswith('{"metric"'):
        return series.JsonLines(path, size, text, said)
    if text.lstrip()[:1] in ("{", "["):
        return _json(path, size, said)
    if any(line.startswith(("#datatype", "#group", "#default")) for line in lines[:10]) or (
        lines[0].startswith(",result,table,")
    ):
        return series.Annotated(path, size, text, said)
    if encoding == "utf-8" and all(map(_is_line_protocol, lines[:-1] or lines)):
        return series.LineProtocol(path, size, text, said)
    parts = tables.sections(path, head, size)
    if len(parts) == 1:
        return _table(path, 0, size, said)
    # One that has a heading alone, because the program was started twice, is none.
    found: list[TableSource] = []
    refused: NotRead | None = None
    for start, end in parts:
        try:
            found.append(_table(path, start, end, said))
        except NotRead as error:
            refused = refused or error
    if not found:
        raise refused or NotRead(f"{path.name} has no readings.", "Choose another file.")
    return found[0] if len(found) == 1 else Several(found, "tables below one another")


def _table(path: Path, start: int, end: int, said: Said) -> TableSource:
    with path.open("rb") as file:
        file.seek(start)
        shape = tables.shape_of(file.read(min(tables.HEAD_BYTES, end - start)), path.name)
    table = layout.Table(shape.heads, shape.before, shape.samples, path.stem)
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", tables.SPACES: "blanks"}
    return TableSource(
        table,
        lambda counts: tables.frames(path, shape, counts, end, start),
        said,
        f"text with {names[shape.separator]}, {shape.encoding.removesuffix('-sig').upper()}",
    )


def _is_line_protocol(line: str) -> bool:
    told = series.LINE.fullmatch(line)
    return bool(LINE_PROTOCOL.fullmatch(line) or (told and series.FIELD.match(told[2])))


def _json(path: Path, size: int, said: Said) -> Source:
    if size > MOST_JSON_BYTES:
        raise NotRead(
            f"{path.name} is one JSON text of {size >> 20} MB, too large to be read as a whole.",
            "Export it as CSV, or in parts.",
        )
    try:
        told: Any = json.loads(path.read_bytes())
        return series.ThingSpeakJson(told, said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotRead(
            f"{path.name} is JSON of a form that is not known.",
            "Import ThingSpeak's feed, an export of VictoriaMetrics (/api/v1/export), or a CSV.",
        ) from error


def _zipped(path: Path, said: Said) -> Source:
    """A workbook; any other zip is to be unpacked."""
    try:
        with zipfile.ZipFile(path) as packed:
            inside = packed.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise NotRead(
            f"{path.name} is a damaged zip or workbook ({error}).", "Fetch or export it again."
        ) from error
    if "xl/workbook.xml" not in inside and not any(name.endswith("content.xml") for name in inside):
        named = ", ".join(inside[:3]) + (" …" if len(inside) > 3 else "")
        raise NotRead(f"{path.name} is a zip with {named} in it.", "Unpack it and import what is inside.")
    return workbooks.opened(path, said)
