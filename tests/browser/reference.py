"""The page as it looks, in pictures to compare with. They are renewed, after a change that is meant, by
`PYTHONPATH=tests .venv-dev/bin/python tests/browser/reference.py`.

A hub whose clock is set shows a made-up day: what is on the page depends on nothing but the program, and the
port it happens to have.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from browser.pictures import deliver, fill
from support.ports import free_port
from support.running import TempHub
from support.waiting import answer_of, wait_for
from temphub_kernel.core.clock import now_ms, parse_time

FOLDER = Path(__file__).with_name("pictures")
NOON_MS = parse_time("2026-11-20T12:00:00Z")
# name, width, height, what the address asks for
PICTURES = {
    "desk": (1280, 1120, "window=24h"),
    "phone": (390, 1400, "window=24h"),
    "dark": (1280, 1120, "window=24h&theme=dark"),
    "wall": (1280, 720, "window=24h&kiosk=1"),
}
ZONE = "Europe/Berlin"
# With its times in the viewer's zone, which the page learns a moment after its first lines.
DRAWN = f"""document.querySelectorAll('#rendered_cells .th-chart path.line').length >= 3 &&
  !document.querySelector('#first')
  && document.querySelector('.th-told [data-told]').dataset.told.includes('{ZONE}')"""


@contextmanager
def hub_at_noon(folder: Path, fill: Callable[[Path, int], None] = fill, slower: int = 1) -> Iterator[TempHub]:
    """A hub whose clock was set to noon of a certain day when it began, with the day before in its journal.
    slower: how many times as slowly as others it runs from there; by 1000 it is noon for hours."""
    data_dir = folder / "data"
    data_dir.mkdir()
    fill(data_dir, NOON_MS)
    clock = Path(__file__).parents[1] / "support" / "set_clock"
    # The tree beside this file, wherever another one is installed.
    path = os.pathsep.join(map(str, (clock, Path(__file__).parents[2])))
    since = now_ms()
    settings = {"CLOCK_AHEAD_MS": NOON_MS - since, "CLOCK_SINCE_MS": since, "CLOCK_SLOWER": slower}
    clocks = {name: str(value) for name, value in settings.items()}
    hub = TempHub(data_dir, free_port(), PYTHONPATH=path, **clocks)
    try:
        hub.ready().page_ready()
        yield hub
    finally:
        hub.stop()


def open_page(browser: Any, hub: TempHub, name: str, more: str = "") -> Any:
    """A page of that name's size and address, with everything on it."""
    width, height, query = PICTURES[name]
    context = browser.new_context(
        viewport={"width": width, "height": height}, timezone_id=ZONE, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    deliver(hub)
    page.goto(f"http://127.0.0.1:{hub.port}/?{query}{more}", wait_until="commit")
    wait_for(lambda: answer_of(page, DRAWN), 60)
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    return page


def taken(page: Any) -> Image.Image:
    """What is on the screen now."""
    return Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")


def main() -> None:
    from playwright.sync_api import sync_playwright

    from browser.conftest import ARGUMENTS, chromium

    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        hub_at_noon(Path(folder)) as hub,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name in PICTURES:
            page = open_page(browser, hub, name)
            # Few colours: a reference is looked at by a test, and is small.
            taken(page).quantize(128).save(FOLDER / f"{name}.png", optimize=True)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
