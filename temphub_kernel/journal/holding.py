"""How long each reading holds, so that a mean is one over time and not over readings. Any thread; pure.

A reading holds until the probe's next one. A pause of more than three usual intervals is a gap: the reading before it, like the newest
of all, holds for one usual interval. Usual is the median of the five intervals about that place, so a probe told another interval has
another pace at once. What has no neighbour within a day holds a millisecond: alone it is the mean, beside others it counts for nothing.
At an even pace the mean over time is the mean of the readings.
"""

import numpy as np

from ..base.clock import DAY_MS
from .columns import Ints

GAP_PACES = 3
ABOUT = 2
# So many readings before one and behind it tell how long it holds.
BEFORE, BEHIND = ABOUT, ABOUT + 1
LONGEST_MS = DAY_MS
LONE_MS = 1
# No interval: sorts behind all that are.
NONE_MS = 2**62


def holds(probe: Ints, at_ms: Ints, readings: "Ints | None" = None, width_ms: int = 0) -> Ints:
    """How long each of some good readings holds, in ms, at least 1. They are in order of probe and time.

    With `readings` they are steps of width_ms that hold so many each, which count for as many usual intervals.
    """
    if not len(at_ms):
        return np.empty(0, np.int64)
    count = np.ones(len(at_ms), np.int64) if readings is None else np.maximum(readings, 1)
    pause = np.append(np.diff(at_ms), NONE_MS)
    joined = np.append(np.diff(probe) == 0, False) & (pause <= max(LONGEST_MS, GAP_PACES * width_ms))
    pace = np.where(joined, pause // count, NONE_MS)
    # Without a pause of a day between them they are of one run; a neighbour of another run tells nothing.
    run = np.concatenate([[0], np.cumsum(~joined)[:-1]])
    around = np.full((2 * ABOUT + 1, len(pause)), NONE_MS, np.int64)
    for row, shift in enumerate(range(-ABOUT, ABOUT + 1)):
        mine, other = slice(max(-shift, 0), len(pause) - max(shift, 0)), slice(max(shift, 0), len(pause) - max(-shift, 0))
        around[row, mine] = np.where(run[mine] == run[other], pace[other], NONE_MS)
    around.sort(axis=0)
    known = (around < NONE_MS).sum(axis=0)
    usual = np.where(known > 0, around[np.maximum(known - 1, 0) // 2, np.arange(len(pause))], LONE_MS)
    # Of a step that holds several it is not known when the first and the last were taken.
    single = (count == 1) & np.append(count[1:] == 1, True)
    whole = joined & single & (pause <= GAP_PACES * usual)
    found: Ints = np.maximum(np.where(whole, pause, count * usual), LONE_MS)
    return found
