"""Rules for temperatures, judged reading by reading: limits and changes. Pure: no thread, no clock, no
database.

One Evaluator belongs to whoever feeds it, in the journal's order, with corrected values. What it has to
remember is in `state()`: an Evaluator that goes on from there tells the same as one that was never
interrupted.

Readings of a probe that come in the order in which they were taken drive its alarms. One that was taken
before the newest is history: it may fill a gap of what is pending, or show an excursion that is over; it
never fires. Readings that come late and in order (a backlog that leads up to now) build the timers, and the
first live reading that is beyond confirms them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core import AHEAD_MS, MINUTE_MS, UNKNOWN_DELAY_MS
from ..journal import Floats, Ints
from . import pace, rules, run
from .streams import LIVE_MS, Limited
from .watches import Back, Transition, Watch, Watched

# The order in which the hub received readings and that of the journal differ by less; beyond, the hub's clock
# was set back.
CLOCK_MS = 5_000
# A stream that comes late as steadily as it is measured is no backlog: its sender's clock is behind.
STEADY = 1.5
# Late readings are judged when none has come for so long: until then they may go on.
QUIET_MS = MINUTE_MS
VERSION = 2
# What is kept of all streams, a column each.
KEPT = ("numbers", "pace_ms", "newest_ms")


class _Probe:
    """What is known of a probe's stream. pace_ms, newest_ms: see Limited, whose they are but between `load`
    and `store`; mark, steady: comes late as steadily as it is measured; low, high: between these nothing
    begins."""

    __slots__ = (
        "_all",
        "at",
        "busy",
        "high",
        "interval_ms",
        "low",
        "mark",
        "newest_ms",
        "no",
        "pace_ms",
        "steady",
        "watched",
    )

    def __init__(self, no: int, at: int, watches: Sequence[Watch], all_of: Limited) -> None:
        self.no, self.at = no, at
        self.watched = [Watched(watch.rule) for watch in watches]
        self.interval_ms = int(all_of.interval_ms[at])
        # When a late stream was looked at last: [received, taken].
        self.mark: list[int] = []
        self.steady = False
        self.busy = False
        self._all = all_of
        conditions = [one.condition for one in self.watched]
        all_of_them = any(condition.steps for condition in conditions)
        self.low = float("inf") if all_of_them else max(condition.low for condition in conditions)
        self.high = -float("inf") if all_of_them else min(condition.high for condition in conditions)
        all_of.low[at], all_of.high[at] = self.low, self.high
        self.load()

    def load(self) -> None:
        """Take over what is known of all streams."""
        self.pace_ms, self.newest_ms = int(self._all.pace_ms[self.at]), int(self._all.newest_ms[self.at])

    def store(self) -> None:
        """Hand it back, and whether something is going on."""
        self.note()
        everything, at = self._all, self.at
        everything.pace_ms[at], everything.newest_ms[at] = self.pace_ms, self.newest_ms
        everything.plain[at] = not self.busy and not self.mark

    def note(self) -> None:
        """Whether something is going on."""
        self.busy = not all(one.idle for one in self.watched)

    @property
    def gap_ms(self) -> int:
        """A longer pause is a gap."""
        return pace.GAP_PACES * self.pace_ms

    def passed(self, at_ms: int) -> None:
        """A reading in order: how often they come."""
        step_ms = at_ms - self.newest_ms
        # Nothing changes at the pace that it was told.
        if self.newest_ms and (step_ms > self.pace_ms or self.pace_ms > self.interval_ms):
            self.pace_ms = pace.next_pace(self.pace_ms, step_ms, self.interval_ms)
        self.newest_ms = at_ms

    def is_live(self, at_ms: int, received_ms: int) -> bool:
        """Whether a reading in order was known soon enough; received_ms: −1 when nobody knows."""
        bound_ms = max(self.gap_ms, LIVE_MS)
        if received_ms >= 0 and received_ms - at_ms <= bound_ms:
            self.mark, self.steady = [], False
            return True
        if received_ms >= 0:
            if not self.mark:
                self.mark = [received_ms, at_ms]
            elif received_ms - self.mark[0] >= bound_ms:
                self.steady = at_ms - self.mark[1] <= STEADY * (received_ms - self.mark[0])
                self.mark = [received_ms, at_ms]
        return self.steady

    def set_back(self, before_ms: int, by_ms: int) -> None:
        self.load()
        self.newest_ms -= by_ms if self.newest_ms > before_ms else 0
        self.mark, self.steady = [], False
        for one in self.watched:
            one.set_back(before_ms, by_ms)
        self.store()


class Evaluator:
    """Judges readings by the rules for a temperature among `watches`; others are not its business."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        of: dict[int, list[Watch]] = {}
        for watch in watches:
            if watch.rule.kind in rules.LIMITS + rules.CHANGES:
                of.setdefault(watch.probe, []).append(watch)
        self._streams = Limited({no: max(watch.interval_ms for watch in mine) for no, mine in of.items()})
        self._probes = [_Probe(no, at, mine, self._streams) for at, (no, mine) in enumerate(of.items())]
        self._received_ms = 0
        self._late: dict[int, _Probe] = {}
        self._worse: dict[tuple[int, int], tuple[float, int]] = {}
        self._told_back: dict[tuple[int, int], int] = {}
        self._back: Back = {}

    def take(
        self, probe: Ints, taken_ms: Ints, received_ms: Ints, celsius: Floats, now_ms: int
    ) -> list[Transition]:
        """What readings come to, columns of one length in journal order. celsius: corrected, NaN where there
        is no temperature (a fault, struck out); received_ms: UNKNOWN_DELAY_MS from taken_ms where nobody
        knows. now_ms: the hub's clock."""
        came_ms = np.where(received_ms - taken_ms == UNKNOWN_DELAY_MS, -1, received_ms)
        place = self._streams.places(probe)
        told: list[Transition] = []
        start, end = 0, len(place)
        while start < end:
            stop = start + self._until_set_back(came_ms[start:])
            part = slice(start, stop)
            told += self._take(place[part], taken_ms[part], came_ms[part], celsius[part], now_ms)
            start = stop
        return told

    def _until_set_back(self, came_ms: Ints) -> int:
        """How many readings came before the hub's clock was set back (again); if it was right before the
        first, that is taken in."""
        latest_ms = max(int(came_ms.max()), self._received_ms)
        if came_ms.min() >= latest_ms - CLOCK_MS:
            self._received_ms = latest_ms
            return len(came_ms)
        first_ms = int(came_ms[0])
        if 0 <= first_ms < self._received_ms - CLOCK_MS:
            self._set_back(first_ms, self._received_ms - first_ms)
        until_ms = np.maximum.accumulate(np.maximum(came_ms, self._received_ms))
        back = (came_ms >= 0) & (came_ms < until_ms - CLOCK_MS)
        count = int(np.argmax(back)) if back.any() else len(came_ms)
        self._received_ms = int(until_ms[count - 1])
        return count

    def _take(
        self, place: Ints, taken_ms: Ints, came_ms: Ints, celsius: Floats, now_ms: int
    ) -> list[Transition]:
        others = self._streams.take_usual(place, taken_ms, came_ms, celsius)
        columns = [column[others].tolist() for column in (place, taken_ms, came_ms, celsius)]
        concerned = [self._probes[at] for at in set(columns[0])]
        for found in concerned:
            found.load()
        told: list[Transition] = []
        for at, at_ms, came, value in zip(*columns, strict=True):
            found = self._probes[at]
            usual = 0 < found.newest_ms < at_ms <= came <= at_ms + LIVE_MS and not (found.busy or found.mark)
            if usual and found.low <= value <= found.high:
                found.passed(at_ms)
            else:
                told += self._reading(found, at_ms, came, value, now_ms)
        for found in concerned:
            found.store()
        return told

    def _reading(
        self, found: _Probe, at_ms: int, came_ms: int, value: float, now_ms: int
    ) -> list[Transition]:
        # Dated in the future by a wrong clock: it is of now.
        latest_ms = came_ms if came_ms >= 0 else now_ms
        at_ms = latest_ms if at_ms > latest_ms + AHEAD_MS else at_ms
        quiet = value != value or (not found.busy and found.low <= value <= found.high)
        newest_ms = found.newest_ms
        if at_ms <= newest_ms:
            return [] if quiet or at_ms == newest_ms else self._late_reading(found, at_ms, value, now_ms)
        gap_ms = found.gap_ms
        live = found.is_live(at_ms, came_ms)
        found.passed(at_ms)
        told: list[Transition] = []
        if not quiet:
            steps = (
                (one.rule.no, step)
                for one in found.watched
                for step in one.in_order(at_ms, value, live, gap_ms)
            )
            told = [Transition(rule, found.no, *step) for rule, step in steps]
            self._note_worse(found, at_ms)
            self._note_back(found)
            found.note()
        return told

    def _note_worse(self, found: _Probe, at_ms: int) -> None:
        for one in found.watched:
            if one.run.stage == run.ACTIVE and one.run.worst_ms == at_ms:
                self._worse[one.rule.no, found.no] = one.run.worst_c, at_ms
            elif one.run.stage != run.ACTIVE and self._worse:
                self._worse.pop((one.rule.no, found.no), None)

    def _note_back(self, found: _Probe) -> None:
        for one in found.watched:
            key, since_ms = (one.rule.no, found.no), one.back.since_ms
            if one.run.stage == run.ACTIVE and since_ms != self._told_back.get(key, 0):
                self._told_back[key] = since_ms
                self._back[key] = {found.no: since_ms} if since_ms else {}
            elif one.run.stage != run.ACTIVE and self._told_back:
                # That it is over is told by itself.
                self._told_back.pop(key, None)
                self._back.pop(key, None)

    def back(self) -> Back:
        """Whose value is back within its limit, of alarms that go on of which that changed since it was asked
        last."""
        found, self._back = self._back, {}
        return found

    def worse(self) -> dict[tuple[int, int], tuple[float, int]]:
        """Which alarms that go on have become worse since it was asked last: {(rule, probe): (°C, when)}."""
        found, self._worse = self._worse, {}
        return found

    def _late_reading(self, found: _Probe, at_ms: int, value: float, now_ms: int) -> list[Transition]:
        steps = (
            (one.rule.no, step)
            for one in found.watched
            for step in one.out_of_order(at_ms, value, found.gap_ms, now_ms)
        )
        told = [Transition(rule, found.no, *step) for rule, step in steps]
        self._note_worse(found, at_ms)
        found.note()
        if any(one.late for one in found.watched):
            self._late[found.no] = found
        return told

    def tick(self, now_ms: int) -> list[Transition]:
        """Call it about once a second: late readings after which none came are judged."""
        told: list[Transition] = []
        for found in list(self._late.values()):
            found.load()
            for one in found.watched:
                # Of a clock that was set back as well: a minute either way.
                if one.late is not None and abs(now_ms - one.late_ms) >= QUIET_MS:
                    told += [Transition(one.rule.no, found.no, *step) for step in one.settle(found.gap_ms)]
            found.store()
            if not any(one.late for one in found.watched):
                del self._late[found.no]
        return told

    def _set_back(self, before_ms: int, by_ms: int) -> None:
        for found in self._probes:
            found.set_back(before_ms, by_ms)
        self._late.clear()
        self._received_ms = before_ms

    def state(self) -> dict[str, Any]:
        """Everything that later readings are judged by, as JSON."""
        columns = {name: getattr(self._streams, name).tolist() for name in KEPT}
        late = [[one.no, one.mark, one.steady] for one in self._probes if one.mark]
        watched = [
            [one.rule.no, found.no, one.state()]
            for found in self._probes
            for one in found.watched
            if not one.idle or one.spans or one.tail or one.condition.steps
        ]
        return {
            "version": VERSION,
            "received_ms": self._received_ms,
            "probes": columns,
            "late": late,
            "watched": watched,
            "back": [
                [one.rule.no, found.no, one.back.state()]
                for found in self._probes
                for one in found.watched
                if any(one.back.state())
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; rules and probes that are new begin at nothing, and those that are gone are
        forgotten."""
        if state.get("version") != VERSION:
            return
        self._received_ms = state["received_ms"]
        streams = self._streams
        numbers, pace_ms, newest_ms = (np.array(state["probes"][name], np.int64) for name in KEPT)
        place = streams.places(numbers)
        here = place >= 0
        at = place[here]
        streams.pace_ms[at] = np.maximum(pace_ms[here], streams.interval_ms[at])
        streams.newest_ms[at] = newest_ms[here]
        known = {found.no: found for found in self._probes}
        for no, mark, steady in state["late"]:
            if (found := known.get(no)) is not None:
                found.mark, found.steady = list(mark), steady
        watched = {(one.rule.no, no): one for no, found in known.items() for one in found.watched}
        for rule, no, kept in state["watched"]:
            if (one := watched.get((rule, no))) is not None:
                one.restore(kept)
        # One of an earlier build knows of none.
        for rule, no, back in state.get("back", ()):
            if (one := watched.get((rule, no))) is not None and one.run.stage == run.ACTIVE:
                one.back.restore(back)
                self._told_back[rule, no] = one.back.since_ms
        for found in self._probes:
            found.load()
            found.store()
            if any(one.late for one in found.watched):
                self._late[found.no] = found
