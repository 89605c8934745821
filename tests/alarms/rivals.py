"""What alarms of others would have told of the same day: a bare threshold, Grafana's rule form, Home
Assistant's threshold helper.

Each as its documentation says it works, with the rule's own limit, delay and recovery where it knows such a
thing, and set in the way that is kindest to it. Each answers with the alarms: when somebody would have been
told, and when it was over, by the clock on the wall.
"""

import numpy as np

from alarms.days import MINUTE_MS, RECOVERY_MIN, START_MS, Array, Day, Ints
from temphub_kernel.alarms import Evaluator, Transition, Watch

BLOCK = 16
# When it was told, when it was over.
Alarm = tuple[int, int]


def ours(day: Day) -> list[Transition]:
    """This engine, fed as the hub feeds it."""
    engine = Evaluator([Watch(day.rule, 7, day.told_ms)])
    found: list[Transition] = []
    place = day.order
    for start in range(0, len(place), BLOCK):
        part = place[start : start + BLOCK]
        now_ms = int(day.came_ms[part[-1]])
        found += engine.take(
            np.full(len(part), 7), day.taken_ms[part], day.came_ms[part], day.celsius[part], now_ms
        )
        found += engine.tick(now_ms)
    return found + engine.tick(int(day.came_ms[place[-1]]) + 10 * MINUTE_MS)


def bare(day: Day) -> list[Alarm]:
    """Told whenever a value comes in that is above the limit behind one that is not."""
    came, values = _arriving(day)
    limit_c = day.rule.limit_c or 0.0
    return _alarms(came, (values > limit_c).astype(np.int64))


def helper(day: Day, *, hysteresis_c: float = 0.5, for_ms: int = 0) -> list[Alarm]:
    """On above limit + hysteresis, off below limit − hysteresis, judged by each value as it comes in.

    for_ms: an automation's `for`: it has to have been on for so long.
    """
    came, values = _arriving(day)
    limit_c = day.rule.limit_c or 0.0
    said = np.where(values > limit_c + hysteresis_c, 1, np.where(values < limit_c - hysteresis_c, 0, -1))
    # Between the two it stays what it was.
    last = np.maximum.accumulate(np.where(said >= 0, np.arange(len(said)), 0))
    state = np.maximum(said[last], 0)
    return _alarms(came, state, for_ms)


def grafana(day: Day) -> list[Alarm]:
    """Evaluated every minute on the last value of five: pending for the delay, firing, recovery threshold,
    keep firing for.

    Without data the state stays (its default is an alarm of its own). What comes late lies in the past when
    it is asked for.
    """
    minutes = np.arange(START_MS, int(day.came_ms.max()) + 2 * MINUTE_MS, MINUTE_MS)
    values = _last_known(day, minutes)
    limit_c, back_c = day.rule.limit_c or 0.0, day.rule.recovery_c or 0.0
    found: list[Alarm] = []
    pending = firing = back = 0
    for now, value in zip(minutes.tolist(), values.tolist(), strict=True):
        if value != value:
            continue
        if firing:
            back = (back or now) if value < back_c else 0
            if back and now - back >= RECOVERY_MIN * MINUTE_MS:
                found.append((firing, now))
                firing = pending = 0
        elif value > limit_c:
            pending = pending or now
            if now - pending >= day.rule.delay_ms:
                firing, back = now, 0
        else:
            pending = 0
    return found + ([(firing, int(minutes[-1]))] if firing else [])


def _arriving(day: Day) -> tuple[Ints, Array]:
    place = day.order[~np.isnan(day.celsius[day.order])]
    return day.came_ms[place], day.celsius[place]


def _alarms(came: Ints, state: Ints, for_ms: int = 0) -> list[Alarm]:
    """Of a state that each value sets: those that last for long enough."""
    edges, ends = np.flatnonzero(np.diff(np.r_[0, state, 0])).reshape(-1, 2), np.r_[came, came[-1]]
    return [(int(came[a]) + for_ms, int(ends[b])) for a, b in edges if ends[b] - came[a] >= for_ms]


def _last_known(day: Day, minutes: Ints) -> Array:
    """The value taken last of those that had come in by then, NaN where that was more than five minutes
    before."""
    place = day.order[~np.isnan(day.celsius[day.order])]
    newest = np.maximum.accumulate(place)
    known = np.searchsorted(day.came_ms[place], minutes, side="right") - 1
    found = newest[np.maximum(known, 0)]
    fresh = (known >= 0) & (minutes - day.taken_ms[found] <= 5 * MINUTE_MS)
    return np.where(fresh, day.celsius[found], np.nan)
