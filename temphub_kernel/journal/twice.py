"""A boot and number that come twice: a repeat of the same reading, or another one that must not be lost. Writer thread only.

A probe that missed the reply sends its reading again, with the value and the age it had. Two devices with one id and one boot mark,
or one that counts anew after a restart without a new mark, send other readings under used numbers: those are kept in a series of
their own, so that what was acknowledged is stored, and repeats of them stay harmless, too.
"""

from collections import OrderedDict
from collections.abc import Iterable

from ..base.clock import monotonic_s
from ..base.reading import UNDATED, UNITS_PER_C, Row
from .seen import Seen

# Firmware may round what it keeps; another sensor, or another moment, is hardly ever nearer.
SAME_UNITS = UNITS_PER_C // 10
# Values of that many numbered readings are remembered, some 8 MB: minutes with a hundred probes, hours with a few.
REMEMBERED = 50_000
BOOTS = 4096
# A name that no probe can give its boot.
SERIES = "{boot}~{number}"
MOST_SERIES = 99


class Numbered:
    """The values that numbers were given to lately, and how far each boot had come."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._values: OrderedDict[tuple[int, int], int | None] = OrderedDict()
        self._tops: OrderedDict[int, tuple[int, float]] = OrderedDict()

    def recall(self, readings: Iterable[tuple[int, int, int | None]]) -> None:
        """What was stored before this start: (boot, number, units)."""
        self._values.update({(boot, seq): units for boot, seq, units in readings})

    def stored(self, boot: int, row: Row) -> None:
        """A reading was stored under a number that was free. boot: the journal's number of it."""
        seq = row.seq or 0
        self._values[boot, seq] = row.units
        if len(self._values) > REMEMBERED:
            self._values.popitem(last=False)
        top = self._tops.get(boot)
        if top is None or seq > top[0]:
            self._tops[boot] = seq, _taken_s(row)
            if len(self._tops) > BOOTS:
                self._tops.popitem(last=False)

    def is_repeat(self, boot: int, row: Row) -> bool:
        """Whether a reading under a used number is the one that got the number."""
        seq = row.seq or 0
        if (boot, seq) in self._values:
            before = self._values[boot, seq]
            return before is None or row.units is None or abs(before - row.units) <= SAME_UNITS
        # Too long ago to know the value, or before this start of the hub. But whoever counts counts upwards: a reading
        # with a lower number that was taken after one with a higher number is not of the same count.
        top = self._tops.get(boot)
        return top is None or seq >= top[0] or row.quality == UNDATED or _taken_s(row) <= top[1]

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


def _taken_s(row: Row) -> float:
    """When it was taken, on a clock that nobody sets."""
    return monotonic_s() - (row.received_ms - row.taken_ms) / 1000
