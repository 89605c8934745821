"""How far the log is: what is remembered between two runs, and how the place in the file is found again. CSV
thread only."""

import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..core import STANDARD, Style
from ..journal import Point, Reader, Writer, save_bookmark
from .file import append, begin, count_rows, cut, ends_line, mount_of, parted_by, read_end, size_of
from .format import begins_header, is_torn, key_of, keys_of, point_of

FOLLOWER = "csv"
# Enough of the file to know it again; reading it costs nothing.
MARK_BYTES = 4096


@dataclass(frozen=True)
class Place:
    """The last reading written, and the file as it was then: its size, its readings, a check sum of its end.

    mount: where the drive or share that holds it was mounted; empty when that is not known. style: the mark
    of how it is written; empty when that is not known.
    While a log is taken into the journal: after_ms: only later lines count, where a spreadsheet saved it;
    since_no: what probes delivered since this reading need not stand in the log before that size.
    """

    no: int
    size: int = 0
    rows: int = 0
    mark: int = 0
    file: str = ""
    mount: str = ""
    style: str = STANDARD.mark
    after_ms: int | None = None
    since_no: int | None = None

    def fits(self, file: BinaryIO, path: Path) -> bool:
        """True when the open file still is what it was up to this place."""
        return self.file == str(path) and self.size > 0 and mark_of(file, self.size) == self.mark


def mark_of(file: BinaryIO, size: int) -> int:
    """A check sum of the last bytes before `size`."""
    start = max(0, size - MARK_BYTES)
    file.seek(start)
    return zlib.crc32(file.read(size - start)) if size else 0


def load(reader: Reader) -> Place:
    """The saved place; the very beginning when there is none."""
    no, note = reader.bookmark(FOLLOWER)
    size, rows, mark = (int(note.get(name, 0)) for name in ("file size", "rows", "mark"))
    file, mount, style = (
        str(note.get(name, other)) for name, other in (("file", ""), ("mount", ""), ("style", STANDARD.mark))
    )
    return Place(no, size, rows, mark, file, mount, style, note.get("after_ms"), note.get("since_no"))


def save(writer: Writer, place: Place) -> None:
    """Keep the place; waits until it is on disk. Raises TempHubError."""
    note: dict[str, object] = {"file size": place.size, "rows": place.rows, "mark": place.mark}
    note |= {"file": place.file, "mount": place.mount, "style": place.style}
    note |= {
        name: value
        for name, value in (("after_ms", place.after_ms), ("since_no", place.since_no))
        if value is not None
    }
    save_bookmark(writer, FOLLOWER, place.no, note)


# Two of the journal's blocks.
BLOCK_ROWS = 8_192
# The bookmark is saved at the latest after so many rows; a block may still follow.
BOOKMARK_ROWS = 40_000
# Longer than the longest line (137 bytes) times the most rows behind a bookmark.
WINDOW_BYTES = 8 << 20
FIRST_BYTES = 64 << 10


def resume(file: BinaryIO, path: Path, place: Place, reader: Reader, style: Style) -> Place | None:
    """Mend the open file and return the place to go on from; None when it is no log of ours and must be put
    aside.

    style: how the log is to be written; the place's own says how this file is.
    """
    size = size_of(file)
    if size <= WINDOW_BYTES and begins_header(read_end(file, 0).rstrip(b"\0")):
        # Empty, or its very first write was cut off, or nothing but the header of another style.
        cut(file, 0)
        begin(file, path, style)
        return at(file, path, place.no, 0, style.mark)
    separator = parted_by(file)
    if separator is None:
        return None
    fits = place.fits(file, path) and size - place.size <= WINDOW_BYTES
    start = place.size if fits else max(0, size - WINDOW_BYTES)
    end = read_end(file, start)
    written = place.style if fits else _style_of(separator, end, place, path, style)
    end = _without_nuls(file, start, end, whole_end_is_ours=fits)
    keys = keys_of(end)
    no = _last_written(reader, place.no, Counter(keys), 0 if fits else len(keys))
    _mend_last_line(file, end, reader.after(no, 1, own=True))
    return at(file, path, no, place.rows + end.count(b"\n") if fits else count_rows(file), written)


def at(file: BinaryIO, path: Path, no: int, rows: int, style: str, mount: str = "") -> Place:
    """The place at the end of the open file. style: the mark of how that file is written; mount: where what
    holds it is mounted, where that is known already: to look takes a dozen calls of the system."""
    size = size_of(file)
    return Place(no, size, rows, mark_of(file, size), str(path), mount or mount_of(path), style)


def behind_lines(file: BinaryIO, path: Path, no: int, style: Style) -> Place:
    """The place behind the last whole line of a log whose readings are all in the journal; what stands behind
    it is mended later."""
    separator, size = parted_by(file), size_of(file)
    end = read_end(file, max(0, size - WINDOW_BYTES))
    size -= len(end) - end.rfind(b"\n") - 1
    written = _style_of(separator, end, Place(0), path, style) if separator else ""
    return Place(no, size, count_rows(file), mark_of(file, size), str(path), mount_of(path), written)


def style_in(file: BinaryIO, path: Path, style: Style) -> str:
    """The mark of how an open log is written, by its first lines; empty where they tell no style that is
    known."""
    separator = parted_by(file)
    file.seek(0)
    return _style_of(separator, file.read(FIRST_BYTES), Place(0), path, style) if separator else ""


def _style_of(separator: str, end: bytes, place: Place, path: Path, style: Style) -> str:
    """The mark of how a file is written of which only the lines can tell: the wanted style where they agree
    with it."""
    same = separator == style.separator and point_of(end) in (None, style.point)
    known = place.style if place.file == str(path) else style.mark
    return style.mark if same and known == style.mark else ""


def _without_nuls(file: BinaryIO, start: int, end: bytes, *, whole_end_is_ours: bool) -> bytes:
    """Cut away the NUL bytes a power cut leaves. What stands before the bookmark was on disk, so it has
    none."""
    good = end.split(b"\0", 1)[0] if whole_end_is_ours else end.rstrip(b"\0")
    if len(good) == len(end):
        return end
    good = good[: good.rfind(b"\n") + 1]
    cut(file, start + len(good))
    return good


def _last_written(
    reader: Reader, saved: int, keys: "Counter[tuple[str, str, float | None, str]]", before: int
) -> int:
    """The number of the last reading whose line is in the file, at least `saved`.

    When the file was edited `keys` also holds lines of up to `before` readings from before the bookmark;
    those are taken off first, so that a reading that says the same as an earlier one is still written.
    """
    last, no = saved, max(0, saved - before)
    while keys and no < saved + BOOKMARK_ROWS + BLOCK_ROWS:
        points = reader.after(no, BLOCK_ROWS, own=True)
        for point in points:
            if _take(keys, point) and point.no > saved:
                last = point.no
        if len(points) < BLOCK_ROWS:
            break
        no = points[-1].no
    return last


def _take(keys: "Counter[tuple[str, str, float | None, str]]", point: Point) -> bool:
    key = key_of(point)
    if keys[key] <= 0:
        keys.pop(key, None)
        return False
    keys[key] -= 1
    if not keys[key]:
        del keys[key]
    return True


def _mend_last_line(file: BinaryIO, end: bytes, following: list[Point]) -> None:
    if ends_line(file):
        return
    torn = end[end.rfind(b"\n") + 1 :]
    if following and is_torn(torn, following[0]):
        cut(file, size_of(file) - len(torn))
    else:
        # Somebody's own line, or a whole one that only lacks its end: it stays.
        append(file, b"\n")
