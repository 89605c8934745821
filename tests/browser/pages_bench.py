"""What open pages cost: `PYTHONPATH=tests python tests/browser/pages_bench.py [--elsewhere] [seconds] [pages
…]`.

With --elsewhere the browser only gets the time that nobody else wants, as if its pages were on other people's
devices. The probes are on devices of their own: where it is allowed they never wait for the processor, so
that what they see is the hub's doing.

A hub with a day of 20 probes that deliver each second; so many pages of 24 h open in a real Chromium on the
same computer. For each number of pages: memory of everything of ours, processor time of the hub, of the
pages' kernel, of the page server and of one page's renderer, bytes over one page's websocket, and how long
acknowledgements took.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from browser.conftest import ARGUMENTS, chromium
from support.ports import free_port
from support.running import TempHub
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer

PROBES = 20
DAY_S = 86_400
LINES = "#rendered_cells .bqplot path.line"


def fill(folder: Path) -> None:
    """A day of 20 probes, a reading each 10 s."""
    writer, now = Writer(folder / "temphub.sqlite3", gather_s=0), now_ms()
    writer.start()
    for number in range(DAY_S // 10):
        taken = now - (DAY_S - number * 10) * 1000
        value = round(200_000_000 + 20_000_000 * np.sin(number / 400))
        writer.submit(
            [
                Row(f"P{n:02}", "b0", number, taken, taken + 50, value + n * 5_000_000, None)
                for n in range(PROBES)
            ],
            lambda _: None,
        )
    writer.stop(60)


class Deliveries(threading.Thread):
    """One probe: a reading each second on a kept connection; `took` in ms."""

    def __init__(self, port: int, number: int, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.number, self.stopping = port, number, stopping
        self.boot = f"b{now_ms() % 10**9}"
        self.took: list[float] = []

    def run(self) -> None:
        connection, seq = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30), 0
        next_s = time.monotonic() + self.number / PROBES
        while not self.stopping.wait(max(0.0, next_s - time.monotonic())):
            reading = {"seq": seq, "age_ms": 0, "temperature_c": 20 + seq % 7 / 16}
            body = {"probe_id": f"P{self.number:02}", "boot": self.boot, "readings": [reading]}
            began = time.perf_counter()
            connection.request("POST", "/api/ingest", json.dumps(body))
            assert connection.getresponse().read()
            self.took.append((time.perf_counter() - began) * 1000)
            next_s, seq = next_s + 1, seq + 1


def renderers() -> list[psutil.Process]:
    """Chromium's processes that draw pages; nobody else should run one meanwhile."""
    return [
        one for one in psutil.process_iter(["cmdline"]) if "--type=renderer" in (one.info["cmdline"] or [])
    ]


def sent_bytes(port: int) -> dict[str, int]:
    """What the hub's port has sent so far over each connection that is open."""
    told = subprocess.run(
        ["ss", "-tinHO", f"sport = :{port}"], capture_output=True, text=True, check=True
    ).stdout
    return {
        line.split()[4]: int(number)
        for line in told.splitlines()
        for number in re.findall(r"bytes_sent:(\d+)", line)
    }


def step_back(names: str) -> None:
    """Have processes of these names run only when nobody else wants to; each session competes as a whole, so
    it has to step back too."""
    for one in psutil.process_iter(["name"]):
        if one.info["name"].startswith(names):
            one.nice(19)
            with contextlib.suppress(OSError):
                Path(f"/proc/{one.pid}/autogroup").write_text("19")


def busy_s(process: psutil.Process) -> float:
    """Processor seconds so far."""
    return sum(process.cpu_times()[:2])


def measure(hub: TempHub, browser, pages: int, seconds: float) -> str:
    contexts = []
    for _ in range(pages):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{hub.port}/?window=24h")
        page.wait_for_selector(LINES, state="attached", timeout=60_000)
    settle = contexts[0].pages[0] if contexts else None
    settle.wait_for_timeout(5_000) if settle else time.sleep(5)
    hub_kernel = hub.hub_kernel()
    viewers = [kernel for kernel in hub.kernels() if kernel.pid != hub_kernel.pid]
    watched = {
        "hub": [hub_kernel],
        "pages' kernel": viewers,
        "page server": [hub.page_server()],
        "renderers": renderers(),
    }
    before = {name: sum(map(busy_s, found)) for name, found in watched.items()}
    sent = sent_bytes(hub.port)
    # In a process of its own: this one is busy with what the pages receive.
    probes = subprocess.Popen(
        [sys.executable, __file__, "deliver", str(hub.port), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    settle.wait_for_timeout(seconds * 1000) if settle else time.sleep(seconds)
    after = {name: sum(map(busy_s, found)) for name, found in watched.items()}
    sent_s = (
        sum(number - sent[peer] for peer, number in sent_bytes(hub.port).items() if peer in sent) / seconds
    )
    p50, p99 = json.loads(probes.communicate(timeout=60)[0])
    shares = ", ".join(f"{name} {(after[name] - before[name]) / seconds:.1%}" for name in watched)
    a_page = ""
    if pages:
        drawn = (after["renderers"] - before["renderers"]) / seconds / pages
        a_page = f", {drawn:.1%} a renderer, {sent_s / pages / 1000:.0f} KB/s a page"
    for context in contexts:
        context.close()
    return (
        f"{pages:>2} pages: {sum(hub.rss_mb().values()):.0f} MB, {shares}{a_page}; acknowledged p50 "
        f"{p50:.0f} ms, p99 {p99:.0f} ms"
    )


def deliver(port: int, seconds: float) -> None:
    """Be all the probes for a while; prints p50 and p99 of how long acknowledgements took, ms."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    stopping = threading.Event()
    probes = [Deliveries(port, number, stopping) for number in range(PROBES)]
    for probe in probes:
        probe.start()
    time.sleep(seconds)
    stopping.set()
    for probe in probes:
        probe.join(30)
    sys.stdout.write(
        json.dumps(np.percentile([ms for probe in probes for ms in probe.took], [50, 99]).tolist())
    )


def main() -> None:
    if sys.argv[1:2] == ["deliver"]:
        return deliver(int(sys.argv[2]), float(sys.argv[3]))
    elsewhere = "--elsewhere" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--elsewhere"]
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    numbers = [int(text) for text in sys.argv[2:]] or [0, 1, 10]
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        fill(data_dir)
        hub = TempHub(data_dir, free_port()).ready()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
                if elsewhere:
                    step_back("chrom")
                for pages in numbers:
                    sys.stdout.write(measure(hub, browser, pages, seconds) + "\n")
                    sys.stdout.flush()
                browser.close()
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
