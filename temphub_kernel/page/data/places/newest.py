"""What each probe of all places measured last, read one by one. The asking thread.

Three minutes of ten thousand probes at two seconds are a million readings. So what may have come since the
last question is asked for, as far back as places are behind, and all three minutes once a minute: what came
later than its place's other readings, and what was struck out or corrected, is seen then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ....core import MINUTE_MS, monotonic_s
from ....engines import READINGS, Engine, Series, match, series_of

Key = tuple[str, str]
# When, °C or None, what is the matter.
Reading = tuple[int, float | None, str | None]
NEWEST_MS = 3 * MINUTE_MS
AHEAD_MS = MINUTE_MS
WHOLE_EVERY_S = 60.0
# From so long before the last question is asked again: what was on its way then, of a probe that gathers.
AGAIN_MS = 30_000


class Last(NamedTuple):
    """A probe's newest reading; pace_ms: how often it is seen to measure, 0 for not known or not looked
    for."""

    reading: Reading
    pace_ms: int = 0


class Newest:
    """Asks one engine; keeps what it found."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._found: dict[Key, Last] = {}
        self._revisions: Mapping[Key, int] = {}
        self._asked_ms, self._whole_s, self._behind_ms = 0, float("-inf"), 0

    def ask(
        self,
        now: int,
        shares: Callable[[], Iterable[set[str] | None]],
        revisions: Mapping[Key, int],
        intervals: Callable[[Key], int],
    ) -> Mapping[Key, Last]:
        """Of the last three minutes. shares: the places that one question is about, one after the other;
        revisions: those that count; intervals: how often a probe was told to measure, 0 where nobody told it.
        Raises TempHubError."""
        began_s, first_ms = monotonic_s(), now - NEWEST_MS
        since_ms = max(first_ms, self._asked_ms - self._behind_ms - AGAIN_MS)
        found: dict[Key, Last] | None = None
        # By a clock that was set back nothing has come since.
        if began_s - self._whole_s < WHOLE_EVERY_S and revisions == self._revisions and now >= self._asked_ms:
            news = self._read(shares(), since_ms, now, revisions, intervals)
            found = self._followed(news, since_ms)
        if found is None:
            found = self._read(shares(), first_ms, now, revisions, intervals)
            self._whole_s, self._behind_ms = began_s, _behind(found, now, intervals)
        self._found, self._asked_ms, self._revisions = found, now, revisions
        return found

    def _followed(self, news: dict[Key, Last], since_ms: int) -> dict[Key, Last] | None:
        """What was known before with what is there since; None where something of that is there no more."""
        found = {key: one for key, one in self._found.items() if key not in news}
        if any(one.reading[0] >= since_ms for one in found.values()):
            return None
        for key, one in news.items():
            known = self._found.get(key)
            found[key] = one if known is None else one._replace(pace_ms=known.pace_ms or one.pace_ms)
        return found

    def _read(
        self,
        shares: Iterable[set[str] | None],
        from_ms: int,
        now: int,
        revisions: Mapping[Key, int],
        intervals: Callable[[Key], int],
    ) -> dict[Key, Last]:
        found: dict[Key, Last] = {}
        for share in shares:
            for piece in self._engine.pieces(match(READINGS, sites=share), from_ms, now + AHEAD_MS):
                for one in series_of(piece, revisions):
                    if len(one.taken_ms):
                        key = one.site, one.probe_id
                        found[key] = _later(found.get(key), _last(one, seen=not intervals(key)))
        return found


def _last(one: Series, *, seen: bool) -> Last:
    """seen: whether its pace has to be seen in its readings."""
    celsius = float(one.celsius[-1])
    value = None if celsius != celsius else celsius
    quality = (one.quality[-1] or "missing") if value is None else None
    pace_ms = int(np.median(np.diff(one.taken_ms))) if seen and len(one.taken_ms) > 2 else 0
    return Last((int(one.taken_ms[-1]), value, quality), pace_ms)


def _later(before: Last | None, one: Last) -> Last:
    """Of two stretches of time."""
    if before is None:
        return one
    last = one if one.reading[0] >= before.reading[0] else before
    return last._replace(pace_ms=before.pace_ms or one.pace_ms)


def _behind(found: Mapping[Key, Last], now: int, intervals: Callable[[Key], int]) -> int:
    """How long the readings of some place take to get here, beyond the pace of the most prompt of its
    probes."""
    least: defaultdict[str, list[int]] = defaultdict(list)
    for key, one in found.items():
        if pace_ms := intervals(key) or one.pace_ms:
            least[key[0]].append(now - one.reading[0] - pace_ms)
    return max((0, *(min(late) for late in least.values())))
