"""Which alarms the list shows: chosen in fields, kept in the page's address. Kernel's own thread only."""

from typing import Any

from ipywidgets import Dropdown, Text

from ... import alarm_words as words
from ...choices import AlarmChoice, Steering
from ...choices.alarm_choice import MOST_TEXT
from ...data import Snapshot
from ..base import Kit, set_value

Place = tuple[str, str]
ANYWHERE: Place = "", ""


class FilterForm:
    """`widget` is the form; what is chosen holds at once."""

    def __init__(self, kit: Kit, steering: Steering) -> None:
        self._steering, self._telling = steering, False
        options = {"state": words.FILTER_STATE, "severity": words.FILTER_SEVERITY, "time": words.FILTER_TIME}
        self._chosen = {
            name: Dropdown(
                description=words.FILTER_LABELS[name], options=[(told, value) for value, told in values.items()], layout=kit.layout
            )
            for name, values in options.items()
        }
        self._place = Dropdown(description=words.FILTER_PLACE, options=[(words.FILTER_ANY, ANYWHERE)], layout=kit.layout)
        self._text = Text(
            description=words.FILTER_LABELS["text"], placeholder=words.FILTER_EXAMPLE, continuous_update=True, layout=kit.layout
        )
        every = kit.button(words.FILTER_ALL, lambda: steering.change(alarms=AlarmChoice()))
        for name, field in self._chosen.items():
            field.observe(lambda change, name=name: self._change(**{name: change["new"]}), "value")
        self._place.observe(lambda change: self._change(probe=change["new"][0], group=change["new"][1]), "value")
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
    """(as people call it, (probe, group)): any, groups, probes, and what the address asks for although it is none of them."""
    choice = snapshot.view.alarms
    found, wanted = [(words.FILTER_ANY, ANYWHERE), *groups_and_probes(snapshot)], (choice.probe, choice.group)
    return found if any(place == wanted for _, place in found) else [*found, (choice.probe or choice.group, wanted)]


def groups_and_probes(snapshot: Snapshot) -> list[tuple[str, Place]]:
    """(as people call it, (probe, group)) of each group and probe."""
    groups = sorted({str(probe.record.get("group") or "") for probe in snapshot.probes} - {""}, key=str.casefold)
    found: list[tuple[str, Place]] = [(words.FILTER_GROUP.format(group), ("", group)) for group in groups]
    return found + [(probe.name, (probe.id, "")) for probe in snapshot.probes]
