"""All DS18B20 on one 1-Wire bus. `bus` is MicroPython's onewire.OneWire or something that behaves the same.

A bus that can `hold(on)` its line high feeds sensors whose VDD is not connected ("parasite power") while they
convert.
"""

import asyncio

from probe import scratchpad

_CONVERT = 0x44
_READ_SCRATCHPAD = 0xBE
_WRITE_SCRATCHPAD = 0x4E
_READ_POWER = 0xB4
_SKIP_ROM = 0xCC
# DS18B20 and DS1822; the older DS18S20 (0x10) counts in another way and would be misread.
FAMILIES = (0x28, 0x22)
# A mark in the two alarm bytes, then 12 bits. Losing power brings back what the EEPROM holds, so a mark that
# is still there proves that the value is no power-on value. That holds for clones too, whatever their byte 6
# says.
MARK = b"\x54\x48\x7f"
_MOST = 16
_FETCHES = 3


class Ds18b20s:
    """A source of one reading for each sensor ever seen since the start; new ones are found while it runs."""

    def __init__(self, bus, now_ms, conversion_s=0.75, rescan_ms=10000):
        self._bus = bus
        self._now_ms = now_ms
        self._conversion_s = conversion_s
        self._rescan_ms = rescan_ms
        self._scanned_ms = None
        # Shown in /status; with parasite power it is another one, as such a sensor is less exact and wants
        # short wires.
        self.kind = "ds18b20"
        # rom -> [last good value, conversions in a row after which the mark was gone although just set]
        self._known = {}
        self.samples, self.combine, self.max_step = 1, "median", None

    async def read(self):
        """[(ROM as hex, units or None, quality or None, None)]; never an error."""
        pads = {}
        # OneWireError is a plain Exception on MicroPython; it means that nothing on the bus answered the
        # reset pulse.
        try:
            self._look_around()
            await self._measure(self._known, pads)
            lost = [rom for rom in pads if self._unmarked(rom, pads[rom])]
            if lost:
                for rom in lost:
                    self._configure(rom)
                await self._measure(lost, pads)
        except Exception:
            # What was fetched before the line went is good.
            self._scanned_ms = None
        return [self._judge(rom, pads.get(rom)) for rom in sorted(self._known)]

    def _look_around(self):
        now = self._now_ms()
        if self._scanned_ms is not None and now - self._scanned_ms < self._rescan_ms:
            return
        found = usable(self._bus.scan())
        if found:
            self.kind = "ds18b20_parasite" if self._starved() else "ds18b20"
        self._scanned_ms = now
        for rom in found:
            if rom not in self._known and len(self._known) < _MOST:
                self._known[rom] = [None, 0]
            if rom in self._known:
                self._configure(rom)

    async def _measure(self, roms, pads):
        if not roms:
            return
        self._bus.reset(True)
        self._bus.writebyte(_SKIP_ROM)
        self._bus.writebyte(_CONVERT)
        await self._convert()
        for rom in roms:
            pads[rom] = self._fetch(rom)
            # Ten milliseconds each: the other loops go in between.
            await asyncio.sleep(0)

    async def _convert(self):
        hold = getattr(self._bus, "hold", None) if self.kind != "ds18b20" else None
        if not hold:
            return await asyncio.sleep(self._conversion_s)
        try:
            hold(True)
            await asyncio.sleep(self._conversion_s)
        finally:
            # Also when this is cancelled: a line that is held cannot be talked on.
            hold(False)

    def _starved(self):
        """Whether a sensor on the bus has no supply of its own; such a one answers with a 0."""
        self._bus.reset(True)
        self._bus.writebyte(_SKIP_ROM)
        self._bus.writebyte(_READ_POWER)
        return not self._bus.readbit()

    def _fetch(self, rom):
        pad = bytearray(9)
        for _ in range(_FETCHES):
            self._select(rom)
            self._bus.writebyte(_READ_SCRATCHPAD)
            self._bus.readinto(pad)
            # Asking again costs no conversion; one disturbed bit on a long line is common.
            if scratchpad.crc8(pad[:8]) == pad[8]:
                break
        return bytes(pad)

    def _configure(self, rom):
        self._select(rom)
        for byte in (_WRITE_SCRATCHPAD,) + tuple(MARK):
            self._bus.writebyte(byte)

    def _select(self, rom):
        self._bus.reset(True)
        self._bus.select_rom(bytearray(rom))

    def _unmarked(self, rom, pad):
        alive = pad != b"\xff" * 9 and pad != b"\0" * 9 and scratchpad.crc8(pad[:8]) == pad[8]
        # Three times in vain: this one cannot keep a mark, and a second conversion each time would only take
        # time.
        return alive and pad[2:5] != MARK and self._known[rom][1] < 3

    def _judge(self, rom, pad):
        state = self._known[rom]
        name = "".join(f"{byte:02x}" for byte in rom)
        if pad is None:
            return name, None, "missing", None
        settled = pad[2:5] == MARK
        units, quality = scratchpad.decode(pad, state[0], settled)
        if quality is None:
            state[0] = units
            state[1] = 0 if settled else min(3, state[1] + 1)
        if quality in ("missing", "short_gnd"):
            # It may have been moved, or another one be in its place.
            self._scanned_ms = None
        return name, units, quality, None


def usable(roms):
    """The ROM ids of sensors this code can read and whose own checksum is right, each once, in order of the
    ids."""
    return sorted(
        {bytes(rom) for rom in roms if rom[0] in FAMILIES and scratchpad.crc8(bytes(rom[:7])) == rom[7]}
    )
