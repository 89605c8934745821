"""The journal's one writer: gathers what waits, commits it at once, then acknowledges. One thread; calls from any.

Committed before the reply: a probe forgets its copy when it sees the 200.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from ..base.clock import monotonic_s
from ..base.errors import Busy, JournalUnwritable, TempHubError
from ..base.logs import Once
from ..base.reading import Row
from ..base.worker import Worker
from .commit import Change, Commits, Done, Outcome, Submission, Waiting
from .damage import is_damage, mark
from .full import disk_full, is_full

log = logging.getLogger(__name__)
T = TypeVar("T")

# What may wait in memory when the disk stalls; beyond it the hub says 'busy' and probes keep their readings.
MAX_WAITING = 200_000
COMMIT_ROWS = 5_000


class Writer(Worker):
    """Appends readings and applies the other rooms' small changes, one commit for all that waits.

    gather_s: how long a thin stream may gather before it is committed (each commit rewrites whole pages);
    gather_rows: as many readings are committed at once, without waiting.
    """

    def __init__(self, path: Path, *, gather_s: float = 0.05, gather_rows: int = 8) -> None:
        super().__init__("journal")
        self.path = path
        self._gather_s = gather_s
        self._gather_rows = gather_rows
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._commits: Commits | None = None
        self._once = Once(log)
        # Set when the file itself turned out to be broken: only a new start of the hub can put it aside.
        self.damaged = False
        # Number of the newest reading on disk; how many there are.
        self.last_no = 0

    def submit(self, rows: Sequence[Row], done: Done) -> None:
        """Store readings. `done` is called in the writer's thread, after the commit or with why there was none.

        Raises TempHubError (503) when too much waits already.
        """
        with self._lock:
            if self._waiting + len(rows) > MAX_WAITING or self.stopping.is_set():
                raise _busy(self._waiting)
            self._waiting += len(rows)
            self._queue.put(Submission(rows, done))

    def store(self, rows: Sequence[Row], timeout_s: float = 10.0) -> Outcome:
        """Store readings and wait for the commit. Raises TempHubError; not for the endpoint's thread."""
        future: Future[Outcome] = Future()

        def done(outcome: Outcome | TempHubError) -> None:
            if isinstance(outcome, TempHubError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(rows, done)
        return future.result(timeout_s)

    def change(self, apply: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run `apply(connection)` inside the next commit; the future holds its result once it is on disk."""
        future: Future[T] = Future()
        with self._lock:
            if not self.stopping.is_set():
                self._queue.put(Change(apply, future))  # type: ignore[arg-type]
                return future
        # Nobody will look at the queue again: better said at once than waited for.
        future.set_exception(_busy(self._waiting))
        return future

    def start(self) -> None:
        """Open the journal, then start. Raises TempHubError here, so that a bad journal stops the start."""
        if self._commits is None:
            self._commits = Commits(self.path)
            self.last_no = self._commits.last_no
        super().start()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Commit what waits, then end."""
        with self._lock:
            self.stopping.set()
            self._queue.put(None)
        return super().stop(timeout_s)

    def run(self) -> None:
        while not (self.stopping.is_set() and self._queue.empty()):
            batch = self._gather()
            if batch:
                self._commit(batch)
        if self._commits is not None:
            self._commits.close()
            self._commits = None

    def _gather(self) -> list[Waiting]:
        batch: list[Waiting] = []
        rows = 0
        item = self._queue.get()
        deadline = monotonic_s() + self._gather_s
        while True:
            if item is not None:
                batch.append(item)
                rows += len(item.rows) if isinstance(item, Submission) else 0
            if rows >= COMMIT_ROWS:
                return batch
            left_s = 0.0 if rows >= self._gather_rows or self.stopping.is_set() else deadline - monotonic_s()
            try:
                item = self._queue.get(timeout=left_s) if left_s > 0 else self._queue.get_nowait()
            except Empty:
                return batch

    def _commit(self, batch: list[Waiting]) -> None:
        try:
            if self._commits is None:
                self._commits = Commits(self.path)
            tell = self._commits.write(batch)
            self.last_no = self._commits.last_no
        # Whatever broke, everyone who waits is told, and the next batch starts from a freshly opened journal.
        except Exception as error:
            self._failed(batch, error)
        else:
            self.well()
            self._once.clear("commit", "the journal is written again")
            for call in tell:
                _tell(call)
        finally:
            with self._lock:
                self._waiting -= sum(len(item.rows) for item in batch if isinstance(item, Submission))

    def _failed(self, batch: list[Waiting], error: Exception) -> None:
        problem = error if isinstance(error, TempHubError) else _not_written(error, self.path)
        if is_damage(error):
            self.damaged = True
            mark(self.path)
        self._once.warn("commit", str(problem))
        self.trouble(problem.problem, problem.remedy)
        if self._commits is not None:
            self._commits.abandon()
            self._commits = None
        for item in batch:
            if isinstance(item, Submission):
                _tell(partial(item.done, problem))
            else:
                _tell(partial(item.future.set_exception, problem))


def _tell(call: Callable[[], None]) -> None:
    try:
        call()
    # One listener that is gone (a closed loop, a cancelled future) must not keep the others waiting, nor stop the writer.
    except Exception:
        log.exception("an acknowledgement could not be handed over")


def _busy(waiting: int) -> TempHubError:
    return Busy(
        f"The hub is stopping or {waiting} readings wait for its disk already, so this delivery was not taken.",
        "Keep the readings and send them again in a few seconds; check the hub's disk if this lasts.",
    )


def _not_written(error: Exception, path: Path) -> TempHubError:
    if is_full(error, path):
        return disk_full()
    if is_damage(error):
        return JournalUnwritable(
            f"The journal is damaged ({error}), so readings are not stored; probes keep theirs.",
            "Start the hub again: it puts the damaged file aside and begins a new one.",
            code="journal_damaged",
        )
    return JournalUnwritable(
        f"The journal could not be written ({error}), so readings were not stored; probes keep theirs.",
        "Check the disk that holds DATA_DIR; storing goes on by itself when it can be written.",
    )
