"""When a reading was taken: by its sender's age, clock or count of milliseconds, or by its arrival. Endpoint
thread only."""

import math
import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from ..core import AHEAD_MS, EPOCH, HIGHEST_C, HOUR_MS, JUNCTION_PER_C, LOWEST_C, MILLISECOND, board_of

if TYPE_CHECKING:
    from ..journal import Floats, Ints

FIELDS = ("chip_c", "cold_c")


def junction_of(data: Mapping[str, Any]) -> tuple[int | None, int | None] | None:
    """(chip, cold) in 64ths of a degree; None when the delivery says neither. What can be no temperature
    costs no reading."""
    if "chip_c" not in data and "cold_c" not in data:
        return None
    chip, cold = (_steps(data.get(name)) for name in FIELDS)
    return None if chip is None and cold is None else (chip, cold)


def used_fields(data: Mapping[str, Any]) -> set[str]:
    """Which of the two are stored."""
    return {name for name in FIELDS if _steps(data.get(name)) is not None}


def _steps(value: object) -> int | None:
    # Compared as it is: a whole number may be larger than any float.
    if not isinstance(value, int | float) or isinstance(value, bool) or not LOWEST_C <= value <= HIGHEST_C:
        return None
    return round(value * JUNCTION_PER_C)


# What people call it, the first that can be read counts.
TIME_FIELDS = (
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date_time",
    "date",
    "taken",
    "taken_at",
    "measured_at",
    "epoch",
)
# A clock without a battery begins at 1970, or at 2000 as most clock chips do; what it says in its first year
# is no time.
EARLIEST_MS = 978_307_200_000
# Below each of these a number counts seconds, milliseconds, microseconds, nanoseconds: as milliseconds all
# begin in 1973.
PER_MS = ((10**11, 1000, 1), (10**14, 1, 1), (10**17, 1, 1000), (10**20, 1, 1_000_000))
# A plus sign that a query's sender did not encode arrives as a space.
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
CLOCK_TIME = re.compile(r"\d\d?:\d\d(:\d\d([.,]\d{1,6})?)?")
LONGEST = 40


def given_times(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reading that say when it was taken, by name; empty ones say nothing."""
    if data.keys().isdisjoint(TIME_FIELDS):
        return {}
    return {name: data[name] for name in TIME_FIELDS if data.get(name) not in (None, "")}


def taken_by_clock(data: dict[str, Any], received_ms: int) -> tuple[int, str | None]:
    """(when a reading was taken, the field that says so) by the times in it; the time it came in and None
    where none can be one."""
    for name, value in _candidates(given_times(data)):
        ms = moment_ms(value, received_ms)
        if ms is not None and EARLIEST_MS <= ms <= received_ms + AHEAD_MS:
            return min(ms, received_ms), name
    return received_ms, None


def moment_ms(value: object, received_ms: int) -> int | None:
    """Milliseconds since 1970 of ISO 8601 or of a count of s, ms, µs or ns since 1970; None for what is no
    moment.

    A time without a zone is this computer's local one; of an hour that comes twice it is the later that is
    not ahead of received_ms.
    """
    if isinstance(value, str):
        value = value.strip()
        if len(value) > LONGEST:
            return None
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            return _iso_ms(str(value), received_ms)
    # A bool is an int to Python, and no time.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < PER_MS[-1][0]:
        return None
    times, parts = next((times, parts) for below, times, parts in PER_MS if value < below)
    return value * times // parts if isinstance(value, int) else round(value * times / parts)


def _candidates(times: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The times as they stand, and before them a day and a time of day that were sent apart."""
    day, clock = times.get("date"), times.get("time")
    if isinstance(day, str) and isinstance(clock, str) and CLOCK_TIME.fullmatch(clock.strip()):
        yield "date", f"{day.strip()}T{clock.strip().zfill(5)}"
    yield from times.items()


def _iso_ms(text: str, received_ms: int) -> int | None:
    text = LOST_PLUS.sub("+", text.upper())
    if _is_day(text):
        # A day is no moment: its midnight would be wrong by up to a day.
        return None
    try:
        found = datetime.fromisoformat(text)
        candidates = [found] if found.tzinfo else [found.replace(fold=1), found.replace(fold=0)]
        # Whole-number arithmetic: `timestamp() * 1000` loses a millisecond now and then.
        times = [(one.astimezone(timezone.utc) - EPOCH) // MILLISECOND for one in candidates]
    except (ValueError, OverflowError, OSError):
        return None
    return next((ms for ms in times if ms <= received_ms + AHEAD_MS), times[-1])


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# A probe's crystal against the hub's clock: what was heard grows old at this rate.
DRIFT = 200e-6
# TCP gives up long before; a larger jump means that the probe's count began anew.
LONGEST_MS = HOUR_MS
# So long a probe of ours waits for an answer. What was under way for longer is one reading out of place
# rather than many drawn together.
GRADUAL_MS = 5_000
# First and last readings of so many deliveries.
MOST_MARKS = 16
LITTLE_MS = 100
MAX_BOOTS = 16_384


@dataclass(slots=True)
class _Count:
    """One boot's count. began_ms: when it was 0, by the quickest word so far, which came at heard_ms. Moments
    are the hub's.

    marks: (count, moment) of readings that were dated, in order; what is dated after them stays in order with
    them.
    """

    began_ms: float
    heard_ms: float
    marks: list[tuple[int, float]] = field(default_factory=list)

    def hear(self, count: int, now_ms: float) -> None:
        """Its count stood here, or was beyond it already."""
        delay = now_ms - count - self._began(now_ms)
        if not 0 < delay < LONGEST_MS:
            self.began_ms, self.heard_ms = now_ms - count, now_ms
            # A little at a time comes to nothing while so few marks are kept.
            if not -LITTLE_MS < delay <= 0:
                self.marks = [
                    one
                    for one in self.marks
                    if delay < LONGEST_MS and one[1] - one[0] - self.began_ms < GRADUAL_MS
                ]

    def moments(self, counts: "Ints", sent: int, now_ms: float) -> "Floats":
        """When it stood there, of what was sent at a later count and came now; never after now."""
        # Here: the page server has this module, too, and no numpy.
        import numpy as np

        found = counts.astype(np.float64) + self._began(now_ms)
        if not self.marks or self._follow(counts, found):
            plain: Floats = np.minimum(found, now_ms)
            return plain
        # What lies at or behind a count: the mark with the next one, or the sending.
        marks = np.array([*self.marks, (sent, now_ms)], np.float64)
        at = np.searchsorted(marks[:-1, 0], counts)
        behind = np.maximum(at - 1, 0)
        last_count, last_ms, next_count, next_ms = (
            marks[behind, 0],
            marks[behind, 1],
            marks[at, 0],
            marks[at, 1],
        )
        late = (at > 0) & (found < last_ms + (counts - last_count) / 2)
        if late.any():
            # Dated too late, before something quicker was heard: from there at a slower pace until it is
            # right again.
            pace = np.minimum(0.5, (next_ms - last_ms)[late] / (next_count - last_count)[late])
            found[late] = np.maximum(found[late], last_ms[late] + (counts - last_count)[late] * pace)
        moments: Floats = np.minimum(found, next_ms)
        return moments

    def _follow(self, counts: "Ints", found: "Floats") -> bool:
        """Whether they come after all that was dated, and none too closely: as it mostly is."""
        last_count, last_ms = self.marks[-1]
        return bool(counts.min() > last_count and (found >= last_ms + (counts - last_count) / 2).all())

    def mark(self, count: int, moment: float) -> None:
        """A reading was dated."""
        marks, one = self.marks, (count, moment)
        if not marks or count > marks[-1][0]:
            marks.append(one)
        elif marks[at := bisect_left(marks, (count, -math.inf))][0] != count:
            marks.insert(at, one)
        if len(marks) > MOST_MARKS:
            del marks[0]

    def _began(self, now_ms: float) -> float:
        return self.began_ms + (now_ms - self.heard_ms) * DRIFT


class Transit:
    """Remembers when each probe's count of this boot began. Moments: milliseconds of a clock that never
    steps."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def hear(self, probe_id: str, boot: str, count: int, now_ms: float) -> None:
        """A probe said where its count stands, outside a delivery."""
        self._count(probe_id, boot, count, now_ms).hear(count, now_ms)

    def begin(self, probe_id: str, boot: str, count: int, now_ms: float) -> None:
        """The same from a word that anybody in the network may have made up: it counts for a boot of which
        nothing was heard."""
        if (probe_id, boot) not in self._counts:
            self.hear(probe_id, boot, count, now_ms)

    def moments(self, probe_id: str, boot: str, sent_ms: int, ages_ms: "Ints", now_ms: float) -> "Floats":
        """When the readings of a delivery were taken whose ages were these when the probe's count stood at
        `sent_ms`."""
        known = self._count(probe_id, boot, sent_ms, now_ms)
        known.hear(sent_ms, now_ms)
        counts = sent_ms - ages_ms
        moments = known.moments(counts, sent_ms, now_ms)
        first, last = int(counts.argmin()), int(counts.argmax())
        known.mark(int(counts[first]), float(moments[first]))
        if counts[last] != counts[first]:
            known.mark(int(counts[last]), float(moments[last]))
        return moments

    def _count(self, probe_id: str, boot: str, count: int, now_ms: float) -> _Count:
        known = self._counts.pop((probe_id, boot), None)
        if known is None:
            # A board's sensors deliver under names of their own; the board speaks for all of them.
            board = self._counts.get((board_of(probe_id), boot))
            known = _Count(board.began_ms, board.heard_ms) if board else _Count(now_ms - count, now_ms)
            if len(self._counts) >= MAX_BOOTS:
                self._counts.popitem(last=False)
        self._counts[probe_id, boot] = known
        return known
