"""The probes at a glance: a card each, or with many of them a row each, in groups that fold. Kernel's own
thread only."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ipywidgets import HTML, Box, Button, Text

from .. import format, words
from ..choices import View
from ..data import GROUPS, MOST_CARDS, NONE, Group, Look, Probe, Snapshot
from ..html import cards, rows, states
from .base import Kit, set_children, set_class, set_value

MOST_ACROSS = 8
# So many cards share the width of the page.
FEW = 3
# More is asked for so often at most.
MOST_ASKED = 50
Place = tuple[str, Any]


def across_of(count: int) -> int:
    """Cards in a row of a wall screen: one row up to four, then as few rows as stay readable."""
    fewest = 1 if count <= 4 else 2 if count <= 12 else 3
    return min(max(-(-count // fewest), 1), MOST_ACROSS)


class Board:
    """`widget` is all of it. What is folded away is neither drawn nor sent.

    place(): the id of the probe whose own place is open, and that place, which stands behind its card; piece:
    it is a part of a page, made for some of the probes.
    """

    def __init__(self, kit: Kit, place: Callable[[], Place], *, piece: bool) -> None:
        self._kit, self._place, self._piece = kit, place, piece
        # Folds a group or opens it, where no script of the page does: in a notebook.
        self.turn: Callable[[str], None] | None = None
        self._folds: dict[str, Button] = {}
        self._wholes: dict[str, Button] = {}
        self._cards: dict[str, HTML] = {}
        self._groups: dict[str, HTML] = {}
        self._rest = kit.html("th-rows-rest")
        self._search: Text | None = None
        self._found = kit.html("th-found")
        self._more: tuple[str, ...] = ()
        self._more_groups = kit.html("th-more-groups")
        self._snapshot: Snapshot | None = None
        self.widget = Box([], layout=kit.layout)

    def made(self, snapshot: Snapshot) -> Callable[[Probe], bool]:
        """Tells of a probe whether the widgets that show it are made already."""
        there = self._search is not None
        return (lambda _: there) if self.in_rows(snapshot) else (lambda probe: probe.id in self._cards)

    def in_rows(self, snapshot: Snapshot) -> bool:
        """Whether each probe has a row and no card."""
        return not snapshot.view.kiosk and len(self._everyone(snapshot)) > MOST_CARDS

    def _everyone(self, snapshot: Snapshot) -> list[Probe]:
        """Who has a place, whichever the chart shows."""
        return snapshot.shown if self._piece else snapshot.listed

    def look(self, view: View) -> Look:
        """What it shows of a view."""
        sought = self._search.value.strip() if self._search is not None else ""
        called = tuple(words.STATES.items()) if sought else ()
        return Look(view.probes, view.kiosk, self._piece, view.folds, self._more, sought, called)

    def more(self, key: str) -> None:
        """Show more of a group, or more groups."""
        self._more = (*self._more, key)[-MOST_ASKED:]
        self.redraw()

    def redraw(self) -> None:
        """Draw anew what was shown last."""
        if self._snapshot is not None:
            self.show(self._snapshot)

    def show(self, snapshot: Snapshot, *, make: bool = True) -> None:
        """Bring it up to a snapshot. make: widgets may be made."""
        self._snapshot = snapshot
        in_rows = self.in_rows(snapshot)
        set_class(self.widget, "th-cards", not in_rows)
        set_class(self.widget, "th-rows", in_rows)
        children = self._in_rows(snapshot, make=make) if in_rows else self._in_cards(snapshot, make=make)
        set_children(self.widget, children)

    def _in_cards(self, snapshot: Snapshot, *, make: bool) -> list[Any]:
        view, shown = snapshot.view, snapshot.shown
        if view.kiosk:
            shown = states.on_wall(snapshot)
            groups = [Group(NONE, shown, shown, open=True)]
        else:
            groups = snapshot.grouped(shown, Look(turned=view.folds)).groups
            if snapshot.sites is not None and all(group.open and group.size == 1 for group in groups):
                # The place stands in the name: one card below the other would repeat it.
                everyone = [probe for group in groups for probe in group.seen]
                groups = [Group(NONE, everyone, everyone, open=True)]
        opened, place = self._place()
        children: list[Any] = []
        for group in groups:
            if group.key != NONE and (make or group.key in self._groups):
                heading = self._group(group.key)
                set_value(heading, rows.heading(group, plain=self.turn is not None))
                children += [heading, *self._fold(group, make=make)]
            for probe in group.seen:
                card = self._card(probe)
                draw = partial(cards.card, probe, view, snapshot.now_ms, opened=probe.id == opened)
                set_value(card, snapshot.once(("card", probe.id, probe.id == opened), draw))
                children.append(card)
                if probe.id == opened:
                    children.append(place)
        # How many beside each other a wall screen shows: rows enough, and none with a single card left over.
        set_class(self.widget, "th-few", len(shown) <= FEW and len(groups) == 1)
        for across in range(1, MOST_ACROSS + 1):
            set_class(self.widget, f"th-across-{across}", across == across_of(len(shown)))
        return children

    def _in_rows(self, snapshot: Snapshot, *, make: bool) -> list[Any]:
        if self._search is None and not make:
            return []
        everyone, look = self._everyone(snapshot), self.look(snapshot.view)
        told = snapshot.grouped(everyone, look)
        groups = told.groups
        # One group that is short and has no name needs no heading.
        headed = [group.key for group in groups] != [NONE] or groups[0].left_out > 0
        set_value(self._found, rows.found(told, look.sought, len(everyone)))
        opened, place = self._place()
        children: list[Any] = [self._searched()]
        for group in groups:
            if not make and group.key not in self._groups:
                continue
            panel = self._group(group.key)
            plain = self.turn is not None
            set_value(panel, rows.section(group, snapshot, opened, headed=headed, plain=plain))
            children += [panel, *(self._fold(group, make=make) if headed else ())]
            if any(probe.id == opened for probe in group.seen):
                set_value(self._rest, rows.section(group, snapshot, opened, 1, headed=headed, plain=plain))
                children += [place, self._rest]
            children += self._whole(group.key, group.left_out if group.open else 0, make=make)
        set_value(self._more_groups, rows.more_groups(told, plain=self.turn is not None))
        children += self._whole(GROUPS, told.left_out, make=make)
        return [*children, self._more_groups] if told.left_out else children

    def _whole(self, key: str, left_out: int, *, make: bool) -> list[Button]:
        """A notebook's button for what is left out of a group, or of the groups; none where the page's script
        asks for more."""
        if self.turn is None or not left_out or (key not in self._wholes and not make):
            return []
        if key not in self._wholes:
            self._wholes[key] = self._kit.button("", partial(self.more, key), name="th-button")
            self._wholes[key].add_class("th-fold-here")
        self._wholes[key].description = words.SHOW_MORE.format(format.count(left_out))
        return [self._wholes[key]]

    def _fold(self, group: Group, *, make: bool) -> list[Button]:
        """A notebook's button for a group; none where the page's script folds it."""
        if self.turn is None or (group.key not in self._folds and not make):
            return []
        if group.key not in self._folds:
            button = self._kit.button("", partial(self.turn, group.key))
            button.add_class("th-fold-here")
            self._folds[group.key] = button
        told = words.GROUP_HIDE if group.open else words.GROUP_SHOW
        self._folds[group.key].description = told.format(rows.title(group))
        return [self._folds[group.key]]

    def _searched(self) -> Any:
        if self._search is None:
            self._search = Text(
                description=words.SEARCH, placeholder=words.SEARCH_EXAMPLE, layout=self._kit.layout
            )
            self._search.observe(lambda _: self.redraw(), "value")
            self._search_row = self._kit.row([self._search, self._found], "th-search")
            self._search_row.add_class("th-fields")
        return self._search_row

    def _card(self, probe: Probe) -> HTML:
        if probe.id not in self._cards:
            self._cards[probe.id] = self._kit.html()
        return self._cards[probe.id]

    def _group(self, key: str) -> HTML:
        if key not in self._groups:
            self._groups[key] = self._kit.html("th-group")
        return self._groups[key]
