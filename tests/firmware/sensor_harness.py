"""A 1-Wire bus and SPI chips for the tests, down to their registers. Runs on CPython and MicroPython
alike."""

from probe.scratchpad import crc8


class OneWireError(Exception):
    """As MicroPython's onewire raises it: no OSError."""


def rom(number, family=0x28):
    """The ROM id of a sensor, with the right checksum."""
    seven = bytes([family, number, 0, 0, 0, 0, 0])
    return seven + bytes([crc8(seven)])


def hexed(raw):
    """As the probe writes a ROM id."""
    return "".join(f"{byte:02x}" for byte in raw)


class Chip:
    """One DS18B20: scratchpad, EEPROM, power. `clone` names what it does differently: "no_mark", "keeps_0c",
    "wakes_10", "wakes_25"."""

    def __init__(self, number, celsius, clone=""):
        self.rom = rom(number)
        self.celsius = celsius
        self.clone = clone
        self.present = True
        self.parasite = False
        self.resets_on_convert = False
        self.disturbed = 0
        self.deaf = 0
        self.wake()

    def wake(self):
        """Power comes: what the EEPROM holds, and a value that was never measured."""
        self.value = 25.0 if self.clone == "wakes_25" else 85.0
        self.byte6 = 0x10 if self.clone in ("wakes_10", "wakes_25") else 0x0C
        self.alarm = [0x4B, 0x46, 0x7F]

    def convert(self):
        """Measure; byte 6 then tells what is left of the count."""
        if self.resets_on_convert:
            self.wake()
            return
        self.value = self.celsius
        if self.clone != "keeps_0c":
            self.byte6 = 0x10 - (int(self.value * 16) & 15)

    def write(self, three):
        """Write Scratchpad."""
        if self.clone != "no_mark":
            self.alarm = list(three)

    def pad(self):
        """Read Scratchpad; ones while it is `deaf`, for so many times."""
        if self.deaf:
            self.deaf -= 1
            return b"\xff" * 9
        raw = int(self.value * 16) & 0xFFFF
        eight = bytes([raw & 255, raw >> 8] + self.alarm + [0xFF, self.byte6, 0x10])
        if self.disturbed:
            self.disturbed -= 1
            return eight + bytes([crc8(eight) ^ 1])
        return eight + bytes([crc8(eight)])


class Bus:
    """onewire.OneWire with `chips` on it; `low` holds the line down. A parasite chip that is not fed loses
    its conversion."""

    def __init__(self, *chips):
        self.chips = list(chips)
        self.low = False
        self.conversions = 0
        self.held = False
        self.holds = 0
        self._hungry = False
        self._selected = None
        self._sent = []

    def _here(self):
        return [chip for chip in self.chips if chip.present]

    def scan(self):
        """All ROM ids; a line held low reads as one of zeros."""
        return [bytearray(8)] if self.low else [bytearray(chip.rom) for chip in self._here()]

    def reset(self, required=False):
        """A presence pulse, or the error."""
        assert not self.held, "nobody can pull a line down that is held up"
        for chip in self._here() if self._hungry else ():
            if chip.parasite:
                chip.wake()
        self._hungry = False
        if required and not self._here() and not self.low:
            raise OneWireError
        self._selected, self._sent = None, []

    def select_rom(self, wanted):
        """The next bytes are for this one only."""
        found = [chip for chip in self._here() if chip.rom == bytes(wanted)]
        self._selected = found[0] if found else "nobody"

    def writebyte(self, byte):
        """Convert, or three bytes of Write Scratchpad."""
        self._sent.append(byte)
        if self._sent == [0xCC, 0x44]:
            self.conversions += 1
            self._hungry = True
            for chip in self._here():
                chip.convert()
        if len(self._sent) == 4 and self._sent[0] == 0x4E and isinstance(self._selected, Chip):
            self._selected.write(self._sent[1:])

    def readbit(self):
        """The answer to Read Power Supply: 0 from a chip without a supply; else the line at rest."""
        return 0 if self._sent == [0xCC, 0xB4] and any(chip.parasite for chip in self._here()) else 1

    def hold(self, on):
        """Feed the chips through the line."""
        self.held = on
        if on:
            self.holds += 1
            self._hungry = False

    def readinto(self, buf):
        """The scratchpad of the selected one; nobody there reads as ones."""
        if self.low:
            buf[:] = bytes(len(buf))
        else:
            buf[:] = self._selected.pad() if isinstance(self._selected, Chip) else b"\xff" * len(buf)


class Listener:
    """A MAX31855, a MAX6675 or an empty bus: says its bytes, whatever is sent."""

    def __init__(self, raw, rest=0xFF):
        self.raw = raw
        self._rest = rest

    def exchange(self, out, size):
        """The first bytes, then the line at rest."""
        return (self.raw + bytes([self._rest]) * size)[:size]


class Max31856Chip:
    """A MAX31856 by its registers; `power()` is a power-on."""

    def __init__(self):
        self.measured = bytes([0x01, 0x90, 0x00])
        self.cold = bytes([0x19, 0x00])
        self.fault = 0
        self.deaf = False
        self.power()

    def power(self):
        """The registers after a power-on."""
        self.registers = bytearray(b"\x00\x03\xff\x7f\xc0\x7f\xff\x80\x00\x00") + bytearray(6)

    def exchange(self, out, size):
        """A register read, or a write when bit 7 of the first byte is set."""
        if out and out[0] & 0x80:
            if not self.deaf:
                self.registers[out[0] & 0x7F : (out[0] & 0x7F) + len(out) - 1] = out[1:]
            return b""
        if self.registers[0] & 0x80:
            self.registers[10:12], self.registers[12:15], self.registers[15] = (
                self.cold,
                self.measured,
                self.fault,
            )
        at = out[0] if out else 0
        return bytes(self.registers[at : at + size])
