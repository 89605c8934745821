"""Small pieces that every panel is made of: setting only what changed, asking the hub in a thread, a question
before what cannot be taken back. Kernel's own thread only.
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from threading import Lock
from typing import Any, NamedTuple

from ipywidgets import HTML, Box, Button, HBox, Layout, ToggleButton, VBox
from ipywidgets.widgets.widget_bool import ToggleButtonStyle
from ipywidgets.widgets.widget_button import ButtonStyle
from ipywidgets.widgets.widget_description import DescriptionStyle
from ipywidgets.widgets.widget_string import HTMLStyle

from ...core import TempHubError, describe
from .. import format, tongue, words
from ..html import cards


class Kit:
    """Makes widgets that share one layout and one style: each would be a model of its own that the browser
    has to load."""

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
        return self.html(value=cards.heading(title))

    def row(self, children: list[Any], name: str) -> HBox:
        """Pieces beside each other."""
        return _named(HBox(children, layout=self.layout), name)

    def column(self, children: list[Any], *names: str) -> VBox:
        """Pieces below each other."""
        return _named(VBox(children, layout=self.layout), *names)

    def panel(self, children: list[Any], name: str) -> VBox:
        """A framed part of the page."""
        return self.column(children, "th-panel", name)

    def button(
        self, label: str, clicked: Callable[[], None], tooltip: str = "", name: str = "th-button"
    ) -> Button:
        """A button; clicked() is called in the kernel's thread."""
        button = _named(
            Button(description=label, tooltip=tooltip or None, layout=self.layout, style=self._button_style),
            name,
        )
        button.on_click(lambda _: clicked())
        return button

    def toggle(self, label: str, tooltip: str = "") -> ToggleButton:
        """A button that stays down."""
        button = ToggleButton(
            description=label, tooltip=tooltip or None, layout=self.layout, style=self._toggle_style
        )
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


# ask(path, body) posts to the hub's API and gives its JSON; raises TempHubError when it refuses or does not
# answer.
Ask = Callable[[str, dict[str, Any] | None], dict[str, Any]]
MOST_OUTCOMES = 500
# Nobody presses that often while an answer is awaited; a front end that does is not kept.
MOST_WAITING = 100


class Waiting(NamedTuple):
    """Something that was asked while something else of the same subject was under way."""

    saying: str
    work: Callable[[], str]
    language: str
    last_counts: bool


class Asks:
    """Questions under way and how the last of each subject ended. wake(): called in the loop's thread after
    an answer."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.outcomes: dict[str, str] = {}
        # A subject that is under way has a list here, of what waits for it.
        self._under_way: dict[str, list[Waiting]] = {}
        self._failed: dict[str, str] = {}
        self._lock = Lock()
        self._wake = wake
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="temphub-ask")
        self._loop: asyncio.AbstractEventLoop | None = None

    def on(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that is woken."""
        self._loop = loop

    def busy(self, subject: str) -> bool:
        """True while an answer is awaited."""
        return subject in self._under_way

    def said(self, subject: str) -> str:
        """How the last question of a subject stands or ended, as HTML; empty when there is nothing to say."""
        told = self.outcomes.get(subject, "")
        if self.busy(subject) and told:
            return f'<p class="th-quiet" role="status">{format.safe(told)}</p>'
        return format.outcome(told)

    def go(self, subject: str, saying: str, work: Callable[[], str], *, last_counts: bool = False) -> None:
        """Have `work()` done in a thread; what it gives, or its error, is the subject's outcome. One at a
        time a subject; what is asked meanwhile is done after it, in its order. last_counts: of those that
        wait only the last is done."""
        # With its context: who sits before the page is told to the hub, in whatever thread it begins.
        work = functools.partial(copy_context().run, work)
        wanted = Waiting(saying, work, tongue.spoken(), last_counts)
        with self._lock:
            if (waiting := self._under_way.get(subject)) is not None:
                if last_counts:
                    waiting[:] = [one for one in waiting if not one.last_counts]
                if len(waiting) < MOST_WAITING:
                    waiting.append(wanted)
                return
            self._under_way[subject] = []
            self._failed.pop(subject, None)
            if len(self.outcomes) > MOST_OUTCOMES:
                self.outcomes.clear()
            self.outcomes[subject] = saying
        self._wake()
        self._begin(subject, wanted)

    def stop(self) -> None:
        """Let the thread go; a question under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, subject: str, wanted: Waiting) -> None:
        self._pool.submit(wanted.work).add_done_callback(functools.partial(self._answered, subject, wanted))

    def _answered(self, subject: str, done: Waiting, future: "Future[str]") -> None:
        """In the asking thread: only a plain text is left here; the loop shows it."""
        with self._lock:
            if not future.cancelled():
                error = future.exception()
                told = (
                    future.result()
                    if error is None
                    else " ".join(tongue.told(one, done.language) for one in describe(error))
                )
                self._tell(subject, told, refused=error is not None)
                if error is not None and not done.last_counts:
                    # What was refused stays to be read when the next one is done.
                    self._failed[subject] = self.outcomes[subject]
            following = self._under_way[subject].pop(0) if self._under_way[subject] else None
            if following is None:
                del self._under_way[subject]
            else:
                self._tell(subject, following.saying)
        if following is not None:
            # Unless the page was closed meanwhile.
            with suppress(RuntimeError):
                self._begin(subject, following)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _tell(self, subject: str, told: str, *, refused: bool = False) -> None:
        """How a subject stands, behind what was refused of it before."""
        before = self._failed.get(subject, "")
        whole = " ".join(one for one in (before, told) if one)
        self.outcomes[subject] = format.Refusal(whole) if before or refused else whole


def without_hub(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """The answer of a page that knows no hub."""
    raise TempHubError(words.NO_HUB, words.NO_HUB_REMEDY)


class Question:
    """`widget` is empty until `ask`. What keeps things as they are comes first: it has the keyboard, and Esc
    means it."""

    def __init__(self, kit: Kit) -> None:
        self._kit, self._do = kit, _nothing
        self.widget = kit.column([], "th-question")
        self._text = kit.html()
        self._keep, self._yes = (
            kit.button(words.KEEP, self.close, name="th-keep"),
            kit.button("", self._agreed, name="th-danger"),
        )
        self._keep.add_class("th-button")
        self._buttons = kit.row([self._keep, self._yes], "th-buttons")

    def ask(self, question: str, yes: str, do: Callable[[], None]) -> None:
        """Ask; do() is called when the answer is yes. Another question takes the place of one that is
        open."""
        self._do, self._yes.description = do, yes
        set_value(self._text, f'<p role="alert">{format.safe(question)}</p>')
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
