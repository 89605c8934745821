"""A new journal filled from the CSV log, after the old one was damaged. The hub's start only, before the CSV log's thread runs."""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

from ..base.clock import now_ms, parse_time
from ..base.reading import QUALITIES, UNDATED, Row, in_range, is_probe_id, to_units
from ..journal import Writer
from .lines import HEADER
from .place import save
from .resume import at

ROWS = 5_000


def refilled_from(csv_file: Path, writer: Writer) -> tuple[int, int]:
    """Store the log's readings; (how many, how many lines made no sense). Nothing of them is written to the log again.

    What a reading's probe numbered it as is not in the log: a delivery that was under way when the journal broke may be there
    twice. Raises OSError when the log cannot be read, TempHubError when the journal cannot be written.
    """
    if not csv_file.is_file():
        return 0, 0
    stored = bad = 0
    with csv_file.open("rb") as file:
        lines = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline=""))
        block: list[Row] = []
        for row in _rows(lines):
            if row is None:
                bad += 1
                continue
            block.append(row)
            if len(block) >= ROWS:
                stored += writer.store(block, timeout_s=60).stored
                block = []
        if block:
            stored += writer.store(block, timeout_s=60).stored
    if stored:
        with csv_file.open("rb") as file:
            save(writer, at(file, csv_file, writer.last_no, stored))
    return stored, bad


def _rows(lines: Iterator[list[str]]) -> Iterator[Row | None]:
    received_ms = now_ms()
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if cells and ",".join(cells) != HEADER:
            yield _row(cells, received_ms)


def _row(cells: list[str], received_ms: int) -> Row | None:
    try:
        timestamp, _, probe_id, number, quality = cells
        taken_ms, celsius = parse_time(timestamp), float(number) if number else math.nan
    except (ValueError, OverflowError):
        return None
    known = not quality or quality in (*QUALITIES, UNDATED)
    if not is_probe_id(probe_id) or not known or not 0 <= taken_ms <= received_ms or (number and not in_range(celsius)):
        return None
    if not number and not quality:
        return None
    return Row(probe_id, None, None, taken_ms, received_ms, to_units(celsius) if number else None, quality or None)
