"""The dashboard: one loop that reads the journal in a thread of its own and tells the widgets. Kernel's own
thread only."""

import asyncio
import logging
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ipywidgets import VBox

from ..core import Once, describe, monotonic_s, now_ms
from ..jupyter import presence, sessions
from . import tongue
from .choices import Steering, View, Wanted
from .data import Snapshot, judge, shared
from .html import cards, first_view, panels
from .layout import PARTS, PLACES, Panels
from .widgets import Ask, Asks, Provision

log = logging.getLogger(__name__)

EVERY_S = 1.0
PULSE_MS = 2_000
# A page that opens waits this long for its first reading at most; then it comes with the next refresh.
ARRIVAL_S = 3.0


class Dashboard:
    """The page as one widget. `widget` is its root; `start()` once a loop runs; `stop()` leaves no thread
    behind."""

    def __init__(
        self,
        journal: shared.Origin,
        *,
        provision: Provision | None = None,
        csv_file: Path | None = None,
        ask: Ask | None = None,
        view: View = View(),  # noqa: B008  # immutable
        parts: Collection[str] | None = None,
        unfolded: bool = False,
    ) -> None:
        """Shows what the journal, or the engine of all places, holds at once, or why it cannot. csv_file:
        shown until the hub itself names it.

        ask(path, body): a question to the hub's API; view: what is chosen at first; parts: see layout.PARTS;
        unfolded: the list of probes is shown at once.
        """
        self._csv_file = csv_file
        self._journal = journal
        self._readings = shared.join(journal)
        self._given: Future[Snapshot] | None = None
        self._once = Once(log)
        self._task: asyncio.Task[None] | None = None
        self._seen = self._over = False
        self._pictured_s = -shared.FRESH_S
        self._wake = asyncio.Event()
        self._asks = Asks(self._wake.set)
        self._steering = Steering(view._replace(tongue=tongue.usual()), self._wake.set)
        # Of all places nothing can be told to a hub.
        usual = PARTS if isinstance(journal, Path) else PLACES
        self._provision, self._ask_hub, self._parts = provision, ask, parts or usual
        self._unfolded = unfolded
        tongue.speak(self._steering.view.speaks)
        self._language = tongue.spoken()
        self._panels = self._made()
        self._begun_at(self._readings.began_ms)
        self._presence = presence.Presence(self._panels.root, self._arriving, self._looked_at)
        self._refresh_now()
        sessions.joined(self)

    def _made(self, root: VBox | None = None) -> Panels:
        return Panels(
            now_ms(),
            self._steering,
            self._asks,
            provision=self._provision,
            ask=self._ask_hub,
            parts=self._parts,
            root=root,
            unfolded=self._unfolded,
            notebook=not sessions.VISIT.get(),
        )

    def _begun(self, snapshot: Snapshot) -> bool:
        """Whether another window is the usual one by what a snapshot tells."""
        self._readings.began_ms = snapshot.began_ms
        return self._begun_at(snapshot.began_ms)

    def _begun_at(self, since_ms: int) -> bool:
        return self._parts in (PARTS, PLACES) and self._steering.begun(since_ms)

    def _speak(self) -> None:
        """Make the widgets anew where the viewer wants another language: most of their words are set once."""
        if (language := self._steering.view.speaks) == self._language:
            return
        self._language = language
        tongue.speak(language)
        root = self._panels.root
        over = sessions.widgets(visit) if (visit := sessions.VISIT.get()) else {}
        self._panels = self._made(root)
        for widget in over.values():
            if widget not in (root, root.layout):
                widget.close()

    @property
    def widget(self) -> VBox:
        """The root widget, for display."""
        return self._panels.root

    def start(self) -> None:
        """Follow the journal whenever somebody looks. Needs a running asyncio loop: a kernel's cell has
        one."""
        if self._task is None or self._task.done():
            loop = asyncio.get_running_loop()
            presence.watch_arrivals()
            self._asks.on(loop)
            self._task = loop.create_task(self._follow())

    def stop(self) -> None:
        """End the loop and the threads; the page keeps what it showed last. Twice is once."""
        if self._over:
            return
        self._over = True
        self._presence.end()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        shared.leave(self._journal)
        self._asks.stop()
        tongue.silent()

    def choose(self, query: str, zone: str = "", language: str = "") -> None:
        """Take over what the page's address asks for, the viewer's time zone and the language that the
        browser would rather have; what cannot be understood is left as it is."""
        known = {"zone": zone, "tongue": language if language in tongue.CHOICES else ""}
        self._steering.choose(query, **{name: told for name, told in known.items() if told})
        self._speak()

    def still(self) -> str:
        """The page now, as HTML without any script: for a browser that has not loaded the widgets yet."""
        self._refresh_now()
        self._pictured_s = monotonic_s()
        return cards.picture_of(self._steering.view, now_ms()) + first_view.html(self.widget)

    async def refresh(self) -> None:
        """Read the journal once and show it. A journal that cannot be read is shown with its remedy; never
        raises for it."""
        try:
            # Shielded: what one page no longer waits for, another may.
            snapshot = await asyncio.shield(asyncio.wrap_future(self._ask(self._steering.view.wanted)))
        except Exception as error:
            self._unread(error)
            return
        # The viewer may have moved on while the journal was read; the next round, at once, shows the new
        # window.
        self._begun(snapshot)
        self._show(snapshot)

    def _ask(self, wanted: Wanted) -> "Future[Snapshot]":
        look = self._panels.look(self._steering.view)
        self._given = self._readings.read(wanted, now_ms(), self._given, look)
        return self._given

    def _arriving(self) -> None:
        """A front end is about to read the widgets' state: it must not begin with the values of an hour
        ago."""
        if monotonic_s() - self._pictured_s < shared.FRESH_S:
            # What its first view was made of will do; the first refresh, at once when it is seen, reads anew.
            self._given = None
        self._refresh_now(arriving=True)

    def _refresh_now(self, *, arriving: bool = False) -> None:
        """The same without a loop, at once."""
        try:
            snapshot = self._ask(self._steering.view.wanted).result(ARRIVAL_S)
        except TimeoutError:
            return
        except Exception as error:
            self._unread(error)
            return
        # A widget made now would reach the front end before those that it refers to, and break the page
        # there: probes that are new to this page get theirs with the first refresh after it is seen.
        self._steering.resolve(snapshot.now_is)
        if self._begun(snapshot):
            return self._refresh_now(arriving=arriving)
        shown = self._panels.made(snapshot.seen(self._steering.view)) if arriving else snapshot
        self._show(shown._replace(drawn={}), arriving=arriving, more=len(shown.probes) < len(snapshot.probes))

    async def _follow(self) -> None:
        while True:
            if not self._seen:
                # Nobody looks: not a single instruction until somebody does.
                self._wake.clear()
                await self._wake.wait()
                continue
            self._wake.clear()
            try:
                await self.refresh()
                # By a timer: it goes on whatever the computer's clock does.
                self._panels.pulse(int(monotonic_s() * 1000) // PULSE_MS, now_ms())
            # The page must outlive any of its own faults: it is shown, logged, and tried again.
            except Exception as error:
                self._unread(error)
            try:
                await asyncio.wait_for(self._wake.wait(), EVERY_S)
            except TimeoutError:
                continue

    def _looked_at(self, seen: bool) -> None:
        self._seen = seen
        self._wake.set()

    def _show(self, snapshot: Snapshot, *, arriving: bool = False, more: bool = False) -> None:
        if self._csv_file is not None and snapshot.health:
            snapshot.health.setdefault("csv_file", str(self._csv_file))
        judged = judge(snapshot.health_ms, snapshot.health, snapshot.now_ms)
        self._steering.resolve(snapshot.now_is)
        view = self._steering.view
        if not view.scripted:
            # Where there is a script it opens the page anew, in all its parts.
            self._speak()
        if view.window == snapshot.window:
            self._panels.show(snapshot.seen(view), judged, arriving=arriving, more=more)
        self._once.clear("read", "the page reads the journal again")

    def _unread(self, error: Exception) -> None:
        problem, remedy = describe(error)
        self._once.warn("read", f"{problem} — {remedy}")
        self._panels.unread(panels.unread(problem, remedy), self._steering.view, now_ms())


def build(journal: shared.Origin, **options: Any) -> Dashboard:
    """The dashboard of a journal or of all places; see Dashboard for its options. provision(probe_id) tells a
    probe where to deliver."""
    return Dashboard(journal, **options)
