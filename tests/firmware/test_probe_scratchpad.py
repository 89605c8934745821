"""probe/scratchpad.py, with the examples of the DS18B20 data sheet"""

from probe import scratchpad
from probe.scratchpad import crc8
from probe_harness import shown, units


def decode(pad, previous, settled=False):
    """(°C, quality)"""
    return shown([("",) + scratchpad.decode(pad, units(previous), settled)])[0][1:]


def _pad(low, high, byte6=0x10):
    eight = bytes([low, high, 0x4B, 0x46, 0x7F, 0xFF, byte6, 0x10])
    return eight + bytes([crc8(eight)])


def test_the_data_sheets_temperatures():
    """Table 1 of the data sheet."""
    for low, high, celsius in (
        (0xD0, 0x07, 125.0),
        (0x91, 0x01, 25.0625),
        (0xA2, 0x00, 10.125),
        (0x08, 0x00, 0.5),
        (0x00, 0x00, 0.0),
        (0xF8, 0xFF, -0.5),
        (0x5E, 0xFF, -10.125),
        (0x6F, 0xFE, -25.0625),
        (0x90, 0xFC, -55.0),
    ):
        assert decode(_pad(low, high), None) == (celsius, None), celsius


def test_the_checksum_is_the_sensors():
    """The ROM of Maxim's application note 27, and a power-on scratchpad."""
    assert crc8(bytes([0x02, 0x1C, 0xB8, 0x01, 0, 0, 0])) == 0xA2
    assert crc8(bytes([0x50, 0x05, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10])) == 0x1C


def test_a_single_wrong_bit_is_found():
    """Each of the 72 bits."""
    good = _pad(0x91, 0x01)
    for bit in range(72):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(bad), None) == (None, "crc"), bit


def test_a_line_that_is_dead_is_not_zero_degrees():
    """All ones: nobody answers. All zeros pass the checksum, but mean a line held low."""
    assert decode(b"\xff" * 9, 20.0) == (None, "missing")
    assert decode(b"\0" * 9, 20.0) == (None, "short_gnd")


def test_the_ghost_of_85_degrees():
    """85.0 of a sensor that just woke up is no reading; 85.0 next to 84.5 is."""
    ghost = _pad(0x50, 0x05, 0x0C)
    assert decode(ghost, None) == (None, "power_on")
    assert decode(ghost, 21.0) == (None, "power_on")
    assert decode(ghost, 84.5) == (85.0, None)
    assert decode(_pad(0x50, 0x05, 0x10), None) == (85.0, None)


def test_a_ghost_without_the_sign_is_passed_on_marked():
    """Some clones wake up at 85.0 or 25.0 without 0x0C. It may be true: the value stays, with its quality."""
    assert decode(_pad(0x50, 0x05, 0x10), 21.0) == (85.0, "power_on")
    assert decode(_pad(0x90, 0x01, 0x10), -18.0) == (25.0, "power_on")
    assert decode(_pad(0x90, 0x01, 0x10), 24.5) == (25.0, None)


def test_a_sensor_known_to_have_kept_its_power_is_believed():
    """Then even the first value may be 85.0, with 0x0C as in four families of clones."""
    for byte6 in (0x0C, 0x10):
        assert decode(_pad(0x50, 0x05, byte6), None, True) == (85.0, None)
        assert decode(_pad(0x50, 0x05, byte6), -20.0, True) == (85.0, None)


def test_undefined_bits_of_a_coarser_resolution_are_left_out():
    """At 9 bits the three lowest bits may be anything."""
    for config, celsius in ((0x1F, 25.0), (0x3F, 25.25), (0x5F, 25.375), (0x7F, 25.4375)):
        eight = bytes([0x97, 0x01, 0x4B, 0x46, config, 0xFF, 0x10, 0x10])
        assert decode(eight + bytes([crc8(eight)]), None) == (celsius, None)


def test_values_no_such_sensor_has_are_out_of_range():
    """127.94 is what some clones say when a conversion failed."""
    assert decode(_pad(0xFF, 0x07), 20.0) == (None, "range")
    assert decode(_pad(0x8F, 0xFC), 20.0) == (None, "range")
