"""Panes of the chart, what lies beyond a limit in it, and lines that are told apart."""

import itertools
import re

import numpy as np
import pytest

from support.widgets import words
from temphub_kernel.page.choices.view import BY_KEY, View, query
from temphub_kernel.page.data.probe import LOOKS_OF_LINES, told_apart
from temphub_kernel.page.html import cards
from temphub_kernel.page.html.panes import MOST_GROUPS, grouped, laid, parted
from temphub_kernel.page.widgets.chart import COLOURS, STYLES

ROOM, FRIDGE, FREEZER = (18.7, 22.0), (3.4, 9.3), (-20.0, -11.0)
USUAL = (15.0, 25.0)


@pytest.mark.parametrize(
    ("reaches", "panes"),
    [
        ([FREEZER, FRIDGE], [0, 1]),
        ([ROOM, FREEZER, FRIDGE, (4.0, 5.0), None], [2, 0, 1, 1, 0]),
        ([FRIDGE, (8.0, 20.0), ROOM], [0, 0, 0]),
        ([(4.0, 4.1), (5.0, 5.1)], [0, 0]),
        ([(-80.0, -78.0), FREEZER, FRIDGE, ROOM], [0, 1, 2, 2]),
        ([None], [0]),
    ],
)
def test_probes_that_are_far_apart_get_panes_of_their_own(reaches, panes):
    """A freezer and a fridge would both be flat on one axis; what overlaps or is near stays together, and
    there are three at the most."""
    assert parted(reaches) == panes


def test_groups_get_panes_in_their_order():
    """The first group is on top; beyond six the last ones share the lowest pane, which names them; one group
    is a chart as ever."""
    assert grouped(["Bar", "Bar", "Cellar", "Bar"]) == ([1, 1, 0, 1], ["Cellar", "Bar"])
    assert grouped(["Bar", "Bar"]) == ([0, 0], [])
    many = [f"Room {place}" for place in range(1, 9)]
    places, names = grouped(many)
    assert places == [5, 4, 3, 2, 1, 0, 0, 0] and len(names) == MOST_GROUPS
    assert names[0] == "Room 6, Room 7, Room 8" and names[-1] == "Room 1"
    assert all(one.top < two.bottom for one, two in itertools.pairwise(laid([FRIDGE] * MOST_GROUPS, USUAL)))


def test_a_page_has_a_pane_for_each_group_when_somebody_wants(journal, open_dashboard):
    """The button beside the legend gives each group a pane that bears its name, on one time axis; the address
    keeps it, and a tap takes it back."""
    for probe, group, value in (("a", "Bar", 4.0), ("b", "Bar", 5.0), ("c", "Cellar", 4.5)):
        journal.met(probe, name=probe, interval_ms=2000)
        journal.described(probe, group=group)
        journal.readings(probe, [value, value], ago_s=5, every_s=2)
    page = open_dashboard(journal.path)
    chart = page._panels.chart
    assert len(chart.laid.panes) == 1 and "One pane per group" in words(page)
    page._steering.said('{"panes": "group"}', [])
    page._refresh_now()
    assert [chart.laid.place[name] for name in "abc"] == [1, 1, 0]
    assert query(page._steering.view).endswith("panes=group")
    named = [line[1:] for line in page._panels.chart_panel.facts()["lines"]]
    assert named == [["Cellar", "pane"], ["Bar", "pane"]]
    across = {mark.scales["x"] for mark in chart.figure.marks}
    assert len(across) == 1 and len({mark.scales["y"] for mark in chart.figure.marks}) == 2
    page._steering.said('{"panes": "range"}', [])
    page._refresh_now()
    assert len(chart.laid.panes) == 1 and "panes" not in query(page._steering.view)


def test_a_pane_shows_its_values_in_its_part_of_the_height():
    """On a scale over the whole height the pane's axis fills its part, so that numbers are drawn as they
    are."""
    panes = laid([FREEZER, FRIDGE, ROOM], USUAL)
    assert panes[0].bottom == 0 and panes[2].top == 1
    for pane, (low, high) in zip(panes, (FREEZER, FRIDGE, ROOM), strict=True):
        first, last = pane.scale
        assert pane.low < low < high < pane.high and all(pane.low <= tick <= pane.high for tick in pane.ticks)
        for value in (low, high):
            assert (value - first) / (last - first) == pytest.approx(pane.share(value))
            assert pane.bottom < pane.share(value) < pane.top
    assert all(one.top < two.bottom for one, two in itertools.pairwise(panes))
    (alone,) = laid([FRIDGE], USUAL)
    assert alone.scale == (alone.low, alone.high)


def test_the_time_beyond_a_limit_is_filled(journal, open_dashboard):
    """What lies between the line and its limit, and nothing where the value was right."""
    journal.met("a", name="Fridge", interval_ms=2000)
    journal.readings("a", [4.0, 9.0, 10.0, 5.0, 4.0, 9.5], ago_s=14, every_s=2)
    page = open_dashboard(journal.path)
    chart = page._panels.chart
    assert not [mark for mark in chart.figure.marks if mark.fill == "inside"]
    journal.rule(kind="above", limit_c=8, probes=["a"])
    page._refresh_now()
    (filled,) = [mark for mark in chart.figure.marks if mark.fill == "inside"]
    beyond = filled.y[np.isfinite(filled.y)]
    assert set(beyond.tolist()) == {8.0, 9.0, 10.0, 9.5} and np.isnan(filled.y).sum() == 1


def _probe(page):
    return page._given.result().probes[0]


def test_twenty_lines_are_told_apart(journal, open_dashboard):
    """No two of a page of 20 have both colour and dash in common, in the chart and beside a name."""
    for number in range(20):
        journal.readings(f"P{number:02}", [20.0, 21.0], ago_s=10, every_s=2)
    page = open_dashboard(journal.path)
    page._steering.change(window=BY_KEY["5min"])
    page._refresh_now()
    lines = [mark for mark in page._panels.chart.figure.marks if mark.fill != "inside"]
    assert len({(mark.colors[0], mark.line_style) for mark in lines}) == 20
    assert len({re.sub(r"\s+", " ", cards.swatch(number)) for number in range(20)}) == 20
    assert len(COLOURS) * len(STYLES) >= 20


def test_a_card_shows_what_was_beyond_its_limit(journal, open_dashboard):
    """The last day in small has the limit as a line, and what was beyond it filled."""
    journal.readings("a", [4.0] * 60 + [9.0] * 30, ago_s=16_200, every_s=180)
    journal.rule(kind="above", limit_c=8, probes=["a"])
    page = open_dashboard(journal.path)
    shown = cards.card(_probe(page), View(), 0)
    assert 'class="th-beyond" d="M' in shown and 'class="th-at-limit"' in shown


def test_of_twenty_lines_out_of_any_number_no_two_look_alike():
    """Twenty of hundreds of probes, however they were met, are told apart; who was met alone keeps the look
    of every other page."""
    assert len(COLOURS) * len(STYLES) == LOOKS_OF_LINES
    for step in (1, 2, 10, 32, 33):
        met = {f"P{place}": 8 + place * step for place in range(20)}
        told = told_apart(met)
        assert len({colour % LOOKS_OF_LINES for colour in told.values()}) == 20 and told["P0"] == 8
        assert step > 1 or told == met
    assert told_apart({f"P{place}": place for place in range(40)})["P39"] % len(COLOURS) == 7
