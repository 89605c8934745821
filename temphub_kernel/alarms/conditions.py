"""When a value is beyond what a rule says, and when it is back: limits, and changes within a time. Pure."""

from statistics import median
from typing import Any, Protocol

from .rules import CHANGES, Rule

# The time of a change is looked at in so many parts: it is seen when it comes to pass within that time and
# one part more.
PARTS = 16


class Condition(Protocol):
    """Judges readings. steps: whether each of a probe's readings has to be seen; otherwise only those outside
    of low to high."""

    steps: bool
    low: float
    high: float

    def judge(self, at_ms: int, celsius: float) -> tuple[bool, bool]:
        """(beyond, recovered) at a reading. Of those with steps readings come in their order."""

    def state(self) -> Any:
        """As `restore` takes it."""

    def restore(self, state: Any) -> None:
        """Go on from there."""


class Limit:
    """Above or below a temperature. At the limit is not beyond it."""

    steps = False

    def __init__(self, rule: Rule) -> None:
        assert rule.limit_c is not None
        above = rule.kind == "above"
        self._sign = 1 if above else -1
        self._limit_c = rule.limit_c
        self._back_c = rule.limit_c if rule.recovery_c is None else rule.recovery_c
        self.low = -float("inf") if above else rule.limit_c
        self.high = rule.limit_c if above else float("inf")

    def judge(self, at_ms: int, celsius: float) -> tuple[bool, bool]:
        sign = self._sign
        return sign * celsius > sign * self._limit_c, sign * celsius <= sign * self._back_c

    def state(self) -> None:
        return None

    def restore(self, state: None) -> None:
        pass


class Change:
    """A rise or fall by so many kelvin within a time. Of three successive readings the middle one counts: a
    lone spike is no change."""

    steps = True
    low = high = 0.0

    def __init__(self, rule: Rule) -> None:
        assert rule.change_c is not None
        self._sign = 1 if rule.kind == "rise" else -1
        self._change_c = rule.change_c
        self._part_ms = max(rule.within_ms // PARTS, 1)
        self._last: list[float] = []
        # part of the time -> the value farthest to the good side in it.
        self._best: dict[int, float] = {}

    def judge(self, at_ms: int, celsius: float) -> tuple[bool, bool]:
        self._last = [*self._last[-2:], celsius]
        if len(self._last) < 3:
            return False, True
        value, part = self._sign * median(self._last), at_ms // self._part_ms
        for old in [old for old in self._best if old < part - PARTS or old > part]:
            del self._best[old]
        self._best[part] = min(self._best.get(part, value), value)
        beyond = value - min(self._best.values()) >= self._change_c
        return beyond, not beyond

    def state(self) -> list[Any]:
        return [self._last, [list(one) for one in self._best.items()]]

    def restore(self, state: list[Any]) -> None:
        self._last, self._best = list(state[0]), dict(state[1])


def condition_of(rule: Rule) -> Condition:
    """The condition of a rule for a value; rules of sickness have none."""
    return Change(rule) if rule.kind in CHANGES else Limit(rule)
