"""The page's panels and how they are laid out. Kernel's own thread only."""

import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ipywidgets import HTML, Text, VBox

from ..core import MINUTE_MS
from . import format, tongue, words
from .choices import Steering, View, query
from .data import Alert, Judgement, Look, Snapshot
from .html import cards, panels, states
from .widgets import (
    AlarmPanel,
    Ask,
    Asks,
    Board,
    ChartPanel,
    DoctorPanel,
    Kit,
    ListPanel,
    MomentsPanel,
    PagePanel,
    PlacesPanel,
    Provision,
    set_children,
    set_class,
    set_value,
)

# The parts of its look, in their order: what comes later holds. One text for all pages: it has 110 KB.
STYLE = "".join(
    (Path(__file__).parent / name).read_text("utf-8") for name in ("style.css", "states.css", "print.css")
)
STYLE_TAG = f"<style>{STYLE}</style>"
# The parts of a page, in their order; an analyst may take one of them.
PARTS = (
    "head",
    "cards",
    "chart",
    "happened",
    "alarms",
    "stats",
    "list",
    "page",
    "doctor",
    "hub",
)
# Those of the page of all places, which asks no hub.
PLACES = ("head", "cards", "places", "chart", "stats", "page")


class Panel(Protocol):
    """A framed part of the page below the chart. `widget` is all of it."""

    widget: Any

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot, once a second: set only what changed."""


def below(
    kit: Kit,
    steering: Steering,
    ask: Ask | None,
    asks: Asks,
    alarms: AlarmPanel,
    listed: ListPanel,
    *,
    all_places: bool,
) -> dict[str, Panel]:
    """The panels below the chart, each under its name in PARTS, which has their order."""
    return {
        "happened": MomentsPanel(kit),
        "alarms": alarms,
        "list": listed,
        "places": PlacesPanel(kit),
        "page": PagePanel(kit, steering, all_places=all_places),
        "doctor": DoctorPanel(kit, ask, asks),
    }


class Panels:
    """All widgets of one page; `show` tells each only what changed. parts: those of PARTS that it has;
    unfolded: see ListPanel."""

    def __init__(
        self,
        moment_ms: int,
        steering: Steering,
        asks: Asks,
        *,
        provision: Provision | None = None,
        ask: Ask | None = None,
        parts: Collection[str] = PARTS,
        root: VBox | None = None,
        unfolded: bool = False,
        notebook: bool = False,
    ) -> None:
        """root: a widget that shows the page already, and goes on with these; notebook: there is no script of
        the page."""
        kit = self._kit = Kit()
        self._parts, self._steering, all_places = parts, steering, "places" in parts
        self._ids: Collection[str] = ()
        self._snapshot: Snapshot | None = None
        self._on_paper: object = None  # for what the table was told last that only paper shows
        self.chart_panel = ChartPanel(kit, moment_ms, steering, ask, asks, all_places=all_places)
        self.chart, self.chooser = self.chart_panel.chart, self.chart_panel.chooser
        self.viewer_zone, self.sayings = Text(layout=kit.layout), Text(layout=kit.layout)
        self._alarms = AlarmPanel(kit, steering, ask, asks)
        self._listen(steering)
        self._head, self._alerts, self._statistics, self._hub, self._empty = (kit.html() for _ in range(5))
        self._pulse, self._told = kit.html("th-pulse"), kit.html("th-told")
        self._make_statistics(kit)
        self._make_board(kit, provision, ask, asks, unfolded=unfolded)
        self._board.turn = steering.fold if notebook else None
        self._below = below(kit, steering, ask, asks, self._alarms, self._list, all_places=all_places)
        self._leave = kit.button(words.KIOSK_LEAVE, lambda: steering.change(kiosk=False), name="th-leave")
        self._main = kit.column([], "th-main")
        self.root = self._make_root(VBox() if root is None else root)

    def _make_statistics(self, kit: Kit) -> None:
        self._statistics_panel = kit.panel([self._statistics], "th-statistics-panel")
        self._statistics_shown = kit.toggle(words.STATISTICS_SHOW)
        self._statistics_title = kit.html("th-grow")
        self._statistics_head = kit.row([self._statistics_title, self._statistics_shown], "th-list-head")
        self._statistics_shown.observe(lambda _: self._redraw(), "value")

    def _make_board(
        self, kit: Kit, provision: Provision | None, ask: Ask | None, asks: Asks, *, unfolded: bool
    ) -> None:
        """The probes at a glance, and the list of where they are, which has a place for each."""
        parts, steering = self._parts, self._steering
        self._list = ListPanel(kit, provision, ask, asks, unfolded=unfolded or "cards" not in parts)
        self._list.limits = self._alarms.open_limits
        self._board = Board(kit, self._list.place, piece=tuple(parts) not in (PARTS, PLACES))
        self._list.moved = self._board.redraw
        steering.open, steering.trust, steering.whole = self._list.open, self._list.trust, self._board.more

    def _make_root(self, root: VBox) -> VBox:
        style = self._kit.html("th-style", STYLE_TAG)
        below = [self._told, self._pulse, self._leave]
        top = [self._alarms.top] if "head" in self._parts or "alarms" in self._parts else []
        first = [style, self._head, self._alerts, *top]
        root.children = [*first, self._main, self.viewer_zone, self.sayings, *below]
        root.add_class("th")
        return root

    def _listen(self, steering: Steering) -> None:
        """The page's own script writes the browser's time zone into one, and into the other what else it has
        to say; a front end without it leaves both empty."""
        self.viewer_zone.add_class("th-zone")
        self.sayings.add_class("th-sayings")
        self.viewer_zone.observe(lambda change: steering.change(zone=change["new"]), "value")
        self.sayings.observe(lambda change: steering.said(change["new"], self._ids), "value")
        steering.alarms, steering.go = self._asked, self._go

    def _asked(self, what: str, which: int | str) -> None:
        """What somebody wants to see or have of alarms."""
        if what == "alarm":
            self._alarms.open(int(which))
        elif what == "unmute":
            self._alarms.unmute(int(which))
        elif what == "seen":
            self._alarms.seen(str(which))
        else:
            self._alarms.open_limits(str(which))

    def look(self, view: View) -> Look:
        """What it shows of a view, for which more is read. Of few probes all is read, whoever looks."""
        known = self._snapshot is not None and self._snapshot.whole
        return Look() if known else self._board.look(view)

    def _go(self, what: str) -> None:
        """Open what a setting is in."""
        if what == "list":
            self._list.unfold()
        elif what == "table":
            self._statistics_shown.value = True
        elif what in ("tell", "mute"):
            self._alarms.tools.open(what)
        elif what in ("dates", "note", "send"):
            self.chart_panel.open(what)

    def made(self, snapshot: Snapshot) -> Snapshot:
        """The same with those probes only whose widgets are made already."""
        chosen, rows = snapshot.view.probes, self._list
        made = self._board.made(snapshot)
        probes = [
            self._alarms.made(probe) for probe in snapshot.probes if made(probe) and rows.listed(probe.id)
        ]
        folded = [probe for probe in snapshot.folded if (made(probe) or not chosen) and rows.has(probe.id)]
        removed = [one for one in snapshot.removed if rows.removed.has(one["id"])]
        return snapshot._replace(probes=probes, folded=folded, removed=removed)

    def show(
        self, snapshot: Snapshot, judged: Judgement, *, arriving: bool = False, more: bool = False
    ) -> None:
        """Bring every widget up to a snapshot. arriving: no widget may be made; more: there are probes that
        are not shown yet."""
        view, now_ms = snapshot.view, snapshot.now_ms
        self._ids = snapshot.by_id.keys()
        self._dress(view)
        if "head" in self._parts:
            set_value(self._head, cards.header(snapshot, judged))
            self.alert(judged.alerts, view, now_ms)
        set_value(self._hub, panels.hub_panel(snapshot, judged))
        if not snapshot.probes:
            self._show_empty(snapshot, more=more)
            return
        self._board.show(snapshot, make=not arriving)
        self.chart_panel.show(snapshot, make=not arriving)
        self._show_statistics(snapshot)
        for panel in self._below.values():
            panel.show(snapshot)
        self._tell(snapshot)
        above = {
            "cards": self._board.widget,
            "chart": self.chart_panel.widget,
            "stats": self._statistics_panel,
        }
        self._lay_out(above | {name: panel.widget for name, panel in self._below.items()})

    def _show_statistics(self, snapshot: Snapshot) -> None:
        """The table; of many probes, who have a row each already, for who wants to see it, and on paper."""
        self._snapshot, view = snapshot, snapshot.view
        folds = self._board.in_rows(snapshot) and "cards" in self._parts
        away = view.kiosk or (folds and not self._statistics_shown.value)
        title = cards.heading(words.STATISTICS, view.told(snapshot.now_ms))
        heading = f'<span id="th-statistics">{title}</span>'
        set_value(self._statistics_title, heading)
        set_class(self._statistics, "th-on-paper", away)
        # What is for paper alone nobody sees change: told once a minute, and as soon as it is exact.
        exact = all(probe.statistics.exact for probe in snapshot.charted)
        key = view, snapshot.now_ms // MINUTE_MS, exact
        if not away or (view.scripted and key != self._on_paper):
            self._on_paper = key if away else None
            shown = snapshot.once("statistics", partial(cards.statistics, snapshot))
            set_value(self._statistics, shown if folds else heading + shown)
        below = [] if away and not view.scripted else [self._statistics]
        set_children(self._statistics_panel, [self._statistics_head, *below] if folds else below)

    def _redraw(self) -> None:
        if self._snapshot is not None:
            self._show_statistics(self._snapshot)

    def _show_empty(self, snapshot: Snapshot, *, more: bool) -> None:
        """Of a hub without probes: how one is added, and what there is to see all the same."""
        if snapshot.sites is not None:
            if not more:
                set_value(self._empty, panels.no_places(snapshot.asking))
            return self._lay_out({}, self._empty)
        set_value(self._empty, panels.empty(snapshot.health))
        names = ["page", "doctor"]
        if snapshot.transients or snapshot.removals:
            names.insert(0, "list")
        for name in names:
            self._below[name].show(snapshot)
        if more:
            set_children(self._main, [])
        else:
            self._lay_out({name: self._below[name].widget for name in names}, self._empty)

    def _lay_out(self, widgets: dict[str, Any], *first: HTML) -> None:
        """Those of them that this page has, in the order of PARTS, and the hub's own panel among them."""
        widgets["hub"] = self._hub
        order = PLACES if "places" in self._parts else PARTS
        set_children(
            self._main,
            [*first, *(widgets[name] for name in order if name in widgets and name in self._parts)],
        )

    def alert(self, found: list[Alert], view: View, now_ms: int) -> None:
        """Show problems."""
        set_value(self._alerts, panels.alerts(found, view, now_ms))

    def unread(self, found: Alert, view: View, now_ms: int) -> None:
        """Say that the journal could not be read; what was shown stays, under that notice."""
        self.alert([found], view, now_ms)
        if not self._head.value:
            set_value(self._head, cards.brand("unread"))

    def pulse(self, beat: int, now_ms: int) -> None:
        """A sign of life for the page's script, also when nothing else changes; it carries the hub's
        clock."""
        if f">{beat}<" not in self._pulse.value:
            self._pulse.value = f'<i data-now="{now_ms}">{beat}</i>'

    def _dress(self, view: View) -> None:
        for name, on in (
            ("th-kiosk", view.kiosk),
            ("th-dark", view.dark),
            ("th-light", view.theme == "light"),
        ):
            set_class(self.root, name, on)

    def _tell(self, snapshot: Snapshot) -> None:
        """What the page's scripts need: the address, the chart's reach, the words they say themselves, what
        is the matter."""
        view = snapshot.view
        told = {
            "query": query(view),
            "heard": self._steering.heard,
            "chart": self.chart_panel.facts(),
            "live": view.window.live,
            "scripted": view.scripted,
            "kiosk": view.kiosk,
            "narrow": view.narrow,
            "theme": view.theme,
            "unit": view.degree,
            "am_pm": view.am_pm,
            "zone": view.zone,
            "language": view.speaks,
            "locale": words.LOCALE,
            "decimal": tongue.sign("decimal"),
            "ages": words.AGES,
            "picture": format.picture_file(*self.chart_panel.chart.reach[:2], view.where),
            # With their year, as seen from long ago: a picture outlives today.
            "span": view.between(*self.chart_panel.chart.reach[:2], 0, to_second=False),
            "copied": words.SEND_COPIED,
        }
        facts = json.dumps(states.facts(snapshot), separators=(",", ":"))
        set_value(
            self._told,
            f'<i data-told="{format.safe(json.dumps(told, separators=(",", ":")))}" '
            f'data-alarms="{format.safe(facts)}"></i>',
        )
