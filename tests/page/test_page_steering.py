"""What the page's script and its controls may ask for."""

import json

import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.controller import Steering
from temphub_kernel.page.choices.view import BY_KEY, LONGEST_MS, SHORTEST_MS, View, parse

HOUR = 3_600_000


@pytest.fixture
def steering():
    steering = Steering(View(window=BY_KEY["24h"]), lambda: steering.told.append(steering.view))
    steering.told = []
    return steering


def say(steering, known=("a", "b", "c"), **what):
    steering.said(json.dumps(what), list(known))


def test_a_double_click_returns_to_the_window_that_followed_the_clock(steering):
    """After zooming into last week one is back where one was, live."""
    say(steering, window=[now_ms() - 100 * HOUR, now_ms() - 90 * HOUR])
    assert not steering.view.window.live
    say(steering, live=True)
    assert steering.view.window == BY_KEY["24h"]


def test_a_window_that_reaches_now_goes_on_with_the_clock(steering):
    """Zooming into the last hours does not freeze the chart; zooming into the past does."""
    say(steering, window=[now_ms() - 2 * HOUR, now_ms() - 10])
    assert steering.view.window.live and abs(steering.view.window.span_ms - 2 * HOUR) < 2000
    say(steering, window=[now_ms() - 5 * HOUR, now_ms() - 3 * HOUR])
    assert not steering.view.window.live


def test_what_was_heard_is_known(steering):
    """The page's script can tell an answer to its last word from one to an earlier; what is no number changes
    nothing."""
    say(steering, n=7, probe="b")
    say(steering, n="8", probe="c")
    say(steering, probe="c")
    assert steering.heard == 7


def test_probes_are_picked_one_by_one(steering):
    """From 'all', a first pick shows one alone, further ones join it; the last to go brings all back."""
    for pick, shown in (("b", ("b",)), ("c", ("b", "c")), ("b", ("c",)), ("c", ()), ("zz", ())):
        say(steering, probe=pick)
        assert steering.view.probes == shown


def test_all_probes_come_back_at_once(steering):
    """'All' undoes every choice of probes."""
    say(steering, probe="b")
    say(steering, all=True)
    assert steering.view.probes == ()


def test_the_address_is_heeded_when_the_page_opens(steering):
    """The browser's query string and its clock's kind arrive with the first word of the script."""
    say(steering, query="?window=1h&unit=F", half_days=True)
    assert (steering.view.window, steering.view.unit, steering.view.am_pm, steering.view.scripted) == (
        BY_KEY["1h"],
        "F",
        True,
        True,
    )


KEYS = st.sampled_from(["window", "range", "probe", "kiosk", "query", "live"])
PLAIN = st.none() | st.booleans() | st.floats() | st.text(max_size=9)


@settings(deadline=None)  # a busy computer is no fault
@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)))
def test_nonsense_from_a_browser_changes_nothing_for_the_worse(said):
    """Whatever is sent, the window stays one that can be shown."""
    steering = Steering(View(), lambda: None)
    for saying in (
        json.dumps(said),
        json.dumps({"window": said, "range": said, "probe": said, "kiosk": said}),
        "{",
        "",
        "[" * 30_000,
    ):
        steering.said(saying, ["a"])
    assert SHORTEST_MS <= steering.view.window.span_ms <= LONGEST_MS
    assert steering.view.measured is None or steering.view.measured[0] < steering.view.measured[1]


def test_only_a_change_is_told(steering):
    """The same choice again costs nothing."""
    say(steering, query="?unit=F")
    say(steering, query="?unit=F")
    assert len(steering.told) == 1


def test_a_day_is_shown_as_soon_as_there_is_one():
    """Who chose nothing sees the day once readings are a day old; who chose five minutes keeps them."""
    day_ago = now_ms() - 86_400_000
    young, old, chosen = (Steering(view, lambda: None) for view in (View(), View(), parse("window=5min", 0)))
    assert not young.begun(day_ago + 60_000) and not young.begun(0) and young.view == View()
    assert old.begun(day_ago - 1) and old.view.window.key == "24h" and not old.begun(day_ago - 1)
    assert not chosen.begun(day_ago - 1) and chosen.view.window.key == "5min"
