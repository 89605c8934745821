"""One DS18B20 on a 1-Wire bus. `bus` is MicroPython's onewire.OneWire or something that behaves the same."""

import asyncio

from probe import scratchpad

_CONVERT = 0x44
_READ_SCRATCHPAD = 0xBE
_SKIP_ROM = 0xCC
# DS18B20 and DS1822; the older DS18S20 (0x10) counts in another way and would be misread.
FAMILIES = (0x28, 0x22)
CONVERSION_S = 0.75


class Ds18b20:
    """A sensor for probe/sampler.py: the first one found on the bus."""

    def __init__(self, bus, conversion_s=CONVERSION_S):
        self._bus = bus
        self._conversion_s = conversion_s
        self._rom = None
        self._previous = None
        self._pad = bytearray(9)

    async def read(self):
        """(celsius, None) or (None, quality). A sensor that vanished is looked for again each time."""
        # OneWireError is a plain Exception on MicroPython; it means that nothing on the bus answered the reset pulse.
        try:
            return await self._measure()
        except Exception:
            self._rom = None
            return None, "missing"

    async def _measure(self):
        if self._rom is None:
            self._rom = first_sensor(self._bus.scan())
        if self._rom is None:
            return None, "missing"
        self._bus.reset(True)
        self._bus.writebyte(_SKIP_ROM)
        self._bus.writebyte(_CONVERT)
        await asyncio.sleep(self._conversion_s)
        self._bus.reset(True)
        self._bus.select_rom(self._rom)
        self._bus.writebyte(_READ_SCRATCHPAD)
        self._bus.readinto(self._pad)
        celsius, quality = scratchpad.decode(bytes(self._pad), self._previous)
        if celsius is not None:
            self._previous = celsius
        return celsius, quality


def first_sensor(roms):
    """The first ROM id, in order of the ids, that is a sensor this code can read and whose own checksum is right; else None."""
    usable = [bytes(rom) for rom in roms if rom[0] in FAMILIES and scratchpad.crc8(rom[:7]) == rom[7]]
    return min(usable) if usable else None
