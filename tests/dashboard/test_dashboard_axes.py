"""Axes that hold the data and keep still."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temphub_kernel.dashboard import text
from temphub_kernel.dashboard.axes import time_axis, value_axis
from temphub_kernel.dashboard.window import BY_KEY, WINDOWS


@given(st.floats(-270, 1800), st.floats(0, 2000))
def test_the_value_axis_holds_all_and_wastes_little(low, spread):
    """Every value lies inside, with room; between 3 and 9 round ticks; at most twice the height that is needed."""
    bottom, top, ticks = value_axis(low, low + spread)
    assert bottom < low and top > low + spread
    assert 3 <= len(ticks) <= 9 and bottom <= ticks[0] and ticks[-1] <= top
    assert top - bottom <= 2 * max(spread, 1.0)


def test_a_still_temperature_is_not_blown_up():
    """A sixteenth of a degree of noise does not fill the chart; without any reading the axis shows a room's temperature."""
    bottom, top, _ = value_axis(21.0, 21.0625)
    assert top - bottom >= 1
    assert value_axis(None, None)[0] < 15


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.key)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_time_ticks_stand_on_the_viewers_clock(window, zone):
    """Ticks are at whole minutes or hours of the viewer's clock, also in zones half an hour off, and inside the window."""
    now = 1_795_467_612_345
    ticks = time_axis(now, window, text.zone(zone))
    assert 4 <= len(ticks) <= 8
    for moment, label in ticks:
        assert now - window.span_ms <= moment <= now
        shown = text.local(moment, text.zone(zone))
        assert shown.second == 0 and (shown.hour * 60 + shown.minute) % (window.tick_ms // 60_000) == 0
        assert label in (f"{shown:%H:%M}", f"{shown.day} {shown:%b}")


def test_a_midnight_is_labelled_with_its_date():
    """In a day's window one can see where the day changes."""
    labels = [label for _, label in time_axis(1_795_467_612_345, BY_KEY["24h"], text.zone("Europe/Berlin"))]
    assert "23 Nov" in labels and "04:00" in labels
