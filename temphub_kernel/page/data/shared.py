"""One reading of the journal for all pages that show the same: ten pages cost the journal as much as one. Any
thread.

Each window that some page shows has one Source, in a thread of its own: a page that opens five years does not
delay another's five minutes. A window that nobody has asked for in a while is let go.
"""

import threading
from collections.abc import Collection, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...core import monotonic_s
from ..choices import Wanted
from .happened import Looker, limits_of
from .judging import Judging
from .looks import Look
from .met import Roster
from .snapshot import Snapshot, Source

# What a page shows: a hub's journal, or all places from an engine. A hub's own page has no use for what
# speaks with engines, so that is brought in by whoever has one.
if TYPE_CHECKING:
    from .places import page

    Origin = Path | page.Place
else:
    Origin = Path

# Pages refresh each second, not at the same moment: what was read this lately is what they would read again.
FRESH_S = 0.7
IDLE_S = 20.0
# What a page looked at this lately it looks at still.
LOOKED_S = 5.0
MOST = 16

_lock = threading.Lock()
_shared: dict[Origin, tuple["Readings", int]] = {}


class Reads(Protocol):
    """What a window's content is read from, in a thread of its own."""

    def read(self, wanted: Wanted, now_ms: int, looks: Collection[Look]) -> Snapshot:
        """The content now of pages that look at this. Raises TempHubError."""

    def close(self) -> None:
        """Read no more."""


class _Journal:
    """A hub's own."""

    def __init__(self, journal: Path, wanted: Wanted, roster: Roster, judging: Judging) -> None:
        self._source, self._looker = Source(journal, roster, judging), Looker(journal, wanted.window)

    def read(self, wanted: Wanted, now_ms: int, looks: Collection[Look]) -> Snapshot:
        return self._source.read(wanted, now_ms, looks)._replace(happened=self._looker.happened)

    def look(self, told: Snapshot) -> None:
        """Look for what happened."""
        everyone = (*told.probes, *told.folded)
        probes = [probe for probe in everyone if probe.id in told.read and not probe.hidden]
        self._looker.look(told.window, {probe.id: limits_of(probe.rules) for probe in probes}, told.now_ms)

    def close(self) -> None:
        self._source.close()
        self._looker.close()


class _Shown:
    """A window that is shown: what it is read from, its thread, and what was read last."""

    def __init__(self, source: Reads, wanted: Wanted) -> None:
        self.source, self._wanted = source, wanted
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="temphub-page")
        self.asked_s = monotonic_s()
        self.answer: Future[Snapshot] | None = None
        self.answered_s = 0.0
        # When a page last looked at what, and what the last answer was read for.
        self._looks: dict[Look, float] = {}
        self._answered: frozenset[Look] = frozenset()

    def fresh(self, look: Look) -> Future[Snapshot] | None:
        """The answer to the last question if it still holds for who looks at this, or if it is being read
        right now."""
        self._looks[look] = self.asked_s
        if (
            self.answer is None
            or self.answer.cancelled()
            or (self.answer.done() and self.answer.exception() is not None)
        ):
            return None
        done = self.answer.done()
        if look not in self._answered and not (done and self.answer.result().whole):
            return None
        return self.answer if not done or monotonic_s() - self.answered_s < FRESH_S else None

    def read(self, now_ms: int) -> Future[Snapshot]:
        """The content about now. What happened is looked for behind it: no value waits for that."""
        since_s = self.asked_s - LOOKED_S
        self._looks = {look: asked_s for look, asked_s in self._looks.items() if asked_s > since_s}
        self._answered = frozenset(self._looks)
        answer = self.answer = self.thread.submit(self._read, now_ms, self._answered)
        self.answered_s = self.asked_s
        self.thread.submit(self._look, answer)
        return answer

    def _read(self, now_ms: int, looks: frozenset[Look]) -> Snapshot:
        return self.source.read(self._wanted, now_ms, looks)

    def _look(self, answer: Future[Snapshot]) -> None:
        if not answer.cancelled() and answer.exception() is None and isinstance(self.source, _Journal):
            self.source.look(answer.result())

    def close(self, *, wait: bool) -> None:
        """Close the connections, end the thread."""
        self.thread.submit(self.source.close)
        self.thread.shutdown(wait=wait)


class Readings:
    """The journal, or all places, as pages read it."""

    def __init__(self, origin: Origin) -> None:
        self._fleet = None if isinstance(origin, Path) else origin.fleet()
        # What is known of all probes outlives the windows: a page that opens later finds most of it made.
        self._journal = origin if isinstance(origin, Path) else Path()
        self._roster, self._judging = Roster(), Judging()
        self._shown: dict[Hashable, _Shown] = {}
        # When the first reading was taken, as far as some page has learned it; of many places long ago.
        self.began_ms = 1 if self._fleet else 0

    def _source(self, wanted: Wanted) -> Reads:
        if self._fleet:
            return self._fleet.shown(wanted)
        return _Journal(self._journal, wanted, self._roster, self._judging)

    def read(
        self,
        wanted: Wanted,
        now_ms: int,
        known: "Future[Snapshot] | None" = None,
        look: Look = Look(),  # noqa: B008  # immutable
    ) -> "Future[Snapshot]":
        """The content of a window about now; pages that ask at about the same time are given the same. Fails
        as Source.read.

        known: what the page was given last, which it does not want again; look: what it looks at.
        """
        with _lock:
            self._let_go()
            shown = self._shown.get(wanted)
            if shown is None:
                shown = self._shown[wanted] = _Shown(self._source(wanted), wanted)
            shown.asked_s = monotonic_s()
            if (fresh := shown.fresh(look)) is not None and fresh is not known:
                return fresh
            return shown.read(now_ms)

    def close(self) -> None:
        """Let everything go; waits for what is being read."""
        with _lock:
            shown, self._shown = list(self._shown.values()), {}
        for one in shown:
            one.close(wait=True)
        if self._fleet is not None:
            self._fleet.close()

    def _let_go(self) -> None:
        """The windows that nobody shows any more, and the longest unasked when there are too many."""
        now_s = monotonic_s()
        by_age = sorted(self._shown, key=lambda window: self._shown[window].asked_s)
        surplus = len(by_age) - MOST + 1
        for place, window in enumerate(by_age):
            if place < surplus or now_s - self._shown[window].asked_s > IDLE_S:
                self._shown.pop(window).close(wait=False)


def join(origin: Origin) -> Readings:
    """The readings of a journal or of all places, the same for every page of this kernel. Raises TempHubError
    for an address that is none."""
    with _lock:
        readings, pages = _shared.get(origin) or (Readings(origin), 0)
        _shared[origin] = readings, pages + 1
    return readings


def leave(origin: Origin) -> None:
    """A page needs them no more; with the last one they are closed."""
    with _lock:
        readings, pages = _shared.pop(origin)
        if pages > 1:
            _shared[origin] = readings, pages - 1
            return
    readings.close()
