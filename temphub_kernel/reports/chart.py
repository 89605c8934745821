"""The chart of one probe as SVG: band and mean by step, broken at gaps, limits dashed, alarms shaded. Any
thread; pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from html import escape
from itertools import pairwise
from math import floor, log10
from typing import NamedTuple

import numpy as np

from ..core import DAY_MS, EPOCH, HOUR_MS, MILLISECOND
from ..journal import Floats
from ..language import Language
from .content import SetLimit
from .measures import Band

WIDTH, HEIGHT = 680, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 62, 8, 24
BAND, LINE, GRID, TEXT = "#c9def2", "#1d5c99", "#dcdcdc", "#333333"
ALARM, COLOURS = "#fbdcd6", {"critical": "#b3261e", "warning": "#b26a00"}
FONT = "Libertinus Serif, Georgia, serif"
# A step without a reading between two that have some is a gap; more readings apart than steps are wide are
# none.
GAP_STEPS = 3.5
MOST_TICKS = 13


class Frame(NamedTuple):
    """From where to where the chart goes."""

    from_ms: int
    to_ms: int
    low: float
    high: float

    def x(self, ms: float) -> float:
        """Where a moment lies, cut to the chart."""
        share = (ms - self.from_ms) / (self.to_ms - self.from_ms)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, celsius: float) -> float:
        """Where a temperature lies."""
        return HEIGHT - BOTTOM - (celsius - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def chart(
    band: Band,
    limits: Sequence[SetLimit],
    alarms: Sequence[tuple[int, int]],
    span: tuple[int, int],
    language: Language,
    zone: tzinfo,
) -> str:
    """The picture. alarms: [from, to) of each in ms; span: of the chart."""
    frame = _frame(band, limits, span)
    parts = [_shade(frame, first, end) for first, end in alarms]
    parts += _grid(frame, language)
    parts += _times(frame, language, zone)
    parts += _curves(frame, band)
    parts += _limits(frame, limits, language)
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    style = f'font-family="{FONT}" font-size="10"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style}>{"".join(parts)}</svg>'


def _frame(band: Band, limits: Sequence[SetLimit], span: tuple[int, int]) -> Frame:
    low, high = float(band.low.min()), float(band.high.max())
    for one in limits:
        low, high = min(low, one.limit.celsius), max(high, one.limit.celsius)
    room = max((high - low) * 0.06, 0.2)
    return Frame(*span, low - room, high + room)


def _shade(frame: Frame, first: int, end: int) -> str:
    x, width = frame.x(first), max(frame.x(end) - frame.x(first), 1.0)
    return (
        f'<rect x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="{ALARM}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, colour: str = TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _grid(frame: Frame, language: Language) -> list[str]:
    """Lines at round temperatures."""
    rough = (frame.high - frame.low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.8)
    digits = max(-floor(log10(step)), 0)
    found = []
    for number in range(floor(frame.low / step) + 1, floor(frame.high / step) + 1):
        y = frame.y(number * step)
        found.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}" '
            'stroke-width="0.6"/>'
        )
        found.append(_text(LEFT - 5, y + 3.5, language.number(number * step, digits), "end"))
    return [*found, _text(2, TOP + 6, "°C", "start")]


def _times(frame: Frame, language: Language, zone: tzinfo) -> list[str]:
    """Ticks at round times of the zone's clock."""
    found = []
    bottom = HEIGHT - BOTTOM
    for ms, text in ticks(frame.from_ms, frame.to_ms, language, zone):
        x = frame.x(ms)
        found.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom + 4}" stroke="{GRID}" '
            'stroke-width="0.6"/>'
        )
        found.append(_text(x, bottom + 15, text, "middle"))
    return found


def ticks(from_ms: int, to_ms: int, language: Language, zone: tzinfo) -> list[tuple[int, str]]:
    """(when, what is written there), at most MOST_TICKS; by the hour, the day or the month."""
    hours, days = (to_ms - from_ms) / HOUR_MS, (to_ms - from_ms) / DAY_MS
    if days <= 2.5:
        step = next(step for step in (1, 2, 3, 6, 12) if hours / step <= MOST_TICKS or step == 12)
        return [(ms, f"{language.clock(ms):%H:%M}") for ms in _hours(from_ms, to_ms, step, zone)]
    first = language.clock(from_ms).date()
    dates = [first + timedelta(days=number) for number in range(int(days) + 3)]
    if days <= 100:
        step = next(step for step in (1, 2, 5, 10) if days / step <= MOST_TICKS or step == 10)
        dates = [day for day in dates if (day.day - 1) % step == 0 and (step == 1 or day.day < 31)]
        written = language("date").replace("%Y", "").strip("-/")
    else:
        step = next(step for step in (1, 3, 6, 12, 60) if days / 30 / step <= MOST_TICKS or step == 60)
        dates = [day for day in dates if day.day == 1 and (day.year * 12 + day.month - 1) % step == 0]
        written = "%Y-%m"
    return [(ms, day.strftime(written)) for day in dates if from_ms <= (ms := _midnight(day, zone)) < to_ms]


def _hours(from_ms: int, to_ms: int, step: int, zone: tzinfo) -> list[int]:
    moments = range(-(-from_ms // HOUR_MS) * HOUR_MS, to_ms, HOUR_MS)
    clock = (datetime.fromtimestamp(ms // 1000, timezone.utc).astimezone(zone) for ms in moments)
    return [(at - EPOCH) // MILLISECOND for at in clock if at.hour % step == 0 and at.minute == 0]


def _midnight(day: date, zone: tzinfo) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=zone) - EPOCH) // MILLISECOND


def _curves(frame: Frame, band: Band) -> list[str]:
    """Band and mean, one of each between two gaps; lines upon all bands."""
    usual = float(np.median(np.diff(band.at_ms))) if len(band.at_ms) > 1 else band.width_ms
    cuts = np.flatnonzero(np.diff(band.at_ms) > GAP_STEPS * max(usual, band.width_ms)) + 1
    pieces = [
        _piece(frame, band, first, end) for first, end in pairwise([0, *cuts.tolist(), len(band.at_ms)])
    ]
    return [*(shape for shape, _ in pieces), *(line for _, line in pieces)]


def _piece(frame: Frame, band: Band, first: int, end: int) -> tuple[str, str]:
    """(band, line) of the steps at [first, end), which have no gap between them."""
    places = list(range(first, end))
    x = [frame.x(band.at_ms[place] + band.width_ms / 2) for place in places]
    if len(places) == 1:
        # A step between two gaps: as wide as it is.
        begin = frame.x(band.at_ms[first])
        x, places = [begin, max(frame.x(band.at_ms[first] + band.width_ms), begin + 1.5)], [first, first]

    def points(values: Floats) -> list[str]:
        return [f"{at:.1f},{frame.y(values[place]):.1f}" for at, place in zip(x, places, strict=True)]

    around = " ".join([*points(band.high), *reversed(points(band.low))])
    line = f'<polyline points="{" ".join(points(band.mean))}" fill="none" stroke="{LINE}" stroke-width="1"/>'
    return f'<polygon points="{around}" fill="{BAND}"/>', line


def _limits(frame: Frame, limits: Sequence[SetLimit], language: Language) -> list[str]:
    found: list[str] = []
    taken: list[float] = []
    for one in limits:
        y, colour = frame.y(one.limit.celsius), COLOURS[one.severity]
        look = f'stroke="{colour}" stroke-width="1" stroke-dasharray="5 3"'
        found.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" {look}/>')
        # Two limits near each other: the second one's text would lie upon the first's.
        if all(abs(y - other) >= 9 for other in taken):
            found.append(
                _text(WIDTH - RIGHT + 4, y + 3.5, language.limit(one.limit.celsius), "start", colour)
            )
            taken.append(y)
    return found
