"""Text files with a table in them, whatever parts their columns, and however large. One thread."""

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import polars as pl

from .source import Counts, NotRead

HEAD_BYTES = 1 << 18
# Some 200,000 lines; all that is made of them at once takes about ten times as much.
BLOCK_BYTES = 8 << 20
MOST_LINE = 256 << 20
MOST_COLUMNS = 500
SIGNS = ";\t|,"
SAMPLES = 400
# What may be a date, or a count since 1970.
MOMENT = re.compile(
    r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ,]+\d{1,4}|\d{9,19}(\.\d+)?$|[A-Z][a-z]{2,8} \d{1,2},? \d{4}"
)


class Shape(NamedTuple):
    """How the text is written. skip: lines above the first one with readings; gaps: places of headings that
    no column stands below."""

    encoding: str
    separator: str
    quoted: bool
    heads: list[str]
    before: list[str]
    skip: int
    samples: list[list[str]]


def decoded(head: bytes) -> tuple[str, str]:
    """(encoding, text) of the beginning of a file."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name, codecs.getincrementaldecoder(name)("replace").decode(head)
    try:
        return "utf-8", codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    except UnicodeDecodeError:
        return "cp1252", head.decode("cp1252", "replace")


def shape_of(head: bytes, name: str) -> Shape:
    """What the beginning of a file tells. Raises NotRead where there is no table."""
    encoding, text = decoded(head)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # The last one may be cut.
    lines = [
        line.replace("\0", "")
        for line in (lines[:-1] if len(lines) > 1 and len(head) >= HEAD_BYTES else lines)
    ]
    while lines and not lines[-1].strip():
        lines.pop()
    separator, width = _separator(lines, name)
    quoted = any('"' in line for line in lines)
    rows = [_cells(line, separator, quoted) for line in lines]
    data = next((at for at, row in enumerate(rows) if _fits(row, width) and _is_reading(row)), None)
    if data is None:
        raise NotRead(
            f"{name} has no lines with a time and a value, so there are no readings in it.",
            "Choose another file.",
        )
    # Some underline the heading, or leave a line free.
    above = range(data - 1, max(data - 4, -1), -1)
    at_head = next((at for at in above if _fits(rows[at], width)), -1)
    # InfluxDB's command line begins each group with the heading again.
    again = rows[at_head] if at_head >= 0 else None
    body = [row for row in rows[data:] if row != again and _fits(row, width)][:SAMPLES]
    columns = max(max(map(len, body)), width)
    heads = [cell.strip().strip("'") for cell in rows[at_head]] if at_head >= 0 else []
    told = [head for head in heads if head]
    if len(told) < len(heads) and len(told) == max(_filled(row) for row in body):
        # A heading parted twice, above columns that are parted once.
        heads = told
    heads = (heads + [""] * columns)[:columns]
    samples = [[row[at] if at < len(row) else "" for row in body] for at in range(columns)]
    before = lines[: at_head if at_head >= 0 else data]
    return Shape(encoding, separator, quoted, heads, before, data, samples)


def _separator(lines: list[str], name: str) -> tuple[str, int]:
    """(sign, how many columns) of most of the lines with readings."""
    best: tuple[float, int, str] = (0.0, 0, "")
    # In this order: where semicolons part columns, commas stand in numbers.
    for sign in SIGNS:
        rows = [_cells(line, sign, '"' in line) for line in lines[:SAMPLES] if line.strip()]
        counts = Counter(len(row) for row in rows if len(row) > 1 and _is_reading(row))
        if counts:
            width, hits = max(counts.items(), key=lambda one: (one[1], one[0]))
            share = hits / len(rows)
            best = (share, width, sign) if share > best[0] + 0.1 else best
    if not best[2]:
        raise NotRead(
            f"{name} holds no table: nothing parts its lines into columns.",
            "Choose a CSV, a text with columns parted by comma, semicolon, tab or |, or an Excel workbook.",
        )
    return best[2], best[1]


def _cells(line: str, sign: str, quoted: bool) -> list[str]:
    if not quoted:
        return line.split(sign)
    return next(csv.reader([line], delimiter=sign), [])


def _filled(row: list[str]) -> int:
    return max((at + 1 for at, cell in enumerate(row) if cell.strip()), default=0)


def _fits(row: list[str], width: int) -> bool:
    return (
        max(2, width - 1) <= len(row) <= min(width + 2, MOST_COLUMNS)
        and sum(map(bool, map(str.strip, row))) > 1
    )


def _is_reading(row: list[str]) -> bool:
    """Whether a row has a time, and something beside it."""
    cells = [cell.strip() for cell in row if cell.strip()]
    # `First reading: 2024-01-31` stands above the table.
    return len(cells) > 1 and not cells[0].endswith(":") and any(MOMENT.match(cell) for cell in cells)


def blocks(path: Path, encoding: str, counts: Counts, size: int) -> Iterator[bytes]:
    """The text of a file up to a size, as UTF-8 with plain line ends, in whole lines. Raises OSError."""
    decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)("replace")
    rest, done = b"", 0
    with path.open("rb") as file:
        while done < size and (block := file.read(min(BLOCK_BYTES, size - done))):
            done += len(block)
            counts.share = done / size
            if decoder is not None:
                block = decoder.decode(block).encode()
            text = rest + block
            if b"\r" in text:
                # A line end may be parted by the border of two blocks.
                held = b"\r" if text.endswith(b"\r") and done < size else b""
                text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
            cut = text.rfind(b"\n") + 1
            if cut:
                yield text[:cut].removeprefix(codecs.BOM_UTF8).replace(b"\0", b"")
            rest = text[cut:]
    if rest.strip():
        # Without a line end: whether the line is whole cannot be seen, see still_written.
        yield rest.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"") + b"\n"


def frames(path: Path, shape: Shape, counts: Counts, size: int) -> Iterator[pl.DataFrame]:
    """The lines below the heading as texts, columns `0`, `1`, …, a block after the other."""
    schema = {str(at): pl.String for at in range(len(shape.heads))}
    skip = shape.skip
    for block in blocks(path, shape.encoding, counts, size):
        while skip and block:
            _, _, block = block.partition(b"\n")
            skip -= 1
        if not block.strip():
            continue
        frame = pl.read_csv(
            io.BytesIO(block),
            has_header=False,
            schema=schema,
            separator=shape.separator,
            quote_char='"' if shape.quoted else None,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
        counts.lines += len(frame)
        yield frame


def readable_size(path: Path, written_s: float, now_s: float, file: BinaryIO) -> int:
    """How much of a file there is to read: without its last line, where that has no end and the file was
    written just now."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(size - (1 << 16), 0))
    tail = file.read()
    if not tail or tail.endswith((b"\n", b"\r", b"\n\0")) or now_s - written_s > 60:
        return size
    cut = max(tail.rfind(b"\n"), tail.rfind(b"\r"))
    return size - len(tail) + cut + 1 if cut >= 0 else size


def rows_of(lines: list[str]) -> Iterator[list[str]]:
    """Lines with commas as cells."""
    return csv.reader(lines)


def frame_of(lines: list[str], columns: int, separator: str) -> pl.DataFrame:
    """Lines as columns `0`, `1`, … of texts."""
    return pl.read_csv(
        io.BytesIO("\n".join([*lines, ""]).encode()),
        has_header=False,
        schema={str(at): pl.String for at in range(columns)},
        separator=separator,
        truncate_ragged_lines=True,
    )


def long_lines(path: Path, size: int, counts: Counts) -> Iterator[str]:
    """Lines that may be longer than a block. Raises NotRead for one that is longer than memory is for."""
    done = 0
    with path.open("rb") as file:
        while done < size and (line := file.readline(MOST_LINE)):
            done += len(line)
            counts.share = done / size
            if len(line) >= MOST_LINE:
                raise NotRead(
                    f"{path.name} has a line of more than {MOST_LINE >> 20} MB.",
                    "Export it with max_rows_per_line=100000.",
                )
            if line.strip():
                yield line.decode("utf-8", "replace")
