"""What the nine scratchpad bytes of a DS18B20 mean, and what they only pretend to mean."""

# A heater does not jump this far between two readings; a power-on value does.
_NEAR_C = 10.0


def crc8(data):
    """The sensor's own checksum (polynomial x8+x5+x4+1, low bit first)."""
    crc = 0
    for byte in data:
        for _ in range(8):
            mix = (crc ^ byte) & 1
            crc = crc >> 1 ^ (0x8C if mix else 0)
            byte >>= 1
    return crc


def decode(pad, previous):
    """(celsius, None) or (None, quality) from nine bytes; `previous` is the last good value in °C or None."""
    if pad == b"\xff" * 9:
        return None, "missing"
    # Nine zeros have a right checksum, but byte 4 of a living sensor never is zero: the line is held low.
    if pad == b"\0" * 9:
        return None, "short_gnd"
    if crc8(pad[:8]) != pad[8]:
        return None, "crc"
    raw = pad[0] | pad[1] << 8
    celsius = (raw - 65536 if raw & 0x8000 else raw) / 16
    # Clones keep byte 6 at 0x0C for ever, so a true 85.0 is believed when the reading before was near it.
    if celsius == 85.0 and pad[6] == 0x0C and (previous is None or abs(previous - 85.0) > _NEAR_C):
        return None, "power_on"
    if not -55.0 <= celsius <= 125.0:
        return None, "range"
    return celsius, None
