"""A click into the hub's window on Windows, told to a console that stands in for Windows' own."""

import ctypes
import sys
from typing import Any

import pytest

from temphub_kernel.core.startup import EXTENDED, QUICK_EDIT, unhalted

HANDLE = 0x7FFF_1234_5678  # as wide as an address
AS_IT_COMES = 0x01F7


class Function:
    """One function of a library as ctypes shows it: it takes what its argtypes say."""

    def __init__(self, work: Any) -> None:
        self.work, self.argtypes, self.restype = work, (), None

    def __call__(self, *given: Any) -> Any:
        return self.work(*given)


class Console:
    """kernel32 of a computer with a console, or without one."""

    def __init__(self, mode: int | None) -> None:
        self.mode = mode
        self.GetStdHandle = Function(lambda which: HANDLE if which == -10 else None)
        self.GetConsoleMode = Function(self._get)
        self.SetConsoleMode = Function(self._set)

    def _get(self, handle: int, mode: Any) -> int:
        assert self.GetStdHandle.restype is ctypes.c_void_p, "a handle of 64 bits would be cut"
        if handle != HANDLE or self.mode is None:
            return 0
        mode._obj.value = self.mode
        return 1

    def _set(self, handle: int, mode: int) -> int:
        assert handle == HANDLE and self.mode is not None
        # Windows' own rule: QuickEdit is only looked at with EXTENDED.
        self.mode = mode if mode & EXTENDED else mode | (self.mode & QUICK_EDIT)
        return 1


@pytest.mark.parametrize("before", [AS_IT_COMES, AS_IT_COMES & ~QUICK_EDIT, AS_IT_COMES & ~EXTENDED])
def test_a_click_into_the_window_stops_nothing(before: int) -> None:
    """While the hub runs a click marks no text, which would halt it; afterwards, also after a failure, the
    window is as before."""
    console = Console(before)
    with pytest.raises(KeyboardInterrupt), unhalted(console):
        assert console.mode is not None and not console.mode & QUICK_EDIT
        assert console.mode | QUICK_EDIT | EXTENDED == before | QUICK_EDIT | EXTENDED, "nothing else changes"
        raise KeyboardInterrupt
    assert console.mode is not None and console.mode & QUICK_EDIT == before & QUICK_EDIT


def test_without_a_console_nothing_is_changed() -> None:
    """Started at logon or in a pipe there is no console: the hub starts all the same."""
    with unhalted(Console(None)):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one")
def test_elsewhere_nothing_happens() -> None:
    """On Linux and macOS no such window exists."""
    with unhalted():
        assert not hasattr(ctypes, "WinDLL")
