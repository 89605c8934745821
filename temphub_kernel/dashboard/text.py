"""Numbers, ages and times as the page writes them, and the one way text of others gets into HTML. Any thread; pure."""

import html
from datetime import datetime, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import words

MINUS = "−"
DAY_S = 86_400


def safe(value: object) -> str:
    """Text as HTML shows it: nothing that a probe says can become markup, also inside a quoted attribute."""
    return html.escape(str(value), quote=True)


def code(text: str) -> str:
    """Our own words as HTML: what stands between backquotes is shown as something to type."""
    parts = safe(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def celsius(value: float | None) -> str:
    """`23.81`, from 100 on `123.8`; a real minus sign; a dash for no value."""
    if value is None:
        return words.NOTHING
    return _signed(f"{value:.1f}" if abs(value) >= 99.995 else f"{value:.2f}")


def trend(value: float | None) -> str:
    """`+0.4 °C/h`; a dash when there is too little to tell."""
    if value is None:
        return words.NOTHING
    return words.STAT_TREND.format(_signed(f"{value:+.1f}" if abs(value) < 100 else f"{value:+.0f}"))


def sigma(value: float | None) -> str:
    """A spread with three decimals; a dash for none."""
    return words.NOTHING if value is None else f"{value:.3f}"


def count(value: int) -> str:
    """`12 345`: thousands apart by a narrow space, the same in every language."""
    return f"{value:,}".replace(",", "\u202f")


def span(ms: int) -> str:
    """How long: `12 s`, `3 min`, `2 h 05 min`, `4 days`."""
    seconds = max(ms, 0) // 1000
    if seconds < 60:
        return words.SECONDS.format(seconds)
    if seconds < 3600:
        return words.MINUTES.format(seconds // 60)
    if seconds < 2 * DAY_S:
        hours, minutes = seconds // 3600, seconds % 3600 // 60
        return words.HOURS.format(hours, minutes) if minutes else words.HOURS_ONLY.format(hours)
    return words.DAYS.format(seconds // DAY_S)


def ago(ms: int) -> str:
    """How long ago; a moment, and a clock that runs slightly ahead, is `just now`."""
    return words.JUST_NOW if ms < 2000 else words.AGO.format(span(ms))


def every(interval_ms: int) -> str:
    """`every 2 s`, `every 0.5 s`, `every 5 min`."""
    return words.EVERY.format(words.SECONDS.format(f"{interval_ms / 1000:g}") if interval_ms < 120_000 else span(interval_ms))


@lru_cache(maxsize=16)  # one per viewer's zone; a page has one viewer
def zone(name: str) -> tzinfo | None:
    """The time zone a browser named (`Europe/Berlin`); None, meaning this computer's own, when it is not known here."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(ms: int, where: tzinfo | None) -> datetime:
    """A moment in the viewer's time zone (None: this computer's)."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone(where)


def clock(ms: int, where: tzinfo | None, now_ms: int, *, to_second: bool = True) -> str:
    """`13:05:09` (or `13:05`) of today, else with the day before it: `22 Nov 13:05`."""
    moment = local(ms, where)
    return moment.strftime(
        ("%H:%M:%S" if to_second else "%H:%M") if moment.date() == local(now_ms, where).date() else f"{moment.day} %b %H:%M"
    )


def _signed(text: str) -> str:
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)
