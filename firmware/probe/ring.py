"""The outbox's part in RAM: a ring of fixed size in compact arrays. Readings of several sensors lie mixed, a
round has one seq."""

from array import array

from probe.reading import DONE, is_done


class Ring:
    """`waiting` readings are to be delivered; `count` places are in use; `thinned` readings were given up for
    lack of room."""

    def __init__(self, capacity):
        if capacity < 4:
            raise ValueError(f"An outbox of {capacity} readings cannot be thinned. Choose 4 or more.")
        self.capacity = capacity
        self.seq = array("I", bytes(4 * capacity))
        # The low 32 bits of the ms since the start; eight more, enough for 34 years, share a word with the 24
        # of the units.
        self.taken = array("I", bytes(4 * capacity))
        self.units = array("I", bytes(4 * capacity))
        self.code = bytearray(capacity)
        # Made with the first reading that has something further, see chip.py: most boards never need it.
        self.chip = None
        self._first = 0
        self.count = 0
        self.waiting = 0
        self.thinned = 0

    def add(self, seq, taken_ms, units, code, chip=0):
        """Keep one reading; a full ring is thinned first."""
        if self.count == self.capacity:
            self._thin()
        at = self._at(self.count)
        self.seq[at], self.taken[at], self.code[at] = seq, taken_ms & 0xFFFFFFFF, code
        self.units[at] = (taken_ms >> 32 & 0xFF) << 24 | units & 0xFFFFFF
        if chip and not self.chip:
            self.chip = array("I", bytes(4 * self.capacity))
        if self.chip:
            self.chip[at] = chip
        self.count += 1
        self.waiting += 1

    def entry(self, at):
        """That reading as (code, seq, taken_ms, units, chip)."""
        word = self.units[at]
        units = word & 0xFFFFFF
        return (
            self.code[at],
            self.seq[at],
            word >> 24 << 32 | self.taken[at],
            units - (units >> 23 << 24),
            self.chip[at] if self.chip else 0,
        )

    def undone(self, limit, number=None):
        """The places of the oldest readings that wait, of one sensor or of all, at most `limit`."""
        found = []
        for index in range(self.count):
            at = self._at(index)
            if not is_done(self.code[at]) and number in (None, self.code[at] >> 4):
                if len(found) == limit:
                    break
                found.append(at)
        return found

    def forget(self, places):
        """These readings wait no longer."""
        for at in places:
            self.code[at] = DONE
        self.waiting -= len(places)
        while self.count and is_done(self.code[self._first]):
            self._first = self._at(1)
            self.count -= 1

    def oldest_age_ms(self, now_ms):
        """How long the oldest reading has waited."""
        return now_ms - self.entry(self._first)[2] if self.count else 0

    def _at(self, index):
        return (self._first + index) % self.capacity

    def _thin(self):
        half = self.count // 2
        free, last, keep = half, None, False
        # From the youngest of the old half backwards, so that the newer half need not move.
        for index in range(half - 1, -1, -1):
            at = self._at(index)
            if is_done(self.code[at]):
                continue
            if self.seq[at] != last:
                last, keep = self.seq[at], not keep
            if keep:
                free -= 1
                self._move(at, self._at(free))
            else:
                self.waiting -= 1
                self.thinned += 1
        if free == 0:
            # One round fills the whole half: its oldest reading goes.
            free = 1
            self.waiting -= 1
            self.thinned += 1
        self._first = self._at(free)
        self.count -= free

    def _move(self, source, target):
        for column in (self.seq, self.taken, self.units, self.code, self.chip):
            if column:
                column[target] = column[source]
