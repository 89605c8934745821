"""Whether the log may be touched now: its drive or share is there, and no LibreOffice has it open. CSV thread only.

Where Windows refuses to open such a file by itself, other systems let the hub write where nobody will look for it.
"""

import errno
import os
from pathlib import Path


def mount_of(path: Path) -> str:
    """Where the drive or share that would hold this file is mounted."""
    folder = path.parent.absolute()
    while not os.path.ismount(folder) and folder != folder.parent:
        folder = folder.parent
    return str(folder)


def check_mounted(path: Path, mount: str) -> None:
    """Raises OSError when the share that held the log is not mounted any more.

    The empty folder in its place would take the readings, and hide them as soon as the share is back.
    """
    now = Path(mount_of(path))
    if mount and now != Path(mount) and now in Path(mount).parents:
        raise OSError(errno.ENOTCONN, "its drive or share is not connected", mount)


def lock_note(path: Path) -> Path:
    """The file that LibreOffice keeps beside a document while it has it open."""
    return path.with_name(f".~lock.{path.name}#")


def check_not_open(path: Path) -> None:
    """Raises PermissionError while LibreOffice has the log open: its next save would undo what was appended meanwhile."""
    if lock_note(path).exists():
        raise PermissionError(errno.EACCES, "it is open in LibreOffice")
