"""Whether a probe delivers what it kept."""

from temphub_kernel.alarms.states import catching_up

NOW = 1_800_000_000_000


def test_a_probe_that_delivers_old_readings_is_catching_up():
    """Old readings that arrive now are told apart from silence."""
    assert catching_up(NOW, NOW - 60_000, NOW - 500, 2000)
    assert not catching_up(NOW, NOW - 500, NOW - 500, 2000)
    assert not catching_up(NOW, NOW - 60_000, NOW - 59_000, 2000)
