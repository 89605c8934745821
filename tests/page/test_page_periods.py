"""Periods that people name."""

import asyncio

import pytest
from ipywidgets import Button, ToggleButton

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


def test_a_button_shows_a_month(journal, open_dashboard):
    """*Dates* offers them; one tap shows the month from its first midnight to its last."""
    journal.readings("a", [4.0, 5.0], ago_s=5, every_s=2)
    page = open_dashboard(journal.path)
    next(one for one in every(page, ToggleButton) if one.description == "Dates").value = True
    name, (first, end) = periods(now_ms(), page._steering.view.where)[2]
    next(one for one in every(page, Button) if one.description == name).click()
    asyncio.run(page.refresh())
    from_ms, to_ms = page._steering.view.window.ends(now_ms())
    where = page._steering.view.where
    assert (from_ms, to_ms) == (format.moment_ms(first, where), format.moment_ms(end, where))
