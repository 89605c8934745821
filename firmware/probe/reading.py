"""One reading in compact form: a code, and its temperature in units of 2**-12 °C. And as the hub's API wants it."""

QUALITIES = (None, "open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing")
# All that a DS18B20 or a thermocouple chip can say, exactly, in 24 bits.
UNITS_PER_C = 4096
_NO_VALUE = 0x08
# No value and no quality: not a reading, but the place of one that was delivered.
DONE = 0x08


def code_of(celsius, quality, number):
    """The sensor's number in the high four bits, 'no value' in bit 3, the quality in the lowest three."""
    return number << 4 | QUALITIES.index(quality) | (_NO_VALUE if celsius is None else 0)


def units_of(celsius):
    """°C in units."""
    return 0 if celsius is None else round(celsius * UNITS_PER_C)


def is_done(code):
    """True for the place of a reading that was delivered."""
    return code & 0x0F == DONE


def told(code, seq, age_ms, units):
    """One reading for the hub."""
    # Sixteenths and 128ths of a degree come out as the sensor said them, other values to four digits.
    celsius = units / UNITS_PER_C
    body = {"seq": seq, "age_ms": age_ms, "temperature_c": celsius if units % 32 == 0 else round(celsius, 4)}
    if code & _NO_VALUE:
        body["temperature_c"] = None
    # A suspicious value may travel with a quality of its own.
    if code & 0x07:
        body["quality"] = QUALITIES[code & 0x07]
    return body
