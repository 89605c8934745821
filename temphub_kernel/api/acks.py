"""Brings commits back from the journal's thread to the endpoint's loop: one wake-up for all that was committed."""

import asyncio
from collections import deque
from collections.abc import Callable


class Acks:
    """A mailbox: `put` from any thread, the calls run in the loop's thread, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._woken = False

    def put(self, call: Callable[[], None]) -> None:
        """Have `call` run in the loop soon. After the loop has ended it is dropped: nobody waits any more."""
        self._waiting.append(call)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._run)
            except RuntimeError:
                self._waiting.clear()

    def _run(self) -> None:
        # Cleared first: a put that comes while we empty the box wakes us again rather than being missed.
        self._woken = False
        while self._waiting:
            self._waiting.popleft()()
