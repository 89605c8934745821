"""Why the log cannot be written, in words. Any thread."""

import errno
from pathlib import Path

from .share import lock_note

GOES_ON = "the readings that wait are then written by themselves."
AWAY = {
    getattr(errno, name, -1)
    for name in ("ENOTCONN", "ESTALE", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ENODEV", "ENXIO", "ETIMEDOUT", "EREMOTEIO")
}
# Windows' own numbers: path or network name not found, device not ready, unexpected network error, network unreachable.
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
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
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
        f"The drive or network share that holds the CSV log {path} has not answered for {seconds:.0f} s; readings wait in the journal.",
        f"Check the drive or the network, or set CSV_FILE to another place; {GOES_ON}",
    )
