"""Putting a back-up into a data folder: all of it is laid out and checked beside its place first, what is
there already is set aside, and only then it gets its names. Main thread; no hub may run on the folder
meanwhile.
"""

import glob
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import urlsplit

from ..core import (
    ALLOWED,
    JOURNAL_FILE,
    PATHS,
    RESTORED_FILE,
    SETTINGS_FILE,
    Conflict,
    DiskFull,
    TempHubError,
    is_here,
    leads_here,
    read_key,
    read_settings,
    stamp_for_name,
    sync_folder,
    write_settings,
)
from ..journal import ARCHIVE_FOLDER, JOURNAL_VERSION, look_into
from . import container

STAGE = "temphub.restore.part"
ASIDE = "before-restore-"
JOURNAL_ENDINGS = ("", "-wal", "-shm", "-journal", ".damaged")
# Of the hub that was there: nothing that makes a folder somebody's records.
BESIDE = ("temphub.sessions", RESTORED_FILE, container.NOTE_FILE)
O_BINARY = getattr(os, "O_BINARY", 0)


class Restored(NamedTuple):
    """aside: where lies what was there before, None where nothing was; settings: names of those in force now;
    left_out: those that mean something only on the other computer, with their values."""

    manifest: container.Manifest
    aside: Path | None
    settings: list[str]
    left_out: dict[str, str]


def restore(
    path: Path, folder: Path, csv_file: Path, alone: Callable[[], bool], *, over: bool = False
) -> Restored:
    """Put a back-up into a folder. alone: whether no hub runs there, and none will; csv_file: its CSV log.

    over: although there are readings or keys, which are then set aside. Raises TempHubError; the folder is
    then as it was.
    """
    present = _present(folder)
    if present and not over:
        raise Conflict(
            f"In {folder} there is {present[0].name} already, so nothing was restored.",
            "Set DATA_DIR to an empty folder; or add --over, which sets aside what is there.",
            code="folder_in_use",
        )
    if not alone():
        raise Conflict(
            f"A hub runs on {folder}, so nothing was restored.",
            "Stop it first (`temphub stop`); probes keep their readings meanwhile.",
            code="hub_runs",
        )
    with container.opened(path) as (archive, manifest):
        if manifest.journal_version > JOURNAL_VERSION:
            raise container.newer(path, manifest.temphub)
        stage = folder / STAGE
        shutil.rmtree(stage, ignore_errors=True)
        try:
            with _written(folder):
                _check_room(folder, sum(part.bytes for part in manifest.parts))
                stage.mkdir(mode=0o700)
                for part in manifest.parts:
                    _lay_out(path, archive, part, stage)
            look_into(stage / JOURNAL_FILE)
            kept, left_out = portable(read_settings(stage / SETTINGS_FILE))
            with _written(folder):
                if kept:
                    write_settings(stage / RESTORED_FILE, kept)
                (stage / SETTINGS_FILE).unlink(missing_ok=True)
                aside = _exchange(stage, folder, csv_file, over=bool(present))
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return Restored(manifest, aside, sorted(kept), left_out)


def portable(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(settings that mean the same here, those that name a place which is not here)."""
    known = {name: text for name, text in settings.items() if name in ALLOWED and name != "DATA_DIR"}
    left_out = {name: text for name, text in known.items() if not _means_the_same(name, text)}
    if "TLS_CERT" in left_out or "TLS_KEY" in left_out:
        # One without the other stops a start.
        left_out |= {name: known[name] for name in ("TLS_CERT", "TLS_KEY") if name in known}
    return {name: text for name, text in known.items() if name not in left_out}, left_out


def _means_the_same(name: str, text: str) -> bool:
    if name in PATHS:
        relative = not (PureWindowsPath(text).anchor or PurePosixPath(text).is_absolute())
        place = Path(text).expanduser()
        # A log is made where its folder is; whatever else must be there itself.
        return relative or (place.is_absolute() and (place.parent if name == "CSV_FILE" else place).exists())
    if name == "PUBLIC_BASE":
        return leads_here(urlsplit(text).hostname or "")
    if name == "HOST":
        return leads_here(text)
    return name != "INTERFACES" or all(map(is_here, text.replace(",", " ").split()))


def _present(folder: Path) -> list[Path]:
    """What of a hub's records is there."""
    own = (JOURNAL_FILE, *(name for name in container.OTHERS if name != SETTINGS_FILE), ARCHIVE_FOLDER)
    return [folder / name for name in own if (folder / name).exists()]


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """The disk's refusal in words."""
    try:
        yield
    except OSError as error:
        raise TempHubError(
            f"The back-up could not be restored into {folder} ({error.strerror or error}); what was there "
            "is as it "
            "was.",
            "Free some space, allow writing there, and close pages, notebooks and programs that have its "
            "files "
            "open.",
            code="not_restored",
        ) from error


def _check_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + container.SPARE_BYTES:
        raise DiskFull(
            f"The back-up needs {(size + container.SPARE_BYTES) // 1_000_000} MB on the disk of {folder}, "
            "and less is "
            "free.",
            "Free some space, or set DATA_DIR to another disk.",
        )


def _lay_out(path: Path, archive: zipfile.ZipFile, part: container.Part, stage: Path) -> None:
    """One part, checked and on disk. Its name is one of those that are known, so it lies within `stage`."""
    target = stage / part.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_BINARY, 0o600), "wb") as file:
        container.take(path, archive, part, file.write)
        file.flush()
        os.fsync(file.fileno())


Moves = list[tuple[Path, Path]]


def _named(stage: Path, folder: Path) -> Moves:
    """Of what was laid out to its place; the journal last, by which a folder is known."""
    names = sorted((path.name for path in stage.iterdir()), key=lambda name: (name == JOURNAL_FILE, name))
    return [(stage / name, folder / name) for name in names]


def _exchange(stage: Path, folder: Path, csv_file: Path, *, over: bool) -> Path | None:
    """Give what was laid out its place; where lies what was there, None where nothing was. Raises OSError,
    and all is as it was."""
    if not over:
        _move(_named(stage, folder))
        return None
    aside = folder / f"{ASIDE}{stamp_for_name()}"
    names = [f"{JOURNAL_FILE}{ending}" for ending in JOURNAL_ENDINGS]
    names += [*container.OTHERS, *BESIDE, ARCHIVE_FOLDER]
    if read_key(stage) != read_key(folder) and csv_file.parent == folder:
        # Another hub's readings must not get among these; the hub's own log has what came since, and the next
        # start takes it in.
        names += [path.name for path in folder.glob(f"{glob.escape(csv_file.stem)}*.csv")]
    there = [(folder / name, aside / name) for name in names if (folder / name).exists()]
    aside.mkdir(mode=0o700)
    try:
        _move(there + _named(stage, folder))
    except OSError:
        aside.rmdir()
        raise
    sync_folder(aside)
    return aside


def _move(moves: Moves) -> None:
    """All of them or, where one is refused (Windows, while a program has a file open), none. Raises
    OSError."""
    done: Moves = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            with suppress(OSError):
                target.replace(source)
        raise
    if moves:
        sync_folder(moves[-1][1].parent)
