"""Degree-hours: areas beyond a base."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy
from temphub_kernel.analysis import degree_hours
from temphub_kernel.core.errors import TempHubError

HOUR_S = 3600


def total(seconds, celsius, **options) -> float:
    return float(degree_hours(series(seconds, celsius), **options)["degree_hours"].sum())


def test_published_definition() -> None:
    """One degree below the base for an hour is 1/24 heating degree-day; at the base it is nothing."""
    # BioCro's test of its heating_degree_days module (base 18.3 °C), read in its vignette on rdrr.io.
    found = degree_hours(series([0, HOUR_S], [17.3, 17.3]), below=18.3)
    assert found["degree_days"].tolist() == [pytest.approx(1 / 24)] and found["hours"].tolist() == [1]
    assert total([0, HOUR_S], [18.3, 18.3], below=18.3) == 0


def test_a_warm_day() -> None:
    """Ten hours at 21 °C over a base of 18 and an hour down to it: 10 × 3 + 1.5 K·h, and 1/24 of that in
    K·d."""
    found = degree_hours(series(np.arange(25) * HOUR_S, [21] * 11 + [18] + [12] * 13), above=18).iloc[0]
    assert (
        found["degree_hours"] == pytest.approx(31.5)
        and found["degree_days"] == pytest.approx(31.5 / 24)
        and found["hours"] == 24
    )


def test_crossing_the_base() -> None:
    """From 16 to 20 °C in two hours over a base of 18: a triangle of 1 h and 2 K on either side."""
    assert (
        total([0, 2 * HOUR_S], [16, 20], above=18)
        == pytest.approx(1)
        == total([0, 2 * HOUR_S], [16, 20], below=18)
    )


def test_a_gap_adds_nothing() -> None:
    """What was not measured is neither warm nor cold."""
    found = degree_hours(
        series([*range(0, 600, 60), *range(90_000, 90_600, 60)], [21.0] * 20), above=18
    ).iloc[0]
    assert found["hours"] == pytest.approx(0.3) and found["degree_hours"] == pytest.approx(0.9)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)])
def test_days_are_the_datas_days(day: str, hours: int) -> None:
    """A day is what the local clock calls one, also where summer time begins or ends."""
    index = pd.date_range(f"{day} 00:00", periods=hours + 13, freq="1h", tz="Europe/Berlin")
    found = degree_hours(pd.Series(19.0, index=index), above=18, every="1D")
    assert found["degree_hours"].tolist() == pytest.approx([hours, 12]) and found["start"].iloc[0] == index[0]
    assert found["end"].iloc[0] == pd.Timestamp(day, tz="Europe/Berlin") + pd.DateOffset(days=1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Havana", "2026-03-08", 23),
        ("America/Havana", "2026-11-01", 25),
        ("America/Santiago", "2026-09-06", 23),
        ("Asia/Beirut", "2026-03-29", 23),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ],
)
def test_where_the_clock_changes_at_midnight(zone: str, day: str, hours: float) -> None:
    """A day whose midnight comes twice, or not at all, is a day like others, of the hours it has; so with
    weeks and hours."""
    noon = pd.Timestamp(day, tz="UTC") + pd.Timedelta("12h")
    index = pd.date_range(noon - pd.Timedelta("5D"), noon + pd.Timedelta("5D"), freq="15min").tz_convert(zone)
    warm = pd.Series(19.0, index=index)
    found = degree_hours(warm, above=18, every="1D").set_index("start")["hours"]
    assert (
        found[found.index.strftime("%Y-%m-%d") == day].tolist() == [hours]
        and found.iloc[1:-1].sum() == 24 * 8 + hours
    )
    for every in ("1h", "1D", "W", "MS"):
        assert degree_hours(warm, above=18, every=every)["hours"].sum() == pytest.approx(240)
    assert degree_hours(warm[warm.index.strftime("%Y-%m-%d") == day], above=18, every="6h")["hours"].sum() > 0


def test_months_and_empty_steps() -> None:
    """Months have their own lengths; a step without a measurement is left out."""
    index = pd.date_range("2026-01-30", "2026-03-02", freq="1h", tz="Europe/Berlin")
    found = degree_hours(pd.Series(19.0, index=index), above=18, every="MS")
    assert found["hours"].tolist() == pytest.approx([48, 672, 24])
    cut = pd.Series(19.0, index=index[(index.month != 2)])
    assert degree_hours(cut, above=18, every="MS")["start"].dt.month.tolist() == [1, 3]


@pytest.mark.parametrize("every", ["1s", "0min", "five", -3, "-1h"])
def test_wrong_steps(every) -> None:
    """A step that is none is refused with one that is."""
    with pytest.raises(TempHubError, match="Give a step of at least a minute"):
        degree_hours(series([0, 60], [1, 2]), above=0, every=every)


def test_too_many_steps() -> None:
    """A step that would fill the memory with rows is refused."""
    with pytest.raises(TempHubError, match="Choose a longer step"):
        degree_hours(series([0, 3e9], [1, 2]), above=0, every="1min")


def test_none() -> None:
    """Without readings there is an empty frame."""
    assert degree_hours(tidy([]), above=18, every="1D").empty and degree_hours(pd.DataFrame(), below=3).empty


@settings(max_examples=100, deadline=None)
@given(
    readings=st.lists(st.tuples(st.integers(1, 5000), st.floats(-30, 60)), min_size=2, max_size=40),
    base=st.floats(-20, 50),
    place=st.floats(0, 1),
    every=st.sampled_from(["15min", "1h", "1D"]),
)
def test_a_cut_changes_no_sum(
    readings: list[tuple[int, float]], base: float, place: float, every: str
) -> None:
    """Cut at any moment, or into steps, the parts add up to the whole; above and below together are the area
    of the distance."""
    seconds, celsius = (
        np.cumsum([step for step, _ in readings]).astype(float),
        [value for _, value in readings],
    )
    whole = total(seconds, celsius, above=base, gap="1D")
    cut = round(seconds[0] + place * (seconds[-1] - seconds[0]), 3)
    there = np.interp(cut, seconds, celsius)
    parts = [
        ([*seconds[side], cut], [*np.array(celsius)[side], there]) for side in (seconds < cut, seconds > cut)
    ]
    apart = sum(
        total(np.sort(at), np.array(values)[np.argsort(at)], above=base, gap="1D") for at, values in parts
    )
    assert apart == pytest.approx(whole, abs=1e-6)
    assert total(seconds, celsius, above=base, gap="1D", every=every) == pytest.approx(whole, abs=1e-6)
    signed = (
        float(np.sum((np.array(celsius[1:]) + np.array(celsius[:-1]) - 2 * base) / 2 * np.diff(seconds)))
        / HOUR_S
    )
    assert whole - total(seconds, celsius, below=base, gap="1D") == pytest.approx(signed, abs=1e-6)
