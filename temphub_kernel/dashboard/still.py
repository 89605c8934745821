"""A still picture of the widgets: HTML that looks like the page before any script has run. Kernel's own thread only; pure.

Made from the widgets themselves, so it cannot differ from what takes its place: the same classes, texts and layout in the
same boxes. Nothing in it reacts.
"""

from collections.abc import Callable
from typing import Any

import bqplot
from ipywidgets import HTML, Box, Button, GridBox, HBox, Label, ToggleButton, ToggleButtons, VBox, Widget

from . import still_chart
from .text import safe


def html(widget: Widget) -> str:
    """A widget and what is in it."""
    draw: Callable[[Any], str] = next((draw for kind, draw in _KINDS if isinstance(widget, kind)), _other)
    return draw(widget)


def _frame(widget: Any, classes: str, inside: str, tag: str = "div", more: str = "") -> str:
    names = " ".join(filter(None, [classes, *getattr(widget, "_dom_classes", ())]))
    style = _style(getattr(widget, "layout", None))
    return f'<{tag} class="{safe(names)}"{f""" style="{safe(style)}" """ if style else ""}{more}>{inside}</{tag}>'


def _style(layout: Any) -> str:
    if layout is None:
        return ""
    # Its traits are CSS properties with underscores; those of the model itself begin with one.
    told = {name: getattr(layout, name) for name in layout.keys if not name.startswith("_")}
    return ";".join(f"{name.replace('_', '-')}:{value}" for name, value in told.items() if isinstance(value, str))


def _box(box: Box) -> str:
    kind = "vbox" if isinstance(box, VBox) else "hbox" if isinstance(box, HBox) else "gridbox" if isinstance(box, GridBox) else ""
    inside = "".join(html(child) for child in box.children)
    return _frame(box, f"jupyter-widgets widget-container widget-box {f'widget-{kind}' if kind else ''}", inside)


def _html(text: HTML) -> str:
    return _frame(text, "jupyter-widgets widget-inline-hbox widget-html", f'<div class="widget-html-content">{text.value}</div>')


def _label(label: Label) -> str:
    return _frame(label, "jupyter-widgets widget-inline-hbox widget-label", safe(label.value))


def _button(button: Any) -> str:
    more = f' type="button"{" disabled" if button.disabled else ""}'
    active = " mod-active" if isinstance(button, ToggleButton) and button.value else ""
    return _frame(button, f"jupyter-widgets jupyter-button widget-button{active}", safe(button.description), "button", more)


def _toggles(toggles: ToggleButtons) -> str:
    buttons = "".join(
        f'<button type="button" class="widget-toggle-button jupyter-button{" mod-active" if place == toggles.index else ""}">'
        f"{safe(label)}</button>"
        for place, (label, _) in enumerate(toggles.options)
    )
    return _frame(toggles, "jupyter-widgets widget-inline-hbox widget-toggle-buttons", f"<div>{buttons}</div>")


def _figure(figure: bqplot.Figure) -> str:
    return _frame(figure, "jupyter-widgets th-still-figure", still_chart.svg(figure))


def _other(widget: Any) -> str:
    """A field or a list: its place is kept, as far as its layout tells."""
    return _frame(widget, "jupyter-widgets widget-inline-hbox th-still-other", "")


_KINDS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Box, _box),
    (Label, _label),
    (HTML, _html),
    (ToggleButtons, _toggles),
    (Button, _button),
    (ToggleButton, _button),
    (bqplot.Figure, _figure),
)
