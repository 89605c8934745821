"""The page server killed again and again under clients and open pages: what of that reaches recording?

    python tests/server/keeping_bench.py [MINUTES] [SECONDS BETWEEN KILLS] [FOLDER]

Prints, a line each: acknowledged, lost and doubled readings, the longest time that a client was refused, the
waiting times, how often page server and open pages were back before the next kill, and the memory of all
processes (PSS). Of a page that stays away after the last kill there is a picture, and what it said, asked and
showed, in FOLDER. With 0 minutes only how long a start takes until the first answer and the first page, and
the memory with four probes and one page.
"""

import sys
import tempfile
import time
from collections import Counter, deque
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
from playwright.sync_api import Page, WebSocket

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.conftest import launched
from support.compiled import compile_all
from support.deliveries import Deliveries
from support.ports import free_port
from support.running import TempHub
from temphub_kernel.journal import Reader

CLIENTS, PAGES, PACE_S = 8, 3, 0.25
STATE = """JSON.stringify({at: location.href, ready: document.readyState, classes: document.body.className,
  now: performance.now(), kept: {...sessionStorage}, dead: document.querySelector("#dead")?.innerText,
  shown: document.visibilityState, first: Boolean(document.querySelector("#first"))})"""
VALUE = '#rendered_cells .th-card[data-probe="p0"] .th-number'


def memory_mb(hub: TempHub) -> float:
    """What all its processes take, shared pages by halves."""
    total = 0.0
    for process in hub.processes():
        with suppress(psutil.Error):
            total += process.memory_full_info().pss / 1e6
    return total


def start(folder: Path) -> tuple[TempHub, float, float]:
    """(a hub, seconds to the first answer, to the first page)"""
    (folder / "data").mkdir(exist_ok=True)
    began = time.monotonic()
    hub = TempHub(folder / "data", free_port())
    answered = shown = 0.0
    while not shown:
        with suppress(OSError):
            if not answered and hub.answers():
                answered = time.monotonic() - began
            status, body = hub.ask("GET", "/", timeout_s=60) if answered else (0, b"")
            shown = time.monotonic() - began if status == 200 and b"kernelId" in body else 0.0
        time.sleep(0.02)
    return hub, answered, shown


class Witness:
    """What an open page says, asks for and is answered; the last of it."""

    def __init__(self, page: Page, began: float) -> None:
        self.page, self._began = page, began
        self.heard: deque[str] = deque(maxlen=400)
        page.on("console", lambda message: self._note("says", message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("request", lambda request: self._note("asks", f"{request.method} {request.url}"))
        page.on("requestfailed", lambda request: self._note("failed", f"{request.url} {request.failure}"))
        page.on("response", lambda reply: self._note("answer", f"{reply.status} {reply.url}"))
        page.on("framenavigated", lambda frame: self._note("is at", frame.url))
        page.on("crash", lambda _: self._note("crashed", ""))
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        self._note("socket", socket.url)
        socket.on("close", lambda _: self._note("socket closed", socket.url))
        socket.on("socketerror", lambda error: self._note("socket failed", str(error)))

    def _note(self, kind: str, what: str) -> None:
        self.heard.append(f"{time.monotonic() - self._began:8.2f} {kind}: {what[:300]}")

    def keep(self, folder: Path, number: int) -> None:
        """Write it down, with a picture and the page's state."""
        folder.mkdir(parents=True, exist_ok=True)
        for what in (STATE, "document.documentElement.outerHTML"):
            # One that is being opened has none.
            with suppress(Exception):
                self._note("state", "")
                self.heard.append(str(self.page.evaluate(what)))
        with suppress(Exception):
            self.page.screenshot(path=folder / f"page{number}.png", timeout=10_000)
        (folder / f"page{number}.txt").write_text("\n".join(self.heard), "utf-8")


def live(page: Page) -> bool:
    """Whether an open page shows values, and knows of no trouble."""
    try:
        there = page.locator(f"{VALUE}:visible").count()
        return (
            bool(there) and not page.locator("#lost").is_visible() and not page.locator("#dead").is_visible()
        )
    # It is being opened again just now.
    except Exception:
        return False


def main(minutes: float, every_s: float, folder: Path) -> None:
    compile_all()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        hub, answered, shown = start(Path(place))
        stack.callback(hub.kill)
        say(f"start: first answer after {answered:.2f} s, first page after {shown:.2f} s")
        count = CLIENTS if minutes else 4
        clients = stack.enter_context(Deliveries(hub.port, count, PACE_S))
        browser = stack.enter_context(launched())
        pages = [browser.new_context().new_page() for _ in range(PAGES if minutes else 1)]
        witnesses = [Witness(page, time.monotonic()) for page in pages]
        for page in pages:
            page.goto(f"http://127.0.0.1:{hub.port}/", wait_until="commit")
            page.wait_for_selector(f"{VALUE}:visible", timeout=120_000)
        pages[0].wait_for_timeout(10_000)
        for process in hub.processes():
            say(f"  {process.memory_full_info().pss / 1e6:6.1f} MB PSS  {' '.join(process.cmdline())[-70:]}")
        first = most = memory_mb(hub)
        say(f"memory: {first:.1f} MB PSS with {len(pages)} pages and {count} probes")
        if not minutes:
            return
        kills, took_s = 0, {"page server": [], f"all {PAGES} pages": []}
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            if victim := hub.page_server():
                victim.kill()
                kills += 1
            began, back = time.monotonic(), dict.fromkeys(took_s, 0.0)
            until = began + every_s
            while (left := until - time.monotonic()) > 0:
                pages[0].wait_for_timeout(min(250, left * 1000))
                start_folder = hub.folder()
                answers = bool(start_folder and (start_folder.read("pages.json") or {}).get("running"))
                for what, there in zip(took_s, (answers, answers and all(map(live, pages))), strict=True):
                    back[what] = back[what] or (time.monotonic() - began if there else 0.0)
            for what, one in back.items():
                took_s[what] += [one] if one else []
            most = max(most, memory_mb(hub))
        began = time.monotonic()
        while not all(map(live, pages)) and time.monotonic() - began < 180:
            pages[0].wait_for_timeout(250)
        for number, witness in enumerate(witnesses):
            if not live(witness.page):
                witness.keep(folder, number)
                say(f"page {number} stayed away: {folder}/page{number}.txt")
        for what, times in took_s.items():
            after = (
                f", after {sorted(times)[len(times) // 2]:.1f} s (median), {max(times):.1f} s (longest)"
                if times
                else ""
            )
            say(f"{kills} kills: {what} back before the next {len(times)} times{after}")
        say(
            f"after the last kill all pages were live again within {time.monotonic() - began:.1f} s: "
            f"{all(map(live, pages))}"
        )
        told = clients.end()
        say(f"memory: {first:.1f} MB at the start, {most:.1f} MB at most ({most - first:+.1f})")
        with Reader(hub.data_dir / "temphub.sqlite3") as reader:
            stored = Counter((point.probe_id, point.seq) for point in reader.after(0, 10_000_000))
        lost = sum(
            (name, seq) not in stored for name, times in told.took.items() for seq in range(len(times))
        )
        say(
            f"acknowledged {sum(map(len, told.took.values()))}, lost {lost}, doubled "
            f"{sum(stored.values()) - len(stored)}"
        )
        took = told.milliseconds()
        shares = (took[min(int(len(took) * share / 100), len(took) - 1)] for share in (50, 99, 100))
        waits = "p50 {:.1f} ms, p99 {:.1f} ms, longest {:.1f} ms".format(*shares)
        say(f"longest time refused {told.refused_s:.2f} s; a reading is acknowledged after {waits}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 10.0,
        float(sys.argv[2]) if len(sys.argv) > 2 else 5.0,
        Path(sys.argv[3] if len(sys.argv) > 3 else "stayed_away"),
    )
