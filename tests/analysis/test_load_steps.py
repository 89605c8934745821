"""th.load in steps: means over time, on the clock of the wall, as pandas would make them of the readings."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from analysis.conftest import T0, Seed, rows
from journal.journal_harness import journal
from temphub_kernel.analysis import load
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.spreadsheet import STANDARD
from temphub_kernel.csvlog.format import to_lines
from temphub_kernel.journal import Reader, RollUps, Writer
from temphub_kernel.journal.statistics.time_weights import holds


def test_days_are_the_analysts_days(seed: Seed) -> None:
    """Daily means begin at local midnight, also around the night that summer time ends (a day of 25
    hours)."""
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
        st.tuples(
            st.sampled_from("ab"),
            st.integers(0, 7_200_000),
            st.one_of(st.none(), st.integers(-(10**9), 10**9)),
        ),
        min_size=1,
        max_size=40,
    ),
    every=st.sampled_from(["10s", "1min", "5min", "7min", "1h"]),
    done=st.booleans(),
)
def test_steps_equal_pandas(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list, every: str, done: bool
) -> None:
    """Means, lows and highs are what pandas makes of the readings, whether the roll-ups have taken them in or
    not."""
    folder = tmp_path_factory.mktemp("steps")
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    writer.store(
        rows([(probe, T0 // 86_400_000 * 86_400_000 + offset, units) for probe, offset, units in given_rows])
    )
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
    assert (
        steps["time"].tolist() == whole["time"].tolist()
        and steps["probe_id"].tolist() == whole["probe_id"].tolist()
    )
    assert (steps["mean_c"] >= steps["min_c"] - 1e-9).all() and (
        steps["mean_c"] <= steps["max_c"] + 1e-9
    ).all()
    for ours, theirs in (
        ("mean_of_readings_c", "mean"),
        ("min_c", "min"),
        ("max_c", "max"),
        ("count", "count"),
    ):
        assert np.allclose(steps[ours], whole[theirs], atol=1e-9)


HOUR = T0 // 3_600_000 * 3_600_000
FREEZER = [
    ("a", HOUR + s * 1000, -200_000_000 if s < 3000 else -100_000_000)
    for s in (*range(0, 3000, 60), *range(3000, 3600))
]


@pytest.mark.parametrize("rolled_up", [False, True])
def test_a_mean_is_one_over_time(seed: Seed, rolled_up: bool) -> None:
    """Each minute for fifty minutes, then each second for ten: the hour's mean is that of its time, the
    readings' own mean beside it."""
    folder = seed(FREEZER)
    if rolled_up:
        with journal(folder) as j:
            j.roll_up()
    hour = load(every="1h", tidy=True, tz="UTC", data_dir=folder).iloc[0]
    assert (
        hour["mean_c"] == pytest.approx(-55 / 3)
        and hour["mean_of_readings_c"] == pytest.approx(-140 / 13)
        and hour["count"] == 650
    )
    assert load(every="1D", tz="UTC", data_dir=folder)["a"].tolist() == pytest.approx([-55 / 3])
    with Reader(folder / "temphub.sqlite3") as reader:
        (folder / "logs").mkdir()
        (folder / "logs" / "temperature_log.csv").write_bytes(
            STANDARD.header + to_lines(reader.after(0, 1000))
        )
    assert load(every="1h", tz="UTC", data_dir=folder / "logs")["a"].tolist() == pytest.approx([-55 / 3])


@pytest.mark.parametrize("number", range(4))
def test_logs_alone_have_the_means_of_the_journal(seed: Seed, number: int) -> None:
    """Bursts, gaps, readings of one moment and a range that begins and ends among them: a folder of logs says
    what the journal does."""
    rng = np.random.default_rng(number)
    pauses = rng.choice([0, 1_000, 1_000, 1_000, 60_000, 600_000, 7_200_000], 300)
    ms = (HOUR - 3 * 86_400_000 + np.cumsum(pauses)).tolist()
    folder = seed([("ab"[n % 7 == 0], at, int(rng.integers(0, 300)) * 10**6) for n, at in enumerate(ms)])
    (folder / "logs").mkdir()
    with Reader(folder / "temphub.sqlite3") as reader:
        (folder / "logs" / "temperature_log.csv").write_bytes(
            STANDARD.header + to_lines(reader.after(0, 1000))
        )
    start, end = (pd.Timestamp(ms[at], unit="ms", tz="UTC") for at in (40, 250))
    ours, theirs = (
        load(start=start, end=end, every="1h", tidy=True, tz="UTC", data_dir=at)
        for at in (folder, folder / "logs")
    )
    assert (
        ours["time"].tolist() == theirs["time"].tolist()
        and ours["count"].tolist() == theirs["count"].tolist()
    )
    assert np.allclose(ours["mean_c"], theirs["mean_c"], atol=1e-6)


def test_a_probe_that_sends_in_bursts(seed: Seed) -> None:
    """A minute each second, then heartbeats every two minutes, every eleven minutes alike: hours hold as many
    readings as the hours beside them and yet are not even; the mean of each is that of single readings for as
    long as they hold."""
    begin = HOUR - 2 * 86_400_000
    seconds = [k * 660 + s for k in range(180) for s in (*range(60), 180, 300, 420, 540)]
    at = begin + np.array(seconds, np.int64) * 1000
    units = np.rint((4 + 3 * np.sin(np.array(seconds) / 660 * 2 * np.pi)) * 1e7).astype(np.int64)
    folder = seed([("a", ms, value) for ms, value in zip(at.tolist(), units.tolist(), strict=True)])
    with journal(folder) as j:
        j.roll_up()
    held, hours = holds(np.zeros(len(at), np.int64), at), at // 3_600_000
    exact = [np.average(units[hours == hour] / 1e7, weights=held[hours == hour]) for hour in np.unique(hours)]
    found = load(every="1h", tidy=True, tz="UTC", data_dir=folder)
    assert found["mean_c"].tolist() == pytest.approx(exact, abs=1e-6)
    assert np.abs(found["mean_of_readings_c"] - exact).max() > 0.5


def test_a_long_mean_is_that_of_time_whatever_the_pace_was(seed: Seed) -> None:
    """Over days, with an interval that was changed, a gap, a spell of irregular readings and a probe that
    measures seldom, the mean is the one that single readings give, each for as long as it held: what is taken
    by the hour for speed does not show."""
    rng, day = np.random.default_rng(7), HOUR - 4 * 86_400_000
    spells = [(0, 30, 20), (30, 31.3, 300), (31.3, 55, 20), (62, 70, 60), (70, 74, 0), (74, 96, 20)]
    times: list[int] = []
    for begin, end, step_s in spells:
        first, last = round(begin * 3600), round(end * 3600)
        irregular = np.sort(rng.choice(np.arange(first, last), 400, replace=False)).tolist()
        times += [day + second * 1000 for second in (range(first, last, step_s) if step_s else irregular)]
    values = [int(1e7 * (4 + (moment - day) / 3.6e6 % 24)) for moment in times]
    seldom = [("b", day + n * 2_700_000, int(1e7 * n)) for n in range(128)]
    folder = seed([*zip(["a"] * len(times), times, values, strict=True), *seldom])
    with journal(folder) as j:
        j.roll_up()
    found = load(every="1D", tidy=True, tz="UTC", data_dir=folder).set_index(["probe_id", "time"])["mean_c"]
    for probe, at, units in (
        ("a", times, values),
        ("b", [one[1] for one in seldom], [one[2] for one in seldom]),
    ):
        moments = np.array(at, np.int64)
        held, days = holds(np.zeros(len(moments), np.int64), moments), moments // 86_400_000
        for which in np.unique(days):
            of_day = days == which
            exact = np.average(np.array(units)[of_day] / 1e7, weights=held[of_day])
            assert found[probe].iloc[list(np.unique(days)).index(which)] == pytest.approx(exact, abs=0.03), (
                probe,
                which,
            )


@pytest.mark.parametrize("every_s", [1, 2, 15, 60, 600])
def test_at_an_even_pace_both_means_are_one(seed: Seed, every_s: int) -> None:
    """At an even pace the mean over time is that of the readings, with a long gap in it, too."""
    kept = [n for n in range(2000) if not 500 <= n < 900]
    folder = seed([("a", T0 // 60_000 * 60_000 + n * every_s * 1000, n * 1000) for n in kept])
    steps = load(every="6h", tidy=True, tz="UTC", data_dir=folder)
    assert np.allclose(steps["mean_c"], steps["mean_of_readings_c"], atol=1e-9)


@pytest.mark.parametrize(
    ("zone", "first", "last", "counts"),
    [
        ("Africa/Cairo", "2026-04-23", "2026-04-25", [24, 23]),
        ("Africa/Cairo", "2026-04-23", "2026-04-24", [24]),
        ("Atlantic/Azores", "2026-03-28", "2026-03-30", [24, 23]),
        ("America/Havana", "2026-10-31", "2026-11-02", [24, 25]),
        ("Asia/Beirut", "2026-03-28", "2026-03-30", [24, 23]),
        ("America/Asuncion", "2023-09-30", "2023-10-02", [24, 23]),
    ],
)
def test_steps_where_midnight_is_missing_or_comes_twice(
    seed: Seed, zone: str, first: str, last: str, counts: list[int]
) -> None:
    """A report run on the day that the clocks change at midnight, or the day before, has that day, however
    long it is."""
    begin, end = (
        int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000
        for day in (first, last)
    )
    folder = seed([("a", ms, 40_000_000) for ms in range(begin, end, 3_600_000)])
    days = load(every="1D", tidy=True, tz=zone, data_dir=folder)
    assert days["count"].tolist() == counts and days["time"].dt.date.tolist() == list(
        pd.date_range(first, periods=len(counts)).date
    )
    assert load(every="1D", tz=zone, data_dir=folder)["a"].tolist() == [4.0] * len(counts)
    for every in ("2D", "7D", "W", "MS", "ME"):
        assert load(every=every, tidy=True, tz=zone, data_dir=folder)["count"].sum() == sum(counts)
        assert load(every=every, tz=zone, data_dir=folder)["a"].dropna().isin([4.0]).all()
    hours = load(every="1h", tidy=True, tz=zone, data_dir=folder)
    assert hours["count"].tolist() == [1] * sum(counts)


def test_a_range_lets_in_no_more_than_asked(seed: Seed) -> None:
    """Of the first and the last step only what lies in the range counts, to the millisecond, however wide the
    step is."""
    folder = seed([("a", T0 + n * 1000, n * 10**7) for n in range(7200)])
    for every in ("10s", "5min", "1h", "1D", "MS"):
        steps = load(
            start=T0 + 30_500, end=T0 + 4_000_001, every=every, tidy=True, tz="Asia/Kolkata", data_dir=folder
        )
        assert (steps["min_c"].min(), steps["max_c"].max(), steps["count"].sum()) == (31, 4000, 3970)


def test_weeks_begin_on_monday(seed: Seed) -> None:
    """A week's row has the moment at which the week began, and seven days."""
    first = pd.Timestamp("2026-11-23", tz="Europe/Berlin").value // 10**6
    weeks = load(
        every="W",
        tidy=True,
        tz="Europe/Berlin",
        data_dir=seed([("a", first + n * 3_600_000, n) for n in range(24 * 14)]),
    )
    assert [str(t) for t in weeks["time"]] == ["2026-11-23 00:00:00+01:00", "2026-11-30 00:00:00+01:00"]
    assert weeks["count"].tolist() == [168, 168]


@pytest.mark.parametrize(
    "zone", ["America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Berlin"]
)
def test_days_by_the_wall_clock(seed: Seed, zone: str) -> None:
    """Days begin at the zone's midnight, also where the clocks change at midnight or by half an hour; a day
    without readings is NaN."""
    start = pd.Timestamp("2026-01-01", tz=zone)
    times = [
        start + pd.Timedelta(hours=7 * n)
        for n in range(4 * 340)
        if not 100 <= (start + pd.Timedelta(hours=7 * n)).day_of_year < 104
    ]
    folder = seed([("a", t.value // 1_000_000, n) for n, t in enumerate(times)])
    days = load(every="1D", tz=zone, data_dir=folder)
    wall = (
        pd.Series(range(len(times)), index=pd.DatetimeIndex([t.tz_localize(None) for t in times]))
        .groupby(lambda t: t.date())
        .mean()
    )
    found = days["a"].dropna()
    assert [t.date() for t in found.index] == list(wall.index) and np.allclose(
        found.to_numpy() * 1e7, wall.to_numpy()
    )
    assert days["a"].isna().sum() == 4 and days.index.is_monotonic_increasing
