"""Whom a rule tells, how often it says it again, and who comes next. Kernel's own thread only."""

from collections.abc import Callable
from typing import Any

from ipywidgets import Checkbox, Text

from ....alarms import Rule
from ....core import TempHubError
from ....journal import StoredRule
from ... import alarm_words as words, format
from ...choices import View
from ...html import channels, limits
from ..base import Ask, Asks, Kit, set_value

SUBJECT = "limits"
NAMES = "channels named"


class TellingForm:
    """`widget` is the form, for one rule at a time. closed(): called when it is put away."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None]) -> None:
        self._ask, self._asks, self._closed = ask, asks, closed
        self.rule: StoredRule | None = None
        self._names: list[str] | None = None
        # Set in the asking thread: it was kept, so that the form can go; what was refused stays to be mended.
        self._kept = False
        self._title, self._hint = kit.html(), kit.html()
        self._to = Text(description=words.RULE_TOLD_BY, placeholder=words.RULE_TOLD_BY_EXAMPLE, layout=kit.layout)
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
        if self._kept and not self._asks.busy(SUBJECT):
            self._closed()
        set_value(self._hint, self._asks.said(NAMES) or (channels.hint(self._names) if self._names is not None else ""))

    def _keep(self) -> None:
        rule, ask = self.rule, self._ask
        if rule is None or self._asks.busy(SUBJECT):
            return
        to, then = split(self._to.value), split(self._next.value)
        typed = {"repeat_min": self._repeat.value, "escalate_min": self._after.value}
        more: dict[str, Any] = {"channels": to, "escalate_to": then, "require_action": bool(self._require.value)}

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

        self._asks.go(SUBJECT, words.RULE_TELL_KEEPING, keep)


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
