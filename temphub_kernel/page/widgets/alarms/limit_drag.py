"""A limit that was moved in the chart: asked, with what it would have told, before it is set; and undone.
Kernel's own thread only."""

from typing import Any, NamedTuple

from ....alarms import Rule
from ....core import TempHubError
from ....journal import StoredRule
from ... import alarm_words as words, format, tongue
from ...choices import View
from ...data import Probe, Snapshot
from ...html import alarms, limits
from ..base import Ask, Asks, Kit, set_children, set_value

SUBJECT, LOOK = "limit moved", "limit tried"
ASKED, SET, BACK = range(3)
DAYS = 30


class Moved(NamedTuple):
    """rule: as it is kept; probe: whose chart it was; body: the rule as it would be; at_c: where the limit
    would stand."""

    rule: StoredRule
    probe: Probe
    body: dict[str, Any]
    at_c: float


class Later(NamedTuple):
    """A move while the last one is being set. number: of the rule; probe: the id of whose chart it was; at_c:
    where the limit would stand."""

    number: int
    probe: str
    at_c: float


class Written(NamedTuple):
    """What a rule was before it was set, and is now; the journal shows it a moment later."""

    number: int
    old: dict[str, Any]
    new: dict[str, Any]


class LimitDrag:
    """`widget` is empty until a limit is moved. What keeps things as they are has the keyboard first."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks) -> None:
        self._ask, self._asks = ask, asks
        self._view = View()
        self._moved: Moved | None = None
        self._next: Later | None = None
        # Set in the asking thread, as the stage is.
        self._written: Written | None = None
        self._told = ""
        # What was tried last: one question at a time is under way.
        self._tried: Moved | None = None
        # ASKED, then SET when it was kept, then BACK when that was undone; set in the asking thread.
        self._stage = ASKED
        self._text = kit.html()
        self._keep, self._set = (
            kit.button("", self.close, name="th-keep"),
            kit.button("", self._go, name="th-primary"),
        )
        self._keep.add_class("th-button")
        self._undo, self._done = (
            kit.button(words.LIMIT_UNDO, self._go_back),
            kit.button(words.LIMIT_DONE, self.close),
        )
        self._buttons = kit.row([], "th-buttons")
        self.widget = kit.column([], "th-question", "th-limit-moved")

    @property
    def proposed(self) -> dict[int, float]:
        """Where a limit would stand that was moved and is not set yet, or not seen to be, in °C, by its
        rule."""
        found = {self._written.number: float(self._written.new["limit_c"])} if self._written else {}
        if self._moved is not None and self._stage == ASKED:
            found[self._moved.rule.no] = self._moved.at_c
        if self._next is not None:
            found[self._next.number] = self._next.at_c
        return found

    def move(self, number: int, shown: float, snapshot: Snapshot) -> None:
        """Somebody moved the limit of a rule to a value in the viewer's unit. While another one is being set
        it waits."""
        probe, rule = self._found(number, snapshot)
        if probe is None or rule is None:
            return
        later = Later(number, probe.id, round(snapshot.view.to_celsius(shown), 2))
        if self._asks.busy(SUBJECT):
            self._next = later
        else:
            self._asks.outcomes.pop(SUBJECT, None)
            self._begin(later, snapshot)

    def _found(self, number: int, snapshot: Snapshot) -> tuple[Probe | None, StoredRule | None]:
        """The probe that is shown alone, and its rule of that number as it was set last."""
        probe = snapshot.shown[0] if len(snapshot.shown) == 1 else None
        rules = [one for one in probe.rules if one.body.get("limit_c") is not None] if probe else []
        rule = next((one for one in rules if one.no == number), None)
        known = self._written
        if rule and known and known.number == number and rule.body["limit_c"] == known.old["limit_c"]:
            rule = rule._replace(body={**rule.body, **known.new})
        return probe, rule

    def _begin(self, later: Later, snapshot: Snapshot) -> None:
        """Ask whether it shall stand there."""
        probe, rule = self._found(later.number, snapshot)
        if probe is None or rule is None or probe.id != later.probe:
            return
        self._view, self._told, self._stage = snapshot.view, "", ASKED
        try:
            self._moved = Moved(rule, probe, moved_to(rule.body, later.at_c), later.at_c)
        except TempHubError as error:
            self.close()
            told = " ".join(tongue.told(one) for one in (error.problem, error.remedy))
            set_value(self._text, format.outcome(format.Refusal(told), role="alert"))
            set_children(self._buttons, [self._done])
            set_children(self.widget, [self._text, self._buttons])
            return
        self._tried = None
        self.show(snapshot)

    def _waited(self, snapshot: Snapshot) -> None:
        """Go on with what was moved meanwhile; a refusal of what was set is still read."""
        if (known := self._written) is not None and len(snapshot.shown) == 1:
            kept = next((one for one in snapshot.shown[0].rules if one.no == known.number), None)
            if kept is None or kept.body.get("limit_c") != known.old["limit_c"]:
                self._written = None
        if self._next is not None and not self._asks.busy(SUBJECT):
            later, self._next = self._next, None
            if not isinstance(self._asks.outcomes.get(SUBJECT), format.Refusal):
                self._asks.outcomes.pop(SUBJECT, None)
            self._begin(later, snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to what is known now."""
        self._waited(snapshot)
        moved, view = self._moved, snapshot.view
        if moved is None:
            return
        if [one.id for one in snapshot.shown] != [moved.probe.id] and not self._asks.busy(SUBJECT):
            # Another chart: nobody sees any more what this is about.
            self.close()
            return
        said, now = self._asks.said(SUBJECT), float(moved.rule.body["limit_c"])
        if self._stage != ASKED or self._asks.busy(SUBJECT):
            set_value(self._text, said)
            undo = [self._undo] if self._stage == SET else []
            set_children(self._buttons, [] if self._asks.busy(SUBJECT) else [self._done, *undo])
        else:
            self._keep.description = words.LIMIT_KEEP.format(alarms.degrees(now, view))
            self._set.description = words.LIMIT_SET.format(alarms.degrees(moved.at_c, view))
            if self._tried is not moved and not self._asks.busy(LOOK):
                self._try(moved)
            told = self._told or self._asks.outcomes.get(LOOK, "")
            # Nothing is set before it was shown what it would have told, or why that cannot be said.
            self._set.disabled = self._asks.busy(LOOK) or self._tried is not moved
            set_value(
                self._text,
                f'<p role="alert">{format.safe(question(moved, view))}</p><p class="th-quiet" '
                f'role="status">{format.safe(told)}</p>{said}',
            )
            set_children(self._buttons, [self._keep, self._set])
        set_children(self.widget, [self._text, self._buttons])

    def close(self) -> None:
        """Leave the limit where it is."""
        self._moved = self._next = None
        set_children(self.widget, [])

    def _try(self, moved: Moved) -> None:
        ask, self._tried = self._ask, moved

        def look() -> str:
            told = [
                tongue.told(
                    ask(
                        "/api/rules/preview", {"rule": {**body, "probes": [moved.probe.id]}, "days": DAYS}
                    ).get("text")
                    or ""
                )
                for body in (alone(moved.body), alone(moved.rule.body))
            ]
            # Another limit may have been moved by now.
            if self._moved is moved:
                self._told = words.LIMIT_WOULD.format(*told)
            return ""

        self._asks.go(LOOK, words.LIMIT_TRYING, look)

    def _go(self) -> None:
        if (moved := self._moved) is not None:
            self._send(moved, moved.rule.body, moved.body, SET)

    def _go_back(self) -> None:
        if (moved := self._moved) is not None:
            self._send(moved, moved.body, moved.rule.body, BACK)

    def _send(self, moved: Moved, old: dict[str, Any], new: dict[str, Any], stage: int) -> None:
        """Set it, unless it is another one by now than it was when it was moved."""
        ask, view, no = self._ask, self._view, moved.rule.no

        def send() -> str:
            rules = ask("/api/rules", None).get("rules") or []
            kept = next((one["rule"] for one in rules if one["number"] == no), None)
            if kept is None or kept.get("limit_c") != old.get("limit_c"):
                raise TempHubError(words.LIMIT_GONE, words.LIMIT_GONE_REMEDY)
            ask("/api/rules", {"number": no, "rule": {**new, "enabled": kept.get("enabled", True)}})
            self._stage, self._written = stage, Written(no, old, new)
            return words.LIMIT_IS.format(moved.probe.name, limits.what(new, view))

        self._asks.go(SUBJECT, words.LIMIT_SETTING, send)


def alone(body: dict[str, Any]) -> dict[str, Any]:
    """A rule without whom it is for."""
    return {name: value for name, value in body.items() if name not in ("probes", "group", "enabled")}


def moved_to(body: dict[str, Any], limit_c: float) -> dict[str, Any]:
    """A rule with its limit elsewhere; where it counts as recovered moves along, and so does the limit in its
    name. Raises TempHubError."""
    old_c, name = float(body["limit_c"]), str(body.get("name") or "")
    recovery_c = body.get("recovery_c")
    told = {**body, "limit_c": limit_c, "name": renamed(name, old_c, limit_c)}
    if recovery_c is not None:
        told["recovery_c"] = round(float(recovery_c) + limit_c - old_c, 2)
    rule = Rule.from_json(told).to_json()
    return {field: value for field, value in rule.items() if field != "enabled"}


def renamed(name: str, old_c: float, new_c: float) -> str:
    """A name that says the limit (`Refrigerator above 8 °C`) says the new one."""
    view = View()
    old, new = (alarms.degrees(celsius, view).replace("\u00a0", " ") for celsius in (old_c, new_c))
    return name.replace(old, new) if f" {old}" in f" {name}" else name


def question(moved: Moved, view: View) -> str:
    """`Fridge: above 9 °C for 30 min instead of above 8 °C for 30 min?`, and for whom it is when it is not
    for one probe alone."""
    whose = limits.whose(moved.rule)
    place = words.LIMIT_FOR.format(moved.probe.name, whose) if whose else moved.probe.name
    return words.LIMIT_ASK.format(
        place, limits.what(moved.body, view), alarms.degrees(float(moved.rule.body["limit_c"]), view)
    )
