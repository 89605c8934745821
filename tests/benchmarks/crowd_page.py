"""A page of a crowd, open in a real Chromium on the same computer while all of it delivers: whether people
can use it. Needs Chromium and playwright."""

import http.client
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.hubs import Hub
from browser.conftest import ARGUMENTS, chromium
from browser.many_bench import scripts_s
from browser.opening_bench import SCREENS, WATCH, opened

# So many probes stand in a group; so many orders at a time give them one.
GROUP, CONNECTIONS = 100, 4
LONGEST_S = 60.0
ROWS = "#rendered_cells [data-probe]"
GROUPS = "#rendered_cells .th-group"
SEARCH = "#rendered_cells .th-search input"
# How often what is shown changes, and the longest that it did not: the page refreshes each second.
LIVE = f"""(() => {{
  const told = window.live || (window.live = {{ changes: 0, longest: 0, last: performance.now() }});
  if (!window.liveSeen) {{
    window.liveSeen = new MutationObserver(() => {{
      const now = performance.now();
      if (now - told.last < 50) return;
      told.longest = Math.max(told.longest, now - told.last);
      told.changes += 1;
      told.last = now;
    }});
    liveSeen.observe(document.querySelector("#rendered_cells"),
      {{ childList: true, subtree: true, characterData: true }});
  }}
  const found = {{ changes: told.changes, longest: Math.max(told.longest, performance.now() - told.last) }};
  Object.assign(told, {{ changes: 0, longest: 0 }});
  return {{ ...found, rows: document.querySelectorAll("{ROWS}").length,
    groups: document.querySelectorAll("{GROUPS}").length,
    head: (document.querySelector("#rendered_cells .th-worst")?.innerText || "").replace(/\\s+/g, " "),
    px: document.documentElement.scrollHeight, elements: document.querySelectorAll("*").length }};
}})()"""


class OpenPage:
    """A page of a desk."""

    def __init__(self, page: Page, hub: Hub) -> None:
        self._page, self._hub = page, hub
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._before = 0.0, dict[str, float](), dict[str, float]()

    def group(self) -> int:
        """Give each probe a group, as a person would; how many groups."""
        with urllib.request.urlopen(f"{self._hub.url}/api/probes", timeout=120) as reply:
            names = sorted(one["id"] for one in json.load(reply)["probes"])

        def describe(place: int) -> None:
            body = {"probe_id": names[place], "group": f"Hall {place // GROUP + 1}"}
            # A person has one address, from which so many changes a minute are too many.
            address = f"127.2.{place // 50 // 250}.{place // 50 % 250 + 1}"
            port = urllib.parse.urlsplit(self._hub.url).port
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(address, 0))
            line.request("POST", "/api/describe", json.dumps(body), {"Content-Type": "application/json"})
            reply = line.getresponse()
            if reply.status != 200:
                raise OSError(f"{names[place]} got no group: {reply.status} {reply.read().decode()}")
            line.close()

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(describe, range(len(names))))
        return -(-len(names) // GROUP)

    def first(self) -> str:
        """Open it, and once more; how long both took until values were there, and the chart was live."""
        found = []
        for _ in range(2):
            self._page.goto(f"{self._hub.url}/", wait_until="commit")
            seen = opened(self._page)
            found.append(f"first view {seen['values']:.0f} ms, live {seen['line']:.0f} ms")
        self._session.send("Performance.enable")
        self._before = self._spent()
        self._page.evaluate(LIVE)
        return f"page: {found[0]}; opened again {found[1]}"

    def line(self) -> str:
        """What it shows, how it kept up, and what it and the processes behind it took since it was asked
        last."""
        told, before, self._before = self._page.evaluate(LIVE), self._before, self._spent()
        passed_s = self._before[0] - before[0]
        mine, behind = (
            {name: (spent - before[at].get(name, 0.0)) / passed_s for name, spent in self._before[at].items()}
            for at in (1, 2)
        )
        shares = ", ".join(f"{name} {share:.2f}" for name, share in behind.items())
        return (
            f"page: {told['changes']} changes in {passed_s:.0f} s, {told['longest'] / 1000:.1f} s without one"
            f" at most; scripts {mine['script']:.2f} of a core, renderer {mine['all']:.2f}; {shares};"
            f" {told['groups']} groups, {told['rows']} rows, {told['px']} px, {told['elements']} elements;"
            f" head: {told['head'] or 'nothing'}"
        )

    def used(self, names: list[str]) -> str:
        """Look for some probes one after the other, fold a group and open it; how long each took until it was
        seen."""
        page, found = self._page, list[float]()
        for name in names:
            found.append(self._until(lambda name=name: page.fill(SEARCH, name), _row(name)))  # type: ignore[misc]
            # Until all are there again.
            self._until(lambda: page.fill(SEARCH, ""), f"document.querySelectorAll('{ROWS}').length > 1")
        searched = f"searches {', '.join(f'{one:.0f}' for one in found)} ms"
        fold = page.locator(f"{GROUPS} button").first
        if not fold.count():
            return f"page: {searched}; no group to fold"
        rows = page.locator(ROWS).count()
        times = [
            self._until(fold.click, f"document.querySelectorAll('{ROWS}').length {sign} {rows}")
            for sign in ("!==", "===")
        ]
        return f"page: {searched}; a group folded or opened, and back: {times[0]:.0f}, {times[1]:.0f} ms"

    def _until(self, act: Callable[[], object], shown: str) -> float:
        """ms from an act until something is shown; infinite where it never is."""
        began_s = time.monotonic()
        act()
        while time.monotonic() - began_s < LONGEST_S:
            if self._page.evaluate(shown):
                return 1000 * (time.monotonic() - began_s)
            self._page.wait_for_timeout(20)
        return float("inf")

    def _spent(self) -> tuple[float, dict[str, float], dict[str, float]]:
        return time.monotonic(), scripts_s(self._session), _behind(self._hub)


def _row(name: str) -> str:
    """That one has a row, and is the only one."""
    rows = f"[...document.querySelectorAll('{ROWS}')].map(one => one.dataset.probe)"
    return f"(found => found.length > 0 && found.every(id => id === '{name}'))({rows})"


def _behind(hub: Hub) -> dict[str, float]:
    """Processor seconds of those that a page is made by."""
    spent: dict[str, float] = {}
    for one in hub.processes():
        words = " ".join(one.cmdline()) if one.is_running() else ""
        name = "page server" if "server.page_server" in words else ""
        if "jupyter.launch" in words and "/hub-" not in words:
            name = "pages' kernel"
        if name:
            spent[name] = spent.get(name, 0.0) + sum(psutil.Process(one.pid).cpu_times()[:2])
    return spent


@contextmanager
def browser_page(hub: Hub) -> Iterator[OpenPage]:
    """A page that is not opened yet, in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_context(viewport=SCREENS["desk"]).new_page()
        page.add_init_script(WATCH)
        try:
            yield OpenPage(page, hub)
        finally:
            browser.close()
