"""A probe that was silent and is back, on the page: neither silent nor well before somebody has looked."""

import html
import json
import re

import pytest
from ipywidgets import HTML

from page.alarms_page import banner, card, opened, panel, plain, refresh, said
from support.widgets import every
from temphub_kernel.alarms import states
from temphub_kernel.core.clock import MINUTE_MS, now_ms
from temphub_kernel.journal import Reader


@pytest.fixture
def page(journal, open_dashboard):
    """A page with a fridge and a freezer, and the hub that it asks."""
    return opened(journal, open_dashboard)


def test_a_silence_that_nobody_has_seen_stays_on_the_card(page, journal):
    """A probe that is back is amber with the time that it was silent, in head and title as well; a press on
    the card says that somebody has seen it."""
    from_ms = now_ms() - 20 * MINUTE_MS
    journal.note(states.TOPIC, {"Freezer": [from_ms, from_ms + 15 * MINUTE_MS, 0]})
    told = re.sub(r"\s+", " ", refresh(page))
    shown = card(page, "Freezer")
    assert "Freezer was silent for 15 min" in told
    assert "th-alarmed-warning" in shown and "Not seen yet: was silent for 15 min" in re.sub(
        "<[^>]*>", "", shown
    )
    page._steering.said(json.dumps({"n": 1, "seen": "Freezer"}), ["Fridge", "Freezer"])
    assert said(page, "Kept that somebody has seen it.")
    assert page.hub.asked == [("/api/seen", {"probe_id": "Freezer"})]
    journal.note(states.TOPIC, {})
    refresh(page)
    assert "th-alarmed" not in card(page, "Freezer")


def test_who_delivers_again_is_not_called_silent(page, journal):
    """While the rule's recovery time goes on a probe that delivers again was silent, in amber and not in red:
    on card, head, banner, list and in the tab's title. Of two the one that is silent still is named."""
    rule = journal.rule(kind="silent", severity="critical", recovery_min=60)
    number = journal.alarm(rule, 0, probes=(1, 2), ago_min=15)
    with Reader(journal.path) as reader:
        (began_ms,) = (one.since_ms for one in reader.alarms_of([number]))
    assert "Alarm: Fridge, Freezer send no readings" in refresh(page)
    journal.back(rule, 0, {1: began_ms + 12 * MINUTE_MS})
    told = refresh(page)
    assert "Alarm: Freezer send no readings" in told and "Fridge was silent" not in told
    shown = plain(card(page, "Fridge"))
    assert "Not seen yet: was silent for 12 min, delivering again" in shown and "Alarm" not in shown
    assert "th-alarmed-warning" in card(page, "Fridge") and "th-alarmed-critical" in card(page, "Freezer")
    journal.back(rule, 0, dict.fromkeys((1, 2), began_ms + 12 * MINUTE_MS))
    told = refresh(page)
    assert "Fridge, Freezer were silent delivering again since" in plain(banner(page))
    assert "after 12 min; nobody has acknowledged it yet" in told and "th-alarm-over" in banner(page)
    assert "2 probes had trouble that nobody has seen" in told and "send no readings" not in told
    assert "delivering again" in panel(page) and "goes on" not in panel(page)
    assert facts_of(page)["worst"] == "warning" and "was silent" in facts_of(page)["title"]


def facts_of(page):
    told = next(one.value for one in every(page, HTML) if "data-alarms" in one.value)
    return json.loads(html.unescape(re.search(r'data-alarms="([^"]*)"', told)[1]))
