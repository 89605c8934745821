"""How well alarms did on a day of which the truth is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alarms.days import MINUTE_MS, RECOVERY_MIN, UNSURE_K, Day, Span, spans
from temphub_kernel.alarms import Transition


@dataclass
class Score:
    """missed: excursions of at least the delay of which nobody was told; false: told without one; repeated:
    told again of the same; delays_min: from the reading with which the delay was over, by its arrival, until
    it was told."""

    days: int = 0
    excursions: int = 0
    missed: int = 0
    false: int = 0
    repeated: int = 0
    messages: int = 0
    delays_min: list[float] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """What should be 0."""
        return self.missed + self.false + self.repeated

    def line(self) -> str:
        """The figures as a row of a table."""
        middle, most = np.percentile(self.delays_min, [50, 95]) if self.delays_min else (0, 0)
        return (
            f"{self.messages:>9,}{self.missed:>8,}{self.false:>8,}{self.repeated:>9,}{middle:>9.1f}"
            f"{most:>9.1f}"
        )


def episodes(day: Day) -> list[tuple[Span, int, int]]:
    """(an excursion that an alarm may tell of, from when to when that is about it): two are one unless the
    value was well back between."""
    taken, limit_c = day.taken_ms, day.rule.limit_c or 0.0
    back = spans(taken, day.truth <= limit_c - UNSURE_K, 3 * day.interval_ms)
    well = [one for one in back if one.measured_ms >= RECOVERY_MIN * MINUTE_MS]
    found: list[tuple[Span, int, int]] = []
    for one in day.may:
        before = max((int(taken[w.last]) for w in well if w.last < one.first), default=0)
        # What is told of it may come in only after the next time that it was well: by a backlog.
        after = min((int(taken[w.first]) for w in well if w.first > one.last), default=2**62)
        if found and found[-1][1] == before:
            found[-1] = (found[-1][0], before, after)
        else:
            found.append((one, before, after))
    return found


def judge(
    score: Score, day: Day, alarms: Sequence[tuple[int, int]], past: Sequence[tuple[int, int]] = ()
) -> None:
    """Count what a day's alarms come to. alarms: when somebody was told, and when it was over; past:
    excursions that were told of as past, from when to when."""
    score.days += 1
    score.messages += len(alarms)
    all_of = episodes(day)
    of_it = [[one for one in alarms if start < one[0] <= end] for _, start, end in all_of]
    score.false += len(alarms) - sum(map(len, of_it))
    score.repeated += sum(max(len(told) - 1, 0) for told in of_it)
    for must in day.must:
        score.excursions += 1
        first_ms, last_ms = int(day.taken_ms[must.first]), int(day.taken_ms[must.last])
        told = [
            at
            for (_, start, end), told in zip(all_of, of_it, strict=True)
            if start < last_ms <= end
            for at, _ in told
        ]
        if told:
            score.delays_min.append((min(told) - _due_ms(day, must)) / MINUTE_MS)
        # One that was told of goes on where nobody knew in time that it was over in between.
        elif not any(start <= last_ms and first_ms <= end for start, end in (*alarms, *past)):
            score.missed += 1


def judge_ours(score: Score, day: Day, found: Sequence[Transition]) -> None:
    """The same for what an Evaluator told."""
    alarms: list[tuple[int, int]] = []
    for one in found:
        if one.what == "active" and not one.past:
            alarms.append((one.at_ms, 2**62))
        elif one.what == "cleared" and not one.past:
            alarms[-1] = (alarms[-1][0], one.at_ms)
    judge(
        score, day, alarms, [(one.since_ms, one.at_ms) for one in found if one.what == "cleared" and one.past]
    )


def _due_ms(day: Day, must: Span) -> int:
    """When the reading came in with which the delay was over."""
    places = np.arange(must.first, must.last + 1)
    steps = np.diff(day.taken_ms[places], prepend=day.taken_ms[must.first])
    measured = np.cumsum(np.where(steps <= 3 * day.interval_ms, steps, 0))
    place = int(places[np.searchsorted(measured, day.rule.delay_ms)])
    return int(day.came_ms[place])
