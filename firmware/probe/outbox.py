"""Readings that wait for the hub's acknowledgement: a bounded ring in RAM, and behind it the spill on the
flash.

Used from the one event loop only. While the hub answers, nothing is written to the flash. When 64 readings
wait in RAM, or one for ten minutes, they move to the flash in one block. Without a spill, or while the flash
cannot be written, a full ring is thinned: every second round of its oldest half goes, so the newest readings
are never lost.
"""

from probe.parcel import Parcel
from probe.reading import code_of, told
from probe.ring import Ring
from probe.rooms import words

_WAIT_MS = 600000
# As many as one block on the flash holds.
BLOCK = 64
# So many go in one parcel at most while memory is short.
_FEW = 8


class Outbox:
    """At most `capacity` readings in RAM; `spill`: see spill.py and spill_disk.py."""

    def __init__(self, capacity, spill=None):
        self._ring = Ring(capacity)
        self._spill = spill
        self._flying = False
        # Memory is short: few readings go at once, and those on the flash wait.
        self.brief = False
        # What is on its way takes much of it.
        self.large = False
        # Full writes that failed: the next try is 64 readings later.
        self._rest = 0
        # A sentence when the flash cannot be used just now, else None.
        self.problem = None

    def __len__(self):
        return self._ring.waiting + self.spilled

    @property
    def spilled(self):
        """How many readings wait on the flash."""
        return self._spill.count if self._spill else 0

    @property
    def thinned(self):
        """Readings given up for lack of room since the start."""
        return self._ring.thinned + (self._spill.thinned if self._spill else 0)

    def add(self, seq, taken_ms, units, quality, number=0, chip=0):
        """Keep one reading of sensor `number`; `units` None needs a `quality`. chip: see chip.py."""
        self._move_out(taken_ms)
        self._ring.add(seq, taken_ms, units or 0, code_of(units, quality, number), chip)

    def parcel(self, limit, clock, in_order=False):
        """What to send next: readings of one sensor and one boot, at most `limit`; None when nothing waits.

        RAM first: what was just measured does not wait behind a backlog, and the reply to it tells the time.
        `in_order`: the oldest first.
        """
        parcel = self._parcel(min(limit, _FEW) if self.brief else limit, clock, in_order)
        self.large = bool(parcel and (parcel.block or parcel.count > _FEW))
        return parcel

    def _parcel(self, limit, clock, in_order):
        block = self._oldest_block() if in_order else None
        oldest = None if block else self._ring.undone(1)
        if oldest:
            number = self._ring.code[oldest[0]] >> 4
            now = clock.now()
            self._flying = True
            return Parcel(
                None, number, [self._reading(at, now) for at in self._ring.undone(limit, number)], None
            )
        block = block or self._oldest_block()
        return Parcel.out_of(block, limit, clock, self._spill) if block else None

    def release(self):
        """No parcel is on its way any more; one that is not done waits on."""
        self._flying = False
        self.large = False

    def done(self, parcel):
        """The parcel is the hub's now."""
        self._flying = False
        if parcel.block is None:
            self.acknowledge(parcel.last_seq, parcel.number)
            return
        try:
            # A block that was thinned meanwhile is another one now; what is left of it is sent again, and
            # stored once.
            if parcel.finish() and self._spill.oldest() is parcel.block:
                self._spill.forget()
        except OSError as error:
            self._trouble("read", error)

    def acknowledge(self, last_seq, number=0):
        """Forget what RAM holds of a sensor up to and including `last_seq`; returns how many that were."""
        places = [at for at in self._ring.undone(self._ring.count, number) if self._ring.seq[at] <= last_seq]
        self._ring.forget(places)
        return len(places)

    def put_aside(self, aside):
        """Have what lies on the flash out of memory while it is `brief`, or see to it again."""
        self.brief = aside
        if self._spill:
            self._spill.put_aside(aside)

    def learn(self, anchor):
        """The wall time of this boot's start is known; see Spill.learn."""
        try:
            if self._spill:
                self._spill.learn(anchor)
        except OSError as error:
            self._trouble("written", error)

    def _oldest_block(self):
        try:
            return self._spill.oldest() if self._spill and not self.brief else None
        except OSError as error:
            self._trouble("read", error)

    def _reading(self, at, now_ms):
        code, seq, taken_ms, units, chip = self._ring.entry(at)
        return told(code, seq, now_ms - taken_ms, units, chip)

    def _move_out(self, now_ms):
        """Bring a block's worth to the flash when it is time."""
        ring = self._ring
        if not self._spill or not ring.waiting or (self._flying and 2 * ring.count < ring.capacity):
            return
        self._rest = max(0, self._rest - 1)
        if self._rest or (ring.waiting < BLOCK and ring.oldest_age_ms(now_ms) < _WAIT_MS):
            return
        places = ring.undone(BLOCK)
        entries = [ring.entry(at) for at in places]
        try:
            moved = self._spill.append(entries)
        except OSError as error:
            self._rest = BLOCK
            self._trouble("written", error)
            return
        self.problem = None
        ring.forget(places[:moved])

    def _trouble(self, what, error):
        self.problem = words("flash", what, error.errno)
