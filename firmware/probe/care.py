"""Keeps a probe alive and its own: why it started, the guard over its loops, the button, and the restart that
was asked for.

Asks of a port: cause() -> a word of resets.CAUSES, watchdog() -> feed function or None, button -> pressed
function or None, and, where there is one, system_free() -> bytes that the board's system has left for Wi-Fi
and sockets, or None.
"""

import asyncio

from probe.button import Button
from probe.guard import DELIVERY_MS, NETWORK_MS, SAMPLING_MS, Guard, Progress
from probe.rooms import give_up, words

# So that the answer to the request gets out before the connection goes.
ANSWER_S = 0.5


class Care:
    """Made by App, which runs `loops()`. `network_turns()` counts the rounds of the network loops,
    `attempts()` those of the delivery."""

    def __init__(self, state, port, network_turns, attempts, leave, identify, relieve=None):
        """`leave()` ends App.run; `identify()` shows a person which board this is; `relieve()` lets go of
        idle connections."""
        self._identify = identify
        self._state = state
        self._port = port
        self._leave = leave
        self._leaving = asyncio.Event()
        self._start = _count_start(state.settings, port.cause())
        now = state.clock.now
        self._guard = Guard(
            self._feed, self._expect, self.restart, port.say, getattr(port, "system_free", None), relieve
        )
        self._guard.watch(
            "sampling", Progress(now, lambda: state.rounds, lambda: state.settings.interval_ms + SAMPLING_MS)
        )
        self._guard.watch("network", Progress(now, network_turns, lambda: NETWORK_MS))
        self._guard.watch("delivery", Progress(now, attempts, lambda: DELIVERY_MS, self._nothing_to_deliver))
        self._button = Button(port.button, now, self.forget_token) if port.button else None
        self._watchdog = None
        state.reports += [lambda: self._start, self._guard.report]

    def loops(self):
        """[(name, endless coroutine function)]"""
        # Started with the loops, not before: until they run there is nobody to feed it.
        self._watchdog = self._port.watchdog()
        loops = [("guard", self._guard.run), ("restart", self._restarts)]
        return loops + [("button", self._button.run)] if self._button else loops

    def restart(self, reason="asked"):
        """Restart in a moment, with a goodbye; the reason is shown after it."""
        self._expect(reason)
        self._leaving.set()

    def forget_token(self):
        """The button was held: any hub may claim this probe now."""
        try:
            self._state.provision({"token": "", "key": ""})
        except OSError:
            self._state.fault(words("not_forgotten"))
            return
        self._port.say(words("forgotten"))
        self._identify()

    def _expect(self, reason):
        from probe.resets import expect

        expect(self._state.settings, self._start["resets"], reason)
        give_up("probe.resets")

    def _nothing_to_deliver(self):
        return not len(self._state.outbox) or not self._state.settings.server_url

    def _feed(self):
        if self._watchdog:
            self._watchdog()

    async def _restarts(self):
        await self._leaving.wait()
        await asyncio.sleep(ANSWER_S)
        if self._port.slots:
            self._port.slots.again = True
        self._leave()
        # Cancelled here, in the sleep.
        await asyncio.sleep(60)


def _count_start(settings, cause):
    from probe.resets import Resets

    report = Resets(settings, cause).report()
    give_up("probe.resets")
    return report
