"""`load(source=…)`: all places from the engine, the same numbers as at each hub, reading by reading."""

import numpy as np
import pandas as pd
import psutil
import pytest

import temphub_kernel as th
from support.engines import Prometheus, Victoria
from support.ports import free_port
from support.waiting import wait_for
from temphub_kernel import engines
from temphub_kernel.core.clock import HOUR_MS, now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.forward.engine.forwarder import Engine
from temphub_kernel.forward.engine.kinds import Door
from temphub_kernel.journal import Writer, calibrate


@pytest.fixture
def victoria(tmp_path):
    """VictoriaMetrics on the loopback interface."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


def forwarded(folder, url: str, site: str, offset_c: float) -> None:
    """A hub's journal with the same probe id as others have, all of it sent."""
    folder.mkdir()
    writer = Writer(folder / "temphub.sqlite3")
    writer.start()
    now = now_ms() // 1000 * 1000 - 600_000
    rows = [
        Row(
            "Cold-1",
            "b",
            no,
            now + no * 2000,
            now,
            None if no % 9 == 4 else 20_312_500 + no * 625_000,
            "crc" if no % 9 == 4 else None,
        )
        # Four minutes without any.
        for no in (*range(50), *range(170, 200))
    ]
    writer.store([*rows, Row("Warm.2", "b", 1, now + 777, now, 213_125_000, None)])
    calibrate(writer, "Warm.2", [(0.0, offset_c)], 0)
    engine = Engine(Door(url), site, folder / "temphub.sqlite3", writer, every_s=0.02, look_s=0.05)
    engine.start()
    try:
        # 80 of one, and one of the other twice: as sent and corrected.
        wait_for(lambda: engine.report().get("waiting") == 0 and engine.report()["sent"] == 82, 20)
    finally:
        assert engine.stop() and writer.stop()


@pytest.fixture
def prometheus(tmp_path):
    """Prometheus, which has no raw export and gives at most 500 points at once; not started yet."""
    made = Prometheus(tmp_path / "prometheus", free_port())
    made.flags = ("--query.max-samples=500",)
    yield made
    made.kill()


def test_all_places_have_the_numbers_of_their_hubs(tmp_path, victoria, prometheus):
    """Each value, time and bad reading is that of the hub's own `load`, corrected where it is there; gaps
    stay gaps, and places are told apart: by raw export, and piece by piece by the query API that
    Prometheus, Thanos and Mimir have."""
    for site, offset_c in (("Shop 1", 0.5), ("Shop 2", -1.25)):
        forwarded(tmp_path / site, victoria.base, site, offset_c)
    prometheus.take(victoria.series()).start()
    for source in (victoria.base, prometheus.base):
        wide = th.load(source=source, start="1h", tz="UTC")
        tidy = th.load(source=source, tz="UTC", tidy=True)
        raw = th.load(probe="Warm.2", source=source, tz="UTC", raw=True)
        # The places began within another second, maybe.
        assert raw[("Shop 1", "Warm.2")].dropna().tolist() == [21.3125]
        assert sorted(set(wide.columns.get_level_values("site"))) == ["Shop 1", "Shop 2"]
        lazy = th.scan(source=source).collect()
        for site in ("Shop 1", "Shop 2"):
            own = th.load(data_dir=tmp_path / site, tz="UTC")
            pd.testing.assert_frame_equal(
                wide[site].dropna(how="all"), own.dropna(how="all"), check_freq=False, check_names=False
            )
            mine = th.load(data_dir=tmp_path / site, tz="UTC", tidy=True)
            part = tidy[tidy["site"] == site].reset_index(drop=True)
            for name in ("time", "probe_id", "quality"):
                assert part[name].astype(str).tolist() == mine[name].astype(str).tolist(), name
            assert np.array_equal(part["temperature_c"], mine["temperature_c"], equal_nan=True)
            wanted = ["time", "probe_id", "temperature_c", "raw_c", "quality"]
            scanned = th.scan(data_dir=tmp_path / site).select(wanted).collect()
            order = ["time", "probe_id"]
            assert lazy.filter(site=site).select(wanted).sort(order).equals(scanned.sort(order))
        some = th.load("Cold-1", start=wide.index[10], end=wide.index[20], source=source, tz="UTC")
        assert len(some) and some.index[0] == wide.index[10] and some.index[-1] < wide.index[20]
        assert th.scan("Warm.2", source=source).select("raw_c").collect()["raw_c"].to_list() == [21.3125] * 2


def test_a_point_of_a_moment_ago_is_there(victoria):
    """VictoriaMetrics keeps the last half minute from whoever asks as Grafana does; we ask so that it does
    not."""
    then = now_ms() - 1000
    victoria.write(f"temphub,site=S,probe=P celsius=4 {then}", "")
    victoria.series()
    engine = engines.Engine(victoria.base)
    selector = engines.match(["celsius"])
    # Its index shows a new series a moment later.
    wait_for(lambda: engine.instant(f"last_over_time({selector}[5s])", then + 1000), 5)
    (told,) = engine.steps(f"last_over_time({selector}[5s])", then + 1000, then + 1000, HOUR_MS)
    assert told.values.tolist() == [4.0]
    ((_, at_ms, value),) = engine.last(selector, 60_000, now_ms())
    assert (at_ms, value) == (then, 4.0)


def test_what_was_struck_out_stays_out(victoria):
    """A time of which everything was struck out is empty, though an earlier revision has values there, and
    what was sent as well."""
    head, then = "temphub,site=S,probe=P", now_ms() - 3_600_000
    victoria.write(
        f"{head} celsius=1 {then}\n{head},revision=1 corrected=2 {then}\n"
        f"{head} celsius=1 {then + 60_000}\n{head},revision=2 corrected=3 {then + 60_000}",
        "",
    )
    victoria.series()
    # Its index shows a new series a moment later.
    wait_for(lambda: th.load(source=victoria.base)[("S", "P")].tolist() == [3.0])
    assert th.load(source=victoria.base, end=then + 1).empty
    assert th.load(source=victoria.base, raw=True)[("S", "P")].tolist() == [1.0]


def test_a_frame_that_does_not_fit_into_memory_is_told(victoria):
    """So many probes, each measured at moments of its own, that a wide frame of them would take twice the
    memory of this computer: the message says how much and what to load instead, and that is loaded."""
    probes = round((2 * psutil.virtual_memory().total / 8 / 10) ** 0.5)
    then = now_ms() - 3_600_000
    for first in range(0, probes, 5000):
        those = range(first, min(first + 5000, probes))
        victoria.write(
            "".join(
                f"temphub,site=S,probe=P{no} celsius=1 {then + no * 10 + at}\n"
                for no in those
                for at in range(10)
            ),
            "",
        )
    victoria.series('{__name__="none"}')
    with pytest.raises(TempHubError, match=rf"{probes:,} columns of .* GB of memory more.*tidy=True") as met:
        th.load(source=victoria.base, start="2h")
    assert met.value.code == "no_memory"
    assert len(th.load(source=victoria.base, start="2h", tidy=True)) == probes * 10


def test_what_only_a_journal_has_is_told_by_its_name(victoria, tmp_path):
    """Of an engine and of a lake the message names what was asked for in vain."""
    for source, what in ((victoria.base, "An engine"), (str(tmp_path), "A lake")):
        with pytest.raises(
            TempHubError, match=f"{what} has readings as they are, so names and origin cannot"
        ):
            th.scan(source=source, names=True, origin=True)
    with pytest.raises(TempHubError, match="so every and numbered cannot"):
        th.load(source=victoria.base, every="1h", numbered=True)


def test_what_cannot_be_read_is_told(victoria):
    """No engine there, no address, another address, or what an engine does not have ends in words without the
    password."""
    assert th.load(source=victoria.base).empty and th.load(source=victoria.base, tidy=True).empty
    for source in (
        f"http://me:secret@127.0.0.1:{free_port()}",
        "ftp://me:secret@x",
        f"{victoria.base}/nothing",
    ):
        with pytest.raises(TempHubError) as caught:
            th.load(source=source)
        assert "secret" not in str(caught.value) and caught.value.code == "bad_source"
    with pytest.raises(TempHubError, match="resample"):
        th.load(source=victoria.base, every="1h")
