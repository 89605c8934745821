"""th.load: what an analyst gets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temphub_kernel.analysis import load
from temphub_kernel.base.clock import now_ms
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.base.reading import Row
from temphub_kernel.journal import RollUps, Writer

T0 = 1_795_438_440_123  # 2026-11-23 12:54:00.123 UTC
Seed = Callable[[list[tuple[str, int, int | None]]], Path]


def rows(given: list[tuple[str, int, int | None]]) -> list[Row]:
    return [Row(probe, None, None, taken, taken + 40, units, None if units is not None else "open") for probe, taken, units in given]


@pytest.fixture
def seed(data_dir: Path) -> Seed:
    """Puts readings into the journal of a hub that then ends; gives its data folder."""

    def put(given: list[tuple[str, int, int | None]]) -> Path:
        writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
        writer.start()
        writer.store(rows(given))
        assert writer.stop()
        return data_dir

    return put


def test_wide(seed: Seed) -> None:
    """One column per probe in °C, by time in a named zone, late readings in their place, bad ones NaN."""
    folder = seed([("b", T0 + 2000, 20_0000000), ("a", T0, 21_5000000), ("a", T0 + 2000, None), ("a", T0 - 9000, -625_000)])
    frame = load(tz="Europe/Berlin", data_dir=folder)
    assert list(frame.columns) == ["a", "b"] and frame.index.name == "time"
    assert [str(t) for t in frame.index][:2] == ["2026-11-23 13:53:51.123000+01:00", "2026-11-23 13:54:00.123000+01:00"]
    assert frame["a"].tolist()[:2] == [-0.0625, 21.5] and np.isnan(frame["a"].iloc[2]) and frame["b"].iloc[2] == 20.0


def test_tidy(seed: Seed) -> None:
    """A row per reading with the reason of a bad one and when it came in."""
    frame = load(tidy=True, data_dir=seed([("b", T0, None), ("a", T0 - 5, 10_0000000)]))
    assert list(frame.columns) == ["time", "probe_id", "temperature_c", "quality", "received"]
    assert frame["probe_id"].tolist() == ["a", "b"] and frame["quality"].tolist()[1] == "open" and pd.isna(frame["quality"][0])
    assert (frame["received"] - frame["time"]).tolist() == [pd.Timedelta("40ms")] * 2


@pytest.mark.parametrize("every", [None, "5min", "1D", "10s"])
def test_an_empty_journal(data_dir: Path, every: str | None) -> None:
    """Before the first reading there is an empty frame of the right types, which plots and resamples."""
    writer = Writer(data_dir / "temphub.sqlite3")
    writer.start()
    assert writer.stop()
    wide, tidy = load(every=every, data_dir=data_dir), load(every=every, tidy=True, data_dir=data_dir)
    assert wide.empty and isinstance(wide.index, pd.DatetimeIndex) and wide.index.tz is not None and wide.index.name == "time"
    assert wide.resample("1h").mean().empty
    assert tidy.empty and isinstance(tidy["time"].dtype, pd.DatetimeTZDtype) and tidy.iloc[:, 2].dtype == "float64"


def test_no_journal(data_dir: Path) -> None:
    """Without a journal the error says where it was looked for and what to do."""
    with pytest.raises(TempHubError, match=r"There is no journal at .*Start the hub first"):
        load(data_dir=data_dir)


def test_the_settings_say_where(seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder given, DATA_DIR decides."""
    monkeypatch.setenv("DATA_DIR", str(seed([("a", T0, 1)])))
    assert len(load()) == 1


def test_unknown_probe(seed: Seed) -> None:
    """A probe nobody knows is answered with those that are known."""
    with pytest.raises(TempHubError, match=r"No probe 'c'.*Use one of the probes it knows: a, b"):
        load(["a", "c"], data_dir=seed([("a", T0, 1), ("b", T0, 1)]))


def test_probes_asked_for(seed: Seed) -> None:
    """The columns are those asked for, in that order, also when one has nothing in that time."""
    frame = load(["b", "a"], start=T0 + 1, tz="UTC", data_dir=seed([("a", T0, 1), ("b", T0 + 1, 2), ("c", T0 + 1, 3)]))
    assert list(frame.columns) == ["b", "a"] and frame.shape == (1, 2)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-11-23 13:54:01", None, [1, 2]),
        ("2026-11-23 12:54:01Z", "2026-11-23T13:54:03", [1]),
        (pd.Timestamp(T0 + 2000, unit="ms", tz="UTC"), None, [1, 2]),
        (pd.Timestamp("2026-11-23 13:54:01").to_pydatetime(), T0 + 4000, [1]),
        (None, "2026-11-23", []),
        ("2026-11-23", "2026-11-24", [0, 1, 2]),
    ],
)
def test_start_and_end(seed: Seed, start: str | pd.Timestamp, end: str, found: list[int]) -> None:
    """Times may be said as text, datetime or milliseconds; one without a zone is in the zone shown; the end is left out."""
    frame = load(start=start, end=end, tz="Europe/Berlin", data_dir=seed([("a", T0 + n * 2000, n) for n in range(3)]))
    assert [round(value * 10**7) for value in (frame["a"] if found else [])] == found


@pytest.mark.parametrize("start", ["-24h", "24h ago", "- 1 day", pd.Timedelta("-24h")])
def test_ago(seed: Seed, start: str) -> None:
    """The last day is one word away."""
    now = now_ms()
    folder = seed([("a", now - 25 * 3_600_000, 1), ("a", now - 23 * 3_600_000, 2)])
    assert len(load(start=start, data_dir=folder)) == 1 and len(load(end=start, data_dir=folder)) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": "soon"}, "start is 'soon'"),
        ({"end": "-x"}, "end is '-x'"),
        ({"start": [1]}, "start is"),
        ({"every": "5 bananas"}, "every is '5 bananas'"),
        ({"every": "1ms"}, "every is '1ms'"),
        ({"every": "-5min"}, "every is"),
        ({"tz": "Mars/Base"}, "The time zone 'Mars/Base'"),
    ],
)
def test_wrong_words(seed: Seed, options: dict[str, str], says: str) -> None:
    """What cannot be understood is named with its value, never guessed."""
    with pytest.raises(TempHubError) as caught:
        load(data_dir=seed([("a", T0, 1)]), **options)  # type: ignore[arg-type]
    assert caught.value.problem.startswith(says) and caught.value.remedy.split()[0] in ("Give", "Use")


def test_days_are_the_analysts_days(seed: Seed) -> None:
    """Daily means begin at local midnight, also around the night that summer time ends (a day of 25 hours)."""
    first = int(pd.Timestamp("2026-10-24", tz="Europe/Berlin").timestamp() * 1000)
    folder = seed([("a", first + hour * 3_600_000, hour * 10**7) for hour in range(24 + 25 + 24)])
    frame = load(every="1D", tz="Europe/Berlin", data_dir=folder)
    assert [str(day) for day in frame.index.strftime("%d %H:%M")] == ["24 00:00", "25 00:00", "26 00:00"]
    assert frame["a"].tolist() == [11.5, 36.0, 60.5]
    assert load(every="MS", tz="Europe/Berlin", tidy=True, data_dir=folder)["count"].tolist() == [73]


def test_a_gap_stays_a_gap(seed: Seed) -> None:
    """Steps without readings are there as NaN, so a plot shows the gap; tidy leaves them out."""
    folder = seed([("a", T0, 10**7), ("a", T0 + 20 * 60_000, 3 * 10**7)])
    frame = load(every="5min", data_dir=folder)
    assert len(frame) == 5 and frame["a"].notna().sum() == 2
    assert load(every="5min", tidy=True, data_dir=folder)["mean_c"].tolist() == [1.0, 3.0]


def test_too_many_steps(seed: Seed) -> None:
    """A grid that would fill the memory is refused with words."""
    with pytest.raises(TempHubError, match="Choose a longer step"):
        load(every="1s", data_dir=seed([("a", 0, 1), ("a", T0, 1)]))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    given_rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 7_200_000), st.one_of(st.none(), st.integers(-(10**9), 10**9))),
        min_size=1,
        max_size=40,
    ),
    every=st.sampled_from(["10s", "1min", "5min", "7min", "1h"]),
    done=st.booleans(),
)
def test_steps_equal_pandas(tmp_path_factory: pytest.TempPathFactory, given_rows: list, every: str, done: bool) -> None:
    """Means, lows and highs are what pandas makes of the readings, whether the roll-ups have taken them in or not."""
    folder = tmp_path_factory.mktemp("steps")
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    writer.store(rows([(probe, T0 // 86_400_000 * 86_400_000 + offset, units) for probe, offset, units in given_rows]))
    if done:
        rollups = RollUps(folder / "temphub.sqlite3", writer)
        rollups.start()
        rollups.stop()
    writer.stop()
    readings = load(tidy=True, tz="UTC", data_dir=folder)
    steps = load(every=every, tidy=True, tz="UTC", data_dir=folder)
    expected = readings.set_index("time").groupby("probe_id", observed=True)["temperature_c"].resample(every)
    whole = expected.agg(["mean", "min", "max", "count"])
    whole = whole[whole["count"] > 0].reset_index()
    assert steps["time"].tolist() == whole["time"].tolist() and steps["probe_id"].tolist() == whole["probe_id"].tolist()
    for ours, theirs in (("mean_c", "mean"), ("min_c", "min"), ("max_c", "max"), ("count", "count")):
        assert np.allclose(steps[ours], whole[theirs], atol=1e-9)


def test_while_the_hub_writes(data_dir: Path) -> None:
    """Loading beside a writing hub sees all that was acknowledged."""
    writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
    writer.start()
    for number in range(20):
        writer.store(rows([("a", T0 + number, number)]))
        assert len(load(data_dir=data_dir)) == number + 1
    assert writer.stop()


@pytest.mark.parametrize("zone", ["America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Berlin"])
def test_days_by_the_wall_clock(seed: Seed, zone: str) -> None:
    """Days begin at the zone's midnight, also where the clocks change at midnight or by half an hour; a day without readings is NaN."""
    start = pd.Timestamp("2026-01-01", tz=zone)
    times = [start + pd.Timedelta(hours=7 * n) for n in range(4 * 340) if not 100 <= (start + pd.Timedelta(hours=7 * n)).day_of_year < 104]
    folder = seed([("a", t.value // 1_000_000, n) for n, t in enumerate(times)])
    days = load(every="1D", tz=zone, data_dir=folder)
    wall = pd.Series(range(len(times)), index=pd.DatetimeIndex([t.tz_localize(None) for t in times])).groupby(lambda t: t.date()).mean()
    found = days["a"].dropna()
    assert [t.date() for t in found.index] == list(wall.index) and np.allclose(found.to_numpy() * 1e7, wall.to_numpy())
    assert days["a"].isna().sum() == 4 and days.index.is_monotonic_increasing
