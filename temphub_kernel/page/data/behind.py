"""Questions that are asked behind a page, once for all of them, so that nobody waits for whoever is slow to
answer. Any thread."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from ...core import TempHubError, describe, monotonic_s
from ...engines import slow

T = TypeVar("T")
# The first answer is waited for so long, so that a page that opens has it.
PATIENCE_S = 2.0
# An answer that takes longer is told of.
SLOW_S = 10.0
# How old an answer about now may be.
NOW_S = 5.0
# A question that takes long is asked again after so many times as long: the engine has others to answer,
# and this computer a page to draw.
REST = 3.0


class Parts:
    """How far the answer to a question is that is asked part by part. Who asks tells it, any thread reads
    it."""

    def __init__(self) -> None:
        self._told = 0, 0, float("-inf")

    def begin(self, of: int) -> None:
        """So many parts are asked for from now on."""
        self._told = 0, of, monotonic_s()

    def came(self) -> None:
        """One more is here."""
        here, of, _ = self._told
        self._told = min(here + 1, of), of, monotonic_s()

    def since(self, asked_s: float) -> tuple[int, int, float]:
        """(how many are here, of how many, when the last one came), of a question asked then; of 0 while it
        is not known how many there are."""
        here, of, came_s = self._told
        return (here, of, came_s) if came_s > asked_s else (0, 0, asked_s)


class Behind(Generic[T]):
    """ask(): the question, never asked twice at a time; every_s: how old an answer may be; cut(): ends one
    that is under way; parts: how far its answer is."""

    def __init__(
        self,
        ask: Callable[[], T],
        every_s: float,
        cut: Callable[[], None],
        parts: Parts | None = None,
        slow_s: float = SLOW_S,
    ) -> None:
        self._ask, self._every_s, self._cut = ask, every_s, cut
        self._parts, self._slow_s = parts or Parts(), slow_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="temphub-engine")
        self._lock = threading.Lock()
        self._asked_s, self._took_s, self._stale = float("-inf"), 0.0, False
        self._job: Future[T] | None = None
        self._answer: list[T] = []
        self.trouble: tuple[str, str] | None = None

    def get(self, patience_s: float = PATIENCE_S) -> T | None:
        """The last answer, None for none yet; `trouble` has what is the matter since. patience_s: so long the
        first one is waited for."""
        with self._lock:
            now_s = monotonic_s()
            # A question that failed is asked again as soon as any: the trouble may be over.
            every_s = min(self._every_s, NOW_S) if self.trouble else self._every_s
            every_s = max(every_s, (1 + REST) * self._took_s)
            due = self._stale or now_s - self._asked_s >= every_s
            if self._job is None or (self._job.done() and due):
                self._asked_s, self._job, self._stale = now_s, self._thread.submit(self._timed), False
            job = self._job
        waits_s = 0.0 if self._answer else max(0.0, patience_s - (now_s - self._asked_s))
        try:
            self._answer = [job.result(waits_s)]
            self.trouble = None
        except TimeoutError:
            self._look()
        except Exception as error:
            self.trouble = describe(error)
        return self._answer[0] if self._answer else None

    def _look(self) -> None:
        """Whether it is slow: nothing came for long. Whoever answers part by part is asked on."""
        _, of, came_s = self._parts.since(self._asked_s)
        quiet_s = monotonic_s() - came_s
        if quiet_s >= self._slow_s:
            self.trouble = describe(slow(quiet_s // self._slow_s * self._slow_s))
        elif of:
            self.trouble = None

    def _timed(self) -> T:
        began_s = monotonic_s()
        try:
            return self._ask()
        finally:
            self._took_s = monotonic_s() - began_s

    def stale(self) -> None:
        """What is asked is something else now: the next answer is another one."""
        self._stale = True

    def asking(self) -> tuple[int, int]:
        """(how many parts of the first answer are here, of how many). Raises TempHubError where nothing is
        heard of it."""
        here, of, _ = self._parts.since(self._asked_s)
        if self.trouble or not of:
            raise TempHubError(*(self.trouble or describe(slow(monotonic_s() - self._asked_s))))
        return here, of

    def close(self) -> None:
        """Ask no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._cut()
        self._thread.shutdown(wait=True)
