"""By whom and how alarms are told: ways out added, tried and removed, and those that a rule tells. Kernel's
own thread only.

An address may hold a password. It goes to the hub and out of the field at once, and nothing gives it back.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from ipywidgets import Button, Checkbox, HBox, Text

from ....alarms import Rule
from ....core import TempHubError, monotonic_s
from ....journal import StoredRule
from ... import alarm_words as words, format
from ...choices import View
from ...html import limits
from ..base import Ask, Asks, Kit, Question, set_children, set_value

SUBJECT, LOOK = "channels", "channels looked at"
RULE, NAMES = "limits", "channels named"
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
        self._name = Text(
            description=words.CHANNEL_NAME, placeholder=words.CHANNEL_NAME_EXAMPLE, layout=kit.layout
        )
        self._url = Text(
            description=words.CHANNEL_URL, placeholder=words.CHANNEL_URL_EXAMPLE, layout=kit.layout
        )
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
            row = self._kit.row(
                [self._kit.html("th-grow"), self._kit.row([test, gone], "th-buttons")], "th-list-row"
            )
            self._rows[name] = row, test
        row, _ = self._rows[name]
        set_value(row.children[0], limits.channel_row(channel))
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
        # The buttons wait meanwhile; a second press of a double click sends nothing.
        if self._asks.busy(SUBJECT):
            return

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


class TellingForm:
    """Whom a rule tells, how often it says it again, and who comes next. `widget` is the form, for one rule
    at a time.

    closed(): called when it is put away."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None]) -> None:
        self._ask, self._asks, self._closed = ask, asks, closed
        self.rule: StoredRule | None = None
        self._names: list[str] | None = None
        # Set in the asking thread: it was kept, so that the form can go; what was refused stays to be mended.
        self._kept = False
        self._title, self._hint = kit.html(), kit.html()
        self._to = Text(
            description=words.RULE_TOLD_BY, placeholder=words.RULE_TOLD_BY_EXAMPLE, layout=kit.layout
        )
        self._repeat = Text(description=words.RULE_REPEAT, layout=kit.layout)
        self._after = Text(description=words.RULE_ESCALATE, layout=kit.layout)
        self._next = Text(description=words.RULE_ESCALATE_TO, layout=kit.layout)
        self._require = Checkbox(description=words.REQUIRE, indent=False, layout=kit.layout)
        fields = kit.row([self._to, self._repeat, self._after, self._next, self._require], "th-fields")
        keep = kit.button(words.RULE_TELL_SAVE, self._keep, name="th-primary")
        buttons = kit.row([keep, kit.button(words.RULE_TELL_BACK, closed)], "th-buttons")
        self.widget = kit.column([self._title, fields, self._hint, buttons], "th-editor", "th-telling-form")

    def open(self, rule: StoredRule, view: View) -> None:
        """Fill it for a rule."""
        self.rule, self._kept, body, ask = rule, False, rule.body, self._ask
        set_value(self._title, f"<p><b>{format.safe(limits.line(body, view))}</b></p>")
        set_value(self._to, ", ".join(body.get("channels") or ()))
        set_value(self._next, ", ".join(body.get("escalate_to") or ()))
        for field, name in ((self._repeat, "repeat_min"), (self._after, "escalate_min")):
            set_value(field, f"{body[name]:g}" if body.get(name) else "")
        set_value(self._require, bool(body.get("require_action")))

        def look() -> str:
            self._names = named(ask)
            return ""

        self._asks.go(NAMES, "", look)

    def show(self) -> None:
        """Bring it up to what the hub told; called while it is open."""
        if self._kept and not self._asks.busy(RULE):
            self._closed()
        set_value(
            self._hint,
            self._asks.said(NAMES) or (limits.channels_hint(self._names) if self._names is not None else ""),
        )

    def _keep(self) -> None:
        rule, ask = self.rule, self._ask
        if rule is None or self._asks.busy(RULE):
            return
        to, then = split(self._to.value), split(self._next.value)
        typed = {"repeat_min": self._repeat.value, "escalate_min": self._after.value}
        more: dict[str, Any] = {
            "channels": to,
            "escalate_to": then,
            "require_action": bool(self._require.value),
        }

        def keep() -> str:
            body = {**rule.body, **more, **{name: minutes(text) for name, text in typed.items()}}
            there = named(ask)
            for name in (*to, *then):
                if name not in there:
                    remedy = words.RULE_TELL_UNKNOWN_REMEDY.format(", ".join(there) or words.RULE_TELL_NOBODY)
                    raise TempHubError(words.RULE_TELL_UNKNOWN.format(name), remedy)
            # The hub switches on what says nothing of it.
            told = {**Rule.from_json(body).to_json(), "enabled": rule.enabled}
            ask("/api/rules", {"number": rule.no, "rule": told})
            self._kept = True
            return words.RULE_TELL_KEPT

        self._asks.go(RULE, words.RULE_TELL_KEEPING, keep)


def named(ask: Ask) -> list[str]:
    """The names of all ways out. Raises TempHubError."""
    return [str(one.get("name") or "") for one in ask("/api/channels", None).get("channels") or []]


def split(typed: str) -> list[str]:
    """Names that were typed with commas between them."""
    return list(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))


def minutes(typed: str) -> float:
    """Minutes that were typed; nothing is never. Raises TempHubError."""
    try:
        return float(typed.strip().replace(",", ".") or 0)
    except ValueError as error:
        raise TempHubError(words.NO_NUMBER.format(typed.strip()), words.NO_NUMBER_REMEDY) from error
