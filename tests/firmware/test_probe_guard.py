"""probe/guard.py in simulated time"""

from probe.clock import Clock
from probe.guard import DELIVERY_MS, LOW_HEAP, LOW_LOOKS, LOW_SYSTEM, Guard, Progress, collected
from probe_harness import Ticks, wrapping_diff


class _Dog:
    """A watchdog that bites after 60 s, and the guard that feeds it."""

    def __init__(self):
        self.ticks = Ticks()
        self.now = Clock(self.ticks, wrapping_diff).now
        self.fed_ms = 0
        self.expected = []
        self.restarts = []
        self.said = []
        self.counts = {"sampling": 0, "network": 0, "delivery": 0}
        self.idle = False
        self.interval_ms = 2000
        self.guard = Guard(self._feed, self.expected.append, self.restarts.append, self.said.append)
        self.guard.watch(
            "sampling", Progress(self.now, lambda: self.counts["sampling"], lambda: self.interval_ms + 60000)
        )
        self.guard.watch("network", Progress(self.now, lambda: self.counts["network"], lambda: 60000))
        self.guard.watch(
            "delivery",
            Progress(self.now, lambda: self.counts["delivery"], lambda: DELIVERY_MS, lambda: self.idle),
        )

    def _feed(self):
        self.fed_ms = self.now()

    def live(self, seconds, *stuck):
        """Let seconds pass while all loops but the `stuck` ones go on; True when the watchdog did not
        bite."""
        for _ in range(seconds // 5):
            self.ticks.forward(5000)
            for name in self.counts:
                if name not in stuck:
                    self.counts[name] += 1
            self.guard.step(100000)
            if self.now() - self.fed_ms > 60000:
                return False
        return True


def test_a_probe_whose_loops_go_on_is_fed():
    """A day without a bite, nothing said."""
    dog = _Dog()
    assert dog.live(86400) and not dog.said and not dog.expected


def test_each_stuck_loop_ends_in_a_restart_whose_reason_is_kept():
    """Sampling, network or delivery alone: the reason is saved first, then the watchdog bites, within five
    minutes."""
    for name, within_s in (("sampling", 150), ("network", 150), ("delivery", 270)):
        dog = _Dog()
        assert dog.live(600)
        started = dog.now()
        assert not dog.live(600, name)
        assert dog.now() - started <= within_s * 1000 and dog.expected == ["stuck_" + name]
        assert len(dog.said) == 1 and name in dog.said[0]


def test_a_loop_that_recovers_in_time_is_forgiven():
    """Stuck for a while, then on again: no bite, and the next time is told anew."""
    dog = _Dog()
    for _ in range(3):
        assert dog.live(90, "network") and dog.live(600)
    assert len(dog.said) == 3


def test_a_slow_interval_is_no_standstill():
    """One reading an hour is progress when that is what was set."""
    dog = _Dog()
    dog.interval_ms = 3600000
    for _ in range(3):
        assert dog.live(3600, "sampling")
        dog.counts["sampling"] += 1
    assert not dog.live(3600 + 300, "sampling")


def test_nothing_to_deliver_is_no_standstill():
    """Without a hub or with an empty outbox nobody delivers, for days."""
    dog = _Dog()
    dog.idle = True
    assert dog.live(2 * 86400, "delivery")
    dog.idle = False
    assert not dog.live(600, "delivery")


def test_the_clock_may_wrap_while_something_is_stuck():
    """The limit counts across the wrap of the ticks."""
    dog = _Dog()
    dog.ticks.value = 0x3FFFFFFF - 30000
    dog.now()
    dog.fed_ms = dog.now()
    assert not dog.live(300, "network") and dog.expected == ["stuck_network"]


def test_little_memory_for_long_restarts_the_probe_in_order():
    """Six looks in a row, not a passing peak; the lowest figure is in the report."""
    dog = _Dog()
    for _ in range(5):
        dog.guard.step(LOW_HEAP - 1)
    dog.guard.step(50000)
    assert not dog.restarts
    for _ in range(20):
        dog.guard.step(LOW_HEAP - 500)
    assert (
        dog.restarts == ["memory"]
        and dog.guard.report() == {"heap_lowest": LOW_HEAP - 500}
        and len(dog.said) == 1
    )


def test_little_memory_of_the_system_is_given_back_and_then_ends_in_a_restart():
    """What Wi-Fi and sockets live on: at the first low look idle connections go, the sixth in a row
    restarts."""
    left = [50000]
    relieved, restarts, said = [], [], []
    guard = Guard(
        lambda: None, None, restarts.append, said.append, lambda: left[0], lambda: relieved.append(1)
    )
    guard.step(100000)
    assert guard.report() == {"heap_lowest": 100000, "system_lowest": 50000}
    left[0] = LOW_SYSTEM - 1
    guard.step(100000)
    assert len(relieved) == 1 and not restarts
    left[0] = 30000
    guard.step(100000)
    left[0] = LOW_SYSTEM - 2
    for _ in range(LOW_LOOKS - 1):
        guard.step(100000)
    assert len(relieved) == 2 and not restarts
    guard.step(100000)
    assert (
        restarts == ["memory"]
        and str(LOW_SYSTEM - 2) in said[0]
        and guard.report()["system_lowest"] == LOW_SYSTEM - 2
    )


def test_the_heap_is_a_figure_or_unknown():
    """MicroPython knows it, CPython does not."""
    free = collected()
    assert free is None or free > 1000
