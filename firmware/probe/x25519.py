"""X25519 (RFC 7748) in whole numbers. Slow on a board (a second or so), and loaded for a claim only: see
claim.py.

Its time depends on the numbers; a private key is used for one claim and forgotten, so there is nothing to
measure twice.
"""

_P = (1 << 255) - 19
BASE = b"\x09" + b"\0" * 31


def multiply(scalar, point):
    """The shared or public value, 32 bytes, of a private scalar and a point of 32 bytes each."""
    k = int.from_bytes(scalar, "little")
    k = k & ((1 << 255) - 8) & ((1 << 255) - 1) | (1 << 254)
    x1 = (int.from_bytes(point, "little") & ((1 << 255) - 1)) % _P
    x2, z2, x3, z3 = 1, 0, x1, 1
    swapped = 0
    for at in range(254, -1, -1):
        bit = k >> at & 1
        if bit != swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        x2, z2, x3, z3 = _step(x1, x2, z2, x3, z3)
    if swapped:
        x2, z2 = x3, z3
    return (x2 * _inverse(z2) % _P).to_bytes(32, "little")


def _step(x1, x2, z2, x3, z3):
    a, b = x2 + z2, x2 - z2
    aa, bb = a * a % _P, b * b % _P
    e = aa - bb
    da, cb = (x3 - z3) * a % _P, (x3 + z3) * b % _P
    total, difference = da + cb, da - cb
    return (
        aa * bb % _P,
        e * (aa + 121665 * e) % _P,
        total * total % _P,
        x1 * (difference * difference % _P) % _P,
    )


def _inverse(z):
    # z to the power of p - 2; not pow() with three numbers, which small builds of MicroPython leave out.
    result = 1
    for at in range(254, -1, -1):
        result = result * result % _P
        if (_P - 2) >> at & 1:
            result = result * z % _P
    return result
