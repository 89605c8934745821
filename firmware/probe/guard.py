"""Feeds the watchdog, but only while the loops that matter make progress and there is memory left.

Judged by what the loops achieve, not by whether they still exist: a loop that waits for ever for a lost answer exists, too.
"""

import asyncio
import gc

PAUSE_S = 5
# Beyond the set interval: a sensor may take 5 s, a scan of the networks 2 s, an update writes to the flash.
SAMPLING_MS = 60000
NETWORK_MS = 60000
# The longest pause of the delivery is 37 s, its longest attempt a few time-outs.
DELIVERY_MS = 180000
# Below this the next batch or web page may fail; six looks in a row are no passing peak.
LOW_HEAP = 8000
LOW_LOOKS = 6


class Progress:
    """True from `stuck()` when `count()` has not changed for more than `limit_ms()`; while `idle()` there is nothing to do."""

    def __init__(self, now, count, limit_ms, idle=None):
        self._now = now
        self._count = count
        self._limit_ms = limit_ms
        self._idle = idle
        self._last = None
        self._since = now()

    def stuck(self):
        """Look once; to be asked every few seconds."""
        count = self._count()
        if count != self._last or (self._idle and self._idle()):
            self._last = count
            self._since = self._now()
        return self._now() - self._since > self._limit_ms()


class Guard:
    """`run` is the loop. `feed()` keeps the watchdog from biting; `restart(reason)` ends this start in an orderly way."""

    def __init__(self, feed, expect, restart, say):
        """`expect(reason)` saves what the next start will show as its cause, before the watchdog bites."""
        self._feed = feed
        self._expect = expect
        self._restart = restart
        self._say = say
        self._watched = []
        self._stuck = None
        self._low = 0
        self.heap_lowest = None

    def watch(self, name, progress):
        """Do not feed while `progress` is stuck; the name tells a person what."""
        self._watched.append((name, progress))

    async def run(self):
        """Look every few seconds, for ever."""
        if hasattr(gc, "threshold"):
            # Collected a little at a time: waiting until the heap is full makes one long pause and leaves it in splinters.
            gc.threshold(min(32768, max(4096, gc.mem_free() // 4)))
        while True:
            self.step()
            await asyncio.sleep(PAUSE_S)

    def step(self, heap_free=None):
        """One look; feeds or does not."""
        # All are asked each time, as each keeps its own time.
        stuck = [name for name, progress in self._watched if progress.stuck()]
        self._mind_heap(collected() if heap_free is None else heap_free)
        if not stuck:
            self._stuck = None
            self._feed()
        elif self._stuck is None:
            self._stuck = stuck[0]
            self._say("The probe's " + stuck[0] + " makes no progress. The watchdog restarts the probe in a minute.")
            self._expect("stuck_" + stuck[0])

    def report(self):
        """For /status."""
        return {} if self.heap_lowest is None else {"heap_lowest": self.heap_lowest}

    def _mind_heap(self, free):
        if free is None:
            return
        if self.heap_lowest is None or free < self.heap_lowest:
            self.heap_lowest = free
        self._low = self._low + 1 if free < LOW_HEAP else 0
        if self._low == LOW_LOOKS:
            self._say(f"The probe has only {free} bytes of memory left. It restarts to get it back.")
            self._restart("memory")


def collected():
    """The free heap after a collection; None on CPython, which has no such figure."""
    if not hasattr(gc, "mem_free"):
        return None
    gc.collect()
    return gc.mem_free()
