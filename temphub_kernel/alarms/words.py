"""What is said of an alarm: place, value, limit, since when, worst. Any thread; reads names from the book."""

from collections.abc import Mapping
from typing import Protocol

from ..core import MINUTE_MS, local_text
from ..journal import MAINTENANCE, Alarm

LIST = 5
SICK = {
    "silent": "has sent no reading",
    "frozen": "has shown the very same value",
    "sensor": "has a sensor that answers badly",
    "resets": "starts again and again",
    "weak_wifi": "has a weak Wi-Fi",
    "outbox": "has more and more readings waiting",
}
# The same of what is well again.
WAS_SICK = {
    "silent": "had sent no reading",
    "frozen": "had shown the very same value",
    "sensor": "had a sensor that answered badly",
    "resets": "started again and again",
    "weak_wifi": "had a weak Wi-Fi",
    "outbox": "had more and more readings waiting",
}
HEADS = {"repeated": "Still not acknowledged: ", "escalated": "Nobody has acknowledged it yet: "}


class Names(Protocol):
    """What people call places: an AlarmBook, or what remembers one's answers."""

    def groups(self) -> Mapping[int, str]:
        """The group of each probe that has one."""

    def called(self, probe: int) -> str:
        """What people call a probe."""


def message(book: Names, alarm: Alarm, what: str, at_ms: int) -> str:
    """The text of a message; its first line is its title. what: fired, repeated or escalated."""
    head = "CRITICAL" if alarm.severity == "critical" else "Warning"
    lines = [
        f"{head}: {HEADS.get(what, '')}{was(book, alarm) if alarm.all_back_ms else fired(book, alarm)}",
        f"Since {local_text(alarm.since_ms)[:-3]}, {length(at_ms - alarm.since_ms)}.",
    ]
    if alarm.worst_c is not None:
        lines.append(f"Worst so far: {celsius(alarm.worst_c)}.")
    if alarm.cleared_ms:
        lines.append(f"Over since {local_text(alarm.cleared_ms)[:-3]}.")
    if back_ms := alarm.all_back_ms:
        again = "Delivering again" if alarm.cause == "silent" else "Back"
        lines.append(f"{again} since {local_text(back_ms)[:-3]}.")
    if alarm.own:
        lines.append(str(alarm.body.get("remedy", "")))
    name = alarm.body.get("rule", {}).get("name")
    return "\n".join([*lines, *([f"Rule: {name}"] if name else [])])


def fired(book: Names, alarm: Alarm) -> str:
    """What is the matter, in one line."""
    rule, value = alarm.body.get("rule", {}), alarm.body.get("celsius")
    if alarm.own and (text := str(alarm.body.get("text", ""))):
        return text.rstrip(".")
    place = where(book, alarm)
    now = "" if value is None else f" {celsius(value)},"
    if alarm.cause in ("above", "below") and alarm.limit_c is not None:
        return f"{place}:{now} {alarm.cause} {celsius(alarm.limit_c)}"
    if alarm.cause in ("rise", "fall"):
        moved = "rose" if alarm.cause == "rise" else "fell"
        return (
            f"{place}:{now} {moved} by {rule.get('change_c', 0):g} °C within {rule.get('within_min', 0):g}"
            " min"
        )
    if alarm.cause == "silent" and not alarm.probe:
        return f"{place} have sent no reading: the network or the hub's computer"
    return f"{place} {SICK.get(alarm.cause, alarm.cause)}"


def was(book: Names, alarm: Alarm) -> str:
    """What was the matter, of an alarm of which all is well again though its rule still waits."""
    place = where(book, alarm)
    if alarm.cause in ("above", "below") and alarm.limit_c is not None:
        return f"{place} was {alarm.cause} {celsius(alarm.limit_c)}"
    if alarm.cause == "silent" and not alarm.probe:
        return f"{place} had sent no reading: the network or the hub's computer"
    return f"{place} {WAS_SICK[alarm.cause]}" if alarm.cause in WAS_SICK else fired(book, alarm)


def past(book: Names, alarm: Alarm) -> str:
    """What late readings showed."""
    return f"Known only since late readings came: {fired(book, alarm)}"


def where(book: Names, alarm: Alarm) -> str:
    """The place of an alarm, as people call it."""
    names = [book.called(no) for no in alarm.body.get("probes", [])]
    listed = ", ".join(names[:LIST])
    listed = listed if len(names) <= LIST else f"{len(names)} probes ({listed}, …)"
    if not alarm.probe:
        return listed or "The hub"
    # Several sensors that are one alarm sit on one board.
    place = f"the board of {listed}" if len(names) > 1 else book.called(alarm.probe)
    group = book.groups().get(alarm.probe)
    return f"{group}, {place}" if group else place[0].upper() + place[1:] if len(names) > 1 else place


def until(kind: str, until_ms: int, note: str) -> str:
    """That nobody is told, and how long."""
    what = "in maintenance" if kind == MAINTENANCE else "muted"
    return f"{what} until {local_text(until_ms)[:-3]}" + (f": {note.strip()}" if note.strip() else "")


def celsius(value: float) -> str:
    """`8.3 °C`; a whole number as one."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0", value == 0) + " °C"


def length(ms: int) -> str:
    """`42 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes = max(ms, 0) // MINUTE_MS
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(hours, 24)
    return f"{days} d {rest} h" if rest else f"{days} d"
