"""What is said when alarms are told: one by one, or, when there are many at once, together. Pure; any thread."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...core import local_text
from ...journal import Alarm, Message

# From so many on they are told together.
TOGETHER = 4
LISTED = 20
PERHAPS = "May have been told already."


class Telling(NamedTuple):
    """What is sent. severity: critical, warning or over; numbers: of the messages that it tells."""

    title: str
    body: str
    severity: str
    numbers: tuple[int, ...]


def newest(messages: Sequence[Message]) -> list[Message]:
    """Of each alarm the last message: what it said before is in it."""
    return list({message.alarm: message for message in messages}.values())


def compose(messages: Sequence[Message], alarms: Mapping[int, Alarm], link: str) -> Telling:
    """What to send for messages that wait. alarms: theirs, as they are now; those that are not there are not told. link: of the page."""
    told = [message for message in newest(messages) if message.alarm in alarms]
    marked = [PERHAPS] if any(message.tries < 0 for message in messages) else []
    after = [*marked, link] if link else marked
    if len(told) == 1:
        alarm, (title, _, body) = alarms[told[0].alarm], told[0].text.partition("\n")
        over = [f"Over since {local_text(alarm.cleared_ms)[:-3]}."] if alarm.cleared_ms else []
        lines = [*body.splitlines(), *(line for line in over if line not in body), *after]
        return Telling(_title(title, alarm), "\n".join(lines), severity([alarm]), _numbers(messages))
    concerned = [alarms[message.alarm] for message in told]
    lines = [_title(message.text.partition("\n")[0], alarms[message.alarm]) for message in told[:LISTED]]
    if len(told) > LISTED:
        lines.append(f"… and {len(told) - LISTED} more.")
    return Telling(_head(concerned), "\n".join([*lines, *after]), severity(concerned), _numbers(messages))


def severity(alarms: Sequence[Alarm]) -> str:
    """The worst of those that go on; `over` when none does."""
    active = {alarm.severity for alarm in alarms if not alarm.cleared_ms}
    return "critical" if "critical" in active else "warning" if active else "over"


def _head(alarms: Sequence[Alarm]) -> str:
    over = sum(bool(alarm.cleared_ms) for alarm in alarms)
    critical = sum(alarm.severity == "critical" for alarm in alarms if not alarm.cleared_ms)
    more = [f"{critical} critical"] * bool(critical) + [f"{over} over already"] * bool(over)
    return f"{len(alarms)} alarms" + (f" ({', '.join(more)})" if more else "")


def _title(title: str, alarm: Alarm) -> str:
    return f"Was, and is over: {title}" if alarm.cleared_ms else title


def _numbers(messages: Sequence[Message]) -> tuple[int, ...]:
    return tuple(message.no for message in messages)
