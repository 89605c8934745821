"""Having nobody told for a while: of all, a group or a probe, with an end. Kernel's own thread only."""

from ipywidgets import Dropdown, NaiveDatetimePicker, Text

from ....alarms import life
from ....core import MINUTE_MS, TempHubError, now_ms
from ... import alarm_words as words, format
from ...choices import Steering
from ...data import Snapshot
from ...html.alarm_list import stressed
from ..base import Ask, Asks, Kit, set_value
from .filter_form import Place, groups_and_probes

SUBJECT = "mutes"
EVERYTHING: Place = "", ""


class MuteForm:
    """`widget` is the form; what came of it stands below its buttons."""

    def __init__(self, kit: Kit, steering: Steering, ask: Ask, asks: Asks) -> None:
        self._steering, self._ask, self._asks = steering, ask, asks
        self._what = Dropdown(description=words.MUTE_WHAT, options=[(words.MUTE_ALL, EVERYTHING)], layout=kit.layout)
        lengths = list(words.MUTE_LENGTHS.items())
        self._length = Dropdown(description=words.MUTE_FOR, options=lengths, layout=kit.layout)
        self._until = NaiveDatetimePicker(description=words.MUTE_UNTIL)
        self._note = Text(description=words.MUTE_NOTE, placeholder=words.MUTE_NOTE_EXAMPLE, layout=kit.layout)
        self._who = Text(description=words.FORM_WHO, layout=kit.layout)
        self._who.add_class("th-who")
        go = kit.button(words.MUTE_GO, lambda: self._go("mute"), name="th-primary")
        keep_up = kit.button(words.MAINTENANCE_GO, lambda: self._go("maintenance"))
        hint = kit.html(value=f'<p class="th-quiet">{stressed(words.MUTE_HINT)}</p>')
        self._said = kit.html()
        fields = kit.row([self._what, self._length, self._until, self._note, self._who], "th-fields")
        self.widget = kit.column([hint, fields, kit.row([go, keep_up], "th-buttons"), self._said], "th-editor", "th-mute-form")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to the groups and probes there are; what was chosen stays."""
        options = [(words.MUTE_ALL, EVERYTHING), *groups_and_probes(snapshot)]
        if list(self._what.options) != options:
            chosen = self._what.value
            self._what.options = options
            if any(place == chosen for _, place in options):
                self._what.value = chosen
        set_value(self._said, self._asks.said(SUBJECT))

    def _go(self, how: str) -> None:
        until, minutes, ask = self._until.value, int(self._length.value), self._ask
        probe_id, group = self._what.value
        where = {"probe_id": probe_id} if probe_id else {"group": group} if group else {}
        by = {"by": self._who.value.strip()[: life.MOST_BY]} if self._who.value.strip() else {}
        note = self._note.value.strip()
        end_ms = None if until is None else format.moment_ms(until, self._steering.view.where)
        done = words.MUTED_WHAT if how == "mute" else words.MAINTAINED_WHAT

        def go() -> str:
            left = minutes if end_ms is None else -((end_ms - now_ms()) // -MINUTE_MS)
            if left < 1:
                raise TempHubError(words.MUTE_OVER, words.MUTE_OVER_REMEDY)
            ask(f"/api/alarms/{how}", {**where, "minutes": left, "note": note, **by})
            return done

        self._asks.go(SUBJECT, words.MUTING, go)
