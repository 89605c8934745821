"""A flash for the tests: files in memory that can be cut off at any written byte. Runs on CPython and
MicroPython alike."""

import io


class Cut(Exception):
    """The power went."""


class Flash:
    """probe/spill_disk.Disk in memory. `left`: bytes and steps until the power goes, None = never. Use
    `survivor()` afterwards."""

    def __init__(self, files=None, left=None):
        self.files = files if files is not None else {}
        self.left = left
        self.writes = 0
        self.broken = False

    def survivor(self):
        """What the next boot finds: the same files, power back."""
        return Flash(self.files)

    def numbers(self):
        """As Disk."""
        self._work()
        self.files.pop("new", None)
        return sorted(self.files)

    def open(self, number):
        """As Disk."""
        self._work()
        if number not in self.files:
            raise OSError(2)
        return io.BytesIO(self.files[number])

    def size(self, number):
        """As Disk."""
        return len(self.files[number])

    def append(self, number, data):
        """As Disk; a cut leaves the first bytes only."""
        self._work()
        self._put(number, self.files.get(number, b""), data)

    def rewrite(self, number, pieces):
        """As Disk; a cut leaves part of the new file, or both."""
        self._work()
        self.files["new"] = b""
        for piece in pieces:
            self._put("new", self.files["new"], piece)
        self._step()
        self.files[number] = self.files.pop("new")

    def remove(self, number):
        """As Disk."""
        self._step()
        self.files.pop(number, None)

    def _put(self, number, before, data):
        self.writes += 1
        allowed = len(data) if self.left is None else min(len(data), self.left)
        self.files[number] = before + data[:allowed]
        if self.left is not None:
            self.left -= allowed
            if allowed < len(data):
                raise Cut

    def _step(self):
        if self.left is not None:
            if not self.left:
                raise Cut
            self.left -= 1

    def _work(self):
        if self.broken:
            raise OSError(5)


def entries(first, count, step_ms=2000, number=0):
    """Readings of one sensor as they lie in the outbox; the value tells the seq."""
    return [(number << 4, seq, seq * step_ms, seq * 16 % 400000, 0) for seq in range(first, first + count)]


def drain(spill):
    """Everything that waits, oldest first: [(boot, (code, seq, taken_ms, units, chip))]."""
    found = []
    while spill.oldest():
        block = spill.oldest()
        found += [(block.boot, block.entry(at)) for at in range(block.count)]
        spill.forget()
    return found
