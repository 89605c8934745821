"""One watch's way through an excursion: nothing, pending, met, active, and back. Pure; the thread of whoever
holds it.

Durations are sums of the readings' own times: a reading counts until the next one, unless a gap comes
between; then nothing counts.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..core import MINUTE_MS
from .rules import CHANGES, Rule

IDLE, PENDING, MET, ACTIVE = range(4)
# A consecutive run is not broken by noise: a dip of at most a tenth of the delay, and of a minute, ...
DIP_PART = 10
LONGEST_DIP_MS = MINUTE_MS
# ... as long as the readings were beyond for at least half of the run's time.
BEYOND_PART = 2
# Cumulative minutes are added up in so many parts of their window.
SLOTS = 240
MOST_GAPS = 8


class Plan(NamedTuple):
    """What a run needs of its rule. sign: 1 where warmer is worse, −1 where colder is."""

    sign: int
    delay_ms: int
    recovery_ms: int
    dip_ms: int
    slot_ms: int

    @classmethod
    def of(cls, rule: Rule) -> "Plan":
        """slot_ms: 0 unless minutes are counted cumulatively."""
        sign = 1 if rule.kind in ("above", "rise") else -1
        cumulative = rule.counting == "cumulative" and rule.kind not in CHANGES
        slot_ms = max(rule.window_ms // SLOTS, 1) if cumulative else 0
        return cls(
            sign, rule.delay_ms, rule.recovery_ms, min(rule.delay_ms // DIP_PART, LONGEST_DIP_MS), slot_ms
        )


class Look(NamedTuple):
    """A reading as a run sees it. at_ms: when it was taken; beyond the limit, recovered; live: known soon
    enough to tell somebody; gap_ms: a longer pause before it is a gap; watched: whether the schedule watches
    then."""

    at_ms: int
    celsius: float
    beyond: bool
    recovered: bool
    live: bool
    gap_ms: int
    watched: bool = True


class Step(NamedTuple):
    """What became of a run: what as in evaluate.Transition, and whether it is known from late data only."""

    what: str
    at_ms: int
    since_ms: int
    celsius: float | None
    worst_c: float | None
    worst_ms: int
    past: bool = False


@dataclass(slots=True)
class Run:
    """The state. last_ms: of the newest reading looked at; counted_ms: time of the run, beyond_ms: of it
    beyond the limit; dip_ms: the dip that it is in (−1: none); back_ms: recovered for so long (−1: not);
    met_ms: when the rule was met; gaps: pauses within a run, [from, to, counted_ms and beyond_ms at its end,
    since when a dip in it]; slots: {slot: [ms beyond, first]}; told: whether `pending` was."""

    stage: int = IDLE
    since_ms: int = 0
    last_ms: int = 0
    was_beyond: bool = False
    counted_ms: int = 0
    beyond_ms: int = 0
    dip_ms: int = -1
    back_ms: int = -1
    met_ms: int = 0
    worst_c: float = 0.0
    worst_ms: int = 0
    told: bool = False
    gaps: list[list[int]] = field(default_factory=list)
    slots: dict[int, list[int]] = field(default_factory=dict)

    def to_json(self) -> list[Any]:
        """The state as `from_json` takes it."""
        values = [getattr(self, name) for name in NAMES]
        return [*values, self.gaps, [[slot, *told] for slot, told in self.slots.items()]]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Run":
        """The run of that state."""
        *values, gaps, slots = data
        run = cls(gaps=[list(gap) for gap in gaps], slots={slot: [ms, first] for slot, ms, first in slots})
        for name, value in zip(NAMES, values, strict=True):
            setattr(run, name, value)
        return run


NAMES = (
    *("stage", "since_ms", "last_ms", "was_beyond", "counted_ms", "beyond_ms", "dip_ms"),
    *("back_ms", "met_ms", "worst_c", "worst_ms", "told"),
)


def advance(run: Run, plan: Plan, look: Look) -> list[Step]:
    """Take in the run's next reading, which is taken after the ones before."""
    if run.stage == IDLE and not (look.beyond and look.watched):
        return []
    steps: list[Step] = []
    if run.stage == IDLE:
        _begin(run, look)
    passed_ms = look.at_ms - run.last_ms
    if passed_ms > look.gap_ms:
        _note_gap(run, look)
        passed_ms = 0
    if run.stage == PENDING:
        steps += _count(run, plan, look, passed_ms)
    else:
        run.counted_ms += passed_ms
    if run.stage != IDLE:
        worsen(run, plan, look)
        steps += _decide(run, plan, look, passed_ms)
    run.last_ms, run.was_beyond = look.at_ms, look.beyond
    return steps


def _begin(run: Run, look: Look) -> None:
    run.stage, run.since_ms, run.last_ms = PENDING, look.at_ms, look.at_ms
    run.was_beyond, run.told = False, False
    run.counted_ms, run.beyond_ms, run.dip_ms, run.back_ms, run.met_ms = 0, 0, -1, -1, 0
    run.worst_c, run.worst_ms = look.celsius, look.at_ms
    run.gaps.clear()
    run.slots.clear()


def _note_gap(run: Run, look: Look) -> None:
    """What comes late may fill it, while nothing is decided."""
    if run.stage == PENDING and run.was_beyond and look.beyond:
        run.gaps = [*run.gaps[1 - MOST_GAPS :], [run.last_ms, look.at_ms, run.counted_ms, run.beyond_ms, 0]]


def _count(run: Run, plan: Plan, look: Look, passed_ms: int) -> list[Step]:
    """The time of a pending run; a run that is broken ends, and a reading beyond begins the next one."""
    if plan.slot_ms:
        _add_to_slots(run, plan, look, passed_ms)
        broken = not run.slots and not look.beyond
    else:
        run.counted_ms += passed_ms
        run.beyond_ms += passed_ms if run.was_beyond else 0
        run.dip_ms += passed_ms if run.dip_ms >= 0 else 0
        broken = run.dip_ms > plan.dip_ms
    if not broken and look.watched:
        run.dip_ms = -1 if look.beyond else max(run.dip_ms, 0)
        return []
    steps = [_step(run, "dropped", look)] if run.told else []
    run.stage = IDLE
    run.slots.clear()
    if look.beyond and look.watched:
        _begin(run, look)
    return steps


def _add_to_slots(run: Run, plan: Plan, look: Look, passed_ms: int) -> None:
    oldest = look.at_ms // plan.slot_ms - SLOTS
    for slot in [slot for slot in run.slots if slot <= oldest]:
        del run.slots[slot]
    if look.beyond or (run.was_beyond and passed_ms):
        told = run.slots.setdefault(look.at_ms // plan.slot_ms, [0, look.at_ms])
        told[0] += passed_ms if run.was_beyond else 0
    run.beyond_ms = sum(told[0] for told in run.slots.values())
    run.counted_ms = run.beyond_ms
    run.since_ms = min((told[1] for told in run.slots.values()), default=run.since_ms)


def worsen(run: Run, plan: Plan, look: Look) -> None:
    """Take in how far off a reading of the run is, in whatever order it came."""
    if plan.sign * look.celsius > plan.sign * run.worst_c:
        run.worst_c, run.worst_ms = look.celsius, look.at_ms


def _decide(run: Run, plan: Plan, look: Look, passed_ms: int) -> list[Step]:
    """What the reading decides: met, active, cleared; or that it is pending, when that is new."""
    if run.stage == PENDING:
        enough = run.counted_ms >= plan.delay_ms and run.beyond_ms * BEYOND_PART >= run.counted_ms
        if not (look.beyond and look.watched and enough):
            return _say_pending(run, look)
        run.stage, run.met_ms, run.back_ms = MET, look.at_ms, -1
        run.gaps.clear()
    if run.stage == MET and look.live and look.beyond and look.watched:
        run.stage, run.back_ms = ACTIVE, -1
        return [_step(run, "active", look)]
    return _recover(run, plan, look, passed_ms)


def _say_pending(run: Run, look: Look) -> list[Step]:
    if run.told or not (look.live and look.beyond):
        return []
    run.told = True
    return [_step(run, "pending", look)]


def _recover(run: Run, plan: Plan, look: Look, passed_ms: int) -> list[Step]:
    if not look.recovered:
        run.back_ms = -1
        return []
    run.back_ms = run.back_ms + passed_ms if run.back_ms >= 0 else 0
    if run.back_ms < plan.recovery_ms:
        return []
    if run.stage == ACTIVE:
        steps = [_step(run, "cleared", look)]
    else:
        # One that nobody could be told of while it lasted is history; that it was pending may have been told.
        steps = [_step(run, "dropped", look)] if run.told else []
        steps += ended_unseen(run, look.at_ms, look.celsius)
    run.stage = IDLE
    run.slots.clear()
    return steps


def ended_unseen(run: Run, at_ms: int, celsius: float | None) -> list[Step]:
    """An excursion of which nobody knew while it lasted, from its beginning to its end."""
    seen = run.since_ms, celsius, run.worst_c, run.worst_ms
    return [Step("active", run.met_ms, *seen, past=True), Step("cleared", at_ms, *seen, past=True)]


def _step(run: Run, what: str, look: Look) -> Step:
    return Step(what, look.at_ms, run.since_ms, look.celsius, run.worst_c, run.worst_ms)


def fill(run: Run, plan: Plan, look: Look) -> list[Step] | None:
    """Take in a late reading that lies in a gap of a run that nobody was told of; None when there is none
    there. It fires nothing."""
    gap = next((gap for gap in run.gaps if gap[0] < look.at_ms < gap[1]), None)
    if gap is None:
        return None
    start_ms, end_ms = gap[:2]
    if not look.beyond:
        gap[4] = gap[4] or look.at_ms
        return _over_in_between(run, plan, gap, look) if look.at_ms - gap[4] > plan.dip_ms else []
    gap[4] = 0
    known_ms = look.at_ms - start_ms if look.at_ms - start_ms <= look.gap_ms else 0
    known_ms += end_ms - look.at_ms if end_ms - look.at_ms <= look.gap_ms else 0
    for later in run.gaps[run.gaps.index(gap) :]:
        later[2] += known_ms
        later[3] += known_ms
    gap[0] = look.at_ms if end_ms - look.at_ms > look.gap_ms else end_ms
    worsen(run, plan, look)
    _longer(run, plan, known_ms)
    return []


def _over_in_between(run: Run, plan: Plan, gap: list[int], look: Look) -> list[Step]:
    """It was over within a gap: what was before it is history, if it was long enough; the run is what came
    behind the gap."""
    _, end_ms, counted_ms, beyond_ms, _ = gap
    met = counted_ms >= plan.delay_ms and beyond_ms * BEYOND_PART >= counted_ms
    run.met_ms = gap[0]
    steps = ended_unseen(run, look.at_ms, look.celsius) if met else []
    behind = run.gaps[run.gaps.index(gap) + 1 :]
    run.gaps = [
        [a, b, counted - counted_ms, beyond - beyond_ms, dip] for a, b, counted, beyond, dip in behind
    ]
    run.stage, run.since_ms = PENDING, end_ms
    run.counted_ms -= counted_ms
    run.beyond_ms -= beyond_ms
    _longer(run, plan, 0)
    return steps


def lead_up(run: Run, plan: Plan, earlier: Run) -> None:
    """Late readings turned out to be the beginning of a run that is under way: its time counts; the next
    reading decides."""
    joint_ms = run.since_ms - earlier.last_ms
    run.since_ms = earlier.since_ms
    if plan.sign * earlier.worst_c > plan.sign * run.worst_c:
        run.worst_c, run.worst_ms = earlier.worst_c, earlier.worst_ms
    _longer(run, plan, earlier.counted_ms + joint_ms)


def _longer(run: Run, plan: Plan, by_ms: int) -> None:
    """Late readings make a run longer. The rule may be met by that: a live reading confirms it, or it ends as
    history."""
    run.counted_ms += by_ms
    run.beyond_ms += by_ms
    if (
        run.stage == PENDING
        and run.counted_ms >= plan.delay_ms
        and run.beyond_ms * BEYOND_PART >= run.counted_ms
    ):
        run.stage, run.met_ms, run.back_ms = MET, run.last_ms, -1
