"""A new board in an old place: a probe's readings count as another one's. Kernel's own thread only."""

from collections.abc import Callable

from ipywidgets import Dropdown

from .. import format, probe_words as words
from ..data import Probe
from .base import Ask, Asks, Kit, Question, set_children, set_value


class MergeForm:
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
        set_value(self._said, f"<p>{format.safe(words.MERGED_ALSO.format(', '.join(also)))}</p>" if also else "")
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
