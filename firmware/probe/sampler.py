"""Measures at the set interval and puts each reading, good or bad, into the outbox."""

from probe.reading import UNITS_PER_C
from probe.waiting import wait_for_event


class Sampler:
    """`sensors.read()` is awaited and gives [(number, units, quality, …)]; see probe/sensors/board.py. It
    ends by itself."""

    def __init__(self, state, sensors):
        self._state = state
        self._sensors = sensors
        self._changed = state.watch()

    async def run(self):
        """Sample for ever, the first time at once. A delivery that hangs does not delay this loop: it is
        another task."""
        now, settings = self._state.clock.now, self._state.settings
        beat = now()
        while True:
            self._state.record_round(await self.measure())
            due = next_due(beat, now(), settings.interval_ms)
            while await wait_for_event(self._changed, (due - now()) / 1000):
                # At once if it is due by now: two readings never lie nearer than the interval.
                due = max(now(), beat + settings.interval_ms)
            beat = due

    async def measure(self):
        """One round of readings, none of them outside what the hub takes."""
        return [(one[0],) + possible(one[1], one[2]) + one[3:] for one in await self._sensors.read()]


def possible(units, quality):
    """The same, or (None, "range") for a value that no sensor can have measured."""
    # No thermocouple or DS18B20 reads outside this; the hub would refuse it.
    if units is not None and not -270 * UNITS_PER_C <= units <= 1800 * UNITS_PER_C:
        return None, "range"
    return units, "missing" if units is None and quality is None else quality


def next_due(due, now, interval_ms):
    """When to measure next: a fixed beat without drift; beats that were missed are left out, not caught
    up."""
    due += interval_ms
    return due if due > now else now + interval_ms
