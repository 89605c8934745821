"""Alarms as somebody meets them: on a phone, with the real hub, from the fridge's door to the list."""

import pytest

from support.accessible import serious
from support.waiting import box_of, wait_for

BANNER = "#rendered_cells .th-alarm"


def post(temphub, celsius, probe_id="Fridge", age_ms=0):
    assert temphub.ask(
        "POST", "/api/ingest", {"temperature_c": celsius, "probe_id": probe_id, "age_ms": age_ms}
    ) == (200, {"ok": True})


@pytest.fixture(scope="module")
def lasting(lasting_temphub):
    """A hub with a fridge."""
    temphub = lasting_temphub()
    for ago in range(60, 0, -2):
        post(temphub, 4.5, age_ms=ago * 1000)
    return temphub


@pytest.fixture
def open_page(browser, temphub):
    """Opens the page, on a phone unless another size is asked for."""
    contexts = []

    def open_(width=390, height=844, query=""):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, has_touch=True))
        page = contexts[-1].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
        page.wait_for_selector("#rendered_cells .th-card:visible", timeout=60_000)
        page.wait_for_selector("#first", state="detached", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.browser
def test_a_door_stays_open_and_is_answered_in_three_taps(open_page, temphub):
    """It fires: banner, title, sign and card say it within seconds. Tap, tap, tap: the banner is gone, the
    list has what was said; nobody is kept out of any of it, nothing is wider than a phone, and a wall screen
    shows it."""
    rule = {
        "name": "Fridge warm",
        "probes": ["Fridge"],
        "kind": "above",
        "limit_c": 8,
        "delay_min": 0,
        "severity": "critical",
    }
    assert temphub.ask("POST", "/api/rules", {"rule": rule})[0] == 200
    # Of now: whoever is silent for half a minute is told of.
    post(temphub, 4.5)
    page = open_page()
    assert page.title() == "TempHub" and not page.locator(BANNER).count()

    def told():
        post(temphub, 9.4)
        return page.locator(BANNER).count()

    wait_for(told, 20, 0.5)
    assert (
        page.locator(f"{BANNER} [role=alert]").inner_text().replace("\u00a0", " ")
        == "Alarm: Fridge above 8 °C"
    )
    wait_for(lambda: page.title().startswith("⚠ Fridge above 8"), 5)
    wait_for(lambda: "%23b3261e" in page.locator('link[rel="icon"]').get_attribute("href"), 5)
    wait_for(
        lambda: (
            "Alarm: above 8" in page.locator('#rendered_cells .th-card[data-probe="Fridge"]').inner_text()
        ),
        5,
    )
    post(temphub, 9.9)
    wait_for(lambda: "now 9.90 °C" in page.locator(BANNER).inner_text(), 5)
    wall = open_page(1280, 720, "?kiosk=1")
    wait_for(lambda: box_of(wall.locator(f"{BANNER} [role=alert]"))["height"] > 24, 5)
    assert not serious(wall)

    page.locator(f"{BANNER} .th-answer").tap()
    page.wait_for_selector(".th-alarm-form .th-primary")
    assert not serious(page) and page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Closed the door").tap()
    page.get_by_role("button", name="Acknowledge", exact=True).tap()
    page.wait_for_selector(BANNER, state="detached")
    row = page.locator("#rendered_cells .th-alarm-row")
    wait_for(lambda: "“Closed the door”" in row.inner_text(), 5)

    def well():
        post(temphub, 9.9)
        return page.title() == "TempHub"

    wait_for(well, 5, 0.5)
    assert not serious(page) and not page.errors


@pytest.mark.browser
def test_a_freezer_gets_its_limits_in_two_taps(open_page, temphub):
    """Tap the card's limits, see what the fitting set would have told, tap to switch it on: the card says the
    limits; nobody is kept out."""
    for ago in range(7200, 0, -60):
        post(temphub, -12.0 if 1800 < ago < 5400 else -20.0, "Freezer", ago * 1000)
    page = open_page()
    card = page.locator('#rendered_cells .th-card[data-probe="Freezer"]')
    card.locator(".th-limits button").tap()
    page.wait_for_selector(".th-limits-form .th-would")
    would = "Alarm: above −15 °C for 45 min: 1 alarm"
    wait_for(lambda: would in page.locator(".th-would").inner_text().replace("\u00a0", " "), 10)
    assert not serious(page) and page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not temphub.ask("GET", "/api/rules")[1]["rules"] or "Freezer" not in str(
        temphub.ask("GET", "/api/rules")[1]["rules"]
    )
    page.get_by_role("button", name="Switch on").tap()
    wait_for(lambda: "Limits: up to −18" in card.inner_text(), 10)
    assert "Freezer" in str(temphub.ask("GET", "/api/rules")[1]["rules"]) and not page.errors
