"""The dashboard on a real journal: its widgets exist without any front end."""

import asyncio
import re
import threading

import numpy as np
import pytest
from bqplot import Lines
from ipywidgets import HTML, Button, Text, ToggleButtons, Widget

from support.waiting import PATIENCE_S, wait_for

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def refresh(dashboard):
    asyncio.run(dashboard.refresh())


def every(dashboard, kind):
    """All widgets of a kind below the dashboard's root."""
    found, waiting = [], [dashboard.widget]
    while waiting:
        widget = waiting.pop(0)
        found += [widget] if isinstance(widget, kind) else []
        waiting = [*getattr(widget, "children", ()), *getattr(widget, "marks", ()), *waiting]
    return found


def html(dashboard):
    return "\n".join(widget.value for widget in every(dashboard, HTML) if "<style>" not in widget.value)


def words(dashboard):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(dashboard)))


def card(dashboard, probe_id):
    (found,) = [
        w.value
        for w in every(dashboard, HTML)
        if 'class="th-card' in w.value and f'data-probe="{probe_id}"' in w.value
    ]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


def lines(dashboard):
    return [mark for mark in every(dashboard, Lines) if mark.fill != "inside"]


def choose(dashboard, key):
    every(dashboard, ToggleButtons)[0].value = key
    refresh(dashboard)


def test_it_shows_values_before_any_refresh(journal, open_dashboard):
    """A page has its cards, its line and the hub's state from the moment it is built."""
    journal.met("TempProbe-0096", name="Cellar", interval_ms=2000)
    journal.readings("TempProbe-0096", [20.0, 20.5, 21.25], ago_s=4, every_s=2)
    journal.health()
    dashboard = open_dashboard(journal.path)
    assert "Cellar 21.25 °C Online" in card(dashboard, "TempProbe-0096")
    assert "20.58" in words(dashboard)
    assert lines(dashboard)[0].y.tolist() == [20.0, 20.5, 21.25]
    assert "Recording" in words(dashboard) and "Running for" in words(dashboard)


def test_a_new_reading_moves_the_value_and_the_line(journal, open_dashboard):
    """One refresh brings what was stored since: the card, the line, the statistics."""
    journal.readings("a", [20.0], ago_s=4, every_s=2)
    dashboard = open_dashboard(journal.path)
    journal.reading("a", 25.5)
    refresh(dashboard)
    assert "25.50" in card(dashboard, "a") and lines(dashboard)[0].y[-1] == 25.5
    assert "a 2 22.75" in words(dashboard)


def test_what_did_not_change_is_not_sent(journal, open_dashboard):
    """A refresh without news sends no line, no card's frame and no table again."""
    journal.met("a", interval_ms=2000)
    journal.readings("a", [20.0, 21.0, 22.0], ago_s=200, every_s=2)
    dashboard = open_dashboard(journal.path)
    sent = []
    for mark in every(dashboard, Lines):
        mark.observe(sent.append, ["x", "y"])
    children = [w for w in every(dashboard, Widget) if hasattr(w, "children")]
    for widget in children:
        widget.observe(sent.append, "children")
    refresh(dashboard)
    refresh(dashboard)
    assert not sent


def test_late_readings_find_their_place_in_the_chart(journal, open_dashboard):
    """What a probe kept while the hub was away appears where it belongs and does not become 'now'."""
    journal.readings("a", [20.0, 22.0], ago_s=10, every_s=8)
    dashboard = open_dashboard(journal.path)
    journal.reading("a", 21.0, ago_s=6)
    refresh(dashboard)
    assert [value for value in lines(dashboard)[0].y.tolist() if value == value] == [20.0, 21.0, 22.0]
    assert "22.00 °C" in card(dashboard, "a")


@pytest.mark.parametrize(
    ("key", "most"), [("5min", 1000), ("1h", 1000), ("24h", 1000), ("30d", 1000), ("5y", 1000)]
)
def test_every_window_has_few_points_and_all_spikes(journal, open_dashboard, key, most):
    """A line has about a thousand points in any window, and a spike of one reading is in the band or the line
    of each."""
    values = [20.0] * 1790
    values[-20] = 61.5
    journal.met("a", interval_ms=2000)
    journal.readings("a", values, ago_s=3590, every_s=2)
    dashboard = open_dashboard(journal.path)
    choose(dashboard, key)
    marks = every(dashboard, Lines)
    assert 1 <= len(lines(dashboard)[0].x) <= most
    assert max(np.nanmax(mark.y) for mark in marks) == 61.5
    assert "61.50" in words(dashboard)


def test_silence_late_and_never_are_told_in_words(journal, open_dashboard):
    """Each probe's state stands on its card as a word: online, late, silent, no reading yet."""
    for probe_id, ago_s in (("on", 1), ("late", 12), ("gone", 100)):
        journal.met(probe_id, interval_ms=2000)
        journal.reading(probe_id, 20.0, ago_s=ago_s)
    journal.met("new")
    dashboard = open_dashboard(journal.path)
    assert "Online" in card(dashboard, "on") and "Late" in card(dashboard, "late")
    assert "Silent" in card(dashboard, "gone")
    # A moment, which stays true; the page's script makes an age of it that grows.
    assert (
        re.search(r"at \d\d:\d\d:\d\d", card(dashboard, "gone")) and html(dashboard).count("data-since=") == 3
    )
    assert "Not set up" in card(dashboard, "new")


def test_a_faulty_sensor_says_why_and_shows_its_last_good_value(journal, open_dashboard):
    """A bad reading is no number: the card names the fault in plain words and keeps the last good value with
    its age, also when that lies outside the chosen window."""
    journal.met("a", interval_ms=2000)
    journal.reading("a", 19.75, ago_s=1200)
    journal.reading("a", None, quality="open")
    dashboard = open_dashboard(journal.path)
    shown = card(dashboard, "a")
    assert (
        "19.75" in shown
        and "Sensor fault" in shown
        and "Wire open" in shown
        and re.search(r"last good value at (\d+ \w+ )?\d\d:\d\d:\d\d", shown)
    )
    assert "th-stale" in html(dashboard)


def test_a_virtual_probe_is_marked(journal, open_dashboard):
    """Nobody takes a demo probe's numbers for a room's."""
    journal.met("real", model="esp32")
    journal.met("demo", model="virtual")
    dashboard = open_dashboard(journal.path)
    assert "virtual" in card(dashboard, "demo") and "virtual" not in card(dashboard, "real")


def test_nothing_a_probe_says_becomes_markup(journal, open_dashboard):
    """Names, versions, addresses, problems of the network end up as text, and a wrong address is no link."""
    journal.met("a", name=EVIL, version=EVIL, ip=EVIL, host=EVIL, via=EVIL)
    journal.health(
        problem=EVIL,
        remedy=EVIL,
        problem_ms=1,
        version=EVIL,
        urls=["javascript:alert(1)"],
        csv_file=EVIL,
        data_dir=EVIL,
    )
    journal.reading("a", None, quality="open")
    dashboard = open_dashboard(journal.path)
    assert "<script" not in html(dashboard) and "<img" not in html(dashboard)
    assert "javascript:" not in re.sub(r">[^<]*<", "><", html(dashboard))
    assert "alert(1)" in words(dashboard)


def test_links_lead_to_the_probe_itself(journal, open_dashboard):
    """whoami and status open the probe's own pages, over IPv6 too."""
    journal.met("a", ip="192.0.2.9", port=8081)
    journal.met("b", ip="fd00::5", port=80)
    shown = html(open_dashboard(journal.path))
    assert 'href="http://192.0.2.9:8081/whoami"' in shown and 'href="http://[fd00::5]:80/status"' in shown


def test_a_journal_that_cannot_be_read_is_told_and_tried_again(data_dir, open_dashboard, journal):
    """A missing or broken journal shows problem and remedy, keeps what was shown, and goes away with its
    cause."""
    missing = data_dir / "elsewhere" / "temphub.sqlite3"
    dashboard = open_dashboard(missing)
    assert "There is no journal" in words(dashboard) and "tries again" in words(dashboard)
    missing.parent.mkdir()
    missing.write_bytes(b"this is no database" * 500)
    refresh(dashboard)
    assert "cannot be read" in words(dashboard)
    journal.reading("a", 20.0)
    journal.stop()
    missing.write_bytes(journal.path.read_bytes())
    refresh(dashboard)
    assert "20.00" in card(dashboard, "a")
    assert "no journal" not in words(dashboard)


def test_without_a_probe_it_says_what_to_do(journal, open_dashboard):
    """The page before the first probe is a short list of what to check; it makes room for the first card."""
    journal.health()
    dashboard = open_dashboard(journal.path)
    assert "No probe yet" in words(dashboard) and "temphub demo --probes 3" in words(dashboard)
    journal.reading("a", 20.0)
    refresh(dashboard)
    assert "No probe yet" not in words(dashboard) and "20.00" in card(dashboard, "a")


def test_provision_now_tells_its_outcome(journal, open_dashboard):
    """The button asks in the background, says so, and then what came of it; an error is told with its
    remedy."""
    journal.met("a")
    journal.met("b")
    answer = threading.Event()

    def provision(probe_id):
        answer.wait(PATIENCE_S)
        if probe_id == "b":
            raise ValueError("no way")
        return f"{probe_id} delivers here."

    dashboard = open_dashboard(journal.path, provision=provision)
    buttons = [button for button in every(dashboard, Button) if "th-provision" in button._dom_classes]
    for button in buttons:
        button.click()
    refresh(dashboard)
    assert "Telling a where to deliver" in words(dashboard) and all(button.disabled for button in buttons)
    answer.set()

    def told():
        refresh(dashboard)
        return "a delivers here." in words(dashboard) and "no way" in words(dashboard)

    wait_for(told, 5)
    assert not any(button.disabled for button in buttons)


def test_times_follow_the_viewers_zone(journal, open_dashboard):
    """When the browser has named its time zone, the times on the page are that zone's."""
    journal.reading("a", 20.0, ago_s=1)
    dashboard = open_dashboard(journal.path)
    seen = set()
    for zone in ("Asia/Tokyo", "America/New_York"):
        every(dashboard, Text)[0].value = zone
        refresh(dashboard)
        seen.add(re.search(r"at (\d\d):", words(dashboard)).group(1))
    assert len(seen) == 2


def test_the_loop_rests_until_somebody_looks(journal, open_dashboard):
    """Started and unseen, the page reads nothing; the first view brings the newest at once, the last one to
    go ends it."""
    journal.reading("a", 20.0)
    dashboard = open_dashboard(journal.path)

    async def visit():
        dashboard.start()
        journal.reading("a", 33.0)
        await asyncio.sleep(1.5)
        before = card(dashboard, "a")
        dashboard.widget._view_count = 1  # as a front end reports it
        await asyncio.sleep(0.3)
        during = card(dashboard, "a")
        dashboard.widget._view_count = 0
        journal.reading("a", 44.0)
        await asyncio.sleep(1.5)
        return before, during, card(dashboard, "a")

    before, during, after = asyncio.run(visit())
    assert "20.00 °C" in before and "33.00 °C" in during and "33.00 °C" in after
