"""Brings the outbox to the hub until each reading is acknowledged: in batches what is new first, then the
backlog, oldest first.

A program that is no hub gets the plain form, {"temperature_c", "probe_id"} and our own fields: one reading a
request, the oldest first. Whoever answers with `stored`, or has told the time when greeted, understands
batches. A hub with very many probes may ask for deliveries at a distance; till then readings gather in RAM.
"""

import os

from probe.client import Unreachable
from probe.hello import greet
from probe.rooms import words
from probe.sampler import next_due
from probe.waiting import wait_for_event

PATH = "/api/ingest"
MOST = 100
# The hub said that the readings themselves are wrong: sent again they would be refused again.
_REFUSED = (400, 422)
# Nothing of this is said of the body: try later.
_NOT_OF_THE_BODY = (401, 408, 409, 413, 429)
# A reading without a number that was refused so often will be refused for ever.
_MARK_TRIES = 3
# Failures in a row before the hub is looked for elsewhere.
_SEARCH_AFTER = 3
# What a hub may have gathered: well before any of it would go to the flash, and what a power cut may cost.
_GATHER, _GATHER_MS = 32, 60000


class Delivery:
    """One loop. It only ever waits on the network or on events, so sampling goes on beside it. `retry` (an
    Event) ends a pause."""

    def __init__(
        self, state, client, most=MOST, first_pause_s=1, last_pause_s=30, unwelcome_pause_s=10, finder=None
    ):
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
        # The distance that the hub asks for, 0 for none, and when the next delivery is due.
        self._every_ms = self._due = 0
        self._forget(None)

    async def run(self):
        """Deliver for ever. New settings end every pause at once."""
        while True:
            pause_s = await self.step()
            if pause_s is None:
                # A look every 5 s even without an event: a wake-up that got lost costs seconds, never the
                # data.
                await wait_for_event(self._state.fresh, 5)
            elif pause_s and await wait_for_event(self.retry, pause_s):
                self._failures = 0

    async def step(self):
        """Send one batch, or one reading. Returns seconds to wait before the next step; None = until there is
        a new reading."""
        state = self._state
        if self._finder and self._failures >= _SEARCH_AFTER and await self._finder.search():
            self._failures = 0
        if not state.settings.server_url or not len(state.outbox) or self._gathers():
            return None
        try:
            url = await self._finder.url() if self._finder else state.settings.server_url
            await self._meet(url)
            hub = self._is_hub()
            parcel = state.outbox.parcel(self._size if hub else 1, state.clock, not hub)
            if not parcel:
                return None
            # Signed it is for our hub, of whatever version.
            lone = parcel.count == 1 and not state.seal.key and not (hub and self._old)
            raw = parcel.raw(state, lone, self._bare)
            status, reply = await self._client.post(url, PATH, raw, state.settings.token)
        except Unreachable as error:
            return self._later(str(error))
        finally:
            state.outbox.release()
        return self._judge(status, reply or {}, parcel, lone)

    def _forget(self, url):
        """Nothing is known of the program at this address."""
        self._at = url
        # Greeted; answered `stored`; does not understand a batch; takes batches only (a hub up to 0.3.0);
        # takes no further fields.
        self._met = self._stores = self._deaf = self._old = self._bare = False
        self._mark_tries = 0

    async def _meet(self, url):
        """Greet a program of which nothing is known, before it gets a reading: a hub tells the time, and that
        it is one."""
        if url != self._at:
            self._forget(url)
        if self._met or self._is_hub() or not self._state.who()["ip"]:
            return
        try:
            status = await greet(self._state, self._client, url)
            self._met = status < 500 and status != 401
        except Unreachable:
            # Some programs hang up on a path they do not know; whether it is away tells the reading that
            # follows.
            pass

    def _is_hub(self):
        """Whether it understands batches."""
        return (
            bool(self._state.seal.key) or self._stores or (self._state.hub_at == self._at and not self._deaf)
        )

    def _judge(self, status, reply, parcel, lone):
        state = self._state
        taken = 200 <= status < 300 and reply.get("ok") is True
        if taken and (lone or state.seal.key or "stored" in reply):
            return self._accepted(parcel, reply, lone)
        if status == 401:
            state.unwelcome = True
            state.fault(words("unwelcome"))
            return self._unwelcome_pause_s
        one = parcel.count == 1
        if not lone and not state.seal.key and (taken or _not_understood(status, one)):
            # Nothing of it was taken: `ok` alone is said by programs that look for one reading in it.
            self._stores = False
            self._deaf = status != 500
            state.hub_at = None
            return 0
        if lone and not self._stores:
            if status in _REFUSED and not self._bare and not self._is_hub():
                self._bare = True
                return 0
            if parcel.valueless and _not_understood(status, True):
                self._mark_tries += 1
                if self._mark_tries >= _MARK_TRIES:
                    return self._give_up(status, reply, parcel, 0)
                return self._later(words("no_number", status))
        if status == 413 or status in _REFUSED:
            return self._refused(status, reply, parcel)
        # 404 and the like: another program answers at that address. The readings are good and stay.
        told = f"{status} without ok: true" if 200 <= status < 300 else str(status)
        return self._later(words("not_taken", told))

    def _accepted(self, parcel, reply, lone):
        state = self._state
        believed = self._is_hub()
        stored = bool(state.seal.key) or "stored" in reply
        self._met = True
        if stored:
            self._stores = True
            self._old = self._old and not lone
        elif self._stores:
            # Another program has taken its place.
            state.hub_at = None
            self._forget(self._at)
        elif believed:
            self._old = True
        if lone and parcel.valueless:
            self._mark_tries = 0
        if self._finder:
            self._finder.worked(self._at, False if stored else None if believed else True)
        state.delivered += parcel.count
        state.outbox.done(parcel)
        state.learn_time(reply.get("time"))
        state.alarm = reply.get("lamp")
        state.healed()
        self._failures = 0
        self._size = min(self._most, self._size * 2)
        if len(state.outbox):
            return 0
        self._gather(reply.get("deliver_every_ms"))
        if not stored and not believed:
            # It may serve one visitor at a time: none of them keeps the others out.
            self._client.close()
        return None

    def _gathers(self):
        """Whether what waits may wait on: it is little, and the hub wants it later."""
        return self._every_ms and self._state.clock.now() < self._due and len(self._state.outbox) < _GATHER

    def _gather(self, asked):
        """The hub has everything; when it wants the next."""
        every_ms = asked if isinstance(asked, int) and 0 < asked <= _GATHER_MS else 0
        now = self._state.clock.now()
        # First a part of it, so that all that are asked in one moment do not come together for ever.
        first = now + every_ms * os.urandom(1)[0] // 255
        self._due = next_due(self._due, now, every_ms) if self._every_ms else first
        self._every_ms = every_ms

    def _refused(self, status, reply, parcel):
        count = parcel.count
        if count > 1:
            # Too large, or one bad reading among good ones: halves find it, and only that one is lost.
            self._size = count // 2
            if status == 413:
                self._most = self._size
            return 0
        return self._give_up(status, reply, parcel, self._first_pause_s)

    def _give_up(self, status, reply, parcel, pause_s):
        self._bare = False
        self._state.outbox.done(parcel)
        self._state.dropped += 1
        why = str(reply.get("problem", f"status {status}"))[:120]
        text = words(
            "never_taken" if not parcel.valueless else "never_taken_without_number",
            why,
        )
        self._state.dropped_why = text
        self._state.fault(text)
        return pause_s

    def _later(self, problem):
        self._state.fault(problem)
        pause_s = min(self._last_pause_s, self._first_pause_s * 2 ** min(self._failures, 10))
        self._failures += 1
        # Spread by a quarter either way, so that a hundred probes do not all come back in the same second.
        return pause_s * (0.75 + os.urandom(1)[0] / 510)


def _not_understood(status, one):
    """True for an answer that says: this is no body for me. More than one reading may hold a bad one, which
    halving finds."""
    return status == 500 or (
        400 <= status < 500 and status not in _NOT_OF_THE_BODY and (one or status not in _REFUSED)
    )
