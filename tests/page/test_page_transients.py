"""Ids that came once and did not come back on the page, and ids that look alike."""

import asyncio
import re

import pytest
from ipywidgets import HTML, Button

from support.waiting import wait_for
from support.widgets import every, words
from temphub_kernel.core.names import CROWD

MANY = CROWD + 1


def cards(dashboard):
    return re.findall(
        r'class="th-card [^>]*data-probe="([^"]+)"', "\n".join(one.value for one in every(dashboard, HTML))
    )


def rows(dashboard):
    return re.findall(
        r'class="th-row" data-probe="([^"]+)"', "\n".join(one.value for one in every(dashboard, HTML))
    )


def press(dashboard, label):
    next(one for one in every(dashboard, Button) if one.description == label).click()


def refresh(dashboard):
    asyncio.run(dashboard.refresh())


class Hub:
    """Removes what it is asked to, as the hub does."""

    def __init__(self):
        self.asked = []

    def __call__(self, path, body):
        self.asked.append((path, body))
        return {"ok": True, "removed": MANY, "version": ""}


@pytest.fixture
def page(journal, open_dashboard):
    """A page with one real probe and a crowd of ids that delivered once."""
    journal.met("real", name="Cellar", interval_ms=2000)
    journal.reading("real", 20.0)
    for number in range(MANY):
        journal.reading(f"made-up-{number:03}", 20.0)
    hub = Hub()
    page = open_dashboard(journal.path, ask=hub)
    page.hub = hub
    refresh(page)
    return page


def test_ids_that_came_once_are_one_line(page):
    """They have no card, no line in chart and statistics and no row, and are not counted as probes; a line
    says how many there are."""
    assert cards(page) == ["real"] == rows(page)
    assert f"{MANY} unnamed ids that came once or a few times and did not come back" in words(page)
    assert "1 / 1 probes online" in words(page)
    assert "made-up" not in words(page)


def test_they_are_shown_to_who_wants_to_see_them(page):
    """Show lists the last of them, each with its own buttons; put away, they are gone again."""
    press(page, "Show")
    assert rows(page)[0] == "real" and len(rows(page)) == 51 and rows(page)[1].startswith("made-up")
    assert cards(page) == ["real"] and "The last 50 of them:" in words(page)
    refresh(page)
    assert len(rows(page)) == 51
    press(page, "Put away")
    assert rows(page) == ["real"]


def test_one_that_delivers_again_is_back(page, journal):
    """Its second reading brings it onto the page by itself."""
    journal.reading("made-up-007", 21.0)
    refresh(page)
    assert cards(page) == ["real", "made-up-007"] and f"{MANY - 1} unnamed ids" in words(page)


def test_all_are_removed_in_one_go_after_a_question(page):
    """The button asks first; yes is one order to the hub, and what came of it is said."""
    press(page, "Remove all")
    assert (
        f"Take {MANY} unnamed ids" in words(page) and ("/api/remove", {"unnamed": True}) not in page.hub.asked
    )
    press(page, "Keep it")
    assert f"Take {MANY}" not in words(page)
    press(page, "Remove all")
    press(page, "Yes, remove them")
    wait_for(lambda: refresh(page) or f"Off every list: {MANY}." in words(page), 5)
    assert page.hub.asked.count(("/api/remove", {"unnamed": True})) == 1


def test_a_page_with_nothing_else_says_both(journal, open_dashboard):
    """Where no probe is but a crowd that came once, the page says that there is no probe yet, and has the
    line."""
    for number in range(MANY):
        journal.reading(f"made-up-{number:03}", 20.0)
    page = open_dashboard(journal.path)
    assert "No probe yet" in words(page) and f"{MANY} unnamed ids" in words(page)


def test_ids_that_look_alike_say_so_on_card_and_in_the_list(journal, open_dashboard):
    """Both of two that a person could take for one another, by id or by name, name the other."""
    for probe_id in ("fridge-01", "fridge-O1", "Z"):
        journal.reading(probe_id, 20.0)
    journal.met("K", name="C\u0435llar")
    journal.met("L", name="Cellar")
    shown = words(open_dashboard(journal.path))
    assert shown.count("looks like fridge-01") == 2 == shown.count("looks like fridge-O1")
    assert shown.count("looks like Cellar (L)") == 2 == shown.count("looks like C\u0435llar (K)")
    assert shown.count("looks like") == 8
