"""Whether a number that a boot used before comes with the same reading, or with another one that must not be
lost. Writer thread only."""

from bisect import bisect_right
from collections import OrderedDict, deque

from ..core import UNDATED, UNITS_PER_C, Row, monotonic_s
from . import columns, duplicates

# Firmware may round what it keeps; another sensor, or another moment, is hardly ever nearer.
SAME_UNITS = UNITS_PER_C // 10
# Values of that many numbered readings are remembered, some 8 MB: minutes with a hundred probes, hours with a
# few.
REMEMBERED = 50_000
BOOTS = 4096
# A name that no probe can give its boot.
SERIES = "{boot}~{number}"
MOST_SERIES = 99


class _Values:
    """The values of lone numbers, and of ranges of them; the oldest go first where there are too many."""

    def __init__(self) -> None:
        self._lone: OrderedDict[tuple[int, int], int] = OrderedDict()
        # By boot: the first number of each range, in order, and the values from there on.
        self._ranges: dict[int, tuple[list[int], list[columns.Ints]]] = {}
        self._order: deque[tuple[int, int]] = deque()
        self._held = 0

    def put(self, boot: int, seq: int, units: int) -> None:
        """A lone number's."""
        self._lone[boot, seq] = units
        if len(self._lone) > REMEMBERED:
            self._lone.popitem(last=False)

    def put_range(self, boot: int, first: int, units: columns.Ints) -> None:
        """Those of numbers that follow each other, none of which was put before."""
        firsts, values = self._ranges.setdefault(boot, ([], []))
        at = bisect_right(firsts, first)
        firsts.insert(at, first)
        values.insert(at, units)
        self._order.append((boot, first))
        self._held += len(units)
        while self._held > REMEMBERED:
            self._drop(*self._order.popleft())

    def get(self, boot: int, seq: int) -> int | None:
        """A number's value; None when it is not remembered."""
        found = self._lone.get((boot, seq))
        if found is None and boot in self._ranges:
            firsts, values = self._ranges[boot]
            at = bisect_right(firsts, seq) - 1
            if at >= 0 and seq - firsts[at] < len(values[at]):
                found = int(values[at][seq - firsts[at]])
        return found

    def _drop(self, boot: int, first: int) -> None:
        firsts, values = self._ranges[boot]
        at = bisect_right(firsts, first) - 1
        self._held -= len(values[at])
        del firsts[at], values[at]
        if not firsts:
            del self._ranges[boot]


class Numbered:
    """The values that numbers were given to lately, and how far each boot had come."""

    def __init__(self, seen: duplicates.Seen) -> None:
        self._seen = seen
        self._values = _Values()
        self._tops: OrderedDict[int, tuple[int, float]] = OrderedDict()

    def recall(self, batch: columns.Batch) -> None:
        """What was stored before this start: boot, number and units of readings."""
        numbered = columns.chosen(batch, (batch["boot"] >= 0) & (batch["seq"] >= 0))
        for boot, seq, units in zip(
            *(numbered[name].tolist() for name in ("boot", "seq", "units")), strict=True
        ):
            self._values.put(boot, seq, units)

    def stored(self, boot: int, row: Row) -> None:
        """A reading was stored under a number that was free. boot: the journal's number of it."""
        self._values.put(boot, row.seq or 0, columns.NO_VALUE if row.units is None else row.units)
        self._reached(boot, row.seq or 0, row.received_ms - row.taken_ms)

    def stored_range(self, boot: int, given: columns.Delivered) -> None:
        """The same of a batch whose numbers follow each other."""
        self._values.put_range(boot, int(given.seq[0]), given.units)
        self._reached(boot, int(given.seq[-1]), given.received_ms - int(given.taken_ms[-1]))

    def _reached(self, boot: int, seq: int, age_ms: int) -> None:
        top = self._tops.get(boot)
        if top is None or seq > top[0]:
            self._tops[boot] = seq, _taken_s(age_ms)
            if len(self._tops) > BOOTS:
                self._tops.popitem(last=False)

    def is_repeat(self, boot: int, row: Row) -> bool:
        """Whether a reading under a used number is the one that got the number."""
        seq = row.seq or 0
        before = self._values.get(boot, seq)
        if before is not None:
            return before == columns.NO_VALUE or row.units is None or abs(before - row.units) <= SAME_UNITS
        # Too long ago to know the value, or before this start of the hub. But whoever counts counts upwards:
        # a reading with a lower number that was taken after one with a higher number is not of the same
        # count.
        top = self._tops.get(boot)
        return (
            top is None
            or seq >= top[0]
            or row.quality == UNDATED
            or _taken_s(row.received_ms - row.taken_ms) <= top[1]
        )

    def elsewhere(self, probe: int, row: Row) -> int | None:
        """The series in which the number is free for this reading; None when it is a repeat of one there."""
        for number in range(2, MOST_SERIES + 1):
            boot, ranges = self._seen.boot(probe, SERIES.format(boot=row.boot, number=number))
            self._seen.delivered(boot)
            if ranges.add(row.seq or 0):
                self.stored(boot, row)
                return boot
            if self.is_repeat(boot, row):
                return None
        return None


def _taken_s(age_ms: int) -> float:
    """When it was taken, on a clock that nobody sets."""
    return monotonic_s() - age_ms / 1000
