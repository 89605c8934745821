"""What a rule would have told of readings that are there: the same as it tells when they come in."""

import numpy as np
from hypothesis import given, settings, strategies as st

from alarms.alarms_harness import MINUTE_MS, START_MS, rule, stream, take, watch
from temphub_kernel.alarms import Rule
from temphub_kernel.alarms.preview import Excursion, replay

RULES = [
    rule(delay_min=5, recovery_min=3, recovery_c=7),
    rule(delay_min=0, recovery_min=0),
    rule("below", limit_c=7.95, delay_min=8, counting="cumulative", window_min=20),
    rule("rise", change_c=1, within_min=5, delay_min=1),
]


def of(one: Rule, values: list[float | None]) -> list[Excursion]:
    celsius = np.array([np.nan if value is None else value for value in values], float)
    return replay(one, MINUTE_MS, START_MS + np.arange(len(values)) * MINUTE_MS, celsius)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(RULES),
    st.lists(
        st.tuples(st.sampled_from([None, 5.0, 7.5, 7.9, 8.1, 9.0, 12.0]), st.integers(1, 15)), max_size=10
    ),
)
def test_it_tells_what_would_have_been_told(one, runs):
    """Each alarm with its beginning, when it would have come, its end and its worst."""
    values = [value for value, count in runs for _ in range(count)]
    told = take(watch(one), stream(values))
    fired = [step.at_ms for step in told if step.what == "active"]
    ended = [
        (step.since_ms, step.at_ms, step.worst_c, step.worst_ms) for step in told if step.what == "cleared"
    ]
    found = of(one, values)
    assert [one.fired_ms for one in found] == fired
    over = [one for one in found if one.cleared_ms]
    assert [(one.since_ms, one.cleared_ms, one.worst_c, one.worst_ms) for one in over] == ended
    assert len(found) - len(over) <= 1


def test_one_that_is_not_over():
    """An excursion at the end of the readings is there, without an end."""
    (found,) = of(rule(delay_min=5), [5.0] * 10 + [9.0] * 20)
    assert (found.fired_ms - START_MS, found.cleared_ms, found.length_ms) == (15 * MINUTE_MS, 0, 0)
    assert of(rule(delay_min=5), []) == [] and of(rule(delay_min=5), [9.0]) == []
