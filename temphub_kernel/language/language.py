"""A report's words, numbers and times in one language. Any thread."""

from datetime import datetime, timezone, tzinfo
from typing import Any

from ..core import DAY_MS, HOUR_MS, MINUTE_MS
from .texts import texts_of


class Language:
    """Texts of one language, and times by the clock of one zone."""

    def __init__(self, name: str, zone: tzinfo) -> None:
        self.name = name
        texts = texts_of(name)
        self._words: dict[str, str] = texts["language"] | texts["report"]
        self._zone = zone

    def __call__(self, text: str, /, **values: Any) -> str:
        """The text of that name, with the values in its places."""
        return self._words[text].format_map(values) if values else self._words[text]

    def number(self, value: float, digits: int = 2) -> str:
        """`-1.50`, `12,345` with `digits` 0: as the language writes numbers."""
        shown = f"{value:,.{digits}f}"
        if not any(sign in shown for sign in "123456789"):
            # No zero below zero.
            shown = shown.removeprefix("-")
        signs = {",": self._words["thousands"], ".": self._words["decimal"], "-": "−"}
        return "".join(signs.get(sign, sign) for sign in shown)

    def count(self, value: int) -> str:
        """A whole number."""
        return self.number(value, 0)

    def celsius(self, value: float, digits: int = 2) -> str:
        """`4.06 °C`."""
        return f"{self.number(value, digits)} °C"

    def limit(self, value: float) -> str:
        """`8 °C`, `-18.5 °C`: a limit as it was typed."""
        digits = next((digits for digits in range(4) if round(value, digits) == round(value, 4)), 4)
        return self.celsius(value, digits)

    def moment(self, ms: int, *, seconds: bool = True) -> str:
        """`2026-11-23 13:54:08` by the zone's clock, with its offset where that clock shows the hour
        twice."""
        at = self.clock(ms)
        twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
        offset = at.strftime("%z") if twice else ""
        return at.strftime(f"{self._words['date']} %H:%M{':%S' if seconds else ''}") + (
            f" ({offset[:3]}:{offset[3:]})" if offset else ""
        )

    def day(self, ms: int) -> str:
        """`2026-11-23`."""
        return self.clock(ms).strftime(self._words["date"])

    def clock(self, ms: int) -> datetime:
        """The zone's clock at a moment."""
        return datetime.fromtimestamp(ms // 1000, timezone.utc).astimezone(self._zone)

    def length(self, ms: float) -> str:
        """`2 d 4 h`, `3 h 05 min`, `42 min`, `12 s`."""
        total = round(ms / 1000)
        day, hour, minute, second = (self._words[name] for name in ("day", "hour", "minute", "second"))
        if total >= 2 * DAY_MS // 1000:
            days, hours = divmod(round(ms / HOUR_MS), 24)
            return f"{self.count(days)} {day} {hours} {hour}"
        minutes = round(ms / MINUTE_MS)
        if minutes >= 60:
            return f"{minutes // 60} {hour} {minutes % 60:02d} {minute}"
        if total >= 600:
            return f"{minutes} {minute}"
        return f"{total // 60} {minute} {total % 60:02d} {second}" if total >= 60 else f"{total} {second}"
