"""The files of the spare slot while an update fills it. Nothing here touches a firmware that runs or may have
to run again."""

import asyncio
import hashlib
from binascii import hexlify

PIECE = 1024
# The rows of the list, a line each, while the update goes on: on the flash, where there is room for them.
LIST = "list.txt"


class SlotFiles:
    """`disk`: see boot_slots.Disk. Names are relative, checked by update_manifest."""

    def __init__(self, disk, root):
        self.disk = disk
        self.root = root

    def begin(self):
        """The list, opened for writing, for a `with`."""
        try:
            self.disk.mkdir(self.root)
        except OSError:
            # There already; if it is not, the list will say so.
            pass
        return self.writing(LIST)

    def rows(self):
        """(name, size, sha256) of each line of the list, one at a time."""
        with self.disk.open(self.root + "/" + LIST, "rb") as file:
            while True:
                line = file.readline()
                if not line:
                    return
                name, size, sha256 = line.decode().split()
                yield name, int(size), sha256

    async def holds(self, name, size, sha256):
        """Whether the file is there with that size and SHA-256. Reads it in pieces; other loops run in
        between."""
        sha = hashlib.sha256()
        length = 0
        try:
            with self.disk.open(self.root + "/" + name, "rb") as file:
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
        return self.disk.open(self.root + "/" + name, "wb")

    def remove(self, name):
        """Remove one file, so that the next attempt fetches it again."""
        self.disk.remove(self.root + "/" + name)
