"""When readings were taken, by their probe's own count of milliseconds. Endpoint thread only.

A probe has no clock, but it counts, and says with what it sends where its count stands (`sent_ms`): in a delivery, a hello, its /status.
Each of these can only arrive late, so the quickest of them tells best when its count began. All readings of a boot are dated by that:
they keep the probe's own distances, however long each delivery was under way (a cable out, Wi-Fi gone and TCP delivers it a minute later,
a hub that is busy). Only what comes before anything quick was heard may be dated late, by as long as it was under way.
"""

import math
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..base.clock import HOUR_MS
from ..base.reading import board_of

# A probe's crystal against the hub's clock: what was heard grows old at this rate.
DRIFT = 200e-6
# TCP gives up long before; a larger jump means that the probe's count began anew.
LONGEST_MS = HOUR_MS
# So long a probe of ours waits for an answer. What was under way for longer is one reading out of place rather than many drawn together.
GRADUAL_MS = 5_000
# First and last readings of so many deliveries.
MOST_MARKS = 16
LITTLE_MS = 100
MAX_BOOTS = 4096


@dataclass(slots=True)
class _Count:
    """One boot's count. began_ms: when it was 0, by the quickest word so far, which came at heard_ms. Moments are the hub's.

    marks: (count, moment) of readings that were dated, in order; what is dated after them stays in order with them.
    """

    began_ms: float
    heard_ms: float
    marks: list[tuple[int, float]] = field(default_factory=list)

    def hear(self, count: int, now_ms: float) -> None:
        """Its count stood here, or was beyond it already."""
        delay = now_ms - count - self._began(now_ms)
        if not 0 < delay < LONGEST_MS:
            self.began_ms, self.heard_ms = now_ms - count, now_ms
            # A little at a time comes to nothing while so few marks are kept.
            if not -LITTLE_MS < delay <= 0:
                self.marks = [one for one in self.marks if delay < LONGEST_MS and one[1] - one[0] - self.began_ms < GRADUAL_MS]

    def moment(self, count: int, sent: int, now_ms: float) -> float:
        """When it stood there, of what was sent at a later count and came now; never after now."""
        moment, marks, next_count, next_ms = count + self._began(now_ms), self.marks, sent, now_ms
        # As a rule it is newer than all before.
        at = len(marks)
        if at and count <= marks[-1][0]:
            at = bisect_left(marks, (count, -math.inf))
            next_count, next_ms = marks[at]
        if at:
            last_count, last_ms = marks[at - 1]
            if moment < last_ms + (count - last_count) / 2:
                # Dated too late, before something quicker was heard: from there at a slower pace until it is right again.
                pace = min(0.5, (next_ms - last_ms) / (next_count - last_count))
                moment = max(moment, last_ms + (count - last_count) * pace)
        return moment if moment < next_ms else next_ms

    def mark(self, count: int, moment: float) -> None:
        """A reading was dated."""
        marks, one = self.marks, (count, moment)
        if not marks or count > marks[-1][0]:
            marks.append(one)
        elif marks[at := bisect_left(marks, (count, -math.inf))][0] != count:
            marks.insert(at, one)
        if len(marks) > MOST_MARKS:
            del marks[0]

    def _began(self, now_ms: float) -> float:
        return self.began_ms + (now_ms - self.heard_ms) * DRIFT


class Transit:
    """Remembers when each probe's count of this boot began. Moments: milliseconds of a clock that never steps."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def hear(self, probe_id: str, boot: str, count: int, now_ms: float) -> None:
        """A probe said where its count stands, outside a delivery."""
        self._count(probe_id, boot, count, now_ms).hear(count, now_ms)

    def begin(self, probe_id: str, boot: str, count: int, now_ms: float) -> None:
        """The same from a word that anybody in the network may have made up: it counts for a boot of which nothing was heard."""
        if (probe_id, boot) not in self._counts:
            self.hear(probe_id, boot, count, now_ms)

    def moments(self, probe_id: str, boot: str, sent_ms: int, ages_ms: Iterable[int], now_ms: float) -> list[float]:
        """When the readings of a delivery were taken whose ages were these when the probe's count stood at `sent_ms`."""
        known = self._count(probe_id, boot, sent_ms, now_ms)
        known.hear(sent_ms, now_ms)
        counts = [sent_ms - age_ms for age_ms in ages_ms]
        moments = [known.moment(count, sent_ms, now_ms) for count in counts]
        first, last = min(counts), max(counts)
        known.mark(first, moments[counts.index(first)])
        if last != first:
            known.mark(last, moments[counts.index(last)])
        return moments

    def _count(self, probe_id: str, boot: str, count: int, now_ms: float) -> _Count:
        known = self._counts.pop((probe_id, boot), None)
        if known is None:
            # A board's sensors deliver under names of their own; the board speaks for all of them.
            board = self._counts.get((board_of(probe_id), boot))
            known = _Count(board.began_ms, board.heard_ms) if board else _Count(now_ms - count, now_ms)
            if len(self._counts) >= MAX_BOOTS:
                self._counts.popitem(last=False)
        self._counts[probe_id, boot] = known
        return known
