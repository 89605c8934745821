"""What the endpoint hands to others, so that nothing long delays a reading: to threads questions to the journal, small work and
talks with devices; to processes what takes memory and minutes.

Each kind has threads of its own. A device that accepts a connection and says nothing holds one for ten seconds and more, and
must not keep people from their changes, their login or an export.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..base.clock import monotonic_s
from ..base.errors import Busy, JournalUnreadable, TempHubError
from ..journal import DatabaseError, Reader

T = TypeVar("T")
# Two at a time: a scraper and a person; more would only compete for the same disk.
THREADS = 2
# Talks with devices: so many at a time, so many more in line, and of one device an order and the next one.
TALKS = 8
MOST_TALKS = 24
MOST_OF_ONE = 2
# Processes that are at work at a time, in parts of some 25 MB: whatever a crowd asks for, it costs about 100 MB.
PARTS = 4
TURN_S = 30.0
LOOK_S = 0.05


class Questions:
    """A few threads; each question opens the journal for itself (a fraction of a millisecond) and closes it."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="temphub-question")
        self._talkers = ThreadPoolExecutor(TALKS, thread_name_prefix="temphub-talk")
        self._talks: Counter[str] = Counter()

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """The answer of `question(reader)`. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, answer, self._journal, question)

    async def call(self, work: Callable[[], T]) -> T:
        """The result of something slow that needs no journal and no device."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def talk(self, device: str, work: Callable[[], T]) -> T:
        """The result of an order to a device (its id or address). Raises TempHubError (503) when too many are under way."""
        if self._talks[device] >= MOST_OF_ONE or self._talks.total() >= MOST_TALKS:
            raise _busy(device if self._talks[device] >= MOST_OF_ONE else "")
        self._talks[device] += 1
        running = self._talkers.submit(work)
        loop = asyncio.get_running_loop()
        # Counted until the thread is free again, whether or not anybody still waits for the answer.
        running.add_done_callback(lambda _: self._talked(loop, device))
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """End the threads; a question in progress is finished first, a talk is not waited for."""
        self._talkers.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _talked(self, loop: asyncio.AbstractEventLoop, device: str) -> None:
        # The loop may be over before a silent device has let its thread go.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._free, device)

    def _free(self, device: str) -> None:
        self._talks[device] -= 1
        # Names are whatever was sent: none stays.
        if not self._talks[device]:
            del self._talks[device]


class Turns:
    """Who may have a process at work, in the order in which they came. Endpoint thread."""

    def __init__(self) -> None:
        self._taken = 0
        self._line: list[object] = []

    async def begin(self, parts: int, wanted: Callable[[], bool]) -> bool:
        """Wait until there are so many parts left, and take them; False when nobody wants them any more.

        Raises TempHubError (503) when it takes too long.
        """
        turn, late_s = object(), monotonic_s() + TURN_S
        self._line.append(turn)
        try:
            while wanted() and (self._line[0] is not turn or self._taken + parts > PARTS):
                if monotonic_s() > late_s:
                    raise _no_turn()
                await asyncio.sleep(LOOK_S)
            if not wanted():
                return False
            self._taken += parts
            return True
        finally:
            self._line.remove(turn)

    def end(self, parts: int) -> None:
        """Give them back."""
        self._taken -= parts


def answer(journal: Path, question: Callable[[Reader], T]) -> T:
    """The answer of `question(reader)`, in this thread. Raises what it raises; TempHubError (503) when the journal cannot be read."""
    try:
        with Reader(journal) as reader:
            return question(reader)
    except DatabaseError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> TempHubError:
    return JournalUnreadable(
        f"The journal could not be read ({error}), so there is no answer; recording is not touched by that.",
        "Ask again in a few seconds; if it lasts, check the disk that holds DATA_DIR and start the hub again.",
    )


def _no_turn() -> TempHubError:
    return Busy(
        "The hub is busy with exports or with examining this computer, and more at a time would take too much memory.",
        "Try again in a minute.",
    )


def _busy(device: str) -> TempHubError:
    said = f"{device} has not yet answered what it was told before" if device else "Too many probes that do not answer are being talked to"
    return Busy(f"{said}, so it was not told this.", "Try again in some seconds.")
