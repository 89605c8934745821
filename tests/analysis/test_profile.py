"""The usual day by the local clock."""

import numpy as np
import pandas as pd
import pytest

from support.frames import series, tidy
from temphub_kernel.analysis import daily_profile
from temphub_kernel.core.errors import TempHubError

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


def hourly(start: str, days: int, zone: str = "Europe/Berlin") -> pd.DatetimeIndex:
    first = pd.Timestamp(start, tz=zone)
    return pd.date_range(first, first + pd.DateOffset(days=days), freq="15min", inclusive="left")


def test_median_and_band() -> None:
    """On 11 days of 0 … 10 °C above the hour, the median is 5 above it and the band reaches from 1 to 9."""
    index = hourly("2026-06-01", 11)
    found = daily_profile(pd.Series(index.hour + (index.day - 1), index=index, dtype=float), every="1h")
    assert found["clock"].tolist() == [f"{hour:02d}:00" for hour in range(24)] and found[
        "minute"
    ].tolist() == list(range(0, 1440, 60))
    hours = np.arange(24)
    assert (
        (found["median_c"] == hours + 5).all()
        and (found["low_c"] == hours + 1).all()
        and (found["high_c"] == hours + 9).all()
    )
    assert set(found["readings"]) == {44} and set(found["days"]) == {11}


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_of_the_change(zone: str) -> None:
    """Over a year the clock on the wall decides, whatever summer time does: an hour that comes twice counts
    twice, one that is left out does not, and what happens at seven happens at seven."""
    index = hourly("2026-01-01", 365, zone)
    found = daily_profile(pd.Series((index.hour == 7).astype(float), index=index), every="1h").set_index(
        "clock"
    )
    assert found["median_c"].sum() == 1 and found.loc["07:00", "low_c"] == 1
    wall = index.tz_localize(None)
    assert found["readings"].tolist() == pd.Series(1, index=wall).groupby(wall.hour).size().tolist()
    assert found["readings"].sum() == len(index)


def test_utc_is_not_the_wall() -> None:
    """The data's own zone is the one that counts."""
    index = pd.DatetimeIndex(["2026-07-01 05:00"], tz="UTC")
    assert daily_profile(pd.Series([1.0], index=index))["clock"].tolist() == ["05:00"]
    assert daily_profile(pd.Series([1.0], index=index.tz_convert("Europe/Berlin")))["clock"].tolist() == [
        "07:00"
    ]


def test_none() -> None:
    """Times of the day without a reading are left out; without readings nothing is left."""
    assert daily_profile(series([0], [20.0]))[["readings", "days"]].to_numpy().tolist() == [[1, 1]]
    assert daily_profile(tidy([])).empty


@pytest.mark.parametrize("every", ["7min", "30s", "2D", "often"])
def test_wrong_steps(every: str) -> None:
    """A step that does not divide the day is refused."""
    with pytest.raises(TempHubError, match="Give a"):
        daily_profile(series([0], [20.0]), every=every)
