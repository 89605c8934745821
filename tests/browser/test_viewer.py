"""What a viewer takes away from the page, and the page in somebody else's clock, in a real browser."""

import csv
import io
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from PIL import Image

from support.filled import fill
from support.waiting import box_of, wait_for
from temphub_kernel.core.clock import iso_utc, now_ms

LINE = ".th-chart path.line"
COLDEST_C = -31.5
EVERY_MS = 30_000
HOUR_MS = 3_600_000


NEW_YORK = ZoneInfo("America/New_York")
# A browser that draws no frame as long as a test says so, however much it is told meanwhile.
HOLD = """const frame = requestAnimationFrame, waiting = [];
window.holds = false;
window.requestAnimationFrame = (draw) => (holds ? waiting.push(draw) : frame(draw));
window.letGo = () => { holds = false; waiting.splice(0).forEach((draw) => frame(draw)); };"""
SAY = """([place, said]) => {
    const field = document.querySelector(`#rendered_cells ${place} input`);
    field.value = said;
    for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}"""
TOLD = "JSON.parse(document.querySelector('.th-told [data-told]').dataset.told)"


def last_time_of(hour):
    """The last time that this hour of the clock began in New York."""
    now = datetime.now(NEW_YORK)
    begun = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return int((begun if begun <= now else begun - timedelta(days=1)).timestamp() * 1000)


def write_hours(data_dir):
    """Six hours of two probes; the first one is coldest three hours ago. A third one, at noon and at midnight
    in New York."""
    now = now_ms()
    times = list(range(now - 6 * HOUR_MS, now, EVERY_MS))

    def values(probe, base):
        return [
            (ms, COLDEST_C if probe == "cellar" and place == 360 else base + place % 50 / 25)
            for place, ms in enumerate(times)
        ]

    twelve = [last_time_of(hour) for hour in (0, 12)]
    at_twelve = [(ms + place * 1000, 8.0) for ms in twelve for place in range(-60, 1)]
    fill(data_dir, {"cellar": values("cellar", 12.0), "attic": values("attic", 24.0), "porch": at_twelve})
    (data_dir.parent / "coldest").write_text(str(times[360]))
    (data_dir.parent / "twelve").write_text(" ".join(map(str, twelve)))


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with those hours."""
    return lasting_temphub(write_hours)


@pytest.fixture
def twelve(temphub):
    """{0: midnight, 12: noon} in New York, ms, as it was when they were written: another one may have passed
    since."""
    told = (temphub.data_dir.parent / "twelve").read_text().split()
    return dict(zip((0, 12), map(int, told), strict=True))


@pytest.fixture
def open_page(browser, temphub):
    """Opens its page as somebody somewhere."""
    contexts = []

    def open_(query, zone="Europe/Berlin", locale="en-GB", width=1280, script=""):
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": 900},
                timezone_id=zone,
                locale=locale,
                accept_downloads=True,
            )
        )
        contexts[-1].add_init_script(script)
        page = contexts[-1].new_page()
        page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
        page.wait_for_selector(f"#rendered_cells {LINE}", state="attached", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()


def saved(page, place, name):
    """(file name, bytes) of what a click downloads."""
    with page.expect_download() as waiting:
        place.get_by_role("link", name=name, exact=True).or_(
            place.get_by_role("button", name=name, exact=True)
        ).first.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


@pytest.mark.browser
def test_what_is_on_the_chart_can_be_taken_away(open_page, temphub):
    """CSV and workbook hold the readings of the probes and the window shown, each once; the picture is one of
    the chart."""
    coldest_ms = int((temphub.data_dir.parent / "coldest").read_text())
    stored = [coldest_ms + place * EVERY_MS for place in range(-360, 360)]
    page = open_page("?window=1h&probes=cellar")
    chart = page.locator("#rendered_cells .th-chart-panel")
    before = now_ms()
    name, raw = saved(page, chart, "CSV")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert name.endswith(".csv") and {row["probe_id"] for row in rows} == {"cellar"}
    # All from the beginning of that hour on; nothing came since they were stored, however long ago that is.
    assert len(rows) >= 2 and [row["timestamp"] for row in rows] == [
        iso_utc(ms) for ms in stored[-len(rows) :]
    ]
    assert before - 2 * EVERY_MS <= stored[-len(rows)] + HOUR_MS <= now_ms() + 2 * EVERY_MS
    name, raw = saved(page, chart, "Excel")
    book = load_workbook(io.BytesIO(raw), read_only=True)
    found = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    assert name.endswith(".xlsx") and sum(
        any(isinstance(cell, float) for cell in row) for row in found
    ) >= len(rows)
    name, raw = saved(page, chart, "Picture")
    picture = Image.open(io.BytesIO(raw))
    assert (
        name.endswith(".png")
        and picture.width > 600
        and picture.height > 200
        and len(picture.convert("RGB").getcolors(1 << 24)) > 10
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("zone", "locale", "form"),
    [
        ("America/New_York", "en-US", "%-I:%M"),
        ("Asia/Kolkata", "en-GB", "%H:%M"),
        ("Europe/Berlin", "de-DE", "%H:%M"),
    ],
)
def test_times_are_those_of_the_viewers_clock(open_page, temphub, zone, locale, form):
    """Wherever the viewer is, and however clocks are written there: the moment of the lowest value, and the
    chart's axis."""
    coldest_ms = int((temphub.data_dir.parent / "coldest").read_text())
    local = datetime.fromtimestamp(coldest_ms / 1000, timezone.utc).astimezone(ZoneInfo(zone)).strftime(form)
    page = open_page("?window=6h", zone, locale)
    statistics = page.locator("#rendered_cells .th-stats")
    wait_for(lambda: local in statistics.inner_text(), 20)
    half_days = locale == "en-US"

    def labels():
        ticks = page.locator("#rendered_cells .th-chart .axis text").all_text_contents()
        return [text for text in ticks if ":" in text]

    # Drawn some frames after the table says the viewer's time.
    wait_for(lambda: labels() and all(("am" in text or "pm" in text) == half_days for text in labels()), 20)
    hours = labels()
    moment = datetime.now(ZoneInfo(zone))
    # Of six hours at least one full hour is an axis label; it is one of the viewer's last seven hours.
    shown = {(moment.hour - back) % 24 for back in range(8)}
    told = {int(text.split(":")[0]) % 12 if half_days else int(text.split(":")[0]) for text in hours}
    assert told <= ({hour % 12 for hour in shown} if half_days else shown), (hours, moment)


@pytest.mark.browser
@pytest.mark.parametrize("hour", [12, 0])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_last_label_of_the_axis_is_whole(open_page, twelve, width, hour):
    """A tick at the right end has a label wider than the margin there: all of it is drawn, and the page does
    not scroll sideways. The widest one is that of noon; a midnight has its date."""
    to_ms = twelve[hour]
    ends = "&".join(f"{name}={iso_utc(ms)}" for name, ms in (("from", to_ms - 60_000), ("to", to_ms)))
    page = open_page(f"?{ends}", "America/New_York", "en-US", width)
    label = page.locator("#rendered_cells .th-chart .axis text", has_text=re.compile("[a-z]")).last
    right = "12:00:00 pm" if hour else f"{datetime.fromtimestamp(to_ms / 1000, NEW_YORK):%-d %b}"
    first = page.locator(
        "#rendered_cells .th-chart .axis text", has_text=":59:00 " + ("am" if hour else "pm")
    )
    wait_for(lambda: label.count() and label.text_content() == right and first.count() == 1, 20)
    label.scroll_into_view_if_needed()

    def whole():
        box = box_of(label)
        end = {"x": box["x"] + box["width"] - 8, "y": box["y"], "width": 8, "height": box["height"]}
        darkest, lightest = Image.open(io.BytesIO(page.screenshot(clip=end))).convert("L").getextrema()
        return darkest < 160 < lightest

    # What stands above the chart may take another line while it is looked at.
    wait_for(whole, 10, 0.2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_the_axis_shows_the_clock_that_was_told_last(open_page, twelve):
    """New ticks and then, before the browser has drawn them, another clock for the same ones: the axis ends
    with the latter, and does not go on showing the former beside a heading that is right."""
    to_ms = twelve[12]
    ends = "&".join(f"{name}={iso_utc(ms)}" for name, ms in (("from", to_ms - 60_000), ("to", to_ms)))
    page = open_page(f"?{ends}", "America/New_York", "en-US", script=HOLD)
    texts = page.locator("#rendered_cells .th-chart .axis text", has_text=":")
    wait_for(lambda: len(texts.all_text_contents()) == 7 and texts.last.text_content() == "12:00:00 pm", 20)
    page.evaluate("holds = true")
    # As the page's script says it, without a new size, for which everything would be drawn anew.
    page.evaluate(SAY, [".th-sayings", '{"n": -1, "narrow": true}'])
    wait_for(lambda: page.evaluate(f"{TOLD}.narrow"), 20)
    page.evaluate(SAY, [".th-zone", "Asia/Kolkata"])
    wait_for(lambda: page.evaluate(f"{TOLD}.zone") == "Asia/Kolkata", 20)
    page.evaluate("letGo()")
    last = f"{datetime.fromtimestamp(to_ms / 1000, ZoneInfo('Asia/Kolkata')):%-I:%M:%S %p}".lower()
    wait_for(lambda: len(texts.all_text_contents()) == 3, 20)
    # Two frames later nothing is on its way any more.
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, "
        "100))))"
    )
    assert texts.last.text_content() == last


@pytest.mark.browser
def test_what_is_told_each_second_travels_packed(browser, temphub):
    """The connection over which cards and lines are kept up to date is compressed: a phone in a weak Wi-Fi
    follows as well."""
    context = browser.new_context()
    page = context.new_page()
    answers = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketHandshakeResponseReceived",
        lambda event: answers.append(event["response"]["headers"]),
    )
    page.goto(f"http://127.0.0.1:{temphub.port}/?window=1h", wait_until="commit")
    page.wait_for_selector(f"#rendered_cells {LINE}", state="attached", timeout=60_000)
    told = {name.lower(): value for headers in answers for name, value in headers.items()}
    assert "permessage-deflate" in told["sec-websocket-extensions"]
    context.close()


@pytest.mark.browser
def test_what_is_sent_says_both_its_days(open_page):
    """Send of 24 hours names the day it begins and the day it ends, with the year, in what it says, in the
    e-mail and in the name of the file: whoever gets it knows which day and night it was."""
    page = open_page("?window=24h")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_selector(".th-send")

    def now_told():
        end = datetime.now(ZoneInfo("Europe/Berlin"))
        both = [f"{day.day} {day:%b %Y}" for day in (end - timedelta(days=1), end)]
        told = page.locator(".th-send p:not(.th-quiet)").inner_text()
        return all(day in told for day in both) and both

    # Midnight may come between what the page says and what the clock says here.
    days = wait_for(now_told, 20)
    mail = unquote(page.locator(".th-send a[href^=mailto]").get_attribute("href"))
    assert all(day in mail for day in days)
    name, _ = saved(page, page.locator(".th-send"), "Save CSV")
    assert len(set(re.findall(r"\d{4}-\d\d-\d\d", name))) == 2, name


@pytest.mark.browser
def test_releasing_a_probe_asks_and_the_keyboard_is_enough(open_page, temphub):
    """Release stands apart from Update and in another colour. It asks in the page: the keyboard is at "Keep
    it", which Enter and Esc mean; only the next button releases."""
    for probe_id in ("attic", "cellar"):
        assert temphub.ask("POST", "/api/trust", {"probe_id": probe_id, "trust": True})[0] == 200
    page = open_page("?window=1h")
    page.get_by_role("button", name="Show all", exact=True).click()
    wait_for(lambda: "trusted" in page.locator(".th-list-panel").inner_text(), 20)
    page.locator(".th-list-panel .th-edit").first.click()
    release = page.locator(".th-editor").get_by_role("button", name="Release", exact=True)
    update = page.locator(".th-editor").get_by_role("button", name="Update", exact=True)
    release.wait_for()
    apart = box_of(release)["x"] - box_of(update)["x"] - box_of(update)["width"]
    colour = "element => getComputedStyle(element).color"
    assert apart > 60 and release.evaluate(colour) != update.evaluate(colour)
    wait_for(release.is_enabled, 10)
    question = page.locator(".th-editor .th-question")
    focused = "document.activeElement.textContent"
    for key in ("Enter", "Escape"):
        release.focus()
        page.keyboard.press("Enter")
        wait_for(lambda: page.evaluate(focused) == "Keep it", 10)
        assert "Release" in question.inner_text()
        page.keyboard.press(key)
        wait_for(lambda: not question.is_visible(), 10)
    release.focus()
    page.keyboard.press("Enter")
    wait_for(lambda: page.evaluate(focused) == "Keep it", 10)
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Yes, release it"
    assert "released" not in page.locator(".th-list-panel").inner_text().lower()
    page.keyboard.press("Enter")
    wait_for(lambda: page.locator(".th-list-panel .th-outcome").count(), 15)
