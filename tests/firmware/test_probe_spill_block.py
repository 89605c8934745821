"""probe/spill_block.py"""

import io

from probe import chip, spill_block
from spill_harness import entries


def _blocks(data):
    return [block for block, _ in spill_block.read(io.BytesIO(data))]


def _all(data):
    return [block.entry(at) for block in _blocks(data) for at in range(block.count)]


def test_readings_come_back_as_they_were():
    """Every code, the coldest and the hottest value, times after weeks; ten bytes a reading at most in a full
    block."""
    given = [
        (code, 70000 + code, 3000000000 + 1000 * code, units, 0)
        for code, units in ((0, 0), (7, -1105920), (15, 7372800), (255, 1))
    ]
    data, count = spill_block.encode("a1b2c3d4", 1790000000000, given)
    block = _blocks(data)[0]
    assert count == 4 and [block.entry(at) for at in range(4)] == given
    assert (block.boot, block.anchor, block.last_ms()) == ("a1b2c3d4", 1790000000000, 3000255000)
    assert len(spill_block.encode("a1b2c3d4", 0, entries(0, 64))[0]) <= 10 * 64


def test_a_block_ends_where_its_numbers_end():
    """65535 numbers or 4.6 hours further on, or at 64 readings, the next block begins; each one holds at
    least one."""
    assert spill_block.encode("b", 0, entries(0, 100))[1] == 64
    assert spill_block.encode("b", 0, [(0, 0, 0, 0, 0), (0, 65535, 0, 0, 0), (0, 65536, 0, 0, 0)])[1] == 2
    assert (
        spill_block.encode("b", 0, [(0, 0, 0, 0, 0), (0, 1, 16777215, 0, 0), (0, 2, 16777216, 0, 0)])[1] == 2
    )
    assert _all(spill_block.encode("b", 0, entries(0, 6, 3600000))[0]) == entries(0, 5, 3600000)


def test_of_a_torn_block_nothing_is_believed():
    """Whatever prefix of the second block was written, the first is whole and nothing else is there."""
    one, two = spill_block.encode("b", 0, entries(0, 3))[0], spill_block.encode("b", 0, entries(3, 3))[0]
    for cut in range(len(two)):
        assert _all(one + two[:cut]) == entries(0, 3), cut
    assert _all(one + two) == entries(0, 6)


def test_a_rotten_bit_costs_its_own_block_only():
    """Each bit of the middle one of three blocks."""
    parts = [spill_block.encode("b", 5, entries(first, 2))[0] for first in (0, 2, 4)]
    expected = entries(0, 2) + entries(4, 2)
    for bit in range(8 * len(parts[1])):
        bad = bytearray(parts[1])
        bad[bit >> 3] ^= 1 << (bit & 7)
        assert _all(parts[0] + bytes(bad) + parts[2]) == expected, bit


def test_foreign_bytes_are_passed_over():
    """Zeros, ones, marks without a block behind them, also across the edge of what is read at once."""
    good = spill_block.encode("b", 0, entries(0, 2))[0]
    for rubbish in (
        b"\0" * 700,
        b"\xff" * 255,
        b"\xff" * 254,
        b"\xb7\x64" * 200,
        b"\xb7",
        b"\xb7\x64\x15\x00" * 50,
    ):
        assert _all(rubbish + good + rubbish + good) == entries(0, 2) * 2, rubbish[:4]
    assert _blocks(b"") == []


def _of_a_chip(first, count):
    return [
        (0, seq, 2000 * seq, -16 * seq, chip.pack(16 * seq, -1024 * seq) if seq % 3 else 0)
        for seq in range(first, first + count)
    ]


def test_what_a_thermocouples_chip_said_comes_back():
    """For each reading of a block, between others with and without; 13 bytes a reading, and not one more
    where no chip said anything."""
    parts = _of_a_chip(0, 64), entries(64, 3), _of_a_chip(70, 2)
    data = [spill_block.encode("b", 5, part)[0] for part in parts]
    assert _all(b"".join(data)) == [one for part in parts for one in part]
    assert (
        len(data[0]) <= 14 * 64
        and spill_block.encode("b", 5, [one[:4] + (0,) for one in parts[0]])[0] == data[0][: -4 * 64 - 5]
    )


def test_torn_or_rotten_it_costs_no_reading():
    """Whatever of it was written, or whichever bit of it turned: the readings are all there, without it, and
    the next block whole."""
    plain, told = (
        spill_block.encode("b", 5, entries(0, 3))[0],
        spill_block.encode("b", 5, _of_a_chip(0, 3))[0],
    )
    own = len(plain)
    without, behind = [one[:4] + (0,) for one in _of_a_chip(0, 3)], entries(9, 2)
    follow = spill_block.encode("b", 5, behind)[0]
    for cut in range(own, len(told)):
        assert _all(told[:cut]) == without, cut
    for bit in range(8 * own, 8 * len(told)):
        bad = bytearray(told)
        bad[bit >> 3] ^= 1 << (bit & 7)
        assert _all(bytes(bad) + follow) == without + behind, bit
    assert _all(told + follow) == _of_a_chip(0, 3) + behind
