"""Brings the outbox to the hub in batches until each reading is acknowledged: what is new first, then the backlog, oldest first."""

import os

from probe.client import Unreachable
from probe.waiting import wait_for_event

PATH = "/api/ingest"
MOST = 100
# The hub said that the readings themselves are wrong: sent again they would be refused again.
_REFUSED = (400, 422)
# Failures in a row before the hub is looked for elsewhere.
_SEARCH_AFTER = 3


class Delivery:
    """One loop. It only ever waits on the network or on events, so sampling goes on beside it. `retry` (an Event) ends a pause."""

    def __init__(self, state, client, most=MOST, first_pause_s=1, last_pause_s=30, unwelcome_pause_s=10, finder=None):
        """`finder`: see find_hub.py; without one the saved URL is all there is."""
        self._state = state
        self._client = client
        self._finder = finder
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
        if self._finder and self._failures >= _SEARCH_AFTER and await self._finder.search():
            self._failures = 0
        parcel = self._state.outbox.parcel(self._size, self._state.clock) if settings.server_url else None
        if not parcel:
            return None
        try:
            url = await self._finder.url() if self._finder else settings.server_url
            status, reply = await self._client.post(url, PATH, self._body(parcel), settings.token)
        except Unreachable as error:
            return self._later(str(error))
        finally:
            self._state.outbox.release()
        if self._finder and status == 200:
            self._finder.worked(url)
        return self._judge(status, reply, parcel)

    def _body(self, parcel):
        boot = self._state.who()["boot"]
        body = {"probe_id": self._state.probe_id(parcel.number), "boot": parcel.boot or boot, "readings": parcel.readings}
        if body["boot"] == boot:
            # Ages are right now. If the network holds this batch back, the hub sees from our own count for how long.
            body["sent_ms"] = self._state.clock.now()
        return body

    def _judge(self, status, reply, parcel):
        if status == 200 and reply and reply.get("ok") is True:
            return self._accepted(parcel, reply)
        if status == 401:
            self._state.unwelcome = True
            self._state.fault("The hub refused the token. Set up this probe again from the hub.")
            return self._unwelcome_pause_s
        if status == 413 or status in _REFUSED:
            return self._refused(status, reply, parcel)
        # 404 and the like: another program answers at that address. The readings are good and stay.
        return self._later(f"The hub answered {status} instead of taking the readings. Check the hub's address and its log.")

    def _accepted(self, parcel, reply):
        self._state.delivered += len(parcel.readings)
        self._state.outbox.done(parcel)
        self._state.learn_time(reply.get("time"))
        self._state.healed()
        self._failures = 0
        self._size = min(self._most, self._size * 2)
        return 0 if len(self._state.outbox) else None

    def _refused(self, status, reply, parcel):
        count = len(parcel.readings)
        if count > 1:
            # Too large, or one bad reading among good ones: halves find it, and only that one is lost.
            self._size = count // 2
            if status == 413:
                self._most = self._size
            return 0
        self._state.outbox.done(parcel)
        self._state.dropped += 1
        why = str((reply or {}).get("problem", f"status {status}"))[:120]
        self._state.fault(f"The hub will never take a reading ({why}), so it was given up. Update the probe.")
        return self._first_pause_s

    def _later(self, problem):
        self._state.fault(problem)
        pause_s = min(self._last_pause_s, self._first_pause_s * 2 ** min(self._failures, 10))
        self._failures += 1
        # Spread by a quarter either way, so that a hundred probes do not all come back in the same second.
        return pause_s * (0.75 + os.urandom(1)[0] / 510)
