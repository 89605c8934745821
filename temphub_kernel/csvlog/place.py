"""How far the log is: what the bookmark `csv` remembers between two runs. CSV thread only."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..base.csv_style import STANDARD
from ..journal import Reader, Writer, save_bookmark

FOLLOWER = "csv"
# Enough of the file to know it again; reading it costs nothing.
MARK_BYTES = 4096


@dataclass(frozen=True)
class Place:
    """The last reading written, and the file as it was then: its size, its readings, a check sum of its end.

    mount: where the drive or share that holds it was mounted; empty when that is not known. style: the mark of how it is written;
    empty when that is not known.
    While a log is taken into the journal: after_ms: only later lines count, where a spreadsheet saved it; since_no: what probes
    delivered since this reading need not stand in the log before that size.
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
    file, mount, style = (str(note.get(name, other)) for name, other in (("file", ""), ("mount", ""), ("style", STANDARD.mark)))
    return Place(no, size, rows, mark, file, mount, style, note.get("after_ms"), note.get("since_no"))


def save(writer: Writer, place: Place) -> None:
    """Keep the place; waits until it is on disk. Raises TempHubError."""
    note: dict[str, object] = {"file size": place.size, "rows": place.rows, "mark": place.mark}
    note |= {"file": place.file, "mount": place.mount, "style": place.style}
    note |= {name: value for name, value in (("after_ms", place.after_ms), ("since_no", place.since_no)) if value is not None}
    save_bookmark(writer, FOLLOWER, place.no, note)
