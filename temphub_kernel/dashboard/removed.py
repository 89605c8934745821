"""The probes that somebody removed, each brought back by one click. Kernel's own thread only."""

from collections.abc import Callable

from ipywidgets import Button, HBox

from ..base.naming import shown as name_of
from . import text, words
from .asks import Ask, Asks, without_hub
from .kit import Kit, set_children, set_value
from .source import Record, Snapshot
from .text import safe


class Removed:
    """`widget` is a line with their number and, for who wants to see them, a row each; empty while there is none.

    changed(): to be drawn anew. One that was removed on this page just now has its row in any case.
    """

    def __init__(self, kit: Kit, ask: Ask | None, asks: Asks, changed: Callable[[], None]) -> None:
        self._kit, self._ask, self._asks, self._changed = kit, ask, asks, changed
        self.shown = False
        self._rows: dict[str, HBox] = {}
        self._buttons: dict[str, Button] = {}
        self._asked_for: set[str] = set()
        self._said = kit.html("th-grow")
        self._toggle = kit.button(words.REMOVED_SHOW, self._turn, words.REMOVED_MEANING)
        self._line = kit.row([self._said, kit.row([self._toggle], "th-buttons")], "th-list-row")
        self.widget = kit.column([], "th-removed")

    def has(self, probe_id: str) -> bool:
        """True when its row is made already, or not wanted."""
        return probe_id in self._rows or not self._wanted(probe_id)

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self.shown = self.shown and bool(snapshot.removals)
        if not snapshot.removals:
            set_children(self.widget, [])
            return
        some = f" {words.REMOVED_SHOWN.format(len(snapshot.removed))}" if self.shown and len(snapshot.removed) < snapshot.removals else ""
        one, many = words.REMOVED
        line = one if snapshot.removals == 1 else many.format(text.count(snapshot.removals))
        set_value(self._said, f'<p class="th-quiet">{safe(line + some)}</p>')
        self._toggle.description = words.REMOVED_HIDE if self.shown else words.REMOVED_SHOW
        set_children(self.widget, [self._line, *(self._row(one, snapshot) for one in snapshot.removed if self._wanted(one["id"]))])

    def _wanted(self, probe_id: str) -> bool:
        return self.shown or self._here(probe_id)

    def _here(self, probe_id: str) -> bool:
        """Removed, or wanted back, on this page."""
        return probe_id in self._asked_for or self._asks.outcomes.get(probe_id) == words.REMOVED_PROBE

    def _row(self, record: Record, snapshot: Snapshot) -> HBox:
        id_, name = record["id"], name_of(record)
        if id_ not in self._rows:
            button = self._kit.button(words.RESTORE, lambda: self._restore(id_), words.RESTORE_MEANING.format(name))
            self._buttons[id_] = button
            self._rows[id_] = self._kit.row([self._kit.html("th-grow"), self._kit.row([button], "th-buttons")], "th-list-row")
        row = self._rows[id_]
        outcome = self._asks.outcomes.get(id_, "") if self._here(id_) else ""
        said = f'<p class="th-outcome" role="status">{safe(outcome)}</p>' if outcome else ""
        same = "" if name == id_ else f'<span class="th-quiet">{safe(id_)}</span>'
        when = words.REMOVED_AT.format(snapshot.view.at(record["removed_ms"], snapshot.now_ms, to_second=False))
        head = f'<p class="th-row-head"><span class="th-name">{safe(name)}</span>{same}</p>'
        set_value(row.children[0], f'<div class="th-row" data-removed="{safe(id_)}">{head}<p class="th-quiet">{safe(when)}</p>{said}</div>')
        self._buttons[id_].disabled = self._ask is None or self._asks.busy(id_)
        return row

    def _turn(self) -> None:
        self.shown = not self.shown
        self._changed()

    def _restore(self, probe_id: str) -> None:
        ask = self._ask or without_hub
        self._asked_for.add(probe_id)
        self._asks.go(probe_id, words.RESTORING.format(probe_id), lambda: bring_back(ask, probe_id))


def bring_back(ask: Ask, probe_id: str) -> str:
    """Put a removed probe onto every list again; what came of it, in words. Raises TempHubError."""
    ask("/api/remove", {"probe_id": probe_id, "restore": True})
    return words.RESTORED
