"""Last month's reports, written into a folder once the month is over. Its own thread; each is made by a
process beside it."""

import logging
from dataclasses import replace
from pathlib import Path

from ..core import HOUR_MS, Once, Settings, Worker, command_problem, now_ms
from ..journal import Reader
from .order import ReportOrder, make_report

log = logging.getLogger(__name__)
LOOK_S = 600.0
# What probes kept while the hub or the network was away at the end of the month comes in by then.
GRACE_MS = 6 * HOUR_MS
LIMIT_S = 1800.0
REMEDY = "Make it by hand with `temphub report`, which says more; it is tried again by itself."


class Schedule(Worker):
    """Writes what is not there yet. look_s: how often it looks; limit_s: after how long a report is given
    up."""

    def __init__(self, settings: Settings, *, look_s: float = LOOK_S, limit_s: float = LIMIT_S) -> None:
        super().__init__("reports")
        self._settings = settings
        self._look_s, self._limit_s = look_s, limit_s
        self._once = Once(log)

    def run(self) -> None:
        """The thread."""
        while not self.stopping.is_set():
            self.write_missing(now_ms())
            self.stopping.wait(self._look_s)

    def write_missing(self, now: int) -> list[Path]:
        """Write each report of last month that is not in the folder; those that were written."""
        written, failed = [], ""
        for order in self._wanted(now):
            path = self._folder / order.file_name()
            if path.exists() or self.stopping.is_set():
                continue
            if problem := self._write(order, path):
                failed = problem
            else:
                written.append(path)
                log.info("last month's report was written to %s", path)
        if failed:
            self.trouble(f"Last month's report was not written into {self._folder} ({failed}).", REMEDY)
            self._once.warn(
                "report", f"Last month's report was not written into {self._folder} ({failed}). {REMEDY}"
            )
        else:
            self.well()
            self._once.clear("report", "last month's report is written again")
        return written

    @property
    def _folder(self) -> Path:
        assert self._settings.reports_dir is not None
        return self._settings.reports_dir

    def _wanted(self, now: int) -> list[ReportOrder]:
        """One of all probes, and one for each group; nothing of a month without readings."""
        asked = make_report(language=self._settings.reports_language, paper=self._settings.reports_paper)
        with Reader(self._settings.journal_file) as reader:
            span = reader.span()
            groups = sorted({str(record["group"]) for record in reader.probes() if record["group"]})
        if span is None or span[0] >= asked.to_ms or span[1] < asked.from_ms or now < asked.to_ms + GRACE_MS:
            return []
        return [asked, *(replace(asked, group=group) for group in groups)]

    def _write(self, order: ReportOrder, path: Path) -> str:
        """What went wrong; empty when it is there."""
        # The command itself, so that the schedule and a person have the same report.
        words = ["report", "--from", str(order.from_ms), "--to", str(order.to_ms), "--out", str(path)]
        words += ["--language", order.language, "--paper", order.paper]
        words += ["--group", order.group] if order.group else []
        return command_problem(
            self._settings.data_dir, *words, within_s=self._limit_s, stopped=self.stopping.is_set
        )
