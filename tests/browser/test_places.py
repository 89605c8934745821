"""The page of all places, in a real browser: three hubs, one engine, one page."""

import pytest

from support.accessible import serious
from support.engines import Victoria
from support.ports import free_port
from support.shops import Shop
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms


@pytest.fixture
def victoria(tmp_path):
    """VictoriaMetrics on the loopback interface."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


@pytest.mark.browser
def test_which_shops_freezer_is_worst_now_and_over_the_month(browser, start_temphub, victoria, tmp_path):
    """Whoever looks after the shops opens one page: the worst is named first, with its place, and was worst
    in the table of the month; a shop that was off the net for a day is in it with what it measured meanwhile.
    When the engine goes, the page says so in words, keeps what it had, and goes on by itself."""
    shops = [
        Shop(tmp_path, "Shop 1"),
        Shop(tmp_path, "Shop 2", (20, 17), -8),
        Shop(tmp_path, "Shop 3", (0.5, 0), -12),
    ]
    try:
        for shop in shops:
            shop.measure(30, 24 if shop.site == "Shop 2" else 0)
            shop.named(f"Freezer {shop.site[-1]}")
            shop.forward(victoria)
        # Back on the net.
        shops[1].measure(24, 0)
        shops[1].forward(victoria)
        temphub = start_temphub(READ_FROM=victoria.base)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"http://127.0.0.1:{temphub.port}/", wait_until="commit")

        def text(selector: str) -> str:
            return page.evaluate(
                f"[...document.querySelectorAll('{selector}')].map(e => e.innerText).join(' | ')"
            )

        wait_for(lambda: "Shop 2" in text(".th-places-panel tbody tr:first-child"), 60)
        assert "Shop 3 · Freezer 3 above −15 °C" in text(".th-worst").replace("\u00a0", " ")
        month = text(".th-places-panel tbody tr:first-child")
        assert "Freezer 2" in month and ("3 h (10 %)" in month or "2 h 5" in month)
        cards = text(".th-card .th-name")
        assert cards.split(" | ") == ["Shop 3 · Freezer 3", "Shop 1 · Freezer 1", "Shop 2 · Freezer 2"]
        # One probe a place: the cards stand beside each other, named by their places.
        tops = "[...document.querySelectorAll('.th-card')].map(e => Math.round(e.getBoundingClientRect().y))"
        assert len(set(page.evaluate(tops))) == 1
        assert serious(page) == []
        # A title with two spaces, which no browser gives back, is not set again and again.
        now = now_ms()
        head = "temphub,site=Shop\\ 4,probe=Z"
        victoria.write(
            f"{head},name=Two\\ \\ spaces known=1 {now}\n{head} newest={now},last=-8 {now}\n"
            f"{head},state=too_warm,cause=above level=3,since={now - 900_000},limit=-15 {now}",
            "",
        )
        wait_for(lambda: "Shop 4 · Two spaces above −15" in page.title(), 30)
        victoria.stop()
        wait_for(lambda: "cannot be reached (Connection refused)" in text(".th-alert"), 40)
        assert "Freezer 3" in text(".th-card .th-name")
        victoria.start()
        wait_for(lambda: not text(".th-alert"), 40)
    finally:
        for shop in shops:
            shop.close()
