"""A probe's good readings as two arrays, whatever frame they came in, and where nothing is known between
them. Any thread; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timezone, tzinfo
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core import TempHubError
from ..journal import exceedance
from . import lengths, partitions, results

Data = pd.DataFrame | pd.Series


class Curve(NamedTuple):
    """One probe's good readings by time. `ms`: rising milliseconds since 1970, each once; `celsius`;
    `whole[k]`: no gap between reading k and k + 1."""

    probe_id: str
    ms: results.Array
    celsius: results.Array
    whole: results.Array


def curves(data: Data, gap: lengths.Span | None = None) -> list[Curve]:
    """The curve of each probe in `data`, by id.

    data: what `load` gives (wide, tidy, or tidy means) or a Series in °C with a time-zone aware index.
    Readings without a value are left out; several at one moment count as their mean (Tong & Lock, JSM 2015).
    gap: the longest pause across which readings are still joined; default: 3 times the probe's own median
    interval at that place. Raises TempHubError for a frame of another shape.
    """
    longest = None if gap is None else lengths.span_ms(gap, "gap")
    return [_curve(probe_id, ms, celsius, longest) for probe_id, ms, celsius in _parts(data)]


def summed(
    data: Data, gap: lengths.Span | None, ask: Callable[[list[str]], partitions.Question]
) -> Iterator[tuple[partitions.Place, Any]]:
    """What the line of each probe comes to, by site and id; of a lazy frame partition by partition.

    data, gap: as for `curves`, or what `scan` gives. ask: what is asked, once the ids of the probes are known
    (of a lazy frame they are not). Raises TempHubError.
    """
    if partitions.is_lazy(data):
        longest = None if gap is None else lengths.span_ms(gap, "gap")
        for place, _, found in partitions.reduced(data, ask([]).about_lines(longest)):
            yield place, found
        return
    found_curves = curves(data, gap)
    question = ask([curve.probe_id for curve in found_curves])
    for curve in found_curves:
        place = partitions.Place("", curve.probe_id)
        summary = question.of(place)
        if summary is not None and len(curve.ms):
            yield place, summary.of(exceedance.Line(curve.ms, curve.celsius, curve.whole))


def known(data: Data, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Each probe of a frame by what the frame calls it, with the id or the name that it has in the journal,
    if the frame knows."""
    names = data.attrs.get("names", {}) if isinstance(data, pd.DataFrame | pd.Series) else {}
    of_name = {name: id_ for id_, name in names.items()}
    found = {id_: {"id": id_, "name": names.get(id_), "also": [of_name.get(id_, id_)]} for id_ in ids}
    # A probe of the journal that did not measure meanwhile is none that nobody knows.
    absent = {id_: name for id_, name in names.items() if id_ not in found and name not in found}
    return [*found.values(), *({"id": id_, "name": name} for id_, name in absent.items())]


def zone_of(data: Data) -> tzinfo:
    """The time zone its times are in. Raises TempHubError when they have none."""
    if partitions.is_lazy(data):
        return partitions.zone_of(data)
    if not isinstance(data, pd.DataFrame | pd.Series):
        return timezone.utc
    times = data["time"] if isinstance(data, pd.DataFrame) and "time" in data else data.index
    zone = getattr(times.dtype, "tz", None)
    if zone is None:
        if not len(data):
            return timezone.utc
        raise _unfit(data, "its times have no time zone")
    assert isinstance(zone, tzinfo)
    return zone


def _curve(probe_id: str, ms: results.Array, celsius: results.Array, longest_ms: int | None) -> Curve:
    return Curve(probe_id, *exceedance.line_of(ms, celsius, longest_ms))


def _parts(data: Data) -> Iterator[tuple[str, results.Array, results.Array]]:
    if not isinstance(data, pd.DataFrame | pd.Series):
        raise TempHubError(
            f"{data!r} is a {type(data).__name__} and no frame of readings, so it cannot be analysed.",
            'Give readings first: readings = th.load("Fridge", start="-7d", tidy=True).',
            code="bad_frame",
        )
    zone_of(data)
    if isinstance(data, pd.Series):
        yield str(data.name or "temperature"), results.milliseconds(_index(data)), _numbers(data, data)
    elif "time" in data:
        yield from _tidy(data)
    elif len(data.columns):
        ms = results.milliseconds(_index(data))
        for place, name in enumerate(data.columns):
            yield str(name), ms, _numbers(data.iloc[:, place], data)


def _tidy(data: pd.DataFrame) -> Iterator[tuple[str, results.Array, results.Array]]:
    value = next((name for name in ("temperature_c", "mean_c") if name in data), None)
    if value is None or "probe_id" not in data:
        raise _unfit(data, "it has no columns probe_id and temperature_c")
    ms, celsius = results.milliseconds(pd.DatetimeIndex(data["time"])), _numbers(data[value], data)
    probes = pd.Categorical(data["probe_id"])
    order = np.argsort(probes.codes, kind="stable")
    ends = np.searchsorted(probes.codes[order], np.arange(len(probes.categories) + 1))
    for number, probe_id in enumerate(probes.categories):
        rows = order[ends[number] : ends[number + 1]]
        if len(rows):
            yield str(probe_id), ms[rows], celsius[rows]


def _index(data: Data) -> pd.DatetimeIndex:
    if not isinstance(data.index, pd.DatetimeIndex) and len(data):
        raise _unfit(data, "its index holds no times")
    return pd.DatetimeIndex(data.index)


def _numbers(values: pd.Series, data: Data) -> results.Array:
    try:
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise _unfit(data, f"column {values.name!r} holds no numbers") from error


def _unfit(data: Data, why: str) -> TempHubError:
    shape = (
        f"columns {', '.join(map(str, data.columns[:6]))}"
        if isinstance(data, pd.DataFrame)
        else f"name {data.name!r}"
    )
    return TempHubError(
        f"A {type(data).__name__} with {shape} cannot be analysed: {why}.",
        "Use what th.load() gives, or a Series in °C whose index is made of times with a time zone "
        "(tz_localize).",
        code="bad_frame",
    )
