"""Readings that wait for the hub's acknowledgement: bounded, oldest first, in compact arrays.

Used from the one event loop only. A full outbox is thinned, not cut off: every second reading of the oldest half goes, so a
long absence of the hub costs resolution of the far past and never the newest readings.
"""

from array import array

QUALITIES = (None, "open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing")
_U32 = 0xFFFFFFFF


class Outbox:
    """Ring of (seq, taken_ms, celsius or None, quality or None). `thinned` counts the readings given up for lack of room."""

    def __init__(self, capacity):
        if capacity < 4:
            raise ValueError(f"An outbox of {capacity} readings cannot be thinned. Choose 4 or more.")
        self._capacity = capacity
        self._seq = array("I", bytes(4 * capacity))
        # 32 bits of ms: the age of a reading comes out right for 49 days of waiting.
        self._taken = array("I", bytes(4 * capacity))
        self._celsius = array("f", bytes(4 * capacity))
        self._quality = bytearray(capacity)
        self._first = 0
        self._count = 0
        self.thinned = 0

    def __len__(self):
        return self._count

    def add(self, seq, taken_ms, celsius, quality):
        """Keep one reading; `celsius` None needs a `quality` out of QUALITIES."""
        if self._count == self._capacity:
            self._thin()
        at = self._at(self._count)
        self._seq[at] = seq
        self._taken[at] = taken_ms & _U32
        self._celsius[at] = 0.0 if celsius is None else celsius
        # Bit 7 marks 'no value': a suspicious value may travel with a quality of its own.
        self._quality[at] = QUALITIES.index(quality) | (0x80 if celsius is None else 0)
        self._count += 1

    def batch(self, limit, now_ms):
        """The oldest readings, at most `limit`, as the hub's API wants them; `age_ms` counts from `now_ms`."""
        return [self._reading(self._at(i), now_ms) for i in range(min(limit, self._count))]

    def acknowledge(self, last_seq):
        """Forget everything up to and including `last_seq`; returns how many that were."""
        gone = 0
        while gone < self._count and self._seq[self._at(gone)] <= last_seq:
            gone += 1
        self._first = self._at(gone)
        self._count -= gone
        return gone

    def _at(self, index):
        return (self._first + index) % self._capacity

    def _reading(self, at, now_ms):
        code = self._quality[at]
        reading = {
            "seq": self._seq[at],
            "age_ms": (now_ms - self._taken[at]) & _U32,
            # The array holds 32-bit floats; four digits give back what the sensor said.
            "temperature_c": None if code & 0x80 else round(self._celsius[at], 4),
        }
        if code & 0x7F:
            reading["quality"] = QUALITIES[code & 0x7F]
        return reading

    def _thin(self):
        half = self._count // 2
        free = half
        # From the youngest of the old half backwards, so that the newer half need not move.
        for index in range(half - 1, -1, -2):
            free -= 1
            self._move(self._at(index), self._at(free))
        self._first = self._at(free)
        self._count -= free
        self.thinned += free

    def _move(self, source, target):
        self._seq[target] = self._seq[source]
        self._taken[target] = self._taken[source]
        self._celsius[target] = self._celsius[source]
        self._quality[target] = self._quality[source]
