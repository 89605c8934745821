"""What is watched, and what becomes of it: the words that the parts of the engine share. Pure."""

from typing import Any, NamedTuple

from .conditions import condition_of
from .rules import CHANGES, LIMITS, Rule
from .run import (
    ACTIVE,
    IDLE,
    LONGEST_DIP_MS,
    MET,
    PENDING,
    Look,
    Plan,
    Run,
    Step,
    advance,
    ended_unseen,
    fill,
    lead_up,
    worsen,
)

MOST_TOLD = 8


class Watch(NamedTuple):
    """A rule for a probe. probe: its row in the journal; interval_ms: its own, 0 when unknown; group: the
    person's name for it; board: what it is a sensor of, empty when that is itself."""

    rule: Rule
    probe: int
    interval_ms: int
    group: str = ""
    board: str = ""


class Transition(NamedTuple):
    """What the engine tells.

    rule, probe: rows of the journal, probe 0: of several at once, which are in `probes` (of one board: probe
    is the first of its sensors). what: pending, active, cleared, or dropped
    (pending went away). at_ms: time of the reading, or tick, that decided. since_ms: when the excursion
    began. celsius: the value that decided; worst_c at worst_ms: the farthest beyond. past: it began and ended
    in late data: never told live.
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
    """Sick or not, for one watch: an alarm when it is sick, cleared when it was well again for the rule's
    recovery time.

    The clock is the engine's own (pace.SteadyClock); now_ms and since_ms are the hub's.
    """

    def __init__(self, rule: Rule, probe: int) -> None:
        self.rule, self.probe = rule, probe
        self.active = False
        self._since_ms = 0
        self._well_ms = -1
        self._hours = rule.hours()

    def look(
        self, sick: bool, clock_ms: int, now_ms: int, since_ms: int, probes: tuple[int, ...] = ()
    ) -> list[Transition]:
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


# Since when what alarms that go on are about is well again, by the hub's clock: {(rule, probe of the alarm):
# {probe: ms}}. Of one of several each by itself.
Back = dict[tuple[int, int], dict[int, int]]


class Return:
    """Whether the value of an alarm that goes on is back within its limit: from the first reading within on.

    One that goes beyond again and comes back sooner than in LONGEST_DIP_MS jumps about its limit: it is back
    when it has stayed for so long. since_ms: of the first reading within, 0 while it is not back.
    """

    __slots__ = ("beyond_ms", "since_ms", "within_ms")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nothing goes on."""
        # Of the first reading within since the last one beyond; since when it is beyond again, 0 for never.
        self.since_ms = self.within_ms = self.beyond_ms = 0

    def look(self, at_ms: int, beyond: bool) -> None:
        """Take in the next reading."""
        if beyond:
            # Going beyond once more: how long for is counted anew.
            self.beyond_ms = at_ms if self.within_ms else self.beyond_ms
            self.since_ms = self.within_ms = 0
            return
        lasted = not self.beyond_ms or (self.within_ms or at_ms) - self.beyond_ms >= LONGEST_DIP_MS
        self.within_ms = self.within_ms or at_ms
        if lasted or at_ms - self.within_ms >= LONGEST_DIP_MS:
            self.since_ms = self.within_ms

    def set_back(self, before_ms: int, by_ms: int) -> None:
        """The hub's clock was set back: what is dated behind `before_ms` was then."""
        self.restore([ms - by_ms if ms > before_ms else ms for ms in self.state()])

    def state(self) -> list[int]:
        """As `restore` takes it."""
        return [self.since_ms, self.within_ms, self.beyond_ms]

    def restore(self, state: list[int]) -> None:
        """Go on from there."""
        self.since_ms, self.within_ms, self.beyond_ms = state


class Watched:
    """A watch of a temperature with its state. run: of what comes in order; late: of what comes late; spans:
    excursions told of already; back: whether its value is back while an alarm goes on."""

    __slots__ = ("back", "condition", "hours", "late", "late_ms", "plan", "rule", "run", "spans", "tail")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.plan = Plan.of(rule)
        self.condition = condition_of(rule)
        self.hours = rule.hours()
        self.run, self.back = Run(), Return()
        self.late: Run | None = None
        self.late_ms = 0
        self.spans: list[list[int]] = []
        # A run as it was when a gap came, behind which it was over: late readings may show that it went on
        # for some of it.
        self.tail: Run | None = None

    @property
    def idle(self) -> bool:
        return self.run.stage == IDLE and self.late is None

    def in_order(self, at_ms: int, celsius: float, live: bool, gap_ms: int) -> list[Step]:
        """Take in the probe's newest reading."""
        look = self._look(at_ms, celsius, live, gap_ms)
        run = self.run
        if run.stage == PENDING and run.was_beyond and not look.beyond and at_ms - run.last_ms > gap_ms:
            self.tail = Run.from_json(run.to_json())
        steps = advance(run, self.plan, look)
        for step in steps:
            if step.what == "cleared":
                self._remember(step.since_ms, step.at_ms)
        if run.stage != ACTIVE:
            self.back.forget()
        elif self.rule.kind in LIMITS:
            # That it rose or fell stays true, wherever the value is by now.
            self.back.look(at_ms, look.beyond)
        return steps

    def out_of_order(self, at_ms: int, celsius: float, gap_ms: int, clock_ms: int) -> list[Step]:
        """Take in a reading that is older than the newest one. clock_ms: the Evaluator's."""
        if self.rule.kind in CHANGES:
            # What changed within some minutes is nothing that is told later.
            return []
        look, steps = self._look(at_ms, celsius, False, gap_ms), []
        if self.run.stage == ACTIVE and at_ms >= self.run.since_ms:
            worsen(self.run, self.plan, look)
        if self.run.stage in (PENDING, MET) and (filled := fill(self.run, self.plan, look)) is not None:
            for step in filled[1:]:
                self._remember(step.since_ms, step.at_ms)
            return filled
        if self.late is not None and not 0 < at_ms - self.late.last_ms <= gap_ms:
            # Behind a gap lies what is known already.
            steps = self.settle(gap_ms)
        if self.late is None and look.beyond:
            tail, self.tail = self.tail, None
            self.late = tail if tail is not None and 0 < at_ms - tail.last_ms <= gap_ms else Run()
            self.late.told = False
        if self.late is not None:
            steps += self._unknown(advance(self.late, self.plan, look))
            self.late_ms = clock_ms
            if self.late.stage == IDLE:
                self.late = None
        return steps

    def settle(self, gap_ms: int) -> list[Step]:
        """The late readings end here: what they come to."""
        late, run, self.late = self.late, self.run, None
        if late is None:
            return []
        if run.stage in (PENDING, MET) and 0 < run.since_ms - late.last_ms <= gap_ms:
            lead_up(run, self.plan, late)
            return []
        return self._unknown(ended_unseen(late, late.last_ms, None)) if late.stage == MET else []

    def _look(self, at_ms: int, celsius: float, live: bool, gap_ms: int) -> Look:
        beyond, recovered = self.condition.judge(at_ms, celsius)
        return Look(at_ms, celsius, beyond, recovered, live, gap_ms, not beyond or self.hours.is_on(at_ms))

    def _unknown(self, steps: list[Step]) -> list[Step]:
        """What late readings showed, unless it is part of an excursion that was told of, or of the one under
        way."""
        if not steps:
            return []
        start_ms, end_ms = steps[0].since_ms, steps[-1].at_ms
        spans = self.spans + (
            [[self.run.since_ms, self.run.last_ms]] if self.run.stage in (MET, ACTIVE) else []
        )
        if any(begin <= end_ms and start_ms <= end for begin, end in spans):
            return []
        self._remember(start_ms, end_ms)
        return steps

    def _remember(self, start_ms: int, end_ms: int) -> None:
        self.spans = [*self.spans[1 - MOST_TOLD :], [start_ms, end_ms]]

    def set_back(self, before_ms: int, by_ms: int) -> None:
        """The hub's clock was set back: what is dated behind `before_ms` was then."""
        run, self.late, self.tail = self.run, None, None
        self.back.set_back(before_ms, by_ms)
        run.last_ms -= by_ms if run.last_ms > before_ms else 0
        run.since_ms -= by_ms if run.since_ms > before_ms else 0
        run.gaps.clear()
        run.slots.clear()

    def state(self) -> list[Any]:
        late = None if self.late is None else self.late.to_json()
        tail = None if self.tail is None else self.tail.to_json()
        return [
            self.rule.kind,
            self.run.to_json(),
            late,
            self.late_ms,
            tail,
            self.spans,
            self.condition.state(),
        ]

    def restore(self, state: list[Any]) -> None:
        kind, run, late, late_ms, tail, spans, seen = state
        if kind != self.rule.kind:
            return
        self.run, self.late_ms = Run.from_json(run), late_ms
        self.late = None if late is None else Run.from_json(late)
        self.tail = None if tail is None else Run.from_json(tail)
        self.spans = [list(span) for span in spans]
        if seen is not None:
            self.condition.restore(seen)
