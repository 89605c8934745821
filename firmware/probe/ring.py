"""The outbox's part in RAM: a ring of fixed size in compact arrays. Readings of several sensors lie mixed, a round has one seq."""

from array import array

from probe.reading import DONE, is_done

U32 = 0xFFFFFFFF


class Ring:
    """`waiting` readings are to be delivered; `count` places are in use; `thinned` readings were given up for lack of room."""

    def __init__(self, capacity):
        if capacity < 4:
            raise ValueError(f"An outbox of {capacity} readings cannot be thinned. Choose 4 or more.")
        self.capacity = capacity
        self.seq = array("I", bytes(4 * capacity))
        # 32 bits of ms: the age of a reading comes out right for 49 days of waiting in RAM.
        self.taken = array("I", bytes(4 * capacity))
        self.units = array("i", bytes(4 * capacity))
        self.code = bytearray(capacity)
        self._first = 0
        self.count = 0
        self.waiting = 0
        self.thinned = 0

    def add(self, seq, taken_ms, units, code):
        """Keep one reading; a full ring is thinned first."""
        if self.count == self.capacity:
            self._thin()
        at = self._at(self.count)
        self.seq[at], self.taken[at], self.units[at], self.code[at] = seq, taken_ms & U32, units, code
        self.count += 1
        self.waiting += 1

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
        return (now_ms - self.taken[self._first]) & U32 if self.count else 0

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
        for column in (self.seq, self.taken, self.units, self.code):
            column[target] = column[source]
