"""The journal, the CSV log, the disk they lie on, which programs hold them open, and back-ups."""

import ctypes
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from ..backup import read_note
from ..core import DAY_MS, TempHubError, finding, length_text, local_text, now_ms, startup
from ..hub import read_info, refill
from ..journal import Reader, integrity, schema
from .context import Case

SESSION_KEY_CHARS = 33
MOST = 32
# Of the size it has on Windows, wherever this runs.
DWORD = ctypes.c_uint32
OFFICE_LOCK = ".~lock.{}#"


class UniqueProcess(ctypes.Structure):
    """RM_UNIQUE_PROCESS of the Windows Restart Manager."""

    _fields_ = [("pid", DWORD), ("started", DWORD * 2)]


class ProcessInfo(ctypes.Structure):
    """RM_PROCESS_INFO."""

    _fields_ = [
        ("process", UniqueProcess),
        ("app", ctypes.c_wchar * 256),
        ("service", ctypes.c_wchar * 64),
        ("kind", ctypes.c_int),
        ("status", DWORD),
        ("session", DWORD),
        ("restartable", ctypes.c_int),
    ]


def holders(path: Path, without: frozenset[int] = frozenset()) -> list[str]:
    """`Microsoft Excel (process 4711)` for each program that has the file open; `without`: process numbers
    left out."""
    found = _windows(path) if sys.platform == "win32" else _posix(path)
    return [f"{name} (process {pid})" if pid else name for pid, name in found if pid not in without]


def _posix(path: Path) -> list[tuple[int, str]]:
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if any(one.path == str(path) for one in process.open_files()):
                found.append((process.pid, str(process.info["name"])))
        except (psutil.Error, OSError):
            # Other people's programs do not show their files to this user.
            continue
    return found or _office(path)


def _office(path: Path) -> list[tuple[int, str]]:
    # LibreOffice reads a file and closes it, but leaves this beside it for as long as the sheet is open.
    return [(0, "LibreOffice")] if path.with_name(OFFICE_LOCK.format(path.name)).exists() else []


def _windows(path: Path) -> list[tuple[int, str]]:
    if sys.platform != "win32":
        return []
    manager = ctypes.WinDLL("rstrtmgr")
    session = DWORD()
    key = ctypes.create_unicode_buffer(SESSION_KEY_CHARS)
    if manager.RmStartSession(ctypes.byref(session), 0, key):
        return []
    try:
        files = (ctypes.c_wchar_p * 1)(str(path))
        if manager.RmRegisterResources(session, 1, files, 0, None, 0, None):
            return []
        needed, got, reason = DWORD(), DWORD(MOST), DWORD()
        infos = (ProcessInfo * MOST)()
        if manager.RmGetList(session, ctypes.byref(needed), ctypes.byref(got), infos, ctypes.byref(reason)):
            return []
        return [(one.process.pid, one.app) for one in infos[: got.value]]
    finally:
        manager.RmEndSession(session)


GOES_ON = "the readings that wait are then written by themselves."


def csv_file(case: Case) -> Iterable[finding.Finding]:
    """Whether the log can be written now."""
    path = case.settings.csv_file
    info = read_info(case.settings.data_dir)
    others = holders(path, frozenset({os.getpid(), info.pid if info else 0})) if path.is_file() else []
    yield judge_log(path, refusal(path), others, int(case.health.get("csv_waiting", 0) or 0))
    if not case.held and path.is_file():
        yield from compared(case)


def compared(case: Case) -> Iterable[finding.Finding]:
    """Readings that the journal lacks, while no hub runs: a running one took them in at its start."""
    path = case.settings.csv_file
    try:
        count = refill.only_in_the_log(case.settings)
    except (TempHubError, OSError) as error:
        if case.settings.journal_file.exists():
            yield finding.unknown(
                "CSV log", f"Whether {path} has readings that the journal lacks cannot be told ({error})."
            )
            return
        count = 1
    if count and not case.settings.journal_file.exists():
        yield finding.warning(
            "CSV log",
            f"There is a CSV log {path} and no journal.",
            "Start the hub: it fills a new journal from the log.",
        )
    elif count:
        said = (
            f"{count} readings are in the CSV log {path} only: its folder was copied while a hub ran, or "
            "an older journal was put back."
        )
        yield finding.warning("CSV log", said, "Start the hub: it takes them into the journal.")


def judge_log(path: Path, refused: OSError | None, others: list[str], waiting: int) -> finding.Finding:
    """The log in words."""
    by = f" by {', '.join(others)}" if others else ""
    wait = f"; {waiting} readings wait in the journal, none is lost" if waiting else ""
    if isinstance(refused, PermissionError):
        said = (
            f"The CSV log {path} is held{by or ' by another program, such as Excel,'} or may not be "
            f"written{wait}."
        )
        return finding.problem(
            "CSV log", said, f"Close it in the other program, or allow writing to it; {GOES_ON}"
        )
    if refused is not None:
        said = f"The CSV log {path} cannot be written ({refused.strerror or refused}){wait}."
        return finding.problem(
            "CSV log",
            said,
            f"Check that its folder exists and may be written, or set CSV_FILE to another place; {GOES_ON}",
        )
    if waiting > 1000:
        return finding.warning(
            "CSV log", f"The CSV log {path} can be written{wait}.", "Wait a few seconds and try again."
        )
    if others:
        return finding.well("CSV log", f"The CSV log {path} can be written; it is also open{by}.")
    return finding.well(
        "CSV log",
        f"The CSV log {path} can be written{'' if path.exists() else '; it begins with the first reading'}.",
    )


def refusal(path: Path) -> OSError | None:
    """Why the file cannot be opened for appending; nothing is written, and nothing made that was not
    there."""
    try:
        if path.exists():
            path.open("ab").close()
            return None
    except OSError as error:
        return error
    there = next((one for one in path.parents if one.is_dir()), None)
    return (
        None if there and os.access(there, os.W_OK) else PermissionError(13, "its folder may not be written")
    )


LIMIT_S = 5.0
# The roll-ups follow within seconds; so many wait only when they hang, or when the hub was off.
BEHIND = 20_000


def journal(case: Case) -> Iterable[finding.Finding]:
    """Looks through the file for five seconds at most."""
    path = case.settings.journal_file
    if not path.exists():
        yield finding.well(
            "Journal", f"There is no journal at {path} yet; it begins with the hub's first start."
        )
        return
    found = integrity.unreadable(path, LIMIT_S)
    yield (
        unusable(path, found) if isinstance(found, str) else judge_journal(path, found, running=case.running)
    )


def unusable(path: Path, reason: str) -> finding.Finding:
    """A file that cannot be read as a journal."""
    said = f"The journal {path} cannot be opened ({reason}), so no reading can be stored."
    return finding.problem(
        "Journal", said, "Check that the folder exists and may be written, or set DATA_DIR to another folder."
    )


def judge_journal(path: Path, found: integrity.Checkup, *, running: bool) -> finding.Finding:
    """The journal in words."""
    said = f"{found.readings} readings, {found.megabytes:.1f} MB, version {found.version}"
    if found.wrong:
        remedy = (
            "Stop the hub, copy temphub.sqlite3 and its -wal and -shm files to a safe place, and begin "
            "a new one with another DATA_DIR."
        )
        return finding.problem("Journal", f"The journal {path} is damaged: {'; '.join(found.wrong)}.", remedy)
    if found.version > schema.VERSION:
        said = (
            f"The journal {path} is of version {found.version}; this TempHub reads version {schema.VERSION}."
        )
        return finding.problem(
            "Journal", said, "Install the TempHub version that wrote it, or set DATA_DIR to another folder."
        )
    if found.behind > BEHIND:
        remedy = (
            "Wait a minute and try again." if running else "Start the hub; they are caught up by themselves."
        )
        return finding.warning(
            "Journal", f"{said}; {found.behind} readings are not in the overviews yet.", remedy
        )
    if not found.whole:
        return finding.unknown("Journal", f"{said}; no damage in the part looked at in {LIMIT_S:g} s.")
    return finding.well("Journal", f"{said}; sound.")


LEAST_MB = 200
LITTLE_MB = 1000
SLOW_MS = 150
TRIES = 8


def disk(case: Case) -> Iterable[finding.Finding]:
    """Room and speed of the data folder's disk."""
    folder = case.settings.data_dir
    there = next((one for one in [folder, *folder.parents] if one.is_dir()), Path.cwd())
    yield space(folder, shutil.disk_usage(there).free // 1_000_000)
    for doubt in startup.bad_places(folder, *startup.filesystem(there), os.environ):
        yield finding.warning("Disk", *doubt)
    yield speed(folder, there)


def space(folder: Path, free_mb: int) -> finding.Finding:
    """What so many free megabytes mean."""
    said = f"{free_mb} MB are free on the disk of {folder}"
    # A reading takes about 35 bytes in the journal and 70 in the CSV log.
    if free_mb < LEAST_MB:
        return finding.problem(
            "Disk space",
            f"Only {said}, so readings will soon not be stored.",
            "Free some space, or set DATA_DIR to another disk.",
        )
    if free_mb < LITTLE_MB:
        return finding.warning("Disk space", f"{said}.", "Free some space before the disk is full.")
    return finding.well("Disk space", f"{said}.")


def speed(folder: Path, there: Path) -> finding.Finding:
    """How long a write takes until it is really on disk: an acknowledgement waits for that."""
    try:
        took = sorted(_writes(there))
    except OSError as error:
        said = (
            f"The data folder {folder} cannot be written ({error.strerror or error}), so nothing can be "
            "stored."
        )
        return finding.problem(
            "Disk speed", said, "Set DATA_DIR in Start.bat to a folder that you may write."
        )
    usual, worst = statistics.median(took), took[-1]
    said = f"A write is safe on disk after {usual:.1f} ms, {worst:.0f} ms at worst"
    if usual > SLOW_MS:
        return finding.warning(
            "Disk speed",
            f"{said}; that is slow.",
            "Set DATA_DIR to a faster disk of this computer, not a memory card or USB stick.",
        )
    return finding.well("Disk speed", f"{said}.")


def _writes(folder: Path) -> Iterable[float]:
    """Milliseconds of each write of a page, the file removed afterwards."""
    handle, name = tempfile.mkstemp(prefix="temphub-doctor-", dir=folder)
    try:
        for _ in range(TRIES):
            began = time.perf_counter()
            os.write(handle, b"\0" * 4096)
            os.fsync(handle)
            yield (time.perf_counter() - began) * 1000
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)


BACKUP = "Back-up"
# What is younger is soon measured again; a weekly one may be a day late.
WORTH_MS, OLD_MS = 7 * DAY_MS, 8 * DAY_MS
MAKE_ONE = (
    "Run `temphub backup FILE`, or set BACKUP_DIR to a folder on another disk or computer for one each night."
)


def backup(case: Case) -> Iterable[finding.Finding]:
    """One line of the last back-up, and one of where it lies when that is no good place."""
    folder, now = case.settings.data_dir, now_ms()
    told = read_note(folder)
    yield judge_backup(told, now, _history_ms(case, now))
    place = case.settings.backup_dir or (Path(told["file"]).parent if told.get("file") else None)
    if place is not None and same_disk(place, folder):
        yield finding.warning(
            BACKUP,
            f"Back-ups lie in {place}, on the disk of the data folder: who loses that disk loses both.",
            "Set BACKUP_DIR to a folder on another disk, on a share, or one that a cloud keeps in step.",
        )


def judge_backup(told: Mapping[str, Any], now: int, history_ms: int) -> finding.Finding:
    """The note in words. history_ms: how long ago the first reading was taken, 0 where there is none."""
    if told.get("problem"):
        return finding.problem(BACKUP, str(told["problem"]), str(told["remedy"]))
    made_ms = int(told.get("made_ms", 0))
    if not made_ms:
        if history_ms < WORTH_MS:
            return finding.well(BACKUP, "None was made yet, and there is little to lose.")
        return finding.warning(
            BACKUP, f"The readings of {length_text(history_ms // DAY_MS * DAY_MS)} have no back-up.", MAKE_ONE
        )
    said = f"The last one is of {local_text(made_ms)}, read again after it was written: {told['file']}"
    if _gone(Path(str(told["file"]))):
        return finding.warning(
            BACKUP, f"{said}; it is not there any more.", f"Connect its drive or share. {MAKE_ONE}"
        )
    if now - made_ms > OLD_MS:
        days = (now - made_ms) // DAY_MS
        return finding.warning(BACKUP, f"{said}; what came in the {days} days since is in none.", MAKE_ONE)
    return finding.well(BACKUP, f"{said}.")


def same_disk(one: Path, other: Path) -> bool:
    """Whether two folders that are there lie on one disk, as far as the system tells."""
    with suppress(OSError):
        return one.stat().st_dev == other.stat().st_dev
    return False


def _gone(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        return True


def _history_ms(case: Case, now: int) -> int:
    with suppress(TempHubError), Reader(case.settings.journal_file) as reader:
        span = reader.span()
        return now - span[0] if span else 0
    return 0
