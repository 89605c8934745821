"""A thermocouple's type, where the chip sent numbers that are not corrected for it. Kernel's own thread only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ipywidgets import Dropdown, Text

from ...core import EVER_MS, TempHubError
from ...journal import CHIPS, COLD_C, Thermocouple
from .. import format, probe_words as words
from ..choices import View
from ..data import Probe
from .base import Ask, Asks, Kit, set_children, set_value


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
        told = "".join(f'<p class="th-quiet">{format.safe(in_words(one, view, now_ms))}</p>' for one in probe.stated)
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
