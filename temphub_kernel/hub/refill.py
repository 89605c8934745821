"""What is said and done when the CSV log has readings that the journal lacks. The hub's start only;
`only_in_the_log` anybody's."""

import threading
from pathlib import Path
from queue import Empty, SimpleQueue

from ..core import Settings, TempHubError
from ..csvlog import Surplus, only_in_log, surplus, take_in
from ..journal import Reader, Writer

LOOK_S = 30.0
BY_ITSELF = "it is gone on with by itself; until then nothing is written to the log. Recording goes on."
LOST = "Names, calibrations and remarks have to be given anew; recording goes on."


class CatchUp:
    """Takes what only the CSV log has into the journal. aside: where a damaged journal lies."""

    def __init__(self, settings: Settings, writer: Writer, aside: Path | None) -> None:
        self._settings, self._writer = settings, writer
        self._log = settings.csv_file
        self._begun = (
            f"The journal was damaged; it lies in {aside} now and a new one was begun. " if aside else ""
        )
        # Whether all of it is done.
        self.done = False

    def at_start(self, *, look_s: float = LOOK_S) -> tuple[str, str] | None:
        """(problem, remedy) for the page and the log, None when there was nothing. look_s: how long the log
        may take to be looked at.

        Never raises: probes come first. What broke off is gone on with by `again`.
        """
        looked = _look(self._settings, look_s)
        if looked is None:
            return (
                f"{self._begun}The drive or network share of the CSV log {self._log} did not answer for "
                f"{look_s:.0f} s.",
                f"Check the drive or the network; {BY_ITSELF}",
            )
        try:
            if isinstance(looked, Exception):
                raise looked
            return self._taken_in(*looked)
        # Whatever it is, the hub starts: what the log has is there tomorrow, a probe's memory may not be.
        except Exception as error:
            told = self._broken_off(error)
            return told.problem, told.remedy

    def again(self) -> tuple[str, str] | None:
        """The rest, while probes deliver. Raises TempHubError as long as it cannot be done; the CSV log's
        thread."""
        try:
            with Reader(self._settings.journal_file) as reader:
                found = surplus(self._log, reader)
            stored, bad = self._take_in(found)
        except Exception as error:
            raise self._broken_off(error) from error
        if not stored:
            return None
        return (
            f"The rest of the CSV log {self._log} was taken into the journal: {stored} "
            f"readings.{_skipped(bad)}",
            LOST,
        )

    def _take_in(self, found: Surplus | None) -> tuple[int, int]:
        counts = (
            take_in(found, self._log, self._writer, self._settings.csv_style) if found is not None else (0, 0)
        )
        self.done = True
        return counts

    def _taken_in(self, empty: bool, found: Surplus | None) -> tuple[str, str] | None:
        stored, bad = self._take_in(found)
        if self._begun and not stored:
            return (
                f"{self._begun}There was no CSV log to fill it from.",
                "Keep the damaged file; recording goes on, the history before is in it.",
            )
        if self._begun:
            return (
                f"{self._begun}It has the {stored} readings of {self._log}.{_skipped(bad)}",
                f"Check the disk. {LOST}",
            )
        if not stored:
            return None
        if empty:
            return (
                f"The journal had no readings, the CSV log {self._log} had; {stored} readings of it were "
                f"taken in.{_skipped(bad)}",
                "Put a copy of temphub.sqlite3 and its -wal back if there is one. Otherwise: "
                f"{LOST[0].lower()}{LOST[1:]}",
            )
        return (
            f"{stored} readings were in the CSV log {self._log} only and were taken into the journal: "
            f"the folder was copied while a hub ran, or an older journal was put back.{_skipped(bad)}",
            "Stop the hub before its folder is copied; names, calibrations and remarks given since then have "
            "to be given anew.",
        )

    def _broken_off(self, error: Exception) -> TempHubError:
        why, remedy = (
            (error.problem, error.remedy)
            if isinstance(error, TempHubError)
            else (f"{error}", "Close the log in other programs.")
        )
        return TempHubError(
            f"{self._begun}What only the CSV log {self._log} has could not all be taken into the journal "
            f"({why.rstrip('.')}).",
            f"{remedy} Then {BY_ITSELF}",
            code="not_taken_in",
        )


def _look(settings: Settings, look_s: float) -> tuple[bool, Surplus | None] | Exception | None:
    """(whether the journal is empty, where the log has more), what went wrong, or None when that took too
    long."""
    answer: SimpleQueue[tuple[bool, Surplus | None] | Exception] = SimpleQueue()

    def look() -> None:
        try:
            with Reader(settings.journal_file) as reader:
                empty, found = not reader.count(), surplus(settings.csv_file, reader)
                # What an empty journal lacks need not be counted first.
                answer.put((empty, found if found is not None and (empty or only_in_log(found)) else None))
        # Handed over: the start says it.
        except Exception as error:
            answer.put(error)

    # A dead network share keeps a program waiting for minutes: then nobody waits for this thread.
    threading.Thread(target=look, name="log-look", daemon=True).start()
    try:
        return answer.get(timeout=look_s)
    except Empty:
        return None


def only_in_the_log(settings: Settings) -> int:
    """How many readings the CSV log has that the journal lacks, while no hub runs. Raises TempHubError,
    OSError."""
    with Reader(settings.journal_file) as reader:
        found = surplus(settings.csv_file, reader)
        return 0 if found is None else only_in_log(found)


def _skipped(bad: int) -> str:
    return f" {bad} lines made no sense and were left out." if bad else ""
