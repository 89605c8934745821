"""A few threads that never keep the process alive, and telling many probes at once, with an end for all of
them together."""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from ..core import Sighting, TempHubError, clock
from . import errors, orders, schedule

Job = Callable[[], None]


class Crew:
    """Up to `size` daemon threads. concurrent.futures joins its threads when Python ends: one hanging probe
    would hold the hub."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, job: Job, busy: int) -> None:
        """Run `job` soon; `busy`: jobs under way now, so that a thread is added only when all are taken. Jobs
        must not raise."""
        if len(self._threads) < self._size and busy >= len(self._threads):
            thread = threading.Thread(
                target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def close(self, timeout_s: float) -> bool:
        """End after the jobs under way. False when some still hang after `timeout_s`; they do not keep the
        process."""
        for _ in self._threads:
            self._jobs.put(None)
        end = clock.monotonic_s() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - clock.monotonic_s()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


# A probe that does not answer takes six seconds, and there may be hundreds.
ALL_S = 25.0


def tell_each(
    probes: Sequence[Sighting], tell: Callable[[str], orders.ProbeCheck], all_s: float = ALL_S
) -> list[orders.ProbeCheck]:
    """How it went with each probe, in their order; one that was not done after `all_s` is named as such, and
    is told on."""
    outcomes: dict[str, orders.ProbeCheck] = {}
    left = threading.Semaphore(0)
    crew = Crew(min(schedule.WORKERS, len(probes)), "temphub-provision")

    def told(met: Sighting) -> None:
        try:
            outcomes[met.probe_id] = tell(met.probe_id)
        except TempHubError as error:
            outcomes[met.probe_id] = orders.failed(met, error, orders.State.WAITING)
        finally:
            left.release()

    for at, met in enumerate(probes):
        crew.submit(lambda met=met: told(met), at)  # type: ignore[misc]
    end = clock.monotonic_s() + all_s
    for _ in probes:
        if not left.acquire(timeout=max(0.0, end - clock.monotonic_s())):
            break
    crew.close(0.0)
    return [
        outcomes.get(met.probe_id) or orders.failed(met, errors.busy(met.probe_id), orders.State.WAITING)
        for met in probes
    ]
