"""What a probe's readings count as: another type of thermocouple's, or another probe's. Kernel's own thread
only."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ipywidgets import Dropdown, Text

from ...core import EVER_MS, TempHubError
from ...journal import CHIPS, COLD_C, Thermocouple
from .. import format, probe_words as words
from ..choices import View
from ..data import Probe
from .base import Ask, Asks, Kit, Question, set_children, set_value


class ThermocoupleForm:
    """A thermocouple's type, where the chip sent numbers that are not corrected for it. `widget` is the
    row."""

    def __init__(self, kit: Kit, ask: Ask, asks: Asks) -> None:
        self._ask, self._asks = ask, asks
        self._probe: Probe | None = None
        self._view = View()
        options = [
            (f"{chip.upper()}, {letter}", (chip, letter))
            for chip, letters in CHIPS.items()
            for letter in letters
        ]
        field = {"layout": kit.layout, "continuous_update": False}
        self._chip = Dropdown(
            description=words.STRAIGHT, options=[(words.STRAIGHT_NONE, ""), *options], layout=kit.layout
        )
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
        told = "".join(
            f'<p class="th-quiet">{format.safe(in_words(one, view, now_ms))}</p>' for one in probe.stated
        )
        set_value(self._said, told)
        set_children(self.widget, [self._row, *([self._undo] if told else [])])

    def _correct(self) -> None:
        if (probe := self._probe) is None or not self._chip.value:
            return
        (chip, letter), typed = self._chip.value, (self._since.value, self._until.value, self._cold.value)
        view = self._view
        self._asks.go(
            probe.id,
            words.STRAIGHTENING.format(probe.name),
            lambda: correct(self._ask, probe.id, chip, letter, typed, view),
        )

    def _take_back(self) -> None:
        if (probe := self._probe) is not None:
            numbers = [one.no for one in probe.stated]
            self._asks.go(
                probe.id, words.STRAIGHTENING.format(probe.name), lambda: take_back(self._ask, numbers)
            )


def correct(ask: Ask, probe_id: str, chip: str, letter: str, typed: Sequence[str], view: View) -> str:
    """Have a probe's numbers corrected. typed: from, to and the chip's temperature as a person typed them.
    Raises TempHubError."""
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
    off = ", ".join(
        words.STRAIGHT_OFF.format(view.off(off_c), f"{view.of(at_c):.0f}")
        for at_c, off_c in one.uncertainty()
    )
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


class MergeForm:
    """A new board in an old place. `widget` is the row. question: where a question is put; closed(): the form
    is done with."""

    def __init__(
        self, kit: Kit, ask: Ask, asks: Asks, question: Question, closed: Callable[[], None]
    ) -> None:
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
        others = [
            (f"{one.name} ({one.id})" if one.name != one.id else one.id, one.id)
            for one in probes
            if one.id != probe.id
        ]
        self._into.options = [(words.MERGE_NONE, ""), *others]
        set_value(self._into, "")
        also = _also(probe)
        set_value(
            self._said, f"<p>{format.safe(words.MERGED_ALSO.format(', '.join(also)))}</p>" if also else ""
        )
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
