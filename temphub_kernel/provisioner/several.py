"""Telling many probes at once, each on a thread, with an end for all of them together. Called in the asker's thread, which waits."""

import threading
from collections.abc import Callable, Sequence

from ..base import clock
from ..base.errors import TempHubError
from ..base.sighting import Sighting
from .asked import busy
from .conversation import ProbeCheck, State, failed
from .crew import Crew
from .known import WORKERS

# A probe that does not answer takes six seconds, and there may be hundreds.
ALL_S = 25.0


def tell_each(probes: Sequence[Sighting], tell: Callable[[str], ProbeCheck], all_s: float = ALL_S) -> list[ProbeCheck]:
    """How it went with each probe, in their order; one that was not done after `all_s` is named as such, and is told on."""
    outcomes: dict[str, ProbeCheck] = {}
    left = threading.Semaphore(0)
    crew = Crew(min(WORKERS, len(probes)), "temphub-provision")

    def told(met: Sighting) -> None:
        try:
            outcomes[met.probe_id] = tell(met.probe_id)
        except TempHubError as error:
            outcomes[met.probe_id] = failed(met, error, State.WAITING)
        finally:
            left.release()

    for at, met in enumerate(probes):
        crew.submit(lambda met=met: told(met), at)  # type: ignore[misc]
    end = clock.monotonic_s() + all_s
    for _ in probes:
        if not left.acquire(timeout=max(0.0, end - clock.monotonic_s())):
            break
    crew.close(0.0)
    return [outcomes.get(met.probe_id) or failed(met, busy(met.probe_id), State.WAITING) for met in probes]
