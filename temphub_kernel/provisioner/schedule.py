"""The probes the provisioner looks after, and whose turn it is. Any thread: the register has a lock of its
own."""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from ..core import Sighting, clock
from .errors import busy
from .orders import Given, Order, ProbeCheck

# Beyond any plant; a device that makes up names must not fill the memory.
MOST = 16_384
WORKERS = 16
# Probes that never answered may hang for seconds each; some workers stay free for those that do.
FOR_UNPROVEN = 13
FOR_FAILING = 8
LONGEST_PAUSE_S = 60.0
# Checks that were well come no oftener than so many a second in all: of very many probes each is looked at
# more seldom. One that stops delivering here is looked at when it is refused.
A_SECOND = 20.0
# And no more than these begin in a second, after a burst of as many: each takes a few milliseconds, which
# deliveries would wait for.
MOST_A_SECOND = 50.0
LOOK_S = 0.25


@dataclass
class Known:
    """One probe. due: monotonic seconds; again: wanted once more while busy; talking: held while somebody
    talks to it."""

    sighting: Sighting
    due: float = 0.0
    failures: int = 0
    proven: bool = False
    busy: bool = False
    again: bool = False
    given: Given | None = None
    talking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def rank(self) -> int:
        """0 for one that answers, 1 for a new one, 2 for one that failed."""
        return 0 if self.proven else 1 + (self.failures > 0)

    def place(self) -> tuple[str, int, str]:
        """What makes a sighting news."""
        return self.sighting.ip, self.sighting.port, self.sighting.boot

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[None]:
        """While nobody else talks to the probe. Raises TempHubError (`probe_unreachable`) when somebody does
        for longer than `wait_s`."""
        if not self.talking.acquire(timeout=wait_s):
            raise busy(self.sighting.probe_id)
        try:
            yield
        finally:
            self.talking.release()

    def went_well(self, given: Given, now: float, every_s: float) -> None:
        """The check ended well; the next one is spread a little."""
        self.given, self.failures, self.proven = given, 0, True
        self.due = now + every_s * random.uniform(0.9, 1.0)

    def ended(
        self, met: Sighting, result: ProbeCheck | None, given: Given | None, now: float, every_s: float
    ) -> bool:
        """A check of the probe where it was met ended so (None: somebody else talked to it). False when it is
        not there any more."""
        moved = (self.sighting.ip, self.sighting.port) != (met.ip, met.port)
        if result is None:
            self.due = now + 1.0
        elif given is not None:
            self.went_well(given, now, every_s)
        elif result.elsewhere:
            # Its hub may die at any moment; then it is taken.
            self.due = now + every_s
        elif not moved:
            self.failed(now)
        if self.again or moved:
            self.due, self.again = now, False
        return not moved

    def failed(self, now: float) -> None:
        """1, 2, 4 … 60 s until the next try, spread so that many do not come together."""
        self.failures += 1
        self.proven = False
        self.due = now + min(LONGEST_PAUSE_S, 2.0 ** min(self.failures - 1, 10)) * random.uniform(0.75, 1.0)


class Intervals(dict[str, int]):
    """The intervals that people set, in ms by probe id; also of probes that are away, for their return."""

    def keep(self, probe_id: str, interval_ms: int) -> None:
        """Note one; of too many those go that were set longest ago."""
        self.pop(probe_id, None)
        self[probe_id] = interval_ms
        while len(self) > MOST:
            del self[next(iter(self))]


class Register:
    """Probes by id, at most MOST, and the intervals that people set for them.

    intervals: those set earlier, by probe id; usual_ms: for all others; every_s: how often a probe is looked
    at; most_a_second: how many checks begin.
    """

    def __init__(
        self,
        intervals: Mapping[str, int],
        usual_ms: int,
        every_s: float,
        *,
        most_a_second: float = MOST_A_SECOND,
    ) -> None:
        self._most = self._allowed = most_a_second
        self._allowed_s = clock.monotonic_s()
        self._probes: dict[str, Known] = {}
        self._intervals = Intervals(intervals)
        self._usual_ms = usual_ms
        self._every_s = every_s
        self._lock = threading.Lock()
        self._working: dict[int, Known] = {}
        # When each has its turn; and who is due: the living first, then the new, then the dead.
        self._times: list[tuple[float, int, Known]] = []
        self._order = count()
        self._due: tuple[deque[Known], ...] = (deque(), deque(), deque())

    def meet(self, sighting: Sighting) -> bool:
        """Take up a sighting; news makes it due at once. False when there is no room."""
        with self._lock:
            return self._meet(sighting)

    def forget(self, probe_id: str) -> bool:
        """The probe is gone; whether that made room. Its interval is kept for its return."""
        with self._lock:
            return self._probes.pop(probe_id, None) is not None

    def wake(self, probe_id: str | None) -> None:
        """Have one probe, or all, checked now, or once more where a check is under way."""
        now = clock.monotonic_s()
        with self._lock:
            for known in self._probes.values():
                if probe_id in (None, known.sighting.probe_id):
                    known.due, known.again = now, known.busy
                    self._plan(known)

    def sightings(self) -> list[Sighting]:
        """Where each probe was last seen."""
        with self._lock:
            return [one.sighting for one in self._probes.values()]

    def named(self, host: str, port: int) -> Known | None:
        """The probe that `host` means: its id, its address and port, or its name."""
        name = host.lower().removesuffix(".").removesuffix(".local")
        with self._lock:
            return (
                self._probes.get(host)
                or self._find(lambda met: (met.ip, met.port) == (host, port))
                or self._find(lambda met: name in (met.name.lower(), met.host.lower().removesuffix(".local")))
            )

    def introduced(self, sighting: Sighting) -> Known:
        """The probe that was asked who it is; one that is not kept yet is kept once it was told (`told`)."""
        with self._lock:
            if sighting.probe_id in self._probes:
                self._meet(sighting)
            return self._probes.get(sighting.probe_id) or Known(sighting)

    def order(
        self, known: Known, interval_ms: int | None = None, *, force: bool = False, take: bool = False
    ) -> Order:
        """How a probe should deliver: at that interval, else the one that was set for it, else the usual
        one."""
        with self._lock:
            kept = self._intervals.get(known.sighting.probe_id, self._usual_ms)
            return Order(interval_ms or kept, known.given, force, take)

    def told(self, known: Known, probe_id: str, given: Given, interval_ms: int | None) -> None:
        """A person had a probe told; interval_ms: kept for it from now on."""
        with self._lock:
            if interval_ms is not None:
                self._intervals.keep(probe_id, interval_ms)
            known.went_well(given, clock.monotonic_s(), self._pause_s())
            self._plan(known)
            if probe_id not in self._probes:
                self._add(known)

    def ended(self, known: Known, met: Sighting, result: ProbeCheck | None, given: Given | None) -> bool:
        """Note how a check ended and when the next is due. False when it is about a place that the probe has
        left."""
        now = clock.monotonic_s()
        with self._lock:
            if result is not None and result.ok and given is None:
                return True  # of a person, noted already: see `told`
            known.busy = False
            self._working.pop(id(known), None)
            if self._probes.get(met.probe_id) is not known:
                return False
            here = known.ended(met, result, given, now, self._pause_s())
            self._plan(known)
            return here

    def nobody_is_busy(self) -> None:
        """No check is under way: the threads that had some are no more."""
        with self._lock:
            for known in self._probes.values():
                known.busy = False
                self._plan(known)
            self._working.clear()

    def turns(self) -> tuple[list[Known], float, int]:
        """(probes to check now, when to look again, how many are under way with them). Marks them busy.

        The living come first, then the new, then the dead.
        """
        now = clock.monotonic_s()
        with self._lock:
            chosen, again = self._turns(now)
            return chosen, again, len(self._working)

    def _meet(self, sighting: Sighting) -> bool:
        now = clock.monotonic_s()
        known = self._probes.get(sighting.probe_id)
        if known is None:
            return self._add(Known(sighting, due=now))
        before, known.sighting = known.place(), sighting
        # A hello may not tell the boot; that is no news.
        if known.place()[:2] != before[:2] or (sighting.boot and sighting.boot != before[2]):
            known.failures, known.due, known.again = 0, now, known.busy
            self._plan(known)
        return True

    def _add(self, known: Known) -> bool:
        """Keep a probe; the one that fails longest makes room. False when all others answer."""
        if known.sighting.probe_id not in self._probes and len(self._probes) >= MOST:
            worst = max(self._probes.values(), key=lambda one: (not one.busy, one.failures))
            if worst.busy or not worst.failures:
                return False
            del self._probes[worst.sighting.probe_id]
        self._probes[known.sighting.probe_id] = known
        self._plan(known)
        return True

    def _find(self, fits: Callable[[Sighting], bool]) -> Known | None:
        return next((known for known in self._probes.values() if fits(known.sighting)), None)

    def _pause_s(self) -> float:
        return max(self._every_s, len(self._probes) / A_SECOND)

    def _plan(self, known: Known) -> None:
        """Its turn has changed; what was planned before is passed over when it comes."""
        heappush(self._times, (known.due, next(self._order), known))

    def _turns(self, now: float) -> tuple[list[Known], float]:
        busy = self._working.values()
        self._allowed = min(self._most, self._allowed + (now - self._allowed_s) * self._most)
        self._allowed_s = now
        free = min(WORKERS - len(busy), int(self._allowed))
        unproven = FOR_UNPROVEN - sum(not known.proven for known in busy)
        failing = FOR_FAILING - sum(known.failures > 0 for known in busy)
        self._look(now)
        chosen: list[Known] = []
        for rank, those in enumerate(self._due):
            # The new and the dead share a limit.
            most = (free, unproven, min(unproven, failing))[rank]
            while those and free > 0 and most > 0:
                known = those.popleft()
                if not self._is_due(known, known.due, now):
                    continue
                known.busy = True
                self._working[id(known)] = known
                chosen.append(known)
                free, most, unproven = free - 1, most - 1, unproven - (rank > 0)
        self._allowed -= len(chosen)
        if any(self._due) and len(busy) < WORKERS:
            # One has to wait for its turn, not for another to end.
            return chosen, now + LOOK_S
        return chosen, self._times[0][0] if self._times else now + LONGEST_PAUSE_S

    def _look(self, now: float) -> None:
        """Who is due by now."""
        while self._times and self._times[0][0] <= now:
            due, _, known = heappop(self._times)
            if self._is_due(known, due, now):
                self._due[known.rank].append(known)

    def _is_due(self, known: Known, due: float, now: float) -> bool:
        here = self._probes.get(known.sighting.probe_id) is known
        return here and not known.busy and known.due == due <= now
