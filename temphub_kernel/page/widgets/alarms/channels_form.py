"""By whom and how alarms are told: ways out added, tried and removed. Kernel's own thread only.

An address may hold a password. It goes to the hub and out of the field at once, and nothing gives it back.
"""

from functools import partial
from typing import Any

from ipywidgets import Button, HBox, Text

from ....core import TempHubError, monotonic_s
from ... import alarm_words as words, format
from ...html import channels
from ..base import Ask, Asks, Kit, Question, set_children, set_value

SUBJECT, LOOK = "channels", "channels looked at"
# How often the hub is asked how they do, while somebody looks.
LOOK_S = 10.0


class ChannelsForm:
    """`widget` is the form: what there is, each with its buttons, and fields for another one."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks) -> None:
        self._kit, self._ask, self._asks = kit, ask, asks
        # What the hub told last; None before that. Set in the asking thread, as a whole.
        self._there: list[dict[str, Any]] | None = None
        self._looked_s = -LOOK_S
        self._rows: dict[str, tuple[HBox, Button]] = {}
        self._list, self._said, self._question = kit.column([], "th-channels"), kit.html(), Question(kit)
        self._empty = kit.html(value=f'<p class="th-quiet">{format.safe(words.CHANNELS_NONE)}</p>')
        self._reading = kit.html(value=f'<p class="th-quiet">{format.safe(words.CHANNELS_READING)}</p>')
        self._name = Text(description=words.CHANNEL_NAME, placeholder=words.CHANNEL_NAME_EXAMPLE, layout=kit.layout)
        self._url = Text(description=words.CHANNEL_URL, placeholder=words.CHANNEL_URL_EXAMPLE, layout=kit.layout)
        self._url.add_class("th-comment")
        self._add = kit.button(words.CHANNEL_ADD, self._go_add, words.CHANNEL_ADD_MEANING, "th-primary")
        fields = kit.row([self._name, self._url, self._add], "th-fields")
        hint = kit.html(value=f'<p class="th-quiet">{format.safe(words.CHANNEL_HINT)}</p>')
        parts = [self._list, self._question.widget, self._said, fields, hint]
        self.widget = kit.column(parts, "th-editor", "th-channels-form")

    def show(self) -> None:
        """Bring it up to what the hub told; called while it is open."""
        if monotonic_s() - self._looked_s >= LOOK_S and not self._asks.busy(LOOK):
            self.look()
        there, failed = self._there, self._asks.outcomes.get(LOOK, "")
        rows: list[Any] = [self._row(one) for one in there or ()]
        set_children(self._list, rows or [self._reading if there is None else self._empty])
        set_value(self._said, self._asks.said(SUBJECT) or (self._asks.said(LOOK) if failed else ""))
        busy = self._asks.busy(SUBJECT)
        for button in (self._add, *(test for _, test in self._rows.values())):
            button.disabled = busy

    def look(self) -> None:
        """Ask the hub what there is."""
        ask, self._looked_s = self._ask, monotonic_s()

        def look() -> str:
            self._there = list(ask("/api/channels", None).get("channels") or [])
            return ""

        self._asks.go(LOOK, "", look)

    def _row(self, channel: dict[str, Any]) -> HBox:
        name = str(channel.get("name") or "")
        if name not in self._rows:
            test = self._kit.button(words.CHANNEL_TEST, partial(self._test, name), words.CHANNEL_TEST_MEANING)
            gone = self._kit.button(words.CHANNEL_REMOVE, partial(self._ask_remove, name), name="th-danger")
            gone.add_class("th-button")
            row = self._kit.row([self._kit.html("th-grow"), self._kit.row([test, gone], "th-buttons")], "th-list-row")
            self._rows[name] = row, test
        row, _ = self._rows[name]
        set_value(row.children[0], channels.row(channel))
        return row

    def _go_add(self) -> None:
        name, url, ask = self._name.value.strip(), self._url.value.strip(), self._ask
        if self._asks.busy(SUBJECT):
            return
        set_value(self._url, "")

        def add() -> str:
            if not name or not url:
                raise TempHubError(words.CHANNEL_EMPTY, words.CHANNEL_EMPTY_REMEDY)
            told = ask("/api/channels", {"name": name, "url": url})
            self._again()
            return words.CHANNEL_ADDED.format(name, told.get("kind", ""))

        self._asks.go(SUBJECT, words.CHANNEL_ADDING, add)

    def _test(self, name: str) -> None:
        ask = self._ask

        def test() -> str:
            return str(ask("/api/channels/test", {"name": name}).get("told") or "")

        self._asks.go(SUBJECT, words.CHANNEL_TESTING.format(name), test)

    def _ask_remove(self, name: str) -> None:
        ask = self._ask

        def remove() -> str:
            ask("/api/channels", {"remove": name})
            self._again()
            return words.CHANNEL_REMOVED.format(name)

        sure = partial(self._asks.go, SUBJECT, words.CHANNEL_REMOVING, remove)
        self._question.ask(words.CHANNEL_ASK.format(name), words.CHANNEL_YES, sure)

    def _again(self) -> None:
        """The next look is at once: what there is has changed. In the asking thread."""
        self._looked_s = -LOOK_S
