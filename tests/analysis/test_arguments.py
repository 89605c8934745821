"""What an analyst may say for a time, a length and a probe: one grammar in every call."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.conftest import T0, Seed
from temphub_kernel import analysis
from temphub_kernel.analysis.arguments import moment_ms
from temphub_kernel.analysis.lengths import step_of, text_ms
from temphub_kernel.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import Writer, calibrate, describe, strike_out

BERLIN = ZoneInfo("Europe/Berlin")
NOON = 1_795_431_600_000  # 2026-11-23 12:00 in Berlin


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-23 12:00",
        "2026-11-23T12:00",
        "2026-11-23T11:00Z",
        "23.11.2026 12:00",
        "23/11/2026 12:00",
        pd.Timestamp("2026-11-23 12:00").to_pydatetime(),
        datetime(2026, 11, 23, 11, tzinfo=timezone.utc),
        pd.Timestamp("2026-11-23 12:00", tz=BERLIN),
        np.datetime64("2026-11-23T12:00"),
        NOON,
        float(NOON),
        np.int64(NOON),
        str(NOON),
    ],
)
def test_a_moment_may_be_said_in_many_ways(said: Any) -> None:
    """Texts, datetimes, Timestamps and milliseconds of any type mean the same moment, in that zone."""
    assert moment_ms(said, BERLIN) == NOON


@pytest.mark.parametrize(
    ("said", "ago_ms"),
    [
        ("7d", 7 * DAY_MS),
        ("-7d", 7 * DAY_MS),
        ("7 days ago", 7 * DAY_MS),
        ("1 week", 7 * DAY_MS),
        ("-1y", 365 * DAY_MS),
        ("1h30min", HOUR_MS + 30 * MINUTE_MS),
        ("1 days 02:00:00", 26 * HOUR_MS),
        (timedelta(days=2), 2 * DAY_MS),
        (timedelta(days=-2), 2 * DAY_MS),
        (pd.Timedelta("90s"), 90_000),
        (np.timedelta64(5, "m"), 5 * MINUTE_MS),
    ],
)
def test_a_length_is_so_long_ago(said: Any, ago_ms: int) -> None:
    """`"7d"` means what it means to the page's window, with a minus or without."""
    before = now_ms()
    assert before - ago_ms <= moment_ms(said, BERLIN) <= now_ms() - ago_ms


@pytest.mark.parametrize(
    ("now", "today", "hours"),
    [
        ("2026-11-30T23:00:00+00:00", date(2026, 12, 1), 24),
        ("2026-11-30T22:59:59.999+00:00", date(2026, 11, 30), 24),
        ("2026-03-29T22:30:00+00:00", date(2026, 3, 30), 23),
        ("2026-10-26T11:00:00+00:00", date(2026, 10, 26), 25),
    ],
)
def test_days_by_name(monkeypatch: pytest.MonkeyPatch, now: str, today: date, hours: int) -> None:
    """`today` and `yesterday` begin at midnight of the zone, also where a day has 23 hours or 25."""
    moment = round(datetime.fromisoformat(now).timestamp() * 1000)
    monkeypatch.setattr(time, "time_ns", lambda: moment * 1_000_000)
    assert moment_ms("today", BERLIN) == moment_ms(today, BERLIN)
    assert moment_ms("today", BERLIN) - moment_ms(" Yesterday ", BERLIN) == hours * HOUR_MS
    assert moment_ms(date(2026, 11, 23), BERLIN) == NOON - 12 * HOUR_MS


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("11/12/2026", "two different days"),
        (1_795_431_600, "in seconds"),
        (1_795_431_600.5, "in seconds"),
        (5, "no time"),
        (True, "no time"),
        (float("nan"), "no time"),
        ("noonish", "no time"),
        (["2026-11-23"], "no time"),
        (b"2026", "no time"),
    ],
)
def test_what_could_mean_something_else_is_refused(said: Any, why: str) -> None:
    """A day that may be a month, seconds taken for milliseconds and whatever is no time are refused, with
    what to give instead; none of them quietly means all there is."""
    with pytest.raises(TempHubError, match=why) as refused:
        moment_ms(said, BERLIN)
    assert refused.value.remedy.startswith('Give a time such as "2026')


def test_lengths_and_steps_are_spelled_alike() -> None:
    """The units of the page and the command are those of every length and step; what is none is none."""
    assert [text_ms(text) for text in ("5m", "5min", "300 s", "5 minutes")] == [5 * MINUTE_MS] * 4
    assert [text_ms(text) for text in ("", "5", "min", "5 parsecs", "-5min", "h1")] == [None] * 6
    assert step_of("1d") == step_of("1D") and step_of("5m") == step_of("5min")


@pytest.fixture
def folder(seed: Seed) -> Path:
    """Two probes with names, of which all is said that can be."""
    data_dir = seed([(id_, T0 + n * 2000, 50_000_000) for n in range(3) for id_ in ("a", "b")])
    writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
    writer.start()
    for id_, alias in {"a": "Fridge", "b": "Freezer"}.items():
        describe(writer, id_, {"alias": alias, "group": "Kitchen"})
        calibrate(writer, id_, [(0.0, 0.5)], T0, "ice bath")
        strike_out(writer, id_, T0 + 1, T0 + 1)
    assert writer.stop()
    return data_dir


CALLS: list[Callable[..., Any]] = [
    analysis.load,
    analysis.statistics,
    analysis.alarms,
    analysis.remarks,
    analysis.struck_out,
    analysis.calibrations,
    analysis.thermocouples,
]


@pytest.mark.parametrize("call", [*CALLS, analysis.scan, analysis.rules])
def test_a_probe_may_be_said_in_many_ways(folder: Path, call: Callable[..., Any]) -> None:
    """One or several, by id or name, in any collection; what is no probe is refused by every call, and a time
    in its place is told its name."""
    for said in (
        "a",
        "fridge",
        ["Fridge"],
        ("b", "Fridge"),
        {"Freezer"},
        pd.Index(["b"]),
        pd.Series(["a"]),
        None,
    ):
        call(said, data_dir=folder)
    for wrong, code in ((0, "bad_probe"), (["a", 1], "bad_probe"), ("Frigde", "unknown_probe")):
        with pytest.raises(TempHubError) as refused:
            call(wrong, data_dir=folder)
        assert refused.value.code == code
    with pytest.raises(TempHubError) as refused:
        call("7d", data_dir=folder)
    assert refused.value.remedy.startswith("Give a time by its name: start='7d'.")


def test_a_probe_is_of_one_type_everywhere(folder: Path) -> None:
    """`probe_id` is a category in every frame, of something and of nothing, and counts only who is there."""
    tidy = analysis.load(tidy=True, numbered=True, data_dir=folder)
    frames = [tidy, analysis.load(tidy=True, every="1s", data_dir=folder), analysis.probes(data_dir=folder)]
    frames += [call(start="2001-01-01", end="2001-01-02", data_dir=folder) for call in CALLS[1:]]
    frames += [analysis.excursions(tidy, above=limit) for limit in (1, 99)] + [analysis.completeness(tidy)]
    frames += [analysis.gaps(tidy), analysis.daily_profile(tidy), analysis.mean_kinetic_temperature(tidy)]
    assert {str(frame["probe_id"].dtype) for frame in frames} == {"category"}
    assert analysis.load("Fridge", tidy=True, data_dir=folder)["probe_id"].value_counts().to_dict() == {
        "a": 3
    }


def test_calibrations_and_probes_are_frames(folder: Path) -> None:
    """Which probes there are, and which corrections hold from when to when, with their points."""
    there = analysis.probes(data_dir=folder)
    assert there[["probe_id", "name", "group", "readings", "temperature_c"]].to_numpy().tolist() == [
        ["a", "Fridge", "Kitchen", 3, 5.5],
        ["b", "Freezer", "Kitchen", 3, 5.5],
    ]
    told = analysis.calibrations("Freezer", tz="UTC", data_dir=folder).iloc[0]
    assert (told["probe_id"], told["points"], told["offset_c"]) == ("b", [(0.0, 0.5)], 0.5)
    assert told["start"] == pd.Timestamp(T0, unit="ms", tz="UTC") and pd.isna(told["end"])
    assert analysis.calibrations(end="2001-01-01", data_dir=folder).empty
    assert analysis.struck_out("a", start="2001-01-01", data_dir=folder)["probe_id"].tolist() == ["a"]
    assert analysis.rules(data_dir=folder).dtypes[["probes", "rule"]].astype(str).tolist() == ["object"] * 2


def test_a_wide_frame_that_is_mostly_holes_says_so(seed: Seed) -> None:
    """Probes that measure each at its own moments fill little of a wide frame: it says so, and what to ask;
    on one grid nothing is said and nothing is empty."""
    made = [
        (id_, T0 + n * 30_000 + place * 700, 10**7) for n in range(150) for place, id_ in enumerate("abc")
    ]
    folder = seed(made)
    with pytest.warns(UserWarning, match=r'67% of this wide frame is empty.*every="30s"') as caught:
        analysis.load(data_dir=folder)
    assert caught[0].filename == __file__
    assert not analysis.load(every="30s", data_dir=folder).isna().any(axis=None)
    assert len(analysis.load("a", data_dir=folder)) == len(analysis.load(tidy=True, data_dir=folder)) // 3
