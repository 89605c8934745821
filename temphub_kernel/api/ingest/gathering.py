"""Whether probes are asked to gather readings, so that a request brings several: as long as the hub needs it,
and no longer.

`Gathering` decides and is pure; `watch` feeds it once a second, in the endpoint's thread.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ...core import Once, monotonic_s, now_ms
from ..access import Gate

log = logging.getLogger(__name__)
LOOK_S = 1.0
# In a smaller installation no probe is ever asked: it can bring no more than a hub takes one by one.
FEWEST = 200
# Each about half as long again, so that one step neither does nothing nor turns everything over. The longest
# is short enough for a reading still to be one of now (core.FRESH_MS), and it is what a power cut at a probe
# may cost.
STEPS_MS = (4_000, 6_000, 10_000, 15_000, 20_000, 30_000)
LONGEST_MS = STEPS_MS[-1]
# Of one core, all threads of the hub together: above BUSY they are asked for longer, so that it comes to AIM;
# for less only where it would come to less than CALM.
BUSY, AIM, CALM = 0.65, 0.5, 0.5
# So much is left to deliveries in any case.
LEAST = 0.1
# So late the loop comes to what lies there: the computer has no core to spare for the hub.
LATE_MS = 60.0
# Where deliveries take less than this other things keep the hub busy, and no gathering would help.
DELIVERIES = 0.15
# What the thread takes beyond that for each is something else: no computer that runs this is so slow.
DELIVERY_S = 0.001
# More probes than that share of the connections that may be kept cannot all keep theirs.
ROOMY = 0.85
# One busy second is an accident.
IN_A_ROW = 2
# So long it has to be calm before less is asked for; doubled each time that this was too early.
PATIENCE_S, MOST_PATIENCE_S = 30.0, 1920.0
TOO_EARLY_S = 120.0
# What an earlier start of the hub asked for holds so long.
KEPT_MS = 600_000
# Names are counted for so long: longer than the longest gathering, with what a network may add.
COUNTED_S = 40.0
MOST_NAMES = 65_536


class Load(NamedTuple):
    """The time since the last look. at_s: now; share: what the hub took of one core, own: of that the thread
    of deliveries; late_ms: how long what came lay there; names: probes that deliver in our form, a_second:
    their deliveries; turned_away: connections for which there was no room; room: how many may be kept."""

    at_s: float
    share: float
    own: float
    late_ms: float
    names: int
    a_second: float
    turned_away: int = 0
    room: int = MOST_NAMES


class Gathering:
    """every_ms: what probes are asked for now, 0 for nothing. fewest: below so many none is ever asked."""

    def __init__(self, fewest: int = FEWEST) -> None:
        self._fewest = fewest
        self.every_ms = 0
        self.load = Load(0.0, 0.0, 0.0, 0.0, 0, 0.0)
        # How far apart deliveries were before anything was asked.
        self._plain_ms = 0.0
        self._busy = 0
        self._calm_s = self._lowered_s = float("-inf")
        self._calm_since_s: float | None = None
        # Nothing is judged before the probes know what was asked last.
        self._hold_until_s = float("-inf")
        self._patience_s = PATIENCE_S
        self._kept: tuple[int, float] = (0, float("-inf"))

    def recall(self, every_ms: int, plain_ms: float, at_s: float) -> None:
        """Go on with what an earlier start of the hub asked for."""
        self.every_ms = every_ms if every_ms in STEPS_MS else 0
        self._plain_ms = plain_ms if self.every_ms else 0.0
        self._hold_until_s = at_s + every_ms / 1000

    @property
    def plain_ms(self) -> float:
        """How far apart deliveries were before anything was asked; 0 while nothing is."""
        return self._plain_ms

    def within_ms(self, at_s: float) -> int:
        """How long readings may be under way because of it: a probe that was asked for more before may not
        know yet."""
        kept_ms, until_s = self._kept
        return max(self.every_ms, kept_ms if at_s < until_s else 0)

    def look(self, load: Load) -> int:
        """What to ask for from now on. About once a second."""
        load = self.load = load._replace(own=min(load.own, load.a_second * DELIVERY_S))
        if load.names + load.turned_away < self._fewest:
            self._ask(0, load.at_s)
            return 0
        strained = load.share > BUSY or load.late_ms > LATE_MS or load.turned_away > 0
        self._busy = self._busy + 1 if strained else 0
        if strained or load.at_s < self._hold_until_s:
            self._calm_since_s = None
        if load.at_s >= self._hold_until_s:
            if self._busy >= IN_A_ROW and (load.own >= DELIVERIES or load.turned_away):
                self._ask_for_more(load)
            elif self.every_ms and not strained:
                self._ask_for_less(load)
        return self.every_ms

    def _ask_for_more(self, load: Load) -> None:
        apart_ms = max(self.every_ms, 1000 * load.names / max(load.a_second, 1.0))
        times = load.own / max(AIM - (load.share - load.own), LEAST)
        # Late without being busy: others take the core. Too few connections: answers close them from now on.
        wanted_ms = apart_ms * max(times, 1.3)
        step_ms = next((one for one in STEPS_MS if one >= wanted_ms), LONGEST_MS)
        if step_ms <= max(self.every_ms, apart_ms):
            return
        if load.at_s - self._lowered_s < TOO_EARLY_S:
            self._patience_s = min(2 * self._patience_s, MOST_PATIENCE_S)
        self._plain_ms = self._plain_ms or apart_ms
        self._ask(step_ms, load.at_s, apart_ms)

    def _ask_for_less(self, load: Load) -> None:
        lower_ms = max((one for one in STEPS_MS if one < self.every_ms), default=0)
        if lower_ms <= self._plain_ms:
            lower_ms = 0
        times = self.every_ms / max(lower_ms or self._plain_ms, 1.0)
        keeps = not lower_ms and load.names > load.room * ROOMY
        if keeps or load.share + load.own * (times - 1) > CALM:
            self._calm_since_s = None
            return
        if self._calm_since_s is None:
            self._calm_since_s = load.at_s
        if load.at_s - self._calm_since_s >= self._patience_s:
            self._lowered_s = load.at_s
            self._ask(lower_ms, load.at_s, self.every_ms)

    def _ask(self, every_ms: int, at_s: float, apart_ms: float = 0.0) -> None:
        if every_ms == self.every_ms:
            return
        if every_ms < self.every_ms:
            # Until each has delivered once more.
            self._kept = self.within_ms(at_s), at_s + self.every_ms / 1000 + LOOK_S
        if not every_ms:
            self._plain_ms = 0.0
        self.every_ms = every_ms
        self._busy, self._calm_since_s = 0, None
        self._hold_until_s = at_s + apart_ms / 1000 + 2 * LOOK_S


# Of the time that they gather, so long is looked at by itself; more than so many times what comes in it when
# all are spread evenly, and a few, are too many at once.
SLOT_S, CROWDED, FEW = 0.5, 1.5, 8
# Who comes among too many comes so much sooner next time, at most.
SOONER = 0.5


class Spread:
    """When each delivers. After an outage all come in the same moment, and would for as long as they gather:
    those are told different times, so that they part."""

    def __init__(self, gathering: Gathering, chance: random.Random | None = None) -> None:
        self._gathering = gathering
        self._chance = chance or random.Random()
        self._slot = self._came = 0

    def asks(self, at_s: float) -> int:
        """What the probe is asked for that has delivered now; 0 for nothing."""
        every_ms = self._gathering.every_ms
        if not every_ms:
            return 0
        if (slot := int(at_s / SLOT_S)) != self._slot:
            self._slot, self._came = slot, 0
        self._came += 1
        evenly = self._gathering.load.names * SLOT_S * 1000 / every_ms
        if self._came <= FEW + CROWDED * evenly:
            return every_ms
        return max(round(every_ms * self._chance.uniform(SOONER, 1)), STEPS_MS[0])


class Meter:
    """Counts who delivers in our form, and how often."""

    def __init__(self) -> None:
        self.deliveries = 0
        # Two generations: who was not heard in the last one is forgotten with it.
        self._now: set[str] = set()
        self._before: set[str] = set()
        self._new = 0
        self._turned_s = monotonic_s()

    def heard(self, name: str) -> None:
        """One delivery."""
        self.deliveries += 1
        if name not in self._now and len(self._now) < MOST_NAMES:
            self._now.add(name)
            self._new += name not in self._before

    def names(self, at_s: float) -> int:
        """How many delivered lately."""
        if at_s - self._turned_s >= COUNTED_S:
            self._before, self._now, self._new, self._turned_s = self._now, set(), 0, at_s
        return len(self._before) + self._new


async def watch(
    gathering: Gathering, meter: Meter, gate: Gate, tell: Callable[[dict[str, Any]], None]
) -> None:
    """Looks once a second, until it is cancelled. tell(note): called whenever what is asked for changes."""
    once, told, before = Once(log), (0, 0), _figures(meter, gate)
    while True:
        await asyncio.sleep(LOOK_S)
        now = _figures(meter, gate)
        load = _load(before, now, meter.names(now.at_s), gate.most)
        before = now
        every_ms = gathering.look(load)
        if (every_ms, within_ms := gathering.within_ms(load.at_s)) != told:
            told = every_ms, within_ms
            tell(note(gathering))
            _say(once, every_ms, load)


class _Figures(NamedTuple):
    at_s: float
    share_s: float
    own_s: float
    deliveries: int
    turned_away: int


def _figures(meter: Meter, gate: Gate) -> _Figures:
    return _Figures(
        monotonic_s(), time.process_time(), time.thread_time(), meter.deliveries, gate.turned_away
    )


def _load(before: _Figures, now: _Figures, names: int, room: int) -> Load:
    _, share_s, own_s, deliveries, turned_away = (b - a for a, b in zip(before, now, strict=True))
    passed_s = max(now.at_s - before.at_s, 1e-3)
    late_ms = max(0.0, passed_s - LOOK_S) * 1000
    return Load(
        now.at_s,
        share_s / passed_s,
        own_s / passed_s,
        late_ms,
        names,
        deliveries / passed_s,
        int(turned_away),
        room,
    )


def note(gathering: Gathering) -> dict[str, int]:
    """What others are to know of it, and the next start of the hub."""
    return {
        "deliver_every_ms": gathering.every_ms,
        "within_ms": gathering.within_ms(monotonic_s()),
        "plain_ms": round(gathering.plain_ms),
        "probes": gathering.load.names,
    }


def recalled(gathering: Gathering, at_ms: int, kept: dict[str, Any]) -> None:
    """Go on with a note that was left at `at_ms`; one that is old, or of another form, is none."""
    every_ms, plain_ms = kept.get("deliver_every_ms"), kept.get("plain_ms")
    if isinstance(every_ms, int) and isinstance(plain_ms, int) and 0 <= now_ms() - at_ms < KEPT_MS:
        gathering.recall(every_ms, float(plain_ms), monotonic_s())


def _say(once: Once, every_ms: int, load: Load) -> None:
    if every_ms:
        once.warn(
            "gather",
            f"{load.names} probes deliver more often than this hub takes with ease, so they are asked to "
            f"gather and to deliver every {every_ms / 1000:g} s; nothing is lost by it. Set a longer "
            "interval, or DEFAULT_INTERVAL_MS, where readings need not come so often.",
        )
    else:
        once.clear("gather", "probes deliver as they measure again")
