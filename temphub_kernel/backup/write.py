"""Making a back-up, also while the hub records. Reads the data folder; what it writes there for a moment is a
copy of the journal. Main thread of a process that stands behind everything else.

First the journal as it stands, then the months that this journal names: a month that is closed meanwhile is
in the copy still, as readings.
"""

import errno
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .._version import __version__
from ..core import (
    JOURNAL_FILE,
    NO_ROOM,
    SETTINGS_FILE,
    Conflict,
    DiskFull,
    NotFound,
    TempHubError,
    now_ms,
    sync_folder,
)
from ..journal import ARCHIVE_FOLDER, Contents, copy_journal, look_into
from . import container

COPY = "temphub.backup-{}.part"
# A commit of the hub's must not wait behind more than that, nor the disk be filled up to the last byte.
SYNC_BYTES = 1 << 20
# After each such piece, so that the hub's own writes find the disk free most of the time.
PAUSE_S = 0.02
# What a zip archive can say of a time.
OLDEST = (1980, 1, 1, 0, 0, 0)
READ_ME = """This is a back-up of a TempHub hub: its readings, names, limits, remarks, keys and settings.

It holds keys and passwords. Whoever has this file can be the hub towards its probes, so keep it as you keep a
key.

To restore it:     temphub restore FILE
To look into it:   temphub backup --list FILE
Without TempHub:   unpack it. temphub.sqlite3 is the journal (SQLite), archive has the months before it
                   (Parquet), and this folder is a data folder as it stands.
"""


class Made(NamedTuple):
    """A back-up that was written and read again."""

    path: Path
    size: int
    manifest: container.Manifest


def make(
    data_dir: Path,
    target: Path,
    settings: Mapping[str, str],
    say: Callable[[str], object],
    *,
    force: bool = False,
) -> Made:
    """Write a back-up under a temporary name, read it again, and give it its own. settings: where no hub has
    left them in the data folder. force: replace a file that is there.

    Raises TempHubError; whatever happens, no half file has the name of a whole one.
    """
    if target.exists() and not force:
        raise Conflict(
            f"There is a file {target} already.", "Give another name, or --force.", code="file_exists"
        )
    if not target.parent.is_dir():
        raise TempHubError(
            f"The folder {target.parent} is not there, so no back-up was made.",
            "Connect its drive or share, or make the folder.",
            code="no_folder",
        )
    part = target.with_name(f"{target.name}.{os.getpid()}{container.UNFINISHED}")
    try:
        with _copied(data_dir, say) as (copy, contents):
            with _private(part) as file:
                manifest = _fill(file, data_dir, copy, contents, settings)
            say("Reading it again ...")
            _forget_cached(part)
            if container.verify(part) != manifest:
                raise container.broken(part, "its manifest is not the one that was written")
            size = part.stat().st_size
            part.replace(target)
            # Some shares and drives know no such call for a folder; the file itself is on them.
            with suppress(OSError):
                sync_folder(target.parent)
    except OSError as error:
        raise not_written(target, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Made(target, size, manifest)


@contextmanager
def _copied(data_dir: Path, say: Callable[[str], object]) -> Iterator[tuple[Path, Contents]]:
    """A copy of the journal for a moment, beside it: a share or a synced folder is no place for a
    database."""
    journal, copy = data_dir / JOURNAL_FILE, data_dir / COPY.format(os.getpid())
    container.drop_left(data_dir)
    size = sum(path.stat().st_size for name in ("", "-wal") if (path := Path(f"{journal}{name}")).exists())
    if (
        shutil.disk_usage(data_dir if data_dir.is_dir() else data_dir.parent).free
        < size + container.SPARE_BYTES
    ):
        raise _no_room(data_dir, size)

    def step(_left: int, _pages: int) -> None:
        if shutil.disk_usage(data_dir).free < container.SPARE_BYTES // 2:
            raise _no_room(data_dir, size)

        time.sleep(PAUSE_S)

    if not journal.is_file():
        raise NotFound(
            f"There is no journal at {journal}, so there is nothing to back up.",
            "Set DATA_DIR to the folder that holds temphub.sqlite3.",
            code="no_journal",
        )
    try:
        with _private(copy):
            pass
        say("Copying the journal as it stands now ...")
        copy_journal(journal, copy, step)
        yield copy, look_into(copy)
    finally:
        for ending in ("", "-journal"):
            with suppress(OSError):
                Path(f"{copy}{ending}").unlink(missing_ok=True)


def _fill(
    file: BinaryIO, data_dir: Path, copy: Path, contents: Contents, settings: Mapping[str, str]
) -> container.Manifest:
    """All parts and the manifest, whose hashes come of what was written."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _text(archive, container.READ_ME, READ_ME.encode())
        journal = _add(archive, JOURNAL_FILE, copy, packed=True)
        months, missing, damaged = _months(archive, data_dir, contents)
        others = []
        for name in container.OTHERS:
            with suppress(FileNotFoundError):
                others.append(_add(archive, name, data_dir / name, packed=True))
        if not any(part.name == SETTINGS_FILE for part in others):
            others.append(_text(archive, SETTINGS_FILE, json.dumps(dict(settings), indent=1).encode()))
        manifest = container.Manifest(
            made_ms=now_ms(),
            temphub=__version__,
            computer=platform.node(),
            data_dir=str(data_dir),
            journal_version=contents.version,
            readings=contents.readings,
            from_ms=contents.from_ms,
            to_ms=contents.to_ms,
            given=contents.given,
            parts=[journal, *months, *others],
            missing=missing,
            damaged=damaged,
        )
        _text(archive, container.MANIFEST, manifest.as_json())
    file.flush()
    os.fsync(file.fileno())
    return manifest


def _months(
    archive: zipfile.ZipFile, data_dir: Path, contents: Contents
) -> tuple[list[container.Part], list[str], list[str]]:
    """(those that were added, names of those that are not there, of those that are not as they were
    written)."""
    parts: list[container.Part] = []
    missing: list[str] = []
    damaged: list[str] = []
    for month in contents.months:
        name = f"{ARCHIVE_FOLDER}/{month.file}"
        try:
            parts.append(_add(archive, name, data_dir / ARCHIVE_FOLDER / month.file, packed=False))
        except FileNotFoundError:
            missing.append(name)
            continue
        if parts[-1].sha256 != month.sha256:
            damaged.append(name)
    return parts, missing, damaged


def _add(archive: zipfile.ZipFile, name: str, path: Path, *, packed: bool) -> container.Part:
    """A file of the data folder. packed: whether making it smaller is worth the time."""
    with path.open("rb") as source:
        # What grows meanwhile is taken as it was when it was opened.
        whole = os.fstat(source.fileno()).st_size
        entry: str | zipfile.ZipInfo = name
        if not packed:
            entry = zipfile.ZipInfo(name, max(time.localtime(now_ms() / 1000)[:6], OLDEST))
        with archive.open(entry, "w", force_zip64=True) as target:
            poured = container.pour(_Bounded(source, whole), target.write)
    return container.Part(name, poured.bytes, poured.sha256)


def _text(archive: zipfile.ZipFile, name: str, content: bytes) -> container.Part:
    archive.writestr(name, content)
    return container.Part(name, len(content), hashlib.sha256(content).hexdigest())


class _Bounded:
    """The first bytes of a file."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._left = source, size

    def read(self, size: int, /) -> bytes:
        block = self._source.read(min(size, self._left))
        self._left -= len(block)
        return block


class _Synced(io.BufferedWriter):
    """Puts what is written on disk in small pieces."""

    _waiting = 0

    def write(self, data: Any, /) -> int:
        done = super().write(data)
        self._waiting += done
        if self._waiting >= SYNC_BYTES:
            self._waiting = 0
            self.flush()
            os.fsync(self.fileno())
            time.sleep(PAUSE_S)
        return done


def _private(path: Path) -> _Synced:
    """A new file, for this user alone where the system knows such a thing. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return _Synced(io.FileIO(os.open(path, flags, 0o600), "w"))


def _forget_cached(path: Path) -> None:
    """So that it is read from the disk, where the system can be told so."""
    if sys.platform == "linux":
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def not_written(path: Path, error: OSError) -> TempHubError:
    """The disk's, share's or drive's refusal in words."""
    large = error.errno == errno.EFBIG
    full = error.errno in NO_ROOM
    said = "the disk is full" if full else error.strerror or str(error)
    if large:
        said, remedy = "it is too large for that drive", "Use a drive formatted with NTFS, exFAT or ext4."
    else:
        remedy = (
            "Free some space there, check that the drive or share is connected and may be written, or choose "
            "another place."
        )
    return (DiskFull if full else TempHubError)(
        f"The back-up could not be written to {path} ({said}); no half file was left.",
        remedy,
        code="backup_unwritable",
    )


def _no_room(data_dir: Path, size: int) -> DiskFull:
    return DiskFull(
        f"A back-up needs {(size + container.SPARE_BYTES) // 1_000_000} MB free on the disk of {data_dir} "
        "for a "
        "moment, and "
        "there is less.",
        "Free some space there; recording goes on.",
    )
