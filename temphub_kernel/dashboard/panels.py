"""The page's widgets and how they are laid out. Kernel's own thread only."""

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from ipywidgets import HTML, Box, Button, HBox, Layout, Text, ToggleButtons, VBox
from ipywidgets.widgets.widget_string import HTMLStyle

from . import details, markup, words
from .chart import Chart
from .hubstate import Alert, Judgement
from .source import Probe, Snapshot
from .text import safe
from .window import WINDOWS

STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")


class Panels:
    """All widgets of one page; `show` tells each only what changed. clicked(probe_id): somebody pressed 'Provision now'."""

    def __init__(self, now_ms: int, clicked: Callable[[str], None] | None) -> None:
        self._clicked = clicked
        # One layout and one style for all pieces of HTML: each would be a model of its own that the browser has to load.
        self._plain = {"layout": Layout(width="auto"), "style": HTMLStyle()}
        self.chart = Chart(now_ms)
        self.chooser = ToggleButtons(
            options=[(words.WINDOW_LABELS[window.key], window.key) for window in WINDOWS],
            tooltips=[words.WINDOW_TOOLTIPS[window.key] for window in WINDOWS],
            layout=Layout(width="auto"),
        )
        self.chooser.add_class("th-window")
        # The page's own script writes the browser's time zone here; a front end without it leaves it empty.
        self.viewer_zone = Text(layout=self._plain["layout"])
        self.viewer_zone.add_class("th-zone")
        self._head, self._alerts, self._title, self._statistics, self._hub = (self._html() for _ in range(5))
        self._pulse = self._html("th-pulse")
        self._empty = self._html()
        self._cards: dict[str, HTML] = {}
        self._rows: dict[str, HBox] = {}
        self._card_box = Box([], layout=self._plain["layout"])
        self._card_box.add_class("th-cards")
        bar = HBox([self._title, self.chooser], layout=self._plain["layout"])
        bar.add_class("th-bar")
        self._chart_panel = self._panel([bar, self.chart.figure], "th-chart-panel")
        self._statistics_panel = self._panel([self._statistics], "th-statistics-panel")
        self._list_panel = self._panel([self._heading(words.LIST)], "th-list-panel")
        self._main = VBox([], layout=self._plain["layout"])
        self._main.add_class("th-main")
        style = self._html("th-style")
        style.value = f"<style>{STYLE}</style>"
        self.root = VBox([style, self._head, self._alerts, self._main, self._hub, self.viewer_zone, self._pulse])
        self.root.add_class("th")

    def has(self, probe_id: str) -> bool:
        """True when a probe's widgets are made already."""
        return probe_id in self._cards

    def show(self, snapshot: Snapshot, judged: Judgement, outcomes: dict[str, str], where: tzinfo | None, *, more: bool = False) -> None:
        """Bring every widget up to a snapshot.

        outcomes: what to say of each probe's last 'provision now'. more: there are probes that are not shown yet.
        """
        now_ms = snapshot.now_ms
        set_value(self._head, markup.header(snapshot, judged))
        self.alert(judged.alerts, where, now_ms)
        set_value(self._hub, details.hub_panel(snapshot, judged, where))
        if not snapshot.probes:
            set_value(self._empty, details.empty())
            set_children(self._main, [] if more else [self._empty])
            return
        for probe in snapshot.probes:
            set_value(self._card(probe), markup.card(probe, snapshot.window, now_ms))
            row = self._row(probe)
            set_value(row.children[0], details.list_row(probe, outcomes.get(probe.id, ""), where, now_ms))
            asking = outcomes.get(probe.id, "").endswith("…")
            row.children[1].disabled = asking or self._clicked is None
        ids = [probe.id for probe in snapshot.probes]
        set_children(self._card_box, [self._cards[id_] for id_ in ids])
        set_children(self._list_panel, [self._list_panel.children[0], *(self._rows[id_] for id_ in ids)])
        last = words.WINDOW_LAST[snapshot.window.key]
        note = "" if any(probe.statistics.n for probe in snapshot.probes) else f" {words.NO_POINTS.format(last)}"
        alt = safe(words.CHART_ALT.format(last))
        heading = markup.heading(words.CHART, f"{words.UNIT}, {last}{note}")
        set_value(self._title, f'{heading}<p class="th-hidden">{alt}</p>')
        set_value(self._statistics, markup.heading(words.STATISTICS, last) + markup.statistics(snapshot, where))
        self.chart.show(snapshot, where)
        set_children(self._main, [self._card_box, self._chart_panel, self._statistics_panel, self._list_panel])

    def alert(self, found: list[Alert], where: tzinfo | None, now_ms: int) -> None:
        """Show problems."""
        set_value(self._alerts, markup.alerts(found, where, now_ms))

    def unread(self, found: Alert, where: tzinfo | None, now_ms: int) -> None:
        """Say that the journal could not be read; what was shown stays, under that notice."""
        self.alert([found], where, now_ms)
        if not self._head.value:
            set_value(self._head, markup.brand("unread"))

    def pulse(self, beat: int) -> None:
        """A sign of life for the page's script, also when nothing else changes."""
        set_value(self._pulse, f"<i>{beat}</i>")

    def _card(self, probe: Probe) -> HTML:
        if probe.id not in self._cards:
            self._cards[probe.id] = self._html()
        return self._cards[probe.id]

    def _row(self, probe: Probe) -> HBox:
        if probe.id not in self._rows:
            self._rows[probe.id] = HBox([self._html("th-grow"), self._button(probe.id)], layout=self._plain["layout"])
            self._rows[probe.id].add_class("th-list-row")
        return self._rows[probe.id]

    def _button(self, probe_id: str) -> Button:
        possible = self._clicked is not None
        button = Button(description=words.PROVISION, layout=self._plain["layout"], disabled=not possible)
        button.tooltip = words.PROVISION_MEANING if possible else words.PROVISION_IMPOSSIBLE
        button.add_class("th-provision")
        if self._clicked is not None:
            clicked = self._clicked
            button.on_click(lambda _: clicked(probe_id))
        return button

    def _html(self, name: str = "th-html") -> HTML:
        widget = HTML(**self._plain)
        widget.add_class(name)
        return widget

    def _heading(self, title: str) -> HTML:
        heading = self._html()
        heading.value = markup.heading(title)
        return heading

    def _panel(self, children: list[object], name: str) -> VBox:
        panel = VBox(children, layout=self._plain["layout"])
        panel.add_class("th-panel")
        panel.add_class(name)
        return panel


def set_value(widget: HTML, value: str) -> None:
    """Set a widget's text if it is another one: what did not change is not sent."""
    if widget.value != value:
        widget.value = value


def set_children(widget: Box, children: list[object]) -> None:
    """Set a box's children if they are others."""
    if list(widget.children) != children:
        widget.children = children
