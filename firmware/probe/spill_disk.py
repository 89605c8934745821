"""The outbox's way to the flash: files of one folder, and the door to what lies in them.

A board's LittleFS makes rename and remove atomic, and closing a file writes it.
"""

import os

from probe.rooms import give_up

_PARTS = ("probe.spill", "probe.spill_block")
# Bytes of one file.
SEGMENT = 8192
_PREFIX = "outbox."
_NEW = "outbox.new"
# CPython on Windows renames onto an existing file only with replace().
_replace = getattr(os, "replace", os.rename)


class Disk:
    """Files by number; OSError when the flash does not want to."""

    def __init__(self, folder):
        self._folder = folder

    def room(self, size, most):
        """How many files of `size` bytes may be used: three quarters of what is free or ours already, at most
        `most`; 0 for too few."""
        try:
            found = os.statvfs(self._folder or "/")
            files = (found[0] * found[3] + size * len(self.numbers())) * 3 // 4 // size
        except OSError:
            return 0
        return min(most, files) if files >= 4 else 0

    def numbers(self):
        """The numbers of the files there are, lowest first. What a cut left half written is cleared away."""
        found = []
        for name in os.listdir(self._folder or "."):
            if name == _NEW:
                os.remove(self._path(_NEW))
            elif name.startswith(_PREFIX) and len(name) == 13 and all(c in "0123456789" for c in name[7:]):
                found.append(int(name[7:]))
        return sorted(found)

    def open(self, number):
        """The file for reading."""
        return open(self._name(number), "rb")

    def size(self, number):
        """Its bytes."""
        return os.stat(self._name(number))[6]

    def append(self, number, data):
        """Write behind what is there, and have it on the flash before this returns."""
        self._write(self._name(number), "ab", (data,))

    def rewrite(self, number, pieces):
        """Put `pieces` (an iterable of bytes) in the place of the file: all of them, or the file stays as it
        was."""
        new = self._path(_NEW)
        try:
            self._write(new, "wb", pieces)
            _replace(new, self._name(number))
        except OSError:
            self._forget(new)
            raise

    def remove(self, number):
        """Away with it; no error when it is gone."""
        self._forget(self._name(number))

    def _write(self, path, mode, pieces):
        with open(path, mode) as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())

    def _forget(self, path):
        try:
            os.remove(path)
        except OSError:
            pass

    def _name(self, number):
        return self._path(f"{_PREFIX}{number:06d}")

    def _path(self, name):
        return self._folder + "/" + name if self._folder else name


class SpillDoor:
    """As a Spill (see spill.py), which is in memory only while readings lie on the flash. Methods may raise
    OSError."""

    def __init__(self, disk, boot, most):
        self._disk = disk
        self._most = most
        self._spill = None
        self._anchor = 0
        self._thinned = 0
        # What waits is left alone, and was so much when it was looked at last.
        self._aside = False
        self._left = 0
        self.boot = boot
        try:
            if disk.numbers():
                self._open()
        except OSError:
            # A flash that cannot be read counts as empty.
            pass
        self._close()

    @property
    def count(self):
        """Readings that wait on the flash."""
        return self._spill.count if self._spill else self._left

    @property
    def thinned(self):
        """Readings given up for lack of room."""
        return self._thinned + (self._spill.thinned if self._spill else 0)

    @property
    def boots(self):
        """What is known of earlier boots; see Spill."""
        return self._spill.boots if self._spill else []

    def learn(self, anchor):
        """The wall time of this boot's start is known now; see Spill."""
        self._anchor = anchor
        if self._spill:
            self._spill.learn(anchor)

    def append(self, entries):
        """Write one block; returns how many of `entries` are in it."""
        try:
            return self._open().append(entries)
        finally:
            self._close()

    def oldest(self):
        """The oldest Block that holds readings, or None."""
        return self._spill.oldest() if self._spill else None

    def forget(self):
        """The oldest block is delivered."""
        self._spill.forget()
        self._close()

    def put_aside(self, aside):
        """Have nothing of it in memory, or see to it again. What is written meanwhile comes to the rest."""
        self._aside = aside
        if self._left and not aside:
            self._open()
        self._close()

    def _open(self):
        if not self._spill:
            from probe.spill import Spill

            self._spill = Spill(self._disk, self.boot, self._most)
            if self._anchor:
                self._spill.learn(self._anchor)
            give_up(*_PARTS)
        return self._spill

    def _close(self):
        if self._spill and (self._aside or not self._spill.count):
            self._thinned, self._left = self.thinned, self._spill.count
            self._spill = None
            give_up()
