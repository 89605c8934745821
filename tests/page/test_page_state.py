"""Online, late, silent: judged by a probe's own pace."""

import pytest

from temphub_kernel.page.data.status import catching_up, state_of

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("age_s", "interval_s", "state"),
    [(0, 2, "online"), (7.9, 2, "online"), (8.1, 2, "late"), (31, 2, "late"), (33, 2, "silent"),
     (700, 300, "online"), (1000, 300, "late"),
     (3100, 300, "silent"), (25, 0, "online"), (60, 0, "late"), (110, 0, "silent"), (-3, 2, "online")],
)  # fmt: skip
def test_a_probe_is_judged_by_its_own_interval(age_s, interval_s, state):
    """Three missed readings make a probe late, ten (and half a minute) silent; a slow probe is not late for
    being slow."""
    assert state_of(NOW, NOW - round(age_s * 1000), round(interval_s * 1000), good=True) == state


def test_a_faulty_sensor_is_not_online_and_an_old_fault_is_silence():
    """A bad reading shows as a fault while it is fresh; a probe that fell silent after it is silent."""
    assert state_of(NOW, NOW - 1000, 2000, good=False) == "fault"
    assert state_of(NOW, NOW - 60_000, 2000, good=False) == "silent"
    assert state_of(NOW, None, 2000, good=False) == "waiting"


@pytest.mark.parametrize("taken_ms", [NOW - 1000, NOW - 60_000, None])
def test_a_refusal_outweighs_all_else(taken_ms):
    """A probe whose deliveries are refused is not online because it was a moment ago, nor is it only silent
    or new."""
    assert state_of(NOW, taken_ms, 2000, good=True, refused=True) == "refused"


def test_a_probe_that_delivers_old_readings_is_catching_up():
    """Old readings that arrive now are told apart from silence."""
    assert catching_up(NOW, NOW - 60_000, NOW - 500, 2000)
    assert not catching_up(NOW, NOW - 500, NOW - 500, 2000)
    assert not catching_up(NOW, NOW - 60_000, NOW - 59_000, 2000)
