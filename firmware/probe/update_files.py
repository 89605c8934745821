"""The files of the spare slot while an update fills it. Nothing here touches a firmware that runs or may have
to run again."""

import asyncio
import hashlib
import os
from binascii import hexlify

PIECE = 1024
# Left free for the outbox and the settings.
RESERVE = 16384
# The rows of the list, a line each, while the update goes on: on the flash, where there is room for them.
LIST = "list.txt"


class SlotFiles:
    """`disk`: see boot_slots.Disk. Names are relative, checked by update_manifest."""

    def __init__(self, disk, root):
        self._disk = disk
        self._root = root

    def begin(self):
        """The list, opened for writing, for a `with`."""
        self._make_folder(self._root)
        return self.writing(LIST)

    def rows(self):
        """(name, size, sha256) of each line of the list, one at a time."""
        with self._disk.open(self._root + "/" + LIST, "rb") as file:
            while True:
                line = file.readline()
                if not line:
                    return
                name, size, sha256 = line.decode().split()
                yield name, int(size), sha256

    def make_room(self, wanted):
        """Remove what the new firmware does not have, make its folders; `wanted(name)` knows. OSError when it
        will not fit."""
        self._prune("", wanted)
        missing = 0
        for name, size, _ in self.rows():
            try:
                os.stat(self._root + "/" + name)
            except OSError:
                missing += size
                at = name.find("/")
                while at > 0:
                    self._make_folder(self._root + "/" + name[:at])
                    at = name.find("/", at + 1)
        free = _free(self._root)
        if free is not None and free < missing + RESERVE:
            raise OSError(f"the update needs {missing + RESERVE} bytes of storage, and {free} are free")

    async def holds(self, name, size, sha256):
        """Whether the file is there with that size and SHA-256. Reads it in pieces; other loops run in
        between."""
        sha = hashlib.sha256()
        length = 0
        try:
            with self._disk.open(self._root + "/" + name, "rb") as file:
                while True:
                    piece = file.read(PIECE)
                    if not piece:
                        break
                    sha.update(piece)
                    length += len(piece)
                    await asyncio.sleep(0)
        except OSError:
            return False
        return length == size and hexlify(sha.digest()).decode() == sha256

    def writing(self, name):
        """The file, opened for writing, for a `with`."""
        return self._disk.open(self._root + "/" + name, "wb")

    def remove(self, name):
        """Remove one file, so that the next attempt fetches it again."""
        self._disk.remove(self._root + "/" + name)

    def _make_folder(self, path):
        try:
            self._disk.mkdir(path)
        except OSError:
            # There already; if it is not, the first file in it will say so.
            pass

    def _prune(self, folder, wanted):
        for entry in sorted(self._disk.listdir(self._root + "/" + folder if folder else self._root)):
            name = folder + "/" + entry if folder else entry
            if self._is_folder(name):
                self._prune(name, wanted)
            elif name != LIST and not wanted(name):
                self.remove(name)

    def _is_folder(self, name):
        return bool(os.stat(self._root + "/" + name)[0] & 0x4000)


def _free(path):
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(path)
    return found[1] * found[4]
