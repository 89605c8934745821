"""'Check this hub': what `temphub doctor` says, on the page. Kernel's own thread only."""

from typing import Any

from ...core import parse_time
from ...core.finding import PROBLEM, UNKNOWN, WARNING, WELL, Finding, as_text
from .. import format, tongue, words
from ..choices import View
from ..data import Snapshot
from ..html import cards, states
from .base import Ask, Asks, Kit, set_value

SUBJECT = "doctor"
# The shapes of the page's other states, since they mean the same.
SHAPES = {WELL: "online", WARNING: "late", PROBLEM: "fault", UNKNOWN: "waiting"}


class DoctorPanel:
    """`widget` is the panel: a button, and below it what was found when it was last pressed."""

    def __init__(self, kit: Kit, ask: Ask | None, asks: Asks) -> None:
        self._ask, self._asks = ask, asks
        self._found: dict[str, Any] = {}
        self._button = kit.button(words.CHECK, self._examine, words.CHECK_MEANING, "th-button")
        self._told = kit.html()
        title = kit.html(value=f'<span id="th-check">{cards.heading(words.DOCTOR)}</span>')
        head = kit.row([title, self._button], "th-doctor-head")
        self.widget = kit.panel([head, self._told], "th-doctor-panel")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to the last answer; of the snapshot only the hour and how the viewer reads times."""
        busy = self._asks.busy(SUBJECT)
        self._button.disabled = busy or self._ask is None
        if said := self._asks.outcomes.get(SUBJECT, ""):
            set_value(
                self._told,
                f'<p class="{"th-quiet" if busy else "th-problem"}" role="status">{format.code(said)}</p>',
            )
        else:
            view, now_ms = snapshot.view, snapshot.now_ms
            found = (
                findings(self._found, view, now_ms)
                if self._found
                else f'<p class="th-quiet">{format.code(words.DOCTOR_TEXT)}</p>'
            )
            set_value(self._told, found)

    def _examine(self) -> None:
        ask = self._ask
        # The button waits meanwhile; a second press of a double click is no second question.
        if ask is None or self._asks.busy(SUBJECT):
            return

        def look() -> str:
            self._found = ask("/api/doctor", None)
            return ""

        self._asks.go(SUBJECT, words.CHECKING, look)


def findings(answer: dict[str, Any], view: View, now_ms: int) -> str:
    """The answer of `/api/doctor` as HTML: the problems first, the rest in the doctor's own order, and all of
    it as text."""
    found = [
        Finding(
            tongue.told(one.get("check", "")),
            str(one.get("level", "")),
            *(tongue.told(one.get(name, "")) for name in ("result", "remedy")),
        )
        for one in answer.get("findings") or []
    ]
    problems = sum(one.level == PROBLEM for one in found)
    sum_up = words.CHECK_PROBLEMS.format(problems) if problems else words.CHECK_WELL
    rows = "".join(map(_row, sorted(found, key=lambda one: one.level != PROBLEM)))
    when = view.at(parse_time(str(answer["time"])), now_ms) if answer.get("time") else ""
    return (
        f'<p class="th-checked th-is-{"fault" if problems else "online"}" '
        f'role="status">{states.shape("fault" if problems else "online")}'
        f'<span>{format.safe(sum_up)} <span class="th-quiet">{when}</span></span></p><ul '
        f'class="th-findings">{rows}</ul>'
        f'<details class="th-more"><summary>{format.safe(words.AS_TEXT)}</summary>'
        f'<p><button type="button" class="th-copy th-button" data-done="{format.safe(words.COPIED)}'
        f'">{format.safe(words.COPY)}</button></p>'
        f'<pre class="th-text" tabindex="0">{format.safe(as_text(found))}</pre></details>'
    )


def _row(one: Finding) -> str:
    state = SHAPES.get(one.level, "waiting")
    said = words.LEVELS.get(one.level, one.level)
    remedy = f'<span class="th-remedy">{format.code(one.remedy)}</span>' if one.remedy else ""
    return (
        f'<li class="th-seen th-is-{state}">{states.shape(state)}<span><strong>{format.safe(one.check)}'
        "</strong>"
        f' <span class="th-level">{format.safe(said)}</span> {format.code(one.result)} {remedy}</span></li>'
    )
