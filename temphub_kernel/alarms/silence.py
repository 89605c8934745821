"""Probes from which nothing comes any more; many at once are one alarm: the network, or the hub's computer.
Pure.

A probe is silent when nothing was heard of it for some of its own intervals (3), and for two minutes unless
the rule says otherwise: as often as it delivers, not as it was told to. Time is the engine's own: a hub that
was away or asleep holds it against nobody, nor does what the hub itself asked probes to gather. The sensors
of one board fall silent together: they are one alarm, and count as one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..core import MINUTE_MS
from ..journal import Ints
from .streams import Heard
from .watches import Back, Episode, Transition, Watch

AT_LEAST_MS = 2 * MINUTE_MS
# So many boards, and half of those that were there: one alarm.
MANY = 3
# So long the first one waits for others, where that can still be.
GATHER_MS = 30_000
# One that will have to be told of within this is soon.
SOON_MS = MINUTE_MS


class _Silent(Episode):
    """One watch. at: its probe's place; unit: its board, or the probe itself; together: it is in the alarm of
    its board or of many."""

    def __init__(self, watch: Watch, heard: Heard, at: int) -> None:
        super().__init__(watch.rule, watch.probe)
        self._heard, self._at = heard, at
        self.unit: str | int = watch.board or watch.probe
        self.least_ms = max(AT_LEAST_MS if watch.rule.at_least_ms is None else watch.rule.at_least_ms, 1)
        self.among_many = self.on_board = False
        # Since when it delivers again, by the hub's clock, while an alarm is about it; 0 for not.
        self.back_ms = 0

    @property
    def alone(self) -> bool:
        """Whether no alarm is about it."""
        return not (self.active or self.among_many or self.on_board)

    @property
    def heard_ms(self) -> int:
        """When something came, by the engine's clock."""
        return int(self._heard.heard_ms[self._at])

    @property
    def pace_ms(self) -> int:
        """How often something comes."""
        return int(self._heard.pace_ms[self._at])

    @property
    def came_ms(self) -> int:
        """When something came, by the hub's clock; 0 for never."""
        return int(self._heard.came_ms[self._at])

    def look_back(self, silent: bool) -> None:
        """Note whether it delivers again."""
        self.back_ms = 0 if silent else self.back_ms or self.came_ms

    def ended(self, clock_ms: int) -> None:
        """An alarm of several is over: who is not back yet has its own time to come back."""
        self.among_many = self.on_board = False
        self._heard.heard_ms[self._at] = max(self.heard_ms, clock_ms - self.pace_ms)


class _Tier:
    """The watches of one severity. boards: (rule, board) -> its alarm and whom that is about."""

    def __init__(self, watches: Sequence[_Silent], heard: Heard) -> None:
        self.watches = sorted(watches, key=lambda one: (one.rule.no, one.probe))
        self.many: Episode | None = None
        self.boards: dict[tuple[int, str | int], tuple[Episode, list[_Silent]]] = {}
        self.waits_from_ms = -1
        self.back: Back = {}
        self._of: dict[tuple[int, str | int], list[_Silent]] = {}
        for one in self.watches:
            self._of.setdefault((one.rule.no, one.unit), []).append(one)
        self._heard = heard
        self._at = heard.places(np.array([one.probe for one in self.watches], np.int64))
        self._intervals = np.array([one.rule.intervals for one in self.watches], np.int64)
        self._least_ms = np.array([one.least_ms for one in self.watches], np.int64)

    def due_ms(self) -> Ints:
        """When each is silent, by the engine's clock, if nothing comes till then."""
        paces_ms = self._intervals * self._heard.pace_ms[self._at]
        waits_ms = np.maximum(paces_ms, self._least_ms) + self._heard.gathered_ms
        found: Ints = self._heard.heard_ms[self._at] + waits_ms
        return found

    def silent(self, clock_ms: int) -> list[_Silent]:
        """Those that are silent now."""
        return [self.watches[place] for place in np.flatnonzero(self.due_ms() <= clock_ms).tolist()]

    def soon(self, clock_ms: int) -> bool:
        """Whether one that nobody was told of is silent within a minute."""
        near = np.flatnonzero(self.due_ms() <= clock_ms + SOON_MS).tolist()
        return any(self.watches[place].alone for place in near)

    def tick(self, clock_ms: int, now_ms: int) -> list[Transition]:
        told = self._end_many(clock_ms, now_ms) + self._end_boards(clock_ms, now_ms)
        silent = self.silent(clock_ms)
        told += self._singles(set(silent), clock_ms, now_ms)
        new = [one for one in silent if one.alone]
        told += self._decide(new, clock_ms, now_ms) if new else []
        if not new:
            self.waits_from_ms = -1
        self.back = self._look_back(set(silent))
        return told

    def look_back(self) -> Back:
        """Who delivers again, as that is known."""
        return {
            (episode.rule.no, episode.probe): {one.probe: one.back_ms for one in members if one.back_ms}
            for episode, members in self._alarms()
        }

    def _look_back(self, silent: set[_Silent]) -> Back:
        for _, members in self._alarms():
            for one in members:
                one.look_back(one in silent)
        return self.look_back()

    def _alarms(self) -> Iterator[tuple[Episode, list[_Silent]]]:
        """Each alarm that goes on, and whom it is about."""
        if self.many is not None:
            yield self.many, [one for one in self.watches if one.among_many]
        yield from self.boards.values()
        yield from ((one, [one]) for one in self.watches if one.active)

    def _singles(self, silent: set[_Silent], clock_ms: int, now_ms: int) -> list[Transition]:
        told: list[Transition] = []
        for one in self.watches:
            if one.active:
                told += one.look(one in silent, clock_ms, now_ms, one.came_ms)
        return told

    def _decide(self, new: list[_Silent], clock_ms: int, now_ms: int) -> list[Transition]:
        """Those that just fell silent: board by board, all as one, or not yet."""
        if self.many is not None:
            # They belong to what is known already.
            for one in new:
                one.among_many = True
            return []
        self.waits_from_ms = clock_ms if self.waits_from_ms < 0 else self.waits_from_ms
        there = [one for one in self.watches if not (one.active or one.on_board)]
        silent, total = _units(new), _units(there)
        if len(silent) >= MANY and len(silent) * 2 >= len(total):
            return self._begin_many(new, now_ms, clock_ms)
        last_ms = max(one.heard_ms + one.pace_ms for one in new)
        could_be = total - _units(one for one in there if one.heard_ms > last_ms)
        waits = clock_ms - self.waits_from_ms < GATHER_MS
        if waits and len(could_be) >= MANY and len(could_be) * 2 >= len(total):
            return []
        boards: dict[tuple[int, str | int], list[_Silent]] = {}
        for one in new:
            boards.setdefault((one.rule.no, one.unit), []).append(one)
        return [
            step
            for key, those in boards.items()
            for step in self._of_board(key, those, waits, clock_ms, now_ms)
        ]

    def _of_board(
        self, key: tuple[int, str | int], new: list[_Silent], waits: bool, clock_ms: int, now_ms: int
    ) -> list[Transition]:
        """The silent ones of a board for a rule: one alarm where no other sensor of it was heard since; else
        each by itself."""
        others = [one for one in self._of[key] if one.alone and one not in new]
        last_ms = max(one.heard_ms + one.pace_ms for one in new)
        if key in self.boards:
            episode, members = self.boards[key]
            members += new
            return self._told_of(episode, members, now_ms)
        heard = any(one.heard_ms > last_ms for one in others)
        if others and not heard and waits:
            return []
        if len(new) > 1 and not heard:
            return self._begin_board(key, new, clock_ms, now_ms)
        return [step for one in new for step in one.look(True, clock_ms, now_ms, one.came_ms or now_ms)]

    def _begin_board(
        self, key: tuple[int, str | int], new: list[_Silent], clock_ms: int, now_ms: int
    ) -> list[Transition]:
        episode = Episode(new[0].rule, new[0].probe)
        told = episode.look(True, clock_ms, now_ms, _since_ms(new, now_ms), _probes(new))
        # Outside the rule's hours nothing is told.
        if told:
            self.boards[key] = episode, list(new)
            for one in new:
                one.on_board = True
        return told

    def _told_of(self, episode: Episode, members: list[_Silent], now_ms: int) -> list[Transition]:
        """A board's alarm is about more of its sensors by now."""
        for one in members:
            one.on_board = True
        return [episode.told("active", now_ms, _probes(members))]

    def _begin_many(self, new: list[_Silent], now_ms: int, clock_ms: int) -> list[Transition]:
        self.many = Episode(new[0].rule, 0)
        told = self.many.look(True, clock_ms, now_ms, _since_ms(new, now_ms), _probes(new))
        if not told:
            # Outside the rule's hours.
            self.many = None
            return []
        for one in new:
            one.among_many = True
        return told

    def _end_many(self, clock_ms: int, now_ms: int) -> list[Transition]:
        if self.many is None:
            return []
        members = [one for one in self.watches if one.among_many]
        still = _units(members) & _units(self.silent(clock_ms))
        sick = len(still) * 2 > len(_units(members))
        told = self.many.look(sick, clock_ms, now_ms, 0, _probes(members))
        if told:
            self.many = None
            for one in members:
                one.ended(clock_ms)
        return told

    def _end_boards(self, clock_ms: int, now_ms: int) -> list[Transition]:
        if not self.boards:
            return []
        told: list[Transition] = []
        silent = set(self.silent(clock_ms))
        for key, (episode, members) in list(self.boards.items()):
            # One that is heard shows that the board is back.
            over = episode.look(silent.issuperset(members), clock_ms, now_ms, 0, _probes(members))
            if over:
                del self.boards[key]
                for one in members:
                    one.ended(clock_ms)
            told += over
        return told


def _units(watches: Iterable[_Silent]) -> set[str | int]:
    return {one.unit for one in watches}


def _probes(watches: Iterable[_Silent]) -> tuple[int, ...]:
    return tuple(sorted({one.probe for one in watches}))


def _since_ms(watches: Iterable[_Silent], now_ms: int) -> int:
    return min(one.came_ms or now_ms for one in watches)


class Silence:
    """All watches for silence."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        mine = [watch for watch in watches if watch.rule.kind == "silent"]
        self._heard = Heard({watch.probe: watch.interval_ms for watch in mine})
        places = self._heard.places(np.array([watch.probe for watch in mine], np.int64)).tolist()
        self._watches = [_Silent(watch, self._heard, at) for watch, at in zip(mine, places, strict=True)]
        tiers = sorted({one.rule.severity for one in self._watches})
        of = {name: [one for one in self._watches if one.rule.severity == name] for name in tiers}
        self._tiers = {name: _Tier(those, self._heard) for name, those in of.items()}
        self._told_back: Back = {}

    def take(self, probe: Ints, received_ms: Ints, clock_ms: int) -> None:
        """Something came from probes, whatever it was and however old."""
        self._heard.take(probe, received_ms, clock_ms)

    def gathers(self, within_ms: int) -> None:
        """Probes may keep readings so long, because the hub asked them to."""
        self._heard.gathered_ms = within_ms

    def begin(self, clock_ms: int) -> None:
        """Of those that are new nobody knows how long they have been silent."""
        self._heard.heard_ms[self._heard.heard_ms == 0] = clock_ms

    def soon(self, clock_ms: int) -> bool:
        """Whether a silence may have to be told of within a minute."""
        return any(tier.soon(clock_ms) for tier in self._tiers.values())

    def tick(self, clock_ms: int, now_ms: int) -> list[Transition]:
        """Who has fallen silent, who is back."""
        return [step for tier in self._tiers.values() for step in tier.tick(clock_ms, now_ms)]

    def back(self) -> Back:
        """What of that has changed since it was asked last."""
        now = {key: one for tier in self._tiers.values() for key, one in tier.back.items()}
        before, self._told_back = self._told_back, now
        return {key: one for key, one in now.items() if one != before.get(key, {})}

    def state(self) -> dict[str, Any]:
        """As `restore` takes it."""
        heard = self._heard
        columns = (heard.numbers, heard.heard_ms, heard.came_ms, heard.pace_ms)
        return {
            "heard": [column.tolist() for column in columns],
            "watches": [
                [one.rule.no, one.probe, one.among_many, *one.state()]
                for one in self._watches
                if one.active or one.among_many
            ],
            "many": [
                [name, tier.many.rule.no, *tier.many.state()]
                for name, tier in self._tiers.items()
                if tier.many
            ],
            "boards": [
                [name, rule, [one.probe for one in members], episode.probe, *episode.state()]
                for name, tier in self._tiers.items()
                for (rule, _), (episode, members) in tier.boards.items()
            ],
            "waits": [[name, tier.waits_from_ms] for name, tier in self._tiers.items()],
            "back": [
                [one.rule.no, one.probe, one.back_ms]
                for one in self._watches
                if one.back_ms and not one.alone
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._restore_heard(*(np.array(column, np.int64) for column in state["heard"]))
        known = {(one.rule.no, one.probe): one for one in self._watches}
        for rule, no, among_many, *kept in state["watches"]:
            if (one := known.get((rule, no))) is not None:
                one.among_many = among_many
                one.restore(kept)
        for name, waits_from_ms in state["waits"]:
            if name in self._tiers:
                self._tiers[name].waits_from_ms = waits_from_ms
        for name, rule, *kept in state["many"]:
            self._restore_many(name, rule, kept)
        for name, rule, probes, lead, *kept in state["boards"]:
            self._restore_board(name, [known[rule, no] for no in probes if (rule, no) in known], lead, kept)
        # One of an earlier build knows of none.
        for rule, no, back_ms in state.get("back", ()):
            if (one := known.get((rule, no))) is not None:
                one.back_ms = back_ms
        self._told_back = {key: one for tier in self._tiers.values() for key, one in tier.look_back().items()}

    def _restore_heard(self, numbers: Ints, heard_ms: Ints, came_ms: Ints, pace_ms: Ints) -> None:
        heard = self._heard
        place = heard.places(numbers)
        here = place >= 0
        at = place[here]
        heard.heard_ms[at], heard.came_ms[at] = heard_ms[here], came_ms[here]
        heard.pace_ms[at] = np.maximum(pace_ms[here], heard.interval_ms[at])

    def _restore_many(self, name: str, rule: int, kept: list[Any]) -> None:
        tier = self._tiers.get(name)
        if tier is None:
            return
        found = next((one.rule for one in tier.watches if one.rule.no == rule), None)
        if found is not None:
            tier.many = Episode(found, 0)
            tier.many.restore(kept)
            return
        # The rule that told of it is gone: who is still silent is told anew.
        for one in tier.watches:
            one.among_many = False

    def _restore_board(self, name: str, members: list[_Silent], lead: int, kept: list[Any]) -> None:
        """One whose alarm nobody watches any more, since its first sensor is gone, is told anew."""
        tier = self._tiers.get(name)
        first = next((one for one in members if one.probe == lead), None)
        if tier is None or first is None or first.rule.severity != name:
            return
        episode = Episode(first.rule, lead)
        episode.restore(kept)
        tier.boards[first.rule.no, first.unit] = episode, members
        for one in members:
            one.on_board = True
