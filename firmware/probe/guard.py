"""Feeds the watchdog, but only while the loops that matter make progress and there is memory left.

Judged by what the loops achieve, not by whether they still exist: a loop that waits for ever for a lost
answer exists, too.
"""

import asyncio
import gc

from probe.rooms import words

PAUSE_S = 5
# Beyond the set interval: a sensor may take 5 s, a scan of the networks 2 s, an update writes to the flash.
SAMPLING_MS = 60000
NETWORK_MS = 60000
# The longest pause of the delivery is 37 s, its longest attempt a few time-outs.
DELIVERY_MS = 180000
# Below this the next batch or web page may fail; six looks in a row are no passing peak.
LOW_HEAP = 8000
LOW_LOOKS = 6
# The board's system keeps what Wi-Fi and sockets need apart from MicroPython's heap, which may take more of
# it and seldom gives it back. One connection takes some 6 KB of it at most; below this the next may fail, and
# the delivery with it.
LOW_SYSTEM = 10000


class Progress:
    """True from `stuck()` when `count()` has not changed for more than `limit_ms()`; while `idle()` there is
    nothing to do."""

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
    """`run` is the loop. `feed()` keeps the watchdog from biting; `restart(reason)` ends this start in an
    orderly way."""

    def __init__(self, feed, expect, restart, say, system_free=None, relieve=None):
        """`expect(reason)` saves what the next start will show as its cause, before the watchdog bites.

        `system_free()` is what the board's system has left for Wi-Fi and sockets, `relieve()` gives it back
        what can be missed.
        """
        self._system_free = system_free
        self._relieve = relieve
        self._feed = feed
        self._expect = expect
        self._restart = restart
        self._say = say
        self._watched = []
        self._stuck = None
        # Looks in a row at which the heap was low, and the system's.
        self._low = [0, 0]
        self.heap_lowest = self.system_lowest = None

    def watch(self, name, progress):
        """Do not feed while `progress` is stuck; the name tells a person what."""
        self._watched.append((name, progress))

    async def run(self):
        """Look every few seconds, for ever."""
        if hasattr(gc, "threshold"):
            # Collected a little at a time: waiting until the heap is full makes one long pause and leaves it
            # in splinters.
            gc.threshold(min(32768, max(4096, gc.mem_free() // 4)))
        while True:
            self.step()
            await asyncio.sleep(PAUSE_S)

    def step(self, heap_free=None):
        """One look; feeds or does not."""
        # All are asked each time, as each keeps its own time.
        stuck = [name for name, progress in self._watched if progress.stuck()]
        self._mind_heap(collected() if heap_free is None else heap_free)
        self._mind_system(self._system_free() if self._system_free else None)
        if not stuck:
            self._stuck = None
            self._feed()
        elif self._stuck is None:
            self._stuck = stuck[0]
            self._say(words("stuck", stuck[0]))
            self._expect("stuck_" + stuck[0])

    def report(self):
        """For /status: the lowest of each since the start, where it is known."""
        told = {"heap_lowest": self.heap_lowest, "system_lowest": self.system_lowest}
        return {name: told[name] for name in told if told[name] is not None}

    def _mind_heap(self, free):
        if free is None:
            return
        if self.heap_lowest is None or free < self.heap_lowest:
            self.heap_lowest = free
        self._mind(0, free, LOW_HEAP, "low_memory")

    def _mind_system(self, free):
        if free is None:
            return
        if self.system_lowest is None or free < self.system_lowest:
            self.system_lowest = free
        self._mind(1, free, LOW_SYSTEM, "low_system_memory")
        if self._low[1] == 1 and self._relieve:
            # At the first look already: what the sockets are to be spared for is the next delivery.
            self._relieve()

    def _mind(self, which, free, least, sentence):
        self._low[which] = self._low[which] + 1 if free < least else 0
        if self._low[which] == LOW_LOOKS:
            self._say(words(sentence, free))
            self._restart("memory")


def collected():
    """The free heap after a collection; None on CPython, which has no such figure."""
    if not hasattr(gc, "mem_free"):
        return None
    gc.collect()
    return gc.mem_free()
