"""What the bytes of the thermocouple chips mean: (celsius, quality, cold junction in °C or None). Numbers out of the data sheets."""

# Where each type is defined; a value outside is passed on, marked 'range'.
SPANS = {"B": (250, 1800), "E": (-200, 1000), "J": (-210, 1200), "K": (-200, 1372), "N": (-200, 1300)}
SPANS.update({"R": (-50, 1768), "S": (-50, 1768), "T": (-200, 400)})
TYPES = "BEJKNRST"


def signed(value, bits):
    """A two's complement number of so many bits."""
    return value - (1 << bits) if value >> (bits - 1) else value


def marked(celsius, kind):
    """(celsius, quality) by the span of the thermocouple's type."""
    low, high = SPANS[kind]
    return celsius, None if low <= celsius <= high else "range"


def max31855(raw, kind="K"):
    """Four bytes of a MAX31855: 0.25 °C steps, three faults kept apart, the chip's own temperature."""
    word = raw[0] << 24 | raw[1] << 16 | raw[2] << 8 | raw[3]
    # A line held low or high, or the two bits that are always 0: nobody there.
    if word == 0 or word & 0x20008:
        return None, "missing", None
    cold_c = signed(word >> 4 & 0xFFF, 12) / 16
    for bit, quality in ((1, "open"), (2, "short_gnd"), (4, "short_vcc")):
        if word & bit:
            return None, quality, cold_c
    # The fault bit repeats the three; alone it is a disturbed line.
    if word & 0x10000:
        return None, "crc", cold_c
    return marked(signed(word >> 18, 14) / 4, kind) + (cold_c,)


def max6675(raw):
    """Two bytes of a MAX6675: 0.25 °C steps from 0 to 1023.75; its only fault is the open thermocouple."""
    word = raw[0] << 8 | raw[1]
    if word & 0x8002:
        return None, "missing", None
    if word & 4:
        return None, "open", None
    steps = word >> 3
    # At either end it may be any temperature beyond; a line held low looks like the lower end.
    return steps / 4, "range" if steps in (0, 0xFFF) else None, None


def max31856(registers, kind):
    """The 16 registers of a MAX31856: 0.0078125 °C steps. It tells 'above the supply' and 'below ground' as one fault: short_vcc."""
    fault = registers[15]
    cold_c = signed(registers[10] << 8 | registers[11] & 0xFC, 16) / 256
    if fault & 0x01:
        return None, "open", cold_c
    if fault & 0x02:
        return None, "short_vcc", cold_c
    steps = signed(registers[12] << 16 | registers[13] << 8 | registers[14], 24) >> 5
    celsius, quality = marked(steps / 128, kind)
    # Bits 7 and 6: the cold junction or the thermocouple is outside what the chip's table covers.
    return celsius, "range" if fault & 0xC0 else quality, cold_c
