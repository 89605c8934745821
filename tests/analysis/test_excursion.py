"""Excursions: what is said of times beyond a limit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy, times
from temphub_kernel.analysis import degree_hours, excursions
from temphub_kernel.core.errors import TempHubError

MIN = 60


def test_one_excursion() -> None:
    """A triangle to 12 °C over a limit of 8: start, end, peak, mean and area as on paper."""
    found = excursions(series([0, 10 * MIN, 20 * MIN, 30 * MIN], [4, 4, 12, 4]), above=8).iloc[0]
    assert found["start"] == times([15 * MIN])[0] and found["end"] == times([25 * MIN])[0]
    assert found["duration"] == pd.Timedelta("10min") and found["unseen"] == pd.Timedelta(0)
    assert (found["peak_c"], found["mean_c"], found["degree_minutes"]) == (12, 10, 20)
    assert (found["probe_id"], found["kind"], found["limit_c"], found["begins"], found["ends"]) == (
        "P",
        "above",
        8,
        "crossing",
        "crossing",
    )


def test_both_limits() -> None:
    """Too warm and too cold are told apart, in the order they came; on the limit is not beyond it."""
    found = excursions(series([0, 60, 120, 180, 240, 300, 360], [8, 9, 8, 2, 1, 2, 5]), above=8, below=2)
    assert found["kind"].tolist() == ["above", "below"] and found["peak_c"].tolist() == [9, 1]
    assert found["degree_minutes"].tolist() == [1, 1] and found["mean_c"].tolist() == [8.5, 1.5]
    assert excursions(series([0, 60, 120], [8, 8, 8]), above=8).empty


def test_only_long_ones() -> None:
    """A spike shorter than `at_least` is left out, one just as long is not."""
    data = series(
        np.arange(0, 100 * MIN, MIN),
        np.where(np.arange(100) == 30, 9, 4) + np.where(np.arange(100) // 10 == 5, 5, 0),
    )
    assert len(excursions(data, above=6)) == 2
    long = excursions(data, above=6, at_least="5min")
    assert len(long) == 1 and long["duration"].iloc[0] > pd.Timedelta("9min")
    assert len(excursions(data, above=6, at_least=long["duration"].iloc[0])) == 1


def test_a_gap_is_said() -> None:
    """Where readings stop during an excursion it ends there, and says so; warm before and after, it is one,
    with its unseen part."""
    seconds = [*range(0, 100, 10), *range(1000, 1100, 10), *range(2000, 2100, 10)]
    found = excursions(series(seconds, [4.0] * 5 + [9.0] * 15 + [4.0] * 10), above=8)
    row = found.iloc[0]
    assert (
        len(found) == 1
        and row["end"] == times([1090])[0]
        and row["ends"] == "gap"
        and row["begins"] == "crossing"
    )
    assert row["unseen"] == pd.Timedelta("910s") and row["duration"] == pd.Timedelta(f"{1090 - 48}s")
    assert row["mean_c"] == pytest.approx(9, abs=0.1)
    assert excursions(series(seconds, [4.0] * 5 + [9.0] * 15 + [4.0] * 10), above=8, gap="1h")["unseen"].iloc[
        0
    ] == pd.Timedelta(0)


def test_at_the_ends_of_the_data() -> None:
    """What was warm at the first or last reading may have been so longer."""
    found = excursions(series([0, 60, 120], [9, 9, 9]), above=8).iloc[0]
    assert (found["begins"], found["ends"]) == ("data", "data") and found["duration"] == pd.Timedelta("2min")


def test_a_lone_reading() -> None:
    """One warm reading with nothing around it is shown, without a length."""
    found = excursions(series([0], [9]), above=8).iloc[0]
    assert found["duration"] == pd.Timedelta(0) and found["mean_c"] == 9 and found["degree_minutes"] == 0


def test_each_probe_has_its_own_limit() -> None:
    """A fridge and a freezer at once, by id or name; a probe without a limit is left out, one that did not
    measure is no mistake, a name that nobody knows is, and so are limits that leave no room."""
    seconds = np.arange(0, 3600, 60)
    wide = pd.DataFrame({"A": series(seconds, 9.0), "B": series(seconds, -14.0), "C": series(seconds, 30.0)})
    wide.attrs["names"] = {"A": "Fridge", "B": "Freezer", "C": "Room", "D": "Shed"}
    found = excursions(wide, above={"A": 8, "Freezer": -15, "Shed": 5}, below={"A": 2})
    assert found[["probe_id", "kind", "limit_c"]].to_numpy().tolist() == [
        ["A", "above", 8],
        ["B", "above", -15],
    ]
    hours = degree_hours(wide, above={"Fridge": 8, "B": -15})
    assert dict(zip(hours["probe_id"], hours["base_c"], strict=True)) == {"A": 8, "B": -15}
    for wrong in ({"Frigde": 8}, {"A": "warm"}, {"A": 1}):
        with pytest.raises(TempHubError):
            excursions(wide, above=wrong, below={"A": 2})


def test_every_probe_and_every_shape_of_frame() -> None:
    """Wide, tidy and a single series give the same; bad readings are no temperatures."""
    rows = [
        ("a", 0, 4.0, None, None),
        ("a", 60, 9.0, None, None),
        ("a", 90, None, None, None),
        ("a", 120, 4.0, None, None),
    ]
    both = tidy([*rows, ("b", 0, 9.0, None, None), ("b", 60, 9.0, None, None)])
    wide = both.pivot(index="time", columns="probe_id", values="temperature_c")
    wide.columns = pd.Index(["a", "b"], dtype="str")
    pd.testing.assert_frame_equal(excursions(both, above=8), excursions(wide, above=8))
    assert excursions(both, above=8)["probe_id"].tolist() == ["a", "b"]
    second = excursions(both, above=8).iloc[1:].reset_index(drop=True)
    second["probe_id"] = second["probe_id"].cat.remove_unused_categories()
    pd.testing.assert_frame_equal(excursions(wide["b"], above=8), second)
    means = both.rename(columns={"temperature_c": "mean_c"})
    pd.testing.assert_frame_equal(excursions(means, above=8), excursions(both, above=8))


def test_none() -> None:
    """Without readings, and without excursions, there is an empty frame of the same types."""
    some, none = excursions(series([0], [9]), above=8), excursions(tidy([]), above=8)
    assert (
        none.empty
        and excursions(pd.DataFrame(), above=8).empty
        and (none.dtypes.index == some.dtypes.index).all()
    )
    assert none["duration"].dtype == some["duration"].dtype and none["start"].dt.tz is not None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "No limit is given"),
        ({"above": 2, "below": 8}, "above is 2 and below is 8"),
        ({"above": "warm"}, "above is 'warm'"),
        ({"below": float("nan")}, "below is nan"),
        ({"above": 8, "at_least": "soon"}, "at_least is 'soon'"),
        ({"above": 8, "at_least": 300}, "at_least is 300"),
        ({"above": 8, "at_least": "300"}, "at_least is '300'"),
        ({"above": 8, "gap": "0s"}, "gap is '0s'"),
    ],
)
def test_wrong_words(options, says: str) -> None:
    """What cannot be understood is named with its value, and what to give instead."""
    with pytest.raises(TempHubError) as caught:
        excursions(series([0], [9]), **options)
    assert caught.value.problem.startswith(says) and caught.value.remedy.startswith("Give")


@pytest.mark.parametrize(
    "data",
    [
        pd.Series([1.0, 2.0]),
        pd.Series([1.0], index=pd.DatetimeIndex(["2026-11-23"])),
        pd.DataFrame({"time": times([0]), "value": [1.0]}),
        pd.DataFrame({"time": ["2026-11-23 12:00"], "probe_id": ["P"], "temperature_c": [1.0]}),
        pd.DataFrame([[1.0]], index=pd.MultiIndex.from_tuples([(1, 2)])),
        pd.DataFrame({"P": ["warm"]}, index=times([0])),
    ],
)
def test_other_frames(data) -> None:
    """A frame of another shape is refused with what to use."""
    with pytest.raises(TempHubError, match=r"Use what th.load\(\) gives"):
        excursions(data, above=8)


readings = st.lists(
    st.tuples(st.integers(1, 300), st.floats(0, 16).map(lambda value: round(value, 2))),
    min_size=1,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(readings=readings, gap=st.sampled_from([None, "60s", "1D"]), limit=st.sampled_from([4.0, 8.0, 12.5]))
def test_they_part_the_time_beyond_the_limit(
    readings: list[tuple[int, float]], gap: str | None, limit: float
) -> None:
    """Excursions do not overlap, their areas sum to the degree-hours, and above and below a limit together
    they take up all the time that was measured."""
    data = series(np.cumsum([step for step, _ in readings]), [value for _, value in readings])
    above, below = excursions(data, above=limit, gap=gap), excursions(data, below=limit, gap=gap)
    assert (above["start"].iloc[1:].to_numpy() >= above["end"].iloc[:-1].to_numpy()).all()
    for found, base in ((above, {"above": limit}), (below, {"below": limit})):
        whole = degree_hours(data, gap=gap, **base)
        assert found["degree_minutes"].sum() / 60 == pytest.approx(whole["degree_hours"].sum(), abs=1e-9)
    if not (data == limit).any():
        seen = sum(
            ((found["duration"] - found["unseen"]).sum() for found in (above, below)), pd.Timedelta(0)
        ) / pd.Timedelta("1h")
        assert seen == pytest.approx(whole["hours"].sum(), abs=1e-5) or gap != "1D"
        # A gap between a warm and a cold reading belongs to neither; inside one it is the unseen part.
        assert seen <= whole["hours"].sum() + 1e-5


def test_two_columns_of_one_name() -> None:
    """Columns are taken as they stand, also two of one name."""
    wide = pd.DataFrame([[9.0, 4.0], [9.0, 4.0]], index=times([0, 60]), columns=["P", "P"])
    assert len(excursions(wide, above=8)) == 1
