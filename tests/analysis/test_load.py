"""th.load: what an analyst gets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.conftest import T0, Seed, rows
from temphub_kernel.analysis import load
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import Writer


def test_wide(seed: Seed) -> None:
    """One column per probe in °C, by time in a named zone, late readings in their place, bad ones NaN."""
    folder = seed(
        [
            ("b", T0 + 2000, 20_0000000),
            ("a", T0, 21_5000000),
            ("a", T0 + 2000, None),
            ("a", T0 - 9000, -625_000),
        ]
    )
    frame = load(tz="Europe/Berlin", data_dir=folder)
    assert list(frame.columns) == ["a", "b"] and frame.index.name == "time"
    assert [str(t) for t in frame.index][:2] == [
        "2026-11-23 13:53:51.123000+01:00",
        "2026-11-23 13:54:00.123000+01:00",
    ]
    assert (
        frame["a"].tolist()[:2] == [-0.0625, 21.5]
        and np.isnan(frame["a"].iloc[2])
        and frame["b"].iloc[2] == 20.0
    )


def test_tidy(seed: Seed) -> None:
    """A row per reading with the reason of a bad one and when it came in."""
    frame = load(tidy=True, data_dir=seed([("b", T0, None), ("a", T0 - 5, 10_0000000)]))
    assert list(frame.columns) == ["time", "probe_id", "temperature_c", "quality", "received"]
    assert (
        frame["probe_id"].tolist() == ["a", "b"]
        and frame["quality"].tolist()[1] == "open"
        and pd.isna(frame["quality"][0])
    )
    assert (frame["received"] - frame["time"]).tolist() == [pd.Timedelta("40ms")] * 2


@pytest.mark.parametrize("every", [None, "5min", "1D", "10s"])
def test_an_empty_journal(data_dir: Path, every: str | None) -> None:
    """Before the first reading there is an empty frame of the right types, which plots and resamples."""
    writer = Writer(data_dir / "temphub.sqlite3")
    writer.start()
    assert writer.stop()
    wide, tidy = load(every=every, data_dir=data_dir), load(every=every, tidy=True, data_dir=data_dir)
    assert (
        wide.empty
        and isinstance(wide.index, pd.DatetimeIndex)
        and wide.index.tz is not None
        and wide.index.name == "time"
    )
    assert wide.resample("1h").mean().empty
    assert (
        tidy.empty
        and isinstance(tidy["time"].dtype, pd.DatetimeTZDtype)
        and tidy.iloc[:, 2].dtype == "float64"
    )


def test_no_journal(data_dir: Path) -> None:
    """Without a journal the error says where it was looked for and what to do."""
    with pytest.raises(
        TempHubError, match=r"There is no journal at .*Start the hub first.*temphub\.sqlite3\.$"
    ):
        load(data_dir=data_dir)


def test_no_journal_but_a_demos(data_dir: Path) -> None:
    """Whoever tried the demo first and opens a notebook is told where its readings are."""
    writer = Writer(data_dir / "demo-data" / "temphub.sqlite3")
    writer.start()
    assert writer.stop()
    with pytest.raises(TempHubError, match=r"What the demo recorded is in .*demo-data\.$"):
        load(data_dir=data_dir)
    assert load(data_dir=data_dir / "demo-data").empty


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
    frame = load(
        ["b", "a"], start=T0 + 1, tz="UTC", data_dir=seed([("a", T0, 1), ("b", T0 + 1, 2), ("c", T0 + 1, 3)])
    )
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
    """Times may be said as text, datetime or milliseconds; one without a zone is in the zone shown; the end
    is left out."""
    frame = load(
        start=start, end=end, tz="Europe/Berlin", data_dir=seed([("a", T0 + n * 2000, n) for n in range(3)])
    )
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


def test_while_the_hub_writes(data_dir: Path) -> None:
    """Loading beside a writing hub sees all that was acknowledged."""
    writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
    writer.start()
    for number in range(20):
        writer.store(rows([("a", T0 + number, number)]))
        assert len(load(data_dir=data_dir)) == number + 1
    assert writer.stop()


def test_what_a_log_marks_as_struck_out(tmp_path: Path) -> None:
    """Where only a CSV log is left that was written anew after something was struck out, that is not loaded
    either, unless asked for."""
    lines = ["timestamp,local_time,probe_id,temperature_c,quality"]
    lines += [
        f"2026-11-23T12:00:0{n}.000Z,2026-11-23 13:00:0{n},P,{value}"
        for n, value in enumerate(("20.5,", ",struck_out", ",open"))
    ]
    (tmp_path / "temperature_log.csv").write_text("\n".join(lines) + "\n")
    assert load(data_dir=tmp_path, tidy=True)["quality"].astype(object).where(
        lambda one: one.notna(), None
    ).tolist() == [None, "open"]
    assert load(data_dir=tmp_path, tidy=True, struck_out=True)["quality"].tolist()[1:] == [
        "struck_out",
        "open",
    ]
    assert len(load(data_dir=tmp_path)) == 2
