"""probe/clock.py"""

from probe.clock import Clock, ticks_diff, ticks_ms
from probe_harness import Ticks, wrapping_diff


def test_time_goes_on_when_the_ticks_wrap():
    """The board's ticks start again at 0 every 12 days; the probe's time does not."""
    ticks = Ticks(2**30 - 5)
    clock = Clock(ticks, wrapping_diff)
    ticks.forward(12)
    assert clock.now() == 12
    for _ in range(40):
        ticks.forward(2**27)
        last = clock.now()
    assert last == 12 + 40 * 2**27


def test_time_starts_at_zero_and_never_goes_back():
    """A new clock shows about 0, and ticks that step back do not turn time back."""
    ticks = Ticks(1000)
    clock = Clock(ticks, wrapping_diff)
    assert clock.now() == 0
    ticks.forward(-10)
    assert clock.now() == 0


def test_this_machine_has_ticks():
    """Whatever the interpreter, there are ticks and a distance between them."""
    first = ticks_ms()
    assert 0 <= ticks_diff(ticks_ms(), first) < 1000
