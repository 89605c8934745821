"""Numbers, ages and times as the page writes them, and the one way text of others gets into HTML. Any thread;
pure."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo

from ..core import period_for_name
from . import probe_words, tongue, words

MINUS = "−"
DAY_S = 86_400
# Without U+200C and U+200D: Persian and many an emoji are written with them.
UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def safe(value: object) -> str:
    """Text as HTML shows it: nothing that a probe says can become markup, also inside a quoted attribute.

    Signs that turn the direction of what follows, or that nobody sees, are shown as such: `[U+202E]`.
    """
    return html.escape(UNSEEN.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", str(value)), quote=True)


def code(text: str) -> str:
    """Our own words as HTML: what stands between backquotes is shown as something to type."""
    parts = safe(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


class Refusal(str):
    """How something ended that was refused, or failed."""


def outcome(told: str, write: Callable[[str], str] = safe, role: str = "status") -> str:
    """How the last thing that was asked ended, as HTML; empty when there is nothing to say. write: safe, or
    code where it may name commands."""
    kind = "th-outcome th-refused" if isinstance(told, Refusal) else "th-outcome"
    return f'<p class="{kind}" role="{role}">{write(told)}</p>' if told else ""


def signed(text: str) -> str:
    """A number as Python writes it, as the language does: its decimal sign, and a real minus sign."""
    return text.replace("-", MINUS).replace(".", tongue.sign("decimal"))


def number(value: float | None) -> str:
    """`23.81`, from 100 on `123.8`; a real minus sign; a dash for no value."""
    if value is None:
        return words.NOTHING
    return _signed(f"{value:.1f}" if abs(value) >= 99.995 else f"{value:.2f}")


def percent(share: float) -> str:
    """`12` of 0.12; below one with its first digit, `0.4`, so that only nothing is `0`."""
    value = 100 * share
    return signed(f"{max(value, 0.01):.1g}" if 0 < value < 0.95 else f"{value:.0f}")


def trend(value: float | None, degree: str) -> str:
    """`+0.4 °C/h`; a dash when there is too little to tell."""
    if value is None:
        return words.NOTHING
    return words.PER_HOUR.format(
        degree=degree, value=_signed(f"{value:+.1f}" if abs(value) < 100 else f"{value:+.0f}")
    )


def sigma(value: float | None) -> str:
    """A spread with three decimals; a dash for none."""
    return words.NOTHING if value is None else signed(f"{value:.3f}")


def count(value: int) -> str:
    """`12 345`: thousands apart by a narrow space, the same in every language."""
    return f"{value:,}".replace(",", "\u202f")


def counted(texts: tuple[str, str], number: int) -> str:
    """How many: the text for one or that for more, as the language has it, with the number in it."""
    one = number == 1 or (number == 0 and tongue.sign("none_is_one"))
    return texts[0 if one else 1].format(count(number))


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


def every(interval_ms: int) -> str:
    """`every 2 s`, `every 0.5 s`, `every 5 min`."""
    seconds = words.SECONDS.format(signed(f"{interval_ms / 1000:g}"))
    return probe_words.EVERY.format(seconds if interval_ms < 120_000 else span(interval_ms))


def local(ms: int, where: tzinfo | None) -> datetime:
    """A moment in the viewer's time zone (None: this computer's)."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).astimezone(where)


def moment_ms(typed: datetime, where: tzinfo | None) -> int:
    """A date and time of the viewer's clock, without a zone, in ms since 1970. where: None for this
    computer's."""
    moment = typed.replace(tzinfo=where) if where is not None else typed.astimezone()
    return round(moment.timestamp() * 1000)


def clock(ms: int, where: tzinfo | None, now_ms: int, *, to_second: bool = True, am_pm: bool = False) -> str:
    """`13:05:09` (or `13:05`, or `1:05 pm`) of today, else with the day before it: `22 Nov 13:05`, `22 Nov
    2024 13:05`."""
    moment, now = local(ms, where), local(now_ms, where)
    time = time_of_day(moment, to_second=to_second, am_pm=am_pm)
    # In the hour that comes twice a time alone could be either.
    time = f"{time} {moment:%Z}" if comes_twice(moment, where) else time
    if moment.date() == now.date():
        return time
    return f"{day(moment)} {time}" if moment.year == now.year else f"{day(moment)} {moment.year} {time}"


def comes_twice(moment: datetime, where: tzinfo | None) -> bool:
    """Whether the clock shows this time twice on that day, because it is put back."""
    plain = moment.replace(tzinfo=where)
    # Of this computer's own zone the offset is asked for anew: a moment carries the one it has only.
    first, second = (
        (one if where else one.astimezone()) for one in (plain.replace(fold=0), plain.replace(fold=1))
    )
    # Where a time is left out, the second offset is the larger one.
    return (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta())


def between(
    from_ms: int,
    to_ms: int,
    where: tzinfo | None,
    now_ms: int,
    *,
    to_second: bool = True,
    am_pm: bool = False,
) -> tuple[str, str]:
    """Both ends of a span as `clock` writes them; where they are of two days each has its own, also today."""
    first, last, now = (local(ms, where) for ms in (from_ms, to_ms, now_ms))
    told = [clock(ms, where, now_ms, to_second=to_second, am_pm=am_pm) for ms in (from_ms, to_ms)]
    if first.date() != last.date() == now.date():
        told[1] = f"{day(last)} {told[1]}"
    return told[0], told[1]


def picture_file(from_ms: int, to_ms: int, where: tzinfo | None) -> str:
    """What the file of a picture of that time is called: `temperatures-2026-11-22-1354-to-….png`."""
    return words.PICTURE_FILE.format(period_for_name(from_ms, to_ms, where))


def time_of_day(moment: datetime, *, to_second: bool, am_pm: bool) -> str:
    """`13:05:09` or `1:05:09 pm`."""
    rest = f":{moment:%M:%S}" if to_second else f":{moment:%M}"
    if not am_pm:
        return f"{moment:%H}{rest}"
    return f"{moment.hour % 12 or 12}{rest} {words.AM_PM[moment.hour >= 12]}"


def day(moment: datetime) -> str:
    """`22 Nov`, in German `22. Nov.`."""
    return words.DAY.format(moment.day, words.MONTHS[moment.month - 1])


def _signed(text: str) -> str:
    if float(text) == 0:
        text = text.lstrip("+-")
    return signed(text)


def worker(noted: dict[str, object]) -> str:
    """What a part of the hub is called."""
    name = str(noted.get("name", "?"))
    return words.WORKERS.get(name, name)


def held_up(record: dict[str, object]) -> str:
    """Why a probe may not deliver here, or is not told to; empty when it may."""
    stands = str(record.get("trust"))
    return (
        probe_words.STANDINGS[stands]
        if stands in ("waiting", "forgot", "foreign", "elsewhere", "released")
        else ""
    )
