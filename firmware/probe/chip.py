"""What a thermocouple's chip itself says beside the true value, in 28 bits. In memory only where there is
such a chip."""

import struct
from binascii import crc32

from probe.reading import Celsius


def pack(cold, chip):
    """The chip's own number (a quarter °C a step, 14 bits) and its own temperature (a sixteenth, 12 bits, or
    None), both in units.

    The highest bit says that there is such a thing, the next one that `cold` is known.
    """
    return 1 << 27 | (chip >> 10 & 0x3FFF) << 12 | (0 if cold is None else 1 << 26 | cold >> 8 & 0xFFF)


def told(body, extra):
    """Add to a reading for the hub what `pack` made."""
    body["chip_c"] = Celsius(_signed(extra >> 12 & 0x3FFF, 14) << 10)
    if extra >> 26 & 1:
        body["cold_c"] = Celsius(_signed(extra & 0xFFF, 12) << 8)


def kept(said):
    """What `pack` made of each reading of a block (0: nothing), as it stands behind that on the flash: mark,
    four bytes each, CRC-32."""
    body = b"".join([struct.pack("<I", one) for one in said])
    return b"\xb6" + body + struct.pack("<I", crc32(body))


def read(file, count):
    """The four bytes of each of `count` readings, behind the mark; None where they are torn or rotten."""
    body = file.read(4 * count)
    return body if file.read(4) == struct.pack("<I", crc32(body)) and body else None


def _signed(value, bits):
    return value - (value >> bits - 1 << bits)
