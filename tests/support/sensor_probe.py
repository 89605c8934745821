"""The virtual probe with the TX16 of docs/developing/add-a-sensor.md. MicroPython: `sensor_probe.py FIRMWARE
OPTIONS`."""

import asyncio
import sys

sys.path.insert(0, sys.argv[1])

from ports import arguments, pc
from probe.app import App
from probe.scratchpad import crc8
from probe.sensors import wiring


class Chip:
    """21.5 °C, whoever asks."""

    def exchange(self, out, size):
        """Its three bytes."""
        return b"\x01\x58" + bytes([crc8(b"\x01\x58")])


class Pins:
    """One chip on whatever pins."""

    def spi(self, entry, mode):
        """The chip."""
        return Chip()


options = arguments.parse(sys.argv[2:])
pc._make_folder(options["state"])
port = pc.PcPort(options)
port.sensors = wiring.sources(
    [{"type": "tx16", "sck": 18, "miso": 19, "cs": 5}], {}, Pins(), port.clock().now
)
asyncio.run(App(port).run())
