"""How soon an opened page can be read: `PYTHONPATH=tests python tests/browser/opening_bench.py [--before
TREE] [visits]`.

A hub with a day of 20 probes, a real Chromium on the same computer. Each visitor comes with an empty cache
and reloads once, at a desk and with a phone's screen. A line each: medians of the times from navigation to
the page's first and last byte, to the first view's values and to the live chart's line (with the worst of
it), then the requests and bytes that it took, and what a visit cost the page server and the pages' kernel.
With --before a hub of another checkout, with a `.venv-dev` of its own, takes turns with this one's.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from browser.conftest import ARGUMENTS, chromium
from browser.pages_bench import LINES, busy_s
from support.ports import free_port
from support.running import TempHub
from support.waiting import wait_for

SCREENS = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
WATCH = f"""
window.seen = {{}};
const look = () => {{
  if (!seen.values && document.querySelector("#first .th-number, #rendered_cells .th-number"))
    seen.values = performance.now();
  if (!seen.line && document.querySelector("{LINES}")) seen.line = performance.now();
}};
new MutationObserver(look).observe(document, {{ childList: true, subtree: true }});
"""
# The page and what it loaded; the kernel's websocket is one more.
LOADED = """(() => {
  const [page] = performance.getEntriesByType("navigation"), all = [page,
    ...performance.getEntriesByType("resource")];
  const sizes = all.map(entry => entry.transferSize).filter(size => size);
  return { "first byte": page.responseStart, "last byte": page.responseEnd, requests: sizes.length + 1,
    KB: sizes.reduce((sum, size) => sum + size, 0) / 1000, ...seen };
})()"""
FILL = "import sys, pathlib; from browser.pages_bench import fill; fill(pathlib.Path(sys.argv[1]))"
Seen = dict[str, float]
NEVER_MS = 30_000.0


class Checkout(TempHub):
    """A hub of a checkout."""

    def __init__(self, tree: Path, folder: Path) -> None:
        own = tree == Path(__file__).parents[2]
        self.python = sys.executable if own else str(tree / ".venv-dev" / "bin" / "python")
        data_dir = folder / "data"
        data_dir.mkdir(parents=True)
        subprocess.run(
            [self.python, "-c", FILL, str(data_dir)],
            check=True,
            env={**os.environ, "PYTHONPATH": str(tree / "tests")},
        )
        super().__init__(data_dir, free_port(), how=self._begin)

    def _begin(self, command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
        """Start it by its own Python, among nothing of ours."""
        env.pop("PYTHONPATH", None)
        with self.log.open("wb") as log:
            quiet = {
                "stdout": log,
                "stderr": subprocess.STDOUT,
                "stdin": subprocess.DEVNULL,
                "cwd": self.data_dir,
            }
            return subprocess.Popen([self.python, *command[1:]], env=env, **quiet)


def opened(page: Page) -> Seen:
    """What it took to open the page, once its chart is live; a page that never is counts as one that needed
    half a minute."""
    end = time.monotonic() + NEVER_MS / 1000
    while not page.evaluate("window.seen && seen.line && seen.values") and time.monotonic() < end:
        page.wait_for_timeout(20)
    return {"values": NEVER_MS, "line": NEVER_MS, **page.evaluate(LOADED)}


def visit(browser: Browser, hub: TempHub, screen: str) -> dict[str, Seen]:
    """A visitor who reloads once; each with the processor milliseconds that it cost."""
    # Visits are made ready beforehand, and that is not counted.
    wait_for(lambda: len(hub.kernels()) == 2, 60)
    context = browser.new_context(viewport=SCREENS[screen])
    page, found = context.new_page(), {}
    page.add_init_script(WATCH)
    ours = {
        "page server": hub.page_server(),
        "kernel": next(one for one in hub.kernels() if one.pid != hub.hub_kernel().pid),
    }
    for name in ("empty cache", "again"):
        page.wait_for_timeout(1500)
        before = {who: busy_s(process) for who, process in ours.items()}
        page.goto(f"http://127.0.0.1:{hub.port}/?window=24h", wait_until="commit")
        found[name] = opened(page)
        found[name] |= {f"{who} CPU": 1000 * (busy_s(process) - before[who]) for who, process in ours.items()}
    context.close()
    return found


def told(times: list[Seen]) -> str:
    """The medians of several visits."""
    middle = {name: median(one[name] for one in times) for name in times[0]}
    numbers = ", ".join(
        f"{name} {middle[name]:.0f}" for name in ("first byte", "last byte", "values", "line")
    )
    costs = ", ".join(f"{name} {value:.0f} ms" for name, value in middle.items() if name.endswith("CPU"))
    worst = max(one["line"] for one in times)
    return (
        f"{numbers} (worst {worst:.0f}) ms; {middle['requests']:.0f} requests, {middle['KB']:.0f} KB; {costs}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path)
    parser.add_argument("visits", type=int, nargs="?", default=5)
    asked = parser.parse_args()
    trees = {"now": Path(__file__).parents[2]} | ({"before": asked.before.resolve()} if asked.before else {})
    times: dict[tuple[str, str, str], list[Seen]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        hubs = {name: Checkout(tree, Path(folder) / name) for name, tree in trees.items()}
        try:
            for hub in hubs.values():
                hub.ready().page_ready()
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            for number in range(asked.visits * len(SCREENS)):
                screen = list(SCREENS)[number % len(SCREENS)]
                for name, hub in hubs.items():
                    for cache, seen in visit(browser, hub, screen).items():
                        times.setdefault((screen, cache, name), []).append(seen)
            browser.close()
        finally:
            for hub in hubs.values():
                hub.stop()
    for (screen, cache, name), seen in sorted(times.items()):
        sys.stdout.write(f"{screen:5} {cache:11} {name:6} {told(seen)}\n")


if __name__ == "__main__":
    main()
