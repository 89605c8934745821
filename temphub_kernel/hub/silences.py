"""Silences that nobody has seen: a probe that came back is not well again before somebody has looked.

`look` is called in one thread, now and then; `seen` in any. A probe that a rule watches for silence has its
alarm, which is kept until somebody acknowledges it, and nothing here.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from ..alarms import states
from ..core import MINUTE_MS, monotonic_s, now_ms
from ..journal import ProbeBook, Reader

EVERY_S = 10.0
# Shorter ones are a Wi-Fi's, and nobody has to be shown them.
AT_LEAST_MS = 2 * MINUTE_MS
# An invented name must not fill the memory.
MOST = 2_000


class Silences:
    """journal: where probes deliver; book: through which the silences are left for pages and programs."""

    def __init__(
        self,
        journal: Path,
        book: ProbeBook,
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._journal, self._book = journal, book
        self._every_s, self._clock = every_s, clock
        self._lock = threading.Lock()
        self._known: dict[str, states.Silence] | None = None
        # When each delivered last, and how long before that: (delivered_ms, pace_ms), 0 while not known.
        self._heard: dict[str, tuple[int, int]] = {}
        self._looked_s = -every_s

    def look(self) -> None:
        """Who has fallen silent, and who is back."""
        if monotonic_s() - self._looked_s < self._every_s or not self._journal.is_file():
            return
        self._looked_s = monotonic_s()
        with Reader(self._journal) as reader:
            heard, rules = reader.heard(), reader.rules()
            kept = reader.note(states.TOPIC)[1] if self._known is None else {}
        watched = states.Watching(one for one in rules if one.enabled and one.body["kind"] == "silent")
        told = [one for one in heard if not watched.of(one.probe_id, one.group)]
        with self._lock:
            before = states.remembered(kept) if self._known is None else self._known
            there = {one.probe_id for one in told} if before else ()
            known = {id_: one for id_, one in before.items() if id_ in there}
            for one in told:
                if one.delivered_ms:
                    self._judge(known, one.probe_id, one.delivered_ms, one.interval_ms)
            if known != self._known:
                self._known = known
                self._leave()

    def seen(self, probe_id: str) -> bool:
        """Somebody has seen a probe's silence; whether there was one."""
        with self._lock:
            known = self._known or {}
            one = known.get(probe_id)
            if one is None or one.seen_ms:
                return False
            if one.to_ms:
                del known[probe_id]
            else:
                known[probe_id] = one._replace(seen_ms=self._clock())
            self._leave()
            return True

    def _judge(self, known: dict[str, states.Silence], id_: str, delivered_ms: int, told_ms: int) -> None:
        last_ms, pace_ms = self._heard.get(id_, (0, 0))
        if delivered_ms > last_ms > 0:
            pace_ms = max(told_ms, min(delivered_ms - last_ms, states.LASTS_INTERVALS * MINUTE_MS))
        self._heard[id_] = delivered_ms, pace_ms
        one = known.get(id_)
        if one is not None and not one.to_ms:
            if delivered_ms > one.from_ms:
                if one.seen_ms:
                    del known[id_]
                else:
                    known[id_] = one._replace(to_ms=delivered_ms)
            return
        # Of one that was not heard twice since the hub began nobody knows how often it delivers.
        if pace_ms and len(known) < MOST:
            silent_ms = max(AT_LEAST_MS, states.MISSED_SILENT * max(pace_ms, told_ms))
            if self._clock() - delivered_ms > silent_ms:
                # A second one that nobody has seen either goes on from the first.
                known[id_] = states.Silence(one.from_ms if one else delivered_ms)

    def _leave(self) -> None:
        self._book.leave(states.TOPIC, {id_: list(one) for id_, one in (self._known or {}).items()})
