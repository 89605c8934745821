"""What a viewer takes away from the page, and the page in somebody else's clock, in a real browser."""

import csv
import io
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from PIL import Image

from support.filled import fill
from support.waiting import wait_for
from temphub_kernel.base.clock import iso_utc, now_ms

LINE = ".th-chart path.line"
COLDEST_C = -31.5
EVERY_MS = 30_000
HOUR_MS = 3_600_000


def write_hours(data_dir):
    """Six hours of two probes; the first one is coldest three hours ago."""
    now = now_ms()
    times = list(range(now - 6 * HOUR_MS, now, EVERY_MS))

    def values(probe, base):
        return [(ms, COLDEST_C if probe == "cellar" and place == 360 else base + place % 50 / 25) for place, ms in enumerate(times)]

    fill(data_dir, {probe: values(probe, base) for probe, base in (("cellar", 12.0), ("attic", 24.0))})
    (data_dir.parent / "coldest").write_text(str(times[360]))


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with those hours."""
    return lasting_temphub(write_hours)


@pytest.fixture
def open_page(browser, temphub):
    """Opens its page as somebody somewhere."""
    contexts = []

    def open_(query, zone="Europe/Berlin", locale="en-GB", width=1280):
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, timezone_id=zone, locale=locale, accept_downloads=True)
        )
        page = contexts[-1].new_page()
        page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
        page.wait_for_selector(f"#rendered_cells {LINE}", state="attached", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()


def saved(page, place, name):
    """(file name, bytes) of what a click downloads."""
    with page.expect_download(timeout=30_000) as waiting:
        place.get_by_role("link", name=name, exact=True).or_(place.get_by_role("button", name=name, exact=True)).first.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


@pytest.mark.browser
def test_what_is_on_the_chart_can_be_taken_away(open_page):
    """CSV and workbook hold the readings of the probes and the window shown, each once; the picture is one of the chart."""
    page = open_page("?window=1h&probes=cellar")
    chart = page.locator("#rendered_cells .th-chart-panel")
    name, raw = saved(page, chart, "CSV")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert name.endswith(".csv") and {row["probe_id"] for row in rows} == {"cellar"}
    assert 118 <= len(rows) <= 122 and len({row["timestamp"] for row in rows}) == len(rows)
    name, raw = saved(page, chart, "Excel")
    book = load_workbook(io.BytesIO(raw), read_only=True)
    found = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    assert name.endswith(".xlsx") and sum(any(isinstance(cell, float) for cell in row) for row in found) >= len(rows)
    name, raw = saved(page, chart, "Picture")
    picture = Image.open(io.BytesIO(raw))
    assert name.endswith(".png") and picture.width > 600 and picture.height > 200 and len(picture.convert("RGB").getcolors(1 << 24)) > 10


@pytest.mark.browser
@pytest.mark.parametrize(
    ("zone", "locale", "form"),
    [("America/New_York", "en-US", "%-I:%M"), ("Asia/Kolkata", "en-GB", "%H:%M"), ("Europe/Berlin", "de-DE", "%H:%M")],
)
def test_times_are_those_of_the_viewers_clock(open_page, temphub, zone, locale, form):
    """Wherever the viewer is, and however clocks are written there: the moment of the lowest value, and the chart's axis."""
    coldest_ms = int((temphub.data_dir.parent / "coldest").read_text())
    local = datetime.fromtimestamp(coldest_ms / 1000, timezone.utc).astimezone(ZoneInfo(zone)).strftime(form)
    page = open_page("?window=6h", zone, locale)
    statistics = page.locator("#rendered_cells .th-stats")
    wait_for(lambda: local in statistics.inner_text(), 20)
    half_days = locale == "en-US"
    ticks = wait_for(lambda: page.locator("#rendered_cells .th-chart .axis text").all_text_contents(), 20)
    hours = [text for text in ticks if ":" in text]
    assert hours and all(("am" in text or "pm" in text) == half_days for text in hours), ticks
    moment = datetime.now(ZoneInfo(zone))
    # Of six hours at least one full hour is an axis label; it is one of the viewer's last seven hours.
    shown = {(moment.hour - back) % 24 for back in range(8)}
    told = {int(text.split(":")[0]) % 12 if half_days else int(text.split(":")[0]) for text in hours}
    assert told <= ({hour % 12 for hour in shown} if half_days else shown), (ticks, moment)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_last_label_of_the_axis_is_whole(open_page, width):
    """A tick at the right end has a label wider than the margin there: all of it is drawn, and the page does not scroll sideways."""
    to_ms = now_ms() // HOUR_MS * HOUR_MS
    ends = "&".join(f"{name}={iso_utc(ms)}" for name, ms in (("from", to_ms - 60_000), ("to", to_ms)))
    page = open_page(f"?{ends}", "America/New_York", "en-US", width)
    label = page.locator("#rendered_cells .th-chart .axis text", has_text="m").last
    wait_for(lambda: label.count() and ":00:00 " in (label.text_content() or ""), 20)
    label.scroll_into_view_if_needed()
    box = label.bounding_box()
    end = {"x": box["x"] + box["width"] - 8, "y": box["y"], "width": 8, "height": box["height"]}
    drawn = Image.open(io.BytesIO(page.screenshot(clip=end))).convert("L")
    assert drawn.getextrema()[0] < 160 < drawn.getextrema()[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_what_is_told_each_second_travels_packed(browser, temphub):
    """The connection over which cards and lines are kept up to date is compressed: a phone in a weak Wi-Fi follows as well."""
    context = browser.new_context()
    page = context.new_page()
    answers = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketHandshakeResponseReceived", lambda event: answers.append(event["response"]["headers"]))
    page.goto(f"http://127.0.0.1:{temphub.port}/?window=1h", wait_until="commit")
    page.wait_for_selector(f"#rendered_cells {LINE}", state="attached", timeout=60_000)
    told = {name.lower(): value for headers in answers for name, value in headers.items()}
    assert "permessage-deflate" in told["sec-websocket-extensions"]
    context.close()
