"""Axes that hold the data and keep still."""

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.core.clock import known_zone, parse_time
from temphub_kernel.page import format
from temphub_kernel.page.choices.view import BY_KEY, CHIPS, DAY_MS, View, Window
from temphub_kernel.page.html.chart import time_axis, value_axis


@settings(deadline=None)  # a busy computer is no fault
@given(st.floats(-270, 1800), st.floats(0, 2000))
def test_the_value_axis_holds_all_and_wastes_little(low, spread):
    """Every value lies inside, with room; between 3 and 9 round ticks; at most twice the height that is
    needed."""
    bottom, top, ticks = value_axis(low, low + spread)
    assert bottom < low and top > low + spread
    assert 3 <= len(ticks) <= 9 and bottom <= ticks[0] and ticks[-1] <= top
    assert top - bottom <= 2 * max(spread, 1.0)


def test_a_still_temperature_is_not_blown_up():
    """A sixteenth of a degree of noise does not fill the chart; without any reading the axis shows a room's
    temperature."""
    bottom, top, _ = value_axis(21.0, 21.0625)
    assert top - bottom >= 1
    assert value_axis(None, None)[0] < 15


def ticks(window, view, now=1_795_467_612_345):
    return time_axis(*window.ends(now), view)


@pytest.mark.parametrize("window", CHIPS, ids=lambda window: window.key)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_time_ticks_stand_on_the_viewers_clock(window, zone):
    """Ticks are at whole minutes, hours, days or months of the viewer's clock, also in zones half an hour
    off, inside the window."""
    now, view = 1_795_467_612_345, View(zone=zone)
    found = ticks(window, view)
    assert 4 <= len(found) <= 8
    for moment, label in found:
        assert now - window.span_ms <= moment <= now
        shown = format.local(moment, view.where)
        assert shown.second == 0 and label
        if window.span_ms > 7 * DAY_MS:
            assert (shown.hour, shown.minute) == (0, 0)
        if window.span_ms > 200 * DAY_MS:
            assert shown.day == 1


def test_a_midnight_is_labelled_with_its_date():
    """In a day's window one can see where the day changes; a clock with am and pm is written as such."""
    labels = [label for _, label in ticks(BY_KEY["24h"], View(zone="Europe/Berlin"))]
    assert "23 Nov" in labels and "04:00" in labels
    assert "4:00 am" in [label for _, label in ticks(BY_KEY["24h"], View(zone="Europe/Berlin", clock="12"))]


def test_years_are_named_once_and_days_stay_where_they_are():
    """Five years show their Januaries by number; a tick's day does not move as time goes on."""
    view = View(zone="UTC")
    assert {"2023", "2024", "2025", "2026"} <= {label for _, label in ticks(BY_KEY["5y"], view)}
    today = {moment for moment, _ in ticks(BY_KEY["30d"], view)}
    tomorrow = {moment for moment, _ in ticks(BY_KEY["30d"], view, 1_795_467_612_345 + DAY_MS)}
    assert len(today & tomorrow) >= len(today) - 1


def test_ticks_survive_the_day_when_clocks_change():
    """In the night of a change every label is the clock's own, and none stands twice at one moment."""
    changed = 1_792_890_000_000  # 2026-10-25 01:00 UTC: Berlin goes back from 3 to 2
    found = time_axis(changed - 12 * 3_600_000, changed + 12 * 3_600_000, View(zone="Europe/Berlin"))
    assert len({moment for moment, _ in found}) == len(found)
    for moment, label in found:
        shown = format.local(moment, known_zone("Europe/Berlin"))
        assert label in (f"{shown:%H:%M}", format.day(shown))


def test_labels_of_a_phone_have_room():
    """On a phone, whatever the clock and the window, labels beside each other leave a letter's width free."""
    plot_px, letter_px = 262, 6.4
    for window in (*CHIPS, Window(60_000, 1_795_467_600_000), Window(20_000, 1_795_467_600_000)):
        for clock in ("24", "12"):
            found = ticks(window, View(zone="UTC", clock=clock, narrow=True))
            assert len(found) >= 2
            for (one, label), (later, following) in pairwise(found):
                gap_px = (later - one) / window.span_ms * plot_px
                assert gap_px > letter_px * ((len(label) + len(following)) / 2 + 1), (
                    window.key,
                    clock,
                    label,
                    following,
                )


BERLIN = [("Europe/Berlin", f"2026-{day}T01:00:00Z") for day in ("10-25", "03-29")]


@pytest.mark.parametrize(("zone", "change"), [*BERLIN, ("America/New_York", "2026-11-01T06:00:00Z")])
@pytest.mark.parametrize("before_h", [2, 12, 20])
def test_the_axis_is_right_on_both_sides_of_a_change_of_the_clocks(zone, change, before_h):
    """In the night of the change ticks stand at whole steps of the clock before and after it, in order, and
    midnight carries its date."""
    start = parse_time(change) - before_h * 3_600_000
    view = View(zone=zone)
    for span_h in (4, 24):
        found = time_axis(start, start + span_h * 3_600_000, view)
        moments = [ms for ms, _ in found]
        assert moments == sorted(set(moments)) and len(found) >= 3
        hours = [format.local(ms, view.where) for ms in moments]
        step = min(b - a for a, b in pairwise(moments)) if span_h == 4 else 4 * 3_600_000
        assert all(one.minute * 60 + one.second == 0 or step < 3_600_000 for one in hours)
        if span_h == 24:
            assert all(one.hour % 4 == 0 for one in hours), hours
            midnights = [format.day(one) for one in hours if one.hour == 0]
            assert midnights and all(day in [label for _, label in found] for day in midnights)


def test_an_hour_that_comes_twice_has_two_ticks_that_are_told_apart():
    """02:00 of summer and 02:00 of winter are two places on the axis, an hour apart, each with its zone's
    name."""
    start = parse_time("2026-10-24T23:00:00Z")
    found = time_axis(start, start + 5 * 3_600_000, View(zone="Europe/Berlin"))
    twice = [(ms, label) for ms, label in found if label.startswith("02:00")]
    assert [label for _, label in twice] == ["02:00 CEST", "02:00 CET"] and twice[1][0] - twice[0][
        0
    ] == 3_600_000
