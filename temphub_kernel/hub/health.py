"""The hub's own state, for `/api/health` and for every page, and keeping this computer awake. Any thread."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._version import __version__
from ..backup import read_note
from ..core import Settings, Worker, WorkerState, monotonic_s, now_ms
from ..csvlog import CsvLog
from ..journal import ProbeBook, Writer
from .refused import Refusals

log = logging.getLogger(__name__)
POWER_STATE = Path("/sys/power/state")


class Awake(Worker):
    """awake: whether the system agreed. Where it did not, the log says so once; nothing else depends on
    it."""

    def __init__(self) -> None:
        super().__init__("awake")
        self.awake = False

    def run(self) -> None:
        # Only here: it brings D-Bus with it on Linux, and the hub's first reading should not wait for that.
        from wakepy import keep

        with keep.running(on_fail="pass") as mode:
            self.awake = bool(mode.active)
            if not self.awake and can_sleep():
                log.warning(
                    "This system does not let the hub keep the computer awake; when it goes to sleep nothing "
                    "is recorded. "
                    "Switch automatic sleep off in its power settings."
                )
            self.stopping.wait()
        self.awake = False


def can_sleep(states: Path = POWER_STATE) -> bool:
    """False on a Linux without any sleep mode, as servers and virtual machines have it; True when in
    doubt."""
    try:
        return bool(states.read_text(encoding="ascii").strip())
    except OSError:
        return True


TOPIC = "health"


class Health:
    """Collects how the parts do. `workers` and `awake` are set once the parts exist."""

    def __init__(
        self, settings: Settings, writer: Writer, csvlog: CsvLog, urls: Callable[[], list[str]]
    ) -> None:
        self.started_ms = now_ms()
        self._started_s = monotonic_s()
        self._settings = settings
        self._writer = writer
        self._csvlog = csvlog
        self._urls = urls
        self._shown_urls: list[str] = []
        self._backup: Mapping[str, Any] = {}
        self.workers: Sequence[Worker] = ()
        self.awake: Callable[[], bool] = lambda: False
        # What discovery sees of the network, and how often a probe said hello: for whoever looks for one that
        # is missing.
        self.sees: Callable[[], Mapping[str, object]] = dict
        self.refused: Callable[[], Sequence[Mapping[str, Any]]] = list
        self.refused_probes: Callable[[], Sequence[str]] = list
        # How many alarms are active, and how many nobody has acknowledged.
        self.alarms: Callable[[], Mapping[str, int]] = dict
        # How far what goes to an engine is; empty where nothing does.
        self.forward: Callable[[], Mapping[str, Any]] = dict
        # How often probes are asked to deliver.
        self.gathering: Callable[[], Mapping[str, Any]] = dict
        # What the supervisor says of the page server; None where there is none.
        self.pages: Callable[[], Any] = lambda: None
        self.hellos = 0
        self._last = ("", "", 0)
        self._told: list[dict[str, str]] = []

    def report(self) -> dict[str, Any]:
        """The state as JSON: version, uptime_s, readings, csv_waiting, workers, and the last problem with its
        remedy."""
        states = self._states()
        problem, remedy, problem_ms = self._last
        return {
            "version": __version__,
            "started_ms": self.started_ms,
            "uptime_s": round(monotonic_s() - self._started_s),
            "url": self._settings.local_url,
            "urls": self._shown_urls,
            "data_dir": str(self._settings.data_dir),
            "csv_file": str(self._settings.csv_file),
            "csv_waiting": self._csvlog.waiting(),
            "readings": self._writer.last_no,
            "alarms": dict(self.alarms()),
            "awake": self.awake(),
            "forward": dict(self.forward()),
            "gathering": dict(self.gathering()),
            "backup": dict(self._backup),
            "login": bool(self._settings.ui_password),
            "workers": [
                {"name": s.name, "running": s.running, "problem": s.problem, "remedy": s.remedy}
                for s in states
            ],
            "seen": {**self.sees(), "hellos": self.hellos},
            "told": list(self._told),
            "refused": self.refused(),
            "refused_probes": self.refused_probes(),
            "problem": problem,
            "remedy": remedy,
            "problem_ms": problem_ms,
        }

    def _states(self) -> list[WorkerState]:
        """How each part does; the last problem is noted."""
        states = [worker.state() for worker in self.workers]
        for state in states:
            if state.problem:
                self._last = (state.problem, state.remedy, now_ms())
        # What happened to pages is over when they are back, and was no trouble of the recording.
        if isinstance(pages := self.pages(), dict):
            problem, remedy = str(pages.get("problem", "")), str(pages.get("remedy", ""))
            states.append(WorkerState("pages", bool(pages.get("running")), problem, remedy))
        return states

    def tell(self, problem: str, remedy: str) -> None:
        """Show something that was met before the parts ran; it stays told while the hub runs."""
        self._told.append({"problem": problem, "remedy": remedy})
        self._last = (problem, remedy, now_ms())

    def over(self, problem: str) -> None:
        """No longer show what `tell` said."""
        self._told = [one for one in self._told if one["problem"] != problem]

    def refresh(self) -> None:
        """Ask the system again what changes rarely."""
        self._shown_urls = self._urls()
        self._backup = read_note(self._settings.data_dir)


class Pulse(Worker):
    """Leaves the health note every few seconds: a page that finds it old says that the hub is away.

    look: called each time. broken: asked each time; True ends this process, because only a new one can go
    on. Given only where another is started then.
    """

    def __init__(
        self,
        health: Health,
        book: ProbeBook,
        refusals: Refusals,
        *,
        look: Callable[[], None] = lambda: None,
        broken: Callable[[], bool] = lambda: False,
        every_s: float = 5.0,
    ) -> None:
        super().__init__("pulse")
        self._look, self._broken = look, broken
        self._health = health
        self._book = book
        self._refusals = refusals
        self._every_s = every_s

    def run(self) -> None:
        """The thread."""
        while not self.stopping.is_set():
            if self._broken():
                # What was acknowledged is on disk; to stop in order would mean to write what cannot be
                # written.
                os._exit(70)
            self._health.refresh()
            self._refusals.settle()
            self._look()
            self._book.leave(TOPIC, self._health.report())
            self.stopping.wait(self._every_s)
