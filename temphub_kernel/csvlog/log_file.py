"""The log file on disk: opened, appended to, mended, put aside. CSV thread only. Every call may raise OSError."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..base.csv_style import STANDARD, Style, separator_of
from ..base.paths import sync_folder

CHUNK = 1 << 20

OpenLog = Callable[[Path], BinaryIO]


def open_log(path: Path) -> BinaryIO:
    """Open the log for reading and appending, created when missing. The only place that opens it.

    On Windows this raises PermissionError while Excel holds the file.
    """
    return path.open("a+b")


def size_of(file: BinaryIO) -> int:
    """The size of an open file."""
    return file.seek(0, os.SEEK_END)


def append(file: BinaryIO, block: bytes) -> None:
    """Add to the end; on disk when this returns."""
    file.write(block)
    file.flush()
    os.fsync(file.fileno())


def begin(file: BinaryIO, path: Path, style: Style = STANDARD) -> None:
    """Write the header of an empty file."""
    append(file, style.header)
    sync_folder(path.parent)


def cut(file: BinaryIO, size: int) -> None:
    """Cut the file back to `size`."""
    file.truncate(size)
    file.flush()
    os.fsync(file.fileno())


def parted_by(file: BinaryIO) -> str | None:
    """What parts the columns of a file that begins as the log does; None for any other."""
    file.seek(0)
    return separator_of(file.read(4 * len(STANDARD.header)).split(b"\n")[0])


def ends_line(file: BinaryIO) -> bool:
    """True when the file ends with a newline."""
    size = size_of(file)
    file.seek(max(0, size - 1))
    return file.read(1) == b"\n"


def read_end(file: BinaryIO, start: int) -> bytes:
    """Everything from `start` on."""
    file.seek(start)
    return file.read()


def count_rows(file: BinaryIO) -> int:
    """The lines of the file without its header."""
    file.seek(0)
    lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
    return max(0, lines - 1)


def aside_name(path: Path, day: str) -> Path:
    """The name for a log put aside: `<name>-<day>.csv`, numbered when that exists."""
    number = 1
    while True:
        aside = path.with_name(f"{path.stem}-{day}{f'-{number}' if number > 1 else ''}{path.suffix}")
        if not aside.exists():
            return aside
        number += 1


def parts_of(path: Path) -> list[Path]:
    """What was put aside of a log, oldest first, and the log itself; only what is there."""
    dated = re.compile(rf"{re.escape(path.stem)}-(\d{{4}}-\d\d-\d\d)(?:-(\d+))?{re.escape(path.suffix)}")
    asides = [
        (found.group(1), int(found.group(2) or 1), one)
        for one in (path.parent.iterdir() if path.parent.is_dir() else ())
        if (found := dated.fullmatch(one.name)) and one.is_file()
    ]
    return [one for _, _, one in sorted(asides)] + ([path] if path.is_file() else [])


def put_aside(path: Path, day: str) -> Path:
    """Rename the log to its dated name; returns the new path. Never overwrites."""
    aside = aside_name(path, day)
    path.rename(aside)
    sync_folder(path.parent)
    return aside
