"""A question asked in the page before something is done that cannot be taken back. Kernel's own thread only."""

from collections.abc import Callable

from . import words
from .kit import Kit, set_children, set_value
from .text import safe


class Question:
    """`widget` is empty until `ask`. What keeps things as they are comes first: it has the keyboard, and Esc means it."""

    def __init__(self, kit: Kit) -> None:
        self._kit, self._do = kit, _nothing
        self.widget = kit.column([], "th-question")
        self._text = kit.html()
        self._keep, self._yes = kit.button(words.KEEP, self.close, name="th-keep"), kit.button("", self._agreed, name="th-danger")
        self._keep.add_class("th-button")
        self._buttons = kit.row([self._keep, self._yes], "th-buttons")

    def ask(self, question: str, yes: str, do: Callable[[], None]) -> None:
        """Ask; do() is called when the answer is yes. Another question takes the place of one that is open."""
        self._do, self._yes.description = do, yes
        set_value(self._text, f'<p role="alert">{safe(question)}</p>')
        set_children(self.widget, [self._text, self._buttons])

    def close(self) -> None:
        """Take the question back."""
        self._do = _nothing
        set_children(self.widget, [])

    def _agreed(self) -> None:
        do = self._do
        self.close()
        do()


def _nothing() -> None:
    pass
