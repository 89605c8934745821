"""mDNS gone mad: thousands of made-up probes, and a reflector that sends everything it hears again and
again."""

import json
import subprocess
import sys
import time
from itertools import pairwise

import psutil
import pytest

from support import storm
from support.virtual import VirtualProbe
from support.waiting import wait_for
from temphub_kernel.journal import Reader

STORM_S = 8.0
NAME = "TempProbe-0A77"


@pytest.fixture
def hub(start_here):
    """A hub in this process, on loopback."""
    return start_here(DEFAULT_INTERVAL_MS="500")


def delivered(hub, probe_id: str) -> list[int]:
    """When its readings came in."""
    with Reader(hub.journal) as reader:
        return [point.received_ms for point in reader.after(0, 100_000) if point.probe_id == probe_id]


@pytest.mark.alone
@pytest.mark.timeout(480)
def test_a_storm_of_adverts_costs_no_reading(hub, advert, put_up, unique, tmp_path, caplog, turn):
    """A probe that delivers goes on within seconds, one that is switched on meanwhile is taken up (it says
    hello), memory stays flat, the log says a few things once; after the storm a probe that only announces
    itself is found."""
    with VirtualProbe("cpython", NAME, tmp_path / "a") as probe:
        wait_for(lambda: probe.status()["delivered"] >= 2, 60)
        before, rss = time.time() * 1000, psutil.Process().memory_info().rss
        with subprocess.Popen(
            [sys.executable, storm.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as raging:
            with VirtualProbe("cpython", NAME + "b", tmp_path / "b") as late:
                wait_for(lambda: late.status()["delivered"] >= 2, 90)
            wait_for(lambda: time.time() * 1000 - before > STORM_S * 1000, 60)
            sent = json.loads(raging.communicate(timeout=60)[0])
        assert sent["invented"] >= 1000 and sent["reflected"] >= 1000
        assert psutil.Process().memory_info().rss - rss < 60e6
        came = [ms for ms in delivered(hub, NAME) if ms > before]
        assert max(b - a for a, b in pairwise(came)) < 10_000
        turn.end()
        put_up(advert(unique, id=unique, port=9))
        wait_for(lambda: hub.book.at("127.0.0.1") and unique in hub.book.at("127.0.0.1"), 180)
    warned = [
        record
        for record in caplog.records
        if record.levelname == "WARNING" and "Made-up" not in record.getMessage()
    ]
    assert len(warned) < 20, [record.getMessage() for record in warned]
