"""Door openings: quick rises that go away again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy, times
from temphub_kernel.analysis import door_openings
from temphub_kernel.core.errors import TempHubError

STEP_S = 5


def fridge(hours: float = 6, openings: dict[float, float] | None = None, cycle_c: float = 0.7) -> pd.Series:
    """A refrigerator at 5 °C whose compressor moves it by ±cycle_c in 20 minutes. openings: minute -> rise in
    K."""
    seconds = np.arange(0, hours * 3600, STEP_S)
    celsius = 5 + cycle_c * np.sin(seconds / 1200 * 2 * np.pi)
    for minute, rise in (openings or {}).items():
        since = np.maximum(seconds - minute * 60, 0)
        up = np.minimum(since / 30, 1)
        celsius += rise * up * np.exp(-np.maximum(since - 30, 0) / 240)
    return series(seconds, np.round(celsius * 16) / 16)


def test_openings_are_found() -> None:
    """Each opening once: when it began, how far it rose, when it was over."""
    found = door_openings(fridge(openings={60: 4, 130: 6, 250: 2.5}), rise=1.5)
    assert len(found) == 3 and (found["end"] > found["peak"]).all() and (found["peak"] > found["start"]).all()
    for row, (minute, rise) in zip(found.itertuples(), {60: 4, 130: 6, 250: 2.5}.items(), strict=True):
        assert abs((row.start - times([minute * 60])[0]).total_seconds()) <= 120
        assert abs((row.peak - times([minute * 60 + 30])[0]).total_seconds()) <= 60
        assert row.rise_c == pytest.approx(rise, abs=0.7) and row.rise_c == row.peak_c - row.base_c
        assert pd.Timedelta("2min") < row.recovery < pd.Timedelta("12min") and row.duration > row.recovery


def test_the_compressor_is_no_door() -> None:
    """A refrigerator that is left alone has no openings."""
    assert door_openings(fridge(), rise=1.0).empty


def test_one_that_does_not_recover() -> None:
    """A door that stays open is shown without an end, and does not hide the next one."""
    seconds = np.arange(0, 6 * 3600, STEP_S)
    celsius = (
        np.where(seconds > 3600, 15.0, 5.0)
        - np.where(seconds > 4 * 3600, 10.0, 0)
        + np.where(abs(seconds - 18_000) < 30, 5, 0)
    )
    found = door_openings(series(seconds, celsius))
    assert found["end"].isna().tolist() == [True, False] and found["recovery"].isna().tolist() == [
        True,
        False,
    ]
    assert found["start"].tolist() == [times([3600])[0], times([17_970])[0]]


def test_a_gap_parts() -> None:
    """What recovered while nobody looked is no observed recovery; a rise across a gap is none."""
    data = fridge(openings={60: 6})
    seen = data[(data.index < times([3660])[0]) | (data.index > times([5400])[0])]
    found = door_openings(seen, rise=1.5)
    assert found["end"].isna().tolist() == [True]
    assert door_openings(series([0, 10, 20, 4000, 4010, 4020], [5, 5, 5, 9, 9, 9])).empty


def test_a_rise_within_a_rise() -> None:
    """A door opened again before it recovered is one longer opening with the higher peak."""
    found = door_openings(fridge(openings={60: 3, 62: 5}), rise=1.5)
    assert len(found) == 1 and found["peak_c"].iloc[0] > 10


@settings(max_examples=60, deadline=None)
@given(
    celsius=st.lists(st.integers(-4, 12).map(lambda quarters: quarters / 4), min_size=1, max_size=60),
    steps_s=st.lists(st.sampled_from([1, 5, 30, 60, 119, 121, 600]), min_size=60, max_size=60),
    rise=st.sampled_from([0.25, 1.0, 2.5]),
)
def test_a_rise_is_one_by_pandas_count(celsius: list[float], steps_s: list[int], rise: float) -> None:
    """Whatever the pauses, there is an opening where a reading lies so far above the lowest of the two
    minutes before it, both ends counted, as pandas counts them; and the first begins before that reading."""
    data = series(np.cumsum(steps_s[: len(celsius)]), celsius)
    up = data[data - data.rolling("2min", closed="both").min() >= rise]
    found = door_openings(data, rise=rise)
    assert found.empty == up.empty
    assert up.empty or up.index[0] - pd.Timedelta("2min") <= found["start"].iloc[0] < up.index[0]


def test_none() -> None:
    """No readings, one, or wide frames with empty columns give an empty frame."""
    assert door_openings(tidy([])).empty and door_openings(series([0], [5])).empty
    assert door_openings(pd.DataFrame({"P": [np.nan]}, index=times([0]))).empty


@pytest.mark.parametrize(
    ("options", "says"),
    [({"rise": 0}, "rise is 0"), ({"rise": "2K"}, "rise is '2K'"), ({"within": "x"}, "within is 'x'")],
)
def test_wrong_words(options, says: str) -> None:
    """A rise that is none is refused with one that is."""
    with pytest.raises(TempHubError, match=says):
        door_openings(series([0], [5]), **options)
