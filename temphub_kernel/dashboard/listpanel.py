"""Where the probes are, and what one can do with each. Kernel's own thread only."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ipywidgets import Button, HBox

from ..base.clock import HOUR_MS
from ..base.errors import TempHubError
from . import details, guide, text, words
from .asks import Ask, Asks, without_hub
from .editor import Editor, say_yes
from .kit import Kit, set_children, set_value
from .removed import Removed
from .source import Probe, Snapshot
from .transients import Transients

Provision = Callable[[str], str]


class ListPanel:
    """`widget` is the panel: a row a probe; the form opens below the row it is for."""

    def __init__(self, kit: Kit, provision: Provision | None, ask: Ask | None, asks: Asks) -> None:
        self._kit, self._provision, self._ask, self._asks = kit, provision, ask, asks
        self._rows: dict[str, HBox] = {}
        self._buttons: dict[str, list[Button]] = {}
        self._editor: Editor | None = None
        self._snapshot: Snapshot | None = None
        self.firmware = ""
        self._asked_ms = 0
        self._guide = kit.html()
        self._transients = Transients(kit, ask, asks, self._redraw)
        self.removed = Removed(kit, ask, asks, self._redraw)
        self._heading = kit.heading(words.LIST)
        self.widget = kit.panel([self._heading], "th-list-panel")

    def has(self, probe_id: str) -> bool:
        """True when the row of one that is folded away is made already, or not wanted."""
        return probe_id in self._rows or not self._transients.shown

    def show(self, snapshot: Snapshot) -> None:
        """Bring it up to a snapshot."""
        self._snapshot = snapshot
        self._look_for_firmware(snapshot)
        set_value(self._guide, guide.more(snapshot.health))
        self._transients.show(snapshot)
        self.removed.show(snapshot)
        for probe in self._listed():
            row = self._row(probe)
            outcome = self._asks.outcomes.get(probe.id, "")
            draw = partial(details.list_row, probe, outcome, snapshot.view, snapshot.now_ms, self.firmware)
            set_value(row.children[0], snapshot.once(("row", probe.id, outcome, self.firmware), draw))
            trust, *others = self._buttons[probe.id]
            set_children(row.children[1], [trust, *others] if wants_trust(probe) else others)
            for button in self._buttons[probe.id]:
                button.disabled = self._asks.busy(probe.id) or (self._provision is None and self._ask is None)
        self._arrange()

    def _listed(self) -> list[Probe]:
        if self._snapshot is None:
            return []
        return [*self._snapshot.probes, *(self._snapshot.folded if self._transients.shown else [])]

    def _redraw(self) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)

    def _arrange(self) -> None:
        edited = self._editor.probe.id if self._editor and self._editor.probe else None
        children = [self._heading]
        known = len(self._snapshot.probes) if self._snapshot else 0
        for place, probe in enumerate(self._listed()):
            if place == known:
                children.append(self._transients.widget)
            children.append(self._rows[probe.id])
            if probe.id == edited and self._editor is not None:
                children.append(self._editor.widget)
        below = [] if self._transients.widget in children else [self._transients.widget]
        set_children(self.widget, [*children, *below, self.removed.widget, self._guide])

    def _look_for_firmware(self, snapshot: Snapshot) -> None:
        """Which firmware the hub brings: asked once in a while, where there is a probe that told its own."""
        ask = self._ask
        if ask is None or snapshot.now_ms - self._asked_ms < HOUR_MS or not any(probe.record.get("version") for probe in snapshot.probes):
            return
        self._asked_ms = snapshot.now_ms

        def look() -> str:
            # A hub that cannot say is one that offers no update; what is wrong with it is told elsewhere.
            with suppress(TempHubError):
                self.firmware = str(ask("/api/firmware/manifest", None).get("version") or "")
            return ""

        self._asks.go("firmware", "", look)

    def _row(self, probe: Probe) -> HBox:
        if probe.id not in self._rows:
            probe_id = probe.id
            provision = self._kit.button(words.PROVISION, lambda: self._provision_now(probe_id), self._meaning(), "th-provision")
            edit = self._kit.button(words.EDIT, lambda: self._edit(probe_id), words.EDIT_MEANING, "th-edit")
            yes = self._kit.button(words.TRUST, lambda: self._trust(probe_id), words.TRUST_MEANING, "th-primary")
            self._buttons[probe_id] = [yes, provision, edit]
            buttons = self._kit.row([provision, edit], "th-buttons")
            self._rows[probe_id] = self._kit.row([self._kit.html("th-grow"), buttons], "th-list-row")
        return self._rows[probe.id]

    def _meaning(self) -> str:
        return words.PROVISION_IMPOSSIBLE if self._provision is None else words.PROVISION_MEANING

    def _provision_now(self, probe_id: str) -> None:
        provision = self._provision
        if provision is not None:
            self._asks.go(probe_id, words.PROVISIONING.format(probe_id), lambda: provision(probe_id))

    def _trust(self, probe_id: str) -> None:
        ask = self._ask or without_hub
        self._asks.go(probe_id, words.TRUSTING.format(probe_id), lambda: say_yes(ask, probe_id))

    def _edit(self, probe_id: str) -> None:
        probes = self._listed()
        probe = next((one for one in probes if one.id == probe_id), None)
        if probe is None or self._snapshot is None:
            return
        if self._editor is None:
            self._editor = Editor(self._kit, self._ask or without_hub, self._asks, self._arrange)
        if self._editor.probe is not None and self._editor.probe.id == probe_id:
            self._editor.close()
            return
        self._editor.open(probe, probes, self.firmware, self._snapshot.view, self._snapshot.now_ms)
        self._arrange()


def wants_trust(probe: Probe) -> bool:
    """Whether a person's yes would change anything: it waits for one, or is a probe without a key that cannot be told."""
    stands = probe.record.get("trust")
    # Only its own hub, or its button, frees one that belongs to another.
    held = bool(text.held_up(probe.record)) and stands != "foreign"
    return held or (stands == "plain" and bool(probe.record.get("problem")))
