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
from .snapshot import Snapshot, Source

# Pages refresh each second, not at the same moment: what was read this lately is what they would read again.
FRESH_S = 0.7
IDLE_S = 20.0
MOST = 16

_lock = threading.Lock()
_shared: dict[Path, tuple["Readings", int]] = {}


class _Shown:
    """A window that is shown: its Source, its thread, and what was read last."""

    def __init__(self, journal: Path, wanted: Wanted) -> None:
        self.source = Source(journal)
        self._wanted, self.looker = wanted, Looker(journal, wanted.window)
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="temphub-page")
        self.asked_s = monotonic_s()
        self.answer: Future[Snapshot] | None = None
        self.answered_s = 0.0

    def fresh(self) -> Future[Snapshot] | None:
        """The answer to the last question if it still holds, or if it is being read right now."""
        if (
            self.answer is None
            or self.answer.cancelled()
            or (self.answer.done() and self.answer.exception() is not None)
        ):
            return None
        return self.answer if not self.answer.done() or monotonic_s() - self.answered_s < FRESH_S else None

    def read(self, now_ms: int) -> Future[Snapshot]:
        """The content about now. What happened is looked for behind it: no value waits for that."""
        answer = self.answer = self.thread.submit(self._read, now_ms)
        self.answered_s = self.asked_s
        self.thread.submit(self._look, answer)
        return answer

    def _read(self, now_ms: int) -> Snapshot:
        return self.source.read(self._wanted, now_ms)._replace(happened=self.looker.happened)

    def _look(self, answer: Future[Snapshot]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        told = answer.result()
        probes = [probe for probe in (*told.probes, *told.folded) if not probe.hidden]
        self.looker.look(told.window, {probe.id: limits_of(probe.rules) for probe in probes}, told.now_ms)

    def close(self, *, wait: bool) -> None:
        """Close the connections, end the thread."""
        self.thread.submit(self.source.close)
        self.thread.submit(self.looker.close)
        self.thread.shutdown(wait=wait)


class Readings:
    """The journal as pages read it."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._shown: dict[Hashable, _Shown] = {}
        # When the first reading was taken, as far as some page has learned it.
        self.began_ms = 0

    def read(
        self, wanted: Wanted, now_ms: int, known: "Future[Snapshot] | None" = None
    ) -> "Future[Snapshot]":
        """The content of a window about now; pages that ask at about the same time are given the same. Fails
        as Source.read.

        known: what the page was given last, which it does not want again.
        """
        with _lock:
            self._let_go()
            shown = self._shown.get(wanted)
            if shown is None:
                shown = self._shown[wanted] = _Shown(self._journal, wanted)
            shown.asked_s = monotonic_s()
            if (fresh := shown.fresh()) is not None and fresh is not known:
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
