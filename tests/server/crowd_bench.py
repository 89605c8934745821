"""What a crowd of made-up probe ids costs: `PYTHONPATH=tests python tests/server/crowd_bench.py [names]
[addresses]`.

A hub with ten probes that deliver twice a second, and a page open in a real Chromium. From several addresses
(127.0.0.2, …) so many made-up names are tried, each once, as fast as they are answered. Printed: what became
of them, how long the ten waited for their acknowledgements meanwhile, how long a page takes to open and what
the hub's kernel and the pages' kernel hold, before, after, and after a restart.
"""

import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser.conftest import ARGUMENTS, chromium
from support.compiled import compile_all
from support.ports import free_port
from support.running import TempHub
from support.steady import Control, Steady
from support.waiting import wait_for

AT_ONCE = 100
LIVE = "#rendered_cells .bqplot path.line"


async def one(port: int, address: str, names: "list[str]", answers: "Counter[object]") -> None:
    """Tries names one after the other on a kept connection; opened anew when it is closed."""
    reader = writer = None
    while names:
        body = json.dumps({"temperature_c": 20.0, "probe_id": names.pop()}).encode()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            writer.write(
                b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
            answers[int(head.split()[1])] += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            answers[type(error).__name__] += 1
            writer = None
    if writer is not None:
        writer.close()


async def crowd(port: int, names: int, addresses: int) -> "Counter[object]":
    """All of them at once."""
    answers: Counter[object] = Counter()
    left = [f"made-up-{number:05}" for number in range(names)]
    await asyncio.gather(
        *(
            one(port, f"127.0.0.{2 + place % addresses}", left, answers)
            for place in range(AT_ONCE * addresses)
        )
    )
    return answers


def opened(browser: Browser, port: int) -> str:
    """How long a page takes to be live."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    began = time.monotonic()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    page.wait_for_selector("#first .th-number, #rendered_cells .th-number", timeout=120_000, state="attached")
    first = time.monotonic() - began
    page.wait_for_selector(LIVE, timeout=120_000, state="attached")
    live = time.monotonic() - began
    cards = page.evaluate("document.querySelectorAll('#rendered_cells .th-card').length")
    page.close()
    return f"first values {first:.1f} s, live {live:.1f} s, {cards} cards"


def held(hub: TempHub) -> str:
    """Memory of the two kernels."""
    kernel = hub.hub_kernel()
    pages = [one for one in hub.kernels() if kernel is None or one.pid != kernel.pid]
    return (
        f"hub's kernel {kernel.memory_info().rss / 1e6:.0f} MB, pages' "
        f"{[round(one.memory_info().rss / 1e6) for one in pages]} MB"
    )


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def waits(probes: Steady, control: Control) -> str:
    times, answers = probes.since()
    p50, p99 = (sorted(times)[int(len(times) * part)] for part in (0.5, 0.99))
    machine = sorted(control.since()[0])
    own = f"of a server that does nothing p99 {machine[int(len(machine) * 0.99)]:.0f} ms"
    return (
        f"ten probes: p50 {p50:.0f} ms, p99 {p99:.0f} ms ({own}), longest {max(times):.0f} ms, answers "
        f"{dict(answers)}"
    )


def tried(port: int, names: int, addresses: int) -> "Counter[object]":
    """The crowd, for a process of its own."""
    return asyncio.run(crowd(port, names, addresses))


def main(names: int = 60_000, addresses: int = 8) -> None:
    compile_all()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, ExitStack() as ending:
        data_dir, port = Path(folder) / "data", free_port()
        data_dir.mkdir()
        hub = TempHub(data_dir, port)
        ending.callback(hub.kill)
        hub.ready()
        wait_for(lambda: len(hub.kernels()) == 2, 60)
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        ending.callback(browser.close)
        probes, control = Steady(port, 10, 0.5), Control(10, 0.5)
        ending.callback(control.stop)
        time.sleep(8)
        say(f"before: page {opened(browser, port)}; {held(hub)}; {waits(probes, control)}")
        time.sleep(15)
        say(f"nothing else going on: {waits(probes, control)}")
        began = time.monotonic()
        # Not in this one, in which Playwright's own loop runs.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            answers = pool.submit(tried, port, names, addresses).result()
        say(
            f"{names} names from {addresses} addresses in {time.monotonic() - began:.0f} s: {dict(answers)}; "
            f"{waits(probes, control)}"
        )
        say(f"just after: page {opened(browser, port)}; {held(hub)}")
        time.sleep(60)
        say(f"a minute later: page {opened(browser, port)}; {held(hub)}; {waits(probes, control)}")
        probes.stop()
        say(f"stopped with {hub.stop(timeout_s=30)}")
        began = time.monotonic()
        hub = TempHub(data_dir, port)
        ending.callback(hub.kill)
        hub.ready()
        say(f"restart: answers after {time.monotonic() - began:.1f} s")
        wait_for(lambda: len(hub.kernels()) == 2, 60)
        say(f"after the restart: page {opened(browser, port)}; {held(hub)}")
        hub.stop(timeout_s=30)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
