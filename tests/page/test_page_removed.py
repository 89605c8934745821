"""Removed probes on the page, and addresses that name a probe which counts as another one now."""

import asyncio

import pytest
from ipywidgets import Button

from support.waiting import wait_for
from support.widgets import every, words


class Hub:
    """Removes and brings back, as the hub does."""

    def __init__(self, journal):
        self.journal, self.asked = journal, []

    def __call__(self, path, body):
        self.asked.append((path, body))
        if path == "/api/remove":
            self.journal.removed(body["probe_id"], back=body.get("restore", False))
        return {"ok": True, "version": ""}


@pytest.fixture
def page(journal, open_dashboard):
    """A page with two probes, of which one was removed."""
    for probe_id, name in (("a", "Attic"), ("b", "Cellar")):
        journal.met(probe_id, name=name, interval_ms=2000)
        journal.reading(probe_id, 20.0)
    journal.removed("b")
    hub = Hub(journal)
    dashboard = open_dashboard(journal.path, ask=hub)
    dashboard.hub = hub
    refresh(dashboard)
    return dashboard


def press(dashboard, label, place=0):
    buttons(dashboard, label)[place].click()


def buttons(dashboard, label):
    return [one for one in every(dashboard, Button) if one.description == label]


def refresh(dashboard):
    asyncio.run(dashboard.refresh())
    return words(dashboard)


def test_a_removed_probe_is_brought_back_with_one_click(page):
    """A line says how many were removed; Show lists each with its name, id and when; one click has it back
    with its readings."""
    assert (
        "1 removed probe" in words(page) and "Cellar" not in words(page) and not buttons(page, "Bring back")
    )
    press(page, "Show")
    assert "Cellar b removed " in words(page)
    press(page, "Bring back")
    wait_for(lambda: "Brought back, with all its readings." in refresh(page), 20)
    assert page.hub.asked == [("/api/remove", {"probe_id": "b", "restore": True})]
    wait_for(lambda: "removed probe" not in (shown := refresh(page)) and "2 / 2 probes online" in shown, 20)
    assert not buttons(page, "Bring back")


def test_what_was_removed_here_can_be_brought_back_at_once(page):
    """After Remove its row stands below the list with what happened and the way back; other pages have the
    line."""
    press(page, "Edit")
    press(page, "Remove")
    press(page, "Yes, remove it")
    wait_for(lambda: "Removed. Its readings are kept." in refresh(page), 20)
    wait_for(
        lambda: (
            "2 removed probes" in (shown := refresh(page))
            and "Attic a removed " in shown
            and "Cellar" not in shown
        ),
        20,
    )
    press(page, "Bring back")
    wait_for(lambda: "Brought back" in refresh(page), 20)
    assert page.hub.asked[-1] == ("/api/remove", {"probe_id": "a", "restore": True})
    wait_for(lambda: "1 removed probe" in refresh(page), 20)


def test_a_page_with_nothing_else_has_them_too(page, journal):
    """Where the last probe was removed the way back is still there."""
    journal.removed("a")
    assert "No probe yet" in refresh(page) and "2 removed probes" in words(page)
    press(page, "Show")
    assert len(buttons(page, "Bring back")) == 2


def test_many_are_said_and_the_last_are_shown(page, journal):
    """Of hundreds the last fifty have a row; how many there are is said."""
    for number in range(60):
        journal.reading(f"try-{number:02}", 20.0)
        journal.removed(f"try-{number:02}")
    refresh(page)
    press(page, "Show")
    assert "61 removed probes The last 50 of them:" in words(page) and len(buttons(page, "Bring back")) == 50


def test_a_page_that_arrives_makes_no_widget(page):
    """A front end that reads the widgets' state meets none that was made while it read: the rows follow."""
    press(page, "Show")
    put_away = page._panels._list.removed._rows.clear
    put_away()
    page._refresh_now(arriving=True)
    assert not buttons(page, "Bring back") and "1 removed probe" in words(page)
    refresh(page)
    assert len(buttons(page, "Bring back")) == 1


def test_an_address_of_a_merged_probe_shows_what_it_counts_as(page, journal):
    """A link to a board that another one's line goes on for shows that line, and goes on as the link to
    it."""
    journal.reading("c", 21.0)
    journal.merged("c", "a")
    page.choose("?probes=c,b&unit=F")
    refresh(page)
    assert page._steering.view.probes == ("a", "b") and page._steering.view.unit == "F"
    assert 'data-probe="a"' in page.still() and "probes=a,b" in page.still()
    page.choose("?probes=c,a")
    refresh(page)
    assert page._steering.view.probes == ("a",)
