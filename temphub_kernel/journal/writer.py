"""The journal's one writer: gathers what waits, commits it at once, then acknowledges. One thread; calls from
any."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..core import UNKNOWN_DELAY_MS, Busy, Once, Row, TempHubError, Worker, monotonic_s
from . import batches, blocks, columns, integrity, schema
from .archive.months import FOLDER
from .duplicates import Refilled, Seen
from .renumbered import Numbered

# A probe that missed the last reply before a restart repeats after it.
RECALLED = 20_000
SAVE_SEEN_ROWS = 20_000
# While readings pour in it is saved no more often than this: each time all of its ranges are written anew.
SAVE_SEEN_S = 1.0
# A batch with more gaps than this is quicker looked at number by number.
MOST_RUNS = 16


class Outcome(NamedTuple):
    """What became of a submission: readings stored now, readings that were already there.

    renumbered: of those stored, how many bear a boot and number that another reading has already (see
    renumbered.py).
    """

    stored: int
    duplicates: int
    renumbered: int = 0


Done = Callable[["Outcome | TempHubError"], None]


class Submission(NamedTuple):
    """Readings on their way to the disk, and whom to tell."""

    rows: "Sequence[Row] | columns.Delivered"
    done: Done


class Change(NamedTuple):
    """Another room's small change, applied inside the next commit."""

    apply: Callable[[sqlite3.Connection], object]
    future: "Future[object]"


Waiting = Submission | Change


class Commits:
    """An open journal that takes whole batches. After a failed batch it is closed; open a new one."""

    def __init__(self, path: Path, recent: batches.Recent) -> None:
        """recent: is given what was committed. Raises TempHubError when the journal cannot be opened."""
        self._path = path
        self._recent = recent
        self._db = schema.open_for_writing(path)
        self._seen = Seen(self._db)
        self._numbered = Numbered(self._seen)
        stored = blocks.Stored(self._db, path.parent / FOLDER)
        self.last_no = stored.last_no()
        self._numbered.recall(
            stored.unpacked(self.last_no - RECALLED + 1, self.last_no, ("boot", "seq", "units"))
        )
        self._refilled = Refilled(self._db, path)
        self._unsaved, self._saved_s = 0, 0.0

    def write(self, batch: Sequence[Waiting]) -> list[Callable[[], None]]:
        """Commit a batch; returns what to call now that it is on disk. Raises sqlite3.Error with nothing
        stored."""
        self._db.execute("BEGIN IMMEDIATE")
        pending = batches.Pending(self.last_no + 1)
        tell: list[Callable[[], None]] = []
        for item in batch:
            if isinstance(item, Submission):
                before = len(pending)
                if isinstance(item.rows, columns.Delivered):
                    duplicates, renumbered = self._take_batch(item.rows, pending)
                else:
                    duplicates, renumbered = self._take(item.rows, pending)
                tell.append(_telling(item.done, Outcome(len(pending) - before, duplicates, renumbered)))
        pending.store(self._db)
        blocks.store(self._db, pending.chips)
        for item in batch:
            if isinstance(item, Change):
                tell.append(self._apply(item))
        last_no = self.last_no + len(pending)
        self._unsaved += len(pending)
        if self._unsaved >= SAVE_SEEN_ROWS and monotonic_s() - self._saved_s >= SAVE_SEEN_S:
            self._seen.save(last_no)
            self._unsaved, self._saved_s = 0, monotonic_s()
        # Made before the commit: nothing that could fail comes after it.
        recent = pending.batch if len(pending) else None
        self._db.execute("COMMIT")
        if recent is not None:
            self._recent.add(recent)
        self.last_no = last_no
        return tell

    def close(self) -> None:
        """Save what is known of repeats and close."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            self._seen.save(self.last_no)
            self._db.execute("COMMIT")
        self._db.close()

    def abandon(self) -> None:
        """Close without saving: an unfinished commit is undone by this."""
        self._db.close()

    def _take_batch(self, given: columns.Delivered, pending: batches.Pending) -> tuple[int, int]:
        """As `_take`: numbers that follow each other, and of which none was there, are one range; any others
        go one by one."""
        probe = self._seen.probe(given.probe_id, given.received_ms)
        boot, ranges = self._seen.boot(probe, given.boot)
        self._seen.delivered(boot)
        duplicates = renumbered = 0
        runs = batches.runs_of(given.seq)
        by_range = len(runs) <= MOST_RUNS and not self._refilled.has(probe)
        for start, end in runs:
            if by_range and ranges.add_range(int(given.seq[start]), int(given.seq[end - 1])):
                part = given.part(start, end)
                self._numbered.stored_range(boot, part)
                pending.add_part(probe, boot, part)
                continue
            told = self._take([given.row(at) for at in range(start, end)], pending)
            duplicates, renumbered = duplicates + told[0], renumbered + told[1]
        return duplicates, renumbered

    def _take(self, given: Sequence[Row], pending: batches.Pending) -> tuple[int, int]:
        """Gather the new ones of `given`; how many were repeats, how many bore a used number."""
        duplicates = renumbered = 0
        key: tuple[str, str | None] | None = None
        probe, boot, ranges = 0, None, None
        numbered = self._numbered
        for row in given:
            probe_id, boot_id, seq, taken_ms, received_ms, units, quality, _ = row
            if key != (probe_id, boot_id):
                key = (probe_id, boot_id)
                probe, boot, ranges = self._seen.probe(probe_id, received_ms), None, None
                if boot_id is not None:
                    boot, ranges = self._seen.boot(probe, boot_id)
                    self._seen.delivered(boot)
            here = boot
            if boot is not None and ranges is not None and seq is not None:
                if ranges.add(seq):
                    numbered.stored(boot, row)
                    if self._refilled.sent_again(probe, taken_ms, units, quality):
                        duplicates += 1
                        continue
                elif numbered.is_repeat(boot, row):
                    duplicates += 1
                    continue
                else:
                    here = numbered.elsewhere(probe, row)
                    if here is None:
                        duplicates += 1
                        continue
                    renumbered += 1
            if received_ms - taken_ms == UNKNOWN_DELAY_MS:
                self._refilled.added()
            pending.add(probe, here, row)
        return duplicates, renumbered

    def _apply(self, item: Change) -> Callable[[], None]:
        self._db.execute("SAVEPOINT change")
        try:
            result = item.apply(self._db)
            tell: Callable[[], None] = _telling(item.future.set_result, result)
        # A room's change that fails is that room's problem: it is undone alone and told through its future.
        except Exception as error:
            # On a full disk SQLite may have undone the whole commit already.
            if integrity.is_damage(error) or not self._db.in_transaction:
                raise
            self._db.execute("ROLLBACK TO change")
            tell = _telling(
                item.future.set_exception, schema.disk_full() if schema.is_full(error, self._path) else error
            )
        self._db.execute("RELEASE change")
        return tell


def _telling(call: Callable[..., None], value: object) -> Callable[[], None]:
    return lambda: call(value)


log = logging.getLogger(__name__)
T = TypeVar("T")

# What may wait in memory when the disk stalls; beyond it the hub says 'busy' and probes keep their readings.
MAX_WAITING = 200_000
COMMIT_ROWS = 8_192
# Of what the last commit took, as much is waited for those whom it answered.
PATIENCE = 0.5


class Writer(Worker):
    """Appends readings and applies the other rooms' small changes, one commit for all that waits.

    gather_s: how long a thin stream may gather before it is committed (each commit rewrites whole pages);
    gather_rows: as many readings are committed at once, without waiting.
    """

    def __init__(self, path: Path, *, gather_s: float = 0.025, gather_rows: int = 8) -> None:
        super().__init__("journal")
        self.path = path
        # For the followers in this process.
        self.recent = batches.Recent()
        self._gather_s = gather_s
        self._gather_rows = gather_rows
        self._queue: deque[Waiting] = deque()
        # How many readings wait to be taken, and those that are being committed besides.
        self._waiting_here = self._waiting = 0
        self._lock = threading.Lock()
        self._more = threading.Condition(self._lock)
        # With how many waiting readings the writer wants to be woken.
        self._awaited = 0
        self._commits: Commits | None = None
        self._once = Once(log)
        # Set when the file itself turned out to be broken: only a new start of the hub can put it aside.
        self.damaged = False
        # How many readings the last commit had, and how long it took.
        self._last = 0, 0.0
        # Number of the newest reading on disk; how many there are.
        self.last_no = 0

    def submit(self, rows: Sequence[Row] | columns.Delivered, done: Done) -> None:
        """Store readings. `done` is called in the writer's thread, after the commit or with why there was
        none.

        Raises TempHubError (503) when too much waits already.
        """
        with self._lock:
            if self._waiting + len(rows) > MAX_WAITING or self.stopping.is_set():
                raise _busy(self._waiting)
            self._waiting += len(rows)
            self._put(Submission(rows, done))

    def store(self, rows: Sequence[Row] | columns.Delivered, timeout_s: float = 10.0) -> Outcome:
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
                self._put(Change(apply, future))  # type: ignore[arg-type]
                return future
        # Nobody will look at the queue again: better said at once than waited for.
        future.set_exception(_busy(self._waiting))
        return future

    def start(self) -> None:
        """Open the journal, then start. Raises TempHubError here, so that a bad journal stops the start."""
        if self._commits is None:
            self._commits = Commits(self.path, self.recent)
            self.last_no = self._commits.last_no
        super().start()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Commit what waits, then end."""
        with self._lock:
            self.stopping.set()
            self._more.notify()
        return super().stop(timeout_s)

    def run(self) -> None:
        while self._queue or not self.stopping.is_set():
            batch = self._gather()
            if batch:
                self._commit(batch)
        if self._commits is not None:
            self._commits.close()
            self._commits = None

    def _gather(self) -> list[Waiting]:
        """What is to be committed next; waits until there is something, and then for more of it. Empty when
        the writer is to end."""
        with self._more:
            rows, took_s = self._last
            # Who was answered last mostly sends again at once; where the disk is slow, one commit with them
            # is better than two.
            rows += self._waiting_here
            self._awaited = 0
            while not self._queue and not self.stopping.is_set():
                self._more.wait()
            began = monotonic_s()
            self._wait_for(self._gather_rows, began + self._gather_s)
            self._wait_for(min(rows, COMMIT_ROWS), began + min(took_s * PATIENCE, self._gather_s))
            batch: list[Waiting] = []
            taken = 0
            while self._queue and taken < COMMIT_ROWS:
                batch.append(self._queue.popleft())
                taken += _rows_in(batch[-1])
            self._waiting_here -= taken
            return batch

    def _wait_for(self, rows: int, until_s: float) -> None:
        """Until so many readings wait, or a moment. The lock is held."""
        self._awaited = rows
        while (
            self._waiting_here < rows
            and not self.stopping.is_set()
            and (left_s := until_s - monotonic_s()) > 0
        ):
            self._more.wait(left_s)

    def _put(self, item: Waiting) -> None:
        """Have it committed. The lock is held. The writer is woken when there is what it waits for, not by
        each."""
        self._queue.append(item)
        self._waiting_here += _rows_in(item)
        if self._waiting_here >= self._awaited:
            self._more.notify()

    def _commit(self, batch: list[Waiting]) -> None:
        began = monotonic_s()
        rows = sum(map(_rows_in, batch))
        try:
            if self._commits is None:
                self._commits = Commits(self.path, self.recent)
            tell = self._commits.write(batch)
            self.last_no = self._commits.last_no
            self._last = rows, monotonic_s() - began
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
                self._waiting -= rows

    def _failed(self, batch: list[Waiting], error: Exception) -> None:
        problem = error if isinstance(error, TempHubError) else integrity.not_written(error, self.path)
        if integrity.is_damage(error):
            self.damaged = True
            integrity.mark(self.path)
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


def _rows_in(item: Waiting) -> int:
    return len(item.rows) if isinstance(item, Submission) else 0


def _tell(call: Callable[[], None]) -> None:
    try:
        call()
    # One listener that is gone (a closed loop, a cancelled future) must not keep the others waiting, nor stop
    # the writer.
    except Exception:
        log.exception("an acknowledgement could not be handed over")


def _busy(waiting: int) -> TempHubError:
    return Busy(
        f"The hub is stopping or {waiting} readings wait for its disk already, so this delivery was not "
        "taken.",
        "Keep the readings and send them again in a few seconds; check the hub's disk if this lasts.",
    )
