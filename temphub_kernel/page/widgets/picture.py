"""A figure that shows itself as a still picture (SVG): in a notebook, and wherever that is looked at without
its kernel. Kernel's own thread only.

A live widget is blank in a notebook's HTML without the internet, on GitHub and after a restart; these figures
have nothing that could be pressed, so nothing is lost. Legends stand above the data, never upon it.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import bqplot
import numpy as np
import numpy.typing as npt

from ..choices import View
from ..html.chart import time_axis, value_axis

WIDTH, PLOT_HEIGHT = 960, 290
LEFT, RIGHT, TOP, BOTTOM = 64, 76, 34, 44
ROW, SIGN = 18, 6.6
# A name that somebody gave has up to 64 signs.
MOST_ROWS, MOST_NAME = 5, 80
GRID, TEXT, QUIET = "#e5e9ef", "#27313b", "#66717d"
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
DASHES = {"dashed": "6 4", "dotted": "2 3", "dash_dotted": "6 3 2 3"}
HALF_MINUTE_MS = 30_000

Numbers = npt.NDArray[np.float64]


class Picture(bqplot.Figure):  # type: ignore[misc]
    """A figure of lines (bqplot.Lines) that shows itself as SVG; among other widgets it is a bqplot.Figure
    like any other."""

    def svg(self) -> str:
        """The picture as the text of an SVG file."""
        return _Drawing(self).text()

    def save_svg(self, filename: str | Path = "picture.svg") -> Path:
        """Write the picture into a file, in a script too; where it is. Raises OSError."""
        path = Path(filename).absolute()
        path.write_text(self.svg(), encoding="utf-8")
        return path

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": f"Picture: {self.title}"}


class _Drawing:
    """One picture, from the figure's marks, scales and axes."""

    def __init__(self, figure: bqplot.Figure) -> None:
        self._figure = figure
        self._marks = [_Mark(mark) for mark in figure.marks]
        self._dated = isinstance(figure.axes[0].scale, bqplot.DateScale)
        self._left = max(LEFT, figure.fig_margin.get("left", 0))
        self._legend = _rows_of_legend(self._marks)
        self._top = TOP + ROW * len(self._legend)
        self._x = self._range_x()
        self._y, self._ticks = self._range_y()

    def text(self) -> str:
        """The whole file."""
        height = self._top + PLOT_HEIGHT + BOTTOM
        title, unit = escape(str(self._figure.title)), escape(str(self._figure.axes[1].label))
        box = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" style="max-width:100%"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{title}" '
            f'font-family="{FONT}" font-size="12"><title>{title}</title>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="{self._left}" y="20" font-size="15" font-weight="600" fill="{TEXT}">{title}'
            f'<tspan dx="10" font-size="12" font-weight="400" fill="{QUIET}">{unit}</tspan></text>',
            *(self._legend_row(place, row) for place, row in enumerate(self._legend)),
            *self._grid(),
            *(shape for mark in self._marks for shape in self._drawn(mark)),
            *self._levels(),
        ]
        return "".join([*parts, "</svg>"])

    def _range_x(self) -> tuple[float, float]:
        scale = self._figure.axes[0].scale
        if scale.min is not None and scale.max is not None:
            return float(scale.min), float(scale.max)
        ends = [value for mark in self._marks for value in (np.nanmin(mark.x), np.nanmax(mark.x))]
        low, high = (float(min(ends)), float(max(ends))) if ends else (0.0, 0.0)
        return (low, high) if high > low else (low - HALF_MINUTE_MS, high + HALF_MINUTE_MS)

    def _range_y(self) -> tuple[tuple[float, float], list[float]]:
        axis = self._figure.axes[1]
        values = [mark.y[np.isfinite(mark.y)] for mark in self._marks]
        known = np.concatenate(values) if values else np.empty(0)
        low, high, ticks = value_axis(*((known.min(), known.max()) if len(known) else (None, None)))
        if axis.scale.min is not None and axis.scale.max is not None:
            low, high = float(axis.scale.min), float(axis.scale.max)
            ticks = [low + (high - low) * share / 5 for share in range(6)]
        if axis.tick_values is not None:
            ticks = [float(value) for value in axis.tick_values]
        return (low, high), ticks

    def _at_x(self, value: Any) -> Any:
        low, high = self._x
        return self._left + (value - low) / (high - low) * (WIDTH - RIGHT - self._left)

    def _at_y(self, value: Any) -> Any:
        low, high = self._y
        return self._top + PLOT_HEIGHT - (value - low) / (high - low) * PLOT_HEIGHT

    def _grid(self) -> Iterator[str]:
        right, bottom = WIDTH - RIGHT, self._top + PLOT_HEIGHT
        named = self._figure.axes[1].tick_labels or {}
        for place, value in enumerate(self._ticks):
            y = self._at_y(value)
            yield f'<path d="M{self._left} {y:.1f}H{right}" stroke="{GRID}"/>'
            yield _text(self._left - 8, y + 4, named.get(str(place), f"{value:g}"), "end")
        for value, label in self._moments():
            x = self._at_x(value)
            yield f'<path d="M{x:.1f} {self._top}V{bottom}" stroke="{GRID}"/>'
            yield _text(x, bottom + 18, label, "middle")
        if clock := self._figure.axes[0].label:
            yield _text((self._left + right) / 2, bottom + 36, clock, "middle")

    def _moments(self) -> list[tuple[float, str]]:
        if not self._marks:
            return []
        if not self._dated:
            ticks = self._figure.axes[0].tick_values
            return [(float(value), f"{value:g}") for value in (() if ticks is None else ticks)]
        # What is drawn is a clock already.
        first, last = (round(end) for end in self._x)
        return [(float(ms), label) for ms, label in time_axis(first, last, View(zone="UTC"))]

    def _drawn(self, mark: "_Mark") -> Iterator[str]:
        for place, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
            at_x, at_y = self._at_x(x), self._at_y(y)
            colour = mark.colours[place % len(mark.colours)]
            path = _path(at_x, at_y)
            if mark.fill and path:
                opacity = mark.opacities[place % len(mark.opacities)] if mark.opacities else 0.3
                edge = f'stroke="{colour}" stroke-width="{mark.width / 2:g}" stroke-opacity="0.5"'
                yield f'<path d="{path}Z" fill="{colour}" fill-opacity="{opacity:g}" {edge}/>'
            elif path:
                dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
                look = f'stroke="{colour}" stroke-width="{mark.width:g}" stroke-linejoin="round"'
                yield f'<path d="{path}" fill="none" {look}{dash}/>'
            if mark.dots or len(x) == 1:
                good = np.isfinite(at_y)
                pairs = zip(at_x[good].tolist(), at_y[good].tolist(), strict=True)
                yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.2" fill="{colour}"/>' for a, b in pairs)

    def _levels(self) -> Iterator[str]:
        """What each limit is, beside the end of its line; of two that would touch, the first."""
        taken: list[float] = []
        for mark in self._marks:
            y = float(self._at_y(mark.y.flat[0])) if mark.level else 0.0
            if mark.level and all(abs(y - other) >= 12 for other in taken):
                taken.append(y)
                yield _text(WIDTH - RIGHT + 6, y + 4, mark.label, "start", mark.colours[0])

    def _legend_row(self, place: int, row: "list[tuple[float, _Mark]]") -> str:
        y = TOP + 4 + ROW * place
        shown = []
        for x, mark in row:
            x += self._left
            dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
            look = f'stroke="{mark.colours[0]}" stroke-width="3"{dash}'
            shown.append(f'<path d="M{x:.0f} {y}h20" {look}/>' if mark.colours[0] else "")
            shown.append(_text(x + 26, y + 4, _short(mark.label), "start"))
        return "".join(shown)


class _Mark:
    """What a mark of the figure says, in rows: x in ms or as it is, y."""

    def __init__(self, mark: bqplot.Lines) -> None:
        x, y = np.atleast_2d(np.asarray(mark.x)), np.atleast_2d(np.asarray(mark.y, np.float64))
        if x.dtype.kind == "M":
            x = x.astype("datetime64[ms]").astype(np.int64)
        self.x: Numbers = np.broadcast_to(x.astype(np.float64), y.shape)
        self.y: Numbers = y
        self.colours: list[str] = list(mark.colors) or [TEXT]
        self.width, self.dash = float(mark.stroke_width), DASHES.get(mark.line_style, "")
        self.fill, self.opacities = mark.fill == "inside", list(mark.fill_opacities)
        self.dots = mark.marker is not None
        self.listed = bool(mark.display_legend)
        self.label = str(mark.labels[0]) if len(mark.labels) else ""
        # A line that is named and not listed is a limit: it says at its end what it is.
        self.level = bool(self.label) and not self.listed


def _rows_of_legend(marks: list[_Mark]) -> list[list[tuple[float, _Mark]]]:
    """(x, mark) of each that is listed, in rows; of too many the last place tells how many more."""
    rows: list[list[tuple[float, _Mark]]] = []
    x, room = 0.0, WIDTH - LEFT - RIGHT
    for mark in (mark for mark in marks if mark.listed):
        wide = 26 + SIGN * len(_short(mark.label)) + 18
        if not rows or x + wide > room:
            rows.append([])
            x = 0.0
        rows[-1].append((x, mark))
        x += wide
    return rows[:MOST_ROWS]


def _short(text: str) -> str:
    return text if len(text) <= MOST_NAME else text[: MOST_NAME - 1] + "…"


def _path(x: Numbers, y: Numbers) -> str:
    """Where a line goes, with a break at each value that is none."""
    pieces, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if b != b or a != a:
            pen = "M"
            continue
        pieces.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    return "".join(pieces)


def _text(x: float, y: float, text: str, anchor: str, colour: str = QUIET) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"
