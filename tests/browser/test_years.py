"""Five years of ten probes in a real browser: every zoom from years to minutes, every clock, every file."""

import re

import numpy as np
import pytest

from support.waiting import answer_of, box_of, wait_for
from support.years import PROBES, SPIKE_C, YEARS_MS, Years, write_years
from temphub_kernel.core.clock import iso_utc
from temphub_kernel.journal import Reader
from temphub_kernel.page import format
from temphub_kernel.page.choices.view import POINTS_UP_TO_MS

MINUTE_MS = 60_000
# Of each line and band: whose it is, how many points it has, and how far up in the plot it reaches, 0 to 1.
DRAWN = """() => {
  const told = JSON.parse(document.querySelector('.th-told [data-told]').dataset.told).chart;
  const height = document.querySelector('.th-chart .plotarea_events').getBoundingClientRect().height;
  const marks = [...document.querySelectorAll('.th-chart .svg-figure g[clip-path]')].map(g =>
    g.querySelector('path.line'));
  return told.marks.map((mark, place) => [mark.kind, mark.name, (marks[place].getAttribute('d')
    || '').split(/[ML]/).length - 1,
    1 - marks[place].getBBox().y / height]);
}"""
TOLD = "JSON.parse(document.querySelector('.th-told [data-told]').dataset.told)"


@pytest.fixture(scope="module")
def years(lasting_temphub):
    """(hub, when it ends and has its spike); closed months would keep it busy meanwhile."""
    found: list[Years] = []
    hub = lasting_temphub(lambda folder: found.append(write_years(folder)), ARCHIVE_AFTER_DAYS="0")
    return hub, found[0]


@pytest.fixture
def open_page(browser, years):
    """Opens a page that shows from then to then, ms."""
    contexts = []

    def open_(from_ms, to_ms, query="", zone="Europe/Berlin", locale="en-GB", width=1280):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, timezone_id=zone, locale=locale, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(
            f"http://127.0.0.1:{years[0].port}/?from={iso_utc(from_ms)}&to={iso_utc(to_ms)}{query}",
            wait_until="commit",
        )
        page.wait_for_selector("#rendered_cells .th-chart path.line", state="attached", timeout=60_000)
        wait_for(
            lambda: page.evaluate(f"document.querySelector('.th-told [data-told]') && {TOLD}.scripted"), 20
        )
        return page

    yield open_
    for context in contexts:
        context.close()


def chart(page):
    """What the chart shows: from, to, low, high."""
    return page.evaluate(f"{TOLD}.chart")


def in_journal(folder, from_ms, to_ms):
    """Good readings of what a window shows, (times, °C) by probe: long ones go by whole minutes."""
    if to_ms - from_ms > POINTS_UP_TO_MS:
        from_ms, to_ms = (-(ms // -MINUTE_MS) * MINUTE_MS for ms in (from_ms, to_ms))
    with Reader(folder / "temphub.sqlite3") as reader:
        found = reader.columns(from_ms, to_ms)
    whose = {probe_id: found.probe == no for no, probe_id in found.ids.items()}
    return {
        probe_id: (found.taken_ms[whose[probe_id]], found.celsius[whose[probe_id]]) for probe_id in PROBES
    }


def spike_up(shown):
    """How far up in what the chart shows the one reading is that stands out, 0 to 1."""
    return (SPIKE_C - shown["low"]) / (shown["high"] - shown["low"])


def reached(drawn):
    """How far up the first probe's line or band reaches."""
    return max((up for _, name, _, up in drawn or () if name == PROBES[0]), default=-1)


def table(page):
    """The statistics by probe: readings, lowest, highest, as they stand there; none while the widgets are not
    in sight yet."""
    rows = page.locator("#rendered_cells .th-statistics-panel tbody tr").all_inner_texts()
    cells = [re.split(r"\s*[\t\n]\s*", row.strip()) for row in rows]
    return {
        row[0]: (row[1], row[4].split(" at ")[0], row[5].split(" at ")[0]) for row in cells if len(row) > 5
    }


def true_table(folder, from_ms, to_ms):
    """The same, counted from every reading in the journal."""
    readings = in_journal(folder, from_ms, to_ms).items()
    return {
        probe_id: (format.count(len(c)), format.number(c.min()), format.number(c.max()))
        for probe_id, (_, c) in readings
    }


def zoomed(page, spike_ms, turn):
    """Turn the wheel above the spike until the chart has followed; (from, to) of what it then shows."""
    page.locator(".th-chart").scroll_into_view_if_needed()
    box, before = box_of(page.locator(".th-chart .plotarea_events")), chart(page)
    across = (spike_ms - before["from"]) / (before["to"] - before["from"])
    page.mouse.move(box["x"] + across * box["width"], box["y"] + box["height"] / 2)
    for _ in range(3):
        page.mouse.wheel(0, turn)
    # Three turns are one step: whoever waits for the last one has seen it all.
    want = (before["to"] - before["from"]) * np.exp(3 * turn * 0.002)
    after = wait_for(
        lambda: (now := chart(page)) and abs((now["to"] - now["from"]) / want - 1) < 0.02 and now, 20
    )
    return after["from"], after["to"]


@pytest.mark.browser
def test_years_are_zoomed_to_minutes_and_back(open_page, years):
    """From five years to five minutes and back: at each zoom no line has more than a thousand points,
    statistics are those of all readings in the journal, and the one reading that stands out reaches up to
    where it was."""
    hub, (end_ms, spike_ms) = years
    page = open_page(end_ms - YEARS_MS, end_ms)
    page.get_by_role("button", name="Show the table").click()
    spans, shown = [], (end_ms - YEARS_MS, end_ms)
    for turn in (0, *[-440] * 5, *[440] * 4):
        if turn:
            shown = zoomed(page, spike_ms, turn)
        spans.append(shown[1] - shown[0])
        true = true_table(hub.data_dir, *shown)
        wait_for(lambda true=true: table(page) == true, 20)
        assert true[PROBES[0]][2] == format.number(SPIKE_C)
        # Lines are drawn some frames after the news of them.
        wait_for(lambda: abs(reached(answer_of(page, DRAWN)) - spike_up(chart(page))) < 0.01, 20)
        lines = [points for kind, _, points, _ in page.evaluate(DRAWN) if kind == "line"]
        assert len(lines) == len(PROBES) and min(lines) > 40 and max(lines) <= 1001, lines
    assert min(spans) <= 300_000 and max(spans) == YEARS_MS
    assert not page.errors
