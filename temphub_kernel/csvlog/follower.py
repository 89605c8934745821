"""The CSV log's worker: follows the journal and appends to the file, in blocks, opening it only while it
writes.

Its own thread and Reader. `start`, `stop`, `state` and `waiting` may be called from any thread.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..core import STANDARD, Once, Style, TempHubError, WorkerState, local_text, monotonic_s, now_ms
from ..journal import Follower, Reader, Writer, whole_blocks
from . import columns, position
from .file import (
    OpenLog,
    append,
    begin,
    check_mounted,
    check_not_open,
    hangs,
    open_log,
    put_aside,
    reason,
    size_of,
)

log = logging.getLogger(__name__)
# Each save is a commit of the journal; what was appended since is recognised in the file after a crash.
BOOKMARK_S = 10.0
# A block takes milliseconds; a dead network share keeps a program waiting for minutes, without a word.
HANGS_S = 15.0


class CsvLog(Follower[Reader]):
    """Journal ─▶ CSV, each reading exactly once, in journal order, under the id it was delivered with.
    every_s: how far behind it may be.

    open_log: opens the file; tests give one that fails as Windows does while Excel holds it.
    max_rows: the file is put aside under a dated name when it holds so many readings.
    style: how it is written; a log of another style is put aside and a new one begun.
    hangs_s: a disk that takes longer for one block is shown as a problem.
    """

    def __init__(
        self,
        csv_file: Path,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        open_log: OpenLog = open_log,
        max_rows: int = 1_000_000,
        style: Style = STANDARD,
        hangs_s: float = HANGS_S,
    ) -> None:
        super().__init__("csvlog")
        self.csv_file = csv_file
        self._journal = journal
        self._writer = writer
        self._every_s = every_s
        self._open = open_log
        self._max_rows = max_rows
        self._style = style
        self._place: position.Place | None = None
        self._saved = position.Place(0)
        self._saved_s = 0.0
        self._unsaved_file = False
        # The last reading that is known to stand in the file.
        self._written = 0
        # Whether the last block was as large as one may be: the next is there already, mostly.
        self._was_full = False
        self._once = Once(log)
        self._hangs_s = hangs_s
        self._since_s: float | None = None
        # Of the file that was opened last.
        self._mount = ""
        # What has to be done before the first line, in this thread; tried again while it raises TempHubError.
        self.first: Callable[[], None] | None = None

    def waiting(self) -> int:
        """Readings stored but not yet in the CSV, as of now."""
        return max(0, self._writer.last_no - self._written)

    def state(self) -> WorkerState:
        """How the log does; also says when its disk keeps it waiting."""
        since, state = self._since_s, super().state()
        waited = 0.0 if since is None else monotonic_s() - since
        return (
            WorkerState(self.name, state.running, *hangs(self.csv_file, waited))
            if waited > self._hangs_s
            else state
        )

    def start(self) -> None:
        """Look how far the log is, so that what waits is known before the first block is written; then
        start."""
        # What cannot be read is told by the first round.
        with suppress(TempHubError), self.opened() as reader:
            self._written = max(self._written, position.load(reader).no)
        super().start()

    def run(self) -> None:
        self._place = None
        if self.first is not None:
            self.first()
            self.first = None
            self.well()
        super().run()

    def opened(self) -> Reader:
        return Reader(self._journal, recent=self._writer.recent)

    def round(self, reader: Reader) -> float:
        self.step(reader)
        return 0.0 if self._was_full else self._every_s

    def end(self, reader: Reader) -> None:
        self.step(reader)
        self._save_at_stop()

    def step(self, reader: Reader) -> int:
        """Write the next block; returns how many readings. 0 when there are none, or the file cannot be
        written now."""
        self._since_s, self._was_full = monotonic_s(), False
        try:
            written = self._write_next(reader, self._place or self._first_place(reader))
        except TempHubError as error:
            # The journal cannot take the bookmark just now: what is written stays known here, and the save is
            # tried again.
            self.trouble(error.problem, error.remedy)
            return 0
        except OSError as error:
            self._cannot_write(error)
            return 0
        finally:
            self._since_s = None
        self._written = self._place.no if self._place else 0
        self.well()
        self._once.clear(
            "file", f"the CSV log {self.csv_file} is written again; what waited is being caught up"
        )
        return written

    def _first_place(self, reader: Reader) -> position.Place:
        self._saved, self._saved_s = position.load(reader), monotonic_s()
        if self._saved.file != str(self.csv_file):
            return self._find(reader, self._saved, told="")
        # A file that is gone although it was full, or written in another style, was put aside just before the
        # last stop.
        return self._find(
            reader, self._saved, told="" if self._is_done(self._saved) else "deleted or emptied"
        )

    def _is_done(self, place: position.Place) -> bool:
        """Whether nothing more is to be written to the file of this place."""
        return place.rows >= self._max_rows or place.style != self._style.mark

    def _find(self, reader: Reader, known: position.Place, *, told: str) -> position.Place:
        """Open the file and find the place in it; a file that is no log of ours is put aside."""
        with self._opened() as file:
            empty = size_of(file) == 0
            place = position.resume(file, self.csv_file, known, reader, self._style)
        if place is None:
            aside = put_aside(self.csv_file, _today())
            log.warning(
                "%s did not begin with the log's header; it was put aside as %s and a new one begun",
                self.csv_file,
                aside.name,
            )
            place = self._begin(known.no)
        elif empty and told:
            log.warning("the CSV log %s was %s; it is begun anew", self.csv_file, told)
        return self._settled(place)

    def _opened(self) -> BinaryIO:
        known = self._place or self._saved
        self._mount = check_mounted(self.csv_file, known.mount if known.file == str(self.csv_file) else "")
        check_not_open(self.csv_file)
        self.csv_file.parent.mkdir(parents=True, exist_ok=True)
        return self._open(self.csv_file)

    def _settled(self, place: position.Place) -> position.Place:
        """Remember a place in a new or changed file, and bookmark it before anything is appended to that
        file."""
        self._place, self._unsaved_file = place, True
        return place

    def _write_next(self, reader: Reader, place: position.Place) -> int:
        if self._due(place):
            self._save(place)
        done = self._is_done(place)
        most = 0 if done else min(position.BLOCK_ROWS, self._max_rows - place.rows)
        most = whole_blocks(place.no, most)
        found = reader.behind(place.no, most, fields=columns.FIELDS, own=True)
        if not len(found) and not done:
            return 0
        with self._opened() as file:
            as_known = size_of(file) == place.size and place.fits(file, self.csv_file)
            if as_known and len(found):
                # Until the block is on disk the end of the file is not known.
                self._place = None
                append(file, columns.lines_of(found, self._style))
                no, rows = int(found.no[-1]), place.rows + len(found)
                self._place = position.at(file, self.csv_file, no, rows, self._style.mark, self._mount)
                self._was_full = len(found) == most
                return len(found)
        if as_known:
            self._roll_over(place)
        else:
            log.info("the CSV log %s was changed by another program; it goes on at its end", self.csv_file)
            self._save(self._find(reader, place, told="deleted or emptied"))
        return 0

    def _roll_over(self, place: position.Place) -> None:
        """Put the file that is full, or of another style, aside.

        Its last reading is bookmarked first: whatever happens then, nothing is written twice.
        """
        self._save(place)
        aside = put_aside(self.csv_file, _today())
        why = (
            f"holds {place.rows} readings"
            if place.style == self._style.mark
            else "was written in another style"
        )
        log.info("the CSV log %s; it was put aside as %s and a new one begun", why, aside.name)
        self._place = None
        self._save(self._settled(self._begin(place.no)))

    def _begin(self, no: int) -> position.Place:
        with self._opened() as file:
            begin(file, self.csv_file, self._style)
            return position.at(file, self.csv_file, no, 0, self._style.mark)

    def _due(self, place: position.Place) -> bool:
        late = (
            monotonic_s() - self._saved_s >= BOOKMARK_S or place.no - self._saved.no >= position.BOOKMARK_ROWS
        )
        return self._unsaved_file or (late and place != self._saved)

    def _save(self, place: position.Place) -> None:
        position.save(self._writer, place)
        self._saved, self._saved_s, self._unsaved_file = place, monotonic_s(), False

    def _save_at_stop(self) -> None:
        if self._place is None or self._place == self._saved:
            return
        try:
            self._save(self._place)
        except TempHubError as error:
            # The next start finds the place in the file itself.
            log.info("the CSV log's bookmark was not saved at the stop: %s", error)

    def _cannot_write(self, error: OSError) -> None:
        self._written = max(self._written, self._saved.no)
        problem, remedy = reason(self.csv_file, error)
        self._once.warn("file", f"{problem}. {remedy}")
        self.trouble(f"{problem}; {self.waiting()} readings wait in the journal, none is lost.", remedy)


def _today() -> str:
    return local_text(now_ms())[:10]
