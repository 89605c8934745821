"""Real disks that are small, go away or refuse to be written: made by root, on systems that can mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .waiting import cannot


def _run(*command: object) -> bool:
    program = shutil.which(str(command[0]))
    if program is None:
        return False
    return subprocess.run([program, *map(str, command[1:])], capture_output=True, check=False).returncode == 0


class Share:
    """A drive of some KB, mounted at `folder`, that can be pulled out and put back with what is on it."""

    def __init__(self, store: Path, folder: Path, size_kb: int) -> None:
        self.store, self.folder = store, folder
        store.mkdir()
        folder.mkdir()
        if (
            not hasattr(os, "geteuid")
            or os.geteuid() != 0
            or not _run("mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "none", store)
        ):
            cannot("only root on Linux can mount a drive of its own")
        self.plug()

    def plug(self) -> None:
        """Connect it."""
        assert _run("mount", "--bind", self.store, self.folder)

    def pull(self) -> None:
        """It is gone, and an empty folder is where it was."""
        assert _run("umount", self.folder)

    def read_only(self, on: bool) -> None:
        """As after an error of the drive."""
        assert _run("mount", "-o", f"remount,bind,{'ro' if on else 'rw'}", self.folder)


@contextmanager
def share(folder: Path, size_kb: int = 256) -> Iterator[Share]:
    """A drive, taken away at the end."""
    store = folder.with_name(f"{folder.name} (store)")
    try:
        yield Share(store, folder, size_kb)
    finally:
        # Lazily: whatever a failed test left open must not keep the drive for ever.
        _run("umount", "-l", folder)
        _run("umount", "-l", store)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A file that may not be written, not even by root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        if not _run("chattr", "+i", path):
            cannot("root can write any file of this disk")
    else:
        path.chmod(0o444)
    try:
        yield
    finally:
        if root:
            _run("chattr", "-i", path)
        else:
            path.chmod(0o644)
