"""Beside the list of alarms, in a real browser with the real hub: who is told, a choice in the address, sound
and notifications, and a limit that is moved in the chart by mouse, finger and keyboard."""

import json

import pytest

from alarms.sinks import Ntfy
from support.accessible import serious
from support.waiting import box_of, wait_for

FRIDGE = {
    "name": "Fridge above 8 °C",
    "probes": ["Fridge"],
    "kind": "above",
    "limit_c": 8,
    "delay_min": 30,
    "recovery_c": 7.5,
}
# What the browser was asked to sound and to show, counted where the page's script asks for it.
SPY = """(() => {
  window.tones = 0; window.shown = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) { window.tones += this.context.state === "running";
    return start.apply(this, at); };
  window.Notification = class extends Notification {
    constructor(title, more) { super(title, more); window.shown.push([title, more.tag]); }
  };
})()"""
GRIP = ".th-grip"


def post(temphub, celsius, probe_id="Fridge", age_ms=0):
    assert temphub.ask(
        "POST", "/api/ingest", {"temperature_c": celsius, "probe_id": probe_id, "age_ms": age_ms}
    ) == (200, {"ok": True})


def two_minutes(temphub):
    """Of the fridge's readings, up to now."""
    for ago in range(120, 0, -2):
        post(temphub, 4.5 + ago % 7, age_ms=ago * 1000)


def limit_c(temphub):
    return next(
        one["rule"]["limit_c"]
        for one in temphub.ask("GET", "/api/rules")[1]["rules"]
        if one["rule"]["probes"] == ["Fridge"]
    )


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with a fridge that has a limit, and a cellar."""
    temphub = lasting_temphub()
    two_minutes(temphub)
    post(temphub, 12.0, "Cellar")
    assert temphub.ask("POST", "/api/rules", {"rule": FRIDGE})[0] == 200
    return temphub


@pytest.fixture
def open_page(browser, temphub):
    """Opens the page; `spy` counts what it sounds and shows."""
    contexts = []

    def open_(query="", width=1280, height=900, spy=False):
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=True, locale="en-GB"
        )
        contexts.append(context)
        if spy:
            context.grant_permissions(["notifications"])
            context.add_init_script(SPY)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
        page.wait_for_selector("#first", state="detached", timeout=60_000)
        page.wait_for_selector("#rendered_cells .th-chart path.line", state="attached", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()


def told(page):
    """What the page's script knows."""
    return json.loads(page.locator(".th-told [data-told]").first.get_attribute("data-told"))


@pytest.mark.browser
def test_a_limit_is_moved_by_mouse_finger_and_keys(open_page, temphub):
    """Dragged, the value stands beside it; let go, the page asks and says what it would have told; set, the
    hub has it, and Undo takes it back. Escape leaves it. The chart itself stays where it was, and goes on to
    be moved where no handle is."""
    # Of now, however long the file's tests took before.
    two_minutes(temphub)
    page = open_page("?probes=Fridge&window=5min")
    grip = page.locator(GRIP)
    grip.wait_for()
    assert grip.get_attribute("aria-valuetext") == "Warning above 8 °C" and not serious(page)
    page.locator(".th-chart").scroll_into_view_if_needed()
    box, window = box_of(grip), told(page)["query"]
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y - 30, steps=4)
    value = grip.inner_text().replace("\u00a0", " ")
    assert value.startswith("Warning above ") and value != "Warning above 8 °C"
    page.mouse.up()
    question = page.locator(".th-limit-moved")
    wait_for(lambda: "instead of 8" in question.inner_text() and "no alarm" in question.inner_text(), 20)
    asked = "document.activeElement.textContent.includes('Keep')"
    # The question's words are there before its buttons, and these before the keyboard is.
    wait_for(lambda: page.evaluate(asked), 10)
    assert limit_c(temphub) == 8 and not serious(page)
    question.locator(".th-primary").click()
    wait_for(lambda: limit_c(temphub) == pytest.approx(float(value.split()[2])), 10)
    question.get_by_role("button", name="Undo").click()
    wait_for(lambda: limit_c(temphub) == 8, 10)
    question.get_by_role("button", name="Done").click()
    wait_for(lambda: grip.get_attribute("aria-valuenow") == "8", 10)
    assert told(page)["query"] == window, "the chart was not moved by it"

    grip.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert grip.get_attribute("aria-valuenow") == "8"
    page.keyboard.press("PageUp")
    assert grip.get_attribute("aria-valuetext") == "Warning above 9 °C"
    page.keyboard.press("Enter")
    wait_for(lambda: "instead of 8" in question.inner_text() and page.evaluate(asked), 10)
    page.keyboard.press("Escape")
    wait_for(lambda: page.evaluate("document.activeElement.className") == "th-grip", 10)
    assert limit_c(temphub) == 8

    # A finger, as the browser reports it.
    box = box_of(grip)
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, down in (("touchStart", 0), ("touchMove", 12), ("touchMove", 25), ("touchEnd", None)):
        points = [] if down is None else [{"x": x, "y": y + down}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wait_for(lambda: "instead of 8" in question.inner_text(), 10)
    page.locator(".th-limit-moved .th-keep").click()

    plot = box_of(page.locator(".th-chart .plotarea_events"))
    x, y = plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y, steps=4)
    page.mouse.up()
    wait_for(lambda: "from=" in told(page)["query"], 10)
    assert not page.errors


@pytest.mark.browser
def test_somebody_is_told_by_a_way_that_was_added_on_a_phone(open_page, temphub):
    """Name and address typed, Test pressed: it arrives, the page says so in words and never shows the
    password; removed, it is gone. A choice of the list stands in the address and comes back with it."""
    end = Ntfy()
    try:
        page = open_page(width=390, height=844)
        page.get_by_role("button", name="Who is told").tap()
        form = page.locator(".th-channels-form")
        page.locator("button[aria-expanded=true]", has_text="Who is told").wait_for()
        form.get_by_label("Name").fill("Anna")
        form.get_by_label("Address").fill(end.url())
        form.get_by_role("button", name="Add").tap()
        wait_for(lambda: "Added Anna: ntfy." in form.inner_text() and "Anna (ntfy)" in form.inner_text(), 30)
        assert form.get_by_label("Address").input_value() == "" and "s3cret" not in page.content()
        form.get_by_role("button", name="Test").tap()
        wait_for(lambda: "ntfy took the test by Anna." in form.inner_text(), 30)
        assert end.titles() == ["TempHub: a test"]
        assert not serious(page) and page.evaluate("document.documentElement.scrollWidth") <= 390
        form.get_by_role("button", name="Remove").tap()
        form.get_by_role("button", name="Remove it").tap()
        wait_for(lambda: "Nobody is told yet" in form.inner_text(), 20)
        assert temphub.ask("GET", "/api/channels")[1]["channels"] == []
        page.get_by_role("button", name="Who is told").tap()
        page.get_by_role("button", name="Filter").tap()
        page.get_by_label("Kind").select_option("Alarm")
        wait_for(lambda: "alarm_severity=critical" in page.evaluate("location.search"), 10)
        assert (
            not serious(page)
            and page.evaluate("document.documentElement.scrollWidth") <= 390
            and not page.errors
        )
    finally:
        end.close()


@pytest.mark.browser
def test_an_alarm_is_heard_and_shown_by_who_asked_for_it(open_page, temphub):
    """After a click on Sound the page beeps for what is new; after one on Notifications the browser shows it,
    in words, once. Without the clicks it does neither."""
    page = open_page(spy=True)
    page.get_by_role("button", name="Sound").click()
    wait_for(lambda: page.evaluate("tones") == 2, 5)
    page.get_by_role("button", name="Notifications").click()
    wait_for(lambda: page.locator("[data-alarm-set][aria-pressed=true]").count() == 2, 5)
    rule = {
        "name": "Cellar warm",
        "probes": ["Cellar"],
        "kind": "above",
        "limit_c": 14,
        "delay_min": 0,
        "severity": "critical",
    }
    assert temphub.ask("POST", "/api/rules", {"rule": rule})[0] == 200

    def heard():
        post(temphub, 15.5, "Cellar")
        return page.evaluate("tones") >= 5

    wait_for(heard, 20, 0.5)
    (number,) = [one["number"] for one in temphub.ask("GET", "/api/alarms?state=active")[1]["alarms"]]
    assert page.evaluate("shown") == [["Cellar above 14\u00a0°C", f"temphub-{number}"]]
    post(temphub, 16.25, "Cellar")
    wait_for(
        lambda: (
            "worst 16.25 °C" in page.locator("#rendered_cells .th-alarm").inner_text().replace("\u00a0", " ")
        ),
        15,
    )
    quiet = open_page(spy=True)
    wait_for(lambda: quiet.locator("#rendered_cells .th-alarm").count() == 1, 20)
    assert (quiet.evaluate("tones"), quiet.evaluate("shown")) == (0, []) and not page.errors
