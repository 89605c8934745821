"""What a thermocouple's chip itself said, from the wire to `th.load(raw=True)`"""

import sqlite3
from contextlib import closing

import duckdb
import numpy as np
import pandas as pd
import polars as pl

import temphub_kernel as th
from journal.journal_harness import T0, close_months, journal, pack_all
from temphub_kernel.api.ingest.ignored_fields import ignored_fields
from temphub_kernel.api.schemas import rows_of
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer, batches
from temphub_kernel.journal.blocks import store
from temphub_kernel.journal.packed.packs import pack, unpack
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

NOW_MS = 1_795_000_000_000


def _body(*readings):
    sent = [{"seq": seq, "age_ms": 9000 - seq * 1000, **one} for seq, one in enumerate(readings)]
    return {"probe_id": "P", "boot": "b1", "readings": sent}


def _stored(tmp_path, *bodies):
    writer = Writer(tmp_path / "temphub.sqlite3")
    writer.start()
    try:
        return [writer.store(rows_of(body, NOW_MS)[0]) for body in bodies]
    finally:
        writer.stop()


def test_chip_and_cold_junction_are_kept_beside_the_true_value(tmp_path):
    """Each reading has its own, to the last digit; others have none; a repeat adds nothing."""
    body = _body(
        {"temperature_c": -80.0, "chip_c": -70.25, "cold_c": 25.0625},
        {"temperature_c": 20.0},
        {"temperature_c": 100.5, "chip_c": 101.25},
        {"temperature_c": None, "quality": "open", "cold_c": -0.0625},
    )
    plain = {"probe_id": "Q", "temperature_c": 4.0}
    assert [one.stored for one in _stored(tmp_path, plain, body, body)] == [1, 4, 0]
    frame = th.load("P", tidy=True, raw=True, tz="UTC", data_dir=tmp_path)
    assert np.array_equal(frame["chip_c"], [-70.25, np.nan, 101.25, np.nan], equal_nan=True)
    assert np.array_equal(frame["cold_c"], [25.0625, np.nan, np.nan, -0.0625], equal_nan=True)
    assert np.array_equal(frame["raw_c"], [-80.0, 20.0, 100.5, np.nan], equal_nan=True)
    both = th.load(tidy=True, raw=True, tz="UTC", data_dir=tmp_path)
    assert sorted(both["chip_c"].dropna()) == [-70.25, 101.25]


def test_without_such_a_chip_nothing_is_added(tmp_path):
    """No column, no table, no byte."""
    _stored(tmp_path, _body({"temperature_c": 20.0}))
    assert list(th.load(tidy=True, raw=True, data_dir=tmp_path)) == [
        "time",
        "probe_id",
        "temperature_c",
        "quality",
        "received",
        "raw_c",
    ]
    assert b"junctions" not in (tmp_path / "temphub.sqlite3").read_bytes()


def _of_a_chip(n, start):
    """Each third reading is another probe's, each fifth has no chip's number, each seventh no temperature of
    the chip."""
    junction = (None if n % 5 == 0 else -4000 + n % 900 * 16, None if n % 7 == 0 else 1600 + n % 8)
    plain = n % 3 == 0 or junction == (None, None)
    return Row(
        "Q" if n % 3 == 0 else "P",
        "b",
        n,
        start + n * 300_000,
        T0,
        n % 997 * 625_000,
        None,
        None if plain else junction,
    )


def test_packs_and_closed_months_have_them_too(tmp_path):
    """What the chip said goes with its reading into its pack and its month's file, is read back the same, and
    leaves its table."""
    rows = [_of_a_chip(n, T0 - 40 * 86_400_000) for n in range(2 * BLOCK_ROWS + 10)]
    with journal(tmp_path) as j:
        j.writer.store(rows)
        before = th.load(tidy=True, raw=True, numbered=True, data_dir=tmp_path)
        told = [row.junction or (None, None) for row in sorted(rows, key=lambda row: row.taken_ms)]
        for place, name in enumerate(("chip_c", "cold_c")):
            assert np.array_equal(
                before[name],
                [np.nan if one[place] is None else one[place] / 64 for one in told],
                equal_nan=True,
            )
        j.roll_up()
        assert pack_all(j) == 1
        with closing(open_for_reading(j.path)) as db:
            last = batches.first_no(db)
            assert db.execute("SELECT min(no) >= ? FROM junctions", (last,)).fetchone() == (1,)
        pd.testing.assert_frame_equal(th.load(tidy=True, raw=True, numbered=True, data_dir=tmp_path), before)
        (month,) = close_months(j, T0)
        pd.testing.assert_frame_equal(th.load(tidy=True, raw=True, numbered=True, data_dir=tmp_path), before)
    file = tmp_path / "archive" / f"readings-{month}.parquet"
    mine = pl.read_parquet(file)
    wanted = [(row.junction or (None, None)) for row in rows[: len(mine)]]
    wanted = [tuple(None if one is None else one / 64 for one in pair) for pair in wanted]
    assert mine.select("chip_c", "cold_c").rows() == wanted
    assert duckdb.sql(f"SELECT chip_c, cold_c FROM '{file}' ORDER BY no").fetchall() == wanted
    theirs = pd.read_parquet(file)
    assert theirs["cold_c"].notna().sum() == sum(one[1] is not None for one in wanted)


def test_what_was_packed_without_a_place_for_them_has_them_still(tmp_path):
    """Packs had no place for it at first: then it stands in its table, and is read from there."""
    body = {
        name: np.arange(10)
        for name in ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq")
    }
    plain = pack({**body, "probe": np.ones(10, np.int64)})
    assert plain[0] == 1 and (unpack(plain, ("chip",))["chip"] == -(2**63)).all()
    with journal(tmp_path) as j:
        j.writer.store([_of_a_chip(n, T0) for n in range(2 * BLOCK_ROWS + 10)])
        before = th.load(tidy=True, raw=True, data_dir=tmp_path)
        j.roll_up()
        assert pack_all(j) == 1
    with closing(sqlite3.connect(j.path)) as db, db:
        block, data = db.execute("SELECT block, body FROM packs").fetchone()
        batch = unpack(
            data, ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq", "chip", "cold")
        )
        chips = zip(*(batch[name].tolist() for name in ("no", "chip", "cold")), strict=True)
        store(
            db,
            [
                (no, *(None if one == -(2**63) else one for one in pair))
                for no, *pair in chips
                if max(pair) != -(2**63)
            ],
        )
        old = pack({name: column for name, column in batch.items() if name not in ("chip", "cold")})
        assert old[0] == 1 and data[0] == 2
        db.execute("UPDATE packs SET body=? WHERE block=?", (old, block))
    pd.testing.assert_frame_equal(th.load(tidy=True, raw=True, data_dir=tmp_path), before)


def test_what_can_be_no_temperature_costs_no_reading():
    """It is named in the reply instead; what is good beside it is kept."""
    for wrong in ("25", True, None, [], {}, 1e9, -271, 10**400):
        body = _body({"temperature_c": 20.0, "chip_c": wrong, "cold_c": 25.0})
        (row,) = rows_of(body, NOW_MS)[0]
        assert row.junction == (None, 1600) and ignored_fields(body, NOW_MS) == ["chip_c"], wrong
        lone = {"temperature_c": 20.0, "cold_c": wrong}
        assert rows_of(lone, NOW_MS)[0][0].junction is None and ignored_fields(lone, NOW_MS) == ["cold_c"], (
            wrong
        )
