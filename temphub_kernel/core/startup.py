"""What is said once when a hub starts: settings that nobody reads or that came with a back-up, a folder that
is new or no place for a journal; and a console that no click stops. Main thread only.
"""

import ctypes
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from . import files
from .settings import ALLOWED, PATHS, Settings

STD_INPUT = -10
QUICK_EDIT, EXTENDED = 0x0040, 0x0080


@contextmanager
def unhalted(kernel32: Any = None) -> Iterator[None]:
    """While it lasts a click marks no text in this console. Elsewhere than on Windows, and without a console,
    nothing happens.

    With "QuickEdit" on, as it comes, a click into the window starts to mark text, and whatever writes a line
    then waits until somebody presses a key: nothing would be recorded meanwhile.
    """
    if kernel32 is None and sys.platform == "win32":
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    found = _mode(kernel32) if kernel32 is not None else None
    if found is None:
        yield
        return
    handle, before = found
    # EXTENDED: without it Windows ignores what is said of QUICK_EDIT.
    kernel32.SetConsoleMode(handle, (before | EXTENDED) & ~QUICK_EDIT)
    try:
        yield
    finally:
        kernel32.SetConsoleMode(handle, before | EXTENDED)


def _mode(kernel32: Any) -> tuple[Any, int] | None:
    """(the console's handle, its mode); None when this process has no console, as at logon or in a pipe."""
    # A handle has the size of an address, which a plain int of ctypes has not.
    kernel32.GetStdHandle.restype = ctypes.c_void_p
    kernel32.GetConsoleMode.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32))
    kernel32.SetConsoleMode.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    handle, mode = kernel32.GetStdHandle(STD_INPUT), ctypes.c_uint32()
    return (handle, mode.value) if kernel32.GetConsoleMode(handle, ctypes.byref(mode)) else None


# File systems that lie on another computer, or are handed through from one: their locks and syncs are not to
# be relied on.
FAR = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afpfs", "webdav", "davfs", "ceph", "glusterfs"),
    *("vboxsf", "virtiofs", "prl_fs", "vmhgfs", "osxfs", "fakeowner", "fuse.vmhgfs-fuse", "fuse.grpcfuse"),
    *(
        "fuse.sshfs",
        "fuse.rclone",
        "fuse.davfs2",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.gvfsd-fuse",
    ),
    *("fuse.onedriver", "fuse.google-drive-ocamlfuse"),
}
# As Windows names the folder; as the clouds' own programs name theirs, with an account behind it or not.
CLOUD_VARIABLES = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
CLOUD_FOLDERS = re.compile(
    r"(dropbox|onedrive|google ?drive|my drive|nextcloud|owncloud|pcloud ?drive|icloud ?drive|icloud~.*|"
    r"com~apple~clouddocs)"
    r"([ -].*|\d*)",
    re.IGNORECASE,
)
# macOS keeps every cloud's files below these.
CLOUD_PARENTS = (("Library", "CloudStorage"), ("Library", "Mobile Documents"))
# What a program that keeps folders in step leaves at their top.
CLOUD_MARKS = (
    ".dropbox",
    ".dropbox.cache",
    ".nextcloudsync.log",
    ".owncloudsync.log",
    ".stfolder",
    ".tmp.drivedownload",
)
OURS = "TEMPHUB_"
SHORTEST_OF_TWO = 8
SHORTEST_SECRET = 10


class Doubt(NamedTuple):
    """Something that works, but perhaps not as it was meant: two sentences."""

    problem: str
    remedy: str


def doubts(settings: Settings, environ: Mapping[str, str], *, new: bool = True) -> list[Doubt]:
    """What to say at the start, before the hub makes its files. new: whether a new folder is worth a word."""
    found = [*misspelt(environ), *short_secrets(settings)]
    # A log without its journal is no new folder: the start takes its readings in, and says so.
    there = settings.journal_file.exists() or (settings.data_dir / settings.csv_file.name).exists()
    if new and environ.get("DATA_DIR", "").strip() and not there:
        said = f"The data folder {settings.data_dir} (DATA_DIR) is new: there are no readings in it yet."
        found.append(
            Doubt(
                said,
                "If you expect earlier readings, set DATA_DIR to the folder that holds their "
                "temphub.sqlite3.",
            )
        )
    found += came_with_a_backup(settings.data_dir, environ)
    return found + bad_places(settings.data_dir, *filesystem(settings.data_dir), environ)


def in_force(data_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that are set, as text: places within the data folder relative to it, and without it.
    Raises TempHubError."""
    given = {
        **files.read_settings(data_dir / files.RESTORED_FILE),
        **{name: value.strip() for name, value in environ.items() if value.strip()},
    }
    found = {name: given[name] for name in ALLOWED if name in given and name != "DATA_DIR"}
    for name in PATHS:
        if name in found and (data_dir / found[name]).is_relative_to(data_dir):
            found[name] = (data_dir / found[name]).relative_to(data_dir).as_posix()
    return found


def came_with_a_backup(folder: Path, environ: Mapping[str, str]) -> list[Doubt]:
    """Which settings are in force that nobody set on this computer."""
    path = folder / files.RESTORED_FILE
    names = [
        name for name in files.read_settings(path) if name in ALLOWED and not environ.get(name, "").strip()
    ]
    if not names:
        return []
    return [
        Doubt(
            f"In force as the restored back-up had it: {', '.join(sorted(names))} (in {path}).",
            "Set what is to be otherwise in Start.bat, which counts more; remove that file for the defaults.",
        )
    ]


def short_secrets(settings: Settings) -> list[Doubt]:
    """A token or password that can be guessed. Neither is shown; of a password given as a hash nothing is
    known."""
    found = []
    for name, value in (("SERVER_TOKEN", settings.server_token), ("UI_PASSWORD", settings.ui_password)):
        if value and len(value) < SHORTEST_SECRET:
            said = (
                f"{name} has {len(value)} character{'s' if len(value) > 1 else ''}, so it can be guessed "
                "by trying."
            )
            found.append(
                Doubt(said, f"Set {name} to {SHORTEST_SECRET} characters or more that are in no dictionary.")
            )
    return found


def misspelt(environ: Mapping[str, str]) -> list[Doubt]:
    """Environment variables that look like a setting and are none. Their values are not shown: one may be a
    secret."""
    found = []
    for name in sorted(environ):
        meant = _meant(name) if name not in ALLOWED and environ[name].strip() else ""
        if meant:
            found.append(
                Doubt(
                    f"There is no setting {name}, so it has no effect.",
                    f"Correct the name if {meant} is meant.",
                )
            )
    return found


def bad_places(folder: Path, kind: str, remote: bool, environ: Mapping[str, str]) -> list[Doubt]:
    """Folders that another program or computer also writes are no place for a database. kind: of the file
    system, as `filesystem` says."""
    found = []
    if kind in FAR or remote or str(folder).startswith("\\\\"):
        said = (
            f"The data folder {folder} is on a network drive ({kind or 'share'}) or another computer's, "
            "where a journal can be damaged."
        )
        found.append(Doubt(said, "Set DATA_DIR to a folder of this computer."))
    if cloud := cloud_of(folder, environ):
        what = "copies the journal while it is written and may hold it"
        said = f"The data folder {folder} is kept in step with a cloud ({cloud}), which {what}."
        # Each user's own folder that no cloud takes along; elsewhere than on Windows there is no such
        # variable.
        own = (
            environ.get("LOCALAPPDATA", "C:").rstrip("\\") + "\\TempHub\\data"
            if os.name == "nt" or "LOCALAPPDATA" in environ
            else ""
        )
        such = own or str(Path.home() / "temphub-data")
        found.append(
            Doubt(
                said,
                "Stop the hub, move its files to a folder outside the cloud, and set DATA_DIR to that, such "
                f"as {such}.",
            )
        )
    return found


def cloud_of(folder: Path, environ: Mapping[str, str]) -> str:
    """The folder upwards that a program keeps in step with other computers; empty when there is none that is
    known."""
    folders = [folder, *folder.parents]
    for name in CLOUD_VARIABLES:
        if environ.get(name) and Path(environ[name]) in folders:
            return environ[name]
    for one in folders:
        if (
            CLOUD_FOLDERS.fullmatch(one.name)
            or one.parts[-2:] in CLOUD_PARENTS
            or any(_is_there(one / mark) for mark in CLOUD_MARKS)
        ):
            return str(one)
    return ""


def filesystem(folder: Path) -> tuple[str, bool]:
    """(the file system's name, such as `ext4` or `nfs`, whether Windows calls the drive remote); ("", False)
    when nobody tells."""
    try:
        parts = psutil.disk_partitions(all=True)
        real = folder.resolve()
    except (OSError, psutil.Error):
        return "", False
    over = [one for one in parts if Path(one.mountpoint) in [real, *real.parents]]
    nearest = max(over, key=lambda one: len(one.mountpoint), default=None)
    return (
        (nearest.fstype.lower(), os.name == "nt" and "remote" in nearest.opts.split(","))
        if nearest
        else ("", False)
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _meant(name: str) -> str:
    """The setting that a name is a slip of the pen of; empty when it is like none."""
    if name.startswith(OURS) and name.removeprefix(OURS) in ALLOWED:
        return name.removeprefix(OURS)
    bare = _bare(name)
    for setting in ALLOWED:
        own = _bare(setting)
        # In a short name another letter makes another word: POST is no PORT.
        if bare[:1] != own[:1] or (
            len(own) < SHORTEST_OF_TWO and len(bare) == len(own) and sorted(bare) != sorted(own)
        ):
            continue
        if _slips(bare, own) <= (1 if len(own) < SHORTEST_OF_TWO else 2):
            return setting
    return ""


def _bare(name: str) -> str:
    return name.upper().replace("_", "").replace("-", "")


def _slips(one: str, other: str) -> int:
    """How many letters are missing, too many, wrong or swapped (optimal string alignment); 3 for more than
    two."""
    if abs(len(one) - len(other)) > 2:
        return 3
    table = [list(range(len(other) + 1))]
    for at, letter in enumerate(one, 1):
        row = [at]
        for to, wanted in enumerate(other, 1):
            best = min(table[-1][to] + 1, row[-1] + 1, table[-1][to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                best = min(best, table[-2][to - 2] + 1)
            row.append(best)
        table.append(row)
    return table[-1][-1]
