"""A still picture of the widgets, chart included: HTML that looks like the page before any script has run."""

from collections.abc import Callable, Iterator
from typing import Any

import bqplot
import numpy as np
import numpy.typing as npt
from ipywidgets import (
    HTML,
    Box,
    Button,
    Dropdown,
    GridBox,
    HBox,
    Label,
    ToggleButton,
    ToggleButtons,
    VBox,
    Widget,
)

from ...journal import Flags, Floats
from ..format import MINUS, safe

# The picture's own grid: finer than a phone's pixels, and few different points to write down.
ACROSS, UP = 800, 400
# As bqplot draws them.
DASHES = {"dashed": "10,10", "dotted": "2,10", "dash_dotted": "10,5,2,5"}


def svg(figure: bqplot.Figure) -> str:
    """The inside of a figure's frame. Empty when its scales do not say from where to where they go."""
    margin = figure.fig_margin
    lines = "".join(_mark(mark) for mark in figure.marks if isinstance(mark, bqplot.Lines))
    ticks = "".join(_ticks(axis) for axis in figure.axes if isinstance(axis, bqplot.Axis))
    place = (
        f"left:{margin['left']}px;right:{margin['right']}px;top:{margin['top']}px;bottom:{margin['bottom']}px"
    )
    return (
        f'<div class="th-still-plot" style="{place}" aria-hidden="true">{ticks}'
        f'<svg viewBox="0 0 {ACROSS} {UP}" preserveAspectRatio="none">{lines}</svg></div>'
    )


def _mark(lines: bqplot.Lines) -> str:
    ends = _ends(lines.scales.get("x")), _ends(lines.scales.get("y"))
    if None in ends or not len(lines.x) or not lines.visible:
        return ""
    shapes = [_path(_share(x, *ends[0]), _share(y, *ends[1])) for x, y in _rows(lines)]  # type: ignore[misc]
    colours = list(lines.colors) or ["currentColor"]
    return "".join(
        _shape(lines, shape, colours[place % len(colours)]) for place, shape in enumerate(shapes) if shape
    )


def _shape(lines: bqplot.Lines, shape: str, colour: str) -> str:
    opacity = lines.opacities[0] if lines.opacities else 1
    fill, fill_opacity = "none", 0
    if lines.fill == "inside":
        fill, fill_opacity = (lines.fill_colors or [colour])[0], (lines.fill_opacities or [1])[0]
    dash = f' stroke-dasharray="{DASHES[lines.line_style]}"' if lines.line_style in DASHES else ""
    return (
        f'<path d="{shape}" style="stroke:{safe(colour)};fill:{safe(fill)};fill-opacity:{fill_opacity}" '
        f'stroke-opacity="{opacity}"'
        f' stroke-width="{lines.stroke_width}" vector-effect="non-scaling-stroke"{dash}/>'
    )


def _rows(lines: bqplot.Lines) -> Iterator[tuple[Floats, Floats]]:
    x, y = _numbers(lines.x), _numbers(lines.y)
    for place in range(len(y) if y.ndim == 2 else 1):
        yield (x[place] if x.ndim == 2 else x), (y[place] if y.ndim == 2 else y)


def _numbers(values: Any) -> Floats:
    array = np.asarray(values)
    return (
        array.astype("datetime64[ms]").astype(np.float64)
        if array.dtype.kind == "M"
        else array.astype(np.float64)
    )


def _ends(scale: Any) -> tuple[float, float] | None:
    low, high = getattr(scale, "min", None), getattr(scale, "max", None)
    if low is None or high is None:
        return None
    first, last = (
        float(_numbers([end])[0]) if not isinstance(end, int | float) else float(end) for end in (low, high)
    )
    return (first, last) if last > first else None


def _share(values: Floats, low: float, high: float) -> Floats:
    return (values - low) / (high - low)


def _path(across: Floats, up: Floats) -> str:
    """`M…L…`, broken where a value is missing; neighbours that fall on the same spot are one."""
    count = min(len(across), len(up))
    # Far outside is outside: a number must stay short, whatever the data.
    x = np.rint(np.clip(across[:count], -1, 2) * ACROSS)
    y = np.rint((1 - np.clip(up[:count], -1, 2)) * UP)
    good = np.isfinite(x) & np.isfinite(y)
    again = np.zeros(count, bool)
    again[1:] = (x[1:] == x[:-1]) & (y[1:] == y[:-1])
    return "".join(_run(x[run], y[run]) for run in _runs(good, good & ~again))


def _runs(good: Flags, kept: Flags) -> Iterator[npt.NDArray[np.intp]]:
    """The places of what is kept, without a gap between two of a run."""
    places = np.flatnonzero(kept)
    if len(places):
        # How many values were missing up to each place.
        yield from np.split(places, np.flatnonzero(np.diff(np.cumsum(~good)[places])) + 1)


def _run(x: Floats, y: Floats) -> str:
    return "M" + "L".join(
        f"{x_} {y_}" for x_, y_ in zip(x.astype(int).tolist(), y.astype(int).tolist(), strict=True)
    )


def _ticks(axis: bqplot.Axis) -> str:
    ends = _ends(axis.scale)
    if ends is None or axis.tick_values is None or not axis.visible:
        return ""
    upright = axis.orientation == "vertical" or axis.side in ("left", "right")
    labels, found = axis.tick_labels or {}, []
    for value in _numbers(axis.tick_values).tolist():
        share = (value - ends[0]) / (ends[1] - ends[0])
        label = _label(value, labels, axis.tick_format or "")
        if 0 <= share <= 1 and upright:
            found.append(f'<i class="th-still-y" style="bottom:{share:.3%}"><b>{safe(label)}</b></i>')
        elif 0 <= share <= 1:
            found.append(f'<i class="th-still-x" style="left:{share:.3%}"><b>{safe(label)}</b></i>')
    return "".join(found)


def _label(value: float, labels: dict[Any, str], form: str) -> str:
    told = labels.get(str(int(value)) if value == int(value) else str(value))
    if told is not None:
        return str(told)
    try:
        text = format(round(value) if form == "d" else value, form or "g")
    except ValueError:
        text = f"{value:g}"
    return text.replace("-", MINUS)


def html(widget: Widget) -> str:
    """A widget and what is in it."""
    draw: Callable[[Any], str] = next((draw for kind, draw in _KINDS if isinstance(widget, kind)), _other)
    return draw(widget)


def _frame(widget: Any, classes: str, inside: str, tag: str = "div", more: str = "") -> str:
    names = " ".join(filter(None, [classes, *getattr(widget, "_dom_classes", ())]))
    style = _style(getattr(widget, "layout", None))
    return (
        f'<{tag} class="{safe(names)}"{f""" style="{safe(style)}" """ if style else ""}{more}>{inside}'
        f"</{tag}>"
    )


def _style(layout: Any) -> str:
    if layout is None:
        return ""
    # Its traits are CSS properties with underscores; those of the model itself begin with one.
    told = {name: getattr(layout, name) for name in layout.keys if not name.startswith("_")}
    return ";".join(
        f"{name.replace('_', '-')}:{value}" for name, value in told.items() if isinstance(value, str)
    )


def _box(box: Box) -> str:
    kind = (
        "vbox"
        if isinstance(box, VBox)
        else "hbox"
        if isinstance(box, HBox)
        else "gridbox"
        if isinstance(box, GridBox)
        else ""
    )
    inside = "".join(html(child) for child in box.children)
    return _frame(
        box, f"jupyter-widgets widget-container widget-box {f'widget-{kind}' if kind else ''}", inside
    )


def _html(text: HTML) -> str:
    return _frame(
        text,
        "jupyter-widgets widget-inline-hbox widget-html",
        f'<div class="widget-html-content">{text.value}</div>',
    )


def _label_html(label: Label) -> str:
    return _frame(label, "jupyter-widgets widget-inline-hbox widget-label", safe(label.value))


def _button(button: Any) -> str:
    more = f' type="button"{" disabled" if button.disabled else ""}'
    active = " mod-active" if isinstance(button, ToggleButton) and button.value else ""
    return _frame(
        button,
        f"jupyter-widgets jupyter-button widget-button{active}",
        safe(button.description),
        "button",
        more,
    )


def _toggles(toggles: ToggleButtons) -> str:
    buttons = "".join(
        '<button type="button" class="widget-toggle-button '
        f'jupyter-button{" mod-active" if place == toggles.index else ""}">'
        f"{safe(label)}</button>"
        for place, (label, _) in enumerate(toggles.options)
    )
    return _frame(
        toggles, "jupyter-widgets widget-inline-hbox widget-toggle-buttons", f"<div>{buttons}</div>"
    )


def _dropdown(choice: Dropdown) -> str:
    told = safe(choice.description)
    options = "".join(
        f"<option{' selected' if place == choice.index else ''}>{safe(label)}</option>"
        for place, (label, _) in enumerate(choice.options)
    )
    return _frame(
        choice,
        "jupyter-widgets widget-inline-hbox widget-dropdown",
        f'<label class="widget-label" style="width:auto">{told}</label>'
        f'<select class="th-still-choice" tabindex="-1" aria-label="{told}">{options}</select>',
    )


def _figure(figure: bqplot.Figure) -> str:
    return _frame(figure, "jupyter-widgets th-still-figure", svg(figure))


def _other(widget: Any) -> str:
    """A field or a list: its place is kept, as far as its layout tells."""
    return _frame(widget, "jupyter-widgets widget-inline-hbox th-still-other", "")


_KINDS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Box, _box),
    (Label, _label_html),
    (HTML, _html),
    (ToggleButtons, _toggles),
    (Dropdown, _dropdown),
    (Button, _button),
    (ToggleButton, _button),
    (bqplot.Figure, _figure),
)
