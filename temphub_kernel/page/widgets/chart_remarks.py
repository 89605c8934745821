"""What people say of what the chart shows: notes, and readings that no longer count. Kernel's own thread only."""

from typing import Any

from ipywidgets import Text

from ...core import now_ms
from .. import words
from ..choices import Steering
from ..data import Snapshot
from ..html import chart
from .base import Ask, Asks, Kit, Question, set_value

NOTE, STRUCK = "note", "struck"
LONGEST_NOTE = 500


class Remarks:
    """`widgets` stand below the chart; `form()` makes the one in which a note is written."""

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
        add = self._kit.button(words.NOTE_ADD, lambda: self._annotate(written), words.NOTE_MEANING, "th-primary")
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

        self._question.ask(words.NOTE_ASK.format(note.text), words.NOTE_YES, lambda: self._asks.go(NOTE, words.NOTE_ERASING, erase))

    def _strike_out(self) -> None:
        """The marked range, of the probes shown that have readings in it."""
        ask, snapshot, view = self._ask, self._snapshot, self._steering.view
        if ask is None or snapshot is None or view.measured is None or snapshot.view.measured != view.measured:
            return
        (from_ms, to_ms), ids = view.measured, [probe.id for probe in snapshot.shown if probe.measured]

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
