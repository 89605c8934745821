"""One reading of the journal for all pages that show the same: ten pages cost the journal as much as one. Any
thread.

Each window that some page shows has one Source, in a thread of its own: a page that opens five years does not
delay another's five minutes. A window that nobody has asked for in a while is let go.
"""

import threading
from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ...core import monotonic_s
from ..choices import Wanted
from .happened import Looker, limits_of
from .looks import Look
from .met import Roster
from .snapshot import Snapshot, Source

# Pages refresh each second, not at the same moment: what was read this lately is what they would read again.
FRESH_S = 0.7
IDLE_S = 20.0
# What a page looked at this lately it looks at still.
LOOKED_S = 5.0
MOST = 16

_lock = threading.Lock()
_shared: dict[Path, tuple["Readings", int]] = {}


class _Shown:
    """A window that is shown: its Source, its thread, and what was read last."""

    def __init__(self, journal: Path, wanted: Wanted, roster: Roster) -> None:
        self.source = Source(journal, roster)
        self._wanted, self.looker = wanted, Looker(journal, wanted.window)
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
        return self.source.read(self._wanted, now_ms, looks)._replace(happened=self.looker.happened)

    def _look(self, answer: Future[Snapshot]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        told = answer.result()
        everyone = (*told.probes, *told.folded)
        probes = [probe for probe in everyone if probe.id in told.read and not probe.hidden]
        self.looker.look(told.window, {probe.id: limits_of(probe.rules) for probe in probes}, told.now_ms)

    def close(self, *, wait: bool) -> None:
        """Close the connections, end the thread."""
        self.thread.submit(self.source.close)
        self.thread.submit(self.looker.close)
        self.thread.shutdown(wait=wait)


class Readings:
    """The journal as pages read it."""

    def __init__(self, journal: Path) -> None:
        self._journal, self._roster = journal, Roster()
        self._shown: dict[Hashable, _Shown] = {}
        # When the first reading was taken, as far as some page has learned it.
        self.began_ms = 0

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
                shown = self._shown[wanted] = _Shown(self._journal, wanted, self._roster)
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

    def _let_go(self) -> None:
        """The windows that nobody shows any more, and the longest unasked when there are too many."""
        now_s = monotonic_s()
        by_age = sorted(self._shown, key=lambda window: self._shown[window].asked_s)
        surplus = len(by_age) - MOST + 1
        for place, window in enumerate(by_age):
            if place < surplus or now_s - self._shown[window].asked_s > IDLE_S:
                self._shown.pop(window).close(wait=False)


def join(journal: Path) -> Readings:
    """The readings of a journal, the same for every page of this kernel."""
    with _lock:
        readings, pages = _shared.get(journal) or (Readings(journal), 0)
        _shared[journal] = readings, pages + 1
    return readings


def leave(journal: Path) -> None:
    """A page needs them no more; with the last one they are closed."""
    with _lock:
        readings, pages = _shared.pop(journal)
        if pages > 1:
            _shared[journal] = readings, pages - 1
            return
    readings.close()
