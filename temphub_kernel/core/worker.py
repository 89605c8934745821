"""Workers of one shape: `start()`, `stop()`, `state()`. Each owns one thread; the three calls may come from
any other."""

import logging
import threading
from dataclasses import dataclass

from .errors import TempHubError, describe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerState:
    """How a worker does. `problem` and `remedy` are empty when all is well."""

    name: str
    running: bool
    problem: str = ""
    remedy: str = ""


class Worker:
    """A thread that runs `run()` until stopped; when `run()` fails it is shown, and tried again after a
    pause."""

    def __init__(self, name: str, *, pause_s: float = 5.0) -> None:
        self.name = name
        self.stopping = threading.Event()
        self._pause_s = pause_s
        self._thread: threading.Thread | None = None
        self._problem = ("", "")

    def run(self) -> None:
        """The work; returns soon after `self.stopping` is set. Runs in the worker's own thread."""
        raise RuntimeError(f"{type(self).__name__} has no run()")

    def start(self) -> None:
        """Start the thread. A second start while it runs changes nothing."""
        if self._thread is not None and self._thread.is_alive():
            return
        self.stopping.clear()
        self._thread = threading.Thread(target=self._main, name=f"temphub-{self.name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Ask the thread to end and wait for it. Returns False when it did not within `timeout_s`."""
        self.stopping.set()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def state(self) -> WorkerState:
        """What the page and `/api/health` say of this worker."""
        alive = self._thread is not None and self._thread.is_alive()
        return WorkerState(self.name, alive, *self._problem)

    def trouble(self, problem: str, remedy: str) -> None:
        """Show a problem while the work goes on."""
        self._problem = (problem, remedy)

    def well(self) -> None:
        """Take back what `trouble` said."""
        self._problem = ("", "")

    def _main(self) -> None:
        while not self.stopping.is_set():
            try:
                self.run()
                return
            # The worker's own boundary: whatever broke is shown with what happens next, then tried again.
            except Exception as error:
                problem, remedy = describe(error)
                # Said once: it may go on for days.
                again = self._problem[0] == problem
                self.trouble(problem, f"{remedy} The {self.name} part is tried again in {self._pause_s:g} s.")
                # A foreseen problem is told in its own words; only what nobody foresaw needs its trace.
                trace = None if isinstance(error, TempHubError) else error
                level = logging.DEBUG if again else logging.ERROR
                log.log(
                    level,
                    "the %s part failed: %s It is tried again in %g s.",
                    self.name,
                    problem,
                    self._pause_s,
                    exc_info=trace,
                )
                self.stopping.wait(self._pause_s)
