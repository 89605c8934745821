"""Questions to the journal asked from the endpoint, answered in threads so that a long one never delays a reading."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ..base.errors import TempHubError
from ..journal import Reader

T = TypeVar("T")
# Two at a time: a scraper and a person; more would only compete for the same disk.
THREADS = 2


class Questions:
    """A few threads; each question opens the journal for itself (a fraction of a millisecond) and closes it."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="temphub-question")

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """The answer of `question(reader)`. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, question)

    async def call(self, work: Callable[[], T]) -> T:
        """The result of something slow that needs no journal."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    def close(self) -> None:
        """End the threads; a question in progress is finished first."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _answer(self, question: Callable[[Reader], T]) -> T:
        try:
            with Reader(self._journal) as reader:
                return question(reader)
        except Exception as error:
            # The database's own errors are known by their home: only the journal's room imports it.
            if type(error).__module__.startswith("sqlite3"):
                raise _unreadable(error) from error
            raise


def _unreadable(error: Exception) -> TempHubError:
    return TempHubError(
        f"The journal could not be read ({error}), so there is no answer; recording is not touched by that.",
        "Ask again in a few seconds; if it lasts, check the disk that holds DATA_DIR and start the hub again.",
        code="journal_unreadable",
        status=503,
    )
