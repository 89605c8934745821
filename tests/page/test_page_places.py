"""The page of all places: three hubs, one engine."""

import asyncio
import json
import re
import threading
from urllib.parse import unquote_plus

import numpy as np
import pytest
from ipywidgets import ToggleButton

from support.engines import Prometheus, Victoria
from support.ports import free_port
from support.shops import Shop
from support.waiting import PATIENCE_S, wait_for
from support.web_end import Quiet, WebEnd
from support.widgets import every, html_of, words
from temphub_kernel.core.clock import DAY_MS, HOUR_MS, now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.page.choices.view import View, Wanted, Window
from temphub_kernel.page.data import Snapshot, shared
from temphub_kernel.page.data.behind import Behind, Parts
from temphub_kernel.page.data.places import lines
from temphub_kernel.page.data.places.page import Place
from temphub_kernel.page.data.places.told import Places, key_of
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.html import panels


@pytest.fixture
def empty(tmp_path):
    """VictoriaMetrics on the loopback interface, to which nobody sends."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """An engine and three shops, which all tests here share: the second was off the net for the last day, in
    which its freezer was warm for three hours; the third one's is warm since half an hour."""
    folder = tmp_path_factory.mktemp("fleet")
    victoria = Victoria(folder / "victoria", free_port()).start()
    shops = [
        Shop(folder, "Shop 1"),
        Shop(folder, "Shop 2", (20, 17), -8),
        Shop(folder, "Shop 3", (0.5, 0), -12),
    ]
    try:
        for shop, to_h in zip(shops, (0, 24, 0), strict=True):
            shop.measure(47, to_h)
            shop.named(f"Freezer of {shop.site}")
            shop.forward(victoria)
        yield victoria, shops
    finally:
        for shop in shops:
            shop.close()
        victoria.kill()


def seen(place: Place, window: Window) -> Snapshot:
    """What a page that is just opened shows, whole."""
    readings = shared.join(place)
    try:

        def whole() -> Snapshot | None:
            told = readings.read(Wanted(window), now_ms()).result(PATIENCE_S)
            curves = all(probe.statistics.n for probe in told.probes if probe.state == "online")
            glances = all(probe.glance.spark for probe in told.probes if probe.state == "online")
            return told if told.sites and not told.missing and curves and glances else None

        return wait_for(whole, 20)
    finally:
        shared.leave(place)


def own(shop: Shop, window: Window) -> Snapshot:
    """What the shop's own page shows."""
    source = Source(shop.journal)
    try:
        return source.read(Wanted(window), now_ms())
    finally:
        source.close()


def test_the_worst_shop_now_and_over_the_month(fleet):
    """The page says which shop's freezer is worst now, and which was over the last month, also after a shop
    was off the net for a day: first that nothing comes from there, then what was measured meanwhile."""
    victoria, shops = fleet
    away = seen(Place(victoria.base), Window(HOUR_MS))
    assert [(one.record["group"], one.standing.state) for one in away.probes] == [
        ("Shop 2", "silent"),
        ("Shop 3", "too_warm"),
        ("Shop 1", "fine"),
    ]
    assert away.probes[1].name == "Shop 3 · Freezer of Shop 3" and away.probes[1].standing.limit_c == -15
    assert [one.beyond_s for one in away.sites if one.site == "Shop 2"] == [0]
    shops[1].measure(24, 0)
    shops[1].forward(victoria)

    def there() -> Snapshot | None:
        found = seen(Place(victoria.base), Window(HOUR_MS))
        now = [one.record["group"] for one in found.probes]
        return found if now == ["Shop 3", "Shop 1", "Shop 2"] else None

    # How a probe is, is forwarded by itself, a moment behind its readings.
    back = wait_for(there, 20)
    worst = back.sites[0]
    assert worst.site == "Shop 2" and worst.beyond_s == pytest.approx(3 * 3600, abs=240)
    assert worst.high == pytest.approx(-8 + 6 / 16) and worst.measured_s > 44 * 3600


def test_of_very_many_the_month_comes_share_by_share(fleet):
    """Where the probes are too many for one question the page shows who is worst now and, share by share, the
    same month; each that is looked at has the same last day."""
    victoria, _ = fleet
    whole, shared_out = Place(victoria.base), Place(victoria.base, most=1)
    one, other = (seen(place, Window(HOUR_MS)) for place in (whole, shared_out))
    assert [probe.id for probe in one.probes] == [probe.id for probe in other.probes]
    assert len(one.sites) == 3 and one.sites == other.sites and not other.missing
    for mine, theirs in zip(one.probes, other.probes, strict=True):
        # The hour that goes on is asked for a moment later.
        assert mine.glance.spark[:20] == theirs.glance.spark[:20] and mine.glance.low == theirs.glance.low
    keys = [("Shop 1", "Freezer"), ("Shop 2", "Freezer")]
    asked = lines.Times(whole.engine(), lambda: keys, 1).ask()
    assert asked.hours is None and asked.missing == 0 and list(asked.month) == keys
    assert "The hours of 7 probes are still being added up." in panels.worst(one._replace(missing=7))


@pytest.mark.parametrize("span_ms", [HOUR_MS, DAY_MS], ids=["hour", "day"])
def test_the_numbers_are_those_of_each_hub(fleet, tmp_path, span_ms):
    """Every point of a line, every figure and the newest value are those of the hub's own page: by raw export
    and by the query API."""
    victoria, shops = fleet
    window = Window(span_ms, now_ms() - 5_000)
    prometheus = Prometheus(tmp_path / "prometheus", free_port()).take(victoria.series()).start()
    try:
        for address in (victoria.base, prometheus.base):
            there = {one.record["group"]: one for one in seen(Place(address), window).probes}
            for shop in (shops[0], shops[2]):
                (mine,) = own(shop, window).probes
                one = there[shop.site]
                assert one.statistics.n == mine.statistics.n and one.newest.taken_ms == mine.newest.taken_ms
                assert one.good == mine.good and one.quality == mine.quality
                for name in ("low", "high", "mean", "sigma"):
                    assert getattr(one.statistics, name) == pytest.approx(
                        getattr(mine.statistics, name), abs=1e-4
                    )
                if span_ms == HOUR_MS:
                    assert np.array_equal(one.curve.times, mine.curve.times)
                    assert np.array_equal(one.curve.values, mine.curve.values, equal_nan=True)
                    assert np.array_equal(one.faults, mine.faults)
    finally:
        prometheus.kill()


def test_nothing_is_offered_that_only_a_hub_can_do(fleet, open_dashboard):
    """What is set up or kept at a hub (limits, names, notes, files, what no longer counts) is not to be
    pressed on the page of all places, also where one probe is shown alone and a range is marked."""
    ago_ms = now_ms() // HOUR_MS * HOUR_MS
    view = View(
        window=Window(6 * HOUR_MS),
        probes=(key_of("Shop 1", "Freezer"),),
        measured=(ago_ms - 2 * HOUR_MS, ago_ms),
    )
    page = open_dashboard(Place(fleet[0].base), view=view)

    def whole() -> str:
        asyncio.run(page.refresh())
        told = html_of(page)
        # With the figures of the marked range, which come from the engine.
        return told if "Freezer of Shop 1" in told.partition('class="th-measured"')[2] else ""

    shown = wait_for(whole)
    assert not re.findall(r'data-do="[^"]*(?:strike_out|limits|seen|open|trust)|/api/', shown)
    pressed = {one.description for one in every(page, ToggleButton)}
    assert "Dates" in pressed and not pressed & {"Note", "Send"}
    places = set(re.findall(r'id="([^"]+)"', shown))
    assert set(re.findall(r'href="#([^"]+)"', shown)) <= places


class Slow(WebEnd):
    """An engine of 120 places, of which one has a probe. It answers the first questions about `field` and
    then takes its time; left: so many of them."""

    def __init__(self, field: str, left: int) -> None:
        slow = self
        self.left = left

        class Handler(Quiet):
            def do_GET(self) -> None:
                if field in self.path and "/series" not in self.path:
                    if not slow.left:
                        slow.hold.wait(30)
                    slow.left = max(slow.left - 1, 0)
                there = [{"__name__": "temphub_hub", "site": f"Shop {no}"} for no in range(120)]
                data = there if "/series" in self.path and "temphub_(hub)" in unquote_plus(self.path) else []
                result = {"result": []} if "/query" in self.path else data
                told = json.dumps({"status": "success", "data": result}).encode()
                known = {"__name__": "temphub_known", "site": "Shop 1", "probe": "A", "name": "Cold"}
                line = json.dumps({"metric": known, "timestamps": [now_ms()], "values": [1]}).encode()
                said = line if "known" in self.path and "Shop+1%7C" in self.path else b""
                body = said if "/export" in self.path else told
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)


def test_how_much_of_the_answer_is_here_is_told(open_dashboard):
    """Of many places the engine is asked part by part: until the first answer is whole the page says how many
    parts are here, and no trouble; then what they say."""
    engine = Slow("known", 1)
    try:
        engine.hold.clear()
        page = open_dashboard(Place(f"http://127.0.0.1:{engine.port}"))
        assert "1 of 6 parts of its answer are here" in words(page)
        assert "has not answered" not in words(page)
        engine.hold.set()

        def answered() -> bool:
            asyncio.run(page.refresh())
            return "Cold" in words(page)

        wait_for(answered)
    finally:
        engine.hold.set()
        engine.close()


def test_a_month_that_is_still_asked_is_told_as_that(open_dashboard):
    """Who there is is shown before the month is here, and nobody reads that no place told an hour yet."""
    engine = Slow("hour_", 0)
    try:
        engine.hold.clear()
        page = open_dashboard(Place(f"http://127.0.0.1:{engine.port}"))

        def shown() -> str:
            asyncio.run(page.refresh())
            return words(page) if "Cold" in words(page) else ""

        assert "The hours of 1 probe are still being added up." in wait_for(shown)
        engine.hold.set()
        wait_for(lambda: "No place has told what an hour came to yet" in shown())
    finally:
        engine.hold.set()
        engine.close()


def test_slow_is_who_says_nothing_for_long():
    """A question whose parts come one by one is no trouble, however long it takes; one of which nothing more
    comes is told after a while, and no longer when it goes on."""
    parts, more, done = Parts(), threading.Semaphore(0), threading.Event()

    def ask() -> bool:
        parts.begin(3)
        for _ in range(3):
            assert more.acquire(timeout=PATIENCE_S)
            parts.came()
        return done.set() or True

    behind = Behind(ask, 60, done.set, parts, slow_s=3)
    try:
        assert behind.get() is None
        wait_for(lambda: behind.get() is None and behind.trouble)
        assert "has not answered" in behind.trouble[0]
        more.release()
        wait_for(lambda: behind.get() is None and not behind.trouble)
        assert behind.asking() == (1, 3)
        more.release(2)
        assert wait_for(behind.get) and not behind.trouble
    finally:
        more.release(3)
        behind.close()


@pytest.mark.parametrize("through", ["victoria", "prometheus"])
def test_a_silent_place_has_what_it_told_last(empty, tmp_path, through):
    """A probe that was renamed before its place fell silent has its last name, one whose limit was taken away
    has none, and one whose last reading was bad shows no older value."""
    then = (now_ms() - 3 * DAY_MS) // 1000 * 1000
    lines, head = [], "temphub,site=Shop\\ 9,probe="
    # Names in either order of the alphabet.
    for probe, old, new in (("A", "Zander", "Aal"), ("B", "Aal", "Zander")):
        for at_ms, name in ((then - HOUR_MS, old), (then, new)):
            lines.append(f"{head}{probe},name={name} known=1 {at_ms}")
        lines.append(
            f"{head}{probe} interval=60000,upper=-15,newest={then - HOUR_MS},last=4 {then - HOUR_MS}"
        )
        lines.append(f"{head}{probe} interval=60000,newest={then} {then}")
    lines.append(f"temphub,site=Shop\\ 9 hub=1 {then}")
    empty.write("\n".join(lines), "")
    told = empty.series()
    engine = empty if through == "victoria" else Prometheus(tmp_path / "prometheus", free_port())
    if engine is not empty:
        engine.take(told).start()
    try:
        # The index of VictoriaMetrics shows a new series a moment later.
        found = wait_for(lambda: len(there := Places(Place(engine.base).engine()).ask()) == 2 and there)
    finally:
        if engine is not empty:
            engine.kill()
    assert [one.name for one in found.values()] == ["Aal", "Zander"]
    for one in found.values():
        assert (one.interval_ms, one.upper, one.newest) == (60_000, None, (then, None, "missing"))


class Stuck(WebEnd):
    """Takes questions and says nothing until it is let go."""

    def __init__(self) -> None:
        stuck = self
        self.asked = 0

        class Handler(Quiet):
            def do_GET(self) -> None:
                stuck.asked += 1
                stuck.hold.wait(30)

        super().__init__(Handler)


def test_an_engine_that_is_away_slow_or_wrong_is_told(open_dashboard, empty):
    """The page comes at once and says what is the matter and what to do, whatever the engine does; ten pages
    ask it one question."""
    assert "No place has sent anything yet" in words(open_dashboard(Place(empty.base)))
    nobody = words(open_dashboard(Place(f"http://me:secret@127.0.0.1:{free_port()}")))
    assert "cannot be reached (Connection refused)" in nobody and "secret" not in nobody
    assert "no answer of a time-series engine" in words(open_dashboard(Place(f"{empty.base}/nothing")))
    stuck = Stuck()
    try:
        stuck.hold.clear()
        for _ in range(3):
            page = open_dashboard(Place(f"http://127.0.0.1:{stuck.port}"))
            assert "The engine has not answered" in words(page)
        # Who is there, and what the month came to.
        assert stuck.asked <= 2
    finally:
        stuck.hold.set()
        stuck.close()
    with pytest.raises(TempHubError, match="no web address"):
        shared.join(Place("ftp://x"))
