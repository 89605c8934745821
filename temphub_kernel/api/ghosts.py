"""The court for readings of plain senders: values that a sensor or its library says when it measured nothing. Endpoint thread only.

Our own firmware judges at the sensor (firmware/probe/scratchpad.py) and sends what it found as `quality`; a plain sender passes on
whatever its library returned. A value that is no temperature is stored as none, with the reason; one that may be true is kept with a
mark. Any of them is believed when the reading before was near it: then it is a temperature among others.
"""

from collections import OrderedDict
from typing import NamedTuple

from ..base.reading import MAX_INTERVAL_MS, POWER_ON, UNDATED, Row, to_units
from ..journal import Reader

# What each means when no neighbour agrees: the quality, and whether the value may be true.
GHOSTS = {
    # Arduino's DallasTemperature (DEVICE_DISCONNECTED_C): nothing answered.
    to_units(-127): ("missing", False),
    # The data sheet's value of a DS18B20 that has not measured since it got power.
    to_units(85): (POWER_ON, True),
    # All bits of the register set; and what clones say after a conversion that failed. No DS18B20 measures that.
    to_units(511.9375): ("range", False),
    to_units(511.94): ("range", False),
    to_units(127.9375): ("range", False),
    to_units(127.94): ("range", False),
}
# One family of clones begins here. In a room it is an ordinary value: only a jump to it speaks against it, and only the first time.
CLONE_GHOST = to_units(25)
# A heater does not jump this far between two readings; a ghost does.
NEAR = to_units(10)
# A reading before is a neighbour for three times the probe's own pace, and for the longest pace there is in any case.
NEIGHBOUR_MS = MAX_INTERVAL_MS
TIMES = 3
MOST_PROBES = 4096


class _Last(NamedTuple):
    taken_ms: int
    units: int
    pace_ms: int


class Court:
    """Remembers each plain sender's last good reading."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def remember(self, probe_id: str, taken_ms: int, units: int) -> None:
        """A good reading that the next ones of its probe are compared with."""
        before = self._last.pop(probe_id, None)
        pace_ms = 0 if before is None else abs(taken_ms - before.taken_ms)
        self._last[probe_id] = _Last(taken_ms, units, pace_ms)
        if len(self._last) > MOST_PROBES:
            self._last.popitem(last=False)

    def recall(self, reader: Reader) -> None:
        """The newest good readings in the journal: a hub that was just started has neighbours, too."""
        for one in reader.newest(own=True):
            if one.units is not None:
                self.remember(one.probe_id, one.taken_ms, one.units)

    def judged(self, row: Row) -> Row:
        """The reading of a plain sender with what is to be thought of it; one that brings a quality was judged where it was measured."""
        if row.units is None or row.quality not in (None, UNDATED):
            return row
        near = self._near(row)
        verdict = GHOSTS.get(row.units) if near is not True else None
        if verdict is None and row.units == CLONE_GHOST and near is False:
            verdict = POWER_ON, True
            # Once: a place that has just this temperature says so again, and must not be hidden for as long as it does.
            self.remember(row.probe_id, row.taken_ms, row.units)
        if verdict is None:
            self.remember(row.probe_id, row.taken_ms, row.units)
            return row
        quality, may_be_true = verdict
        return row._replace(units=row.units if may_be_true else None, quality=quality)

    def _near(self, row: Row) -> bool | None:
        """Whether the reading before was near in value; None when there is none near in time."""
        last = self._last.get(row.probe_id)
        if last is None or abs(row.taken_ms - last.taken_ms) > max(NEIGHBOUR_MS, TIMES * last.pace_ms):
            return None
        return abs((row.units or 0) - last.units) <= NEAR
