"""The pictures of the documents, taken from the running program: `PYTHONPATH=tests python
tests/browser/pictures.py docs/pictures [NAME …]`.

A day of three made-up probes is put into a journal of its own in a temporary folder; nothing of this
computer's own hub is touched.
"""

import math
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from browser.conftest import ARGUMENTS, chromium
from support.running import TempHub
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer, describe

PROBES = {"TempProbe-0A01": "Cold room", "TempProbe-0A02": "Freezer", "TempProbe-0A03": "Kitchen"}
EVERY_MS, DAY_MS = 10_000, 86_400_000
# name, width, height, what the address asks for
PICTURES = (
    ("page", 1280, 860, "window=24h"),
    ("phone", 390, 844, "window=24h"),
    ("dark", 1280, 860, "window=24h&theme=dark"),
    ("wall", 1920, 1080, "window=24h&kiosk=1"),
)


def celsius(probe: int, seconds: float) -> float:
    """A fridge that cycles and is opened at times, a freezer, a room that follows the day."""
    if probe == 0:
        opened = (
            max(0.0, 5.0 * math.exp(-((seconds % 14_400) - 600) / 500)) if seconds % 14_400 > 600 else 0.0
        )
        return 4.0 + 0.6 * math.sin(seconds / 240) + opened
    if probe == 1:
        return -19.5 + 0.5 * math.sin(seconds / 420)
    return 21.0 + 1.8 * math.sin(seconds / 13_750) + 0.1 * math.sin(seconds / 37)


def fill(folder: Path, now: int) -> None:
    """A day of readings up to `now`, ms."""
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    for number in range(DAY_MS // EVERY_MS):
        taken_ms = now - DAY_MS + number * EVERY_MS
        rows = [
            Row(
                id_,
                "b0",
                number,
                taken_ms,
                taken_ms + 60,
                round(celsius(at, number * EVERY_MS / 1000) / 0.0625) * 625_000,
                None,
            )
            for at, id_ in enumerate(PROBES)
        ]
        writer.submit(rows, lambda _: None)
    for id_, name in PROBES.items():
        # A change is applied behind all readings handed over before it.
        describe(writer, id_, {"alias": name})
    writer.stop(20)


def deliver(hub: TempHub) -> None:
    """One more reading of each probe, as before: none is late."""
    for place, probe_id in enumerate(PROBES):
        reading = {"probe_id": probe_id, "temperature_c": celsius(place, (DAY_MS - EVERY_MS) / 1000)}
        assert hub.ask("POST", "/api/ingest", reading) == (200, {"ok": True})


def main() -> None:
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        fill(data_dir, now_ms())
        hub = TempHub(data_dir, 18_711)
        try:
            hub.ready()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
                for name, width, height, query in PICTURES:
                    if wanted and name not in wanted:
                        continue
                    # The day in its journal ended when it was written, which takes a busy computer a while.
                    deliver(hub)
                    page = browser.new_page(viewport={"width": width, "height": height})
                    page.goto(f"http://127.0.0.1:{hub.port}/?{query}")
                    page.wait_for_selector(
                        "#rendered_cells .bqplot path.line", state="attached", timeout=60_000
                    )
                    page.wait_for_timeout(1_500)
                    taken = Image.open(BytesIO(page.screenshot())).convert("RGB")
                    # Few colours: a checkout carries them.
                    taken.quantize(128).save(target / f"{name}.png", optimize=True)
                    page.close()
                browser.close()
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
