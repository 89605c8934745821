"""The log file on disk: whether it may be touched, opened, appended to, mended, put aside, and why not. CSV
thread only."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..core import NO_ROOM, STANDARD, Style, separator_of, sync_folder

GOES_ON = "the readings that wait are then written by themselves."
AWAY = {
    getattr(errno, name, -1)
    for name in (
        "ENOTCONN",
        "ESTALE",
        "EHOSTDOWN",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ENETDOWN",
        "ENODEV",
        "ENXIO",
        "ETIMEDOUT",
        "EREMOTEIO",
    )
}
# Windows' own numbers: path or network name not found, device not ready, unexpected network error, network
# unreachable.
AWAY_WINDOWS = {3, 15, 21, 51, 53, 54, 55, 59, 64, 67, 121, 1167, 1222, 1231, 1232}


def reason(path: Path, error: OSError) -> tuple[str, str]:
    """Why the log cannot be written, without the full stop, and what to do."""
    if lock_note(path).exists():
        return (
            f"The CSV log {path} is open in LibreOffice",
            f"Close it there (or delete {lock_note(path).name} if it is not open); {GOES_ON}",
        )
    if isinstance(error, PermissionError):
        return (
            f"The CSV log {path} is held by another program, such as Excel, or may not be written",
            f"Close it in the other program, or allow writing to it; {GOES_ON}",
        )
    if error.errno == errno.EROFS:
        return (
            f"The drive that holds the CSV log {path} is read-only",
            f"Allow writing to it, or set CSV_FILE to another place; {GOES_ON}",
        )
    if error.errno in (*NO_ROOM, errno.EFBIG):
        return f"The disk that holds the CSV log {path} is full", f"Free some space on it; {GOES_ON}"
    if error.errno in AWAY or getattr(error, "winerror", None) in AWAY_WINDOWS:
        return (
            f"The drive or network share that holds the CSV log {path} does not answer",
            f"Connect it again, or set CSV_FILE to another place; {GOES_ON}",
        )
    return (
        f"The CSV log {path} cannot be written ({error.strerror or error})",
        f"Check that its folder exists and may be written, or set CSV_FILE to another place; {GOES_ON}",
    )


def hangs(path: Path, seconds: float) -> tuple[str, str]:
    """A drive that neither takes the rows nor refuses them."""
    return (
        f"The drive or network share that holds the CSV log {path} has not answered for {seconds:.0f} s; "
        "readings wait in the journal.",
        f"Check the drive or the network, or set CSV_FILE to another place; {GOES_ON}",
    )


def mount_of(path: Path) -> str:
    """Where the drive or share that would hold this file is mounted."""
    folder = path.parent.absolute()
    while not os.path.ismount(folder) and folder != folder.parent:
        folder = folder.parent
    return str(folder)


def check_mounted(path: Path, mount: str) -> str:
    """Where the drive or share that would hold the log is mounted now. Raises OSError when the one that held
    it is not mounted any more.

    The empty folder in its place would take the readings, and hide them as soon as the share is back.
    """
    now = Path(mount_of(path))
    if mount and now != Path(mount) and now in Path(mount).parents:
        raise OSError(errno.ENOTCONN, "its drive or share is not connected", mount)
    return str(now)


def lock_note(path: Path) -> Path:
    """The file that LibreOffice keeps beside a document while it has it open."""
    return path.with_name(f".~lock.{path.name}#")


def check_not_open(path: Path) -> None:
    """Raises PermissionError while LibreOffice has the log open: its next save would undo what was appended
    meanwhile."""
    if lock_note(path).exists():
        raise PermissionError(errno.EACCES, "it is open in LibreOffice")


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
