"""Names that people give their probes, asked for and answered in a notebook."""

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from temphub_kernel.analysis import completeness, excursions, load, scan, statistics
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer, describe
from temphub_kernel.page.pieces import ids_of

T0 = 1_795_438_440_123
TITLES = {"a": "Cold room 2", "b": "Fridge (b)", "c": "Fridge (c)", "d": "d"}


@pytest.fixture
def folder(data_dir: Path) -> Path:
    """Four probes of three readings, three of which a person called something."""
    writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
    writer.start()
    writer.store(
        [
            Row(id_, None, None, T0 + n * 2000, T0 + n * 2000, (4 + n) * 10_000_000, None)
            for n in range(3)
            for id_ in TITLES
        ]
    )
    for id_, alias in {"a": "Cold room 2", "b": "Fridge", "c": "Fridge"}.items():
        describe(writer, id_, {"alias": alias})
    assert writer.stop()
    return data_dir


def test_a_probe_is_asked_for_by_name(folder: Path) -> None:
    """`load` and `scan` take what the page calls a probe, beside ids; a name that two have is refused, naming
    their ids."""
    assert load("Cold room 2", data_dir=folder).columns.tolist() == ["a"]
    assert load(["d", "cold room 2", "a"], data_dir=folder).columns.tolist() == ["d", "a"]
    assert scan("Cold room 2", data_dir=folder).collect()["probe_id"].unique().to_list() == ["a"]
    for ask in (load, scan):
        with pytest.raises(TempHubError, match="2 probes are called 'Fridge'") as refused:
            ask("Fridge", data_dir=folder)
        assert refused.value.remedy == "Give the id: b, c."
    with pytest.raises(TempHubError) as unknown:
        load("Freezer", data_dir=folder)
    assert unknown.value.code == "unknown_probe" and "a (Cold room 2)" in unknown.value.remedy
    assert ids_of(folder / "temphub.sqlite3", ["Cold room 2", "d"]) == ["a", "d"]
    with pytest.raises(TempHubError, match="No probe 'nobody'"):
        ids_of(folder / "temphub.sqlite3", ["nobody"])


@pytest.mark.parametrize("every", [None, "1h"])
def test_columns_are_ids_unless_names_are_wanted(folder: Path, every: str | None) -> None:
    """Columns stay ids, with each one's name in `attrs`; `names=True` heads them by name, and tidy has
    both."""
    plain, called = load(every=every, data_dir=folder), load(every=every, names=True, data_dir=folder)
    assert plain.columns.tolist() == list(TITLES) and plain.attrs["names"] == TITLES
    assert called.columns.tolist() == list(TITLES.values())
    pd.testing.assert_frame_equal(plain.set_axis(called.columns, axis=1), called)
    tidy = load(every=every, tidy=True, names=True, data_dir=folder)
    assert dict(zip(tidy["probe_id"], tidy["name"], strict=True)) == TITLES
    assert load(every=every, tidy=True, data_dir=folder).columns.tolist() == [
        name for name in tidy.columns if name != "name"
    ]


def test_a_lazy_frame_has_names_beside_ids(folder: Path) -> None:
    """`scan(names=True)` has a column `name`; whatever is selected or filtered by, values are those of the
    whole frame."""
    lazy = scan(names=True, data_dir=folder)
    whole = lazy.collect()
    assert dict(zip(whole["probe_id"], whole["name"], strict=True)) == TITLES and scan(
        data_dir=folder
    ).collect().equals(whole.drop("name"))
    for columns in (["name"], ["temperature_c", "received"], ["time", "quality"]):
        assert lazy.select(columns).collect().equals(whole.select(columns))
    assert (
        lazy.filter(pl.col("name") == "Cold room 2").select("temperature_c", "raw_c").collect().height
        == (whole["probe_id"] == "a").sum()
    )
    assert lazy.select(pl.len()).collect().item() == whole.height


def test_statistics_tell_ids_and_names(folder: Path) -> None:
    """`statistics` has a row for each probe asked for, by id or name, with both; of nothing it has the same
    columns."""
    told = statistics(data_dir=folder)
    assert dict(zip(told["probe_id"], told["name"], strict=True)) == TITLES
    assert statistics(["d", "Cold room 2"], data_dir=folder)["probe_id"].tolist() == ["d", "a"]
    nothing = statistics(end="2001-01-01", data_dir=folder)
    assert nothing.empty and nothing.columns.tolist() == told.columns.tolist()


def test_what_is_found_carries_the_names(folder: Path) -> None:
    """Excursions of a frame with names tell them; what needs a tidy frame takes one that has names, too."""
    found = excursions(load(["a", "d"], names=True, data_dir=folder), above=4.5)
    assert set(found["probe_id"]) == {"Cold room 2", "d"}
    assert set(completeness(load(tidy=True, numbered=True, names=True, data_dir=folder))["probe_id"]) == set(
        TITLES
    )


def test_logs_have_ids_only(tmp_path: Path) -> None:
    """Without a journal nobody knows a name: `names=True` gives the ids."""
    text = (
        "timestamp,local_time,probe_id,temperature_c,quality\n2026-11-23T12:54:00.000Z,2026-11-23 "
        "13:54:00,a,4.5,\n"
    )
    (tmp_path / "temperature_log.csv").write_text(text)
    assert load(names=True, data_dir=tmp_path).columns.tolist() == ["a"]
    assert load(names=True, tidy=True, data_dir=tmp_path)["name"].tolist() == ["a"]
