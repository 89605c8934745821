"""Rules: what is to be watched, checked where it comes in and written as people type it. Any thread; pure.

Inside everything is milliseconds and °C; in JSON (API, CLI, files) lengths of time are minutes. What a rule
leaves out has the value that does not flap: 10 minutes' delay, 5 minutes' recovery.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..core import DAY_MS, HIGHEST_C, LOWEST_C, MINUTE_MS, BadRequest, is_probe_id, known_zone, printable
from .schedule import DAYS, Hours, Schedule

SEVERITIES = ("warning", "critical")
LIMITS = ("above", "below")
CHANGES = ("rise", "fall")
SICKNESSES = ("silent", "frozen", "sensor", "resets", "weak_wifi", "outbox")
KINDS = (*LIMITS, *CHANGES, *SICKNESSES)
COUNTINGS = ("consecutive", "cumulative")
DELAY_MS = 10 * MINUTE_MS
RECOVERY_MS = 5 * MINUTE_MS
LONGEST_MS = 31 * DAY_MS
MOST_TEXT = 120
MOST_NAMES = 1000
MOST_HOURS = 50
MOST_INTERVALS = 1000


@dataclass(frozen=True)
class Rule:
    """One rule. no: its row in the journal (0: none yet). probes and group: whom it watches; with neither,
    all probes.

    delay_ms: how long the value has to be beyond the limit before it is an alarm; window_ms: cumulative
    counting adds up over so long; recovery_c: where it counts as recovered (None: at the limit), and
    recovery_ms for how long; change_c within within_ms: rise and fall; intervals: of the probe's own, and
    at_least_ms (None: see sickness.py): silence and sickness; zone: of the schedule, `local` for the hub's;
    repeat_ms, escalate_ms: 0 for never.
    """

    kind: str
    name: str = ""
    severity: str = "warning"
    no: int = 0
    probes: tuple[str, ...] = ()
    group: str = ""
    limit_c: float | None = None
    delay_ms: int = DELAY_MS
    recovery_c: float | None = None
    recovery_ms: int = RECOVERY_MS
    counting: str = "consecutive"
    window_ms: int = 0
    change_c: float | None = None
    within_ms: int = 0
    intervals: int = 3
    at_least_ms: int | None = None
    schedule: tuple[Hours, ...] = ()
    zone: str = "local"
    require_action: bool = False
    repeat_ms: int = 0
    channels: tuple[str, ...] = ()
    escalate_ms: int = 0
    escalate_to: tuple[str, ...] = ()
    enabled: bool = True

    def passed(self, celsius: float) -> bool:
        """Whether a value is beyond its limit, whatever the hour; none is beyond a limit that it has not."""
        if self.limit_c is None:
            return False
        return celsius > self.limit_c if self.kind == "above" else celsius < self.limit_c

    @classmethod
    def from_json(cls, data: object, *, no: int = 0) -> "Rule":
        """The rule that a JSON object describes. Raises BadRequest with the field, the value met and what it
        may be."""
        if not isinstance(data, Mapping):
            raise _bad(
                f"The rule is {data!r:.60}, which is no JSON object", "Send an object with at least kind."
            )
        unknown = sorted(str(name) for name in data if name not in FIELDS)
        if unknown:
            raise _bad(f"A rule has no field {unknown[0]!r:.60}", f"Use {', '.join(FIELDS)}.")
        given = {name: value for name, value in data.items() if value is not None}
        if "kind" not in given:
            raise _bad("The rule names no kind", f"Give kind as one of {', '.join(KINDS)}.")
        parsed = {FIELDS[name].attribute: FIELDS[name].parse(name, value) for name, value in given.items()}
        _check_belonging(parsed["kind"], given)
        rule = cls(no=no, **parsed)
        _check(rule)
        return rule

    def to_json(self) -> dict[str, Any]:
        """The same as from_json takes it: every field that the rule's kind has, lengths of time in
        minutes."""
        told = {}
        for name, field in FIELDS.items():
            value = getattr(self, field.attribute)
            if (
                value is None
                or (self.kind not in field.kinds)
                or (name in ("probes", "group", "window_min") and not value)
            ):
                continue
            told[name] = field.tell(value)
        return told

    def hours(self) -> Schedule:
        """When it watches."""
        return Schedule(self.schedule, self.zone)


@dataclass(frozen=True)
class Field:
    """A field of the JSON. attribute: of Rule; parse(name, value) raises BadRequest; tell: back again; kinds:
    of rules that have it."""

    attribute: str
    parse: Callable[[str, object], Any]
    tell: Callable[[Any], Any] = lambda value: value
    kinds: tuple[str, ...] = KINDS


def _bad(problem: str, remedy: str) -> BadRequest:
    return BadRequest(f"{problem}, so the rule was not taken.", remedy, code="bad_rule")


def _one_of(allowed: Sequence[str]) -> Callable[[str, object], str]:
    def parse(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise _bad(f"{name} is {value!r:.60}", f"Give {name} as one of {', '.join(allowed)}.")
        return value

    return parse


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT or not printable(value):
        raise _bad(f"{name} is {value!r:.60}", f"Give {name} as one line of at most {MOST_TEXT} characters.")
    return value.strip()


def _names(name: str, value: object) -> tuple[str, ...]:
    remedy = f"Give {name} as a list of at most {MOST_NAMES} names."
    if not isinstance(value, list | tuple) or len(value) > MOST_NAMES:
        raise _bad(f"{name} is {value!r:.60}", remedy)
    for one in value:
        if not isinstance(one, str) or not one.strip() or len(one) > MOST_TEXT or not printable(one):
            raise _bad(f"{name} holds {one!r:.60}", remedy)
    return tuple(dict.fromkeys(value))


def _probes(name: str, value: object) -> tuple[str, ...]:
    found = _names(name, value)
    for one in found:
        if not is_probe_id(one):
            raise _bad(f"{name} holds {one!r:.60}, which no probe can be called", "Give the ids of probes.")
    return found


def _yes_or_no(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _bad(f"{name} is {value!r:.60}", f"Give {name} as true or false.")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _celsius(name: str, value: object) -> float:
    number = _number(value)
    if not LOWEST_C <= number <= HIGHEST_C:
        raise _bad(
            f"{name} is {value!r:.60}",
            f"Give {name} in °C as a number between {LOWEST_C:g} and {HIGHEST_C:g}.",
        )
    return number


def _kelvin(name: str, value: object) -> float:
    number = _number(value)
    if not 0 < number <= HIGHEST_C - LOWEST_C:
        raise _bad(
            f"{name} is {value!r:.60}", f"Give {name} as a difference of temperatures above 0, such as 3."
        )
    return number


def _minutes(name: str, value: object) -> int:
    number = _number(value)
    if not 0 <= number * MINUTE_MS <= LONGEST_MS:
        most = LONGEST_MS // MINUTE_MS
        raise _bad(f"{name} is {value!r:.60}", f"Give {name} in minutes as a number between 0 and {most}.")
    return round(number * MINUTE_MS)


def _count(name: str, value: object) -> int:
    number = _number(value)
    if not 1 <= number <= MOST_INTERVALS or number != int(number):
        raise _bad(
            f"{name} is {value!r:.60}", f"Give {name} as a whole number between 1 and {MOST_INTERVALS}."
        )
    return int(number)


def _zone(name: str, value: object) -> str:
    text = _text(name, value)
    if text != "local" and known_zone(text) is None:
        raise _bad(
            f"{name} is {value!r:.60}, which no time zone is called",
            "Use local, UTC or a name such as Europe/Berlin.",
        )
    return text


def _schedule(name: str, value: object) -> tuple[Hours, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_HOURS:
        raise _bad(
            f"{name} is {value!r:.60}",
            f"Give {name} as a list of at most {MOST_HOURS} hours such as {EXAMPLE}.",
        )
    return tuple(_hours(name, one) for one in value)


EXAMPLE = '{"days": ["mon", "fri"], "from": "08:00", "to": "18:00"}'


def _hours(name: str, value: object) -> Hours:
    if not isinstance(value, Mapping) or set(value) != {"days", "from", "to"}:
        raise _bad(f"{name} holds {value!r:.60}", f"Give hours such as {EXAMPLE}.")
    days = value["days"]
    if not isinstance(days, list | tuple) or not days or not all(day in DAYS for day in days):
        raise _bad(f"days is {days!r:.60}", f"Give days as a list of {', '.join(DAYS)}.")
    try:
        return Hours.of(days, value["from"], value["to"])
    except ValueError as error:
        problem = f"{name} holds from {value['from']!r:.20} to {value['to']!r:.20}"
        raise _bad(problem, "Give two different times between 00:00 and 24:00, as HH:MM.") from error


def _in_minutes(ms: int) -> int | float:
    return ms // MINUTE_MS if ms % MINUTE_MS == 0 else ms / MINUTE_MS


FIELDS: dict[str, Field] = {
    "name": Field("name", _text),
    "probes": Field("probes", _probes, list),
    "group": Field("group", _text),
    "kind": Field("kind", _one_of(KINDS)),
    "severity": Field("severity", _one_of(SEVERITIES)),
    "limit_c": Field("limit_c", _celsius, kinds=LIMITS),
    "delay_min": Field("delay_ms", _minutes, _in_minutes, (*LIMITS, *CHANGES)),
    "recovery_c": Field("recovery_c", _celsius, kinds=LIMITS),
    "recovery_min": Field("recovery_ms", _minutes, _in_minutes),
    "counting": Field("counting", _one_of(COUNTINGS), kinds=LIMITS),
    "window_min": Field("window_ms", _minutes, _in_minutes, LIMITS),
    "change_c": Field("change_c", _kelvin, kinds=CHANGES),
    "within_min": Field("within_ms", _minutes, _in_minutes, CHANGES),
    "intervals": Field("intervals", _count, kinds=("silent",)),
    "at_least_min": Field("at_least_ms", _minutes, _in_minutes, SICKNESSES),
    "schedule": Field("schedule", _schedule, lambda hours: [one.to_json() for one in hours]),
    "zone": Field("zone", _zone),
    "require_action": Field("require_action", _yes_or_no),
    "repeat_min": Field("repeat_ms", _minutes, _in_minutes),
    "channels": Field("channels", _names, list),
    "escalate_min": Field("escalate_ms", _minutes, _in_minutes),
    "escalate_to": Field("escalate_to", _names, list),
    "enabled": Field("enabled", _yes_or_no),
}


def _check_belonging(kind: str, given: Mapping[str, object]) -> None:
    for name in given:
        if kind not in FIELDS[name].kinds:
            raise _bad(
                f"A rule of the kind {kind} has no {name}",
                f"Leave {name} out, or use the kind {FIELDS[name].kinds[0]}.",
            )


def _check(rule: Rule) -> None:
    """What only the fields together tell."""
    if rule.probes and rule.group:
        raise _bad(
            f"Both probes and the group {rule.group!r} are given",
            "Give one of them, or neither for all probes.",
        )
    if rule.kind in LIMITS:
        _check_limit(rule)
    if rule.kind in CHANGES and (rule.change_c is None or not rule.within_ms):
        raise _bad(
            f"A {rule.kind} needs how much and in which time", "Give change_c above 0 and within_min above 0."
        )
    if rule.escalate_ms and not rule.escalate_to:
        raise _bad("escalate_min is given and nobody to escalate to", "Give escalate_to, a list of channels.")


def _check_limit(rule: Rule) -> None:
    if rule.limit_c is None:
        raise _bad(f"A rule of the kind {rule.kind} needs a limit", "Give limit_c in °C.")
    above = rule.kind == "above"
    recovery_c = rule.limit_c if rule.recovery_c is None else rule.recovery_c
    if recovery_c > rule.limit_c if above else recovery_c < rule.limit_c:
        side = "at most" if above else "at least"
        raise _bad(
            f"recovery_c is {recovery_c:g}, beyond the limit of {rule.limit_c:g}",
            f"Give recovery_c as {side} {rule.limit_c:g}.",
        )
    if rule.counting == "cumulative" and not 0 < rule.delay_ms <= rule.window_ms:
        raise _bad(
            f"Of cumulative minutes delay_min is {_in_minutes(rule.delay_ms)} and window_min "
            f"{_in_minutes(rule.window_ms)}",
            "Give delay_min above 0 and a window_min that is not shorter.",
        )
    if rule.counting != "cumulative" and rule.window_ms:
        raise _bad(
            "window_min is given and counting is consecutive",
            "Leave window_min out, or give counting as cumulative.",
        )


assert {field.attribute for field in FIELDS.values()} == {field.name for field in fields(Rule)} - {"no"}
