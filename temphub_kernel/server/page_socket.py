"""A page's websocket: how many, how much and how fast, in both directions. Event loop thread only.

A page sends a few messages a second, in the middle of being dragged and zoomed too; the widgets wait for the kernel before they send
again. Whoever sends more is slowed down by not being read, and is taken for lost when it does not answer pings for that reason.
"""

import logging
import re
from asyncio import Future, sleep
from collections import Counter
from typing import Any

from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ..base import own
from ..base.clock import monotonic_s
from ..base.logs import Once

log = logging.getLogger(__name__)
SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A page has one; it may have another for the moment in which it comes back.
MOST_EACH = 4
MOST = 250
MESSAGES_S, MESSAGES_AT_ONCE = 50.0, 500.0
# Browsers send none but answers to ours, one every two seconds.
CONTROLS_S, CONTROLS_AT_ONCE = 5.0, 50.0
MOST_WRONG = 50
# What was written for a page and not taken by it: its first widgets are some hundred kilobytes. While all of it together is too
# much, each may leave its equal part lying.
MOST_UNTAKEN, MOST_UNTAKEN_IN_ALL = 8 * 1024 * 1024, 48 * 1024 * 1024
POLICY = 1008

_said = Once(log)


class Pace:
    """So many a second, and so many at once after a pause."""

    def __init__(self, each_s: float, at_once: float) -> None:
        self._each_s, self._at_once = each_s, at_once
        self._left, self._since_s = at_once, monotonic_s()

    def take(self) -> float:
        """Count one; how many seconds too early it is, 0 when it is not."""
        now = monotonic_s()
        self._left = min(self._at_once, self._left + (now - self._since_s) * self._each_s) - 1.0
        self._since_s = now
        return max(0.0, -self._left / self._each_s)


class PageSocket(VoilaKernelWebsocketHandler):  # type: ignore[misc]  # Voilà ships no types
    """`/v/api/kernels/VISIT/channels`."""

    open_sockets: Counter[str] = Counter()
    untaken_in_all = 0

    def initialize(self) -> None:
        """Called by Tornado for each request."""
        self._messages, self._controls = Pace(MESSAGES_S, MESSAGES_AT_ONCE), Pace(CONTROLS_S, CONTROLS_AT_ONCE)
        self._wrong, self._untaken, self._cut = 0, 0, False

    async def get(self, kernel_id: str) -> None:
        # All of the connection's life is within this call.
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        if not SESSION.fullmatch(self.get_query_argument("session_id", "none")):
            raise HTTPError(400)
        if self.open_sockets[kernel_id] >= MOST_EACH or self.open_sockets.total() >= MOST:
            self.complain("was refused: too many connections")
            raise HTTPError(503)
        self.open_sockets[kernel_id] += 1
        try:
            await super().get(kernel_id=kernel_id)
        finally:
            self.open_sockets[kernel_id] -= 1
            if not self.open_sockets[kernel_id]:
                del self.open_sockets[kernel_id]

    async def on_message(self, ws_message: str | bytes) -> None:
        """A message. The next one is not read before this is done."""
        if early_s := self._messages.take():
            self.complain(f"sent more than {MESSAGES_S:g} messages a second and is slowed down")
            await sleep(early_s)
        if self.connection is not None and not self._cut:
            self.connection.handle_incoming_message(ws_message)

    def on_ping(self, data: bytes) -> None:
        """Somebody plays."""
        self._control()

    def on_pong(self, data: bytes) -> None:
        """The page is there."""
        super().on_pong(data)
        self._control()

    def wrong(self, why: str) -> None:
        """A message was dropped; one that sends nothing else is closed."""
        self._wrong += 1
        self.complain(f"sent a message {why}, which was dropped")
        if self._wrong >= MOST_WRONG:
            self._end("too many messages that are none")

    def write_message(self, message: Any, binary: bool = False) -> "Future[None] | None":
        """A message for the page. One that takes nothing of what is written for it is closed."""
        if self._cut:
            return None
        size = len(message)
        crowded = PageSocket.untaken_in_all + size > MOST_UNTAKEN_IN_ALL
        if self._untaken + size > (MOST_UNTAKEN_IN_ALL / MOST if crowded else MOST_UNTAKEN) and self._untaken:
            self.complain("took nothing of what was written for it and was closed")
            self._end("nothing is taken")
            return None
        written: Future[None] | None = super().write_message(message, binary)
        if written is not None:
            self._count(size)
            written.add_done_callback(lambda done: self._taken(done, size))
        return written

    def complain(self, what: str) -> None:
        """One line in the log for each address and kind."""
        _, _, address = self.request.headers.get(own.VISITOR_HEADER, "").partition(" ")
        _said.warn(f"{address} {what}", f"a page's connection from {address or 'this computer'} {what}")

    def log_exception(self, *error: Any) -> None:
        """What a page can bring about is no fault of the hub's, and gets no more than a line."""
        if isinstance(error[1], HTTPError):
            return
        self.complain(f"ended with {getattr(error[0], '__name__', 'an error')}")
        log.debug("a page's connection ended", exc_info=error)

    def write_error(self, status_code: int, **_: Any) -> None:
        """In words, and few."""
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(f"This connection is for the hub's pages (HTTP {status_code}). Open the page at /.\n")

    def _control(self) -> None:
        if self._controls.take():
            self.complain("sent too many pings and was closed")
            self._end("too many pings")

    def _end(self, why: str) -> None:
        self._cut = True
        self.close(POLICY, why)

    def _count(self, size: int) -> None:
        self._untaken += size
        PageSocket.untaken_in_all += size

    def _taken(self, done: "Future[None]", size: int) -> None:
        self._count(-size)
        if not done.cancelled():
            # A page that left is no news.
            done.exception()
