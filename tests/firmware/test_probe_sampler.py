"""probe/sampler.py and probe/waiting.py"""

import asyncio

from ports.replay import Single
from probe.clock import Clock
from probe.sampler import Sampler, next_due
from probe.sensors.board import Board
from probe.waiting import keep_running, wait_for_event
from probe_harness import Folder, Probe, Sensor, run, shown, until, waiting


def _measure(*answers):
    with Folder() as folder:
        return _measured(folder, Sensor(*answers))


def _sampler(probe, sensor):
    return Sampler(probe.state, Board([Single(sensor)], probe.state.roster, 0.05))


def _measured(folder, sensor):
    return shown(run(_sampler(Probe(folder), sensor).measure()))[0][1:3]


class _Hanging:
    async def read(self):
        await asyncio.sleep(60)


def test_good_and_bad_values_are_passed_on():
    """A value, or null with the sensor's own word for what is wrong."""
    assert _measure((21.5, None)) == (21.5, None)
    assert _measure((None, "crc")) == (None, "crc")


def test_impossible_values_are_not_believed():
    """Colder than cold, hotter than any thermocouple: null, 'range'."""
    for value in (-270.1, 1800.1, -2047.0, 2047.0):
        assert _measure((value, None)) == (None, "range"), value


def test_a_sensor_that_breaks_or_hangs_is_missing():
    """An error or silence is a reading too: null, 'missing'."""
    assert _measure(OSError("gone")) == (None, "missing")
    assert _measure(ValueError("odd")) == (None, "missing")
    with Folder() as folder:
        assert _measured(folder, _Hanging()) == (None, "missing")


def test_the_beat_does_not_drift_and_does_not_catch_up():
    """Due times stay on the grid; after a stall the beats that were missed are left out."""
    assert next_due(1000, 1003, 2000) == 3000
    assert next_due(1000, 2999, 2000) == 3000
    assert next_due(1000, 9000, 2000) == 11000


def test_readings_are_numbered_from_zero_without_gaps():
    """seq counts readings, good or bad; a failing sensor does not stop the loop."""

    async def go(folder):
        probe = Probe(folder, interval_ms=500)
        probe.state.clock = Clock()
        probe.state.settings._live["interval_ms"] = 10
        task = asyncio.create_task(
            _sampler(probe, Sensor((1.0, None), OSError("x"), (None, "crc"), (2.0, None))).run()
        )
        await until(lambda: len(probe.state.outbox) >= 5)
        task.cancel()
        readings = waiting(probe.state.outbox, 5, 0)
        assert [r["seq"] for r in readings] == [0, 1, 2, 3, 4]
        assert [r["temperature_c"] for r in readings] == [1.0, None, None, 2.0, 2.0]
        assert [r.get("quality") for r in readings] == [None, "missing", "crc", None, None]

    with Folder() as folder:
        run(go(folder))


def test_a_new_interval_holds_at_once():
    """A probe that slept an hour between readings does not wait that hour when it is told to hurry."""

    async def go(folder):
        probe = Probe(folder, interval_ms=3600000)
        task = asyncio.create_task(_sampler(probe, Sensor((1.0, None))).run())
        await until(lambda: len(probe.state.outbox) == 1)
        probe.state.provision({"interval_ms": 500})
        await until(lambda: len(probe.state.outbox) == 2)
        task.cancel()

    with Folder() as folder:
        run(go(folder))


def test_settings_that_come_right_after_a_reading_bring_no_second_one():
    """Two readings never lie nearer than the interval, however often a hub tells other settings."""

    async def go(folder):
        probe = Probe(folder, interval_ms=3600000)
        task = asyncio.create_task(_sampler(probe, Sensor((1.0, None))).run())
        await until(lambda: len(probe.state.outbox) == 1)
        for interval_ms in (500, 700, 600):
            probe.state.provision({"interval_ms": interval_ms})
            await asyncio.sleep(0.02)
        assert len(probe.state.outbox) == 1
        # The ticks of this probe stand still, so what is due is due when its own time says so.
        probe.ticks.forward(600)
        probe.state.provision({"interval_ms": 500})
        await until(lambda: len(probe.state.outbox) == 2)
        task.cancel()

    with Folder() as folder:
        run(go(folder))


def test_a_loop_that_breaks_is_told_and_started_again():
    """No mistake in one loop ends the probe."""

    async def go():
        errors = []
        starts = []

        async def work():
            starts.append(1)
            raise RuntimeError("x")

        task = asyncio.create_task(keep_running("work", work, lambda name, error: errors.append(error), 0.01))
        await until(lambda: len(starts) > 2)
        task.cancel()
        assert len(errors) >= 2

    run(go())


def test_waiting_ends_with_the_event_or_the_time():
    """True and cleared, or False."""

    async def go():
        event = asyncio.Event()
        assert await wait_for_event(event, 0.01) is False
        event.set()
        assert await wait_for_event(event, 5) is True and not event.is_set()

    run(go())
