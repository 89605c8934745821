"""What a rule would have told of readings that are there already: shown before it is switched on. Any thread; pure."""

from typing import NamedTuple

import numpy as np

from ..journal import Floats, Ints
from . import conditions, pace, rules
from .run import ACTIVE, IDLE, Look, Plan, Run, Step, advance

# The pace of a stream is the median of so many steps about a place.
PACE_STEPS = 101


class Excursion(NamedTuple):
    """since_ms: when it began; fired_ms: when the alarm would have come; cleared_ms: 0 when it was not over at the end of the readings;
    worst_c at worst_ms: the farthest beyond."""

    since_ms: int
    fired_ms: int
    cleared_ms: int
    worst_c: float
    worst_ms: int

    @property
    def length_ms(self) -> int:
        """From its beginning until it was cleared; 0 when it was not."""
        return max(self.cleared_ms - self.since_ms, 0)


def replay(rule: rules.Rule, interval_ms: int, taken_ms: Ints, celsius: Floats) -> list[Excursion]:
    """The alarms of one probe's readings, by time. taken_ms: rising; celsius: NaN for no temperature; interval_ms: 0 when unknown.

    As if each reading had come as soon as it was taken.
    """
    good = ~np.isnan(celsius)
    at_ms, values = taken_ms[good], celsius[good]
    gap_ms = pace.GAP_PACES * _paces(taken_ms, interval_ms)[good]
    condition, plan, hours, run = conditions.condition_of(rule), Plan.of(rule), rule.hours(), Run()
    outside = np.ones(len(values), np.bool_) if condition.steps else (values < condition.low) | (values > condition.high)
    steps: list[Step] = []
    here, begins = 0, np.flatnonzero(outside)
    while here < len(values):
        if run.stage == IDLE and not condition.steps:
            # What lies between is no matter: on to the next reading beyond.
            place = int(np.searchsorted(begins, here))
            if place == len(begins):
                break
            here = int(begins[place])
        moment, value = int(at_ms[here]), float(values[here])
        beyond, recovered = condition.judge(moment, value)
        look = Look(moment, value, beyond, recovered, True, int(gap_ms[here]), not beyond or hours.is_on(moment))
        steps += advance(run, plan, look)
        here += 1
    return _excursions(steps, run)


def _paces(taken_ms: Ints, interval_ms: int) -> Ints:
    """How often readings come, at each of them."""
    if len(taken_ms) < 2:
        return np.full(len(taken_ms), interval_ms or pace.ASSUMED_INTERVAL_MS)
    steps = np.diff(taken_ms, prepend=taken_ms[0] - (taken_ms[1] - taken_ms[0]))
    blocks = [steps[start : start + PACE_STEPS] for start in range(0, len(steps), PACE_STEPS)]
    found: Ints = np.concatenate([np.full(len(block), max(int(np.median(block)), interval_ms)) for block in blocks])
    return found


def _excursions(steps: list[Step], run: Run) -> list[Excursion]:
    found: list[Excursion] = []
    fired: Step | None = None
    for step in steps:
        if step.what == "active":
            fired = step
        elif step.what == "cleared" and fired is not None:
            found.append(Excursion(step.since_ms, fired.at_ms, step.at_ms, step.worst_c or 0.0, step.worst_ms))
            fired = None
    if fired is not None and run.stage == ACTIVE:
        found.append(Excursion(run.since_ms, fired.at_ms, 0, run.worst_c, run.worst_ms))
    return found
