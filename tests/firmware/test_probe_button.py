"""probe/button.py in simulated time"""

from probe.button import Button
from probe.clock import Clock
from probe_harness import Ticks, wrapping_diff


class _Thumb:
    def __init__(self):
        self.down = False
        self.ticks = Ticks()
        self.held = []
        self.button = Button(
            lambda: self.down, Clock(self.ticks, wrapping_diff).now, lambda: self.held.append(1)
        )

    def hold(self, down, ms):
        self.down = down
        for _ in range(ms // 100):
            self.button.step()
            self.ticks.forward(100)
        self.button.step()


def test_five_seconds_count_once():
    """Held for five seconds or a minute: one time; released and held again: a second time."""
    thumb = _Thumb()
    thumb.hold(False, 500)
    thumb.hold(True, 4800)
    assert thumb.held == []
    thumb.hold(True, 60000)
    assert thumb.held == [1]
    thumb.hold(False, 200)
    thumb.hold(True, 5200)
    assert thumb.held == [1, 1]


def test_a_short_press_is_nothing():
    """Pressed ten times for four seconds each."""
    thumb = _Thumb()
    for _ in range(10):
        thumb.hold(False, 300)
        thumb.hold(True, 4000)
    assert thumb.held == []


def test_a_pin_that_is_low_from_the_start_is_a_wire():
    """It counts only after it was seen released."""
    thumb = _Thumb()
    thumb.hold(True, 60000)
    assert thumb.held == []
    thumb.hold(False, 100)
    thumb.hold(True, 5200)
    assert thumb.held == [1]
