"""Where the chart's ticks stand and how far its axes reach. Any thread; pure."""

import math
from datetime import date, datetime, timedelta, tzinfo

from ..base.clock import DAY_MS, MINUTE_MS
from . import text, words
from .view import View

MIN_SPAN_C = 1.0
# Room above and below, so that a line never runs along the edge.
MARGIN = 0.06
ABOUT_TICKS = 5
MOST_TIMES = 7.5
MOST_TIMES_NARROW = 5
# Windows up to this long have seconds on their axis.
SECONDS_MS = 150_000
CLOCK_STEPS_S = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200)
DAY_STEPS = (1, 2, 3, 5, 7, 14)
MONTH_STEPS = (1, 2, 3, 6, 12)


def value_axis(low: float | None, high: float | None, usual: tuple[float, float] = (15.0, 25.0)) -> tuple[float, float, list[float]]:
    """(lowest, highest, ticks) of a axis that holds `low` to `high`.

    Ticks stand at whole steps of 1, 2 or 5; the ends at fifths of a step, so that the axis seldom moves.
    """
    if low is None or high is None:
        low, high = usual
    spread = max(high - low, MIN_SPAN_C)
    centre = (low + high) / 2
    low, high = min(low, centre - spread / 2) - MARGIN * spread, max(high, centre + spread / 2) + MARGIN * spread
    step = _nice((high - low) / ABOUT_TICKS)
    fifth, digits = step / 5, max(0, -math.floor(math.log10(step)))
    first, last = math.floor(low / fifth), math.ceil(high / fifth)
    ticks = [round(place * step, digits) for place in range(-(first // -5), last // 5 + 1)]
    return round(first * fifth, digits + 1), round(last * fifth, digits + 1), ticks


def time_axis(from_ms: int, end_ms: int, view: View) -> list[tuple[int, str]]:
    """(moment, label) of the ticks: whole seconds to years of the viewer's clock; a midnight carries its date."""
    # `12:05:30` is wider than `12:05`, and `12:05 pm` as well.
    narrow = MOST_TIMES_NARROW - view.am_pm - (end_ms - from_ms <= SECONDS_MS)
    rough_ms = (end_ms - from_ms) / (narrow if view.narrow else MOST_TIMES)
    step_s = next((step for step in CLOCK_STEPS_S if step * 1000 >= rough_ms), 0)
    if step_s:
        return _on_the_clock(from_ms, end_ms, step_s * 1000, view)
    days = rough_ms / DAY_MS
    for step in DAY_STEPS:
        if step >= days:
            return [(ms, _date(ms, view)) for ms in _days(from_ms, end_ms, step, view.where)]
    months = next((step for step in MONTH_STEPS if step * 30.4 >= days), MONTH_STEPS[-1])
    return [(ms, _month(ms, view)) for ms in _months(from_ms, end_ms, months, view.where)]


def _on_the_clock(from_ms: int, end_ms: int, step_ms: int, view: View) -> list[tuple[int, str]]:
    """Whole steps of the viewer's clock on both sides of a change of the clocks, which there is one of at most; what comes twice, twice."""
    found = []
    for offset_ms in {_offset_ms(ms, view.where) for ms in (from_ms, end_ms)}:
        first = -((from_ms + offset_ms) // -step_ms)
        moments = (place * step_ms - offset_ms for place in range(first, (end_ms + offset_ms) // step_ms + 1))
        found += [ms for ms in moments if _offset_ms(ms, view.where) == offset_ms]
    return [(ms, _time(ms, step_ms, view)) for ms in sorted(found)]


def _offset_ms(ms: int, where: tzinfo | None) -> int:
    return (text.local(ms, where).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _time(ms: int, step_ms: int, view: View) -> str:
    moment = text.local(ms, view.where)
    if not (moment.hour or moment.minute or moment.second):
        return text.day(moment)
    told = text.time_of_day(moment, to_second=step_ms < MINUTE_MS, am_pm=view.am_pm)
    # A phone has no room for it; the readout says it there as well.
    return f"{told} {moment:%Z}" if not view.narrow and text.comes_twice(moment, view.where) else told


def _date(ms: int, view: View) -> str:
    return text.day(text.local(ms, view.where))


def _month(ms: int, view: View) -> str:
    moment = text.local(ms, view.where)
    return str(moment.year) if moment.month == 1 else words.MONTHS[moment.month - 1]


def _days(from_ms: int, end_ms: int, step: int, where: tzinfo | None) -> list[int]:
    """Midnights, `step` days apart, counted from a fixed day so that they stay where they are as time goes on."""
    day = text.local(from_ms, where).date()
    day += timedelta(days=-day.toordinal() % step)
    found = []
    while (ms := _midnight(day, where)) <= end_ms:
        found += [ms] if ms >= from_ms else []
        day += timedelta(days=step)
    return found


def _months(from_ms: int, end_ms: int, step: int, where: tzinfo | None) -> list[int]:
    begun = text.local(from_ms, where)
    place = (begun.year * 12 + begun.month - 1) // step * step
    found = []
    while (ms := _midnight(date(place // 12, place % 12 + 1, 1), where)) <= end_ms:
        found += [ms] if ms >= from_ms else []
        place += step
    return found


def _midnight(day: date, where: tzinfo | None) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=where).timestamp() * 1000)


def _nice(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.75)
