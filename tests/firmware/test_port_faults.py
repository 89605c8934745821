"""ports/faults.py"""

import asyncio

from ports import faults
from probe.clock import Clock
from probe_harness import HERE, Sensor, net, run


def _qualities(fault, count):
    async def work():
        sensor = faults.sensor(fault, Sensor((20.0, None)))
        # MicroPython has no await inside a comprehension.
        found = []
        for _ in range(count):
            found.append((await sensor.read())[1])
        return found

    return run(work())


def test_a_bad_checksum_takes_every_third_reading():
    """The others are as measured."""
    assert _qualities("crc", 6) == [None, None, "crc", None, None, "crc"]


def test_an_open_thermocouple_comes_and_goes():
    """Five good, five open, and again."""
    assert _qualities("open", 12) == [None] * 5 + ["open"] * 5 + [None] * 2


def test_other_faults_leave_the_sensor_alone():
    """As does none."""
    assert _qualities("wifi", 10) == _qualities("", 10) == [None] * 10


def test_the_clock_wraps_and_goes_on():
    """Five seconds after the start the counter begins at 0 again; the probe's clock does not notice."""
    ms = [100]
    clock = faults.wrapping_clock(Clock, lambda: ms[0])
    counts = []
    counting = faults.wrapping_clock(lambda ticks, diff: ticks, lambda: ms[0])
    for ms[0] in range(100, 12100, 500):
        assert clock.now() == ms[0] - 100
        counts.append(counting())
    assert counts[-1] < counts[0] and counts[0] == (1 << 30) - faults.WRAP_MS


def test_the_network_goes_and_comes():
    """Away for every second ten seconds: connecting fails, what was open is cut, visitors are hung up on;
    then all is well."""
    ms = [0]

    async def work():
        away = faults.AwayNet(net, lambda: ms[0])
        served = []

        async def serve(reader, writer):
            served.append(await reader.read(1))
            net.drop(writer)

        server, port = await away.start_server(serve, HERE, 0)
        task = asyncio.create_task(away.cut())
        await away.connect(HERE, port)
        ms[0] = faults.AWAY_MS
        try:
            await away.connect(HERE, port)
            raise AssertionError("connected")
        except OSError:
            pass
        await asyncio.sleep(0.3)
        visitor, hand = await net.connect(HERE, port)
        try:
            assert await visitor.read(1) == b""
        except OSError:
            pass
        net.drop(hand)
        ms[0] = 2 * faults.AWAY_MS
        _, writer = await away.connect(HERE, port)
        writer.write(b"x")
        await writer.drain()
        while b"x" not in served:
            await asyncio.sleep(0.01)
        net.drop(writer)
        task.cancel()
        server.close()
        await asyncio.sleep(0)

    run(work())


def test_every_fault_is_explained():
    """What it means is in the file's own words, and the command line knows it."""
    from ports.arguments import USAGE

    for name in faults.FAULTS:
        assert name in faults.__doc__ if hasattr(faults, "__doc__") and faults.__doc__ else True
        assert name in USAGE
