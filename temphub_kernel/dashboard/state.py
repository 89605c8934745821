"""How a probe does, judged from the age of its newest reading. Any thread; pure."""

from typing import Literal

State = Literal["online", "late", "silent", "fault", "waiting", "new", "refused"]

# A probe that nobody told an interval (a script, a first start) is judged as if it delivered this often.
ASSUMED_INTERVAL_MS = 10_000
# What Wi-Fi and the journal's gathering may add without anybody having to be told.
GRACE_MS = 2_000
SILENT_AT_LEAST_MS = 30_000
MISSED_LATE = 3
MISSED_SILENT = 10


def state_of(now_ms: int, taken_ms: int | None, interval_ms: int, good: bool, *, told: bool = True, refused: bool = False) -> State:
    """The state of a probe.

    taken_ms: when its newest reading was taken, None when it has none; interval_ms: its own pace, 0 when unknown;
    good: whether that reading is a temperature;
    told: whether it knows where to deliver; refused: whether the hub refuses what it delivers, which outweighs all: what there is of
    it is from before. Silence outweighs a fault: an old fault says nothing of now.
    """
    if refused:
        return "refused"
    if taken_ms is None:
        return "waiting" if told else "new"
    # One from the future, of a time when the clock was ahead, says nothing of now.
    age_ms = abs(now_ms - taken_ms)
    pace_ms = interval_ms or ASSUMED_INTERVAL_MS
    if age_ms > max(MISSED_SILENT * pace_ms, SILENT_AT_LEAST_MS) + GRACE_MS:
        return "silent"
    if age_ms > MISSED_LATE * pace_ms + GRACE_MS:
        return "late"
    return "online" if good else "fault"


def catching_up(now_ms: int, taken_ms: int, delivered_ms: int, interval_ms: int) -> bool:
    """True for a probe that delivers right now what it kept earlier."""
    limit_ms = MISSED_LATE * (interval_ms or ASSUMED_INTERVAL_MS) + GRACE_MS
    return now_ms - delivered_ms <= limit_ms < now_ms - taken_ms
