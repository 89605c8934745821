"""What happened, in a real browser: a sentence beneath the chart brings its moment into the chart."""

import json

import pytest

from support.accessible import serious
from support.filled import fill
from support.waiting import wait_for
from temphub_kernel.core.clock import MINUTE_MS, now_ms

EVERY_MS = 10_000
OPENED = "[...document.querySelectorAll('.th-happened button')].find(one => one.innerText.includes('door'))"
TOLD = "JSON.parse(document.querySelector('.th-told [data-told]').dataset.told)"


def write_day(data_dir):
    """A day of a fridge whose door was opened once, 14 hours ago."""
    now = now_ms()

    def celsius(ms):
        since_s = (ms - now + 14 * 60 * MINUTE_MS) / 1000
        return 5 + (min(since_s / 30, 1) * 4 * 0.997 ** max(since_s - 30, 0) if since_s > 0 else 0)

    fill(data_dir, {"Fridge": [(ms, celsius(ms)) for ms in range(now - 86_000_000, now, EVERY_MS)]})


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with that day."""
    return lasting_temphub(write_day)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_tap_on_a_sentence_shows_its_moment_in_the_chart(browser, temphub, width):
    """The door that was opened is told in words; a tap moves the chart to it, and the address with it. Seen
    and heard by everybody, no wider than a phone, and not on a wall."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"
    )
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{temphub.port}/?window=24h", wait_until="commit")
        wait_for(lambda: page.evaluate(f"Boolean({OPENED})"), 60)
        said = page.evaluate(f"{OPENED}.innerText")
        assert "Fridge: the door stood open, 4\u00a0°C warmer, cold again after 8 min" in said
        asked = page.evaluate(f"{OPENED}.dataset.do")
        page.get_by_role("button", name="the door stood open").click()
        first, last = json.loads(asked)["window"]
        wait_for(lambda: "from=" in page.evaluate("location.search"), 20)
        ends = pytest.approx([first, last], abs=2 * MINUTE_MS)
        wait_for(
            lambda: (
                (told := page.evaluate(TOLD))["live"] is False
                and [told["chart"]["from"], told["chart"]["to"]] == ends
            ),
            20,
        )
        wait_for(lambda: page.evaluate(f"Boolean({OPENED})"), 20)
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto(f"http://127.0.0.1:{temphub.port}/?kiosk=1", wait_until="commit")
        page.wait_for_selector(".th-kiosk .th-happened-panel", state="attached", timeout=60_000)
        assert not page.locator(".th-happened-panel").is_visible()
    finally:
        context.close()
