"""What the lamp says about the probe. One event loop, no locks; each look takes microseconds, so sampling
never waits for it."""

import asyncio

TICK_S = 0.1
IDENTIFY_TICKS = 100
# One sign for each tenth of a second, # = lit; it begins anew at its end. The first of these that is true is
# shown.
PATTERNS = {
    "identify": "#.",
    "update": "########..",
    "portal": "#####.....",
    "joining": "#.........",
    "sensor": "#.#.#..........",
    "no_hub": "#.#............",
    "critical": "###.",
    "warning": "###.......",
    "acknowledged": "###......................",
    "delivering": "#.................................................",
}
# What the hub may have shown; see delivery.py.
_ALARMS = ("critical", "warning", "acknowledged")
_UPDATING = ("downloading", "checking", "restarting")


class Signs:
    """`run` is the loop. `lamp(lit)` switches the lamp; `wifi()` is the station's state, see station.py."""

    def __init__(self, state, lamp, wifi):
        self._state = state
        self._lamp = lamp
        self._wifi = wifi
        self._identify = 0
        self._shown = None
        self._at = 0
        self._lit = None

    def identify(self):
        """This is the board: ten seconds of quick blinking."""
        self._identify = IDENTIFY_TICKS

    def report(self):
        """For /status: {"lamp": what it says}"""
        return {"lamp": self.sign()}

    def sign(self):
        """What is to be said now, a key of PATTERNS."""
        state = self._state
        if self._identify:
            return "identify"
        if state.update and state.update.report()["state"] in _UPDATING:
            return "update"
        wifi = self._wifi()
        if wifi != "joined":
            return "portal" if wifi == "portal" else "joining"
        if state.sensor_fault:
            return "sensor"
        # Until the first batch is taken nobody knows whether the hub will.
        if not state.delivered or state.unwelcome or state.last_error:
            return "no_hub"
        return state.alarm if state.alarm in _ALARMS else "delivering"

    async def run(self):
        """Show it, for ever."""
        while True:
            self.step()
            await asyncio.sleep(TICK_S)

    def step(self):
        """The next tenth of a second."""
        name = self.sign()
        if name != self._shown:
            self._shown, self._at = name, 0
        self._identify = max(0, self._identify - 1)
        pattern = PATTERNS[name]
        lit = pattern[self._at] == "#"
        self._at = (self._at + 1) % len(pattern)
        if lit != self._lit:
            self._lit = lit
            self._lamp(lit)
