"""Probes from which nothing comes any more; many at once are one alarm: the network, or the hub's computer. Pure.

A probe is silent when nothing was heard of it for some of its own intervals (3), and for two minutes unless the rule says otherwise: as
often as it delivers, not as it was told to. Time is the engine's own: a hub that was away or asleep holds it against nobody.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ..core import MINUTE_MS
from .pace import ASSUMED_INTERVAL_MS, next_pace
from .watches import Episode, Transition, Watch

AT_LEAST_MS = 2 * MINUTE_MS
# So many, and half of those that were there: one alarm.
MANY = 3
# So long the first one waits for others, where that can still be.
GATHER_MS = 30_000


class _Heard:
    """A probe. heard_ms: by the engine's clock; came_ms: by the hub's, 0 for never; pace_ms: between its deliveries."""

    __slots__ = ("came_ms", "heard_ms", "interval_ms", "pace_ms")

    def __init__(self, interval_ms: int) -> None:
        self.interval_ms = interval_ms or ASSUMED_INTERVAL_MS
        self.pace_ms = self.interval_ms
        self.heard_ms = self.came_ms = 0


class _Silent(Episode):
    """One watch. told: in an alarm, its own or that of many."""

    def __init__(self, watch: Watch, heard: _Heard) -> None:
        super().__init__(watch.rule, watch.probe)
        self.heard = heard
        self.least_ms = AT_LEAST_MS if watch.rule.at_least_ms is None else watch.rule.at_least_ms
        self.among_many = False

    def due_ms(self) -> int:
        """When it is silent, by the engine's clock, if nothing comes till then."""
        return self.heard.heard_ms + max(self.rule.intervals * self.heard.pace_ms, self.least_ms, 1)


class _Tier:
    """The watches of one severity."""

    def __init__(self, watches: Sequence[_Silent]) -> None:
        self.watches = sorted(watches, key=lambda one: (one.rule.no, one.probe))
        self.many: Episode | None = None
        self.waits_from_ms = -1
        self._next_ms = 0

    def tick(self, clock_ms: int, now_ms: int) -> list[Transition]:
        if clock_ms < self._next_ms and self.many is None and self.waits_from_ms < 0:
            return []
        silent = [one for one in self.watches if clock_ms >= one.due_ms()]
        told = self._end_many(silent, clock_ms, now_ms)
        told += self._singles(clock_ms, now_ms)
        new = [one for one in silent if not one.active and not one.among_many]
        told += self._decide(new, clock_ms, now_ms) if new else []
        if not new:
            self.waits_from_ms = -1
        busy = any(one.active for one in self.watches)
        self._next_ms = 0 if busy else min((one.due_ms() for one in self.watches), default=0)
        return told

    def _singles(self, clock_ms: int, now_ms: int) -> list[Transition]:
        told: list[Transition] = []
        for one in self.watches:
            if one.active:
                told += one.look(clock_ms >= one.due_ms(), clock_ms, now_ms, one.heard.came_ms)
        return told

    def _decide(self, new: list[_Silent], clock_ms: int, now_ms: int) -> list[Transition]:
        """Those that just fell silent: one by one, all as one, or not yet."""
        if self.many is not None:
            # They belong to what is known already.
            for one in new:
                one.among_many = True
            return []
        self.waits_from_ms = clock_ms if self.waits_from_ms < 0 else self.waits_from_ms
        there = [one for one in self.watches if not one.active]
        silent, total = _probes(new), _probes(there)
        if len(silent) >= MANY and len(silent) * 2 >= len(total):
            return self._begin_many(new, now_ms, clock_ms)
        last_ms = max(one.heard.heard_ms + one.heard.pace_ms for one in new)
        could_be = total - _probes(one for one in there if one.heard.heard_ms > last_ms)
        possible = len(could_be) >= MANY and len(could_be) * 2 >= len(total)
        if possible and clock_ms - self.waits_from_ms < GATHER_MS:
            return []
        return [step for one in new for step in one.look(True, clock_ms, now_ms, one.heard.came_ms or now_ms)]

    def _begin_many(self, new: list[_Silent], now_ms: int, clock_ms: int) -> list[Transition]:
        self.many = Episode(new[0].rule, 0)
        since_ms = min(one.heard.came_ms or now_ms for one in new)
        told = self.many.look(True, clock_ms, now_ms, since_ms, tuple(sorted(_probes(new))))
        if not told:
            # Outside the rule's hours.
            self.many = None
            return []
        for one in new:
            one.among_many = True
        return told

    def _end_many(self, silent: list[_Silent], clock_ms: int, now_ms: int) -> list[Transition]:
        if self.many is None:
            return []
        members = [one for one in self.watches if one.among_many]
        still = _probes(members) & _probes(silent)
        told = self.many.look(len(still) * 2 > len(_probes(members)), clock_ms, now_ms, 0, tuple(sorted(_probes(members))))
        if told:
            self.many = None
            for one in members:
                one.among_many = False
                # Who is not back yet has its own time to come back.
                one.heard.heard_ms = max(one.heard.heard_ms, clock_ms - one.heard.pace_ms)
        return told


def _probes(watches: Iterable[_Silent]) -> set[int]:
    return {one.probe for one in watches}


class Silence:
    """All watches for silence."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        mine = [watch for watch in watches if watch.rule.kind == "silent"]
        self._heard = {watch.probe: _Heard(watch.interval_ms) for watch in mine}
        self._watches = [_Silent(watch, self._heard[watch.probe]) for watch in mine]
        tiers = sorted({one.rule.severity for one in self._watches})
        self._tiers = {name: _Tier([one for one in self._watches if one.rule.severity == name]) for name in tiers}

    def heard(self, probe: int, received_ms: int, clock_ms: int) -> None:
        """Something came from a probe, whatever it was and however old."""
        found = self._heard.get(probe)
        if found is None:
            return
        # What comes at one moment is one delivery.
        step_ms = received_ms - found.came_ms
        if found.came_ms and step_ms > 0:
            found.pace_ms = next_pace(found.pace_ms, step_ms, found.interval_ms)
        found.came_ms, found.heard_ms = received_ms, clock_ms

    def begin(self, clock_ms: int) -> None:
        """Of those that are new nobody knows how long they have been silent."""
        for found in self._heard.values():
            found.heard_ms = found.heard_ms or clock_ms

    def tick(self, clock_ms: int, now_ms: int) -> list[Transition]:
        """Who has fallen silent, who is back."""
        return [step for tier in self._tiers.values() for step in tier.tick(clock_ms, now_ms)]

    def state(self) -> dict[str, Any]:
        """As `restore` takes it."""
        return {
            "heard": [[no, one.heard_ms, one.came_ms, one.pace_ms] for no, one in self._heard.items()],
            "watches": [[one.rule.no, one.probe, one.among_many, *one.state()] for one in self._watches if one.active or one.among_many],
            "many": [[name, tier.many.rule.no, *tier.many.state()] for name, tier in self._tiers.items() if tier.many],
            "waits": [[name, tier.waits_from_ms] for name, tier in self._tiers.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for no, heard_ms, came_ms, pace_ms in state["heard"]:
            if (heard := self._heard.get(no)) is not None:
                heard.heard_ms, heard.came_ms, heard.pace_ms = heard_ms, came_ms, max(pace_ms, heard.interval_ms)
        known = {(one.rule.no, one.probe): one for one in self._watches}
        for rule, no, among_many, *kept in state["watches"]:
            if (one := known.get((rule, no))) is not None:
                one.among_many = among_many
                one.restore(kept)
        for name, waits_from_ms in state["waits"]:
            if name in self._tiers:
                self._tiers[name].waits_from_ms = waits_from_ms
        for name, rule, *kept in state["many"]:
            tier = self._tiers.get(name)
            found = next((one.rule for one in tier.watches if one.rule.no == rule), None) if tier else None
            if tier is not None and found is not None:
                tier.many = Episode(found, 0)
                tier.many.restore(kept)
            elif tier is not None:
                # The rule that told of it is gone: who is still silent is told anew.
                for one in tier.watches:
                    one.among_many = False
