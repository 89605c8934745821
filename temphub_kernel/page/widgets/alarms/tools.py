"""What can be done beside the list of alarms: choose which it shows, have nobody told for a while, say who is
told.

Kernel's own thread only.
"""

from typing import Any

from ipywidgets import Dropdown, NaiveDatetimePicker, Text

from ....alarms import life
from ....core import MINUTE_MS, TempHubError, now_ms
from ... import alarm_words as words, format
from ...choices import MOST_TEXT, AlarmChoice, Steering
from ...data import Snapshot
from ...html.alarm_list import stressed
from ..base import Ask, Asks, Kit, set_children, set_value
from .telling_form import ChannelsForm

Place = tuple[str, str]
ANYWHERE: Place = "", ""
EVERYTHING: Place = "", ""
SUBJECT = "mutes"
MOST_PLACES = 200


class FilterForm:
    """Which alarms the list shows, kept in the page's address. `widget` is the form; what is chosen holds at
    once."""

    def __init__(self, kit: Kit, steering: Steering) -> None:
        self._steering, self._telling = steering, False
        options = {"state": words.FILTER_STATE, "severity": words.FILTER_SEVERITY, "time": words.FILTER_TIME}
        self._chosen = {
            name: Dropdown(
                description=words.FILTER_LABELS[name],
                options=[(told, value) for value, told in values.items()],
                layout=kit.layout,
            )
            for name, values in options.items()
        }
        self._place = Dropdown(
            description=words.FILTER_PLACE, options=[(words.FILTER_ANY, ANYWHERE)], layout=kit.layout
        )
        self._text = Text(
            description=words.FILTER_LABELS["text"],
            placeholder=words.FILTER_EXAMPLE,
            continuous_update=True,
            layout=kit.layout,
        )
        every = kit.button(words.FILTER_ALL, lambda: steering.change(alarms=AlarmChoice()))
        for name, field in self._chosen.items():
            field.observe(lambda change, name=name: self._change(**{name: change["new"]}), "value")
        self._place.observe(
            lambda change: self._change(probe=change["new"][0], group=change["new"][1]), "value"
        )
        self._text.observe(lambda change: self._change(text=change["new"][:MOST_TEXT]), "value")
        self.widget = kit.row([*self._chosen.values(), self._place, self._text, every], "th-fields")
        self.widget.add_class("th-editor")

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to what was chosen, elsewhere as well."""
        choice = snapshot.view.alarms
        self._telling = True
        try:
            options = places(snapshot)
            if list(self._place.options) != options:
                self._place.options = options
            set_value(self._place, (choice.probe, choice.group))
            for name, field in self._chosen.items():
                value = getattr(choice, name)
                if all(value != known for _, known in field.options):
                    field.options = [*field.options, (value, value)]
                set_value(field, value)
            set_value(self._text, choice.text)
        finally:
            self._telling = False

    def _change(self, **chosen: Any) -> None:
        if not self._telling:
            self._steering.change(alarms=self._steering.view.alarms._replace(**chosen))


def places(snapshot: Snapshot) -> list[tuple[str, Place]]:
    """(as people call it, (probe, group)): any, groups, probes, and what the address asks for although it is
    none of them."""
    choice = snapshot.view.alarms
    found, wanted = [(words.FILTER_ANY, ANYWHERE), *groups_and_probes(snapshot)], (choice.probe, choice.group)
    return (
        found
        if any(place == wanted for _, place in found)
        else [*found, (choice.probe or choice.group, wanted)]
    )


def groups_and_probes(snapshot: Snapshot) -> list[tuple[str, Place]]:
    """(as people call it, (probe, group)) of each group and probe."""
    groups = sorted(
        {str(probe.record.get("group") or "") for probe in snapshot.probes} - {""}, key=str.casefold
    )
    found: list[tuple[str, Place]] = [(words.FILTER_GROUP.format(group), ("", group)) for group in groups]
    # Of more than anybody would look through, those that are wrong and those in the chart.
    probes = snapshot.probes
    if len(probes) > MOST_PLACES:
        wanted = [*snapshot.troubled[:MOST_PLACES], *snapshot.charted]
        probes = list({probe.id: probe for probe in wanted}.values())
    return found + [(probe.name, (probe.id, "")) for probe in probes]


class MuteForm:
    """Having nobody told for a while: of all, a group or a probe, with an end. `widget` is the form; what
    came of it stands below its buttons."""

    def __init__(self, kit: Kit, steering: Steering, ask: Ask, asks: Asks) -> None:
        self._steering, self._ask, self._asks = steering, ask, asks
        self._what = Dropdown(
            description=words.MUTE_WHAT, options=[(words.MUTE_ALL, EVERYTHING)], layout=kit.layout
        )
        lengths = [(told, int(minutes)) for minutes, told in words.MUTE_LENGTHS.items()]
        self._length = Dropdown(description=words.MUTE_FOR, options=lengths, layout=kit.layout)
        self._until = NaiveDatetimePicker(description=words.MUTE_UNTIL)
        self._note = Text(description=words.MUTE_NOTE, placeholder=words.MUTE_NOTE_EXAMPLE, layout=kit.layout)
        self._who = Text(description=words.FORM_WHO, layout=kit.layout)
        self._who.add_class("th-who")
        go = kit.button(words.MUTE_GO, lambda: self._go("mute"), name="th-primary")
        keep_up = kit.button(words.MAINTENANCE_GO, lambda: self._go("maintenance"))
        self._buttons = [go, keep_up]
        hint = kit.html(value=f'<p class="th-quiet">{stressed(words.MUTE_HINT)}</p>')
        self._said = kit.html()
        fields = kit.row([self._what, self._length, self._until, self._note, self._who], "th-fields")
        self.widget = kit.column(
            [hint, fields, kit.row(self._buttons, "th-buttons"), self._said], "th-editor", "th-mute-form"
        )

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to the groups and probes there are; what was chosen stays."""
        options = [(words.MUTE_ALL, EVERYTHING), *groups_and_probes(snapshot)]
        if list(self._what.options) != options:
            chosen = self._what.value
            self._what.options = options
            if any(place == chosen for _, place in options):
                self._what.value = chosen
        set_value(self._said, self._asks.said(SUBJECT))
        for button in self._buttons:
            button.disabled = self._asks.busy(SUBJECT)

    def _go(self, how: str) -> None:
        if self._asks.busy(SUBJECT):
            return
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


class AlarmTools:
    """`widget` is a row of buttons that stay down, and below it the forms that they open."""

    def __init__(self, kit: Kit, steering: Steering, ask: Ask, asks: Asks) -> None:
        self._kit, self._steering, self._ask, self._asks = kit, steering, ask, asks
        self._snapshot: Snapshot | None = None
        labels = {
            "filter": (words.FILTER, words.FILTER_MEANING),
            "mute": (words.MUTE, words.MUTE_FORM_MEANING),
            "tell": (words.TELL, words.TELL_MEANING),
        }
        self._toggles = {name: kit.toggle(*label) for name, label in labels.items()}
        for toggle in self._toggles.values():
            toggle.observe(lambda _: self._open(), "value")
        # Made when they are first asked for: each is models that every page would load.
        self._filter: FilterForm | None = None
        self._mute: MuteForm | None = None
        self._tell: ChannelsForm | None = None
        self._forms = kit.column([], "th-forms")
        self.widget = kit.column(
            [kit.row(list(self._toggles.values()), "th-tools"), self._forms], "th-alarm-tools"
        )

    def open(self, name: str) -> None:
        """Open one of the forms."""
        self._toggles[name].value = True

    def show(self, snapshot: Snapshot) -> None:
        """Bring what is open up to a snapshot."""
        self._snapshot = snapshot
        down = {name for name, toggle in self._toggles.items() if toggle.value}
        if self._filter is not None and "filter" in down:
            self._filter.show(snapshot)
        if self._mute is not None and "mute" in down:
            self._mute.show(snapshot)
        if self._tell is not None and "tell" in down:
            self._tell.show()

    def _open(self) -> None:
        kit, forms = self._kit, list[Any]()
        if self._toggles["filter"].value:
            self._filter = self._filter or FilterForm(kit, self._steering)
            forms.append(self._filter.widget)
        if self._toggles["mute"].value:
            self._mute = self._mute or MuteForm(kit, self._steering, self._ask, self._asks)
            forms.append(self._mute.widget)
        if self._toggles["tell"].value:
            self._tell = self._tell or ChannelsForm(kit, self._ask, self._asks)
            forms.append(self._tell.widget)
        if self._snapshot is not None:
            self.show(self._snapshot)
        set_children(self._forms, forms)
