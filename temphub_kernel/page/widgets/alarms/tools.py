"""What can be done beside the list of alarms: choose some, mute, say who is told. Kernel's own thread only."""

from typing import Any

from ... import alarm_words as words
from ...choices import Steering
from ...data import Snapshot
from ..base import Ask, Asks, Kit, set_children
from .channels_form import ChannelsForm
from .filter_form import FilterForm
from .mute_form import MuteForm


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
        self.widget = kit.column([kit.row(list(self._toggles.values()), "th-tools"), self._forms], "th-alarm-tools")

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
