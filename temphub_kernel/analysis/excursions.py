"""How far and how long beyond a limit: excursions and degree-hours; and mean kinetic temperature. Any thread;
pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..core import DAY_MS, HOUR_MS, TempHubError
from ..journal import Limit, exceedance, kinetic
from . import arguments, lengths, partitions, results
from .arguments import Level
from .curve import Data, known, summed, zone_of

COLUMNS = {
    "probe_id": "probe",
    "kind": "text",
    "limit_c": "number",
    "start": "time",
    "end": "time",
    "duration": "span",
    "unseen": "span",
    "peak_c": "number",
    "mean_c": "number",
    "degree_minutes": "number",
    "begins": "text",
    "ends": "text",
}
MOST_STEPS = 1_000_000
DEGREE_COLUMNS = {
    "probe_id": "probe",
    "kind": "text",
    "base_c": "number",
    "start": "time",
    "end": "time",
    "degree_hours": "number",
    "degree_days": "number",
    "hours": "number",
}
KINETIC_COLUMNS = {
    "probe_id": "probe",
    "mkt_c": "number",
    "mean_c": "number",
    "hours": "number",
    "readings": "count",
}


def excursions(
    data: Data,
    *,
    above: Level = None,
    below: Level = None,
    at_least: lengths.Span = "0s",
    gap: lengths.Span | None = None,
) -> pd.DataFrame:
    """Times above (or below) a limit that last `at_least` so long, one row each, by probe and time.

    probe_id, kind (`above`, `below`), limit_c in °C; start, end: where the straight line between readings
    crosses the limit; duration: end − start; unseen: the part of it inside gaps, of which nothing is known;
    peak_c: the reading farthest beyond; mean_c: mean over the time seen, in °C; degree_minutes: area beyond
    the limit over the time seen, in K·min. begins, ends: `crossing`, or honestly `gap` or `data` where the
    readings stop while the limit is passed, so that it may have been longer. Beyond the limit before and
    after a gap it is one excursion: a gap cannot hide one. above, below: one limit for all, or one a probe by
    its id or name: `above={"Fridge": 8, "Freezer": -15}`; a probe without one is left out. data: what `load`
    gives (wide, tidy or means), or a Series in °C; or what `scan` gives, which is gone through partition by
    partition, with a column `site` in the result where it has one; gap: the longest pause across which
    readings are joined, 3 of the probe's usual intervals without it. Raises TempHubError for limits, lengths
    or frames that are none.
    """
    shortest = lengths.span_ms(at_least, "at_least", least_ms=0)
    parts = [
        _shown(place, limit, found)
        for place, passed in summed(data, gap, _limited(data, above, below, _Passing))
        for limit, found in zip(passed.limits, passed.found, strict=True)
        if found is not None
    ]
    found = results.table(parts, {**partitions.site_of(data), **COLUMNS}, zone_of(data))
    long = found[found["duration"] >= pd.Timedelta(shortest, "ms")]
    return long.sort_values(_order(data, "start", "kind"), ignore_index=True)


def _order(data: Data, *behind: str) -> list[str]:
    return [*partitions.site_of(data), "probe_id", *behind]


def _limited(
    data: Data, above: Level, below: Level, make: Callable[[tuple[Limit, ...]], Any]
) -> Callable[[list[str]], partitions.Question]:
    """What is asked of each probe that has a limit: `make` of its limits."""

    def ask(ids: list[str]) -> partitions.Question:
        if partitions.is_lazy(data):
            return _limited_lazy(data, above, below, make)
        asked = arguments.limits(above, below, known(data, ids))
        made = {partitions.Place("", id_): make(tuple(some)) for id_, some in asked.items() if some}
        return partitions.Question(None, made)

    return ask


def _limited_lazy(
    data: partitions.Lazy, above: Level, below: Level, make: Callable[[tuple[Limit, ...]], Any]
) -> partitions.Question:
    given = {text for level in (above, below) for text in arguments.probes_of(level)}
    if not given:
        # One for all: nobody need be known for it.
        return partitions.Question(make(tuple(arguments.limits(above, below, [{"id": ""}])[""])))
    made: dict[partitions.Place, Any] = {}
    probes = partitions.who(data)
    everybody = [{"id": place.probe_id, "name": who.name} for place, who in probes.items()]
    for site in sorted({place.site for place in probes}):
        # A name means the probe that is called so there.
        here = [one for one, place in zip(everybody, probes, strict=True) if place.site == site]
        upper, lower = (arguments.level_among(level, here) for level in (above, below))
        given -= {text for level in (upper, lower) for text in arguments.probes_of(level)}
        if upper is not None or lower is not None:
            asked = arguments.limits(upper, lower, here)
            made |= {partitions.Place(site, id_): make(tuple(some)) for id_, some in asked.items() if some}
    if given:
        # Refused as of any frame.
        arguments.limits(dict.fromkeys(given, 0.0), None, everybody)
    return partitions.Question(None, made)


class _Passed(NamedTuple):
    """The times beyond each limit."""

    limits: tuple[Limit, ...]
    found: tuple[exceedance.Excursions | None, ...]

    def joined(self, later: _Passed) -> _Passed:
        """Of two lines that share a reading."""
        return _Passed(
            self.limits,
            tuple(
                one.joined(other, limit) if one is not None and other is not None else one or other
                for limit, one, other in zip(self.limits, self.found, later.found, strict=True)
            ),
        )


@dataclass(frozen=True)
class _Passing:
    limits: tuple[Limit, ...]

    def of(self, line: exceedance.Line) -> _Passed:
        return _Passed(self.limits, tuple(exceedance.excursions_of(line, limit) for limit in self.limits))


def _shown(
    place: partitions.Place, limit: Limit, found: exceedance.Excursions
) -> dict[str, results.Array | str | float]:
    count = len(found.start_ms)
    return {
        "site": np.full(count, place.site, object),
        "probe_id": np.full(count, place.probe_id, object),
        "kind": np.full(count, limit.kind, object),
        "limit_c": np.full(count, limit.celsius),
        "start": found.start_ms,
        "end": found.end_ms,
        "duration": np.rint(found.end_ms) - np.rint(found.start_ms),
        "unseen": found.unseen_ms,
        "peak_c": found.peak_c,
        "mean_c": found.mean_c,
        "degree_minutes": found.degree_minutes,
        "begins": found.begins,
        "ends": found.ends,
    }


def degree_hours(
    data: Data,
    *,
    above: Level = None,
    below: Level = None,
    every: lengths.Span | None = None,
    gap: lengths.Span | None = None,
) -> pd.DataFrame:
    """Degree-hours above (cooling) or below (heating) a base in °C, for each probe, whole or in steps.

    degree_hours in K·h: the exact area between the base and the straight lines through the readings (a
    trapezoid, a triangle where the base is crossed), so a cut anywhere changes no sum. degree_days =
    degree_hours / 24 in K·d: the integral from which the other, coarser ways (daily means, daily extremes)
    are estimates (CIBSE TM41:2006, Degree-days: theory and application). hours: time that was measured;
    across a gap nothing is added. every: a step such as "1D" (the data's local days, also those of 23 and 25
    hours), "1h", "MS"; start and end are then the step's, else those of the readings. Steps not measured are
    left out. above, below, data, gap: as for `excursions`. Raises TempHubError for limits, steps or frames
    that are none.
    """
    zone = zone_of(data)
    says, remedy = (
        "is no step it can be, so nothing was worked out",
        'Give a step of at least a minute, such as "1h", "1D" or "MS" (months).',
    )
    step = (
        None
        if every is None
        else lengths.step_of(every, least=timedelta(minutes=1), says=says, remedy=remedy)
    )
    ask = _limited(data, above, below, lambda some: _Degrees(some, step, zone))
    parts = [
        _steps_of(place, areas, which)
        for place, areas in summed(data, gap, lambda ids: _anchored(ask(ids), data, step))
        for which in range(len(areas.limits))
    ]
    return results.table(parts, {**partitions.site_of(data), **DEGREE_COLUMNS}, zone)


def _anchored(question: partitions.Question, data: Data, step: BaseOffset | None) -> partitions.Question:
    """With the day that steps are counted from where each partition would count them otherwise."""
    if not partitions.is_lazy(data) or step is None or lengths.is_of_the_day(step):
        return question
    return partitions.Question(
        None,
        {
            place: replace(question.of(place), anchor_ms=who.first_ms)
            for place, who in partitions.who(data).items()
            if who.first_ms is not None and question.of(place) is not None
        },
    )


class _Areas(NamedTuple):
    """Of a line: for each step from `start` to `end` (ms) the areas beyond each limit in K·ms, a row a limit,
    and the ms that were measured. longest: of how many steps there may be."""

    limits: tuple[Limit, ...]
    start: results.Array
    end: results.Array
    area: results.Array
    held: results.Array
    step: BaseOffset | None

    def joined(self, later: _Areas) -> _Areas:
        """Of two lines that share a reading."""
        if self.step is None:
            return self._replace(end=later.end, area=self.area + later.area, held=self.held + later.held)
        _check_steps(self.step, int(self.start[0]), int(later.end[-1]))
        start, place = np.unique(np.r_[self.start, later.start], return_inverse=True)
        end = np.zeros(len(start), np.int64)
        end[place] = np.r_[self.end, later.end]
        area = np.c_[self.area, later.area]
        return self._replace(
            start=start,
            end=end,
            area=np.array([np.bincount(place, row, len(start)) for row in area]),
            held=np.bincount(place, np.r_[self.held, later.held], len(start)),
        )


@dataclass(frozen=True)
class _Degrees:
    limits: tuple[Limit, ...]
    step: BaseOffset | None
    zone: tzinfo
    # A moment of the day that steps are counted from; None: of the first reading.
    anchor_ms: int | None = None

    def of(self, line: exceedance.Line) -> _Areas:
        edges = line.ms[[0, -1]] if self.step is None else self._edges(line, self.step)
        line = _cut(line, edges)
        steps = max(len(edges) - 1, 1)
        place = np.clip(np.searchsorted(edges, line.ms[:-1], "right") - 1, 0, steps - 1)
        areas = [
            exceedance.beyond(limit.excess(line.celsius), line.ms, line.whole)[1] for limit in self.limits
        ]
        return _Areas(
            self.limits,
            edges[:-1],
            edges[1:],
            np.array([np.bincount(place, area, steps) for area in areas]),
            np.bincount(place, np.diff(line.ms) * line.whole, steps),
            self.step,
        )

    def _edges(self, line: exceedance.Line, step: BaseOffset) -> results.Array:
        first, last = line.ms[[0, -1]].tolist()
        _check_steps(step, first, last)
        anchor_ms = self.anchor_ms
        if anchor_ms is None and not lengths.is_of_the_day(step):
            edges = _edges_about(step, self.zone, first, first, last)
        else:
            # By whole days: the probes of a partition, and those beside it, have the same.
            first_day, last_day = first // DAY_MS * DAY_MS, (last // DAY_MS + 1) * DAY_MS
            anchor_ms = first_day if anchor_ms is None else anchor_ms
            edges = _edges_about(step, self.zone, anchor_ms, first_day, last_day)
        begin, end = np.searchsorted(edges, [first, last], side="right").tolist()
        return edges[begin - 1 : end + 1]


@lru_cache(maxsize=256)
def _edges_about(step: BaseOffset, zone: tzinfo, anchor_ms: int, first: int, last: int) -> results.Array:
    """Of all steps that hold [first, last], to the end of the last one and farther."""
    beyond = last + 2 * _width_ms(step) + DAY_MS
    return lengths.wall_steps(step, zone, anchor_ms, first, beyond).edges(first, beyond)


def _width_ms(step: BaseOffset) -> int:
    return lengths.usual_length(step) // timedelta(milliseconds=1)


def _check_steps(step: BaseOffset, first: int, last: int) -> None:
    if (last - first) / _width_ms(step) > MOST_STEPS:
        raise TempHubError(
            f"Steps of {step.freqstr} over that time would be more than {MOST_STEPS:,} rows.",
            "Choose a longer step.",
            code="too_many_steps",
        )


def _steps_of(place: partitions.Place, areas: _Areas, which: int) -> dict[str, results.Array]:
    limit, hours = areas.limits[which], areas.held / HOUR_MS
    kept = np.flatnonzero((hours > 0) | (areas.step is None))
    total = areas.area[which][kept] / HOUR_MS
    return {
        "site": np.full(len(kept), place.site, object),
        "probe_id": np.full(len(kept), place.probe_id, object),
        "kind": np.full(len(kept), limit.kind, object),
        "base_c": np.full(len(kept), limit.celsius),
        "start": areas.start[kept],
        "end": areas.end[kept],
        "degree_hours": total,
        "degree_days": total / 24,
        "hours": hours[kept],
    }


def _cut(line: exceedance.Line, edges: results.Array) -> exceedance.Line:
    """The same line with a point on it at each edge that no gap holds."""
    inside = edges[(edges > line.ms[0]) & (edges < line.ms[-1])]
    place = np.searchsorted(line.ms, inside)
    # One that falls on a reading cuts there by itself.
    new = line.whole[place - 1] & (line.ms[place] != inside)
    inside, place = inside[new], place[new]
    celsius = np.insert(line.celsius, place, np.interp(inside, line.ms, line.celsius))
    return exceedance.Line(np.insert(line.ms, place, inside), celsius, np.insert(line.whole, place, True))


def mean_kinetic_temperature(
    data: Data, *, delta_h: float = kinetic.DELTA_H, gap: lengths.Span | None = None
) -> pd.DataFrame:
    """The constant temperature that would have done as much harm as the one measured, for each probe, in °C.

    mkt_c = (ΔH/R) / −ln(mean of exp(−ΔH/(R·T))), T in K (Haynes, J. Pharm. Sci. 60 (1971) 927; USP <1079.2>,
    formerly <1160>). The mean is one over time, by the trapezoidal rule, so uneven intervals count by their
    length (Tong & Lock, JSM 2015); across a gap nothing is added, and readings that stand alone count alike.
    delta_h: activation energy in kJ/mol. mean_c: the plain mean over the same time, never above mkt_c; hours:
    time that was measured; readings: how many good ones. USP means it for the last 30 days at controlled room
    temperature, the last 24 h at 2–8 °C; it says nothing about frozen goods. data, gap: as for `excursions`.
    Raises TempHubError for a delta_h that is none, or a frame of another shape.
    """
    if not isinstance(delta_h, int | float) or not math.isfinite(delta_h) or delta_h <= 0:
        raise TempHubError(
            f"delta_h is {delta_h!r}, which is no activation energy.",
            f"Give it in kJ/mol; the usual value is {kinetic.DELTA_H}.",
            code="bad_delta_h",
        )
    question = partitions.Question(_Harming(delta_h))
    parts = [
        {
            "site": place.site,
            "probe_id": place.probe_id,
            "mkt_c": harm.kinetic_c,
            "mean_c": harm.mean_c,
            "hours": harm.held / HOUR_MS,
            "readings": harm.readings,
        }
        for place, harm in summed(data, gap, lambda _: question)
    ]
    return results.table(parts, {**partitions.site_of(data), **KINETIC_COLUMNS}, zone_of(data))


@dataclass(frozen=True)
class _Harming:
    delta_h: float

    def of(self, line: exceedance.Line) -> kinetic.Harm:
        return kinetic.harm_of(line, self.delta_h)
