"""Changing a probe: names, place, interval, light, firmware. Kernel's own thread only."""

from collections.abc import Callable
from typing import Any

from ipywidgets import Checkbox, Dropdown, HBox, Text, VBox

from ...core import HOUR_MS, MINUTE_MS, TempHubError
from .. import alarm_words, format, probe_words, tongue, words
from ..choices import View
from ..data import Probe
from .base import Ask, Asks, Kit, Question, set_value
from .probe_forms import MergeForm, ThermocoupleForm

INTERVALS_MS = (1000, 2000, 5000, 10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS)
LONGEST_NAME, LONGEST_NOTE = 64, 500


class Editor:
    """One form for all probes: opened for one of them, filled once, sent when 'Save' is pressed."""

    def __init__(
        self, kit: Kit, ask: Ask, asks: Asks, closed: Callable[[], None], limits: Callable[[str], None]
    ) -> None:
        self._ask, self._asks, self._closed, self._limits = ask, asks, closed, limits
        self.probe: Probe | None = None
        # Whether it was sent: what comes of it is still to be told, however soon the hub answered.
        self.sent = False
        self._order: list[Probe] = []
        field = {"layout": kit.layout, "continuous_update": False}
        self._alias = Text(description=probe_words.EDIT_NAME, **field)
        self._group = Text(
            description=probe_words.EDIT_GROUP, placeholder=probe_words.EDIT_GROUP_EXAMPLE, **field
        )
        self._note = Text(description=probe_words.EDIT_NOTE, **field)
        self._interval = Dropdown(
            description=probe_words.EDIT_INTERVAL,
            options=[(format.every(ms), ms) for ms in INTERVALS_MS],
            layout=kit.layout,
        )
        self._hidden = Checkbox(description=probe_words.EDIT_HIDDEN, indent=False, layout=kit.layout)
        self._power_on = Checkbox(description=probe_words.EDIT_POWER_ON, indent=False, layout=kit.layout)
        fields = kit.row(
            [self._alias, self._group, self._note, self._interval, self._hidden, self._power_on], "th-fields"
        )
        self._question = Question(kit)
        self._release = kit.button(
            probe_words.RELEASE, self._ask_first, probe_words.RELEASE_MEANING, "th-danger"
        )
        self._update = kit.button(probe_words.UPDATE, self._update_now, probe_words.UPDATE_MEANING)
        self._merging = MergeForm(kit, ask, asks, self._question, self.close)
        self._thermocouple = ThermocoupleForm(kit, ask, asks)
        parts = [
            fields,
            self._make_buttons(kit),
            self._merging.widget,
            self._thermocouple.widget,
            self._question.widget,
        ]
        self.widget: VBox = kit.column(parts, "th-editor")

    def _make_buttons(self, kit: Kit) -> HBox:
        buttons = [
            kit.button(words.SAVE, self._save, name="th-primary"),
            kit.button(words.CANCEL, self.close),
            kit.button(probe_words.UP, lambda: self._move(-1), probe_words.UP_MEANING),
            kit.button(probe_words.DOWN, lambda: self._move(1), probe_words.DOWN_MEANING),
            kit.button(alarm_words.EDIT_LIMITS, self._set_limits),
            kit.button(probe_words.IDENTIFY, self._identify, probe_words.IDENTIFY_MEANING),
            self._update,
            self._release,
            kit.button(
                probe_words.REMOVE_PROBE, self._ask_to_remove, probe_words.REMOVE_MEANING, "th-danger"
            ),
        ]
        return kit.row(buttons, "th-buttons")

    def open(self, probe: Probe, probes: list[Probe], firmware: str, view: View, now_ms: int) -> None:
        """Fill the form with what is known of a probe. probes: all, in their order; firmware: the hub's,
        empty when unknown; view: whose clock times are typed by."""
        self._question.close()
        self.probe, self.sent, record = probe, False, probe.record
        self._order = [other for other in probes if _group(other) == _group(probe)]
        self._alias.placeholder = str(record.get("name") or probe.id)
        set_value(self._alias, str(record.get("alias") or ""))
        set_value(self._group, _group(probe))
        set_value(self._note, str(record.get("note") or ""))
        interval_ms = int(record.get("interval_ms") or 0)
        self._interval.options = [
            (format.every(ms), ms) for ms in sorted({*INTERVALS_MS, *([interval_ms] if interval_ms else [])})
        ]
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
        known = {
            name: bool(record.get(name)) if isinstance(value, bool) else str(record.get(name) or "")
            for name, value in typed.items()
        }
        changed = {name: value for name, value in typed.items() if value != known[name]}
        interval_ms = (
            self._interval.value if self._interval.value != (record.get("interval_ms") or None) else None
        )
        self._asks.go(
            probe.id,
            probe_words.SAVING.format(probe.name),
            lambda: save(self._ask, probe.id, changed, interval_ms),
        )
        self.sent = True
        self.close()

    def _move(self, by: int) -> None:
        probe = self.probe
        if probe is None:
            return
        places = moved([other.id for other in self._order], probe.id, by)
        known = {other.id: int(other.record.get("place") or 0) for other in self._order}
        news = {id_: place for id_, place in places.items() if known[id_] != place}
        self._order.sort(key=lambda other: places[other.id])
        self._order = [
            other._replace(record={**other.record, "place": places[other.id]}) for other in self._order
        ]
        self._asks.go(probe.id, probe_words.SAVING.format(probe.name), lambda: place_all(self._ask, news))

    def _set_limits(self) -> None:
        if (probe := self.probe) is not None:
            self._limits(probe.id)

    def _identify(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(
                probe.id, probe_words.IDENTIFYING.format(probe.name), lambda: identify(self._ask, probe.id)
            )

    def _ask_first(self) -> None:
        if (probe := self.probe) is not None:
            self._question.ask(
                probe_words.RELEASE_ASK.format(probe.name), probe_words.RELEASE_YES, self._let_go
            )

    def _let_go(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(
                probe.id, probe_words.RELEASING.format(probe.name), lambda: let_go(self._ask, probe.id)
            )
            self.sent = True
            self.close()

    def _ask_to_remove(self) -> None:
        if (probe := self.probe) is not None:
            self._question.ask(
                probe_words.REMOVE_ASK.format(probe.name), probe_words.REMOVE_YES, self._remove
            )

    def _remove(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(
                probe.id, probe_words.REMOVING.format(probe.name), lambda: take_off(self._ask, probe.id)
            )
            self.sent = True
            self.close()

    def _update_now(self) -> None:
        if (probe := self.probe) is not None:
            self._asks.go(
                probe.id, probe_words.UPDATING.format(probe.name), lambda: update(self._ask, probe.id)
            )


def outdated(probe: Probe, firmware: str) -> bool:
    """Whether the hub brings another firmware than the probe runs; what never told a version is no probe of
    ours."""
    return bool(firmware and probe.record.get("version") and probe.record["version"] != firmware)


def save(ask: Ask, probe_id: str, changed: dict[str, Any], interval_ms: int | None) -> str:
    """Send what was changed; what came of it, in words. Raises TempHubError, naming what was saved before
    it."""
    if changed:
        ask("/api/describe", {"probe_id": probe_id, **changed})
    if interval_ms:
        try:
            ask("/api/provision", {"host": probe_id, "interval_ms": interval_ms})
        except TempHubError as error:
            problem = probe_words.INTERVAL_NOT_SET.format(tongue.told(error.problem))
            raise TempHubError(problem, error.remedy) from error
    return probe_words.SAVED if changed or interval_ms else probe_words.NOTHING_TO_SAVE


def place_all(ask: Ask, places: dict[str, int]) -> str:
    """Give probes their places."""
    for probe_id, place in places.items():
        ask("/api/describe", {"probe_id": probe_id, "place": place})
    return probe_words.SAVED if places else probe_words.NOTHING_TO_SAVE


def identify(ask: Ask, probe_id: str) -> str:
    """Have a probe's light blink."""
    ask("/api/identify", {"probe_id": probe_id})
    return probe_words.IDENTIFIED


def update(ask: Ask, probe_id: str) -> str:
    """Have a probe fetch the hub's firmware."""
    answer = ask("/api/update", {"probe_id": probe_id})
    return probe_words.UPDATE_BEGUN.format(answer.get("version", ""))


def say_yes(ask: Ask, probe_id: str) -> str:
    """A person trusts a probe."""
    ask("/api/trust", {"probe_id": probe_id, "trust": True})
    return probe_words.TRUSTED


def let_go(ask: Ask, probe_id: str) -> str:
    """A person gives a probe up."""
    ask("/api/trust", {"probe_id": probe_id, "trust": False})
    return probe_words.RELEASED


def take_off(ask: Ask, probe_id: str) -> str:
    """A person takes a probe off every list."""
    ask("/api/remove", {"probe_id": probe_id})
    return probe_words.REMOVED_PROBE


def moved(order: list[str], probe_id: str, by: int) -> dict[str, int]:
    """The place of each after one of them went `by` up (−1) or down (1); places count from 1."""
    at = order.index(probe_id)
    order = [*order[:at], *order[at + 1 :]]
    order.insert(min(max(at + by, 0), len(order)), probe_id)
    return {id_: place for place, id_ in enumerate(order, 1)}


def _group(probe: Probe) -> str:
    return str(probe.record.get("group") or "")
