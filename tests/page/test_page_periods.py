"""Periods that people name."""

import asyncio
import time
from datetime import datetime

import pytest
from ipywidgets import Button, NaiveDatetimePicker, ToggleButton

from support.widgets import every
from temphub_kernel.core.clock import known_zone, now_ms, parse_time
from temphub_kernel.page import format, tongue
from temphub_kernel.page.choices import periods


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            "2026-11-30T09:00:00Z",
            ["Yesterday 29-30", "Last week 23-30", "October 1-1", "September 1-1", "August 1-1"],
        ),
        (
            "2027-01-01T00:30:00Z",
            ["Yesterday 31-1", "Last week 21-28", "December 1-1", "November 1-1", "October 1-1"],
        ),
    ],
)
def test_periods_are_those_of_the_calendar(now, told):
    """Yesterday, the week from Monday on before this one, and the last three months, on the viewer's
    clock."""
    found = periods(parse_time(now), known_zone("Europe/Berlin"))
    assert [f"{name} {first.day}-{end.day}" for name, (first, end) in found] == told
    assert all(first < end for _, (first, end) in found)


def test_they_are_named_in_the_language_of_the_page():
    """Whoever reads German finds October by its German name."""
    tongue.speak("de")
    assert [name for name, _ in periods(parse_time("2026-11-30T09:00:00Z"), None)][:3] == [
        "Gestern",
        "Letzte Woche",
        "Oktober",
    ]
    tongue.silent()


@pytest.fixture
def clock(monkeypatch):
    """Sets the wall clock, which stands there."""

    def set_to(told):
        monkeypatch.setattr(time, "time_ns", lambda: parse_time(told) * 1_000_000)

    return set_to


def press(page, kind, name):
    """A button, or one that stays down."""
    button = next(one for one in every(page, kind) if one.description == name)
    if kind is ToggleButton:
        button.value = True
    else:
        button.click()


def shown(page):
    """(its beginning, its end, whether it goes on with the clock) of what the page shows, in its zone."""
    window = page._steering.view.window
    ends = (format.local(ms, page._steering.view.where) for ms in window.ends(now_ms()))
    return *(f"{one:%d %b %H:%M:%S}" for one in ends), window.live


@pytest.mark.parametrize("now", ["2026-12-01T00:00:00.455Z", "2026-12-01T06:59:59Z", "2026-12-16T12:00:00Z"])
def test_a_button_shows_a_month(journal, open_dashboard, clock, now):
    """*Dates* offers them; one tap shows the month from its first midnight to its last, and nothing else: in
    the first hours of the next one, too."""
    clock(now)
    journal.readings("a", [4.0, 5.0], ago_s=5, every_s=2)
    page = open_dashboard(journal.path)
    page._steering.change(zone="UTC")
    press(page, ToggleButton, "Dates")
    asyncio.run(page.refresh())
    press(page, Button, "November")
    asyncio.run(page.refresh())
    assert shown(page) == ("01 Nov 00:00:00", "01 Dec 00:00:00", False)
    press(page, Button, "Yesterday")
    day = int(now[8:10])
    assert shown(page)[1:] == (f"{day:02d} Dec 00:00:00", False)


def test_a_button_that_is_pressed_as_a_month_ends_shows_what_it_says(journal, open_dashboard, clock):
    """The page said October, and midnight came before the tap: it is October, and the next look says
    November."""
    clock("2026-11-30T23:59:59Z")
    journal.readings("a", [4.0, 5.0], ago_s=5, every_s=2)
    page = open_dashboard(journal.path)
    page._steering.change(zone="UTC")
    press(page, ToggleButton, "Dates")
    asyncio.run(page.refresh())
    clock("2026-12-01T00:00:01Z")
    press(page, Button, "October")
    assert shown(page) == ("01 Oct 00:00:00", "01 Nov 00:00:00", False)
    asyncio.run(page.refresh())
    press(page, Button, "November")
    assert shown(page) == ("01 Nov 00:00:00", "01 Dec 00:00:00", False)


def test_two_dates_are_meant_as_they_are_said(journal, open_dashboard, clock):
    """An end that was typed stays where it is, however near to now; one that is left as it was offered, or is
    still to come, goes on with the clock."""
    clock("2026-12-01T05:00:00Z")
    journal.readings("a", [4.0, 5.0], ago_s=5, every_s=2)
    page = open_dashboard(journal.path)
    page._steering.change(zone="UTC")
    press(page, ToggleButton, "Dates")
    first, end = every(page, NaiveDatetimePicker)[:2]
    offered = end.value
    first.value = datetime(2026, 11, 1)  # noqa: DTZ001  # as a browser's field has it
    for told, live in ((offered, True), (datetime(2026, 12, 1), False), (datetime(2026, 12, 2), True)):  # noqa: DTZ001
        end.value = told
        press(page, Button, "Show")
        assert page._steering.view.window.live is live, told
