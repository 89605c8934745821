"""Setting limits of a probe: from a ready-made set, or typed; what they would have told is shown first.
Kernel's own thread only."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ipywidgets import Button, Checkbox, Dropdown, HBox, Text

from ....alarms import SETS, Rule
from ....core import TempHubError
from ....journal import StoredRule
from ... import alarm_words as words, format, tongue
from ...choices import View
from ...data import Probe
from ...html import limits
from ..base import Ask, Asks, Kit, set_children, set_value
from .telling_form import TellingForm

SUBJECT = "limits"
DAYS = 30
# What an answer stands below.
AT_TITLE, AT_SETS, AT_TYPED = range(3)
# Rules that can be tried on readings of before.
TRIED = ("above", "below", "rise", "fall")
# A set is suggested to a probe whose newest value lies in here (°C).
SUGGESTED = {
    "deep_freezer": (-100.0, -50.0),
    "freezer": (-40.0, -10.0),
    "refrigerator": (-3.0, 13.0),
    "hot_holding": (55.0, 95.0),
}


class LimitsForm:
    """`widget` is the form; one for all probes, opened for one of them."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None]) -> None:
        self._kit, self._ask, self._asks, self._closed = kit, ask, asks, closed
        self.probe: Probe | None = None
        self._view = View()
        # What was tried last: how it is switched on, and what it would have told.
        self._wanted: tuple[str, dict[str, Any]] | None = None
        self._found = ""
        self._title, self._told = kit.html(), kit.html()
        self._rules = kit.column([], "th-rules")
        self._rows: dict[int, tuple[HBox, Button]] = {}
        # Made when it is first asked for.
        self._telling: TellingForm | None = None
        self._tells, self._answer_below = False, AT_SETS
        self._sets = {key: kit.button("", partial(self._try_set, key)) for key in SETS}
        self._set_row = kit.row(list(self._sets.values()), "th-ready")
        self._own = self._make_own(kit)
        self._on = kit.button(words.SWITCH_ON, self._switch_on, name="th-primary")
        self._on.add_class("th-button")
        self._close = kit.button(words.CLOSE_FORM, closed)
        self._buttons = kit.row([self._close], "th-buttons")
        self._start = kit.html(value=f"<p>{format.safe(words.START_FROM)}</p>")
        self._or = kit.html(value=f'<p class="th-quiet">{format.safe(words.START_TYPED)}</p>')
        self.widget = kit.column([], "th-editor", "th-limits-form")
        self._arrange()

    def _arrange(self, below: int | None = None) -> None:
        """What came of it stands below what it came of, on a phone too. below: AT_TITLE for what was switched
        on, AT_SETS or AT_TYPED for what was tried; None: as before."""
        self._answer_below = self._answer_below if below is None else below
        answer = [self._told, self._buttons]
        telling = [self._telling.widget] if self._telling is not None and self._tells else []
        parts = [[self._title], [self._rules, *telling, self._start, self._set_row], [self._or, self._own]]
        parts.insert(self._answer_below + 1, answer)
        set_children(self.widget, [one for part in parts for one in part])

    def _make_own(self, kit: Kit) -> HBox:
        field = {"layout": kit.layout, "continuous_update": True}
        self._kind = Dropdown(
            description=words.KIND,
            options=[(told, kind) for kind, told in words.KINDS.items()],
            layout=kit.layout,
        )
        self._limit = Text(**field)
        self._delay = Text(description=words.DELAY, value="30", **field)
        self._severity = Dropdown(
            description=words.SEVERITY,
            options=[(told, name) for name, told in words.CHOICES.items()],
            layout=kit.layout,
        )
        self._require = Checkbox(description=words.REQUIRE, indent=False, layout=kit.layout)
        trial = kit.button(words.TRY, self._try_own, words.TRY_MEANING)
        return kit.row(
            [self._kind, self._limit, self._delay, self._severity, self._require, trial], "th-fields"
        )

    def open(self, probe: Probe, view: View) -> None:
        """Fill it for a probe. The set that fits its value is tried at once where nothing watches it yet."""
        self.probe, self._view = probe, view
        self._wanted, self._found, self._tells = None, "", False
        self._arrange(AT_SETS)
        self._asks.outcomes.pop(SUBJECT, None)
        set_value(self._title, f"<h2>{format.safe(words.LIMITS_OF.format(probe.name))}</h2>")
        self._limit.description = words.LIMIT_C.format(view.degree)
        fits = suggested(probe)
        for key, button in self._sets.items():
            button.description = set_label(key, view)
            (button.add_class if key == fits else button.remove_class)("th-fits")
        ordered = sorted(self._sets, key=lambda key: key != fits)
        set_children(self._set_row, [self._sets[key] for key in ordered])
        self.show(probe, view)
        if fits and not probe.rules:
            self._try_set(fits)

    def made(self, rules: tuple[StoredRule, ...]) -> tuple[StoredRule, ...]:
        """Those of them whose rows are made already."""
        return tuple(rule for rule in rules if rule.no in self._rows)

    def show(self, probe: Probe, view: View) -> None:
        """Bring it up to what is known now; called while it is open."""
        self.probe = probe
        set_children(self._rules, [self._row(rule, view) for rule in probe.rules])
        if self._telling is not None and self._tells:
            self._telling.show()
        said, busy = self._asks.said(SUBJECT), self._asks.busy(SUBJECT)
        set_value(self._told, said + (f'<div role="status">{self._found}</div>' if self._found else ""))
        ready = self._wanted is not None and bool(self._found) and not busy
        self._close.description = words.CLOSE_FORM if ready or not probe.rules else words.LIMIT_DONE
        set_children(self._buttons, [*([self._on] if ready else []), self._close])

    def _row(self, rule: StoredRule, view: View) -> HBox:
        if rule.no not in self._rows:
            no = rule.no
            turn = self._kit.button("", lambda: self._turn(no))
            tell = self._kit.button(words.RULE_TELL, lambda: self._tell(no), words.RULE_TELL_MEANING)
            gone = self._kit.button(words.RULE_REMOVE, lambda: self._remove(no), name="th-danger")
            gone.add_class("th-button")
            row = self._kit.row(
                [self._kit.html("th-grow"), self._kit.row([tell, turn, gone], "th-buttons")], "th-list-row"
            )
            self._rows[no] = row, turn
        row, turn = self._rows[rule.no]
        set_value(row.children[0], limits.kept(rule, view))
        turn.description = words.RULE_OFF if rule.enabled else words.RULE_ON
        return row

    def _try_set(self, key: str) -> None:
        if (probe := self.probe) is not None:
            rules = SETS[key].for_probes(probe.id)
            self._arrange(AT_SETS)
            self._try(rules, ("/api/rules/from-set", {"set": key, "probes": [probe.id]}))

    def _try_own(self) -> None:
        probe = self.probe
        if probe is None:
            return
        self._arrange(AT_TYPED)
        try:
            rule = self._typed(probe)
        except TempHubError as error:
            self._wanted, self._found = None, ""
            problem = " ".join(tongue.told(one) for one in (error.problem, error.remedy))
            self._asks.go(SUBJECT, problem, lambda: problem, last_counts=True)
            return
        self._try([rule], ("/api/rules", {"rule": rule}))

    def _typed(self, probe: Probe) -> dict[str, Any]:
        """The rule that was typed. Raises TempHubError."""
        limit = round(self._view.to_celsius(_number(self._limit.value)), 2)
        body = {
            "probes": [probe.id],
            "kind": self._kind.value,
            "limit_c": limit,
            "delay_min": _number(self._delay.value),
        }
        body |= {"severity": self._severity.value, "require_action": bool(self._require.value)}
        name = f"{probe.name} {limits.what(body, View())}"[:64]
        return Rule.from_json({"name": name.replace("\u00a0", " "), **body}).to_json()

    def _try(self, rules: list[dict[str, Any]], wanted: tuple[str, dict[str, Any]]) -> None:
        ask, view = self._ask, self._view
        self._wanted, self._found = wanted, ""

        def look() -> str:
            found = tried(ask, rules, view)
            # The form may be open for another probe by now.
            if self._wanted == wanted:
                self._found = found
            return ""

        # What waits was tried for what is not wanted any more.
        self._asks.go(SUBJECT, words.TRYING, look, last_counts=True)

    def _switch_on(self) -> None:
        if (probe := self.probe) is not None and self._wanted is not None:
            (path, body), ask = self._wanted, self._ask
            self._wanted, self._found = None, ""
            self._arrange(AT_TITLE)
            self._asks.go(
                SUBJECT, words.SWITCHING, lambda: send(ask, path, body, words.SWITCHED.format(probe.name))
            )

    def _turn(self, no: int) -> None:
        rule = next((one for one in self.probe.rules if one.no == no), None) if self.probe else None
        if rule is not None:
            body, ask = {"number": no, "enabled": not rule.enabled}, self._ask
            self._asks.go(
                SUBJECT, words.RULE_CHANGING, lambda: send(ask, "/api/rules", body, words.RULE_CHANGED)
            )

    def _tell(self, no: int) -> None:
        """Open what is about telling for a rule; for the one it is open for already, close it."""
        rule = next((one for one in self.probe.rules if one.no == no), None) if self.probe else None
        if rule is None:
            return
        if self._telling is None:
            self._telling = TellingForm(self._kit, self._ask, self._asks, self._told_enough)
        same = self._tells and self._telling.rule is not None and self._telling.rule.no == no
        self._tells = not same
        if self._tells:
            self._asks.outcomes.pop(SUBJECT, None)
            self._telling.open(rule, self._view)
        self._arrange()

    def _told_enough(self) -> None:
        self._tells = False
        self._arrange()

    def _remove(self, no: int) -> None:
        ask = self._ask
        self._asks.go(
            SUBJECT, words.RULE_CHANGING, lambda: send(ask, "/api/rules", {"delete": no}, words.RULE_REMOVED)
        )


def suggested(probe: Probe) -> str:
    """The set that a probe's newest value lets one think of; empty text for none."""
    value = probe.good.celsius if probe.good else None
    return next(
        (key for key, (low, high) in SUGGESTED.items() if value is not None and low <= value <= high), ""
    )


def set_label(key: str, view: View) -> str:
    """A ready-made set with its limits: `Refrigerator 2 to 8 °C`."""
    found = limits.bounds(rule.to_json() for rule in SETS[key].rules)
    return f"{words.SETS[key]} {limits.between(*found, view)}"


def tried(ask: Ask, rules: list[dict[str, Any]], view: View) -> str:
    """What rules would have told of the last 30 days, as HTML. Raises TempHubError."""
    found = [
        (
            limits.line(rule, view),
            tongue.told(ask("/api/rules/preview", {"rule": rule, "days": DAYS}).get("text") or ""),
        )
        for rule in rules
        if rule["kind"] in TRIED
    ]
    silent = any(rule["kind"] == "silent" for rule in rules)
    return limits.would(found, words.AND_SILENT if silent else "")


def send(ask: Ask, path: str, body: dict[str, Any], done: str) -> str:
    """Change rules; what came of it, in words. Raises TempHubError."""
    ask(path, body)
    return done


def _number(typed: str) -> float:
    try:
        return float(typed.strip().replace(",", ".").replace("−", "-"))
    except ValueError as error:
        raise TempHubError(words.NO_NUMBER.format(typed.strip()), words.NO_NUMBER_REMEDY) from error
