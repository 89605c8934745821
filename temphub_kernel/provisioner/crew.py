"""A few threads that never keep the process alive. `submit` and `close` are called by one thread, the jobs run in the crew's own."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from ..base import clock

Job = Callable[[], None]


class Crew:
    """Up to `size` daemon threads. concurrent.futures joins its threads when Python ends: one hanging probe would hold the hub."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, job: Job, busy: int) -> None:
        """Run `job` soon; `busy`: jobs under way now, so that a thread is added only when all are taken. Jobs must not raise."""
        if len(self._threads) < self._size and busy >= len(self._threads):
            thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def close(self, timeout_s: float) -> bool:
        """End after the jobs under way. False when some still hang after `timeout_s`; they do not keep the process."""
        for _ in self._threads:
            self._jobs.put(None)
        end = clock.monotonic_s() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - clock.monotonic_s()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
