"""What the endpoint hands to others, so that nothing long delays a reading: to threads questions to the
journal, small work and talks with devices; to processes what takes memory and minutes.

Each kind has threads of its own. A device that accepts a connection and says nothing holds one for ten
seconds and more, and must not keep people from their changes, their login or an export.
"""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ..core import (
    Busy,
    JournalUnreadable,
    Settings,
    TempHubError,
    Unavailable,
    collected,
    files,
    is_here,
    monotonic_s,
    start_behind,
)
from ..exports import Job, Wanted
from ..journal import DatabaseError, Reader

T = TypeVar("T")
# Two at a time: a scraper and a person; more would only compete for the same disk.
THREADS = 2
# Talks with devices: so many at a time, so many more in line, and of one device an order and the next one.
TALKS = 8
MOST_TALKS = 24
MOST_OF_ONE = 2
# Processes that are at work at a time, in parts of some 25 MB: whatever a crowd asks for, it costs about 100
# MB.
PARTS = 4
TURN_S = 30.0
# So often one who waits is looked after: he may have left.
LOOK_S = 1.0
# Exports at a time: each is a process at work on the same disk as the journal.
MOST_JOBS = 2
# Of Turns: what the process of each form takes, about 30, 50 and 90 MB; a report about 100.
EXPORT_PARTS = {"csv": 1, "xlsx": 2, "parquet": 4, "pdf": 4, "html": 4}
# Examinations: an answer serves for so long. It ends by itself within 10 s of its start; on a busy computer
# the start alone takes seconds.
KEEP_S = 10.0
LIMIT_S = 60.0
MOST_WAITING, MOST_EACH = 100, 10
# Of Turns: it takes some 45 MB.
EXAMINATION_PARTS = 2


class Questions:
    """A few threads; each question opens the journal for itself (a fraction of a millisecond) and closes
    it."""

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
        """The result of an order to a device (its id or address). Raises TempHubError (503) when too many are
        under way."""
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
        self._line: list[asyncio.Event] = []

    async def begin(self, parts: int, wanted: Callable[[], bool]) -> bool:
        """Wait until there are so many parts left, and take them; False when nobody wants them any more.

        Raises TempHubError (503) when it takes too long.
        """
        turn, late_s = asyncio.Event(), monotonic_s() + TURN_S
        self._line.append(turn)
        try:
            while self._line[0] is not turn or self._taken + parts > PARTS:
                if not wanted():
                    return False
                if (left_s := late_s - monotonic_s()) <= 0:
                    raise _no_turn()
                turn.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left_s, LOOK_S)):
                        await turn.wait()
            if not wanted():
                return False
            self._taken += parts
            return True
        finally:
            self._line.remove(turn)
            self._next()

    def end(self, parts: int) -> None:
        """Give them back."""
        self._taken -= parts
        self._next()

    def look(self) -> None:
        """Have those who wait look whether they are still wanted."""
        for turn in self._line:
            turn.set()

    def _next(self) -> None:
        if self._line:
            self._line[0].set()


def answer(journal: Path, question: Callable[[Reader], T]) -> T:
    """The answer of `question(reader)`, in this thread. Raises what it raises; TempHubError (503) when the
    journal cannot be read."""
    try:
        with Reader(journal) as reader:
            return question(reader)
    except DatabaseError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> TempHubError:
    return JournalUnreadable(
        f"The journal could not be read ({error}), so there is no answer; recording is not touched by that.",
        "Ask again in a few seconds; if it lasts, check the disk that holds DATA_DIR and start the hub "
        "again.",
    )


def _no_turn() -> TempHubError:
    return Busy(
        "The hub is busy with exports or with examining this computer, and more at a time would take too "
        "much memory.",
        "Try again in a minute.",
    )


def _busy(device: str) -> TempHubError:
    said = (
        f"{device} has not yet answered what it was told before"
        if device
        else "Too many probes that do not answer are being talked to"
    )
    return Busy(f"{said}, so it was not told this.", "Try again in some seconds.")


class Jobs:
    """The exports under way."""

    def __init__(self, journal: Path, turns: Turns) -> None:
        self._journal = journal
        self._turns = turns
        self._running: dict[Job, str] = {}
        self._at_work: dict[Job, int] = {}
        self._closed = False

    def begin(self, order: Wanted, address: str, kind: type[Job] = Job) -> Job:
        """A job for whoever asks from that address, not started. Raises TempHubError when there are too many,
        or one of his already."""
        if address in self._running.values():
            raise Busy(
                f"An export for your address ({address}) is being made or downloaded already, and one at a "
                "time is made for each.",
                "Wait until it is there, or cancel it in the browser.",
            )
        if self._closed or len(self._running) >= MOST_JOBS:
            raise Busy(
                f"{MOST_JOBS} exports are being made already, and more would slow the hub down.",
                "Try again when one of them is done.",
            )
        job = kind(self._journal, order)
        self._running[job] = address
        return job

    async def turn(self, job: Job) -> bool:
        """Wait until there is memory for its process; False when it was stopped meanwhile. Raises
        TempHubError."""
        parts = EXPORT_PARTS[job.form]
        taken = await self._turns.begin(parts, lambda: not job.stopped)
        if taken:
            self._at_work[job] = parts
        return taken

    def made(self, job: Job) -> None:
        """Its process is over, and the file may still be on its way."""
        self._turns.end(self._at_work.pop(job, 0))

    def end(self, job: Job) -> None:
        """It is over."""
        self.made(job)
        self._running.pop(job, None)

    def close(self) -> None:
        """End them all."""
        self._closed = True
        for job in self._running:
            job.kill()
        self._turns.look()


class Examinations:
    """The examination under way, and the last one's answer."""

    def __init__(self, settings: Settings, turns: Turns) -> None:
        self._settings = settings
        self._turns = turns
        self._under_way: asyncio.Future[dict[str, Any]] | None = None
        self._waiting: Counter[str] = Counter()
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: dict[str, Any] | None = None
        self._ended_s = 0.0
        self._closed = False

    async def latest(self, address: str) -> dict[str, Any]:
        """`{"well", "version", "time", "findings"}`, at most KEEP_S old when asked for. Raises TempHubError.

        address: who asks; each has some places to wait in, so that nobody holds all the connections there
        are.
        """
        if self._answer is not None and monotonic_s() - self._ended_s <= KEEP_S:
            return self._answer
        here = is_here(address)
        if self._waiting.total() >= MOST_WAITING or (not here and self._waiting[address] >= MOST_EACH):
            raise _too_many(self._waiting.total())
        if self._under_way is None:
            self._answer = None
            self._under_way = asyncio.ensure_future(self._in_turn())
            self._under_way.add_done_callback(self._ended)
        self._waiting[address] += 1
        try:
            # One who leaves does not end it for the others; one that failed has failed for all who waited.
            return await asyncio.shield(self._under_way)
        finally:
            self._waiting -= Counter((address,))

    def _ended(self, outcome: "asyncio.Future[dict[str, Any]]") -> None:
        self._under_way, self._ended_s = None, monotonic_s()
        if not outcome.cancelled() and outcome.exception() is None:
            self._answer = outcome.result()

    async def _in_turn(self) -> dict[str, Any]:
        if not await self._turns.begin(EXAMINATION_PARTS, lambda: not self._closed):
            raise _stopping()
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._examine)
        finally:
            self._turns.end(EXAMINATION_PARTS)

    def close(self) -> None:
        """End what is under way."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        self._turns.look()

    def _examine(self) -> dict[str, Any]:
        if self._closed:
            raise _stopping()
        try:
            self._process = process = _begin(self._settings)
        except OSError as error:
            raise _failed(str(error)) from error
        # Whoever stopped it while it was begun did not know it yet.
        if self._closed:
            process.kill()
        with process:
            try:
                said, _ = collected(process, LIMIT_S)
            except TimeoutError as error:
                raise _failed(f"it took longer than {LIMIT_S:g} s") from error
        try:
            found = json.loads(said)
            return {"well": found["ok"], **{name: found[name] for name in ("version", "time", "findings")}}
        except (ValueError, KeyError, TypeError) as error:
            raise _failed(f"exit code {process.returncode}") from error


def _begin(settings: Settings) -> "subprocess.Popen[bytes]":
    """The command itself, so that page and command line cannot differ."""
    # This hub's own place, whatever the working folder would mean.
    place = {
        "DATA_DIR": str(settings.data_dir),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "INTERFACES": ",".join(settings.interfaces),
    }
    return start_behind(
        files.PACKAGE.name,
        "doctor",
        "--json",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**place, "PYTHONUTF8": "1"},
    )


def _too_many(waiting: int) -> TempHubError:
    return Busy(
        f"{waiting} wait already for what the doctor finds on this computer.",
        "Try again in a few seconds.",
    )


def _stopping() -> TempHubError:
    return _failed("the hub is being stopped")


def _failed(why: str) -> TempHubError:
    return Unavailable(
        f"This computer could not be examined ({why}); recording is not touched by that.",
        "Try again, or run `temphub doctor` on the hub's computer.",
        code="not_examined",
    )
