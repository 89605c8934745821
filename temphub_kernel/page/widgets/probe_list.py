"""Where the probes are, and what one can do with each; the removed ones, and ids that came once. Kernel's own
thread only."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ipywidgets import Button, HBox, VBox

from ...core import HOUR_MS, TempHubError, shown_name
from .. import format, probe_words, words
from ..data import Probe, Record, Snapshot
from ..html import cards, panels
from .base import Ask, Asks, Kit, Question, set_children, set_value, without_hub
from .probe_editor import Editor, say_yes


class Removed:
    """`widget` is a line with their number and, for who wants to see them, a row each; empty while there is
    none.

    changed(): to be drawn anew. One that was removed on this page just now has its row in any case.
    """

    def __init__(self, kit: Kit, ask: Ask | None, asks: Asks, changed: Callable[[], None]) -> None:
        self._kit, self._ask, self._asks, self._changed = kit, ask, asks, changed
        self.shown = False
        self._rows: dict[str, HBox] = {}
        self._buttons: dict[str, Button] = {}
        self._asked_for: set[str] = set()
        self._said = kit.html("th-grow")
        self._toggle = kit.button(probe_words.REMOVED_SHOW, self._turn, probe_words.REMOVED_MEANING)
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
        some = (
            f" {probe_words.REMOVED_SHOWN.format(len(snapshot.removed))}"
            if self.shown and len(snapshot.removed) < snapshot.removals
            else ""
        )
        line = format.counted(probe_words.REMOVED, snapshot.removals)
        set_value(self._said, f'<p class="th-quiet">{format.safe(line + some)}</p>')
        self._toggle.description = probe_words.REMOVED_HIDE if self.shown else probe_words.REMOVED_SHOW
        set_children(
            self.widget,
            [self._line, *(self._row(one, snapshot) for one in snapshot.removed if self._wanted(one["id"]))],
        )

    def _wanted(self, probe_id: str) -> bool:
        return self.shown or self._here(probe_id)

    def _here(self, probe_id: str) -> bool:
        """Removed, or wanted back, on this page."""
        return probe_id in self._asked_for or self._asks.outcomes.get(probe_id) == probe_words.REMOVED_PROBE

    def _row(self, record: Record, snapshot: Snapshot) -> HBox:
        id_, name = record["id"], shown_name(record)
        if id_ not in self._rows:
            button = self._kit.button(
                probe_words.RESTORE, lambda: self._restore(id_), probe_words.RESTORE_MEANING.format(name)
            )
            self._buttons[id_] = button
            self._rows[id_] = self._kit.row(
                [self._kit.html("th-grow"), self._kit.row([button], "th-buttons")], "th-list-row"
            )
        row = self._rows[id_]
        said = format.outcome(self._asks.outcomes.get(id_, "") if self._here(id_) else "")
        same = "" if name == id_ else f'<span class="th-quiet">{format.safe(id_)}</span>'
        when = probe_words.REMOVED_AT.format(
            snapshot.view.at(record["removed_ms"], snapshot.now_ms, to_second=False)
        )
        head = f'<p class="th-row-head"><span class="th-name">{format.safe(name)}</span>{same}</p>'
        set_value(
            row.children[0],
            f'<div class="th-row" data-removed="{format.safe(id_)}">{head}<p '
            f'class="th-quiet">{format.safe(when)}</p>{said}</div>',
        )
        self._buttons[id_].disabled = self._ask is None or self._asks.busy(id_)
        return row

    def _turn(self) -> None:
        self.shown = not self.shown
        self._changed()

    def _restore(self, probe_id: str) -> None:
        ask = self._ask or without_hub
        self._asked_for.add(probe_id)
        self._asks.go(probe_id, probe_words.RESTORING.format(probe_id), lambda: bring_back(ask, probe_id))


def bring_back(ask: Ask, probe_id: str) -> str:
    """Put a removed probe onto every list again; what came of it, in words. Raises TempHubError."""
    ask("/api/remove", {"probe_id": probe_id, "restore": True})
    return probe_words.RESTORED


SUBJECT = "transients"


class Transients:
    """`widget` is the line, empty while there is none; `shown`: whether somebody wants to see them.
    changed(): to be drawn anew."""

    def __init__(self, kit: Kit, ask: Ask | None, asks: Asks, changed: Callable[[], None]) -> None:
        self._ask, self._asks, self._changed = ask, asks, changed
        self.shown = False
        self._count = 0
        self._said = kit.html()
        self._toggle = kit.button(probe_words.TRANSIENTS_SHOW, self._turn)
        self._remove = kit.button(
            probe_words.TRANSIENTS_REMOVE, self._ask_first, probe_words.TRANSIENTS_MEANING, "th-danger"
        )
        self._question = Question(kit)
        self._row = kit.row([self._said, kit.row([self._toggle, self._remove], "th-buttons")], "th-list-row")
        self.widget = kit.column([], "th-transients")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._count = snapshot.transients
        self.shown = self.shown and bool(self._count)
        told = format.outcome(self._asks.outcomes.get(SUBJECT, ""))
        if not self._count:
            self._question.close()
            set_value(self._said, told)
            set_children(self.widget, [self._said] if told else [])
            return
        last = len(snapshot.folded)
        some = (
            f" {probe_words.TRANSIENTS_SHOWN.format(format.count(last))}"
            if self.shown and last < self._count
            else ""
        )
        line = (
            f'<p class="th-quiet" title="{format.safe(probe_words.TRANSIENTS_MEANING)}'
            f'">{format.safe(_in_words(self._count) + some)}</p>'
        )
        set_value(self._said, line + told)
        self._toggle.description = probe_words.TRANSIENTS_HIDE if self.shown else probe_words.TRANSIENTS_SHOW
        self._remove.disabled = self._ask is None or self._asks.busy(SUBJECT)
        set_children(self.widget, [self._row, self._question.widget])

    def _turn(self) -> None:
        self.shown = not self.shown
        self._changed()

    def _ask_first(self) -> None:
        self._question.ask(
            probe_words.TRANSIENTS_ASK.format(_in_words(self._count)), probe_words.TRANSIENTS_YES, self._go
        )

    def _go(self) -> None:
        ask = self._ask or without_hub
        self._asks.go(SUBJECT, probe_words.TRANSIENTS_REMOVING, lambda: remove_all(ask))


def remove_all(ask: Ask) -> str:
    """Take them off every list; what came of it, in words. Raises TempHubError."""
    return probe_words.TRANSIENTS_REMOVED.format(
        format.count(int(ask("/api/remove", {"unnamed": True})["removed"]))
    )


def _in_words(count: int) -> str:
    return format.counted(probe_words.TRANSIENTS, count)


Provision = Callable[[str], str]
# So many rows are shown, and as many more each time that somebody asks for them.
MOST_LISTED = 50


class ListPanel:
    """`widget` is the panel: a row a probe, once somebody wants to see them; the form opens below the row it
    is for. `place` is one probe's row with its form, to stand behind its card.

    moved(): called when that place has to go elsewhere; unfolded: the rows are shown at once.
    """

    def __init__(
        self,
        kit: Kit,
        provision: Provision | None,
        ask: Ask | None,
        asks: Asks,
        *,
        unfolded: bool = False,
    ) -> None:
        self._unfolded, self._opened, self._most = unfolded, "", MOST_LISTED
        self._more = kit.button("", self._show_more, name="th-button")
        self._place = kit.column([], "th-place", "th-panel")
        self.moved: Callable[[], None] = lambda: None
        self._toggle = kit.button(
            probe_words.LIST_SHOW, lambda: self.unfold(on=not self._unfolded), name="th-button"
        )
        self._kit, self._provision, self._ask, self._asks = kit, provision, ask, asks
        self._rows: dict[str, HBox] = {}
        self._buttons: dict[str, list[Button]] = {}
        self._editor: Editor | None = None
        self._snapshot: Snapshot | None = None
        self.firmware = ""
        self._asked_ms = 0
        self._guide = kit.html()
        self._transients = Transients(kit, ask, asks, self._redraw)
        self.removed = Removed(kit, ask, asks, self._redraw)
        title = kit.html("th-grow", f'<span id="th-probes">{cards.heading(probe_words.LIST)}</span>')
        self._heading = kit.row([title] if unfolded else [title, self._toggle], "th-list-head")
        # Called with the id of the probe whose limits somebody wants to set.
        self.limits: Callable[[str], None] = lambda probe_id: None
        self.widget = kit.panel([self._heading], "th-list-panel")

    def has(self, probe_id: str) -> bool:
        """True when the row of one that is folded away is made already, or not wanted."""
        return probe_id in self._rows or not self._transients.shown

    def listed(self, probe_id: str) -> bool:
        """The same of one that has a card."""
        return probe_id in self._rows or not self._unfolded

    def place(self) -> tuple[str, VBox]:
        """The id of the probe whose own place is open, empty for none, and that place."""
        return self._opened, self._place

    def open(self, probe_id: str) -> None:
        """Open a probe's own place, or shut it."""
        shut = self._opened == probe_id
        # First what is open: with its form a place goes away, whichever it is.
        if self._editor is not None:
            self._editor.close()
        self._opened = "" if shut else probe_id
        if not shut:
            self._edit(probe_id)
        self._redraw()
        self.moved()

    def trust(self, probe_id: str) -> None:
        """A person trusts a probe; what comes of it is told in its place."""
        if self._opened != probe_id:
            if self._editor is not None:
                self._editor.close()
            self._opened = probe_id
        self._trust(probe_id)
        self._redraw()
        self.moved()

    def unfold(self, *, on: bool = True) -> None:
        """Show a row a probe, or put them away."""
        self._unfolded = on
        self._toggle.description = probe_words.LIST_HIDE if on else probe_words.LIST_SHOW
        self._redraw()

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._snapshot = snapshot
        self._look_for_firmware(snapshot)
        set_value(self._guide, panels.more(snapshot.health))
        self._transients.show(snapshot)
        self.removed.show(snapshot)
        for probe in self._drawn():
            row = self._row(probe)
            outcome = self._asks.outcomes.get(probe.id, "")
            draw = partial(panels.list_row, probe, outcome, snapshot.view, snapshot.now_ms, self.firmware)
            set_value(row.children[0], snapshot.once(("row", probe.id, outcome, self.firmware), draw))
            trust, *others = self._buttons[probe.id]
            set_children(row.children[1], [trust, *others] if cards.wants_trust(probe) else others)
            for button in self._buttons[probe.id]:
                button.disabled = self._asks.busy(probe.id) or (self._provision is None and self._ask is None)
        self._arrange()

    def _listed(self) -> list[Probe]:
        if self._snapshot is None:
            return []
        known = self._snapshot.probes[: self._most] if self._unfolded else []
        return [*known, *(self._snapshot.folded if self._transients.shown else [])]

    def _drawn(self) -> list[Probe]:
        """Those of the list, and the one whose own place is open."""
        listed = self._listed()
        known = {probe.id for probe in listed}
        opened = (probe for probe in self._everyone() if probe.id == self._opened and probe.id not in known)
        return [*listed, *opened]

    def _everyone(self) -> list[Probe]:
        return [*self._snapshot.probes, *self._snapshot.folded] if self._snapshot is not None else []

    def _redraw(self) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)

    def _arrange(self) -> None:
        edited = self._editor.probe.id if self._editor and self._editor.probe else None
        children = [self._heading]
        everyone = len(self._snapshot.probes) if self._snapshot and self._unfolded else 0
        known = min(everyone, self._most)
        here = self._rows.get(self._opened)
        editor = self._editor.widget if self._editor is not None and edited == self._opened else None
        set_children(self._place, [one for one in (here, editor) if one is not None])
        for place, probe in enumerate(self._listed()):
            if place == known:
                children += [*self._rest(everyone - known), self._transients.widget]
            children.append(self._rows[probe.id])
            if probe.id == edited != self._opened and self._editor is not None:
                children.append(self._editor.widget)
        below = (
            []
            if self._transients.widget in children
            else [*self._rest(everyone - known), self._transients.widget]
        )
        set_children(self.widget, [*children, *below, self.removed.widget, self._guide])

    def _rest(self, left_out: int) -> list[Button]:
        """The button that shows more of them, where there are more."""
        if not left_out:
            return []
        if self._more.description != (told := words.SHOW_MORE.format(format.count(left_out))):
            self._more.description = told
        return [self._more]

    def _show_more(self) -> None:
        self._most += MOST_LISTED
        self._redraw()

    def _look_for_firmware(self, snapshot: Snapshot) -> None:
        """Which firmware the hub brings: asked once in a while, where there is a probe that told its own."""
        ask = self._ask
        if (
            ask is None
            or snapshot.now_ms - self._asked_ms < HOUR_MS
            or not any(probe.record.get("version") for probe in snapshot.probes)
        ):
            return
        self._asked_ms = snapshot.now_ms

        def look() -> str:
            # A hub that cannot say is one that offers no update; what is wrong with it is told elsewhere.
            with suppress(TempHubError):
                self.firmware = str(ask("/api/firmware/manifest", None).get("version") or "")
            return ""

        self._asks.go("firmware", "", look)

    def _row(self, probe: Probe) -> HBox:
        if probe.id not in self._rows:
            probe_id = probe.id
            provision = self._kit.button(
                probe_words.PROVISION, lambda: self._provision_now(probe_id), self._meaning(), "th-provision"
            )
            edit = self._kit.button(
                probe_words.EDIT, lambda: self._edit(probe_id), probe_words.EDIT_MEANING, "th-edit"
            )
            yes = self._kit.button(
                probe_words.TRUST, lambda: self._trust(probe_id), probe_words.TRUST_MEANING, "th-primary"
            )
            self._buttons[probe_id] = [yes, provision, edit]
            buttons = self._kit.row([provision, edit], "th-buttons")
            self._rows[probe_id] = self._kit.row([self._kit.html("th-grow"), buttons], "th-list-row")
        return self._rows[probe.id]

    def _meaning(self) -> str:
        return probe_words.PROVISION_IMPOSSIBLE if self._provision is None else probe_words.PROVISION_MEANING

    def _provision_now(self, probe_id: str) -> None:
        provision = self._provision
        if provision is not None:
            self._asks.go(probe_id, probe_words.PROVISIONING.format(probe_id), lambda: provision(probe_id))

    def _trust(self, probe_id: str) -> None:
        ask = self._ask or without_hub
        self._asks.go(probe_id, probe_words.TRUSTING.format(probe_id), lambda: say_yes(ask, probe_id))

    def _closed(self) -> None:
        """The form was put away: with it the probe's own place, where nothing is still to be told."""
        if self._opened and not (self._editor and self._editor.sent) and not self._asks.busy(self._opened):
            self._opened = ""
            self.moved()
        self._arrange()

    def _edit(self, probe_id: str) -> None:
        probes = self._everyone()
        probe = next((one for one in probes if one.id == probe_id), None)
        if probe is None or self._snapshot is None:
            return
        if self._editor is None:
            self._editor = Editor(self._kit, self._ask or without_hub, self._asks, self._closed, self.limits)
        if self._editor.probe is not None and self._editor.probe.id == probe_id:
            self._editor.close()
            return
        self._editor.open(probe, probes, self.firmware, self._snapshot.view, self._snapshot.now_ms)
        self._arrange()
