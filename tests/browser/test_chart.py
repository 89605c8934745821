"""The chart in a real browser: zoomed, moved, measured, read; and its choices in the address."""

import math
from urllib.parse import parse_qs, urlsplit

import pytest

from support.accessible import serious
from support.filled import fill
from support.waiting import box_of, wait_for
from temphub_kernel.core.clock import iso_utc, now_ms, parse_time

LINE = ".th-chart path.line"
NOTHING_SAID = (
    "document.querySelector('.th-told [data-told]') && "
    "JSON.parse(document.querySelector('.th-told [data-told]').dataset.told).scripted"
)
# What the page's script said last, and the page as the kernel shows it once it has heard something.
SAID = "JSON.parse(document.querySelector('.th-sayings input').value)"
ANSWER = """(heard) => {
  const element = document.querySelector('.th-told [data-told]'), told = JSON.parse(element.dataset.told);
  [told.chart.from, told.chart.to] = heard.window;
  element.dataset.told = JSON.stringify({ ...told, heard: heard.n });
  element.parentNode.append(document.createElement('b'));
}"""
EVERY_MS = 20_000
SPIKE_C = 61.5


def write_day(data_dir):
    """A day of two probes, with one spike of a single reading."""
    now = now_ms()
    times = range(now - 86_000_000, now, EVERY_MS)

    def values(probe, base):
        return [
            (ms, SPIKE_C if probe == "attic" and place == 2000 else base + place % 100 / 50)
            for place, ms in enumerate(times)
        ]

    fill(data_dir, {probe: values(probe, base) for probe, base in (("cellar", 12.0), ("attic", 24.0))})


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with a day of readings."""
    return lasting_temphub(write_day)


@pytest.fixture
def open_page(browser, temphub):
    """Opens its page at an address."""
    contexts = []

    def open_(query="", width=1280, height=900, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id="Europe/Berlin",
            locale="en-GB",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{temphub.port}/{query}", wait_until="commit")
        page.wait_for_selector(LINE, state="attached", timeout=60_000)
        wait_for(lambda: page.evaluate(NOTHING_SAID), 20)
        return page

    yield open_
    for context in contexts:
        context.close()


def asked(page):
    """The choices in the address."""
    return {
        name: values[0] for name, values in parse_qs(urlsplit(page.evaluate("location.href")).query).items()
    }


def length_s(page):
    """How long the window in the address is, None for one that follows the clock."""
    choices = asked(page)
    return (parse_time(choices["to"]) - parse_time(choices["from"])) / 1000 if "from" in choices else None


def plot(page):
    """The plot's box, in sight."""
    page.locator(".th-chart").scroll_into_view_if_needed()
    return box_of(page.locator(".th-chart .plotarea_events"))


@pytest.mark.browser
def test_a_person_zooms_marks_reads_and_returns(open_page):
    """The wheel zooms, dragging moves, Shift and dragging measures, the pointer reads values; every choice is
    in the address, a reload keeps it, and a double-click returns to now."""
    page = open_page("?window=24h")
    box = plot(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    tip = page.locator(".th-tip")
    wait_for(
        lambda: "attic" in tip.inner_text() and "cellar" in tip.inner_text() and "°C" in tip.inner_text(), 5
    )
    for _ in range(3):
        page.mouse.wheel(0, -300)
    # The first turn may be told before the others.
    zoomed_s = 86_400 * math.exp(3 * -300 * 0.002)
    wait_for(lambda: length_s(page) == pytest.approx(zoomed_s, rel=0.01), 10)
    first_ms = parse_time(asked(page)["from"])
    page.mouse.down()
    page.mouse.move(x + 150, y, steps=4)
    page.mouse.up()
    moved_ms = first_ms - 150 / box["width"] * zoomed_s * 1000
    wait_for(lambda: abs(parse_time(asked(page)["from"]) - moved_ms) < 10 * zoomed_s, 10)
    assert length_s(page) == pytest.approx(zoomed_s, rel=0.01)
    page.keyboard.down("Shift")
    page.mouse.move(x - 200, y)
    page.mouse.down()
    page.mouse.move(x + 200, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    measured = page.locator(".th-measured tbody tr")
    wait_for(lambda: measured.count() == 2, 10)
    choices = wait_for(lambda: "range" in (now := asked(page)) and now, 10)
    assert abs(parse_time(choices["from"]) - moved_ms) < 10 * zoomed_s
    marked_s = (
        parse_time(choices["range"].split("_")[1]) - parse_time(choices["range"].split("_")[0])
    ) / 1000
    readings = int(measured.first.locator("td").first.inner_text().replace("\u202f", ""))
    assert readings == pytest.approx(marked_s * 1000 / EVERY_MS, abs=1)
    page.reload()
    page.wait_for_selector(LINE, state="attached", timeout=60_000)
    wait_for(lambda: page.locator(".th-measured tbody tr").count() == 2 and asked(page) == choices, 20)
    box = plot(page)
    page.mouse.dblclick(box["x"] + 100, box["y"] + 50)
    wait_for(lambda: length_s(page) is None, 10)
    assert not page.errors


@pytest.mark.browser
def test_an_answer_to_an_earlier_gesture_undoes_no_later_one(open_page, temphub):
    """The kernel is late: its answer to the first turn of the wheel comes after the second one. The third
    goes on from the second's."""
    page = open_page("?from=" + iso_utc(now_ms() - 80_000_000) + "&to=" + iso_utc(now_ms() - 20_000_000))
    box = plot(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = []

    def turn():
        page.mouse.wheel(0, -250)
        said.append(
            wait_for(lambda: (now := page.evaluate(SAID)).get("window") and now not in said and now, 10)
        )

    kernel = next(one for one in temphub.kernels() if "/pages-" in " ".join(one.cmdline()))
    kernel.suspend()
    try:
        turn()
        turn()
        # What the kernel would answer to the first.
        page.evaluate(ANSWER, said[0])
        wait_for(
            lambda: (
                page.evaluate("JSON.parse(document.querySelector('.th-told [data-told]').dataset.told).heard")
                == said[0]["n"]
            )
        )
        turn()
    finally:
        kernel.resume()
    lengths = [window["window"][1] - window["window"][0] for window in said]
    assert lengths[1] / lengths[0] == pytest.approx(lengths[2] / lengths[1], rel=0.01)
    # What it is shown in the end is the last one, drawn where it belongs.
    wait_for(lambda: length_s(page) == pytest.approx(lengths[2] / 1000, abs=2), 10)
    wait_for(
        lambda: (
            not page.evaluate(
                "[...document.querySelectorAll('.th-chart .svg-figure g[clip-path] > g')].some(g => "
                "g.style.transform)"
            )
        ),
        10,
    )


@pytest.mark.browser
def test_the_address_brings_the_same_page_to_a_wall_and_to_a_phone(open_page):
    """`?window=24h&probes=…&unit=F&theme=dark&kiosk=1` shows just that: one probe in °F, dark, nothing to
    press; Esc leaves it. A checker of accessibility finds
    nothing serious. At 390 px nothing is wider than the screen."""
    page = open_page("?window=24h&probes=attic&unit=F&theme=dark&kiosk=1")
    wait_for(lambda: page.locator(".th-kiosk .th-card").count() == 1, 10)
    assert "°F" in page.locator(".th-card .th-value").inner_text()
    assert not page.locator(".th :is(select, input, .th-button, .th-window button):visible").count()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.th')).backgroundColor") == "rgb(14, 19, 25)"
    )
    page.keyboard.press("Escape")
    wait_for(lambda: "kiosk" not in asked(page), 10)
    wait_for(lambda: page.locator(".th-list-panel:visible").count(), 10)
    assert not serious(page)
    phone = open_page("?window=7d", 390, 844, has_touch=True)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.errors and not phone.errors


@pytest.mark.browser
def test_a_spike_of_one_reading_is_seen_in_every_window(open_page):
    """From a day to five years the one reading at 61.5 °C reaches up to where it was, and its moment is told
    to the second."""
    page = open_page("?window=24h&probes=attic")
    seen = set()
    for label in ("24 h", "30 d", "5 y"):
        page.get_by_role("button", name=label, exact=True).click()
        wait_for(lambda label=label: page.locator(".th-window .mod-active").inner_text() == label, 10)
        told = wait_for(
            lambda: (row := page.locator(".th-statistics-panel tbody tr")).count() == 1 and row.inner_text(),
            10,
        )
        assert "61.50" in told
        seen.add(told.split("61.50")[1].split("\n")[0].split("\t")[0])
        top = "Math.min(...[...document.querySelectorAll('.th-chart path.line')].map(p => p.getBBox().y))"
        # Within the plot's upper fifth: the axis reaches a little above the highest value.
        wait_for(lambda top=top: 0 <= page.evaluate(top) < 60, 10)
    assert len(seen) == 1


@pytest.mark.browser
def test_a_wall_screen_shows_all_of_itself(open_page):
    """From 720 lines to 4K nothing is cut: cards and chart with its legend are within the screen, and a
    checker of accessibility finds nothing serious."""
    page = open_page("?window=24h&kiosk=1", 1280, 720)
    bottom = (
        "Math.max(...[...document.querySelectorAll('.th-card, .th-chart, .th-legend')].map(e => "
        "e.getBoundingClientRect().bottom))"
    )
    for width, height in ((1280, 720), (1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        # In one moment: the chart takes a new size some time after the window has.
        whole = f"""() => [{bottom}, document.documentElement.scrollHeight,
          [...document.querySelectorAll('.th-card')].map(card =>
            [card.scrollHeight - card.clientHeight, card.clientHeight])]"""
        wait_for(
            lambda height=height, whole=whole: (
                (found := page.evaluate(whole))
                and height * 0.85 < found[0] <= height >= found[1]
                and len(found[2]) == 2
                and all(over <= 1 and tall > height * 0.15 for over, tall in found[2])
            ),
            10,
        )
    assert not serious(page)


@pytest.mark.browser
def test_on_a_phone_the_coldest_moment_is_found_and_sent(open_page):
    """A few taps: the week, one probe, its lowest value, which opens the chart at that moment; Send names
    what is sent, offers the readings and a report as files that are really downloaded, and an address that
    stays at that time. A checker finds nothing serious."""
    page = open_page("?window=7d", 390, 844, has_touch=True, is_mobile=True, accept_downloads=True)
    page.locator('[data-probe="cellar"] .th-alone').tap()
    wait_for(lambda: asked(page).get("probes") == "cellar", 10)
    lowest = page.locator(".th-statistics-panel .th-jump-to").first
    wait_for(
        lambda: (
            page.locator(".th-statistics-panel .th-jump-to").count() == 2 and "12.00" in lowest.inner_text()
        ),
        10,
    )
    lowest.tap()
    wait_for(lambda: (length_s(page) or 1e9) < 86_400, 10)
    read = page.locator(".th-layer.th-on .th-tip")
    wait_for(lambda: read.count() and "cellar" in read.inner_text() and "12.0" in read.inner_text(), 10)
    page.get_by_role("button", name="Send", exact=True).tap()
    wait_for(
        lambda: page.locator(".th-send").count() and "cellar" in page.locator(".th-send").inner_text(), 10
    )
    with page.expect_download() as given:
        page.locator(".th-send a", has_text="CSV").tap()
    lines = given.value.path().read_text("utf-8").splitlines()
    assert len(lines) > 100 and all("cellar" in line for line in lines[1:])
    with page.expect_download() as given:
        page.get_by_role("link", name="Report", exact=True).last.tap()
    assert given.value.suggested_filename.startswith(
        "temphub-report-20"
    ) and given.value.path().read_bytes().startswith(b"%PDF")
    address = page.locator(".th-send [data-send=copy]").get_attribute("data-address")
    assert "from=" in address and "probes=cellar" in address
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not serious(page)
    assert not page.errors


@pytest.mark.browser
def test_a_spike_is_struck_out_and_brought_back(open_page, temphub):
    """A person marks the spike's range and strikes it out: chart, statistics and highest value do without it,
    the note of changes names it, and *Undo* brings it back as it was."""
    _, found = temphub.ask("GET", "/api/readings?probe_id=attic&bucket=1d")
    readings = sum(one["count"] for one in found["readings"])
    spike_ms = next(
        parse_time(one["start"])
        for one in temphub.ask("GET", "/api/readings?probe_id=attic&bucket=1min")[1]["readings"]
        if one["max_c"] == SPIKE_C
    )
    marked = "_".join(iso_utc(spike_ms + step) for step in (-60_000, 120_000))
    page = open_page(f"?window=24h&probes=attic&range={marked}")
    row = page.locator(".th-statistics-panel tbody tr")
    wait_for(lambda: "61.50" in row.inner_text(), 10)
    page.locator(".th-measured").get_by_role("button", name="Strike out").click()
    wait_for(lambda: "61.50" not in row.inner_text(), 20)
    undo = page.get_by_role("button", name="Undo: ")
    wait_for(lambda: undo.count() == 1, 10)
    measured = page.locator(".th-measured")
    wait_for(lambda: "No reading in that range." in measured.inner_text(), 10)
    _, found = temphub.ask("GET", "/api/readings?probe_id=attic&bucket=1d")
    assert max(one["max_c"] for one in found["readings"]) < SPIKE_C
    assert sum(one["count"] for one in found["readings"]) == readings - 9
    assert not serious(page)
    undo.click()
    wait_for(lambda: "61.50" in row.inner_text() and not undo.count(), 20)
    assert "/api/strike-out" in (temphub.data_dir / "temphub_changes.log").read_text()
    assert not page.errors
