"""The last temperature of a probe whose newest reading is none. One thread at a time, that of its caller's
Reader: of thousands that are faulty at once each question is about many of them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...core import DAY_MS, HOUR_MS, MINUTE_MS
from ...journal import NO_VALUE, Newest, Reader
from .probe import Good
from .window_cache import VALUES

LOOK_BACK_MS = DAY_MS
# So many are looked for at a time; of that many the minutes that their values lie in are read one by one.
MOST, MOST_MINUTES = 1_000, 50
# Those that have been faulty since different days are asked for apart, so many days at a time.
MOST_DAYS = 3
Starts = dict[str, int]


class LookBack:
    """Looks; keeps what it found on the way."""

    def __init__(self) -> None:
        # In which minute the value lies of those that are not read yet, with the newest reading then.
        self._minutes: dict[str, tuple[Newest, int]] = {}

    def of(self, reader: Reader, faulty: Sequence[Newest]) -> dict[str, Good | None]:
        """The last temperature of the day before each of these, as many as can be looked for at a time; None
        where there is none."""
        asked = _some(faulty)
        known = {
            id_: told[1]
            for id_, one in asked.items()
            if (told := self._minutes.get(id_)) is not None and told[0] == one
        }
        new = {id_: one for id_, one in asked.items() if id_ not in known}
        days = {id_: _end(one) // DAY_MS for id_, one in new.items()}
        minutes = _narrowed(reader, new, _narrowed(reader, new, days, _days), _hours)
        known |= minutes
        found: dict[str, Good | None] = {id_: None for id_ in new if id_ not in minutes}
        for start_ms in sorted(set(known.values()))[-MOST_MINUTES:]:
            those = [id_ for id_, at_ms in known.items() if at_ms == start_ms]
            found |= _read(reader, asked, start_ms, those)
        self._minutes = {id_: (asked[id_], at_ms) for id_, at_ms in known.items() if id_ not in found}
        return found


def _some(faulty: Sequence[Newest]) -> dict[str, Newest]:
    """As many of these as are looked for at a time."""
    found: dict[str, Newest] = {}
    days = set[int]()
    for one in faulty:
        day = _end(one) // DAY_MS
        if day in days or len(days) < MOST_DAYS:
            days.add(day)
            found[one.probe_id] = one
            if len(found) == MOST:
                break
    return found


# From when to when is looked of some probes, and in steps of which width.
Span = tuple[int, int, int]


def _days(asked: Mapping[str, Newest], those: Sequence[str], _start_ms: int) -> Span:
    ends_ms = [_end(asked[id_]) for id_ in those]
    first_ms = (min(ends_ms) - LOOK_BACK_MS) // HOUR_MS * HOUR_MS
    return first_ms, (max(ends_ms) - 1) // HOUR_MS * HOUR_MS + HOUR_MS, HOUR_MS


def _hours(_asked: Mapping[str, Newest], _those: Sequence[str], start_ms: int) -> Span:
    return start_ms, start_ms + HOUR_MS, MINUTE_MS


def _narrowed(
    reader: Reader,
    asked: Mapping[str, Newest],
    starts: Starts,
    span: Callable[[Mapping[str, Newest], Sequence[str], int], Span],
) -> Starts:
    """When the last step with a temperature began, of those that have one up to their newest reading. starts:
    of each a moment; those of one are asked for together."""
    found: Starts = {}
    for start_ms in sorted(set(starts.values())):
        those = [id_ for id_, at_ms in starts.items() if at_ms == start_ms]
        from_ms, to_ms, width_ms = span(asked, those, start_ms)
        ids, steps = reader.steps(from_ms, to_ms, width_ms, those)
        good = steps.good > 0
        for no, at in zip(steps.probe[good].tolist(), (steps.at[good] * width_ms).tolist(), strict=True):
            id_ = ids[no]
            end_ms = _end(asked[id_])
            if end_ms - LOOK_BACK_MS < at + width_ms and at < end_ms:
                found[id_] = max(at, found.get(id_, at))
    return found


def _end(newest: Newest) -> int:
    """The end of the minute of its newest reading."""
    return (newest.taken_ms // MINUTE_MS + 1) * MINUTE_MS


def _read(
    reader: Reader, asked: Mapping[str, Newest], start_ms: int, those: Sequence[str]
) -> dict[str, Good | None]:
    """The last temperature of each in a minute."""
    columns = reader.columns(start_ms, start_ms + MINUTE_MS, those, fields=VALUES)
    found: dict[str, Good | None] = dict.fromkeys(those)
    good = np.flatnonzero(columns.units != NO_VALUE)
    for no, at_ms, celsius in zip(
        columns.probe[good].tolist(),
        columns.taken_ms[good].tolist(),
        columns.celsius[good].tolist(),
        strict=True,
    ):
        # By time, so the last one stands.
        found[columns.ids[no]] = Good(at_ms, celsius)
    return found
