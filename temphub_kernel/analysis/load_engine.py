"""Readings of many places as frames of pandas and, stretch by stretch of time, of polars, from the engine to
which their hubs forward. Any thread; polars asks from threads of its own, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..engines import Readings, Series
from . import columns, results

if TYPE_CHECKING:
    import polars as pl


# What a reading takes beside the stretch that it came in: the whole of its probe, and the frame.
BYTES_EACH = 64
FEWER = (
    "Load a shorter time or some of the probes, or go through all with th.scan(source=…), which holds one "
    "stretch of time at once."
)


def load(
    source: str,
    probe: str | Iterable[str] | None,
    span: tuple[int, int],
    zone: tzinfo,
    *,
    tidy: bool,
    raw: bool,
) -> pd.DataFrame:
    """As `load.load`, with the place beside each probe: columns (site, probe_id), or a column site. Raises
    TempHubError."""
    wanted = None if probe is None else {probe} if isinstance(probe, str) else set(probe)
    found = _whole(_gathered(Readings(source, wanted).pieces(span)), raw=raw)
    return _tidy(found, zone) if tidy else _wide(found, zone)


def _gathered(pieces: Iterable[list[Series]]) -> list[list[Series]]:
    """All of them. Raises TempHubError when no frame of them fits into memory."""
    found, held = [], 0
    for piece in pieces:
        found.append(piece)
        held += sum(len(one.taken_ms) for one in piece)
        results.must_fit(held * BYTES_EACH, f"The first {held:,} readings", FEWER)
    return found


def _whole(pieces: Sequence[Sequence[Series]], *, raw: bool) -> list[Series]:
    """Each probe's stretches of time as one. raw: with what was sent where else stands what counts; what was
    struck out has its value then."""
    gathered: dict[tuple[str, str], list[Series]] = {}
    for one in (one for piece in pieces for one in piece):
        one = one._replace(celsius=one.raw) if raw else one
        gathered.setdefault((one.site, one.probe_id), []).append(one)
    return [
        Series(*key, *(np.concatenate(column) for column in zip(*(part[2:] for part in parts), strict=True)))
        for key, parts in sorted(gathered.items())
    ]


def _wide(found: Sequence[Series], zone: tzinfo) -> pd.DataFrame:
    times = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.taken_ms for one in found)]))
    results.wide_fits(len(times), len(found), f"Load with tidy=True for a row a reading. {FEWER}")
    values = np.full((len(found), len(times)), np.nan)
    for row, one in zip(values, found, strict=True):
        row[np.searchsorted(times, one.taken_ms)] = one.celsius
    heads = (
        pd.MultiIndex.from_tuples([(one.site, one.probe_id) for one in found], names=["site", "probe_id"])
        if found
        else pd.MultiIndex.from_arrays([[], []], names=["site", "probe_id"])
    )
    return results.Frame(values.T, index=columns.times_of(times, zone), columns=heads, copy=False)


def _tidy(found: Sequence[Series], zone: tzinfo) -> pd.DataFrame:
    taken_ms = np.concatenate([np.zeros(0, np.int64), *(one.taken_ms for one in found)])
    counts = [len(one.taken_ms) for one in found]
    frame = results.Frame(
        {
            "time": columns.times_of(taken_ms, zone),
            "site": pd.Categorical(np.repeat(np.array([one.site for one in found], object), counts)),
            "probe_id": pd.Categorical(np.repeat(np.array([one.probe_id for one in found], object), counts)),
            "temperature_c": np.concatenate([np.zeros(0), *(one.celsius for one in found)]),
            "quality": pd.Categorical([text for one in found for text in one.quality]),
        }
    )
    return frame.iloc[np.argsort(taken_ms, kind="stable")].reset_index(drop=True)


def schema(zone: str) -> pl.Schema:
    """The columns that there are."""
    import polars as pl

    return pl.Schema(
        {
            "time": pl.Datetime("us", zone),
            "site": pl.String(),
            "probe_id": pl.String(),
            "temperature_c": pl.Float64(),
            "raw_c": pl.Float64(),
            "quality": pl.String(),
        }
    )


def frames(
    source: str, probes: set[str] | None, span: tuple[int, int]
) -> Callable[[pl.Schema], Iterator[pl.DataFrame]]:
    """What makes them, by time, with the columns of a schema; nothing is asked before. Raises TempHubError
    then."""

    def made(wanted: pl.Schema) -> Iterator[pl.DataFrame]:
        for piece in Readings(source, probes).pieces(span):
            yield _frame(piece, wanted)

    return made


def _frame(piece: Sequence[Series], wanted: pl.Schema) -> pl.DataFrame:
    import polars as pl

    counts = np.array([len(one.taken_ms) for one in piece], np.int64)
    which = pl.Series(np.repeat(np.arange(len(piece)), counts))

    def values(place: int) -> pl.Series:
        return pl.Series(np.concatenate([np.zeros(0), *(one[place] for one in piece)])).fill_nan(None)

    taken_ms = np.concatenate([np.zeros(0, np.int64), *(one.taken_ms for one in piece)])
    makers: dict[str, Callable[[], pl.Series]] = {
        "time": lambda: (pl.Series(taken_ms) * 1000).cast(pl.Datetime("us", "UTC")),
        "site": lambda: pl.Series([one.site for one in piece], dtype=pl.String).gather(which),
        "probe_id": lambda: pl.Series([one.probe_id for one in piece], dtype=pl.String).gather(which),
        "temperature_c": lambda: values(Series._fields.index("celsius")),
        "raw_c": lambda: values(Series._fields.index("raw")),
        "quality": lambda: pl.Series([text for one in piece for text in one.quality], dtype=pl.String),
    }
    frame = pl.DataFrame({name: makers[name]() for name in wanted})
    return frame[np.argsort(taken_ms, kind="stable")].with_columns(
        pl.col(name).cast(kind) for name, kind in wanted.items() if name == "time"
    )
