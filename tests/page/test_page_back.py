"""A value that is back within its limit while its alarm goes on, on the page: neither beyond nor well before
somebody has looked."""

import html
import json
import re

import pytest
from ipywidgets import HTML

from page.alarms_page import banner, card, opened, panel, plain, refresh
from support.widgets import every
from temphub_kernel.core.clock import MINUTE_MS
from temphub_kernel.journal import Reader


@pytest.fixture
def page(journal, open_dashboard):
    """A page with a fridge and a freezer, and the hub that it asks."""
    return opened(journal, open_dashboard)


def began_ms(journal):
    with Reader(journal.path) as reader:
        (alarm,) = reader.live_alarms()
    return alarm.since_ms


def facts_of(page):
    told = next(one.value for one in every(page, HTML) if "data-alarms" in one.value)
    return json.loads(html.unescape(re.search(r'data-alarms="([^"]*)"', told)[1]))


def test_a_value_that_is_back_is_not_called_too_warm(page, journal):
    """While the rule's recovery time goes on a value within its limit was above it, in amber and not in red:
    on card, head, banner, list and in the tab's title; beyond again it is above once more. Acknowledged, the
    card is calm."""
    rule = journal.rule(kind="above", limit_c=10, severity="critical", probes=["Fridge"], recovery_min=60)
    number = journal.alarm(rule, ago_min=15)
    assert "Alarm: Fridge above 10 °C" in plain(refresh(page)) and facts_of(page)["worst"] == "critical"
    journal.back(rule, 1, {1: began_ms(journal) + 12 * MINUTE_MS})
    told = plain(refresh(page))
    shown = plain(card(page, "Fridge"))
    assert re.search(r"Not seen yet: was above 10 °C for 12 min, back since \d\d:\d\d", shown), shown
    assert "th-alarmed-warning" in card(page, "Fridge") and "Alarm" not in shown
    assert "Fridge was above 10 °C" in told and "Fridge above" not in told
    assert re.search("back since .*, after 12 min; nobody has acknowledged it yet", plain(banner(page)))
    assert "th-alarm-over" in banner(page) and "worst so far" not in plain(banner(page))
    assert re.search("Fridge was above 10 °C back since", plain(panel(page))) and "goes on" not in panel(page)
    assert facts_of(page)["worst"] == "warning" and facts_of(page)["title"] == "Fridge was above 10\u00a0°C"
    journal.back(rule, 1, {})
    assert "Alarm: Fridge above 10 °C" in plain(refresh(page)) and facts_of(page)["worst"] == "critical"
    journal.back(rule, 1, {1: began_ms(journal) + 13 * MINUTE_MS})
    journal.answered(number, "Door shut")
    refresh(page)
    assert "th-alarmed" not in card(page, "Fridge")


def test_a_sensor_that_measures_again_is_not_at_fault(page, journal):
    """A sensor that gives values again answered badly; it does not any more, though its rule waits."""
    rule = journal.rule(kind="sensor", probes=["Fridge"], recovery_min=60)
    journal.alarm(rule, ago_min=15)
    assert "Fridge has a sensor that answers badly" in plain(refresh(page))
    journal.back(rule, 1, {1: began_ms(journal) + 12 * MINUTE_MS})
    told = plain(refresh(page))
    assert "Fridge had a sensor that answered badly" in told and "answers badly" not in told
    assert "Not seen yet: had a sensor that answered badly for 12 min, back since" in plain(
        card(page, "Fridge")
    )
