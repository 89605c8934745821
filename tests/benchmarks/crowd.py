"""Very many probes on one hub, claimed and signed, each with a reading every two seconds:

    python tests/benchmarks --crowd 10000 [--minutes 3] [--page]

Told each ten seconds, and of the time after all were claimed and asked: what was acknowledged, what of it is
stored and how often, the hub's share of a core (all its processes, and the one that records), how long probes
waited for their acknowledgement, what it holds, and for how long it had them gather. The probes are one
process (crowd_probes.py) on the same computer: its share is told, too. With --page they are put into groups,
and a page of them is open meanwhile: see crowd_page.py.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from benchmarks.hubs import Hub
from temphub_kernel.journal import Reader

if TYPE_CHECKING:
    from benchmarks.crowd_page import OpenPage

ARRIVE_A_SECOND = 150.0
INTERVAL_MS = 2000
EVERY_S = 10.0


class Crowd:
    """The probes' process."""

    def __init__(self, port: int, count: int) -> None:
        words = [str(count), str(port), str(ARRIVE_A_SECOND), str(INTERVAL_MS)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crowd_probes", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )

    def since(self) -> dict[str, Any]:
        """What happened since it was last asked."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> dict[str, Any]:
        """Deliver what is left; what was acknowledged of each."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        told = json.loads(self.process.stdout.readline())
        self.process.wait()
        return told


class Watch:
    """What the hub and the probes take of a core between two looks."""

    def __init__(self, hub: Hub, crowd: Crowd) -> None:
        self.hub, self.crowd = hub, psutil.Process(crowd.process.pid)
        self._before = self._now()
        self.last = (0.0, 0.0, 0.0)

    def shares(self) -> tuple[float, float, float]:
        """(all of the hub's processes, the one that records, the probes)."""
        before, self._before = self._before, self._now()
        passed_s = self._before[0] - before[0]
        each = {pid: spent - before[1].get(pid, 0.0) for pid, spent in self._before[1].items()}
        return (
            sum(each.values()) / passed_s,
            max(each.values(), default=0.0) / passed_s,
            (self._before[2] - before[2]) / passed_s,
        )

    def _now(self) -> tuple[float, dict[int, float], float]:
        return time.monotonic(), self.hub.cpu_s(), sum(self.crowd.cpu_times()[:2])

    def recorder_mb(self) -> float:
        """PSS of the process that takes most."""
        pid = max(self._before[1], key=lambda one: self._before[1][one])
        return psutil.Process(pid).memory_full_info().pss / 1e6


def run(hub: Hub, count: int, minutes: float, tell: Any, *, page: bool = False) -> None:
    """All of it, told by `tell`. page: with a page open while it is measured."""
    with ExitStack() as opened:
        if page:
            # Playwright and Chromium are needed by no other measurement.
            from benchmarks import crowd_page

            return _run(hub, count, minutes, tell, opened.enter_context(crowd_page.browser_page(hub)))
        return _run(hub, count, minutes, tell, None)


def _run(hub: Hub, count: int, minutes: float, tell: Any, page: "OpenPage | None") -> None:
    order = urllib.request.Request(
        f"{hub.url}/api/expect", json.dumps({"probes": count + 100}).encode(), method="POST"
    )
    urllib.request.urlopen(order, timeout=30).close()
    before_mb, began_s = hub.memory_mb(), time.monotonic()
    crowd = Crowd(hub.port, count)
    watch, settled = Watch(hub, crowd), 0
    tell(f"{count} probes at {INTERVAL_MS / 1000:g} s; hub before: {before_mb:.0f} MB")
    # Until all are claimed, and for half a minute nothing else was asked of them.
    while settled < 3:
        time.sleep(EVERY_S)
        told = crowd.since()
        tell(f"{time.monotonic() - began_s:4.0f} s, {_line(told, watch)}")
        alike = told["claimed"] == count and (len(told["gather_ms"]) == 1 or "0" not in told["gather_ms"])
        settled = settled + 1 if alike else 0
    if page is not None:
        tell(f"put into {page.group()} groups")
        tell(page.first())
    tell(f"all are claimed after {time.monotonic() - began_s:.0f} s at most; measured from here on")
    totals, worst, shares, p50s = Counter[str](), [], [], []
    end_s = time.monotonic() + 60 * minutes
    while time.monotonic() < end_s:
        time.sleep(EVERY_S)
        told = crowd.since()
        line = _line(told, watch)
        tell(f"{time.monotonic() - began_s:4.0f} s, {line}")
        totals.update(told["counts"])
        worst.append(told["p99"])
        p50s.append(told["p50"])
        shares.append(watch.last[:3])
        if page is not None:
            tell(f"{time.monotonic() - began_s:4.0f} s, {page.line()}")
    if page is not None:
        tell(page.used([f"Crowd-{number:05}" for number in (0, count // 2, count - 1)]))
    _asked(hub, tell)
    memory = f"hub {hub.memory_mb():.0f} MB of PSS in all, the one that records {watch.recorder_mb():.0f} MB"
    final = crowd.end()
    health = hub.settle()
    whole, recorder, probes = (np.mean([one[at] for one in shares]) for at in range(3))
    tell(
        f"measured {minutes:g} min: {totals['acknowledged']:,} acknowledged in {totals['requests']:,}"
        f" requests; hub {whole:.2f} of a core ({recorder:.2f} the one that records), probes {probes:.2f};"
        f" p50 {np.median(p50s):.0f} ms, p99 of each {EVERY_S:.0f} s {np.median(worst):.0f} ms,"
        f" at most {max(worst):.0f}; {memory}"
    )
    tell(f"the hub asks: {health.get('gathering')}")
    tell(_stored(hub, final))


def _line(told: dict[str, Any], watch: Watch) -> str:
    watch.last = shares = watch.shares()
    counts = told["counts"]
    odd = {
        name: number
        for name, number in counts.items()
        if name not in ("measured", "acknowledged", "requests", "connections")
    }
    return (
        f"{told['claimed']} claimed, {counts.get('acknowledged', 0)} acknowledged in"
        f" {counts.get('requests', 0)} requests, {told['waiting']} wait; hub {shares[0]:.2f} of a core"
        f" ({shares[1]:.2f}), probes {shares[2]:.2f}; p50 {told['p50']:.0f} p99 {told['p99']:.0f} longest"
        f" {told['longest']:.0f} ms (probes' own {told['own_late_p99']:.0f}); {_gather(told['gather_ms'])};"
        f" connections {counts.get('connections', 0)}; {odd}"
    )


def _gather(asked: dict[str, int]) -> str:
    """How many were told to gather, for how long. asked: probes by what they were told, in ms."""
    told = {int(every_ms): probes for every_ms, probes in asked.items() if int(every_ms)}
    if not told:
        return "none told to gather"
    return (
        f"{sum(told.values())} told to gather for {min(told) / 1000:.1f} to {max(told) / 1000:.1f} s,"
        f" {asked.get('0', 0)} not"
    )


def _asked(hub: Hub, tell: Any) -> None:
    for path in ("/api/probes", "/metrics", "/api/alarms", "/api/health"):
        began_s = time.monotonic()
        with urllib.request.urlopen(f"{hub.url}{path}", timeout=120) as reply:
            size = len(reply.read())
        tell(f"{path}: {1000 * (time.monotonic() - began_s):.0f} ms, {size / 1000:.0f} KB")


def _stored(hub: Hub, final: dict[str, Any]) -> str:
    """What the journal has of what was acknowledged, and how often."""
    with Reader(hub.data / "temphub.sqlite3") as reader:
        columns = reader.columns(0, 1 << 60)
    ids = columns.ids
    numbers, counts = np.unique(columns.probe, return_counts=True)
    pairs = np.unique(np.stack([columns.probe, columns.seq]), axis=1).shape[1]
    stored = {ids[int(no)]: int(many) for no, many in zip(numbers, counts, strict=True)}
    lost = sum(max(0, many - stored.get(name, 0)) for name, many in final["acknowledged"].items())
    return (
        f"acknowledged {sum(final['acknowledged'].values()):,}, stored {len(columns.seq):,}"
        f" (of {len(stored)} probes), missing {lost}, doubled {len(columns.seq) - pairs},"
        f" never acknowledged {final['left']}"
    )
