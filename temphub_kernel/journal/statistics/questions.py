"""What a moment of the journal tells of many readings: steps, how long limits were passed, figures. The
connection's thread."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ...core import DAY_MS
from ..columns import NO_VALUE, Floats, Ints, chosen
from ..effective import counted
from ..moment import Moment
from . import aggregates, exceedance, time_weights
from .calendar import Calendar, pieces
from .figures import Figures, Known, figures
from .hourly import Most
from .steps import Steps, joined_steps

VALUES = ("probe", "taken_ms", "units", "quality")
# So much time is gathered at once.
PIECE_MS = 365 * DAY_MS


def steps(moment: Moment, roots: Sequence[int], from_ms: int, to_ms: int, width_ms: int) -> Steps:
    """Steps of what counts as these probes: see Reader.steps."""
    numbers = moment.all_of(roots)
    return aggregates.steps(
        moment.db, moment.stored, moment.merged, numbers, from_ms, to_ms, width_ms, moment.done
    )


def calendar_steps(
    moment: Moment, roots: Sequence[int], from_ms: int, to_ms: int, calendar: Calendar
) -> tuple[Steps, Floats, Floats]:
    """(steps, mean over time of each, how long they hold): see Reader.calendar_steps."""
    parts, found = [], []
    for low, high in pieces(calendar, from_ms, to_ms, PIECE_MS):
        for root in roots:
            part, *told = time_weights.over_time(partial(steps, moment, (root,)), calendar, low, high)
            parts.append(part)
            found.append(told)
    if not parts:
        return steps(moment, roots, 0, 0, 1), np.empty(0), np.empty(0)
    means, held = (np.concatenate(column) for column in zip(*found, strict=True))
    return joined_steps(parts), means, held


def beyond(
    moment: Moment, root: int, from_ms: int, to_ms: int, limits: Sequence[exceedance.Limit]
) -> exceedance.Beyond | None:
    """How long a probe was beyond each limit, None without a good reading: see Reader.beyond."""
    ask, read = partial(steps, moment, (root,)), partial(_values, moment, root)
    return exceedance.time_beyond(ask, read, from_ms, to_ms, limits)


def figures_of(
    moment: Moment, ids: dict[int, str], from_ms: int, to_ms: int, known: Known, most: Most
) -> dict[str, Figures]:
    """What each of these probes has: see Reader.figures."""
    everything = moment.stored.about(from_ms, to_ms, moment.done)
    return figures(
        partial(steps, moment), partial(_good, moment), ids, from_ms, to_ms, everything, known, most
    )


def _values(moment: Moment, root: int, from_ms: int, to_ms: int) -> tuple[Ints, Floats]:
    batch = moment.taken(from_ms, to_ms, moment.all_of((root,)), VALUES)
    columns = counted(moment.db, moment.ids(), chosen(batch, np.argsort(batch["taken_ms"], kind="stable")))
    return columns.taken_ms, columns.celsius


def _good(moment: Moment, roots: Sequence[int], from_ms: int, to_ms: int) -> tuple[Ints, Ints, Ints]:
    columns = counted(moment.db, moment.ids(), moment.taken(from_ms, to_ms, moment.all_of(roots), VALUES))
    good = np.flatnonzero(columns.units != NO_VALUE)
    good = good[np.lexsort((columns.taken_ms[good], columns.probe[good]))]
    return columns.probe[good], columns.taken_ms[good], columns.units[good]
