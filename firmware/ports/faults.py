"""Faults on demand for the virtual probe, so that a hub, a page or an alarm can be tried against what really
happens to probes.

crc         every third reading is lost to a checksum that does not match
open        the thermocouple is open for 5 of every 10 readings
wifi        the network is gone for 10 s of every 20 s, and connections with it; it begins with 10 good
seconds reboot      every 10 s the probe starts anew, as after its watchdog
wrap        the millisecond counter of the board wraps around 5 s after the start, instead of after 12 days
slow-flash  each file that is opened for writing takes 0.25 s, and nothing else runs meanwhile
"""

import asyncio
import time

FAULTS = ("crc", "open", "wifi", "reboot", "wrap", "slow-flash")
AWAY_MS = 10000
REBOOT_S = 10
WRAP_MS = 5000
WRITE_S = 0.25
_NO_NETWORK = 101
_HALF = 1 << 29
_builtin_open = open


class Broken:
    """A sensor of which `quality(n)` spoils the n-th reading; None leaves it as it is."""

    def __init__(self, sensor, quality):
        self._sensor = sensor
        self._quality = quality
        self._count = 0

    async def read(self):
        """(units, None) or (None, quality)."""
        self._count += 1
        quality = self._quality(self._count)
        return (None, quality) if quality else await self._sensor.read()


def sensor(fault, good):
    """The sensor with its fault."""
    if fault == "crc":
        return Broken(good, lambda count: None if count % 3 else "crc")
    if fault == "open":
        return Broken(good, lambda count: "open" if (count - 1) % 10 >= 5 else None)
    return good


class AwayNet:
    """A port's net whose network comes and goes; `now()` in ms since the start."""

    def __init__(self, net, now):
        self._net = net
        self._now = now
        self._writers = []
        self.resolve = net.resolve
        self.drop = net.drop
        self.finish = net.finish
        self.hang_up = net.hang_up

    def away(self):
        """Whether there is no network just now."""
        return self._now() % (2 * AWAY_MS) >= AWAY_MS

    async def start_server(self, serve, ip, port):
        """As the port's; who connects while the network is away is hung up on."""

        async def near(reader, writer):
            if self.away():
                self._net.drop(writer)
            else:
                await serve(reader, writer)

        return await self._net.start_server(near, ip, port)

    async def connect(self, ip, port):
        """As the port's; OSError while the network is away."""
        if self.away():
            raise OSError(_NO_NETWORK)
        reader, writer = await self._net.connect(ip, port)
        # Two clients and an update: more are never open.
        self._writers = self._writers[-4:] + [writer]
        return reader, writer

    async def cut(self):
        """The loop that ends what is open when the network goes."""
        while True:
            if self.away():
                while self._writers:
                    self._net.drop(self._writers.pop())
            await asyncio.sleep(0.2)


def wrapping_clock(make, now):
    """A clock of `make(ticks, diff)` on a counter of 30 bits, like a board's, that wraps soon. `now()` in ms
    since the start."""
    start = 2 * _HALF - WRAP_MS - now()
    return make(
        lambda: (start + now()) & (2 * _HALF - 1),
        lambda later, earlier: ((later - earlier + _HALF) & (2 * _HALF - 1)) - _HALF,
    )


def slow_flash(slots=None):
    """From now on, in this process; an update's files as well."""
    import builtins

    # A probe that started anew in this process has it already.
    if getattr(builtins.open, "__name__", "") != "_slowly":
        builtins.open = _slowly
    if slots:
        slots.disk.open = builtins.open


def _slowly(*args, **options):
    mode = args[1] if len(args) > 1 else options.get("mode", "r")
    if any(sign in mode for sign in "wa+"):
        time.sleep(WRITE_S)
    return _builtin_open(*args, **options)
