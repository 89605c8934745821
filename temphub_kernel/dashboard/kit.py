"""Small pieces that every panel is made of, and setting only what changed. Kernel's own thread only."""

from collections.abc import Callable
from typing import Any

from ipywidgets import HTML, Box, Button, HBox, Layout, ToggleButton, VBox
from ipywidgets.widgets.widget_bool import ToggleButtonStyle
from ipywidgets.widgets.widget_button import ButtonStyle
from ipywidgets.widgets.widget_description import DescriptionStyle
from ipywidgets.widgets.widget_string import HTMLStyle

from . import markup


class Kit:
    """Makes widgets that share one layout and one style: each would be a model of its own that the browser has to load."""

    def __init__(self) -> None:
        self.layout = Layout(width="auto")
        self._style, self._button_style, self._toggle_style = HTMLStyle(), ButtonStyle(), ToggleButtonStyle()
        self.described = DescriptionStyle()

    def html(self, name: str = "th-html", value: str = "") -> HTML:
        """A piece of HTML."""
        widget = HTML(value, layout=self.layout, style=self._style)
        widget.add_class(name)
        return widget

    def heading(self, title: str) -> HTML:
        """A panel's heading."""
        return self.html(value=markup.heading(title))

    def row(self, children: list[Any], name: str) -> HBox:
        """Pieces beside each other."""
        return _named(HBox(children, layout=self.layout), name)

    def column(self, children: list[Any], *names: str) -> VBox:
        """Pieces below each other."""
        return _named(VBox(children, layout=self.layout), *names)

    def panel(self, children: list[Any], name: str) -> VBox:
        """A framed part of the page."""
        return self.column(children, "th-panel", name)

    def button(self, label: str, clicked: Callable[[], None], tooltip: str = "", name: str = "th-button") -> Button:
        """A button; clicked() is called in the kernel's thread."""
        button = _named(Button(description=label, tooltip=tooltip or None, layout=self.layout, style=self._button_style), name)
        button.on_click(lambda _: clicked())
        return button

    def toggle(self, label: str, tooltip: str = "") -> ToggleButton:
        """A button that stays down."""
        button = ToggleButton(description=label, tooltip=tooltip or None, layout=self.layout, style=self._toggle_style)
        return _named(button, "th-button")


def _named(widget: Any, *names: str) -> Any:
    for name in names:
        widget.add_class(name)
    return widget


def set_value(widget: Any, value: Any) -> None:
    """Set a widget's value if it is another one: what did not change is not sent."""
    if widget.value != value:
        widget.value = value


def set_children(widget: Box, children: list[Any]) -> None:
    """Set a box's children if they are others."""
    if list(widget.children) != children:
        widget.children = children


def set_class(widget: Any, name: str, on: bool) -> None:
    """Give a widget a class or take it away; one that it has, or has not, already is not told again."""
    (widget.add_class if on else widget.remove_class)(name)
