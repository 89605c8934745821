"""One reading in compact form: a code, and its temperature in units of 2**-12 °C. And as the hub's API wants
it.

From a sensor's code to the text that is sent there is no float: a board's has 24 bits, and would change most
values.
"""

import json

QUALITIES = (None, "open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing")
# All that a DS18B20 or a thermocouple chip can say, exactly, in 24 bits.
UNITS_PER_C = 4096
_NO_VALUE = 0x08
# No value and no quality: not a reading, but the place of one that was delivered.
DONE = 0x08


class Celsius:
    """A temperature in units, on its way into a text."""

    def __init__(self, units):
        self.units = units

    def __str__(self):
        # 128ths of a degree, and so all that a sensor says, come out as the sensor said them; a mean of
        # several to four digits.
        whole = abs(self.units)
        rest = whole & 4095
        # With a 1 in front, so that no zero behind the point is lost.
        digits = str((rest >> 5) * 78125 + 10000000 if not rest & 31 else (rest * 10000 + 2048 >> 12) + 10000)
        return ("-" if self.units < 0 else "") + str(whole >> 12) + "." + (digits[1:].rstrip("0") or "0")

    def round(self):
        """To a tenth of a degree, for a person."""
        tenths = abs(self.units) * 10 + 2048 >> 12
        return ("-" if self.units < 0 < tenths else "") + str(tenths // 10) + "." + str(tenths % 10)


def dumps(value):
    """JSON of what holds Celsius; everything else as json.dumps writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join([json.dumps(key) + ": " + dumps(value[key]) for key in value]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([dumps(one) for one in value]) + "]"
    return str(value) if isinstance(value, Celsius) else json.dumps(value)


def code_of(units, quality, number):
    """The sensor's number in the high four bits, 'no value' in bit 3, the quality in the lowest three."""
    return number << 4 | QUALITIES.index(quality) | (_NO_VALUE if units is None else 0)


def is_done(code):
    """True for the place of a reading that was delivered."""
    return code & 0x0F == DONE


def told(code, seq, age_ms, units, chip=0):
    """One reading for the hub. `chip`: see chip.py, 0 for none."""
    body = {"seq": seq, "age_ms": age_ms, "temperature_c": None if code & _NO_VALUE else Celsius(units)}
    # A suspicious value may travel with a quality of its own.
    if code & 0x07:
        body["quality"] = QUALITIES[code & 0x07]
    if chip:
        from probe import chip as part

        part.told(body, chip)
    return body
