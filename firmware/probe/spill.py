"""The outbox's part on the flash: blocks appended to numbered files, read oldest first, a file deleted when
all of it is delivered.

Nothing is rewritten in place, and delivering writes nothing: after a power cut at most one file's readings
are sent again, which the hub stores once. When all files are in use, two neighbours of the older half become
one with every second round of readings.
"""

from errno import ENOENT

from probe import spill_block
from probe.rooms import give_up
from probe.spill_disk import SEGMENT

_MOST_BOOTS = 64


class Spill:
    """`count` readings wait here; `thinned` were given up for lack of room. Methods may raise OSError unless
    they say otherwise."""

    def __init__(self, disk, boot, most, segment=SEGMENT):
        """At most `most` files (4 or more) of `segment` bytes. A flash that cannot be read counts as
        empty."""
        self._disk = disk
        self.boot = boot
        self._most = most
        self._segment = segment
        self._files = []
        # The file this boot appends to, and its size.
        self._open = None
        self._size = 0
        # Where in the oldest file the next block begins, and that block with the position behind it.
        self._at = 0
        self._block = None
        self._turn = 0
        self._lost = 0
        self._anchor = 0
        self._unanchored = False
        # [boot, anchor or 0, its last known moment], oldest first: what is known of the age of earlier
        # readings.
        self.boots = []
        self.count = 0
        self.thinned = 0
        try:
            self._look()
        except OSError:
            self._files = []

    def learn(self, anchor):
        """The wall time of this boot's start is known now. Readings already on the flash get to know it too,
        at the cost of one block."""
        self._anchor = anchor
        if self._unanchored and self.count:
            self.append([])
        self._unanchored = False

    def append(self, entries):
        """Write one block; returns how many of `entries` are in it."""
        data, count = spill_block.encode(self.boot, self._anchor, entries)
        if self._open is None or self._size + len(data) > self._segment:
            self._make_room()
            number = self._files[-1] + 1 if self._files else 1
            self._files.append(number)
            self._open, self._size = number, 0
        try:
            self._disk.append(self._open, data)
        except OSError:
            # What lies there now may be torn; nothing is written behind it.
            if not self._size:
                self._drop_file(len(self._files) - 1)
            self._open = None
            raise
        self._size += len(data)
        self.count += count
        self._unanchored = self._unanchored or not self._anchor
        self._remember(self.boot, self._anchor, entries[count - 1][2] if count else 0)
        return count

    def oldest(self):
        """The oldest Block that holds readings, or None."""
        while self._block is None and self._files:
            try:
                found = self._next()
            except OSError as error:
                if error.errno != ENOENT:
                    raise
                # Deleted by somebody else: its readings are gone, those behind it are not.
                found = None
            if found is None:
                self._drop_file(0)
            elif found[0].count:
                self._block = found
            else:
                self._at = found[1]
        return self._block[0] if self._block else None

    def forget(self):
        """The oldest block is delivered."""
        self.count -= self._block[0].count
        self._at = self._block[1]
        self._block = None
        # A file that is done goes now: after a power cut it would all be sent again.
        if self.oldest() is None:
            self.count = 0

    def _next(self):
        with self._disk.open(self._files[0]) as file:
            for found in spill_block.read(file, self._at):
                return found
        return None

    def _drop_file(self, index):
        number = self._files.pop(index)
        self._disk.remove(number)
        if index == 0:
            self._at, self._block = 0, None
        if number == self._open:
            self._open = None

    def _look(self):
        self._files = self._disk.numbers()
        for number in self._files:
            with self._disk.open(number) as file:
                for block, _ in spill_block.read(file):
                    self.count += block.count
                    self._remember(block.boot, block.anchor, block.last_ms())
        self.oldest()

    def _remember(self, boot, anchor, last_ms):
        known = [item for item in self.boots if item[0] == boot]
        if not known:
            known = [[boot, 0, 0]]
            self.boots = (self.boots + known)[-_MOST_BOOTS:]
        known[0][1] = anchor or known[0][1]
        known[0][2] = max(known[0][2], last_ms)

    def _make_room(self):
        if len(self._files) < self._most:
            return
        half = max(2, len(self._files) // 2)
        sizes = [self._disk.size(number) for number in self._files[:half]]
        for index in range(half - 1):
            # Leftovers of earlier boots fit into one file as they are.
            if sizes[index] + sizes[index + 1] <= self._segment:
                return self._merge(index, False)
        if self._turn + 1 >= half:
            self._turn = 0
        self._merge(self._turn, True)
        self._turn += 1

    def _merge(self, index, thin):
        # A cut between the two steps leaves some readings in both files; the hub stores them once.
        self._lost = 0
        self._disk.rewrite(self._files[index], self._kept(index, thin))
        if index == 0:
            self._at, self._block = 0, None
        self._drop_file(index + 1)
        self.count -= self._lost
        self.thinned += self._lost

    def _kept(self, index, thin):
        from probe import spill_thin

        lost = [0]
        yield from spill_thin.packed(self._blocks(index), thin, lost)
        self._lost = lost[0]
        give_up("probe.spill_thin")

    def _blocks(self, index):
        for place in (index, index + 1):
            with self._disk.open(self._files[place]) as file:
                for block, _ in spill_block.read(file, self._at if place == 0 else 0):
                    yield block
