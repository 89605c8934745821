"""Days of refrigerators and freezers with doors, defrosts, failures, noise, ghosts, gaps and outages: what
alarms make of them.

The same at length, beside others' rules: alarms_bench.py.
"""

import numpy as np
import pytest

from alarms.days import make_day
from alarms.rivals import bare, ours
from alarms.score import Score, judge, judge_ours

DAYS = 70


@pytest.fixture(scope="module")
def scores() -> tuple[Score, Score]:
    """Of this engine, and of a rule that tells whenever a value above the limit comes in."""
    score, simple = Score(), Score()
    for number in range(DAYS):
        day = make_day(np.random.default_rng([7, number]), quickest_s=60)
        judge_ours(score, day, ours(day))
        judge(simple, day, bare(day))
    return score, simple


def test_never_flaps_never_misses(scores):
    """No excursion of at least the delay is missed; ghosts, gaps, defrosts shorter than the delay and late
    data tell nobody; one message an excursion."""
    score, simple = scores
    assert score.excursions > 10
    assert (score.missed, score.false, score.repeated) == (0, 0, 0)
    # The days are hard enough for a rule that is not.
    assert simple.false > 50 and simple.repeated > 2


def test_told_as_soon_as_the_delay_is_over(scores):
    """An excursion is told with the reading with which the delay is over, or the first live one behind it."""
    late = np.sort(scores[0].delays_min)
    assert len(late) >= 10 and np.percentile(late, 90) < 6


@pytest.mark.parametrize("number", [5385, 5637])
def test_days_that_were_missed_once(number):
    """Of ten thousand days an earlier engine missed these two: of the excursion the beginning, or the end,
    came late after an outage."""
    score, day = Score(), make_day(np.random.default_rng([20, number]))
    judge_ours(score, day, ours(day))
    assert score.excursions and score.wrong == 0
