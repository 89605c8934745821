"""What the chart says at the pointer, in a real browser: the data's own values, wherever the chart is looked
at."""

import re
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from support.filled import fill
from support.waiting import box_of, wait_for
from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.page import format

LINE = "#rendered_cells .th-chart path.line"
SPIKE_C, EVERY_MS, HOUR_MS = 61.125, 2_000, 3_600_000
STEADY = {"ten": 10.0, "minus": -20.0, "zero": 0.0}
# What the browser said of itself, of which its zone comes last, has been heard and is shown.
SCRIPTED = """() => {
  const told = JSON.parse(
    document.querySelector("#rendered_cells .th-told [data-told]")?.dataset.told || "{}");
  return told.scripted && told.zone === Intl.DateTimeFormat().resolvedOptions().timeZone;
}"""
CHART = "JSON.parse(document.querySelector('#rendered_cells .th-told [data-told]').dataset.told).chart"
FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"""
# The chart takes the size of the page that is shown some time after its first lines are there.
STILL = """() => new Promise((done) => {
  const over = () => { watcher.disconnect(); done(); };
  let timer = setTimeout(over, 1000);
  const watcher = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(over, 1000); });
  const drawn = { subtree: true, attributes: true, attributeFilter: ["d"] };
  watcher.observe(document.querySelector(".th-chart"), drawn);
})"""
# Where the points are that the readout speaks of, and where the readout itself is.
COVERED = """() => {
  const box = document.querySelector(".th-layer .th-tip").getBoundingClientRect();
  const plot = document.querySelector(".th-chart .plotarea_events").getBoundingClientRect();
  const told = JSON.parse(document.querySelector("#rendered_cells .th-told [data-told]").dataset.told).chart;
  const cross = document.querySelector(".th-layer .th-cross").getBoundingClientRect();
  const values = [...document.querySelectorAll(".th-layer .th-tip > span:not(.th-tip-time)")].map((row) =>
    Number(row.textContent.match(/  (−?[0-9.]+) °/)[1].replace("−", "-")));
  const over = values.map((value) => plot.bottom - (value - told.low) / (told.high - told.low) * plot.height)
    .filter((y) => y > box.top && y < box.bottom && cross.left > box.left && cross.left < box.right);
  return [values.length, over.length, box.left >= 0 && box.right <= innerWidth];
}"""


def write_hour(data_dir):
    """An hour of sensors that stand still, of one that jumps once, and of one that a person calibrates."""
    now = now_ms()
    times = list(range(now - HOUR_MS, now, EVERY_MS))
    readings = {probe: [(ms, celsius) for ms in times] for probe, celsius in STEADY.items()}
    spike = len(times) - 75
    readings["spiky"] = [(ms, SPIKE_C if place == spike else 5.0) for place, ms in enumerate(times)]
    readings["corrected"] = [(ms, 30.0) for ms in times]
    fill(data_dir, readings)
    (data_dir.parent / "spike").write_text(str(times[spike]))


@pytest.fixture(scope="module")
def temphub(lasting_temphub):
    """A hub with that hour; `corrected` shows 30 °C where 31.5 °C is true."""
    hub = lasting_temphub(write_hour)
    told = {"probe_id": "corrected", "points": [[30.0, 31.5]], "from_ms": 0}
    assert hub.ask("POST", "/api/calibrate", told)[0] == 200
    return hub


@pytest.fixture
def open_page(browser, temphub):
    """Opens its page at an address; the window stands still, so that what is under the pointer stays
    there."""
    contexts = []
    spike_ms = int((temphub.data_dir.parent / "spike").read_text())

    def open_(width, minutes, query="", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        # It ends where there are readings, however long ago they were written.
        to_ms = spike_ms + min(minutes * 20_000, 130_000)
        ends = (to_ms - minutes * 60_000, to_ms)
        page.goto(
            f"http://127.0.0.1:{temphub.port}/?from={iso_utc(ends[0])}&to={iso_utc(ends[1])}{query}",
            wait_until="commit",
        )
        # The lines come one after the other.
        drawn = page.locator(f"{LINE}[d]")
        wait_for(lambda: drawn.count() >= (1 if "probes=" in query else len(STEADY) + 2), 60)
        wait_for(lambda: page.evaluate(SCRIPTED), 60)
        page.locator("#rendered_cells .th-chart").scroll_into_view_if_needed()
        return page

    yield open_
    for context in contexts:
        context.close()


def plot(page):
    return box_of(page.locator("#rendered_cells .th-chart .plotarea_events"))


def readout(page):
    """{probe: its row} of what is shown at the pointer."""
    # In one look: the page may draw it anew a moment later.
    shown = page.locator(".th-layer.th-on .th-tip > span:not(.th-tip-time)")
    rows = wait_for(shown.all_inner_texts, 30)
    return {row.split()[0]: " ".join(row.split()[1:]) for row in rows}


def later(one, other):
    """Whether of two times of the day that are some seconds apart the second one is later."""
    one, other = (datetime.strptime(text, "%H:%M:%S") for text in (one, other))  # noqa: DTZ007  # of no day
    return 0 < (other - one).seconds < 3600


def local(ms):
    return datetime.fromtimestamp(ms / 1000, ZoneInfo("Europe/Berlin")).strftime("%H:%M:%S")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "minutes"), list(product((1920, 1280, 390), (5, 40))))
def test_it_says_what_the_sensor_said(open_page, width, minutes):
    """Sensors that stand at exactly 10, −20 and 0 °C read so at every pixel across, reading by reading and in
    spans of time, on a wall, at a desk and on a phone; a calibrated one reads its corrected value; nothing
    that is read off is hidden by the readout."""
    page = open_page(width, minutes)
    box = plot(page)
    for share in (0.01, 0.2, 0.45, 0.7, 0.85, 0.99):
        for up in (0.1, 0.5, 0.9):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + up * box["height"])
            told = readout(page)
            assert (told["ten"], told["minus"], told["zero"]) == ("10.00 °C", "−20.00 °C", "0.00 °C"), (
                share,
                up,
            )
            assert told["corrected"] == "31.50 °C" and len(told) == 5
            assert page.evaluate(COVERED) == [5, 0, True], (share, up)
    assert not page.errors


@pytest.mark.browser
def test_it_comes_with_lines_that_come_late_and_stays_when_the_chart_grows(open_page):
    """What is pointed at before the lines are drawn is read as soon as they are; a moment that somebody asked
    for stays read when the window is another size."""
    page = open_page(1280, 5)
    wait_for(lambda: page.locator("#rendered_cells .th-chart .curve path.line[d]").count() == 5, 30)
    page.evaluate(STILL)
    page.evaluate(
        """() => { for (const one of document.querySelectorAll(".th-chart .curve"))
        [one.late, one.__data__] = [one.__data__, {}]; }"""
    )
    box = plot(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(FRAMES)
    assert page.locator(".th-layer.th-on").count() == 0
    page.evaluate(
        """() => { for (const one of document.querySelectorAll(".th-chart .curve")) {
        one.__data__ = one.late;
        for (const path of one.querySelectorAll("path")) path.setAttribute("d", path.getAttribute("d"));
        } }"""
    )
    assert readout(page)["ten"] == "10.00 °C"
    page.locator("#rendered_cells .th-statistics-panel tbody tr", has_text="spiky").locator(
        ".th-jump-to"
    ).last.click()
    wait_for(lambda: readout(page).get("spiky") == "61.12 °C", 10)
    page.set_viewport_size({"width": 1000, "height": 900})
    wait_for(lambda: plot(page)["width"] < box["width"], 10)
    page.evaluate(FRAMES)
    assert readout(page)["spiky"] == "61.12 °C"
    assert not page.errors


@pytest.mark.browser
@pytest.mark.parametrize("width", [1920, 1280, 390])
@pytest.mark.parametrize("unit", ["C", "F"])
def test_the_highest_point_reads_the_highest(open_page, temphub, width, unit):
    """A tap on Max reads off that very value, in °C and °F, as the table says it, at the second at which it
    was taken; and the point is to be seen beside the readout."""
    spike_ms = int((temphub.data_dir.parent / "spike").read_text())
    page = open_page(width, 5, f"&unit={unit}")
    row = page.locator("#rendered_cells .th-statistics-panel tbody tr", has_text="spiky")
    highest = row.locator(".th-jump-to").last
    told = re.match(r"[−0-9.]+", highest.inner_text())[0]
    assert told == {"C": "61.12", "F": "142.0"}[unit] and local(spike_ms) in highest.inner_text()
    box = plot(page)
    moment = wait_for(
        lambda: page.evaluate(
            "JSON.parse(document.querySelector('#rendered_cells .th-told [data-told]').dataset.told).chart"
        )
    )
    x = box["x"] + (spike_ms - moment["from"]) / (moment["to"] - moment["from"]) * box["width"]
    page.mouse.move(x, box["y"] + 10)
    assert readout(page)["spiky"] == f"{told} °{unit}"
    assert local(spike_ms) in page.locator(".th-tip-time").inner_text()
    page.mouse.move(2, 2)
    highest.click()
    wait_for(
        lambda: (
            page.locator(".th-tip-first").count()
            and page.locator(".th-tip-first").inner_text().split()[0] == "spiky"
        ),
        60,
    )
    assert told in readout(page)["spiky"] and page.evaluate(COVERED)[1:] == [0, True]
    assert not page.errors


@pytest.mark.browser
def test_a_span_of_time_reads_lowest_mean_and_highest(open_page, temphub):
    """Where a point stands for many readings, its mean is said with the lowest and the highest of that span,
    and from when to when."""
    page = open_page(1280, 55, "&probes=spiky")
    page.locator("#rendered_cells .th-stats .th-jump-to").last.wait_for()
    box, spike_ms = plot(page), int((temphub.data_dir.parent / "spike").read_text())
    chart = page.evaluate(CHART)
    page.mouse.move(
        box["x"] + (spike_ms - chart["from"]) / (chart["to"] - chart["from"]) * box["width"], box["y"] + 30
    )
    wait_for(lambda: "…" in readout(page)["spiky"], 30)
    mean, low, high = (float(one) for one in re.findall(r"\d+\.\d+", readout(page)["spiky"]))
    assert (low, high) == (5.0, 61.12) and low < mean < high
    assert re.fullmatch(r"\d\d:\d\d:\d\d ?– ?\d\d:\d\d:\d\d", page.locator(".th-tip-time").inner_text())


def deliver_up_to_now(hub):
    """What `ten` measured since the hour was written, however long ago that is: a window that ends now has
    its line."""
    spike_ms = int((hub.data_dir.parent / "spike").read_text())
    ages = range(0, now_ms() - spike_ms - 75 * EVERY_MS, EVERY_MS)
    for first in range(0, len(ages), 1000):
        readings = [
            {"seq": age // EVERY_MS, "age_ms": age, "temperature_c": STEADY["ten"]}
            for age in ages[first : first + 1000]
        ]
        assert (
            hub.ask("POST", "/api/ingest", {"probe_id": "ten", "boot": "later", "readings": readings}, 60)[0]
            == 200
        )


@pytest.mark.browser
def test_it_stays_right_while_the_chart_moves(open_page, temphub):
    """The chart slides on below a pointer that rests: what is said moves with it, and is of the point that
    lies under the pointer."""
    deliver_up_to_now(temphub)
    page = open_page(1280, 5)
    page.locator("#rendered_cells .th-now").click()
    wait_for(lambda: "from=" not in page.evaluate("location.search"), 60)
    page.locator("#rendered_cells .th-window button", has_text="5 min").click()
    # Before the window is there the pointer may be over a time of which nothing is known.
    wait_for(
        lambda: (lambda chart: chart["to"] - chart["from"] == 300_000 and now_ms() - chart["to"] < 60_000)(
            page.evaluate(CHART)
        ),
        60,
    )
    box = plot(page)
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    first = wait_for(
        lambda: (
            page.locator(".th-layer.th-on .th-tip-time").count() and page.locator(".th-tip-time").inner_text()
        ),
        60,
    )
    # By the clock on the wall, which begins anew at midnight.
    wait_for(lambda: later(first, page.locator(".th-tip-time").inner_text()), 60)
    assert readout(page)["ten"] == "10.00 °C"


@pytest.mark.browser
def test_a_number_is_written_as_everywhere_on_the_page(open_page):
    """The readout writes each value as cards and tables do, also one that lies exactly between two: 21.125 is
    21.12 in both."""
    page = open_page(1280, 5)
    values = (
        [step / 16 for step in range(-5000, 5000, 3)]
        + [step / 1000 - 3 for step in range(6000)]
        + [99.995, 99.9949, -0.001, -0.004, 1799.95]
    )
    values += [value * 1.8 + 32 for value in values]
    assert page.evaluate("values => values.map(thReadout.number)", values) == [
        format.number(value) for value in values
    ]


@pytest.mark.browser
def test_a_readout_with_many_rows_stands_beside_the_chart(browser, start_temphub, data_dir):
    """With more probes than a phone's chart has room for between their lines, the readout leaves all of them
    to be seen, and is whole."""
    now = now_ms()
    fill(
        data_dir,
        {f"probe-{no}": [(ms, 5.0 * no) for ms in range(now - HOUR_MS, now, 60_000)] for no in range(9)},
    )
    hub = start_temphub()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{hub.port}/?window=1h", wait_until="commit")
    page.wait_for_selector(LINE, state="attached", timeout=60_000)
    wait_for(lambda: page.evaluate(SCRIPTED), 60)
    page.locator("#rendered_cells .th-chart").scroll_into_view_if_needed()
    box = plot(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # The lines come one after the other.
    wait_for(lambda: readout(page).keys() >= {f"probe-{no}" for no in range(9)}, 30)
    assert page.evaluate(COVERED) == [9, 0, True]
    last = box_of(page.locator(".th-tip > span").last)
    found = (
        "({ x, y }) => document.elementsFromPoint(x, y).length > 0 && "
        "getComputedStyle(document.querySelector('.th-tip')).display"
    )
    assert (
        page.evaluate(found, {"x": last["x"] + 5, "y": last["y"] + 5}) == "flex"
        and last["y"] + last["height"] < 844
    )
    context.close()
