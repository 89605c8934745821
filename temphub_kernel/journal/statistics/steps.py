"""Readings gathered by equal steps of time: lowest, highest, total, counts and spread. Pure functions; any
thread.

Lowest, highest, total and counts are whole numbers and exact, in whatever order readings come. The spread is
the sum of the squared deviations from the mean in °C²; two steps' spreads add up by the distance of their
means.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ...core import UNITS_PER_C
from ..columns import NO_VALUE, Flags, Floats, Ints

# What stands for 'lowest' and 'highest' where no reading is good: any reading's value beats it.
NONE_LOW, NONE_HIGH = 2**62, -(2**62)


class Steps(NamedTuple):
    """Columns of one length (n,): the step `at` (a count of whole steps since 1970) of a probe, and what is
    in it.

    All are int64 but spread, float64. probe: the journal's number; lowest, highest, total: 1e-7 °C; good,
    bad: how many readings of each kind; spread: sum of the squared deviations of the good ones from their
    mean, °C². Without a good one lowest and highest mean nothing.
    """

    probe: Ints
    at: Ints
    lowest: Ints
    highest: Ints
    total: Ints
    good: Ints
    bad: Ints
    spread: Floats

    def of(self, which: "Flags | Ints | slice") -> "Steps":
        """Some of them."""
        return Steps(*(column[which] for column in self))  # type: ignore[arg-type]  # each column keeps its type

    def of_probe(self, no: int) -> "Steps":
        """Those of one probe; they are in order of probe."""
        first, end = np.searchsorted(self.probe, [no, no + 1])
        return self.of(slice(first, end))


def steps_of(probe: Ints, taken_ms: Ints, units: Ints, width_ms: int, struck: Flags) -> Steps:
    """Single readings gathered by steps of `width_ms`. struck: which are neither good nor bad; they leave a
    step that holds nothing."""
    good = (units != NO_VALUE) & ~struck
    one, value = good.astype(np.int64), np.where(good, units, 0)
    parts = Steps(
        probe,
        taken_ms // width_ms,
        np.where(good, units, NONE_LOW),
        np.where(good, units, NONE_HIGH),
        value,
        one,
        (~good & ~struck).astype(np.int64),
        np.zeros(len(units)),
    )
    if len(probe) > 2 * (np.count_nonzero(np.diff(probe)) + np.count_nonzero(np.diff(parts.at)) + 1):
        # Neighbours belong together mostly: put together first, little is left to be sorted.
        found = gathered(runs := _together(parts, probe, parts.at, slice(None)))
        # Where a step is in several runs its spread would depend, in the last digit, on what lies between.
        if len(found.at) == len(runs.at):
            return found
    return gathered(parts)


def gathered(parts: Steps, times: int = 1) -> Steps:
    """Steps put together to steps `times` as wide, by probe and time."""
    at = parts.at // times
    if not len(at):
        return parts
    order = np.lexsort((at, parts.probe))
    return _together(parts, parts.probe[order], at[order], order)


def in_their_order(parts: Steps, times: int) -> Steps:
    """The same of one probe's, which are in order of time."""
    return parts if times == 1 else _together(parts, parts.probe, parts.at // times, slice(None))


def _together(parts: Steps, probe: Ints, at: Ints, order: "Ints | slice") -> Steps:
    """Those that stand side by side in this order, and are of one step, as one. probe, at: of each, in that
    order."""
    new = np.flatnonzero(np.concatenate([[True], (np.diff(probe) != 0) | (np.diff(at) != 0)]))
    # Of readings there are many: what is a row for each is let go as soon as it is one for each step.
    length, probe, at = len(probe), probe[new], at[new]
    sums, weight = parts.total[order], parts.good[order]
    total, count = np.add.reduceat(sums, new), np.add.reduceat(weight, new)
    mean = np.repeat(total / np.maximum(count, 1), np.diff(np.append(new, length)))
    own = sums / np.maximum(weight, 1)
    apart = np.add.reduceat(parts.spread[order] + weight * ((own - mean) / UNITS_PER_C) ** 2, new)
    low, high = np.minimum.reduceat(parts.lowest[order], new), np.maximum.reduceat(parts.highest[order], new)
    return Steps(probe, at, low, high, total, count, np.add.reduceat(parts.bad[order], new), apart)


def in_order(ids: Mapping[int, str], steps: Steps, *, time_first: bool = False) -> Ints:
    """The places of steps with a good reading, by probe id (ids: that of each number) and time, or by time
    and probe id."""
    rank = np.zeros(max(ids, default=0) + 1, np.int64)
    rank[sorted(ids, key=ids.__getitem__)] = np.arange(len(ids))
    places = np.flatnonzero(steps.good > 0)
    name, at = rank[steps.probe[places]], steps.at[places]
    order: Ints = places[np.lexsort((name, at) if time_first else (at, name))]
    return order


def joined_steps(parts: list[Steps]) -> Steps:
    """Several one after the other."""
    return Steps(*(np.concatenate(column) for column in zip(*parts, strict=True)))
