"""Asking the hub for something that may take seconds: in a thread, its outcome in words. Kernel's own thread only."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from ..base.errors import TempHubError, describe

# ask(path, body) posts to the hub's API and gives its JSON; raises TempHubError when it refuses or does not answer.
Ask = Callable[[str, dict[str, Any] | None], dict[str, Any]]
MOST_OUTCOMES = 500


class Asks:
    """Questions under way and how the last of each subject ended. wake(): called in the loop's thread after an answer."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.outcomes: dict[str, str] = {}
        self._under_way: set[str] = set()
        self._wake = wake
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="temphub-ask")
        self._loop: asyncio.AbstractEventLoop | None = None

    def on(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that is woken."""
        self._loop = loop

    def busy(self, subject: str) -> bool:
        """True while an answer is awaited."""
        return subject in self._under_way

    def go(self, subject: str, saying: str, work: Callable[[], str]) -> None:
        """Have `work()` done in a thread; what it gives, or its error, is the subject's outcome. One at a time a subject."""
        if subject in self._under_way:
            return
        if len(self.outcomes) > MOST_OUTCOMES:
            self.outcomes.clear()
        self._under_way.add(subject)
        self.outcomes[subject] = saying
        self._wake()
        # With its context: who sits before the page is told to the hub.
        self._pool.submit(copy_context().run, work).add_done_callback(functools.partial(self._answered, subject))

    def stop(self) -> None:
        """Let the thread go; a question under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answered(self, subject: str, future: "Future[str]") -> None:
        """In the asking thread: only a plain text is left here; the loop shows it."""
        if not future.cancelled():
            error = future.exception()
            self.outcomes[subject] = future.result() if error is None else " ".join(describe(error))
        self._under_way.discard(subject)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)


def without_hub(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """The answer of a page that knows no hub."""
    raise TempHubError("This page knows no hub that could be asked.", "Start one with Start.bat or `temphub`, and open its page.")
