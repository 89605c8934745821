"""What happened in the window, in words."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from ipywidgets import HTML

from support.waiting import PATIENCE_S, wait_for
from support.widgets import every, words
from temphub_kernel import analysis
from temphub_kernel.core.clock import HOUR_MS, MINUTE_MS, now_ms
from temphub_kernel.journal import Reader
from temphub_kernel.page import tongue
from temphub_kernel.page.choices.view import View, Window, parse
from temphub_kernel.page.data import happened, shared
from temphub_kernel.page.data.snapshot import Snapshot, Source
from temphub_kernel.page.html.happened import moment

EVERY_S = 10
DAY_S = 86_000


def fridge() -> list[float]:
    """A day at 5 °C: a compressor, four times an open door, and one that was left open to the end."""
    seconds = np.arange(0, DAY_S, EVERY_S)
    celsius = 5 + 0.8 * np.sin(seconds / 1800 * 2 * np.pi)
    for start, rise, fade in ((9_000, 3, 240), (30_000, 5, 600), (31_000, 2, 200), (50_000, 2, 240)):
        since = np.maximum(seconds - start, 0)
        celsius += rise * np.minimum(since / 30, 1) * np.exp(-np.maximum(since - 30, 0) / fade)
    celsius += 7.0 * (seconds > DAY_S - 900)
    return (np.round(celsius * 16) / 16).tolist()


@pytest.fixture
def kitchen(journal):
    """A fridge with a limit and a gap of ten minutes, and a room where nothing happens."""
    celsius = fridge()
    journal.met("fridge", name="Fridge", version="0.1.0")
    journal.met("room", name="Room", version="0.1.0")
    journal.readings("fridge", celsius[:7_000], ago_s=DAY_S, every_s=EVERY_S)
    journal.readings("fridge", celsius[7_060:], ago_s=DAY_S - 70_600, every_s=EVERY_S)
    journal.readings("room", [21.0] * 1400, ago_s=DAY_S - 1800, every_s=60)
    journal.rule(kind="above", limit_c=8, probes=["fridge"])
    journal.settle()
    return journal


def test_it_is_what_the_analysis_says_of_the_same_readings(kitchen):
    """Doors, times beyond the limit and gaps are those of th.door_openings, th.excursions and th.gaps, the
    compressor's runs those of th.compressor_cycles."""
    window = Window(24 * HOUR_MS, now_ms())
    source = Source(kitchen.path)
    looker = happened.Looker(kitchen.path, window)
    snapshot = source.read(View(window=window).wanted, now_ms())
    looker.happened.ask()
    with Reader(kitchen.path) as reader:
        looker.happened.look(
            reader, window, {one.id: happened.limits_of(one.rules) for one in snapshot.probes}, now_ms()
        )
    source.close()
    found = looker.happened.ask()["fridge"]
    frame = analysis.load(
        "fridge",
        pd.Timestamp(window.end_ms - window.span_ms, unit="ms", tz="UTC"),
        pd.Timestamp(window.end_ms, unit="ms", tz="UTC"),
        tidy=True,
        numbered=True,
        data_dir=kitchen.path.parent,
    )
    assert found.readings == len(frame) and not found.since_ms
    doors = analysis.door_openings(frame)
    assert len(doors) >= 4 and doors["end"].isna().sum() == 1
    assert told(found, "door") == [
        (ms(row.start), ms(row.peak if pd.isna(row.end) else row.end), row.rise_c)
        for row in doors.itertuples()
    ]
    beyond = analysis.excursions(frame, above=8, at_least="1min")
    assert len(beyond) >= 2
    assert told(found, "above") == [(ms(row.start), ms(row.end), row.peak_c) for row in beyond.itertuples()]
    holes = analysis.gaps(frame)
    assert [(one.start_ms, one.end_ms, one.missing) for one in found.events if one.kind == "gap"] == [
        (ms(row.start), ms(row.end), row.missing) for row in holes.itertuples()
    ]
    cycles = analysis.compressor_cycles(frame)
    longest = cycles.loc[cycles["on_time"].idxmax()]
    assert found.compressor == happened.Compressor(
        len(cycles),
        int(cycles["period"].median() // pd.Timedelta("1ms")),
        pytest.approx(100 * cycles["on_time"].sum() / cycles["period"].sum()),
        ms(longest["on"]),
        ms(longest["off"]),
    )


def ms(moment: pd.Timestamp) -> int:
    return round(moment.timestamp() * 1000)


def told(found, kind):
    return [(one.start_ms, one.end_ms, one.celsius) for one in found.events if one.kind == kind]


def shown(dashboard):
    """Its words once all was looked at."""

    def said():
        asyncio.run(dashboard.refresh())
        text = words(dashboard).partition("What happened")[2]
        return text if "the door" in text and "probes so far" not in text else None

    return wait_for(said, 20)


def test_it_is_told_in_words_each_a_button_to_its_moment(kitchen, open_dashboard, monkeypatch):
    """The moments stand below the chart, in words; at most ten, what presses among them, and then how many
    more."""
    monkeypatch.setattr(shared, "FRESH_S", 0.0)
    view = parse("window=24h", now_ms())._replace(scripted=True, zone="Europe/Berlin")
    dashboard = open_dashboard(kitchen.path, view=view)
    text = shown(dashboard)
    assert "Fridge: the door stood open, 7" in text and "not seen cold again" in text
    assert "Fridge: above 8 °C for at least 1" in text
    assert "Fridge: nothing measured for 10 min, 60 readings missing" in text
    assert "Fridge: the compressor ran " in text and "cold again after" in text
    (listed,) = [one.value for one in every(dashboard, HTML) if 'class="th-happened"' in one.value]
    rows = listed.partition("</ul>")[0]
    assert rows.count("data-do") == rows.count("<li>") <= 10 and "window" in rows


def test_nothing_is_looked_for_where_nobody_asks(kitchen, monkeypatch):
    """Values alone are read for a page without that panel, and for a wall."""
    looked = []
    monkeypatch.setattr(happened, "looked_at", lambda *_: looked.append(1))
    window = Window(24 * HOUR_MS)
    readings = shared.join(kitchen.path)
    try:
        snapshot = readings.read(View(window=window).wanted, now_ms()).result(PATIENCE_S)
    finally:
        # Waits for what was begun.
        shared.leave(kitchen.path)
    assert snapshot.happened is not None and not looked


def test_of_too_many_only_the_last_are_looked_at(kitchen):
    """Of more readings than are cheap the last ones are looked at, and from when on is known."""
    window = Window(24 * HOUR_MS, now_ms())
    with Reader(kitchen.path) as reader:
        found = happened.looked_at(reader, "fridge", (), window, now_ms(), most=2_000)
    assert 1_600 <= found.readings <= 2_000
    # They lie there, and among them the gap of ten minutes.
    assert found.since_ms > window.end_ms - 2_000 * EVERY_S * 1000 - 15 * MINUTE_MS
    assert all(one.start_ms >= found.since_ms for one in found.events) and told(found, "door")


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "Yesterday 23:59"), ("de", "Gestern 23:59"), ("fr", "Hier 23:59")],
)
def test_days_are_those_of_the_page(language, says):
    """Yesterday is the day before on the viewer's clock, whatever day it is elsewhere."""
    berlin = ZoneInfo("Europe/Berlin")
    now = round(datetime(2026, 11, 30, 0, 5, tzinfo=berlin).timestamp() * 1000)
    snapshot = Snapshot(now, Window(HOUR_MS), 0, 0, {}, [], view=View(zone="Europe/Berlin"))
    tongue.speak(language)
    try:
        assert moment(now - 6 * MINUTE_MS, snapshot) == says
        assert moment(now - 24 * HOUR_MS - 6 * MINUTE_MS, snapshot).endswith(" 23:59")
        assert moment(now - 24 * HOUR_MS - 6 * MINUTE_MS, snapshot).startswith("28")
    finally:
        tongue.silent()
