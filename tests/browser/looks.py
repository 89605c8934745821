"""The page in every state that somebody should look at after a change, as pictures:
`PYTHONPATH=tests python tests/browser/looks.py FOLDER [SCENE …]`.

Each scene is a hub of its own whose clock stands at noon of a certain day, with a made-up day in its journal:
one, three, twenty and two hundred probes, none, all of them silent, one too warm; at a desk, on a phone, on
the narrowest one in German, in the dark, by groups in French, on a wall, and on paper. `wall-far` is the wall
as it is from across the room: scaled to 320 pixels.
"""

import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from browser import reference
from support.running import TempHub
from support.waiting import answer_of, wait_for
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Writer, describe

MINUTE_MS, DAY_MS = 60_000, 86_400_000
KINDS = ("Freezer", "Fridge", "Room")
GROUPS = ("Kitchen", "Bar", "Cellar", "Shop", "Bakery", "Storeroom", "Yard", "Office", "Terrace", "Garage")
HALF_HOUR = 30


class Scene(NamedTuple):
    """count: of probes; grouped: whether they have groups; silent_min: since when nothing comes, of all of
    them; warm: the number of the one that gets too warm within the last half hour."""

    count: int
    grouped: bool = False
    silent_min: int = 0
    warm: int | None = None


SCENES = {
    "one": Scene(1),
    "three": Scene(3),
    "twenty": Scene(20, grouped=True),
    "two-hundred": Scene(200, grouped=True),
    "empty": Scene(0),
    "silent": Scene(4, silent_min=60),
    "warm": Scene(6, warm=3),
    "warm-of-twenty": Scene(20, grouped=True, warm=6),
}
# name, width, height, what the address asks for
LOOKS = {
    "desk": (1280, 1120, "window=24h"),
    "phone": (390, 1400, "window=24h"),
    "narrow": (320, 1400, "window=24h&language=de"),
    "dark": (1280, 1120, "window=24h&theme=dark"),
    "groups": (1280, 1120, "window=24h&panes=group&language=fr"),
    "wall": (1280, 720, "window=24h&kiosk=1"),
}
FAR = 320
SHOWN = f"""!document.querySelector('#first') && document.querySelector('.th-told [data-told]')?.dataset.told
  .includes('{reference.ZONE}') !== false && Boolean(document.querySelector('#rendered_cells .th'))"""


def probe_id(number: int) -> str:
    """Of the probe with that number, from 0 on."""
    return f"TempProbe-{number + 0x0A01:04X}"


def called(number: int) -> str:
    """`Freezer 1`, `Fridge 1`, `Room 1`, `Freezer 2`."""
    return f"{KINDS[number % 3]} {number // 3 + 1}"


def celsius(scene: Scene, number: int, minute: int) -> float:
    """The temperature of a probe, minutes after the day before noon began."""
    base = (-19.5, 4.0, 21.0)[number % 3] + (number % 7) * 0.2
    value = base + 0.5 * math.sin(minute / 7 + number) + 0.4 * math.sin(minute / 229)
    if number == scene.warm:
        value += 0.35 * max(0, minute - (1440 - HALF_HOUR))
    return value


def fill(scene: Scene, folder: Path, now: int) -> None:
    """A day of readings up to `now`, ms, less what it is silent."""
    if not scene.count:
        return
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    for minute in range(1440 - scene.silent_min):
        taken = now - DAY_MS + minute * MINUTE_MS
        rows = [
            Row(probe_id(one), "b0", minute, taken, taken + 60, to_units(celsius(scene, one, minute)), None)
            for one in range(scene.count)
        ]
        # What waits is bounded, so from time to time it is waited for.
        if minute % 100:
            writer.submit(rows, lambda _: None)
        else:
            writer.store(rows)
    for one in range(scene.count):
        group = {"group": GROUPS[one % 10]} if scene.grouped else {}
        describe(writer, probe_id(one), {"alias": called(one), **group})
    writer.stop(60)


@contextmanager
def hub_of(scene: Scene, folder: Path) -> Iterator[TempHub]:
    """Its hub, with limits for the one that gets too warm."""
    with reference.hub_at_noon(folder, lambda data_dir, now: fill(scene, data_dir, now)) as hub:
        for limit, kind in ((-15.0, 0), (8.0, 1)) if scene.warm is not None else ():
            watched = [probe_id(one) for one in range(scene.count) if one % 3 == kind]
            rule = {"name": f"above {limit:g}", "kind": "above", "limit_c": limit, "delay_min": 0}
            rule |= {"probes": watched, "severity": "critical"}
            assert hub.ask("POST", "/api/rules", {"rule": rule})[0] == 200
        yield hub


def deliver(hub: TempHub, scene: Scene) -> None:
    """One more reading of each, so that none is late."""
    for one in range(0 if scene.silent_min else scene.count):
        reading = {"probe_id": probe_id(one), "temperature_c": round(celsius(scene, one, 1440), 2)}
        assert hub.ask("POST", "/api/ingest", reading) == (200, {"ok": True})


def open_look(browser: Any, hub: TempHub, name: str, more: str = "", **options: Any) -> Any:
    """A page of that look, with everything on it."""
    width, height, query = LOOKS[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        timezone_id=reference.ZONE,
        locale="en-GB",
        reduced_motion="reduce",
        **options,
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{hub.port}/?{query}{more}", wait_until="commit")
    # A page of a hub that just begins may open itself anew meanwhile.
    wait_for(lambda: answer_of(page, SHOWN), 60)
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    return page


def far(picture: Image.Image) -> Image.Image:
    """A picture of a wall as it is seen from across the room."""
    return picture.resize((FAR, round(picture.height * FAR / picture.width)), Image.Resampling.LANCZOS)


def main() -> None:
    from playwright.sync_api import sync_playwright

    from browser.conftest import ARGUMENTS, chromium

    target, *wanted = sys.argv[1:]
    out = Path(target)
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for scene_name in wanted or SCENES:
            scene = SCENES[scene_name]
            with tempfile.TemporaryDirectory() as folder, hub_of(scene, Path(folder)) as hub:
                for name in LOOKS:
                    deliver(hub, scene)
                    page = open_look(browser, hub, name)
                    page.wait_for_timeout(2_500)
                    taken = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
                    taken.save(out / f"{scene_name}-{name}.png")
                    if name == "wall":
                        far(taken).save(out / f"{scene_name}-wall-far.png")
                    if name == "desk":
                        page.pdf(path=out / f"{scene_name}-paper.pdf", format="A4")
                    page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
