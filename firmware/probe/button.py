"""A button that is held makes the probe forget key and token, so that another hub can claim it: whoever can
touch a probe owns it."""

import asyncio

HOLD_MS = 5000
LOOK_S = 0.1


class Button:
    """`run` is the loop; `pressed()` is the button now, `held()` is called once for each long press."""

    def __init__(self, pressed, now, held):
        self._pressed = pressed
        self._now = now
        self._held = held
        # A pin that is low from the start is a wire, not a finger: it counts only after it was seen released.
        self._since = None
        self._armed = False

    async def run(self):
        """Look ten times a second, for ever."""
        while True:
            self.step()
            await asyncio.sleep(LOOK_S)

    def step(self):
        """One look."""
        if not self._pressed():
            self._since = None
            self._armed = True
        elif not self._armed:
            return
        elif self._since is None:
            self._since = self._now()
        elif self._now() - self._since >= HOLD_MS:
            self._armed = False
            self._held()
