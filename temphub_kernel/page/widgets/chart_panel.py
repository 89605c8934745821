"""The chart with what one can do to it: choose a window, mark a range, draw a limit, take the data along.
Kernel's own thread only."""

from functools import partial
from typing import Any

import bqplot
from ipywidgets import FloatText, NaiveDatetimePicker, Text, ToggleButtons

from ...core import length_parts, now_ms
from .. import format, words
from ..choices import BY_KEY, CHIPS, Steering, periods
from ..data import Snapshot
from ..html import cards, chart, limits
from .alarms.limit_drag import LimitDrag
from .base import Ask, Asks, Kit, Question, set_children, set_class, set_value, without_hub
from .chart import Chart
from .page_settings import first_url

NOTE, STRUCK = "note", "struck"
LONGEST_NOTE = 500


class ChartPanel:
    """`widget` is the panel. Until the page's own script says that it handles gestures, bqplot's own zoom is
    on. all_places: nothing of it is this hub's, so that nothing is noted or sent from it."""

    def __init__(
        self,
        kit: Kit,
        moment_ms: int,
        steering: Steering,
        ask: Ask | None,
        asks: Asks,
        *,
        all_places: bool = False,
    ) -> None:
        self._kit, self._steering = kit, steering
        self.chart = Chart(moment_ms)
        self.chart.figure.interaction = bqplot.PanZoom(scales={"x": [self.chart.x]})
        self.chart.x.observe(self._zoomed, ["min", "max"])
        self._drag = LimitDrag(kit, ask or without_hub, asks)
        steering.move_limit = self._move_limit
        self._remarks = Remarks(kit, steering, ask, asks)
        self._snapshot: Snapshot | None = None
        self._telling = False
        self.chooser = self._make_chooser()
        self._now = kit.button(
            words.BACK_TO_LIVE, steering.back_to_live, words.BACK_TO_LIVE_MEANING, "th-now"
        )
        self._title, self._legend, self._measured, self._links = (kit.html() for _ in range(4))
        self._forms = kit.column([], "th-forms")
        labels = (words.DATES, words.LIMIT, words.NOTE, words.SEND)
        self._dates, self._limit, self._note, self._send = (kit.toggle(*label) for label in labels)
        self._toggles = {"dates": self._dates, "limit": self._limit, "note": self._note, "send": self._send}
        for name, toggle in self._toggles.items():
            toggle.observe(partial(self._turned, name), "value")
        self._made: dict[str, Any] = {}
        self._opened: list[str] = []
        self._named: list[Any] = []
        picture = kit.button(words.PICTURE, self._save_picture, words.PICTURE_MEANING)
        picture.add_class("th-picture")
        own = [[self._note], [self._send]] if not all_places else [[], []]
        tools = kit.row([self._dates, self._limit, *own[0], picture, self._links, *own[1]], "th-tools")
        bar = kit.row([self._title, self.chooser, self._now], "th-bar")
        below = [self._drag.widget, self._legend, tools, self._forms, self._measured, *self._remarks.widgets]
        self.widget = kit.panel([bar, self.chart.figure, *below], "th-chart-panel")

    def _make_chooser(self) -> ToggleButtons:
        chooser = ToggleButtons(
            options=[(chip_label(window.span_ms), window.key) for window in CHIPS],
            tooltips=[words.WINDOW_TOOLTIP.format(chip_label(window.span_ms)) for window in CHIPS],
            layout=self._kit.layout,
        )
        chooser.add_class("th-window")
        chooser.observe(lambda change: self._chosen(change["new"]), "value")
        return chooser

    def show(self, snapshot: Snapshot, *, make: bool = True) -> None:
        """Bring it up to a snapshot. make: widgets may be made."""
        self._snapshot, view = snapshot, snapshot.view
        self._telling = True
        try:
            self.chart.show(snapshot, make=make)
            set_value(self.chooser, view.window.key if view.window.key in BY_KEY else None)
        finally:
            self._telling = False
        if view.scripted and self.chart.figure.interaction is not None:
            self.chart.figure.interaction = None
        set_class(self._now, "th-away", not view.window.live)
        told = view.told(snapshot.now_ms)
        empty = (
            ""
            if any(probe.statistics.n for probe in snapshot.charted)
            else f" {words.NO_POINTS.format(told)}"
        )
        alt = (
            f'<p class="th-hidden" id="th-chart-alt">{format.safe(words.CHART_ALT.format(told))} '
            f"{format.safe(words.CHART_KEYS)}</p>"
        )
        set_value(self._title, cards.heading(words.CHART, f"{told}{empty}", view.degree) + alt)
        set_value(self._legend, snapshot.once("legend", partial(chart.legend, snapshot)))
        set_value(self._links, snapshot.once("links", partial(chart.links, snapshot)))
        set_value(self._measured, chart.measured(snapshot))
        self._remarks.show(snapshot)
        self._drag.show(snapshot)
        self._name_periods()
        self._show_send()

    def open(self, name: str) -> None:
        """Open one of the forms."""
        self._toggles[name].value = True

    def _move_limit(self, rule: int, shown: float) -> None:
        if self._snapshot is not None:
            self._drag.move(rule, shown, self._snapshot)

    def facts(self) -> dict[str, Any]:
        """What the page's script has to know to read the chart."""
        from_ms, to_ms, low, high = self.chart.reach
        snapshot = self._snapshot
        measured = snapshot.view.measured if snapshot else None
        notes = [note.from_ms for note in snapshot.annotations] if snapshot else []
        told = {
            "from": from_ms,
            "to": to_ms,
            "low": low,
            "high": high,
            "range": measured,
            "notes": notes,
            "zero": self.chart.moment(0),
            "panes": [pane.scale for pane in self.chart.laid.panes],
            "lines": self._lines(),
        }
        return told | {"marks": self.chart.legend, "limits": self._limits() if snapshot else []}

    def _lines(self) -> list[list[Any]]:
        """What the page's script names in the chart, limits beside their lines and panes above them: (share
        of the height, words, which of both). Limits that can be moved have a handle that says it."""
        snapshot, told = self._snapshot, self.chart.laid
        named = zip(told.panes, self.chart.pane_names, strict=False)
        heads = [[round(pane.top, 4), name, "pane"] for pane, name in named]
        if snapshot is None or limits.movable(snapshot):
            return heads
        return heads + [
            [
                round(told.panes[one.pane].share(one.value), 4),
                limits.short(one.value, one.sign, snapshot.view),
                "limit",
            ]
            for one in told.limits
            if told.holds(one)
        ]

    def _limits(self) -> list[dict[str, Any]]:
        """What the page's script has to know of limits that can be moved: where they are, or would be."""
        snapshot = self._snapshot
        moved = self._drag.proposed
        rules = limits.movable(snapshot) if snapshot else []
        return [limits.handle(rule, moved.get(rule.no), snapshot.view) for rule in rules] if snapshot else []

    def _chosen(self, key: str | None) -> None:
        if key in BY_KEY and not self._telling:
            self._steering.change(window=BY_KEY[key])

    def _zoomed(self, _: Any) -> None:
        x = self.chart.x
        if not self._telling and None not in (x.min, x.max):
            self._steering.show(self.chart.moment(x.min), self.chart.moment(x.max))

    def _save_picture(self) -> None:
        # The page's script draws a better one, with heading and legend.
        if not self._steering.view.scripted:
            name = format.picture_file(*self.chart.reach[:2], self._steering.view.where)
            self.chart.figure.save_png(name, scale=2)

    def _turned(self, name: str, change: Any) -> None:
        """Open a form above those that are open, or shut it."""
        makers = {
            "dates": self._dates_form,
            "limit": self._limit_form,
            "note": self._remarks.form,
            "send": self._kit.html,
        }
        if change["new"] and name not in self._made:
            self._made[name] = makers[name]()
        others = [one for one in self._opened if one != name]
        self._opened = [name, *others] if change["new"] else others
        set_children(self._forms, [self._made[one] for one in self._opened])
        self._show_send()

    def _name_periods(self) -> None:
        """A page that stays open over the end of a month has other months to offer."""
        if not self._dates.value:
            return
        self._over = periods(now_ms(), self._steering.view.where)
        for button, (told, _) in zip(self._named, self._over, strict=False):
            button.description = told

    def _show_send(self) -> None:
        if self._send.value and self._snapshot is not None:
            set_value(self._made["send"], chart.send(self._snapshot, first_url(self._snapshot.health)))

    def _dates_form(self) -> Any:
        view = self._steering.view
        ends = view.window.ends(now_ms())
        first, end = (
            NaiveDatetimePicker(
                description=label, value=format.local(ms, view.where).replace(tzinfo=None, microsecond=0)
            )
            for label, ms in zip((words.FROM, words.TO), ends, strict=True)
        )

        def between() -> tuple[float, float] | None:
            if first.value is None or end.value is None:
                return None
            where = self._steering.view.where
            return format.moment_ms(first.value, where), format.moment_ms(end.value, where)

        offered = end.value

        def show(*, exact: bool = False) -> None:
            if (span := between()) is not None:
                # Who leaves the end as it was offered means now, where that is what it was.
                self._steering.show(*span, exact=exact or end.value != offered)

        def named(place: int) -> None:
            # What the button says, also where a month has ended since.
            first.value, end.value = self._over[place][1]
            show(exact=True)

        self._over = periods(now_ms(), view.where)
        buttons = [
            self._kit.button(words.SHOW, show, name="th-primary"),
            self._kit.button(words.MEASURE, lambda: self._steering.measure(between()), words.MEASURE_MEANING),
            self._kit.button(words.MEASURE_END, lambda: self._steering.measure(None)),
        ]
        names = [told for told, _ in self._over]
        self._named = [self._kit.button(told, partial(named, place)) for place, told in enumerate(names)]
        return self._kit.column(
            [self._kit.row(self._named, "th-form"), self._kit.row([first, end, *buttons], "th-form")],
            "th-dates",
        )

    def _limit_form(self) -> Any:
        view = self._steering.view
        known = round(view.of(view.line_c), 2) if view.line_c is not None else round(view.of(8.0), 2)
        limit = FloatText(
            description=words.LIMIT_AT.format(view.degree), value=known, layout=self._kit.layout
        )
        draw = self._kit.button(words.DRAW, lambda: self._draw(limit.value), name="th-primary")
        return self._kit.row(
            [limit, draw, self._kit.button(words.NO_LIMIT, lambda: self._steering.change(line_c=None))],
            "th-form",
        )

    def _draw(self, shown: float) -> None:
        celsius = self._steering.view.to_celsius(shown)
        if -270 <= celsius <= 1800:
            self._steering.change(line_c=round(celsius, 4))


def chip_label(span_ms: int) -> str:
    """`24 h`."""
    number, unit = length_parts(span_ms)
    return words.WINDOW_UNITS[unit].format(number)


class Remarks:
    """What people say of what the chart shows: notes, and readings that no longer count.

    `widgets` stand below the chart; `form()` makes the one in which a note is written."""

    def __init__(self, kit: Kit, steering: Steering, ask: Ask | None, asks: Asks) -> None:
        self._kit, self._steering, self._ask, self._asks = kit, steering, ask, asks
        steering.erase, steering.strike_out, steering.undo = self._erase, self._strike_out, self._undo
        self._snapshot: Snapshot | None = None
        self._struck, self._notes, self._question = kit.html(), kit.html(), Question(kit)
        self.widgets = [self._struck, self._notes, self._question.widget]

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._snapshot, outcomes = snapshot, self._asks.outcomes
        set_value(self._notes, chart.notes(snapshot, outcomes.get(NOTE, "")))
        set_value(self._struck, chart.struck(snapshot, outcomes.get(STRUCK, "")))

    def form(self) -> Any:
        """Where a note is written."""
        written = Text(description=words.NOTE_TEXT, placeholder=words.NOTE_EXAMPLE, layout=self._kit.layout)
        written.add_class("th-grow")
        add = self._kit.button(
            words.NOTE_ADD, lambda: self._annotate(written), words.NOTE_MEANING, "th-primary"
        )
        add.disabled = self._ask is None
        return self._kit.row([written, add], "th-form")

    def _annotate(self, field: Any) -> None:
        """To the marked range, else to the end of what is shown; to the one probe shown, else to all."""
        said, view, ask = field.value.strip()[:LONGEST_NOTE], self._steering.view, self._ask
        if not said or ask is None:
            return
        from_ms, to_ms = view.measured or (view.window.ends(now_ms())[1],) * 2
        body: dict[str, Any] = {"from_ms": from_ms, "text": said}
        if to_ms > from_ms:
            body["to_ms"] = to_ms
        if len(view.probes) == 1:
            body["probe_id"] = view.probes[0]

        def add() -> str:
            ask("/api/annotate", body)
            return words.NOTE_ADDED

        self._asks.go(NOTE, words.NOTE_ADDING, add)
        field.value = ""

    def _erase(self, number: int) -> None:
        ask, notes = self._ask, self._snapshot.annotations if self._snapshot else []
        note = next((note for note in notes if note.no == number), None)
        if ask is None or note is None:
            return

        def erase() -> str:
            ask("/api/annotate", {"erase": number})
            return words.NOTE_ERASED

        self._question.ask(
            words.NOTE_ASK.format(note.text),
            words.NOTE_YES,
            lambda: self._asks.go(NOTE, words.NOTE_ERASING, erase),
        )

    def _strike_out(self) -> None:
        """The marked range, of the probes shown that have readings in it."""
        ask, snapshot, view = self._ask, self._snapshot, self._steering.view
        if (
            ask is None
            or snapshot is None
            or view.measured is None
            or snapshot.view.measured != view.measured
        ):
            return
        (from_ms, to_ms), ids = view.measured, [probe.id for probe in snapshot.looked_into if probe.measured]

        def strike() -> str:
            for probe_id in ids:
                # The range's own end is no longer in it.
                ask("/api/strike-out", {"probe_id": probe_id, "from_ms": from_ms, "to_ms": to_ms - 1})
            return words.STRUCK_NOW

        self._asks.go(STRUCK, words.STRIKING, strike)

    def _undo(self, number: int) -> None:
        ask = self._ask
        if ask is None or self._snapshot is None or number not in [one.no for one in self._snapshot.struck]:
            return

        def undo() -> str:
            ask("/api/strike-out", {"undo": number})
            return words.UNDONE

        self._asks.go(STRUCK, words.UNDOING, undo)
