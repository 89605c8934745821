"""What the nine scratchpad bytes of a DS18B20 mean, and what they only pretend to mean."""

from probe.reading import UNITS_PER_C

# A heater does not jump this far between two readings; a power-on value does.
_NEAR = 10 * UNITS_PER_C
# What a sensor shows that has not measured since it got power: the data sheet's value, and that of one family
# of clones.
_GHOST = 85 * UNITS_PER_C
_CLONE_GHOST = 25 * UNITS_PER_C


def crc8(data):
    """The sensor's own checksum (polynomial x8+x5+x4+1, low bit first)."""
    crc = 0
    for byte in data:
        for _ in range(8):
            mix = (crc ^ byte) & 1
            crc = crc >> 1 ^ (0x8C if mix else 0)
            byte >>= 1
    return crc


def decode(pad, previous, settled=False):
    """(units, quality) from nine bytes; `previous` is the last good value in units or None.

    `settled` says that the sensor is known to have kept its power since before the conversion: then no value
    is a ghost.
    """
    if pad == b"\xff" * 9:
        return None, "missing"
    # Nine zeros have a right checksum, but byte 4 of a living sensor never is zero: the line is held low.
    if pad == b"\0" * 9:
        return None, "short_gnd"
    if crc8(pad[:8]) != pad[8]:
        return None, "crc"
    raw = pad[0] | pad[1] << 8
    # At 9 to 11 bits the lowest ones are undefined.
    raw &= ~((1 << 3 - (pad[4] >> 5 & 3)) - 1)
    units = (raw - 65536 if raw & 0x8000 else raw) * (UNITS_PER_C // 16)
    if not -55 * UNITS_PER_C <= units <= 125 * UNITS_PER_C:
        return None, "range"
    return (units, None) if settled else _doubt(units, pad[6], previous)


def _doubt(units, byte6, previous):
    near = previous is not None and abs(previous - units) <= _NEAR
    # Clones keep byte 6 at 0x0C for ever, so a true 85.0 is believed when the reading before was near it.
    if units == _GHOST and byte6 == 0x0C and not near:
        return None, "power_on"
    # Other clones show their ghost without that sign. It may as well be true: passed on, but marked.
    if units in (_GHOST, _CLONE_GHOST) and previous is not None and not near:
        return units, "power_on"
    return units, None
