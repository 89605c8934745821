"""What is watched, and what becomes of it: the words that the parts of the engine share. Pure."""

from typing import Any, NamedTuple

from .rules import Rule


class Watch(NamedTuple):
    """A rule for a probe. probe: its row in the journal; interval_ms: its own, 0 when unknown; group: the person's name for it;
    board: what it is a sensor of, empty when that is itself."""

    rule: Rule
    probe: int
    interval_ms: int
    group: str = ""
    board: str = ""


class Transition(NamedTuple):
    """What the engine tells.

    rule, probe: rows of the journal, probe 0: of several at once, which are in `probes` (of one board: probe is the
    first of its sensors). what: pending, active, cleared, or dropped
    (pending went away). at_ms: time of the reading, or tick, that decided. since_ms: when the excursion began. celsius: the value that
    decided; worst_c at worst_ms: the farthest beyond. past: it began and ended in late data: never told live.
    """

    rule: int
    probe: int
    what: str
    at_ms: int
    since_ms: int
    celsius: float | None = None
    worst_c: float | None = None
    worst_ms: int = 0
    past: bool = False
    probes: tuple[int, ...] = ()


class Episode:
    """Sick or not, for one watch: an alarm when it is sick, cleared when it was well again for the rule's recovery time.

    The clock is the engine's own (pace.SteadyClock); now_ms and since_ms are the hub's.
    """

    def __init__(self, rule: Rule, probe: int) -> None:
        self.rule, self.probe = rule, probe
        self.active = False
        self._since_ms = 0
        self._well_ms = -1
        self._hours = rule.hours()

    def look(self, sick: bool, clock_ms: int, now_ms: int, since_ms: int, probes: tuple[int, ...] = ()) -> list[Transition]:
        """What has become of it; since_ms: when it began, if it is sick."""
        if sick:
            self._well_ms = -1
            if self.active or not self._hours.is_on(now_ms):
                return []
            # A clock that was set in between: nothing begins in the future.
            self.active, self._since_ms = True, min(since_ms, now_ms)
            return [self.told("active", now_ms, probes)]
        if not self.active:
            return []
        self._well_ms = clock_ms if self._well_ms < 0 else self._well_ms
        if clock_ms - self._well_ms < self.rule.recovery_ms:
            return []
        self.active = False
        return [self.told("cleared", now_ms, probes)]

    def told(self, what: str, now_ms: int, probes: tuple[int, ...] = ()) -> Transition:
        """What is said of it now."""
        return Transition(self.rule.no, self.probe, what, now_ms, min(self._since_ms, now_ms), probes=probes)

    def state(self) -> list[Any]:
        """As `restore` takes it."""
        return [self.active, self._since_ms, self._well_ms]

    def restore(self, state: list[Any]) -> None:
        """Go on from there."""
        self.active, self._since_ms, self._well_ms = state
