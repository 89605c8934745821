"""Measures at the set interval and puts each reading, good or bad, into the outbox."""

import asyncio

from probe.waiting import wait_for_event

# No thermocouple or DS18B20 reads outside this; the hub would refuse it.
COLDEST_C = -270.0
HOTTEST_C = 1800.0


class Sampler:
    """`sensor.read()` is awaited and gives (celsius, None) or (None, quality); a sensor that raises or hangs counts as missing."""

    def __init__(self, state, sensor, timeout_s=5):
        self._state = state
        self._sensor = sensor
        self._timeout_s = timeout_s
        self._changed = state.watch()

    async def run(self):
        """Sample for ever, the first time at once. A delivery that hangs does not delay this loop: it is another task."""
        due = self._state.clock.now()
        while True:
            celsius, quality = await self.measure()
            self._state.record(celsius, quality)
            due = next_due(due, self._state.clock.now(), self._state.settings.interval_ms)
            if await wait_for_event(self._changed, (due - self._state.clock.now()) / 1000):
                due = self._state.clock.now()

    async def measure(self):
        """One reading as (celsius, None) or (None, quality)."""
        try:
            celsius, quality = await asyncio.wait_for(self._sensor.read(), self._timeout_s)
        except (OSError, ValueError, asyncio.TimeoutError):
            return None, "missing"
        # Written so that NaN, which compares with nothing, falls out as well.
        if celsius is not None and not COLDEST_C <= celsius <= HOTTEST_C:
            return None, "range"
        return celsius, quality


def next_due(due, now, interval_ms):
    """When to measure next: a fixed beat without drift; beats that were missed are left out, not caught up."""
    due += interval_ms
    return due if due > now else now + interval_ms
