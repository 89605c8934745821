"""Many real probes at once on one hub: nothing lost, nobody starved, memory flat.

Short by default. The full run, 200 probes for half an hour:
`TEMPHUB_PROBES=200 TEMPHUB_MINUTES=30 python -m pytest -s tests/server/test_many_probes.py`.
"""

import os
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest

from support.virtual import VirtualProbe
from support.waiting import wait_for
from temphub_kernel.journal import Reader

PROBES = int(os.environ.get("TEMPHUB_PROBES", "30"))
MINUTES = float(os.environ.get("TEMPHUB_MINUTES", "0.4"))
INTERVAL_MS = 2000


def rss_mb(temphub) -> float:
    """The hub kernel's memory."""
    return temphub.hub_kernel().memory_info().rss / 1e6


@pytest.mark.timeout(round(MINUTES * 60 + 20 * PROBES + 120))
def test_many_probes(start_temphub, data_dir, tmp_path, capsys):
    """Every probe is claimed and delivers at its pace; each reading that any of them took is stored once,
    within seconds; the hub's memory does not grow with time."""
    temphub = start_temphub(DEFAULT_INTERVAL_MS=str(INTERVAL_MS), LOG_LEVEL="WARN").ready()
    url = f"http://127.0.0.1:{temphub.port}"
    with ExitStack() as stack:
        fleet = [
            VirtualProbe("micropython", f"P-{n:03}", tmp_path / f"flash-{n:03}", "--hub", url)
            for n in range(PROBES)
        ]
        for probe in fleet:
            stack.enter_context(probe)

        def standings() -> list[str | None]:
            return [
                one["trust"]
                for one in temphub.ask("GET", "/api/probes", timeout_s=20)[1]["probes"]
                if one["id"].startswith("P-")
            ]

        wait_for(lambda: standings().count("claimed") == PROBES, 60 + PROBES, 0.5)
        begun, memory = time.time(), []
        while time.time() - begun < MINUTES * 60:
            memory.append((time.time() - begun, rss_mb(temphub)))
            time.sleep(min(5.0, MINUTES * 6))
        with ThreadPoolExecutor(8) as pool:
            told = dict(
                zip([probe.command[3] for probe in fleet], pool.map(VirtualProbe.status, fleet), strict=True)
            )
    assert temphub.stop() == 0
    with Reader(data_dir / "temphub.sqlite3") as reader:
        columns = reader.columns(0, 1 << 60)
    ids, boots = columns.ids, defaultdict(list)
    for probe, seq in zip(columns.probe.tolist(), columns.seq.tolist(), strict=True):
        boots[ids[probe]].append(seq)
    for status in told.values():
        seqs = boots[status["id"]]
        assert len(seqs) == len(set(seqs)) >= status["delivered"], status["id"]
        assert set(range(max(seqs) + 1)) == set(seqs), f"{status['id']}: a reading is missing"
        assert status["outbox"] <= 3 and not status["dropped"] and not status["thinned"], status
        assert len(seqs) > 0.8 * MINUTES * 60_000 / INTERVAL_MS, f"{status['id']}: too slow"
    late_ms = (columns.received_ms - columns.taken_ms)[columns.taken_ms > begun * 1000 + 5_000]
    grown = np.polyfit(*np.array(memory[len(memory) // 4 :]).T, 1)[0] * 3600 if len(memory) > 8 else 0.0
    with capsys.disabled():
        sys.stdout.write(
            f"\n{PROBES} probes, {MINUTES:g} min: {len(columns.seq)} readings, delivered after "
            f"{np.percentile(late_ms, [50, 99])} ms"
            f" (p50, p99); memory {memory[0][1]:.0f} -> {memory[-1][1]:.0f} MB, {grown:+.1f} MB/h\n"
        )
    assert np.percentile(late_ms, 99) < 5_000
    assert memory[-1][1] - memory[len(memory) // 4][1] < 12 + 0.2 * MINUTES
