"""What a viewer chose, in the page's address and back."""

import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.alarms import SEVERITIES, STATES
from temphub_kernel.page.choices import AlarmChoice
from temphub_kernel.page.choices.view import (
    BY_KEY,
    CHIPS,
    LONGEST_MS,
    SHORTEST_MS,
    View,
    Window,
    between,
    live,
    parse,
    query,
)

NOW = 1_795_467_612_345
ids = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True), max_size=5, unique=True
).map(tuple)
windows = st.one_of(
    st.sampled_from(CHIPS),
    st.integers(60, 5_000_000).map(lambda seconds: Window(seconds * 1000)),
    st.tuples(st.integers(SHORTEST_MS, 10**9), st.integers(10**12, NOW)).map(lambda both: Window(*both)),
)
choices = st.builds(
    AlarmChoice,
    state=st.sampled_from(["", *STATES]),
    severity=st.sampled_from(["", *SEVERITIES]),
    probe=st.just(""),
    group=st.sampled_from(["", "Cold room & cellar"]),
    time=st.sampled_from(["", "24h", "366d", "chart"]),
    text=st.text(max_size=100).map(str.strip).filter(str.isprintable),
)
views = st.builds(
    View,
    window=windows,
    probes=ids,
    unit=st.sampled_from("CF"),
    theme=st.sampled_from(["auto", "light", "dark"]),
    clock=st.sampled_from(["auto", "24", "12"]),
    kiosk=st.booleans(),
    line_c=st.none() | st.integers(-200, 200).map(lambda tenths: tenths / 10),
    measured=st.none() | st.just((NOW - 5000, NOW - 1000)),
    alarms=st.one_of(choices, choices.map(lambda one: one._replace(probe="Fridge:2", group=""))),
    language=st.sampled_from(["auto", "en", "de", "fr"]),
    zone=st.just(""),
    tongue=st.just("en"),
    half_days=st.just(False),
    scripted=st.just(False),
    narrow=st.just(False),
    timed=st.just(True),
    folds=st.lists(st.text(min_size=1, max_size=64), max_size=3, unique=True).map(tuple),
)


@settings(deadline=None)  # a busy computer is no fault
@given(views)
def test_an_address_brings_back_every_choice(view):
    """What is written into the address gives the same page again, after a restart as well."""
    assert parse(query(view), NOW) == view


WRONG = [
    "window=0h",
    "window=9999y",
    "window=<b>",
    "from=x&to=y",
    "from=2026-01-02&to=2026-01-01",
    "unit=K",
    "theme=pink",
    "line=nan",
]
WRONG += [
    "alarm_state=cold&alarm_time=9999y&alarm_severity=pink&alarm_probe=a b&alarm_text=%00",
    "line=1e9",
    "probes=../etc,<i>",
    "range=_",
    "a" * 50_000,
    "%ff%00",
    "kiosk",
]


@pytest.mark.parametrize("bad", WRONG)
def test_a_wrong_address_never_breaks_the_page(bad):
    """What cannot be understood is as if it had not been said."""
    assert parse(bad, NOW) == View()


@settings(deadline=None)  # a busy computer is no fault
@given(st.text(max_size=200))
def test_any_text_is_an_address(told):
    """Whatever stands after the question mark, there is a page, with a window that can be shown."""
    assert SHORTEST_MS <= parse(told, NOW).window.span_ms <= LONGEST_MS


def test_the_documented_address_works():
    """The example of the manual: a day of two probes in °F, dark, on a wall."""
    view = parse("?window=24h&probes=a,b&unit=F&theme=dark&kiosk=1", NOW)
    assert (view.window, view.probes, view.unit, view.theme, view.kiosk) == (
        BY_KEY["24h"],
        ("a", "b"),
        "F",
        "dark",
        True,
    )


def test_temperatures_differences_and_limits_are_converted_each_in_its_way():
    """20 °C are 68 °F, a difference of 1 °C is 1.8 °F, and what is typed in °F is kept in °C."""
    view = View(unit="F")
    assert (view.degrees(20.0), view.spread(1.0), view.slope(1.0)) == ("68.00", "1.800", "+1.8 °F/h")
    assert view.to_celsius(view.of(21.5)) == pytest.approx(21.5)
    assert View().degrees(-18.5) == "−18.50"


@settings(deadline=None)  # a busy computer is no fault
@given(st.floats(0, 1e16), st.floats(0, 1e16))
def test_a_window_is_never_beyond_its_bounds(first, length):
    """However wildly one zooms: at least 10 s, at most 5 years, never later than now, and about a thousand
    points a line."""
    window = between(first, first + length, NOW)
    assert SHORTEST_MS <= window.span_ms <= LONGEST_MS and 0 < window.end_ms <= NOW
    assert window.bucket_ms == 0 or window.span_ms / window.bucket_ms <= 1000


@pytest.mark.parametrize("key", ["5min", "1h", "24h", "7d", "30d", "1y", "5y", "3h", "90s", "2w"])
def test_windows_have_names_one_can_type(key):
    """`24h` and the like, and nothing that would be no length."""
    window = live(key)
    assert window and window.live and (window.key == key or key == "2w")
    assert live("h") is None and live("-1h") is None and live("1 h") is None


def test_the_window_is_told_in_words():
    """A live window by its length, another by its ends on the viewer's clock."""
    assert View(window=BY_KEY["24h"]).told(NOW) == "last 24 hours"
    assert View(window=BY_KEY["1h"]).told(NOW) == "last hour"
    still = View(window=Window(3_600_000, NOW - 345), zone="UTC")
    assert still.told(NOW) == "20:00:12 to 21:00:12"
