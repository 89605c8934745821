"""Where a viewer's choices come together: the page's controls, its script's gestures, its address. Kernel's
own thread only."""

import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, get_args

from ...core import DAY_MS, now_ms
from .alarm_choice import AlarmChoice
from .view import CHIPS, DAY, LONGEST_GROUP, MOST_FOLDS, Panes, View, Window, between, parse

# A window that ends this near to now, measured by its length, goes on with the clock.
NEAR_NOW = 0.01
LONGEST_SAYING = 20_000


class Steering:
    """Holds the view; `changed()` is called after each change. What a browser says is never believed beyond
    its bounds."""

    def __init__(self, view: View, changed: Callable[[], None]) -> None:
        self.view = view
        self._changed = changed
        # The number of the last thing that the page's script said: what it is shown from here on heeds that.
        self.heard = 0
        # Called with the number of a note that somebody wants to be gone.
        self.erase: Callable[[int], None] = lambda number: None
        # Called when somebody wants the marked range not to count, and with the number of what is to count
        # again.
        self.strike_out: Callable[[], None] = lambda: None
        self.undo: Callable[[int], None] = lambda number: None
        # Called with what somebody wants to see of alarms: {"alarm": number}, {"limits": probe id} or
        # {"unmute": number}.
        self.alarms: Callable[[str, int | str], None] = lambda what, which: None
        # Called with a rule's number and where its limit was moved to in the chart, in the viewer's unit.
        self.move_limit: Callable[[int, float], None] = lambda rule, shown: None
        # Called with the id of a probe whose own place is to be opened or shut, or which is to be trusted,
        # and with the name of a group of which more is to be shown.
        self.open: Callable[[str], None] = lambda probe_id: None
        self.trust: Callable[[str], None] = lambda probe_id: None
        self.whole: Callable[[str], None] = lambda group: None
        # Called with what is to be opened that a setting is in; what there is none of is nothing.
        self.go: Callable[[str], None] = lambda what: None
        self._live = view.window if view.window.live else CHIPS[0]

    def change(self, **fields: Any) -> None:
        """Change parts of the view."""
        view = self.view._replace(**fields)
        if "window" in fields and "timed" not in fields:
            view = view._replace(timed=True)
        if view.window.live:
            self._live = view.window
        if view != self.view:
            self.view = view
            self._changed()

    def choose(self, query: str, **known: Any) -> None:
        """Take over what an address asks for; known: what else the browser said, such as its zone."""
        self.change(**parse(query, now_ms(), self.view)._asdict() | known)

    def resolve(self, now_is: Mapping[str, str]) -> None:
        """An address of an earlier day may name a probe that counts as another one now."""
        if not now_is.keys().isdisjoint(self.view.probes):
            self.change(probes=tuple(dict.fromkeys(now_is.get(id_, id_) for id_ in self.view.probes)))

    def back_to_live(self) -> None:
        """To the window that followed the clock last."""
        self.change(window=self._live)

    def show(self, from_ms: float, to_ms: float, *, exact: bool = False) -> None:
        """A window as a gesture or two dates ask for it; one that reaches now goes on with the clock. exact:
        an end that is over is meant as it was said, however near it is: on the first of December November
        ends today."""
        if not (math.isfinite(from_ms) and math.isfinite(to_ms)) or from_ms >= to_ms:
            return
        now = now_ms()
        # Whole seconds: nobody reads more off a chart, and the address stays short.
        window = between(from_ms // 1000 * 1000, -(to_ms // -1000) * 1000, now // 1000 * 1000)
        if (now < to_ms) if exact else (now - window.end_ms < NEAR_NOW * window.span_ms):
            window = Window(max(window.span_ms // 1000 * 1000, 10_000))
        self.change(window=window)

    def measure(self, span: tuple[float, float] | None) -> None:
        """Mark a range, or none."""
        if span is None:
            self.change(measured=None)
        elif all(map(math.isfinite, span)) and 0 < span[0] < span[1] < 2**48:
            self.change(measured=(int(span[0] // 1000) * 1000, int(-(span[1] // -1000)) * 1000))

    def begun(self, since_ms: int) -> bool:
        """There are readings since then. A day of them is shown to who chose nothing else; whether it is
        now."""
        view = self.view
        if view.timed or view.window != CHIPS[0] or not 0 < since_ms <= now_ms() - DAY_MS:
            return False
        self.change(window=DAY, timed=False)
        return True

    def fold(self, group: str) -> None:
        """Open a group of probes, or fold it."""
        folds = self.view.folds
        if group in folds:
            self.change(folds=tuple(name for name in folds if name != group))
        else:
            self.change(folds=(*folds, group)[-MOST_FOLDS:])

    def toggle(self, probe_id: str, known: Collection[str]) -> None:
        """Show a probe or leave it out; when all are shown, it is shown alone."""
        now_shown = {id_ for id_ in known if self.view.shows(id_)}
        if not self.view.probes:
            chosen = [probe_id]
        else:
            chosen = [id_ for id_ in known if (id_ in now_shown) != (id_ == probe_id)]
        self.change(probes=() if len(chosen) in (0, len(known)) else tuple(chosen))

    def said(self, saying: str, known: Collection[str]) -> None:
        """What the page's script says, as JSON; what makes no sense is left aside. known: ids of the probes
        there are."""
        try:
            told = json.loads(saying) if len(saying) < LONGEST_SAYING else None
        except ValueError:
            return
        if isinstance(told, dict):
            self._heed(told, known)

    def _heed(self, told: dict[str, Any], known: Collection[str]) -> None:
        if type(told.get("n")) is int:
            self.heard = told["n"]
        if isinstance(told.get("query"), str):
            self.choose(told["query"], half_days=told.get("half_days") is True, scripted=True)
        if (span := _span(told.get("window"))) is not None:
            self.show(*span)
        if told.get("live") is True:
            self.back_to_live()
        if "range" in told:
            self.measure(_span(told["range"]))
        if told.get("probe") in known:
            self.toggle(told["probe"], known)
        if told.get("all") is True:
            self.change(probes=())
        if told.get("panes") in get_args(Panes):
            self.change(panes=told["panes"])
        if type(told.get("erase")) is int:
            self.erase(told["erase"])
        if told.get("strike_out") is True:
            self.strike_out()
        if type(told.get("undo")) is int:
            self.undo(told["undo"])
        for name in ("alarm", "unmute"):
            if type(told.get(name)) is int:
                self.alarms(name, told[name])
        if (moved := _span(told.get("limit"))) is not None and all(map(math.isfinite, moved)):
            self.move_limit(int(moved[0]), moved[1])
        if told.get("all_alarms") is True:
            self.change(alarms=AlarmChoice())
        self._heed_probes(told, known)
        for name in ("kiosk", "narrow"):
            if isinstance(told.get(name), bool):
                self.change(**{name: told[name]})

    def _heed_probes(self, told: dict[str, Any], known: Collection[str]) -> None:
        for name, do in (
            ("limits", partial(self.alarms, "limits")),
            ("seen", partial(self.alarms, "seen")),
            ("open", self.open),
            ("trust", self.trust),
        ):
            if told.get(name) in known:
                do(told[name])
        for name, turn in (("fold", self.fold), ("whole", self.whole), ("go", self.go)):
            if isinstance(told.get(name), str) and 0 < len(told[name]) <= LONGEST_GROUP:
                turn(told[name])


def _span(value: Any) -> tuple[float, float] | None:
    if isinstance(value, list) and len(value) == 2 and all(type(end) in (int, float) for end in value):
        return float(value[0]), float(value[1])
    return None
