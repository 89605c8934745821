"""A disk whose power may be cut: what a program writes is recorded beneath SQLite, then put together as a cut
might leave it.

`record` runs in a process of its own. It puts itself between SQLite and the system's file calls (a copy of
SQLite's own VFS, with the calls that write exchanged), so the program under test and Python's `sqlite3` are
what they always are.

What a cut may do: everything that was flushed is there. Of what was written since, any part may be there, in
any order, each write torn at any sector; a file that was never flushed may be missing altogether.
"""

import ctypes
import ctypes.util
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

SECTOR = 512
OK = 0


class Event(NamedTuple):
    """What was done: `write` (at, data), `cut` (back to `at` bytes), `sync`, `delete` (at: 1 when it is on
    disk at once), `told` (data)."""

    what: str
    file: str = ""
    at: int = 0
    data: Any = b""


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [("version", ctypes.c_int)] + [
        (name, ctypes.c_void_p)
        for name in [
            *[
                "close",
                "read",
                "write",
                "truncate",
                "sync",
                "size",
                "lock",
                "unlock",
                "reserved",
                "control",
                "sector",
                "traits",
            ],
            *["map", "shmlock", "barrier", "unmap", "fetch", "unfetch"],
        ]
    ]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs: its head, and the calls behind it."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("longest", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 14),
    ]


_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class Recorder:
    """From now on every SQLite file of this process is recorded; other files by `opened`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._names: dict[int, str] = {}
        self._fds: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        # The very library that Python's sqlite3 uses: a program has it once.
        library = ctypes.CDLL(ctypes.util.find_library("sqlite3") or "")
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._vfs = _Vfs.from_buffer_copy(plain := library.sqlite3_vfs_find(None).contents)
        self._vfs.name = b"recording"
        self._kept = [self._open_call(_OPEN(plain.open)), self._delete_call(_DELETE(plain.delete))]
        self._vfs.open, self._vfs.delete = (ctypes.cast(call, ctypes.c_void_p) for call in self._kept)
        assert library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) == OK
        self._fsync, os.fsync = os.fsync, self._fsynced

    def told(self, what: object) -> None:
        """The program said something to the outside, which therefore has to hold."""
        self.events.append(Event("told", data=what))

    def opened(self, path: Path, plain: Callable[[Path], BinaryIO]) -> BinaryIO:
        """A file opened by `plain`, its writes recorded."""
        file = plain(path)
        self._fds[file.fileno()] = path.name
        return _Recorded(file, path.name, self.events)  # type: ignore[return-value]

    def _fsynced(self, number: int) -> None:
        self._fsync(number)
        if number in self._fds:
            self.events.append(Event("sync", self._fds[number]))

    def _open_call(self, plain: Any) -> Any:
        def call(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            code = int(plain(vfs, name, file, flags, out))
            methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            if code == OK and name and methods[0]:
                self._names[file] = Path(ctypes.string_at(name).decode()).name
                methods[0] = ctypes.addressof(self._recording(methods[0]))
            return code

        return _OPEN(call)

    def _delete_call(self, plain: Any) -> Any:
        def call(vfs: int, name: bytes, at_once: int) -> int:
            code = int(plain(vfs, name, at_once))
            if code == OK:
                self.events.append(Event("delete", Path(name.decode()).name, at_once))
            return code

        return _DELETE(call)

    def _recording(self, address: int) -> _Methods:
        if address in self._methods:
            return self._methods[address]
        plain = _Methods.from_address(address)
        write, truncate, sync = _WRITE(plain.write), _TRUNCATE(plain.truncate), _SYNC(plain.sync)

        def written(file: int, data: int, count: int, at: int) -> int:
            self.events.append(Event("write", self._names[file], at, ctypes.string_at(data, count)))
            return int(write(file, data, count, at))

        def truncated(file: int, size: int) -> int:
            self.events.append(Event("cut", self._names[file], size))
            return int(truncate(file, size))

        def synced(file: int, flags: int) -> int:
            code = int(sync(file, flags))
            self.events.append(Event("sync", self._names[file]))
            return code

        made = self._methods[address] = _Methods.from_buffer_copy(plain)
        calls = _WRITE(written), _TRUNCATE(truncated), _SYNC(synced)
        self._kept += [*calls, write, truncate, sync]
        made.write, made.truncate, made.sync = (ctypes.cast(call, ctypes.c_void_p) for call in calls)
        return made


class _Recorded:
    """A file that is appended to."""

    def __init__(self, file: BinaryIO, name: str, events: list[Event]) -> None:
        self._file, self._name, self._events = file, name, events

    def write(self, data: bytes) -> int:
        self._events.append(Event("write", self._name, self._file.seek(0, os.SEEK_END), bytes(data)))
        return self._file.write(data)

    def truncate(self, size: int) -> int:
        self._events.append(Event("cut", self._name, size))
        return self._file.truncate(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Recorded":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Cut:
    """Replays what was recorded up to a moment, and puts the files together as a cut of the power there may
    leave them."""

    def __init__(self, events: Iterable[Event], dice: random.Random) -> None:
        self._events = iter(events)
        self._dice = dice
        self._safe: dict[str, bytearray] = {}
        self._since: dict[str, list[Event]] = {}
        # Deleted files of which a new one bears the name: until that one is flushed, the old one may be back.
        self._old: dict[str, bytearray] = {}
        self.told: list[Any] = []
        self.done = 0

    def go_to(self, count: int) -> None:
        """Replay up to `count` events."""
        while self.done < count:
            self._take(next(self._events))
            self.done += 1

    def leave(self, folder: Path) -> None:
        """Write the files as they may be after a cut now."""
        for file in sorted({*self._safe, *self._since}):
            if file in self._old and self._dice.random() < 0.3:
                (folder / file).write_bytes(self._old[file])
            elif file in self._safe or self._dice.random() < 0.5:
                content = bytearray(self._safe.get(file, b""))
                if self._kept(content, self._since.get(file, [])):
                    (folder / file).write_bytes(content)

    def _take(self, event: Event) -> None:
        if event.what == "told":
            self.told.append(event.data)
        elif event.what == "delete" and event.at:
            self._safe.pop(event.file, None)
            self._since.pop(event.file, None)
        elif event.what == "sync":
            self._old.pop(event.file, None)
            content = self._safe.setdefault(event.file, bytearray())
            if not _applied(content, self._since.pop(event.file, [])):
                del self._safe[event.file]
        else:
            since = self._since.setdefault(event.file, [])
            if since and since[-1].what == "delete":
                self._old[event.file] = self._safe.pop(event.file, bytearray())
                since.clear()
            since.append(event)

    def _kept(self, content: bytearray, since: list[Event]) -> bool:
        """Apply some of what is not safe. False for a file that was deleted."""
        way = self._dice.choice(["none", "all", "first", "some", "some", "some"])
        if way == "first":
            since = since[: self._dice.randint(0, len(since))]
        elif way == "some":
            # Cuts and deletions are the file system's own, which keeps their order; sectors come in any.
            since = [
                piece
                for one in since
                if one.what == "write" or self._dice.random() < 0.5
                for piece in self._sectors(one)
            ]
            if not any(one.what != "write" for one in since):
                self._dice.shuffle(since)
        return way == "none" or _applied(content, since)

    def _sectors(self, event: Event) -> list[Event]:
        if event.what != "write":
            return [event]
        ends = [
            *range((event.at // SECTOR + 1) * SECTOR, event.at + len(event.data), SECTOR),
            event.at + len(event.data),
        ]
        pieces, at = [], event.at
        for end in ends:
            if self._dice.random() < 0.6:
                pieces.append(event._replace(at=at, data=event.data[at - event.at : end - event.at]))
            at = end
        return pieces


def _applied(content: bytearray, events: Iterable[Event]) -> bool:
    """Do it to the content of a file; False when there is no file in the end."""
    there = True
    for event in events:
        there = event.what != "delete"
        if event.what == "write":
            content.extend(bytes(max(0, event.at - len(content))))
            content[event.at : event.at + len(event.data)] = event.data
        else:
            del content[event.at if there else 0 :]
    return there
