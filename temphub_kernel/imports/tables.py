"""Text files with a table in them, whatever parts their columns, and however large. One thread."""

import codecs
import csv
import io
import mmap
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
# Where nothing else parts the columns, any number of blanks does.
SPACES = " "
IN_LINE, OUTER = re.compile(rb"[ \t]+"), re.compile(rb"^[ \t]+|[ \t]+$", re.MULTILINE)
SAMPLES = 400
# Whoever has not written into a file for so long has written its last line to the end.
STILL_S = 60
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
    # Without a mark: of plain text in UTF-16 every other byte is zero.
    for name, zeros, others in (
        ("utf-16-le", head[1:400:2], head[:400:2]),
        ("utf-16-be", head[:400:2], head[1:400:2]),
    ):
        if zeros.count(0) > 0.7 * len(zeros) and others.count(0) < 0.1 * len(others):
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
    for sign in (*SIGNS, SPACES):
        if sign == SPACES and best[0] > 0.6:
            break
        rows = [_cells(line, sign, '"' in line) for line in lines[:SAMPLES] if line.strip()]
        counts = Counter(len(row) for row in rows if len(row) > 1 and _is_reading(row))
        if counts:
            width, hits = max(counts.items(), key=lambda one: (one[1], one[0]))
            share = hits / len(rows)
            best = (share, width, sign) if share > best[0] + 0.1 else best
    if not best[2]:
        raise NotRead(
            f"{name} holds no table: nothing parts its lines into columns.",
            "Choose a CSV, a text with columns parted by comma, semicolon, tab, | or blanks, or a workbook.",
        )
    return best[2], best[1]


def _cells(line: str, sign: str, quoted: bool) -> list[str]:
    if sign == SPACES:
        return line.split()
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


def blocks(path: Path, encoding: str, counts: Counts, size: int, start: int = 0) -> Iterator[bytes]:
    """The text of a file from one place to another, as UTF-8 with plain line ends, in whole lines. Raises
    OSError, and NotRead for a line that is longer than memory is for."""
    decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)("replace")
    rest, done = b"", start
    with path.open("rb") as file:
        file.seek(start)
        while done < size and (block := file.read(min(BLOCK_BYTES, size - done))):
            done += len(block)
            counts.share = done / size
            if decoder is not None:
                block = decoder.decode(block).encode()
            # What a power cut leaves at the end of a file may be many megabytes of them.
            text = rest + block.replace(b"\0", b"")
            if b"\r" in text:
                # A line end may be parted by the border of two blocks.
                held = b"\r" if text.endswith(b"\r") and done < size else b""
                text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
            cut = text.rfind(b"\n") + 1
            if cut:
                yield text[:cut].removeprefix(codecs.BOM_UTF8)
            rest = text[cut:]
            if len(rest) > MOST_LINE:
                raise too_long(path)
    if rest.strip():
        # Without a line end: whether the line is whole cannot be seen, see readable_size.
        yield rest.removeprefix(codecs.BOM_UTF8) + b"\n"


def too_long(path: Path) -> NotRead:
    """For a line that is longer than memory is for."""
    return NotRead(
        f"{path.name} has a line of more than {MOST_LINE >> 20} MB.",
        "Export it in shorter lines; VictoriaMetrics does so with max_rows_per_line=100000.",
    )


def frames(path: Path, shape: Shape, counts: Counts, size: int, start: int = 0) -> Iterator[pl.DataFrame]:
    """The lines below the heading as texts, columns `0`, `1`, …, a block after the other."""
    skip = shape.skip
    for block in blocks(path, shape.encoding, counts, size, start):
        while skip and block:
            _, _, block = block.partition(b"\n")
            skip -= 1
        if shape.separator == SPACES:
            block = IN_LINE.sub(b"\t", OUTER.sub(b"", block))
        if not block.strip():
            continue
        sign = "\t" if shape.separator == SPACES else shape.separator
        frame = _texts(block, len(shape.heads), sign, quoted=shape.quoted)
        counts.lines += len(frame)
        yield frame


def sections(path: Path, head: bytes, size: int) -> list[tuple[int, int]]:
    """(from, to) of the tables in a text, each with a heading of its own: a program that was given more
    columns writes the new heading below what it wrote before. A heading that comes again begins none."""
    first = re.split(rb"[\r\n]", head.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n"), maxsplit=1)[0]
    cell = re.match(rb'"?[^";\t|,\d\0]+"?[;\t|,]', first)
    if cell is None or not _is_heading(first, cell[0][-1:]):
        return [(0, size)]
    starts, last = [0], first.strip()
    heading = re.compile(rb"(?<=[\r\n])" + re.escape(cell[0]) + rb"[^\r\n]*")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for line in heading.finditer(text, 0, size):
            if line[0].strip() != last and _is_heading(line[0], cell[0][-1:]):
                last = line[0].strip()
                starts.append(line.start())
    return list(zip(starts, [*starts[1:], size], strict=True))


def _is_heading(line: bytes, sign: bytes) -> bool:
    """Whether no time stands in a line."""
    cells = (cell.strip().strip('"') for cell in line.decode("utf-8", "replace").split(sign.decode()))
    return not any(MOMENT.match(cell) for cell in cells)


def readable_size(written_s: float, now_s: float, file: BinaryIO) -> int:
    """How much of a file there is to read: without its last line, where that has no end and the file was
    written just now."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(size - (1 << 16), 0))
    tail = file.read()
    whole = tail.rstrip(b"\0")
    if not whole or whole.endswith((b"\n", b"\r")) or now_s - written_s > STILL_S:
        return size
    cut = max(tail.rfind(b"\n"), tail.rfind(b"\r"))
    return size - len(tail) + cut + 1 if cut >= 0 else size


def rows_of(lines: list[str]) -> Iterator[list[str]]:
    """Lines with commas as cells."""
    return csv.reader(lines)


def frame_of(lines: list[str], columns: int, separator: str) -> pl.DataFrame:
    """Lines as columns `0`, `1`, … of texts."""
    return _texts("\n".join([*lines, ""]).encode(), columns, separator, quoted=True)


def _texts(block: bytes, columns: int, separator: str, *, quoted: bool) -> pl.DataFrame:
    # The library takes the width of the first line for that of all, and refuses what is wider: here is one
    # that has them all.
    widest = separator.encode() * (columns - 1) + b"\n"
    return pl.read_csv(
        io.BytesIO(widest + block),
        has_header=False,
        schema={str(at): pl.String for at in range(columns)},
        separator=separator,
        quote_char='"' if quoted else None,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
    )[1:]


def long_lines(path: Path, size: int, counts: Counts) -> Iterator[str]:
    """Lines that may be longer than a block. Raises NotRead for one that is longer than memory is for."""
    done = 0
    with path.open("rb") as file:
        while done < size and (line := file.readline(MOST_LINE)):
            done += len(line)
            counts.share = done / size
            if len(line) >= MOST_LINE:
                raise too_long(path)
            if line.strip():
                yield line.decode("utf-8", "replace")
