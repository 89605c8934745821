"""A wall screen in trouble; a hub of its own, since what it tells of goes on."""

import pytest

from support.waiting import wait_for

BANNER = "#rendered_cells .th-alarm"
NAMES = [f"wall-{number}" for number in (1, 2, 3)]


def post(temphub, celsius, probe_id):
    body = {"temperature_c": celsius, "probe_id": probe_id}
    assert temphub.ask("POST", "/api/ingest", body) == (200, {"ok": True})


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub that knows nobody."""
    return lasting_temphub()


@pytest.fixture
def wall(browser):
    """A screen across the room."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.mark.browser
def test_on_a_wall_of_alarms_the_cards_are_read(wall, temphub):
    """Three banners of many words leave little room: the chart gives way to the cards, and upright it stands
    beneath them."""
    places = [f"Walk-in freezer behind the kitchen {number}" for number in (1, 2, 3)]
    for name, place in zip(NAMES, places, strict=True):
        post(temphub, 4.5, name)
        assert temphub.ask("POST", "/api/describe", {"probe_id": name, "alias": place})[0] == 200
    rule = {"probes": NAMES, "kind": "above", "limit_c": 8, "delay_min": 0, "severity": "critical"}
    assert temphub.ask("POST", "/api/rules", {"rule": rule})[0] == 200

    def alarmed():
        for name in NAMES:
            post(temphub, 9.4, name)
        return wall.locator(BANNER).count() == 3

    wall.goto(f"http://127.0.0.1:{temphub.port}/?kiosk=1&probes={','.join(NAMES)}", wait_until="commit")
    wall.wait_for_selector("#rendered_cells .th-card:visible", timeout=60_000)
    wall.wait_for_selector("#first", state="detached", timeout=60_000)
    wait_for(alarmed, 20, 0.5)
    cards = "cards => Math.min(...cards.map(one => one.getBoundingClientRect().height))"
    wait_for(lambda: wall.locator("#rendered_cells .th-card").evaluate_all(cards) > 100, 5)
    wall.set_viewport_size({"width": 320, "height": 700})
    beneath = """() => {
      const all = (one) => [...document.querySelectorAll(`#rendered_cells ${one}`)];
      const [chart, ...cards] = [".th-chart-panel", ".th-card"].flatMap(all)
        .map((one) => one.getBoundingClientRect());
      return chart.height > 100 && cards.every((card) => card.bottom <= chart.top);
    }"""
    wait_for(lambda: wall.evaluate(beneath), 10)
    # What the chart draws is for the other size for a moment.
    wait_for(lambda: wall.evaluate("document.documentElement.scrollWidth") <= 320, 10)
