"""Counts what came, for the console: the first delivery of each probe, and one line a minute. Endpoint thread only."""

import asyncio
import logging

from ..base.reading import board_of
from ..journal import Outcome

log = logging.getLogger(__name__)
EVERY_S = 60.0
# A stranger may deliver under any number of names; who was first is then said again.
MOST = 4096
# In a minute; more than that is somebody who makes names up.
MOST_FIRST = 300


class Hits:
    """Since the last line: `probes` that delivered, readings stored, requests refused, questions to the API."""

    def __init__(self) -> None:
        self._probes: set[str] = set()
        self._known: dict[str, None] = {}
        self._firsts = 0
        self._stored = 0
        self.refused = 0
        self.calls = 0

    def stored(self, probe_id: str, outcome: Outcome) -> None:
        """A delivery was committed."""
        if outcome.stored:
            self._stored += outcome.stored
            if probe_id not in self._probes:
                self._first(probe_id)

    def _first(self, probe_id: str) -> None:
        """The first of this minute, perhaps the first of all."""
        if len(self._probes) < MOST:
            self._probes.add(probe_id)
        board = board_of(probe_id)
        if board not in self._known:
            self._known[board] = None
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            self._firsts += 1
            if self._firsts <= MOST_FIRST:
                log.info("%s delivers: its first readings are stored", board)

    def line(self) -> str:
        """`12 probes: 360 readings, 0 refused; 3 API calls` since it was last asked for; empty when nothing happened."""
        probes, stored, refused, calls = len(self._probes), self._stored, self.refused, self.calls
        self._probes.clear()
        self._stored = self.refused = self.calls = self._firsts = 0
        if not (stored or refused or calls):
            return ""
        return f"{_many(probes, 'probe')}: {_many(stored, 'reading')}, {refused} refused; {_many(calls, 'API call')}"

    async def tell(self, every_s: float = EVERY_S) -> None:
        """Says the line again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if line := self.line():
                log.info("%s", line)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
