"""How soon an opened page can be read: `PYTHONPATH=tests python tests/browser/opening_bench.py [visits]`.

A hub with a day of 20 probes, a real Chromium on the same computer. Each visitor comes with an empty cache and reloads once; printed
are the times from navigation to the first view's values and to the live chart's line, the requests and the bytes that they took.
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from browser.conftest import ARGUMENTS, chromium
from browser.pages_bench import LINES, fill
from support.ports import free_port
from support.running import TempHub
from support.waiting import wait_for

WATCH = f"""
window.seen = {{}};
const look = () => {{
  if (!seen.values && document.querySelector("#first .th-number, #rendered_cells .th-number")) seen.values = performance.now();
  if (!seen.line && document.querySelector("{LINES}")) seen.line = performance.now();
}};
new MutationObserver(look).observe(document, {{ childList: true, subtree: true }});
"""
LOADED = """performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
.map(entry => entry.transferSize)"""


def told(page: Page) -> str:
    """What it took to open the page, once its chart is live."""
    seen = wait_for(lambda: page.evaluate("window.seen && seen.line && seen.values && seen"), 60)
    sizes = [size for size in page.evaluate(LOADED) if size]
    return f"values {seen['values']:5.0f} ms, line {seen['line']:5.0f} ms, {len(sizes)} requests, {sum(sizes) / 1000:.0f} KB"


def main() -> None:
    visits = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        fill(data_dir)
        began = time.monotonic()
        hub = TempHub(data_dir, free_port()).ready()
        sys.stdout.write(f"the hub answers after {time.monotonic() - began:.1f} s\n")
        wait_for(lambda: len(hub.kernels()) == 2, 60)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
                for _ in range(visits):
                    context = browser.new_context(viewport={"width": 1280, "height": 900})
                    page = context.new_page()
                    page.add_init_script(WATCH)
                    page.goto(f"http://127.0.0.1:{hub.port}/?window=24h", wait_until="commit")
                    sys.stdout.write(f"cold   {told(page)}\n")
                    page.reload(wait_until="commit")
                    sys.stdout.write(f"again  {told(page)}\n")
                    context.close()
                browser.close()
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
