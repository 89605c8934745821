"""What a page of many probes takes: `PYTHONPATH=.:tests python tests/browser/many_bench.py [--before TREE]
[--visits 3] [--seconds 20] [--pages 1] [20 200 10000]`.

For each number of probes a hub with a day of them, in groups of twenty, named, with a limit for all; five are
too warm, one is silent, the others go on to deliver. A real Chromium on the same computer. A line for each
screen: from navigation to the first view's values and to the live chart's line, medians and the worst,
with an empty cache and reloaded; how long the page is and of how many elements. Then, while so many pages
of a desk are open: what share of a core a page's scripts take, and hub, page server and pages' kernel;
bytes over a page's websocket; memory of the three (PSS). With --before a hub of another checkout takes
turns, with this one's Python. The machine's load stands at the head.
"""

import argparse
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Browser, CDPSession, sync_playwright

from browser.conftest import ARGUMENTS, chromium
from browser.opening_bench import SCREENS, WATCH, opened
from browser.pages_bench import LINES, busy_s, sent_bytes
from support.ports import free_port
from support.running import TempHub
from support.waiting import wait_for
from temphub_kernel.alarms import Rule
from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Writer, add_rules

HERE = Path(__file__).parents[2]
DAY_S, GROUP = 86_400, 20
# About so many readings a day of all probes, and never more often than each 10 s.
READINGS, AT_ONCE = 400_000, 20_000
WARM, SILENT, CONNECTIONS = 5, 1, 8
KB = 1000.0


def named(number: int) -> str:
    return f"P{number:05}"


def pace_s(count: int) -> int:
    """How often each delivers while it is looked at."""
    return 1 if count <= GROUP else 2 if count <= 500 else 60


def fill(folder: Path, count: int) -> None:
    """A day of so many probes, who are known."""
    writer, now = Writer(folder / "temphub.sqlite3", gather_s=0), now_ms()
    writer.start()
    every_s = max(DAY_S * count // READINGS, 10)
    rows: list[Row] = []
    for number, ago_s in enumerate(range(DAY_S, 0, -every_s)):
        taken = now - ago_s * 1000
        values = 4.0 + np.arange(count) % 7 + 2 * np.sin(number / 40)
        rows += [
            Row(named(n), "b0", number, taken, taken + 50, to_units(float(values[n])), None)
            for n in range(count)
        ]
        if len(rows) > AT_ONCE:
            writer.store(rows)
            rows = []
    writer.store(rows)
    add_rules(writer, [Rule.from_json({"kind": "above", "limit_c": 30}).to_json()], "bench")
    writer.stop(600)
    with sqlite3.connect(folder / "temphub.sqlite3") as db:
        db.execute(
            'UPDATE probes SET name="Fridge " || no, "group"=printf("Room %03d", (no-1)/?), interval_ms=?,'
            " provisioned_ms=?, seen_ms=?, version='0.3.0', ip='192.0.2.7', port=80",
            (GROUP, pace_s(count) * 1000, now, now),
        )
    db.close()


def deliver(port: int, count: int) -> None:
    """Be all of them but the silent ones, until it is ended: on some connections, since a lone reading is
    acknowledged when a commit gathered for some hundredths of a second."""
    boot = f"b{now_ms() % 10**9}"
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for first in range(CONNECTIONS):
            pool.submit(_deliver, port, range(first, count - SILENT, CONNECTIONS), pace_s(count), boot)


def _deliver(port: int, numbers: Sequence[int], every_s: float, boot: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seq, next_s = 0, time.monotonic()
    while True:
        for number in numbers:
            time.sleep(max(0.0, next_s - time.monotonic()))
            next_s = max(next_s + every_s / len(numbers), time.monotonic() - 1)
            celsius = 35.0 if number < WARM else 5 + (seq + number) % 7 / 16
            readings = [{"seq": seq, "age_ms": 0, "temperature_c": celsius}]
            body = {"probe_id": named(number), "boot": boot, "readings": readings}
            connection.request("POST", "/api/ingest", json.dumps(body))
            assert connection.getresponse().read()
        seq += 1


class Tree(TempHub):
    """A hub of a checkout over a copy of what was filled."""

    def __init__(self, tree: Path, filled: Path, folder: Path, count: int) -> None:
        self._tree = tree
        shutil.copytree(filled, folder / "data")
        super().__init__(folder / "data", free_port(), how=self._begin)
        self.ready().page_ready()
        command = [sys.executable, __file__, "--deliver", str(self.port), str(count)]
        env = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE / 'tests'}"}
        self._began = iso_utc(now_ms())
        self.probes = subprocess.Popen(command, env=env)
        try:
            # Until all have delivered once, and what was filled is rolled up.
            wait_for(lambda: self._online() >= count - SILENT, 120 + 10 * pace_s(count), 2)
        except BaseException:
            self.end()
            raise

    def _begin(self, command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
        env["PYTHONPATH"] = str(self._tree)
        with self.log.open("wb") as log:
            quiet = {"stdout": log, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
            return subprocess.Popen(command, env=env, cwd=self.data_dir, **quiet)

    def _online(self) -> int:
        told = self.ask("GET", "/api/probes", timeout_s=60)[1]["probes"]
        return sum(one["last_seen"] > self._began for one in told)

    def ours(self) -> dict[str, object]:
        """Its three processes."""
        hub = self.hub_kernel()
        pages = next(one for one in self.kernels() if one.pid != hub.pid)
        return {"hub": hub, "page server": self.page_server(), "pages' kernel": pages}

    def end(self) -> None:
        self.probes.kill()
        self.probes.wait()
        self.stop()


def visit(browser: Browser, hub: Tree, screen: str) -> dict[str, dict[str, float]]:
    """A visitor who comes with an empty cache and reloads once."""
    context = browser.new_context(viewport=SCREENS[screen])
    page, found = context.new_page(), {}
    page.add_init_script(WATCH)
    for name in ("empty cache", "again"):
        page.wait_for_timeout(2500)
        page.goto(f"http://127.0.0.1:{hub.port}/?window=24h", wait_until="commit")
        seen = opened(page)
        seen["px"] = page.evaluate("document.documentElement.scrollHeight")
        seen["elements"] = page.evaluate("document.querySelectorAll('*').length")
        found[name] = seen
    context.close()
    return found


def scripts_s(session: CDPSession) -> dict[str, float]:
    """Seconds that a page's renderer has spent so far, in scripts and in all."""
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return {"script": told["ScriptDuration"], "all": told["TaskDuration"]}


def watched(browser: Browser, hub: Tree, pages: int, seconds: float) -> str:
    """Shares of a core, bytes and memory while pages are open."""
    contexts = [browser.new_context(viewport=SCREENS["desk"]) for _ in range(pages)]
    for context in contexts:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{hub.port}/?window=24h")
        page.wait_for_selector(LINES, state="attached", timeout=120_000)
    page = contexts[0].pages[0]
    page.wait_for_timeout(5000)
    before, sent = {name: busy_s(one) for name, one in hub.ours().items()}, sent_bytes(hub.port)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    spent, began = scripts_s(session), time.monotonic()
    page.wait_for_timeout(seconds * 1000)
    took = time.monotonic() - began
    shares = {name: (value - spent[name]) / took for name, value in scripts_s(session).items()}
    cores = {name: (busy_s(one) - before[name]) / took for name, one in hub.ours().items()}
    a_page = (
        sum(now - sent[peer] for peer, now in sent_bytes(hub.port).items() if peer in sent) / took / pages
    )
    memory = {name: one.memory_full_info().pss / 1e6 for name, one in hub.ours().items()}
    for context in contexts:
        context.close()
    told = ", ".join(f"{name} {share:.1%}" for name, share in cores.items())
    held = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
    return (
        f"{pages} open: a page's scripts {shares['script']:.1%}, its renderer {shares['all']:.1%}; {told}; "
        f"{a_page / KB:.0f} KB/s a page; MB PSS {held}, together {sum(memory.values()):.0f}"
    )


def told(times: list[dict[str, float]]) -> str:
    middle = {name: median(one[name] for one in times) for name in times[0]}
    worst = {name: max(one[name] for one in times) for name in ("values", "line")}
    return (
        f"first view {middle['values']:.0f} (worst {worst['values']:.0f}) ms, live {middle['line']:.0f} "
        f"({worst['line']:.0f}) ms; {middle['px']:.0f} px, {middle['elements']:.0f} elements"
    )


def measure(browser: Browser, trees: dict[str, Path], count: int, asked: argparse.Namespace) -> None:
    """All of a number of probes; prints it."""
    with tempfile.TemporaryDirectory() as folder:
        (filled := Path(folder) / "filled").mkdir()
        fill(filled, count)
        for name, tree in trees.items():
            (own := Path(folder) / name).mkdir()
            hub = Tree(tree, filled, own, count)
            try:
                times: dict[tuple[str, str], list[dict[str, float]]] = {}
                for number in range(asked.visits * len(SCREENS)):
                    screen = list(SCREENS)[number % len(SCREENS)]
                    for cache, seen in visit(browser, hub, screen).items():
                        times.setdefault((screen, cache), []).append(seen)
                for (screen, cache), seen in sorted(times.items()):
                    say(f"{count:>6} {name:6} {screen:5} {cache:11} {told(seen)}")
                say(f"{count:>6} {name:6} {watched(browser, hub, asked.pages, asked.seconds)}")
            finally:
                hub.end()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    if sys.argv[1:2] == ["--deliver"]:
        return deliver(int(sys.argv[2]), int(sys.argv[3]))
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path)
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("counts", type=int, nargs="*", default=[20, 200, 10_000])
    asked = parser.parse_args()
    trees = {"now": HERE} | ({"before": asked.before.resolve()} if asked.before else {})
    say(f"{os.cpu_count()} cores, load {', '.join(f'{one:.1f}' for one in os.getloadavg())}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for count in asked.counts:
            measure(browser, trees, count, asked)
        browser.close()


if __name__ == "__main__":
    main()
