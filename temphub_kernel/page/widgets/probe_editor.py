"""Changing a probe: names, place, interval, light, firmware; a new board in an old place; a thermocouple's type. Kernel's own
thread only.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ipywidgets import Checkbox, Dropdown, HBox, Text, VBox

from ...core import HOUR_MS, MINUTE_MS, TempHubError
from ...journal import CHIPS, COLD_C, Thermocouple
from .. import alarm_words, format, words
from ..choices import View
from ..data import Probe
from ..format import safe
from .base import Ask, Asks, Kit, Question, set_children, set_value


class Merging:
    """`widget` is the row. question: where a question is put; closed(): the form is done with."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, question: Question, closed: Callable[[], None]) -> None:
        self._ask, self._asks, self._question, self._closed = ask, asks, question, closed
        self._probe: Probe | None = None
        self._into = Dropdown(description=words.MERGE_INTO, layout=kit.layout)
        self._merge = kit.button(words.MERGE, self._ask_first, words.MERGE_MEANING)
        self._said = kit.html()
        self._apart = kit.button(words.UNMERGE, self._separate, words.UNMERGE_MEANING)
        self._row = kit.row([self._into, self._merge], "th-fields")
        self._undo = kit.row([self._said, kit.row([self._apart], "th-buttons")], "th-fields")
        self.widget = kit.column([], "th-merging")

    def open(self, probe: Probe, probes: list[Probe]) -> None:
        """Offer the other probes, and what counts as this one already."""
        self._probe = probe
        others = [(f"{one.name} ({one.id})" if one.name != one.id else one.id, one.id) for one in probes if one.id != probe.id]
        self._into.options = [(words.MERGE_NONE, ""), *others]
        set_value(self._into, "")
        also = _also(probe)
        set_value(self._said, f"<p>{safe(words.MERGED_ALSO.format(', '.join(also)))}</p>" if also else "")
        set_children(self.widget, [*([self._row] if others else []), *([self._undo] if also else [])])

    def _ask_first(self) -> None:
        probe, into = self._probe, str(self._into.value or "")
        if probe is None or not into:
            return
        name = next(label for label, id_ in self._into.options if id_ == into)
        question = words.MERGE_ASK.format(probe.name, name)
        self._question.ask(question, words.MERGE_YES, lambda: self._go(probe, into))

    def _go(self, probe: Probe, into: str) -> None:
        # Said at the one that stays: the row of the other is gone then. A refusal is said there, too.
        self._asks.go(into, words.MERGING.format(probe.name), lambda: merge(self._ask, probe.id, into))
        self._closed()

    def _separate(self) -> None:
        if (probe := self._probe) is not None:
            also = _also(probe)
            self._asks.go(probe.id, words.UNMERGING.format(probe.name), lambda: separate(self._ask, also))
            self._closed()


def merge(ask: Ask, probe_id: str, into: str) -> str:
    """Have a probe's readings, all there are and all to come, count as another one's. Raises TempHubError."""
    ask("/api/merge", {"probe_id": probe_id, "into": into})
    return words.MERGED.format(probe_id)


def separate(ask: Ask, probe_ids: list[str]) -> str:
    """Have merged probes stand for themselves again. Raises TempHubError."""
    for probe_id in probe_ids:
        ask("/api/merge", {"probe_id": probe_id, "undo": True})
    return words.UNMERGED.format(", ".join(probe_ids))


def _also(probe: Probe) -> list[str]:
    return [str(one) for one in probe.record.get("also") or ()]


EVER_MS = 2**53


class ThermocoupleForm:
    """`widget` is the row."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks) -> None:
        self._ask, self._asks = ask, asks
        self._probe: Probe | None = None
        self._view = View()
        options = [(f"{chip.upper()}, {letter}", (chip, letter)) for chip, letters in CHIPS.items() for letter in letters]
        field = {"layout": kit.layout, "continuous_update": False}
        self._chip = Dropdown(description=words.STRAIGHT, options=[(words.STRAIGHT_NONE, ""), *options], layout=kit.layout)
        self._since = Text(description=words.STRAIGHT_FROM, placeholder=words.STRAIGHT_FIRST, **field)
        self._until = Text(description=words.STRAIGHT_TO, placeholder=words.STRAIGHT_ON, **field)
        self._cold = Text(description=words.STRAIGHT_COLD, **field)
        correct = kit.button(words.STRAIGHTEN, self._correct, words.STRAIGHT_MEANING)
        self._row = kit.row([self._chip, self._since, self._until, self._cold, correct], "th-fields")
        self._said = kit.html()
        undo = kit.button(words.STRAIGHT_UNDO, self._take_back, words.STRAIGHT_UNDO_MEANING)
        self._undo = kit.row([self._said, kit.row([undo], "th-buttons")], "th-fields")
        self.widget = kit.column([self._row], "th-merging")

    def open(self, probe: Probe, view: View, now_ms: int) -> None:
        """Show what is stated of a probe already. view: whose clock times are typed and shown by."""
        self._probe, self._view = probe, view
        for field in (self._since, self._until, self._cold):
            set_value(field, "")
        set_value(self._chip, "")
        self._cold.placeholder = f"{view.of(COLD_C):.0f} {view.degree}"
        told = "".join(f'<p class="th-quiet">{safe(in_words(one, view, now_ms))}</p>' for one in probe.stated)
        set_value(self._said, told)
        set_children(self.widget, [self._row, *([self._undo] if told else [])])

    def _correct(self) -> None:
        if (probe := self._probe) is None or not self._chip.value:
            return
        (chip, letter), typed = self._chip.value, (self._since.value, self._until.value, self._cold.value)
        view = self._view
        self._asks.go(probe.id, words.STRAIGHTENING.format(probe.name), lambda: correct(self._ask, probe.id, chip, letter, typed, view))

    def _take_back(self) -> None:
        if (probe := self._probe) is not None:
            numbers = [one.no for one in probe.stated]
            self._asks.go(probe.id, words.STRAIGHTENING.format(probe.name), lambda: take_back(self._ask, numbers))


def correct(ask: Ask, probe_id: str, chip: str, letter: str, typed: Sequence[str], view: View) -> str:
    """Have a probe's numbers corrected. typed: from, to and the chip's temperature as a person typed them. Raises TempHubError."""
    since, until, cold = (text.strip() for text in typed)
    said: dict[str, Any] = {"probe_id": probe_id, "chip": chip, "type": letter}
    said |= {name: _moment(text, view) for name, text in (("from_ms", since), ("to_ms", until)) if text}
    if cold:
        said["cold_c"] = _celsius(cold, view)
    ask("/api/thermocouple", said)
    return words.STRAIGHTENED.format(letter)


def take_back(ask: Ask, numbers: Sequence[int]) -> str:
    """Have numbers count as they were sent. Raises TempHubError."""
    for number in numbers:
        ask("/api/thermocouple", {"undo": number})
    return words.STRAIGHT_UNDONE


def in_words(one: Thermocouple, view: View, now_ms: int) -> str:
    """What is stated, and how sure the values are."""
    since = view.at(one.from_ms, now_ms) if one.from_ms else words.STRAIGHT_FIRST
    until = view.at(one.to_ms, now_ms) if one.to_ms < EVER_MS else words.STRAIGHT_ON
    off = ", ".join(words.STRAIGHT_OFF.format(view.off(off_c), f"{view.of(at_c):.0f}") for at_c, off_c in one.uncertainty())
    cold = f"{view.of(one.cold_c):.0f} {view.degree} {view.off(one.within_c)}"
    return words.STRAIGHT_STATED.format(one.type, one.chip.upper(), since, until, cold, off)


def _moment(text: str, view: View) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            # None: the clock of the hub's own zone.
            moment = moment.replace(tzinfo=view.where)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise TempHubError(words.STRAIGHT_NO_TIME.format(text), words.STRAIGHT_TIME_EXAMPLE) from error


def _celsius(text: str, view: View) -> float:
    try:
        return round(view.to_celsius(float(text.replace(",", "."))), 2)
    except ValueError as error:
        raise TempHubError(words.STRAIGHT_NO_COLD.format(text), words.STRAIGHT_COLD_REMEDY) from error


INTERVALS_MS = (1000, 2000, 5000, 10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS)
LONGEST_NAME, LONGEST_NOTE = 64, 500


class Editor:
    """One form for all probes: opened for one of them, filled once, sent when 'Save' is pressed."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None], limits: Callable[[str], None]) -> None:
        self._ask, self._asks, self._closed, self._limits = ask, asks, closed, limits
        self.probe: Probe | None = None
        self._order: list[Probe] = []
        field = {"layout": kit.layout, "continuous_update": False}
        self._alias = Text(description=words.EDIT_NAME, **field)
        self._group = Text(description=words.EDIT_GROUP, placeholder=words.EDIT_GROUP_EXAMPLE, **field)
        self._note = Text(description=words.EDIT_NOTE, **field)
        self._interval = Dropdown(
            description=words.EDIT_INTERVAL, options=[(format.every(ms), ms) for ms in INTERVALS_MS], layout=kit.layout
        )
        self._hidden = Checkbox(description=words.EDIT_HIDDEN, indent=False, layout=kit.layout)
        self._power_on = Checkbox(description=words.EDIT_POWER_ON, indent=False, layout=kit.layout)
        fields = kit.row([self._alias, self._group, self._note, self._interval, self._hidden, self._power_on], "th-fields")
        self._question = Question(kit)
        self._release = kit.button(words.RELEASE, self._ask_first, words.RELEASE_MEANING, "th-danger")
        self._update = kit.button(words.UPDATE, self._update_now, words.UPDATE_MEANING)
        self._merging = Merging(kit, ask, asks, self._question, self.close)
        self._thermocouple = ThermocoupleForm(kit, ask, asks)
        parts = [fields, self._make_buttons(kit), self._merging.widget, self._thermocouple.widget, self._question.widget]
        self.widget: VBox = kit.column(parts, "th-editor")

    def _make_buttons(self, kit: Kit) -> HBox:
        buttons = [
            kit.button(words.SAVE, self._save, name="th-primary"),
            kit.button(words.CANCEL, self.close),
            kit.button(words.UP, lambda: self._move(-1), words.UP_MEANING),
            kit.button(words.DOWN, lambda: self._move(1), words.DOWN_MEANING),
            kit.button(alarm_words.EDIT_LIMITS, self._set_limits),
            kit.button(words.IDENTIFY, self._identify, words.IDENTIFY_MEANING),
            self._update,
            self._release,
            kit.button(words.REMOVE_PROBE, self._ask_to_remove, words.REMOVE_MEANING, "th-danger"),
        ]
        return kit.row(buttons, "th-buttons")

    def open(self, probe: Probe, probes: list[Probe], firmware: str, view: View, now_ms: int) -> None:
        """Fill the form with what is known of a probe. probes: all, in their order; firmware: the hub's, empty when unknown;
        view: whose clock times are typed by."""
        self._question.close()
        self.probe, record = probe, probe.record
        self._order = [other for other in probes if _group(other) == _group(probe)]
        self._alias.placeholder = str(record.get("name") or probe.id)
        set_value(self._alias, str(record.get("alias") or ""))
        set_value(self._group, _group(probe))
        set_value(self._note, str(record.get("note") or ""))
        interval_ms = int(record.get("interval_ms") or 0)
        self._interval.options = [(format.every(ms), ms) for ms in sorted({*INTERVALS_MS, *([interval_ms] if interval_ms else [])})]
        set_value(self._interval, interval_ms or None)
        set_value(self._hidden, probe.hidden)
        set_value(self._power_on, bool(record.get("power_on_counts")))
        self._update.disabled = not outdated(probe, firmware)
        self._merging.open(probe, probes)
        self._thermocouple.open(probe, view, now_ms)
        self._release.disabled = record.get("trust") not in ("claimed", "trusted", "plain")

    def close(self) -> None:
        """Put the form away."""
        self._question.close()
        self.probe = None
        self._closed()

    def _save(self) -> None:
        probe = self.probe
        if probe is None:
            return
        record = probe.record
        typed: dict[str, Any] = {
            "alias": self._alias.value.strip()[:LONGEST_NAME],
            "group": self._group.value.strip()[:LONGEST_NAME],
            "note": self._note.value.strip()[:LONGEST_NOTE],
            "hidden": bool(self._hidden.value),
            "power_on_counts": bool(self._power_on.value),
        }
        known = {name: bool(record.get(name)) if isinstance(value, bool) else str(record.get(name) or "") for name, value in typed.items()}
        changed = {name: value for name, value in typed.items() if value != known[name]}
        interval_ms = self._interval.value if self._interval.value != (record.get("interval_ms") or None) else None
        self._asks.go(probe.id, words.SAVING.format(probe.name), lambda: save(self._ask, probe.id, changed, interval_ms))
        self.close()

    def _move(self, by: int) -> None:
        probe = self.probe
        if probe is None:
            return
        places = moved([other.id for other in self._order], probe.id, by)
        known = {other.id: int(other.record.get("place") or 0) for other in self._order}
        news = {id_: place for id_, place in places.items() if known[id_] != place}
        self._order.sort(key=lambda other: places[other.id])
        self._order = [other._replace(record={**other.record, "place": places[other.id]}) for other in self._order]
        self._asks.go(probe.id, words.SAVING.format(probe.name), lambda: place_all(self._ask, news))

    def _set_limits(self) -> None:
        if (probe := self.probe) is not None:
            self._limits(probe.id)

    def _identify(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(probe.id, words.IDENTIFYING.format(probe.name), lambda: identify(self._ask, probe.id))

    def _ask_first(self) -> None:
        if (probe := self.probe) is not None:
            self._question.ask(words.RELEASE_ASK.format(probe.name), words.RELEASE_YES, self._let_go)

    def _let_go(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(probe.id, words.RELEASING.format(probe.name), lambda: let_go(self._ask, probe.id))
            self.close()

    def _ask_to_remove(self) -> None:
        if (probe := self.probe) is not None:
            self._question.ask(words.REMOVE_ASK.format(probe.name), words.REMOVE_YES, self._remove)

    def _remove(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(probe.id, words.REMOVING.format(probe.name), lambda: take_off(self._ask, probe.id))
            self.close()

    def _update_now(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(probe.id, words.UPDATING.format(probe.name), lambda: update(self._ask, probe.id))


def outdated(probe: Probe, firmware: str) -> bool:
    """Whether the hub brings another firmware than the probe runs; what never told a version is no probe of ours."""
    return bool(firmware and probe.record.get("version") and probe.record["version"] != firmware)


def save(ask: Ask, probe_id: str, changed: dict[str, Any], interval_ms: int | None) -> str:
    """Send what was changed; what came of it, in words. Raises TempHubError, naming what was saved before it."""
    if changed:
        ask("/api/describe", {"probe_id": probe_id, **changed})
    if interval_ms:
        try:
            ask("/api/provision", {"host": probe_id, "interval_ms": interval_ms})
        except TempHubError as error:
            raise TempHubError(words.INTERVAL_NOT_SET.format(error.problem), error.remedy) from error
    return words.SAVED if changed or interval_ms else words.NOTHING_TO_SAVE


def place_all(ask: Ask, places: dict[str, int]) -> str:
    """Give probes their places."""
    for probe_id, place in places.items():
        ask("/api/describe", {"probe_id": probe_id, "place": place})
    return words.SAVED if places else words.NOTHING_TO_SAVE


def identify(ask: Ask, probe_id: str) -> str:
    """Have a probe's light blink."""
    ask("/api/identify", {"probe_id": probe_id})
    return words.IDENTIFIED


def update(ask: Ask, probe_id: str) -> str:
    """Have a probe fetch the hub's firmware."""
    answer = ask("/api/update", {"probe_id": probe_id})
    return words.UPDATE_BEGUN.format(answer.get("version", ""))


def say_yes(ask: Ask, probe_id: str) -> str:
    """A person trusts a probe."""
    ask("/api/trust", {"probe_id": probe_id, "trust": True})
    return words.TRUSTED


def let_go(ask: Ask, probe_id: str) -> str:
    """A person gives a probe up."""
    ask("/api/trust", {"probe_id": probe_id, "trust": False})
    return words.RELEASED


def take_off(ask: Ask, probe_id: str) -> str:
    """A person takes a probe off every list."""
    ask("/api/remove", {"probe_id": probe_id})
    return words.REMOVED_PROBE


def moved(order: list[str], probe_id: str, by: int) -> dict[str, int]:
    """The place of each after one of them went `by` up (−1) or down (1); places count from 1."""
    at = order.index(probe_id)
    order = [*order[:at], *order[at + 1 :]]
    order.insert(min(max(at + by, 0), len(order)), probe_id)
    return {id_: place for place, id_ in enumerate(order, 1)}


def _group(probe: Probe) -> str:
    return str(probe.record.get("group") or "")
