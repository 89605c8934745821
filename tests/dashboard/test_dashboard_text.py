"""Numbers, ages and times as the page writes them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temphub_kernel.dashboard import text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(23.81, "23.81"), (-18.5, "−18.50"), (-0.001, "0.00"), (123.84, "123.8"), (99.999, "100.0"), (1800.0, "1800.0"), (None, "–")],
)
def test_temperatures_have_a_real_minus_and_no_negative_zero(value, shown):
    """A temperature reads the same everywhere: two decimals below 100, one above, a dash when there is none."""
    assert text.number(value) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (-5000, "just now"),
        (1900, "just now"),
        (12_400, "12 s ago"),
        (200_000, "3 min ago"),
        (7_500_000, "2 h 05 min ago"),
        (7_200_000, "2 h ago"),
        (400_000_000, "4 days ago"),
    ],
)
def test_ages_are_told_as_people_tell_them(ms, shown):
    """An age has one unit, two for hours; a probe's clock slightly ahead of ours is no age at all."""
    assert text.ago(ms) == shown


def test_times_are_in_the_viewers_zone_and_carry_the_day_when_it_is_another():
    """The same moment is shown in Tokyo's and in Berlin's time, with the date when it is not today's there."""
    evening = 1_795_467_600_000  # 2026-11-23 21:00:00 UTC
    assert text.clock(evening, text.zone("Europe/Berlin"), evening) == "22:00:00"
    assert text.clock(evening, text.zone("Asia/Tokyo"), evening) == "06:00:00"
    assert text.clock(evening, text.zone("Asia/Tokyo"), evening, to_second=False) == "06:00"
    assert text.clock(evening - 86_400_000, text.zone("Europe/Berlin"), evening, to_second=False) == "22 Nov 22:00"
    assert text.clock(evening - 366 * 86_400_000, text.zone("UTC"), evening) == "22 Nov 2025 21:00:00"
    assert text.clock(evening, text.zone("Europe/Berlin"), evening, am_pm=True) == "10:00:00 pm"
    assert text.clock(evening + 7_200_000, text.zone("Europe/Berlin"), evening, to_second=False, am_pm=True) == "24 Nov 12:00 am"


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "\0", "a" * 500])
def test_a_zone_that_is_not_known_means_this_computers(name):
    """Whatever a browser sends as its zone, times are shown."""
    assert text.zone(name) is None


@settings(deadline=None)  # a busy computer is no fault
@given(st.text())
def test_no_text_becomes_markup(given_text):
    """What a probe says cannot open a tag or leave an attribute."""
    assert not set("<>\"'") & set(text.safe(given_text))


def test_our_own_words_mark_what_is_to_be_typed():
    """A command in a remedy is shown as something to type, and nothing else in it is markup."""
    assert text.code("Run `temphub doctor` & wait") == "Run <code>temphub doctor</code> &amp; wait"
