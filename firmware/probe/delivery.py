"""Brings the outbox to the hub: oldest first, in batches, until each reading is acknowledged."""

import os

from probe.client import Unreachable
from probe.waiting import wait_for_event

PATH = "/api/ingest"
MOST = 100
# The hub said that the readings themselves are wrong: sent again they would be refused again.
_REFUSED = (400, 422)


class Delivery:
    """One loop. It only ever waits on the network or on events, so sampling goes on beside it. `retry` (an Event) ends a pause."""

    def __init__(self, state, client, most=MOST, first_pause_s=1, last_pause_s=30, unwelcome_pause_s=10):
        self._state = state
        self._client = client
        self._first_pause_s = first_pause_s
        self._last_pause_s = last_pause_s
        self._unwelcome_pause_s = unwelcome_pause_s
        # A hub that tells the same settings again is there again: no reason to wait any longer.
        self.retry = state.watch(repeats=True)
        self._most = most
        self._size = most
        self._failures = 0

    async def run(self):
        """Deliver for ever. New settings end every pause at once."""
        while True:
            pause_s = await self.step()
            if pause_s is None:
                # A look every 5 s even without an event: a wake-up that got lost costs seconds, never the data.
                await wait_for_event(self._state.fresh, 5)
            elif pause_s and await wait_for_event(self.retry, pause_s):
                self._failures = 0

    async def step(self):
        """Send one batch. Returns seconds to wait before the next step; None = until there is a new reading."""
        settings = self._state.settings
        now = self._state.clock.now()
        readings = self._state.outbox.batch(self._size, now) if settings.server_url else []
        if not readings:
            return None
        who = self._state.who()
        # Ages are right now. If the network holds this batch back, the hub sees from our own count for how long.
        body = {"probe_id": who["id"], "boot": who["boot"], "sent_ms": now, "readings": readings}
        try:
            status, reply = await self._client.post(settings.server_url, PATH, body, settings.token)
        except Unreachable as error:
            return self._later(str(error))
        return self._judge(status, reply, readings)

    def _judge(self, status, reply, readings):
        if status == 200 and reply and reply.get("ok") is True:
            return self._accepted(readings)
        if status == 401:
            self._state.unwelcome = True
            self._state.fault("The hub refused the token. Set up this probe again from the hub.")
            return self._unwelcome_pause_s
        if status == 413 or status in _REFUSED:
            return self._refused(status, reply, readings)
        # 404 and the like: another program answers at that address. The readings are good and stay.
        return self._later(f"The hub answered {status} instead of taking the readings. Check the hub's address and its log.")

    def _accepted(self, readings):
        self._state.delivered += len(readings)
        self._state.outbox.acknowledge(readings[-1]["seq"])
        self._state.healed()
        self._failures = 0
        self._size = min(self._most, self._size * 2)
        return 0 if len(self._state.outbox) else None

    def _refused(self, status, reply, readings):
        count = len(readings)
        if count > 1:
            # Too large, or one bad reading among good ones: halves find it, and only that one is lost.
            self._size = count // 2
            if status == 413:
                self._most = self._size
            return 0
        self._state.dropped += self._state.outbox.acknowledge(readings[0]["seq"])
        why = str((reply or {}).get("problem", f"status {status}"))[:120]
        self._state.fault(f"The hub will never take a reading ({why}), so it was given up. Update the probe.")
        return self._first_pause_s

    def _later(self, problem):
        self._state.fault(problem)
        pause_s = min(self._last_pause_s, self._first_pause_s * 2 ** min(self._failures, 10))
        self._failures += 1
        # Spread by a quarter either way, so that a hundred probes do not all come back in the same second.
        return pause_s * (0.75 + os.urandom(1)[0] / 510)
