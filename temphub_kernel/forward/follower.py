"""Passing the journal's readings on, each at least once: what both neighbours share. Its own thread and
Reader."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core import Once, TempHubError, monotonic_s
from ..journal import Follower, Point, Reader, Writer, save_bookmark

log = logging.getLogger(__name__)
# Each save is a commit of the journal; after a crash at most so many seconds are passed on again.
BOOKMARK_S = 5.0
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Forwarder(Follower[Reader]):
    """Hands the journal's readings to `take` in their order, each at least once.

    The first time it begins with what comes from then on: a neighbour is not flooded with years. every_s: how
    far behind it may be; block: readings at once; pauses_s: before the next try after a refusal, the last one
    for all that follow.
    """

    def __init__(
        self,
        name: str,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        block: int = 500,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        super().__init__(name)
        self.block = block
        self.no = 0
        self._journal = journal
        self._writer = writer
        self._every_s = every_s
        self._pauses_s = pauses_s
        self._failures = 0
        self._saved: tuple[int, dict[str, Any]] = (0, {})
        self._saved_s = 0.0
        self._once = Once(log)

    def take(self, points: list[Point], reader: Reader) -> None:
        """Pass these on; called with an empty list when there is nothing new. Raises TempHubError when they
        are to be given again."""
        raise RuntimeError(f"{type(self).__name__} has no take()")

    def pass_on(self, reader: Reader) -> bool:
        """Give the next block to `take`; whether there is more already. Raises TempHubError as that does."""
        points = reader.after(self.no, self.block)
        self.take(points, reader)
        self.no = points[-1].no if points else self.no
        return len(points) == self.block

    def place(self) -> int:
        """Up to which reading nothing is needed again after a stop, or a crash."""
        return self.no

    def note(self) -> dict[str, Any]:
        """What the bookmark remembers besides the place."""
        return {}

    def recall(self, note: dict[str, Any], reader: Reader) -> None:
        """Called before the first `take`, with what the bookmark remembered; may move `no`."""

    def settled(self) -> None:
        """Called after each block that was taken: all is well, unless a kind of neighbour knows better."""
        self.well()

    def opened(self) -> Reader:
        return Reader(self._journal)

    def begin(self, reader: Reader) -> None:
        no, note = reader.bookmark(self.name)
        self.no, self._saved = no, (no, note)
        if not note.get("begun"):
            self.no = reader.count()
        self.recall(note, reader)
        self.save()

    def round(self, reader: Reader) -> float:
        try:
            return self._step(reader)
        except Exception:
            # What was passed on before that is not passed on again.
            self._save_at_stop()
            raise

    def end(self, _reader: Reader) -> None:
        self._save_at_stop()

    def _step(self, reader: Reader) -> float:
        """One block; returns how long to wait before the next, in seconds."""
        try:
            more = self.pass_on(reader)
            if monotonic_s() - self._saved_s >= BOOKMARK_S:
                self.save()
        except TempHubError as error:
            return self._refused(reader, error)
        self._failures = 0
        self.settled()
        self._once.clear("refused", f"{self.name}: readings are passed on again")
        return 0.0 if more else self._every_s

    def _refused(self, reader: Reader, error: TempHubError) -> float:
        waiting = reader.count() - self.no
        wait = f" {waiting} readings wait in the journal, none is lost." if waiting else ""
        self.trouble(error.problem + wait, f"{error.remedy.rstrip('.')}; it is tried again by itself.")
        self._once.warn("refused", str(error))
        pause = self._pauses_s[min(self._failures, len(self._pauses_s) - 1)]
        self._failures += 1
        return pause

    def save(self) -> None:
        """Keep the bookmark now."""
        now = (self.place(), {"begun": True, **self.note()})
        if now != self._saved:
            save_bookmark(self._writer, self.name, *now)
            self._saved = now
        self._saved_s = monotonic_s()

    def _save_at_stop(self) -> None:
        try:
            self.save()
        except TempHubError as error:
            log.info(
                "%s: the bookmark was not saved at the stop, so some readings are passed on again: %s",
                self.name,
                error,
            )
