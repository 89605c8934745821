"""The heartbeat: a web address is called again and again while readings are recorded, so that somebody
outside notices when this stops.

As healthchecks and its like take it: a GET says that all is well, a POST to the address with `/fail` behind
it what is not. A hub that is dead, or a computer without power, calls nobody; that is what the other side
watches for. Its own thread.
"""

import logging
from collections.abc import Callable, Sequence

from ..core import Once, TempHubError, Worker, WorkerState
from ..engines import WebAddress

log = logging.getLogger(__name__)
EVERY_S = 60.0
# Nobody answered: the next try, before the other side has missed a call.
AGAIN_S = 10.0
# Without these nothing is recorded, or nobody is told of an alarm.
WATCHED = ("writer", "endpoint", "alarms", "alarm messages")


class Heartbeat(Worker):
    """url: the address; states: how the parts do; every_s: how often it is called."""

    def __init__(
        self,
        url: str,
        states: Callable[[], Sequence[WorkerState]],
        *,
        every_s: float = EVERY_S,
        again_s: float = AGAIN_S,
    ) -> None:
        super().__init__("heartbeat")
        self._web = WebAddress(url, "The heartbeat's address", "HEARTBEAT_URL")
        self._states = states
        self._every_s = every_s
        self._again_s = min(again_s, every_s)
        self._once = Once(log)

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Ends also while the other side takes its time."""
        self.stopping.set()
        self._web.cut()
        return super().stop(timeout_s)

    def run(self) -> None:
        """The thread."""
        while not self.stopping.is_set():
            self.stopping.wait(self._every_s if self._call() else self._again_s)

    def _call(self) -> bool:
        """Whether it was taken."""
        wrong = ill(self._states())
        try:
            said = (
                self._web.ask("POST", wrong.encode(), below="/fail", kind="text/plain; charset=utf-8")
                if wrong
                else self._web.ask("GET")
            )
            if not 200 <= said[0] < 300:
                raise TempHubError(
                    f"The heartbeat's address {self._web.shown} {said[1]}, so nobody outside notices when "
                    "this hub stops.",
                    "Set HEARTBEAT_URL to an address that answers with 2xx.",
                )
        except TempHubError as error:
            if not self.stopping.is_set():
                self.trouble(error.problem, f"{error.remedy.rstrip('.')}; it is tried again by itself.")
                self._once.warn("refused", str(error))
            return False
        self.well()
        self._once.clear("refused", "the heartbeat is taken again")
        return True


def ill(states: Sequence[WorkerState]) -> str:
    """What is wrong with what has to run, a line each; empty when all is well."""
    watched = [state for state in states if state.name in WATCHED]
    return "\n".join(
        state.problem or f"The {state.name} part does not run."
        for state in watched
        if state.problem or not state.running
    )
