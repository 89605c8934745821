"""A probe whose deliveries are refused, on its card and in the list."""

import re

import pytest

from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.view import View
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.html import cards, panels

PROBLEM, REMEDY = (
    "What it delivers is refused: SERVER_TOKEN is set and it sends none.",
    "Give it the token `X-Token`.",
)


@pytest.fixture
def told(journal):
    """What card and list say of probe `a`, as plain text."""
    source = Source(journal.path)

    def told():
        now = now_ms()
        (probe,) = source.read(View().wanted, now).probes
        shown = cards.card(probe, View(), now), panels.list_row(probe, "", View(), now)
        return [" ".join(re.sub(r"<[^>]+>", " ", html).split()) for html in shown] + list(shown)

    yield told
    source.close()


def test_a_refusal_wins_over_online(journal, told):
    """A probe that was fine a moment ago and is refused now is not called online, nor said to deliver: card
    and list say that it is refused, why, and what to do; when it is stored again both say so."""
    journal.met("a", interval_ms=60_000)
    journal.reading("a", 20.0, ago_s=1)
    card, row, *_ = told()
    assert "Online" in card and "delivers to http://192.0.2.1:8088" in row and "Refused" not in card + row
    journal.refused("a", PROBLEM, REMEDY)
    card, row, card_html, _ = told()
    assert (
        "Refused" in card
        and "Online" not in card
        and "nothing of it is stored" in card
        and PROBLEM in card_html
    )
    assert (
        "Refused" in row
        and PROBLEM in row
        and "Give it the token X-Token ." in row
        and "delivers to" not in row
    )
    journal.refused("a", "", "")
    assert "Online" in told()[0] and "Refused" not in told()[1]


def test_it_delivers_only_when_something_of_it_was_stored(journal, told):
    """That a probe was told where to deliver is said as such; "delivers" is kept for one whose readings
    arrive."""
    journal.met("a", interval_ms=2000)
    card, row, *_ = told()
    assert (
        "No reading yet" in card
        and "is to deliver to http://192.0.2.1:8088" in row
        and "delivers to" not in row
    )
    journal.reading("a", 20.0)
    assert "delivers to http://192.0.2.1:8088" in told()[1]


def test_the_trend_says_over_which_time_and_waits_for_enough(journal, told):
    """Ten minutes say nothing of where a room is going; from twenty on the card says the slope, and over
    which time it is."""
    journal.met("a", interval_ms=10_000)
    journal.readings("a", [20.0 + place / 60 for place in range(60)], ago_s=600, every_s=10)
    assert "trend" not in told()[0]


def test_the_trend_of_half_an_hour(journal, told):
    """A rise of 6 °C an hour for the last half hour reads so, with the half hour."""
    journal.met("a", interval_ms=10_000)
    journal.readings("a", [20.0 + place / 60 for place in range(240)], ago_s=2395, every_s=10)
    assert re.search(r"trend, (29|30) min \+6\.0 °C/h", told()[0])
