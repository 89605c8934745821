"""When a rule watches: hours of a week by the clock on the wall of a zone, summer time included. Any thread;
pure."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..core import known_zone, local_zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
DAY_MIN = 24 * 60


class Hours(NamedTuple):
    """Some hours of some days. days: 0 for Monday; start, end: minutes since midnight. An end before the
    start is on the next day."""

    days: tuple[int, ...]
    start: int
    end: int

    @classmethod
    def of(cls, days: Sequence[str], start: object, end: object) -> "Hours":
        """days: `mon` and so on; start, end: `HH:MM`. Raises ValueError for what is no time, and for no
        length."""
        found = cls(tuple(sorted({DAYS.index(day) for day in days})), _minutes(start), _minutes(end))
        if found.start == found.end or found.start == DAY_MIN:
            raise ValueError("no length")
        return found

    def to_json(self) -> dict[str, Any]:
        """As `of` takes it."""
        return {"days": [DAYS[day] for day in self.days], "from": _text(self.start), "to": _text(self.end)}

    def has(self, day: int, minute: int) -> bool:
        """Whether a minute of a day of the week is among them."""
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or (
            (day - 1) % 7 in self.days and minute < self.end
        )


class Schedule:
    """A rule's hours in its zone; without hours it always watches."""

    def __init__(self, hours: Sequence[Hours], zone: str = "local") -> None:
        self._hours = tuple(hours)
        self._zone = (known_zone(zone) or local_zone()) if hours else None

    def is_on(self, ms: int) -> bool:
        """Whether it watches at a moment: an hour that comes twice in autumn counts twice, one that spring
        leaves out never comes."""
        if not self._hours:
            return True
        # 'zone' decides both the day and the minute.
        wall = datetime.fromtimestamp(ms // 1000, self._zone)
        minute = wall.hour * 60 + wall.minute
        return any(hours.has(wall.weekday(), minute) for hours in self._hours)


def _minutes(text: object) -> int:
    if not isinstance(text, str) or TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r:.20} is no time")
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
