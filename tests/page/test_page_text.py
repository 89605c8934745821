"""Numbers, ages and times as the page writes them."""

import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.core.clock import known_zone, parse_time
from temphub_kernel.page import format


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (23.81, "23.81"),
        (-18.5, "−18.50"),
        (-0.001, "0.00"),
        (123.84, "123.8"),
        (99.999, "100.0"),
        (1800.0, "1800.0"),
        (None, "–"),
    ],
)
def test_temperatures_have_a_real_minus_and_no_negative_zero(value, shown):
    """A temperature reads the same everywhere: two decimals below 100, one above, a dash when there is
    none."""
    assert format.number(value) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (-500, "0 s"),
        (12_400, "12 s"),
        (65_000, "1 min"),
        (3_600_000, "1 h"),
        (7_500_000, "2 h 05 min"),
        (400_000_000, "4 days"),
    ],
)
def test_lengths_of_time_are_told_as_people_tell_them(ms, shown):
    """A length of time has one unit, two for hours."""
    assert format.span(ms) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0"),
        (0.00001, "0.01"),
        (0.0046, "0.5"),
        (0.0094, "0.9"),
        (0.0096, "1"),
        (0.416, "42"),
        (1.0, "100"),
    ],
)
def test_only_nothing_is_nought_percent(share, shown):
    """Three hours of a month are half a percent of it."""
    assert format.percent(share) == shown


def test_a_span_over_two_days_names_both():
    """From last night to tonight is no single time of day: both days are named, today as well; within a day
    it is named once at most."""
    berlin, evening = known_zone("Europe/Berlin"), 1_795_467_600_000
    day_ms = 86_400_000
    assert format.between(evening - day_ms, evening, berlin, evening, to_second=False) == (
        "22 Nov 22:00",
        "23 Nov 22:00",
    )
    assert format.between(evening - 60_000, evening, berlin, evening) == ("21:59:00", "22:00:00")
    assert format.between(evening - day_ms, evening, berlin, 0, to_second=False) == (
        "22 Nov 2026 22:00",
        "23 Nov 2026 22:00",
    )
    assert format.between(evening - 2 * day_ms, evening - day_ms, berlin, evening, to_second=False) == (
        "21 Nov 22:00",
        "22 Nov 22:00",
    )


@pytest.mark.parametrize(
    ("zone", "first", "length_ms", "names"),
    [
        ("Europe/Berlin", "2026-10-25T00:30:00Z", 3_600_000, ("02:30:00 CEST", "02:30:00 CET")),
        ("America/New_York", "2026-11-01T05:30:00Z", 3_600_000, ("01:30:00 EDT", "01:30:00 EST")),
        ("Australia/Lord_Howe", "2026-04-04T14:45:00Z", 1_800_000, ("01:45:00 +11", "01:45:00 +1030")),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart(zone, first, length_ms, names):
    """When the clocks are put back two moments have one time of day: only then the zone's name stands beside
    it."""
    where, ms = known_zone(zone), parse_time(first)
    assert (format.clock(ms, where, ms), format.clock(ms + length_ms, where, ms)) == names
    assert " " not in format.clock(ms - 3 * 3_600_000, where, ms - 3 * 3_600_000)
    # Where the clocks are put forward a time is left out, and nothing comes twice.
    spring = parse_time("2026-03-29T01:30:00Z")
    assert format.clock(spring, known_zone("Europe/Berlin"), spring) == "03:30:00"


def test_times_are_in_the_viewers_zone_and_carry_the_day_when_it_is_another():
    """The same moment is shown in Tokyo's and in Berlin's time, with the date when it is not today's
    there."""
    evening = 1_795_467_600_000  # 2026-11-23 21:00:00 UTC
    assert format.clock(evening, known_zone("Europe/Berlin"), evening) == "22:00:00"
    assert format.clock(evening, known_zone("Asia/Tokyo"), evening) == "06:00:00"
    assert format.clock(evening, known_zone("Asia/Tokyo"), evening, to_second=False) == "06:00"
    assert (
        format.clock(evening - 86_400_000, known_zone("Europe/Berlin"), evening, to_second=False)
        == "22 Nov 22:00"
    )
    assert format.clock(evening - 366 * 86_400_000, known_zone("UTC"), evening) == "22 Nov 2025 21:00:00"
    assert format.clock(evening, known_zone("Europe/Berlin"), evening, am_pm=True) == "10:00:00 pm"
    assert (
        format.clock(evening + 7_200_000, known_zone("Europe/Berlin"), evening, to_second=False, am_pm=True)
        == "24 Nov 12:00 am"
    )


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "\0", "a" * 500])
def test_a_zone_that_is_not_known_means_this_computers(name):
    """Whatever a browser sends as its zone, times are shown."""
    assert known_zone(name) is None


@settings(deadline=None)  # a busy computer is no fault
@given(st.text())
def test_no_text_becomes_markup(given_text):
    """What a probe says cannot open a tag or leave an attribute."""
    assert not set("<>\"'") & set(format.safe(given_text))


def test_our_own_words_mark_what_is_to_be_typed():
    """A command in a remedy is shown as something to type, and nothing else in it is markup."""
    assert format.code("Run `temphub doctor` & wait") == "Run <code>temphub doctor</code> &amp; wait"


def test_signs_that_nobody_sees_are_shown_as_such():
    """A name that turns the direction of its own letters, or that differs from another by signs without
    width, is seen to do so; names in any script, and emoji made of several signs, are left alone."""
    assert format.safe("Fridge\u202e03-ebor\u2066P") == "Fridge[U+202E]03-ebor[U+2066]P"
    assert (
        len(
            {
                format.safe(name)
                for name in ("Attic", "At\u200btic", "At\u00adtic", "\ufeffAttic", "Attic\u2060")
            }
        )
        == 5
    )
    for name in ("می\u200cخواهم", "👩\u200d🔬", "Küche", "冰箱", "ثلاجة", "a\nb"):
        assert format.safe(name) == name
