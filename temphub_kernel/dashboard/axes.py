"""Where the chart's ticks stand and how far its axes reach. Any thread; pure."""

import math
from datetime import timedelta, tzinfo

from . import text
from .window import MINUTE_MS, Window

MIN_SPAN_C = 1.0
# Room above and below, so that a line never runs along the edge.
MARGIN = 0.06
ABOUT_TICKS = 5
DAY_MS = 24 * 60 * MINUTE_MS


def value_axis(low: float | None, high: float | None) -> tuple[float, float, list[float]]:
    """(lowest, highest, ticks) of a °C axis that holds `low` to `high`.

    Ticks stand at whole steps of 1, 2 or 5; the ends at fifths of a step, so that the axis seldom moves.
    """
    if low is None or high is None:
        low, high = 15.0, 25.0
    spread = max(high - low, MIN_SPAN_C)
    centre = (low + high) / 2
    low, high = min(low, centre - spread / 2) - MARGIN * spread, max(high, centre + spread / 2) + MARGIN * spread
    step = _nice((high - low) / ABOUT_TICKS)
    fifth, digits = step / 5, max(0, -math.floor(math.log10(step)))
    first, last = math.floor(low / fifth), math.ceil(high / fifth)
    ticks = [round(place * step, digits) for place in range(-(first // -5), last // 5 + 1)]
    return round(first * fifth, digits + 1), round(last * fifth, digits + 1), ticks


def time_axis(now_ms: int, window: Window, where: tzinfo | None) -> list[tuple[int, str]]:
    """(moment, label) of the ticks: whole minutes or hours of the viewer's clock; a midnight carries its date."""
    start_ms = now_ms - window.span_ms
    offset_ms = (text.local(now_ms, where).utcoffset() or timedelta()) // timedelta(milliseconds=1)
    first = -((start_ms + offset_ms) // -window.tick_ms)
    ticks = []
    for place in range(first, (now_ms + offset_ms) // window.tick_ms + 1):
        on_clock = place * window.tick_ms
        moment = text.local(on_clock - offset_ms, where)
        midnight = on_clock % DAY_MS == 0
        ticks.append((on_clock - offset_ms, f"{moment.day} {moment:%b}" if midnight else f"{moment:%H:%M}"))
    return ticks


def _nice(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.75)
