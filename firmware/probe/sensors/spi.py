"""Thermocouple chips on an SPI bus as sources. `spi.exchange(out, size)` sends bytes, then reads `size`
bytes, under one chip select."""

import asyncio

from probe.sensors import thermocouple

_CONVERSION_S = 0.2
_WRITE = 0x80


class Max31855:
    """A MAX31855; `curve` (see curve.py) is that of the type which the chip is made for."""

    kind = "max31855"

    def __init__(self, spi, key, curve):
        self._spi = spi
        self._key = key
        self._curve = curve
        self._last = None
        self.samples, self.combine, self.max_step = 1, "median", None

    async def read(self):
        """[(key, units, quality, cold, chip)]"""
        chip, quality, cold = thermocouple.max31855(self._spi.exchange(b"", 4), self._last)
        if chip is None:
            return [(self._key, None, quality, cold)]
        self._last = (chip, cold)
        return [(self._key,) + self._curve.decode(chip, cold) + (cold, chip)]


class Max6675:
    """A MAX6675, type K only. It converts between two questions, so it must not be asked more often than
    every 0.22 s."""

    kind = "max6675"

    def __init__(self, spi, key, curve, pause_s=0.22):
        self._spi = spi
        self._key = key
        self._curve = curve
        self._pause_s = pause_s
        self.samples, self.combine, self.max_step = 1, "median", None

    async def read(self):
        """[(key, units, quality, None, chip)]"""
        await asyncio.sleep(self._pause_s)
        chip, quality, _ = thermocouple.max6675(self._spi.exchange(b"", 2))
        if chip is None:
            return [(self._key, None, quality, None)]
        return [(self._key, self._curve.decode(chip, None)[0], quality, None, chip)]


class Max31856:
    """A MAX31856: converts by itself, looks for an open thermocouple, filters `mains_hz`."""

    kind = "max31856"

    def __init__(self, spi, key, letter="K", mains_hz=50, conversion_s=_CONVERSION_S):
        self._spi = spi
        self._key = key
        self._letter = letter
        # Automatic conversion, open-circuit detection; one conversion a value, thermocouple type.
        self._wanted = bytes([0x90 | (1 if mains_hz == 50 else 0), thermocouple.TYPES.index(letter)])
        self._conversion_s = conversion_s
        self.samples, self.combine, self.max_step = 1, "median", None

    async def read(self):
        """[(key, units, quality, cold)]"""
        registers = self._registers()
        if registers[:2] != self._wanted:
            # It was without power, and would show its last value for ever.
            self._configure()
            await asyncio.sleep(self._conversion_s)
            registers = self._registers()
        if registers[:2] != self._wanted:
            return [(self._key, None, "missing", None)]
        return [(self._key,) + thermocouple.max31856(registers, self._letter)]

    def _registers(self):
        return bytes(self._spi.exchange(b"\0", 16))

    def _configure(self):
        # The mains filter may only change while conversion is off.
        self._spi.exchange(bytes([_WRITE, self._wanted[0] & 1]), 0)
        self._spi.exchange(bytes([_WRITE]) + self._wanted, 0)


def recognize(mode0, mode1):
    """Which chip answers on a bus, seen in SPI mode 0 and mode 1: "max31856", "max31855", "max6675" or
    None."""
    masks = bytes(mode1.exchange(b"\x02", 8))
    # Fault mask, then the three untouched limits of the cold junction and the thermocouple after a power-on.
    if masks[1:6] == b"\x7f\xc0\x7f\xff\x80" or (masks[0] == 0xFF and masks[1:3] == b"\x7f\xc0"):
        return "max31856"
    raw = bytes(mode0.exchange(b"", 4))
    # A MAX6675 has said all after two bytes.
    if raw[2:] in (b"\0\0", b"\xff\xff") and not raw[0] & 0x80 and not raw[1] & 2 and raw[:2] != b"\0\0":
        return "max6675"
    return None if thermocouple.max31855(raw)[1] == "missing" else "max31855"
