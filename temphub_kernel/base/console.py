"""The console window of Windows: a click into it must not stop the hub. Main thread only."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STD_INPUT = -10
QUICK_EDIT, EXTENDED = 0x0040, 0x0080


@contextmanager
def unhalted(kernel32: Any = None) -> Iterator[None]:
    """While it lasts a click marks no text in this console. Elsewhere than on Windows, and without a console, nothing happens.

    With "QuickEdit" on, as it comes, a click into the window starts to mark text, and whatever writes a line then waits until
    somebody presses a key: nothing would be recorded meanwhile.
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
