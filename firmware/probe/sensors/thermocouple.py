"""What the bytes of the thermocouple chips mean: (units, quality, cold junction in units or None). Numbers
out of the data sheets."""

from probe.reading import UNITS_PER_C

# Where each type is defined; a value outside is passed on, marked 'range'.
SPANS = {"B": (250, 1800), "E": (-200, 1000), "J": (-210, 1200), "K": (-200, 1372), "N": (-200, 1300)}
SPANS.update({"R": (-50, 1768), "S": (-50, 1768), "T": (-200, 400)})
TYPES = "BEJKNRST"
# A tip does not go further from 0 °C between two readings, as a DS18B20 does not from 85.
_NEAR = 10 * UNITS_PER_C


def signed(value, bits):
    """A two's complement number of so many bits."""
    return value - (1 << bits) if value >> (bits - 1) else value


def marked(units, kind):
    """(units, quality) by the span of the thermocouple's type."""
    low, high = SPANS[kind]
    return units, None if low * UNITS_PER_C <= units <= high * UNITS_PER_C else "range"


def max31855(raw, previous=None):
    """Four bytes of a MAX31855: 0.25 °C steps in the chip's straight line (see curve.py), three faults kept
    apart, its own temperature.

    previous: (what the chip said, its temperature) when last seen. Nothing but zeros is a reading when both
    were near 0 °C, else a line held low.
    """
    word = raw[0] << 24 | raw[1] << 16 | raw[2] << 8 | raw[3]
    # A line held low or high, or the two bits that are always 0: nobody there.
    if word & 0x20008 or (word == 0 and not (previous and max(abs(previous[0]), abs(previous[1])) <= _NEAR)):
        return None, "missing", None
    cold = signed(word >> 4 & 0xFFF, 12) * (UNITS_PER_C // 16)
    for bit, quality in ((1, "open"), (2, "short_gnd"), (4, "short_vcc")):
        if word & bit:
            return None, quality, cold
    # The fault bit repeats the three; alone it is a disturbed line.
    if word & 0x10000:
        return None, "crc", cold
    return signed(word >> 18, 14) * (UNITS_PER_C // 4), None, cold


def max6675(raw):
    """Two bytes of a MAX6675: 0.25 °C steps from 0 to 1023.75; its only fault is the open thermocouple."""
    word = raw[0] << 8 | raw[1]
    if word & 0x8002:
        return None, "missing", None
    if word & 4:
        return None, "open", None
    steps = word >> 3
    # At either end it may be any temperature beyond; a line held low looks like the lower end.
    return steps * (UNITS_PER_C // 4), "range" if steps in (0, 0xFFF) else None, None


def max31856(registers, kind):
    """The 16 registers of a MAX31856: 0.0078125 °C steps. It tells 'above the supply' and 'below ground' as
    one fault: short_vcc."""
    fault = registers[15]
    cold = signed(registers[10] << 8 | registers[11] & 0xFC, 16) * (UNITS_PER_C // 256)
    if fault & 0x01:
        return None, "open", cold
    if fault & 0x02:
        return None, "short_vcc", cold
    steps = signed(registers[12] << 16 | registers[13] << 8 | registers[14], 24) >> 5
    units, quality = marked(steps * (UNITS_PER_C // 128), kind)
    # Bits 7 and 6: the cold junction or the thermocouple is outside what the chip's table covers.
    return units, "range" if fault & 0xC0 else quality, cold
