"""Readings that stand in the CSV log only, taken into the journal. The hub's start, or the CSV log's thread
before its first line.

After a damaged journal was put aside that is all of the log; after a folder was copied without the journal's
newest part, or an old copy of the journal was put back, it is what the log has beyond it.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..core import (
    BOM,
    QUALITIES,
    STANDARD,
    STRUCK_OUT,
    UNDATED,
    UNKNOWN_DELAY_MS,
    Row,
    Style,
    in_range,
    is_probe_id,
    iso_utc,
    now_ms,
    number_of,
    parse_time,
    separator_of,
    to_units,
)
from ..journal import Point, Reader, Writer, as_sent, begin_refill
from .file import append, ends_line, mount_of, open_log, parted_by, parts_of, size_of
from .format import cells_of, to_lines
from .position import BLOCK_ROWS, BOOKMARK_ROWS, Place, behind_lines, load, mark_of, save, style_in

log = logging.getLogger(__name__)
ROWS = 5_000
# In pieces: what is no log may have no lines.
MOST_BYTES = 10_000
# More than ever stand behind the log's bookmark while the log can be written.
MOST_BEHIND = 4 * (BOOKMARK_ROWS + BLOCK_ROWS)
STAMP = 23
Key = tuple[str, int]


class Surplus(NamedTuple):
    """Where the log has more than the journal: in these parts, the first from a byte on.

    after_ms: only readings taken later count; None where the log is known to be the same up to there. behind:
    the readings of the journal behind the log's bookmark, which the lines there may be; those that probes
    delivered from since_no on, up to upto_no.
    """

    parts: list[Path]
    start: int
    after_ms: int | None
    behind: list[Point]
    since_no: int = 0
    upto_no: int = 0


def surplus(csv_file: Path, reader: Reader) -> Surplus | None:
    """Where readings may stand in the log only; None where that cannot be. Raises OSError when the log cannot
    be read."""
    parts, known, last_no = parts_of(csv_file), load(reader), reader.count()
    names = {part.name for part in parts}
    # Another CSV_FILE was set on purpose: what is in that file is no business of this journal.
    other = bool(known.file) and re.split(r"[\\/]", known.file)[-1] not in {csv_file.name, *names}
    if not parts or other or last_no - known.no > MOST_BEHIND:
        return None
    behind = reader.after(known.no, MOST_BEHIND, own=True)
    upto_no = behind[-1].no if behind else last_no
    since_no = known.no if known.since_no is None else known.since_no
    behind += _delivered(reader, since_no, known.no)
    if not known.no and not known.file:
        # A journal whose log was never written: it is new, or its filling broke off at the beginning.
        return Surplus(parts, 0, None, behind, since_no, upto_no)
    for at, part in enumerate(parts):
        if known.rows and _goes_on(part, known):
            return Surplus(parts[at:], known.size, known.after_ms, behind, since_no, upto_no)
    # Saved again by a spreadsheet, or not of this journal at all: only what came later than anything in it is
    # sure to lack.
    newest_ms = max((one.taken_ms for one in reader.newest()), default=0)
    return Surplus(_from(parts, newest_ms), 0, newest_ms, behind, since_no, upto_no)


def only_in_log(found: Surplus) -> int:
    """How many readings stand in the log only. Raises OSError."""
    return sum(1 for _, _, row in _rows(found, Counter(map(_key, found.behind))) if row is not None)


def take_in(found: Surplus, csv_file: Path, writer: Writer, style: Style = STANDARD) -> tuple[int, int]:
    """Store what stands in the log only; (how many readings, how many lines made no sense). Nothing is
    written to the log again.

    When a reading came in is not in the log, nor how its probe numbered it: the journal knows it again when
    the probe sends it. Raises OSError when the log cannot be read, TempHubError when the journal cannot be
    written.
    """
    if not found.parts:
        return 0, 0
    _write_missing(found, csv_file, style)
    writer.change(partial(begin_refill, first_no=writer.last_no + 1, at_ms=now_ms())).result(60)
    if found.after_ms is not None:
        # What is newest in the journal changes from the first block on.
        _remember(writer, found, found.parts[0], found.start, style)
    with Reader(writer.path) as reader:
        corrections, chips = reader.calibrations(), reader.thermocouples()
    stored = bad = noted = 0
    rows = _rows(found, Counter(map(_key, found.behind)))
    while block := list(islice(rows, ROWS)):
        good = [as_sent(row, corrections, chips) for _, _, row in block if row is not None]
        bad += len(block) - len(good)
        stored += writer.store(good, timeout_s=60).stored if good else 0
        if stored - noted >= BOOKMARK_ROWS:
            _remember(writer, found, *block[-1][:2], style)
            log.info("%d readings of the CSV log are in the journal so far", stored)
            noted = stored
    if stored and csv_file.is_file():
        _settle(writer, found.upto_no, stored, csv_file, style)
    return stored, bad


def _settle(writer: Writer, upto_no: int, stored: int, csv_file: Path, style: Style) -> None:
    """Have the log go on behind all that is in the journal now; what probes delivered meanwhile is written
    there first."""
    last_no = writer.last_no
    if last_no - upto_no > stored:
        with Reader(writer.path) as reader:
            fresh = _delivered(reader, upto_no, last_no)
        _write(fresh, csv_file, style)
    with csv_file.open("rb") as file:
        save(writer, behind_lines(file, csv_file, last_no, style))


def _delivered(reader: Reader, no: int, last_no: int) -> list[Point]:
    """The readings from `no` (excluded) to `last_no` that did not come from the log."""
    found: list[Point] = []
    while no < last_no:
        points = reader.after(no, min(BLOCK_ROWS, last_no - no), own=True)
        if not points:
            break
        found += [
            one for one in points if one.no <= last_no and one.received_ms - one.taken_ms != UNKNOWN_DELAY_MS
        ]
        no = points[-1].no
    return found


def _remember(writer: Writer, found: Surplus, part: Path, size: int, style: Style) -> None:
    """How far the log is in the journal: what breaks off is gone on with at the next start."""
    with part.open("rb") as file:
        written = style_in(file, part, style)
        place = Place(
            writer.last_no,
            size,
            1,
            mark_of(file, size),
            str(part),
            mount_of(part),
            written,
            found.after_ms,
            found.since_no,
        )
    save(writer, place)


def _goes_on(part: Path, known: Place) -> bool:
    if not known.size and re.split(r"[\\/]", known.file)[-1] != part.name:
        return False
    with part.open("rb") as file:
        return size_of(file) >= known.size and mark_of(file, known.size) == known.mark


def _from(parts: list[Path], newest_ms: int) -> list[Path]:
    """The parts from the last one on that begins before a time."""
    for at in range(len(parts) - 1, 0, -1):
        with parts[at].open("rb") as file:
            first = next((row for _, row in _read(file, 0, now_ms()) if row is not None), None)
        if first is not None and first.taken_ms <= newest_ms:
            return parts[at:]
    return parts


def _rows(found: Surplus, behind: "Counter[Key]") -> Iterator[tuple[Path, int, Row | None]]:
    """The readings that only the log has, and None for each line that is none; with the part and where the
    line ends there."""
    # A clock that was put back leaves readings of the future, which are known all the same.
    received_ms = max([now_ms(), *(taken_ms for _, taken_ms in behind)])
    after = "" if found.after_ms is None else iso_utc(found.after_ms)[:STAMP]
    oldest = min([after, *(iso_utc(taken_ms)[:STAMP] for _, taken_ms in behind)])
    for at, part in enumerate(found.parts):
        with part.open("rb") as file:
            for end, row in _read(file, found.start if at == 0 else 0, received_ms, oldest):
                key = None if row is None else (row.probe_id, row.taken_ms)
                if key is not None and behind[key] > 0:
                    behind[key] -= 1
                elif row is None or found.after_ms is None or row.taken_ms > found.after_ms:
                    yield part, end, row


def _read(file: BinaryIO, start: int, received_ms: int, oldest: str = "") -> Iterator[tuple[int, Row | None]]:
    """The readings of an open log of any style from a byte on, with where each line ends; lines older than
    `oldest` are passed over."""
    file.seek(start)
    for line in iter(lambda: file.readline(MOST_BYTES), b""):
        # A power cut may leave NUL bytes in front of a good line.
        text = line.removeprefix(BOM).decode("utf-8", "replace").replace("\0", "")
        # Times in UTC are in order as they are written: most of a large log need not be looked at more
        # closely.
        if text.strip() and text.lstrip('"')[:STAMP] >= oldest and separator_of(line) is None:
            yield file.tell(), _row(cells_of(text), received_ms)


def _key(point: Point) -> Key:
    """What a reading is known by, whatever its value is corrected to and however a spreadsheet writes it."""
    return point.probe_id, point.taken_ms


def _write_missing(found: Surplus, csv_file: Path, style: Style) -> None:
    """Write the journal's readings that are not in the log behind its bookmark: the bookmark is then put
    behind all that is taken in."""
    left = Counter(map(_key, found.behind))
    for _ in _rows(found, left):
        pass
    missing: list[Point] = []
    for point in found.behind:
        if left[_key(point)] > 0:
            left[_key(point)] -= 1
            missing.append(point)
    _write(missing, csv_file, style)


def _write(missing: list[Point], csv_file: Path, style: Style) -> None:
    if missing:
        with open_log(csv_file) as file:
            separator = parted_by(file) or style.separator
            own = style if separator == style.separator else Style(separator)
            append(file, (b"" if not size_of(file) or ends_line(file) else b"\n") + to_lines(missing, own))


def _row(cells: list[str], received_ms: int) -> Row | None:
    try:
        timestamp, _, probe_id, number, quality = cells
        taken_ms, celsius = parse_time(timestamp), number_of(number) if number else math.nan
    except (ValueError, OverflowError):
        return None
    known = not quality or quality in (*QUALITIES, UNDATED, STRUCK_OUT)
    if (
        not is_probe_id(probe_id)
        or not known
        or not 0 <= taken_ms <= received_ms
        or (number and not in_range(celsius))
    ):
        return None
    if not number and not quality:
        return None
    return Row(
        probe_id,
        None,
        None,
        taken_ms,
        taken_ms + UNKNOWN_DELAY_MS,
        to_units(celsius) if number else None,
        quality or None,
    )
