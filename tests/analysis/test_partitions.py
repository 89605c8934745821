"""Gaps, excursions, degree-hours and mean kinetic temperature partition by partition: as if all readings were
one frame."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import dask
import dask.dataframe
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import counted, tidy, times
from temphub_kernel import analysis
from temphub_kernel.analysis.partitions.reduce import missing, stretches_of, together
from temphub_kernel.analysis.partitions.stretches import whole_of
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import holes_from, numbers_of, track_of

CALLS: dict[str, Callable[[Any], pd.DataFrame]] = {
    "gaps": analysis.gaps,
    "excursions": lambda data: analysis.excursions(data, above={"P": 8, "Q": 7.5}, below=2),
    "excursions, own gap": lambda data: analysis.excursions(data, above=8, gap="1min"),
    "degree_hours": lambda data: analysis.degree_hours(data, above=8, below=3),
    "by day": lambda data: analysis.degree_hours(data, above=8, every="1D"),
    "by 7 h": lambda data: analysis.degree_hours(data, above=8, every="7h"),
    "by months": lambda data: analysis.degree_hours(data, above=5, every="MS"),
    "kinetic": analysis.mean_kinetic_temperature,
}


def days(chance: np.random.Generator, count: int) -> pd.DataFrame:
    """Two probes that were restarted, lost readings, answered badly, changed their pace, sent some readings
    late, some twice and some at one moment, for days about the end of a month."""
    rows = []
    for probe in "PQ":
        number = int(chance.integers(1, count))
        pauses = chance.choice([2, 2, 2, 2, 2, 0, 11, 400, 40_000], number) * chance.choice([1, 30])
        seconds = np.cumsum(pauses) + 500_000
        celsius = np.round(5 + np.cumsum(chance.normal(0, 0.8, number)) % 6, 1)
        boot = np.cumsum(chance.random(number) < 0.01)
        seq = np.arange(number) - np.searchsorted(boot, boot) + np.cumsum(chance.random(number) < 0.02)
        for place in np.flatnonzero((chance.random(number) > 0.03) | (np.arange(number) == 0)).tolist():
            value = None if chance.random() < 0.05 else float(celsius[place])
            named = chance.random() > 0.01
            rows.append(
                (
                    probe,
                    float(seconds[place]),
                    value,
                    f"b{boot[place]}" if named else None,
                    int(seq[place]) if named else None,
                )
            )
    return tidy([*rows, *rows[:3]])


def cut(frame: pd.DataFrame, places: list[int]) -> list[pd.DataFrame]:
    edges = [0, *sorted(place % (len(frame) + 1) for place in places), len(frame)]
    return [frame.iloc[first:end] for first, end in pairwise(edges)]


def lazy(parts: list[pd.DataFrame]) -> Any:
    return dask.dataframe.from_map(lambda part: part, parts, meta=parts[0].iloc[:0])


def alike(found: pd.DataFrame, whole: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, whole, rtol=1e-9, check_categorical=False, check_dtype=False)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.sampled_from([2, 30, 900]),
    places=st.lists(st.integers(0), max_size=12),
)
def test_wherever_it_is_cut(seed: int, count: int, places: list[int]) -> None:
    """Cut into partitions anywhere, each result is what one frame of all gives."""
    frame = days(np.random.default_rng(seed), count)
    parts = lazy(cut(frame, places))
    with dask.config.set(scheduler="synchronous"):
        for call in CALLS.values():
            alike(call(parts), call(frame))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    places=st.lists(st.integers(0), max_size=9),
    joins=st.lists(st.integers(0), min_size=10, max_size=10),
)
def test_in_whatever_order_neighbours_are_joined(seed: int, places: list[int], joins: list[int]) -> None:
    """Which neighbours are joined first makes no difference."""
    frame = days(np.random.default_rng(seed), 700)
    question = missing(pl.from_pandas(frame))
    found = [stretches_of(part, question) for part in cut(frame, places)]
    for at in joins:
        if len(found) > 1:
            at %= len(found) - 1
            found[at : at + 2] = [together(found[at : at + 2], question)]
    whole = together(found, question)
    told = {
        place.probe_id: int(holes_from(one.told, whole_of(one, question.of(place))).missing.sum())
        for place, one in whole.of.items()
    }
    wanted = analysis.gaps(frame).groupby("probe_id", observed=False)["missing"].sum().to_dict()
    assert {id_: missing for id_, missing in told.items() if missing} == {
        id_: missing for id_, missing in wanted.items() if missing
    }


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32), places=st.lists(st.integers(0), max_size=2), mixed=st.booleans())
def test_several_sites_in_a_partition(seed: int, places: list[int], mixed: bool) -> None:
    """Sites one behind the other or mixed by time, texts or categories: of each site comes what a frame of it
    alone gives."""
    chance = np.random.default_rng(seed)
    sites = {name: days(chance, 150) for name in ("Shop 1", "Café")}
    frame = pd.concat([one.assign(site=name) for name, one in sites.items()], ignore_index=True)
    frame = frame.sort_values("time", kind="stable", ignore_index=True) if mixed else frame
    parts, whole = lazy(cut(frame, places)), pl.from_pandas(frame)
    if mixed:
        whole = whole.with_columns(pl.col("site", "probe_id", "boot").cast(pl.Categorical))
    with dask.config.set(scheduler="synchronous"):
        for call in map(CALLS.__getitem__, ("gaps", "excursions", "by 7 h", "kinetic")):
            for told in (call(whole.lazy()), call(parts)):
                for site, one in sites.items():
                    mine = told[told["site"].astype(str) == site].drop(columns="site")
                    alike(mine.reset_index(drop=True), call(one))


@settings(max_examples=60, deadline=None)
@given(
    readings=st.lists(
        st.tuples(st.integers(0, 9), st.integers(-1, 2), st.integers(-1, 12)), min_size=1, max_size=60
    )
)
def test_what_numbers_say(readings: list[tuple[int, int, int]]) -> None:
    """Whatever came in whatever order: runs, boots and counts are those of a count one by one."""
    told = numbers_of(track_of(*np.array(readings, np.int64).T))
    counted = [one for one in readings if min(one[1:]) >= 0]
    assert (told.stored, told.numbered) == (len(readings), len(counted))
    runs, boots = [], []
    for boot in sorted({boot for _, boot, _ in counted}):
        of = [(ms, seq) for ms, one, seq in counted if one == boot]
        seqs = sorted({seq for _, seq in of})
        starts = [seq for seq in seqs if seq - 1 not in seqs]
        for low, high in zip(starts, [seq for seq in seqs if seq + 1 not in seqs], strict=True):
            taken = [[ms for ms, seq in of if seq == one] for one in (low, high)]
            runs.append((boot, low, min(taken[0]), high, max(taken[1])))
        boots.append((boot, *min(of), *max(of)))
    assert [*zip(*(column.tolist() for column in told.runs), strict=True)] == runs
    assert [*zip(*(column.tolist() for column in told.boots), strict=True)] == boots


def test_across_the_end_of_a_month() -> None:
    """An excursion across midnight at the month's end is one, and so is a gap across files."""
    seconds = [*range(-7200, -600, 10), *range(600, 7200, 10)]
    midnight = (pd.Timestamp("2026-12-01", tz="UTC") - times([0], "UTC")[0]).total_seconds()
    frame = tidy([("P", midnight + at, 9.0 if abs(at) < 3600 else 4.0, None, None) for at in seconds])
    month = frame["time"].dt.tz_convert("UTC").dt.month
    parts = [frame[month == 11], frame[month == 12]]
    (row,) = analysis.excursions(pl.concat(map(pl.from_pandas, parts)).lazy(), above=8).to_dict("records")
    assert (row["begins"], row["ends"], row["unseen"]) == ("crossing", "crossing", pd.Timedelta("20min10s"))
    with dask.config.set(scheduler="synchronous"):
        (hole,) = analysis.gaps(lazy(parts)).to_dict("records")
        assert len(analysis.excursions(lazy(parts), above=8)) == 1
    assert (hole["duration"], hole["known_by"]) == (pd.Timedelta("20min10s"), "pace")


def test_what_cannot_be_told() -> None:
    """A lazy frame without the columns, without a zone, not by time, or with a limit for a probe that it has
    not, is refused in words."""
    frame = tidy(counted("P", range(0, 1000, 2), None))
    polars = pl.from_pandas(frame).lazy()
    with pytest.raises(TempHubError, match="no column probe_id"):
        analysis.gaps(polars.drop("probe_id"))
    with pytest.raises(TempHubError, match="no time zone"):
        analysis.excursions(polars.with_columns(pl.col("time").dt.replace_time_zone(None)), above=8)
    with pytest.raises(TempHubError, match="'Attic', which is no probe"):
        analysis.excursions(polars, above={"Attic": 8})
    with dask.config.set(scheduler="synchronous"), pytest.raises(TempHubError, match="not in order of time"):
        analysis.gaps(lazy([frame.iloc[300:], frame.iloc[:300]]))
