"""probe/x25519.py: the numbers of RFC 7748"""

from binascii import hexlify, unhexlify

from probe.x25519 import BASE, multiply


def _product(scalar, point):
    return hexlify(multiply(unhexlify(scalar), unhexlify(point))).decode()


def test_the_vectors_of_the_standard():
    """Section 5.2 of the RFC, both."""
    scalar = "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"
    point = "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"
    assert _product(scalar, point) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    scalar = "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"
    point = "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"
    assert _product(scalar, point) == "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"


def test_both_sides_work_out_the_same():
    """Whoever begins: each side's private number times the other's public one."""
    one, other = bytes(range(1, 33)), bytes(range(101, 133))
    assert multiply(one, multiply(other, BASE)) == multiply(other, multiply(one, BASE))


def test_a_point_that_would_give_everybody_the_same_key_is_seen():
    """Zero times anything is zero, which a claim refuses."""
    assert multiply(bytes(range(32)), bytes(32)) == bytes(32)
