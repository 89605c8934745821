"""Which programs have a file open, where the system tells. Any thread; an empty answer means: nobody, or it does not say."""

import ctypes
import sys
from pathlib import Path

import psutil

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
    """`Microsoft Excel (process 4711)` for each program that has the file open; `without`: process numbers left out."""
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
