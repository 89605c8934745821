"""ports/ds18b20.py on a bus that answers as a sensor does"""

from ports.ds18b20 import Ds18b20, first_sensor
from probe.scratchpad import crc8
from probe_bench import run


def _rom(family, number):
    seven = bytes([family, number, 0, 0, 0, 0, 0])
    return bytearray(seven + bytes([crc8(seven)]))


def _pad(raw):
    eight = bytes([raw & 255, raw >> 8, 0x4B, 0x46, 0x7F, 0xFF, 0x10, 0x10])
    return eight + bytes([crc8(eight)])


class OneWireError(Exception):
    """As MicroPython's onewire raises it: no OSError."""


class _Bus:
    """One sensor that converts when told; `present` False: nobody answers the reset pulse."""

    def __init__(self, rom, pad):
        self.rom = rom
        self.pad = pad
        self.present = True
        self.log = []

    def scan(self):
        return [self.rom] if self.present and self.rom else []

    def reset(self, required=False):
        if required and not self.present:
            raise OneWireError
        self.log.append(b"reset")

    def writebyte(self, byte):
        self.log.append(byte)

    def select_rom(self, rom):
        self.log.append(bytes(rom))

    def readinto(self, buf):
        buf[:] = self.pad


def test_a_reading_is_converted_then_fetched_from_the_selected_sensor():
    """The bus sees exactly the data sheet's order."""
    bus = _Bus(_rom(0x28, 1), _pad(0x0191))
    assert run(Ds18b20(bus, 0).read()) == (25.0625, None)
    assert bus.log == [b"reset", 0xCC, 0x44, b"reset", bytes(bus.rom), 0xBE]


def test_a_sensor_that_is_pulled_and_plugged_in_again_comes_back():
    """Missing while it is away, and even another one is found afterwards."""
    bus = _Bus(_rom(0x28, 1), _pad(0x0191))
    sensor = Ds18b20(bus, 0)
    assert run(sensor.read())[1] is None
    bus.present = False
    assert run(sensor.read()) == (None, "missing")
    assert run(sensor.read()) == (None, "missing")
    bus.present, bus.rom = True, _rom(0x28, 2)
    assert run(sensor.read()) == (25.0625, None) and bytes(bus.rom) in bus.log


def test_bad_scratchpads_are_told_by_their_quality():
    """A disturbed line is 'crc', and the next good reading is good again."""
    bus = _Bus(_rom(0x28, 1), _pad(0x0191)[:8] + b"\0")
    sensor = Ds18b20(bus, 0)
    assert run(sensor.read()) == (None, "crc")
    bus.pad = _pad(0x0191)
    assert run(sensor.read()) == (25.0625, None)


def test_only_sensors_that_can_be_read_are_chosen():
    """Other families and ids with a wrong checksum are passed over; the choice does not depend on the order of the search."""
    wrong = _rom(0x28, 1)
    wrong[7] ^= 1
    assert first_sensor([_rom(0x10, 1), wrong, _rom(0x28, 9), _rom(0x28, 5)]) == bytes(_rom(0x28, 5))
    assert first_sensor([_rom(0x10, 1)]) is None and first_sensor([]) is None
    assert run(Ds18b20(_Bus(None, b""), 0).read()) == (None, "missing")
