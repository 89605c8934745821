"""Measures at the set interval and puts each reading, good or bad, into the outbox."""

from probe.waiting import wait_for_event

# No thermocouple or DS18B20 reads outside this; the hub would refuse it.
COLDEST_C = -270.0
HOTTEST_C = 1800.0


class Sampler:
    """`sensors.read()` is awaited and gives [(number, celsius, quality)]; see probe/sensors/board.py. It ends by itself."""

    def __init__(self, state, sensors):
        self._state = state
        self._sensors = sensors
        self._changed = state.watch()

    async def run(self):
        """Sample for ever, the first time at once. A delivery that hangs does not delay this loop: it is another task."""
        due = self._state.clock.now()
        while True:
            self._state.record_round(await self.measure())
            due = next_due(due, self._state.clock.now(), self._state.settings.interval_ms)
            if await wait_for_event(self._changed, (due - self._state.clock.now()) / 1000):
                due = self._state.clock.now()

    async def measure(self):
        """One round of readings, none of them outside what the hub takes."""
        return [(number,) + possible(celsius, quality) for number, celsius, quality in await self._sensors.read()]


def possible(celsius, quality):
    """The same, or (None, "range") for a value that no sensor can have measured."""
    # Written so that NaN, which compares with nothing, falls out as well.
    if celsius is not None and not COLDEST_C <= celsius <= HOTTEST_C:
        return None, "range"
    return celsius, "missing" if celsius is None and quality is None else quality


def next_due(due, now, interval_ms):
    """When to measure next: a fixed beat without drift; beats that were missed are left out, not caught up."""
    due += interval_ms
    return due if due > now else now + interval_ms
