"""By what a probe is seen to be sick: a frozen value, a sensor that fails, resets, weak Wi-Fi, an outbox that
grows. Pure.

Each symptom looks at one probe for one rule. clock_ms is the engine's (pace.SteadyClock); now_ms and all
times of readings are the hub's.
"""

import math
from statistics import median
from typing import Any, NamedTuple

from ..core import HOUR_MS, MINUTE_MS
from . import pace, watches

RSSI, OUTBOX = "rssi", "outbox"


class Stream:
    """What all watches of a probe share.

    pace_ms: between its readings; at_ms: of the newest, passed_ms: since the one before, 0 over a gap;
    resolution: the smallest step seen, in K; still_ms: so long it has stayed within two steps.
    """

    __slots__ = (
        "at_ms",
        "group",
        "interval_ms",
        "near_c",
        "pace_ms",
        "passed_ms",
        "resolution",
        "seen_c",
        "still_ms",
    )
    KEPT = ("at_ms", "near_c", "pace_ms", "resolution", "seen_c", "still_ms")

    def __init__(self, watch: watches.Watch) -> None:
        self.interval_ms, self.group = watch.interval_ms, watch.group
        self.pace_ms = watch.interval_ms or pace.ASSUMED_INTERVAL_MS
        self.at_ms = self.passed_ms = self.still_ms = 0
        self.resolution = 0.0
        self.near_c: float | None = None
        self.seen_c: float | None = None

    def passed(self, at_ms: int, celsius: float) -> bool:
        """Take in the next reading; False for one that is out of order."""
        if at_ms <= self.at_ms:
            return False
        step_ms = at_ms - self.at_ms if self.at_ms else 0
        self.passed_ms = step_ms if step_ms <= pace.GAP_PACES * self.pace_ms else 0
        self.pace_ms = pace.next_pace(self.pace_ms, step_ms, self.interval_ms) if step_ms else self.pace_ms
        self.at_ms = at_ms
        if not math.isnan(celsius):
            self._stands(celsius)
        return True

    def _stands(self, celsius: float) -> None:
        step = 0.0 if self.seen_c is None else abs(celsius - self.seen_c)
        if step > TINY_C and not 0 < self.resolution <= step:
            self.resolution = step
        self.seen_c = celsius
        if self.near_c is None or abs(celsius - self.near_c) > 2 * (self.resolution or COARSE_C):
            self.near_c, self.still_ms = celsius, 0
        else:
            self.still_ms += self.passed_ms


class Seen(NamedTuple):
    """One reading. faulty: the sensor gave no value; boot: the journal's number of its start; received_ms:
    None when nobody knows."""

    at_ms: int
    celsius: float
    faulty: bool
    boot: int
    received_ms: int | None


class Symptom:
    """How one watch sees whether its probe is sick. kept: names of what it remembers."""

    kept: tuple[str, ...] = ()

    def __init__(self, watch: watches.Watch, stream: Stream, least_ms: int) -> None:
        given = watch.rule.at_least_ms
        self.stream, self.least_ms = stream, least_ms if given is None else given
        self.given = given is not None

    def reading(self, seen: Seen, clock_ms: int) -> None:
        """Take in a reading in order."""

    def told(self, what: str, value: float, clock_ms: int) -> None:
        """Take in what somebody knows."""

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        """Since when it is sick, by the hub's clock; None when it is not."""
        raise NotImplementedError

    def soon(self, clock_ms: int) -> bool:
        """Whether it may be sick within a minute, as far as it can be seen coming."""
        return False

    def well_ms(self) -> int:
        """Since when nothing of it is seen any more, though what was seen may count still; 0 when nobody
        knows."""
        return 0

    def state(self) -> list[Any]:
        """As `restore` takes it."""
        return [getattr(self, name) for name in self.kept]

    def restore(self, state: list[Any]) -> None:
        """Go on from there."""
        # One of an earlier build may know less.
        for name, value in zip(self.kept, state, strict=False):
            setattr(self, name, value)


# Smaller steps are arithmetic; a DS18B20 has steps of 0.0625 K, and a good refrigerator stands on one of them
# for hours.
TINY_C, COARSE_C = 1e-6, 0.05
COARSE_MS, FINE_MS = 24 * HOUR_MS, 6 * HOUR_MS
ENOUGH_ALIKE = 20


class Frozen(Symptom):
    """The very same value for so long as no place is that even: a day, or six hours where the sensor shows
    steps finer than 0.05 K.

    Where all others of its group that are watched for this stand still as well, the place is even, and
    nothing is said.
    """

    kept = ("value", "alike_ms", "alike", "from_ms")

    def __init__(self, watch: watches.Watch, stream: Stream) -> None:
        super().__init__(watch, stream, COARSE_MS)
        self.value: float | None = None
        self.alike_ms = self.alike = self.from_ms = 0

    def reading(self, seen: Seen, clock_ms: int) -> None:
        if math.isnan(seen.celsius):
            return
        if seen.celsius != self.value:
            self.value, self.alike_ms, self.alike, self.from_ms = seen.celsius, 0, 0, seen.at_ms
        else:
            self.alike_ms += self.stream.passed_ms
            self.alike += 1

    def soon(self, clock_ms: int) -> bool:
        return self.alike_ms >= FINE_MS // 2 or self.alike_ms >= self.least_ms // 2 > 0

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        fine = 0 < self.stream.resolution < COARSE_C and not self.given
        least_ms = FINE_MS if fine else self.least_ms
        if self.alike < ENOUGH_ALIKE or self.alike_ms < least_ms:
            return None
        if others and all(one.still_ms >= least_ms // 2 for one in others):
            return None
        return self.from_ms


SLOTS = 10
BAD_SHARE = 0.2
BAD_LEAST = 5


class Sensor(Symptom):
    """A fifth of the readings of ten minutes, or of twenty readings, have no value, all over that time: a
    plug, a wire, a sensor."""

    kept = ("slots", "first_ms", "good_ms", "newest_ms")

    def __init__(self, watch: watches.Watch, stream: Stream) -> None:
        super().__init__(watch, stream, 10 * MINUTE_MS)
        # [slot, good, bad], the newest last.
        self.slots: list[list[int]] = []
        self.first_ms = 0
        # The first and the newest reading with a value since the last one without.
        self.good_ms = self.newest_ms = 0

    def reading(self, seen: Seen, clock_ms: int) -> None:
        if not seen.faulty and math.isnan(seen.celsius):
            return
        width_ms = self._width_ms
        self.good_ms = 0 if seen.faulty else self.good_ms or seen.at_ms
        self.newest_ms = seen.at_ms
        slot = seen.at_ms // width_ms
        if not self.slots or self.slots[-1][0] != slot:
            # The width follows the pace: what was counted in other steps is let go as it comes.
            self.slots = [*self.slots[1 - SLOTS :], [slot, 0, 0]]
        self.slots[-1][2 if seen.faulty else 1] += 1
        bad = sum(one[2] for one in self.slots)
        self.first_ms = 0 if not bad else self.first_ms or seen.at_ms

    @property
    def _width_ms(self) -> int:
        return max(self.least_ms // SLOTS, 2 * self.stream.pace_ms)

    def soon(self, clock_ms: int) -> bool:
        return self.first_ms > 0

    def well_ms(self) -> int:
        # One that fails now and then measures in between as well.
        return self.good_ms if self.good_ms and self.newest_ms - self.good_ms >= self._width_ms else 0

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        good, bad = sum(one[1] for one in self.slots), sum(one[2] for one in self.slots)
        spread = sum(one[2] > 0 for one in self.slots) * 2 >= SLOTS
        return self.first_ms if spread and bad >= BAD_LEAST and bad >= BAD_SHARE * (good + bad) else None


MOST_STARTS = 3
# A board that sleeps is up for at most this part of the time, and nobody lets one sleep for less than this.
AWAKE_PART = 4
SHORTEST_SLEEP_MS = 20_000
# Its interval is known: it wakes about as often. One that hangs is started by its watchdog, whatever its
# interval.
WAKES_INTERVALS = 3
MOST_APART = 8


class Resets(Symptom):
    """Three starts within an hour: its supply, or its firmware.

    A board that sleeps between readings starts for each of them, which is none: it is up for a moment only
    and then not for as long as ever. What starts sooner than it wakes counts.
    """

    kept = ("starts", "highest", "first_ms", "last_ms", "apart")

    def __init__(self, watch: watches.Watch, stream: Stream) -> None:
        super().__init__(watch, stream, HOUR_MS)
        # When, by the engine's clock and by the hub's.
        self.starts: list[list[int]] = []
        self.highest = -1
        # Of the last start: its first reading, and its newest.
        self.first_ms = self.last_ms = 0
        # Between starts, the newest last.
        self.apart: list[int] = []

    def reading(self, seen: Seen, clock_ms: int) -> None:
        # The journal numbers starts as it meets them: one that is lower was before, and came late or takes
        # turns.
        if seen.boot < self.highest:
            return
        if seen.boot > self.highest:
            if self.highest >= 0 and not self._woke(seen.at_ms):
                self.starts = [*self.starts[1 - MOST_STARTS :], [clock_ms, seen.at_ms]]
            self.highest, self.first_ms = seen.boot, seen.at_ms
        self.last_ms = seen.at_ms

    def _woke(self, at_ms: int) -> bool:
        """Whether a start is a board's that slept."""
        apart_ms, awake_ms = at_ms - self.first_ms, self.last_ms - self.first_ms
        self.apart = [*self.apart[1 - MOST_APART :], apart_ms]
        usual_ms, interval_ms = median(self.apart), self.stream.interval_ms
        sleeps = usual_ms >= SHORTEST_SLEEP_MS and not 0 < WAKES_INTERVALS * interval_ms < usual_ms
        return sleeps and awake_ms * AWAKE_PART <= apart_ms and 2 * apart_ms >= usual_ms

    def soon(self, clock_ms: int) -> bool:
        return len(self.starts) >= MOST_STARTS - 1 and clock_ms - self.starts[-1][0] < self.least_ms

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        recent = [at_ms for told_ms, at_ms in self.starts if clock_ms - told_ms < self.least_ms]
        # What comes together from a backlog was apart.
        return recent[0] if len(recent) >= MOST_STARTS and recent[-1] - recent[0] < self.least_ms else None


WEAK_DBM, FAIR_DBM = -80, -75


class WeakWifi(Symptom):
    """At −80 dBm or below for ten minutes, until it is above −75."""

    kept = ("from_clock_ms",)

    def __init__(self, watch: watches.Watch, stream: Stream) -> None:
        super().__init__(watch, stream, 10 * MINUTE_MS)
        self.from_clock_ms = -1

    def told(self, what: str, value: float, clock_ms: int) -> None:
        if what != RSSI or not math.isfinite(value):
            return
        if value > FAIR_DBM:
            self.from_clock_ms = -1
        elif value <= WEAK_DBM and self.from_clock_ms < 0:
            self.from_clock_ms = clock_ms

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        weak_ms = clock_ms - self.from_clock_ms
        return now_ms - weak_ms if self.from_clock_ms >= 0 and weak_ms >= self.least_ms else None

    def soon(self, clock_ms: int) -> bool:
        return self.from_clock_ms >= 0


COMPARED_MS = 10 * MINUTE_MS
# A twentieth of the time that passed: a sender whose clock is behind is late as well, and no later than
# before.
GROWS = 0.05


class Outbox(Symptom):
    """What it delivers is a quarter of an hour old, and older than ten minutes ago: more is measured than
    gets through.

    Or it says itself that ever more readings wait.
    """

    kept = ("mark", "late_ms", "grows", "counts")

    def __init__(self, watch: watches.Watch, stream: Stream) -> None:
        super().__init__(watch, stream, 15 * MINUTE_MS)
        # [the engine's clock, how late then].
        self.mark: list[int] = []
        self.late_ms = 0
        self.grows = False
        # What it said of its outbox: [the engine's clock, readings], one for each ten minutes.
        self.counts: list[list[float]] = []

    def reading(self, seen: Seen, clock_ms: int) -> None:
        if seen.received_ms is None:
            return
        self.late_ms = seen.received_ms - seen.at_ms
        if self.late_ms < self.least_ms:
            self.mark, self.grows = [], False
        elif not self.mark:
            self.mark = [clock_ms, self.late_ms]
        elif clock_ms - self.mark[0] >= COMPARED_MS:
            self.grows = self.late_ms - self.mark[1] > GROWS * (clock_ms - self.mark[0])
            self.mark = [clock_ms, self.late_ms]

    def told(self, what: str, value: float, clock_ms: int) -> None:
        if what != OUTBOX or not 0 <= value < math.inf:
            return
        if not self.counts or clock_ms - self.counts[-1][0] >= COMPARED_MS or value < self.counts[-1][1]:
            self.counts = [] if self.counts and value < self.counts[-1][1] else self.counts[-2:]
            self.counts.append([clock_ms, value])

    def soon(self, clock_ms: int) -> bool:
        return bool(self.mark) or len(self.counts) > 1

    def since_ms(self, clock_ms: int, now_ms: int, others: list[Stream]) -> int | None:
        counts = [count for _, count in self.counts]
        span_ms = self.counts[-1][0] - self.counts[0][0] if self.counts else 0
        said = len(counts) > 2 and counts[0] < counts[1] < counts[2] and span_ms >= self.least_ms
        if not (self.grows or said):
            return None
        return now_ms - (self.late_ms if self.grows else int(clock_ms - self.counts[0][0]))


SYMPTOMS: dict[str, type[Frozen | Sensor | Resets | WeakWifi | Outbox]] = {
    "frozen": Frozen,
    "sensor": Sensor,
    "resets": Resets,
    "weak_wifi": WeakWifi,
    "outbox": Outbox,
}
