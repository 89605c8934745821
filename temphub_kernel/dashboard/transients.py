"""One line for the ids that came once or a few times and did not come back: show them, remove all. Kernel's own thread only."""

from collections.abc import Callable

from . import text, words
from .asks import Ask, Asks, without_hub
from .kit import Kit, set_children, set_value
from .question import Question
from .source import Snapshot
from .text import safe

SUBJECT = "transients"


class Transients:
    """`widget` is the line, empty while there is none; `shown`: whether somebody wants to see them. changed(): to be drawn anew."""

    def __init__(self, kit: Kit, ask: Ask | None, asks: Asks, changed: Callable[[], None]) -> None:
        self._ask, self._asks, self._changed = ask, asks, changed
        self.shown = False
        self._count = 0
        self._said = kit.html()
        self._toggle = kit.button(words.TRANSIENTS_SHOW, self._turn)
        self._remove = kit.button(words.TRANSIENTS_REMOVE, self._ask_first, words.TRANSIENTS_MEANING, "th-danger")
        self._question = Question(kit)
        self._row = kit.row([self._said, kit.row([self._toggle, self._remove], "th-buttons")], "th-list-row")
        self.widget = kit.column([], "th-transients")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._count = snapshot.transients
        self.shown = self.shown and bool(self._count)
        outcome = self._asks.outcomes.get(SUBJECT, "")
        told = f'<p class="th-outcome" role="status">{safe(outcome)}</p>' if outcome else ""
        if not self._count:
            self._question.close()
            set_value(self._said, told)
            set_children(self.widget, [self._said] if told else [])
            return
        last = len(snapshot.folded)
        some = f" {words.TRANSIENTS_SHOWN.format(text.count(last))}" if self.shown and last < self._count else ""
        line = f'<p class="th-quiet" title="{safe(words.TRANSIENTS_MEANING)}">{safe(_in_words(self._count) + some)}</p>'
        set_value(self._said, line + told)
        self._toggle.description = words.TRANSIENTS_HIDE if self.shown else words.TRANSIENTS_SHOW
        self._remove.disabled = self._ask is None or self._asks.busy(SUBJECT)
        set_children(self.widget, [self._row, self._question.widget])

    def _turn(self) -> None:
        self.shown = not self.shown
        self._changed()

    def _ask_first(self) -> None:
        self._question.ask(words.TRANSIENTS_ASK.format(_in_words(self._count)), words.TRANSIENTS_YES, self._go)

    def _go(self) -> None:
        ask = self._ask or without_hub
        self._asks.go(SUBJECT, words.TRANSIENTS_REMOVING, lambda: remove_all(ask))


def remove_all(ask: Ask) -> str:
    """Take them off every list; what came of it, in words. Raises TempHubError."""
    return words.TRANSIENTS_REMOVED.format(text.count(int(ask("/api/remove", {"unnamed": True})["removed"])))


def _in_words(count: int) -> str:
    one, many = words.TRANSIENTS
    return one if count == 1 else many.format(text.count(count))
