"""What one probe knows about itself right now; every loop and every endpoint looks here. One event loop, no locks."""

import asyncio
import gc


class State:
    """Identity, settings, outbox and counters. `say(line)` tells a person of a problem."""

    def __init__(self, identity, settings, outbox, clock, say):
        """`identity`: {"id", "name", "version", "model", "boot", "ip", "port"}; ip and port are filled in when known."""
        self.identity = identity
        self.settings = settings
        self.outbox = outbox
        self.clock = clock
        self.fresh = asyncio.Event()
        self.delivered = 0
        self.dropped = 0
        self.unwelcome = False
        self.last_error = settings.problem
        self._last = None
        self._seq = 0
        self._say = say
        self._watchers = []

    def who(self):
        """The identity as it is now; shared, not to be changed by the asker."""
        return self.identity

    def watch(self, repeats=False):
        """A new Event, set when the settings change, or with `repeats` also when the hub tells the same ones again.

        Each loop needs an Event of its own, as clearing is shared.
        """
        event = asyncio.Event()
        self._watchers.append((event, repeats))
        return event

    def record(self, celsius, quality):
        """Take one reading into the outbox under the next `seq`."""
        now = self.clock.now()
        self._last = (celsius, quality, now)
        self.outbox.add(self._seq, now, celsius, quality)
        self._seq += 1
        self.fresh.set()

    def provision(self, checked):
        """Put checked settings in force, saved. OSError when they cannot be saved; then nothing has changed."""
        changed = self.settings.update(checked) or self.unwelcome
        self.unwelcome = False
        self.fresh.set()
        for event, repeats in self._watchers:
            if changed or repeats:
                event.set()

    def fault(self, text):
        """Remember a problem for /status and tell it once; the same problem again is not told again."""
        if text != self.last_error:
            self.last_error = text
            self._say(text)

    def healed(self):
        """The way to the hub works again."""
        self.unwelcome = False
        self.last_error = None

    def status(self):
        """The body of GET /status. The token itself is never in it."""
        celsius, quality, taken = self._last or (None, "missing", None)
        now = self.clock.now()
        status = {
            "id": self.identity["id"],
            "last_c": celsius,
            "quality": quality,
            "age_ms": None if taken is None else now - taken,
            "interval_ms": self.settings.interval_ms,
            "server_url": self.settings.server_url,
            "token_set": bool(self.settings.token),
            "needs_provision": self.unwelcome or not self.settings.server_url,
            "outbox": len(self.outbox),
            "thinned": self.outbox.thinned,
            "dropped": self.dropped,
            "delivered": self.delivered,
            "uptime_s": now // 1000,
            "last_error": self.last_error,
            "boot": self.identity["boot"],
            "version": self.identity["version"],
            "model": self.identity["model"],
        }
        # Only MicroPython knows it; without collecting first it would count garbage as used.
        if hasattr(gc, "mem_free"):
            gc.collect()
            status["heap_free"] = gc.mem_free()
        return status
