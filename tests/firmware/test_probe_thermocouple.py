"""probe/sensors/thermocouple.py and spi.py, with the tables of the data sheets"""

from probe.sensors import spi, thermocouple
from probe.sensors.curve import GAINS, Curve
from probe_harness import run, shown
from sensor_harness import Listener, Max31856Chip


def _31855(steps, cold=0x190, faults=0):
    word = (steps & 0x3FFF) << 18 | (0x10000 if faults else 0) | (cold & 0xFFF) << 4 | faults
    return bytes([word >> 24 & 255, word >> 16 & 255, word >> 8 & 255, word & 255])


def _told(answer):
    """What a chip's bytes mean, in °C."""
    return shown([("",) + answer])[0][1:]


def test_the_temperatures_of_the_max31855s_data_sheet():
    """Table 4: thermocouple."""
    for steps, celsius in (
        (0b01100100000000, 1600.0),
        (0b00111110100000, 1000.0),
        (0b00000110010011, 100.75),
        (0b00000001100100, 25.0),
        (0b00000000000000, 0.0),
        (0b11111111111111, -0.25),
        (0b11111111111100, -1.0),
        (0b11110000011000, -250.0),
    ):
        assert _told(thermocouple.max31855(_31855(steps)))[0] == celsius


def test_the_cold_junctions_of_the_max31855s_data_sheet():
    """Table 5: the chip's own temperature."""
    for raw, celsius in (
        (0b011111110000, 127.0),
        (0b011001001001, 100.5625),
        (0b000110010000, 25.0),
        (0b000000000000, 0.0),
        (0b111111111111, -0.0625),
        (0b111111110000, -1.0),
        (0b111011000000, -20.0),
        (0b110010010000, -55.0),
    ):
        assert _told(thermocouple.max31855(_31855(100, raw))) == (25.0, None, celsius)


def test_the_max31855s_faults_are_kept_apart():
    """Open, short to ground, short to the supply; the cold junction is told all the same."""
    for faults, quality in ((1, "open"), (2, "short_gnd"), (4, "short_vcc")):
        assert _told(thermocouple.max31855(_31855(100, 0x190, faults))) == (None, quality, 25.0)


def test_a_bus_without_a_chip_is_missing():
    """Held low, held high, or with a bit set that is always 0."""
    for raw in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x92\x19\x00", b"\x01\x90\x19\x08"):
        assert _told(thermocouple.max31855(raw))[:2] == (None, "missing"), raw
    assert _told(thermocouple.max31855(b"\x01\x91\x19\x00"))[:2] == (None, "crc")
    assert _told(thermocouple.max6675(b"\xff\xff"))[:2] == (None, "missing")


def test_a_value_outside_the_types_table_is_marked_not_lost():
    """What a type cannot have is told with 'range'; what it can have is not, also where the chip's straight
    line is far from it."""
    for letter, steps, quality in (
        ("K", 1330, None),
        ("K", 1340, "range"),
        ("K", -113, None),
        ("K", -143, "range"),
        ("S", 1900, None),
    ):
        source = spi.Max31855(Listener(_31855(steps * 4)), "cs5", Curve("max31855", letter))
        assert run(source.read())[0][2] == quality, (letter, steps)
    assert (
        shown(run(spi.Max31855(Listener(_31855(1600 * 4)), "cs5", Curve("max31855", "K")).read()))[0][4]
        == 1600.0
    )


def test_the_max6675s_steps_and_its_fault():
    """12 bits of a quarter degree; the ends of its scale may be anything beyond."""
    for steps, expected in (
        (100, (25.0, None)),
        (1, (0.25, None)),
        (4094, (1023.5, None)),
        (4095, (1023.75, "range")),
        (0, (0.0, "range")),
    ):
        raw = bytes([steps << 3 >> 8, steps << 3 & 255])
        assert _told(thermocouple.max6675(raw)) == expected + (None,)
    assert _told(thermocouple.max6675(b"\x03\x24")) == (None, "open", None)


def _31856(top, fault=0, cold=(0x19, 0x00), letter="K"):
    registers = bytes(10) + bytes(cold) + bytes([top >> 16, top >> 8 & 255, top & 255, fault])
    return _told(thermocouple.max31856(registers, letter))


def test_the_temperatures_of_the_max31856s_data_sheet():
    """Linearized thermocouple temperature, 0.0078125 steps."""
    for top, celsius in (
        (0x640000, 1600.0),
        (0x3E8000, 1000.0),
        (0x064F00, 100.9375),
        (0x019000, 25.0),
        (0x000100, 0.0625),
        (0x000020, 0.0078125),
        (0x000000, 0.0),
        (0xFFFFE0, -0.0078125),
        (0xFFFF00, -0.0625),
        (0xFFFC00, -0.25),
        (0xFFF000, -1.0),
        (0xF06000, -250.0),
    ):
        assert _31856(top)[0] == celsius, celsius


def test_the_cold_junctions_of_the_max31856s_data_sheet():
    """14 bits; the two lowest are no part of it."""
    for cold, celsius in (
        ((0x7F, 0x00), 127.0),
        ((0x19, 0x03), 25.0),
        ((0x00, 0x00), 0.0),
        ((0xFF, 0x00), -1.0),
        ((0xC9, 0x00), -55.0),
    ):
        assert _31856(0x019000, 0, cold)[2] == celsius


def test_the_max31856s_faults_are_kept_apart():
    """Open, over/under voltage, out of its table; thresholds that nobody set are no fault."""
    assert _31856(0x019000, 0x01) == (None, "open", 25.0)
    assert _31856(0x019000, 0x02) == (None, "short_vcc", 25.0)
    assert _31856(0x019000, 0x40) == (25.0, "range", 25.0) and _31856(0x019000, 0x80)[1] == "range"
    assert _31856(0x019000, 0x3C) == (25.0, None, 25.0)


def test_a_max31856_that_lost_power_is_set_up_again():
    """Without that it would show its last value for ever; one that cannot be set up is missing."""
    chip = Max31856Chip()
    source = spi.Max31856(chip, "cs5", "K", 50, 0)
    assert shown(run(source.read())) == [("cs5", 25.0, None, 25.0)]
    assert chip.registers[:2] == bytes([0x91, 0x03])
    chip.power()
    chip.measured = bytes([0x00, 0x00, 0x20])
    assert shown(run(source.read())) == [("cs5", 0.0078125, None, 25.0)]
    chip.power()
    chip.deaf = True
    assert shown(run(source.read())) == [("cs5", None, "missing", None)]


def test_the_simple_chips_are_sources():
    """They say their reading with the key of their pin."""
    assert shown(run(spi.Max31855(Listener(_31855(100)), "cs5", Curve("max31855", "K")).read())) == [
        ("cs5", 25.0, None, 25.0, 25.0)
    ]
    assert shown(run(spi.Max6675(Listener(b"\x03\x20"), "cs15", Curve("max6675", "K"), 0).read())) == [
        ("cs15", 25.0, None, None, 25.0)
    ]
    assert run(spi.Max31855(Listener(_31855(100, 0x190, 1)), "cs5", Curve("max31855", "K")).read()) == [
        ("cs5", None, "open", 25 * 4096)
    ]


def test_each_chip_is_told_from_the_others():
    """By what it alone answers; an empty bus, high or low, is none of them."""
    nobody = Listener(b"")
    assert spi.recognize(nobody, Max31856Chip()) == "max31856"
    for raw, name in (
        (_31855(100), "max31855"),
        (_31855(100, 0x190, 1), "max31855"),
        (b"\x03\x20", "max6675"),
        (b"\x03\x24", "max6675"),
    ):
        assert spi.recognize(Listener(raw), Listener(raw)) == name
    assert spi.recognize(Listener(b"\x03\x20", 0), Listener(b"\x03\x20", 0)) == "max6675"
    assert spi.recognize(nobody, nobody) is None
    assert spi.recognize(Listener(b"", 0), Listener(b"", 0)) is None


# NIST's tables: tip °C and its µV, chip °C and its µV, and the µV for each °C at the tip.
_TRUE = {
    "E": (
        (-200, -8825, 25, 1495, 25.13),
        (-200, -8825, 50, 3048, 25.13),
        (-100, -5237, 25, 1495, 45.17),
        (-100, -5237, 50, 3048, 45.17),
        (0, 0, 25, 1495, 58.67),
        (0, 0, 50, 3048, 58.67),
        (200, 13421, 25, 1495, 74.03),
        (200, 13421, 50, 3048, 74.03),
        (600, 45093, 25, 1495, 80.66),
        (600, 45093, 50, 3048, 80.66),
        (1000, 76373, 25, 1495, 75.16),
        (1000, 76373, 50, 3048, 75.16),
    ),
    "J": (
        (-200, -7890, 25, 1277, 21.85),
        (-200, -7890, 50, 2585, 21.85),
        (-100, -4633, 25, 1277, 41.09),
        (-100, -4633, 50, 2585, 41.09),
        (0, 0, 25, 1277, 50.38),
        (0, 0, 50, 2585, 50.38),
        (200, 10779, 25, 1277, 55.51),
        (200, 10779, 50, 2585, 55.51),
        (400, 21848, 25, 1277, 55.15),
        (400, 21848, 50, 2585, 55.15),
        (1200, 69553, 25, 1277, 57.24),
        (1200, 69553, 50, 2585, 57.24),
    ),
    "K": (
        (-200, -5891, 25, 1000, 15.26),
        (-200, -5891, 50, 2023, 15.26),
        (-80, -2920, 25, 1000, 32.81),
        (-80, -2920, 50, 2023, 32.81),
        (4, 158, 25, 1000, 39.64),
        (4, 158, 50, 2023, 39.64),
        (400, 16397, 25, 1000, 42.24),
        (400, 16397, 50, 2023, 42.24),
        (800, 33275, 25, 1000, 41.0),
        (800, 33275, 50, 2023, 41.0),
        (1370, 54819, 25, 1000, 33.91),
        (1370, 54819, 50, 2023, 33.91),
    ),
    "N": (
        (-200, -3990, 25, 659, 9.93),
        (-200, -3990, 50, 1340, 9.93),
        (-100, -2407, 25, 659, 20.92),
        (-100, -2407, 50, 1340, 20.92),
        (0, 0, 25, 659, 26.05),
        (0, 0, 50, 1340, 26.05),
        (400, 12974, 25, 659, 37.13),
        (400, 12974, 50, 1340, 37.13),
        (800, 28455, 25, 659, 39.26),
        (800, 28455, 50, 1340, 39.26),
        (1300, 47513, 25, 659, 36.01),
        (1300, 47513, 50, 1340, 36.01),
    ),
    "R": (
        (-40, -188, 25, 141, 4.05),
        (-40, -188, 50, 296, 4.05),
        (0, 0, 25, 141, 5.29),
        (0, 0, 50, 296, 5.29),
        (100, 647, 25, 141, 7.48),
        (100, 647, 50, 296, 7.48),
        (600, 5583, 25, 141, 11.36),
        (600, 5583, 50, 296, 11.36),
        (1200, 13228, 25, 141, 13.92),
        (1200, 13228, 50, 296, 13.92),
        (1760, 21003, 25, 141, 12.45),
        (1760, 21003, 50, 296, 12.45),
    ),
    "S": (
        (-40, -194, 25, 143, 4.28),
        (-40, -194, 50, 299, 4.28),
        (0, 0, 25, 143, 5.4),
        (0, 0, 50, 299, 5.4),
        (100, 646, 25, 143, 7.34),
        (100, 646, 50, 299, 7.34),
        (600, 5239, 25, 143, 10.21),
        (600, 5239, 50, 299, 10.21),
        (1200, 11951, 25, 143, 12.03),
        (1200, 11951, 50, 299, 12.03),
        (1760, 18609, 25, 143, 10.49),
        (1760, 18609, 50, 299, 10.49),
    ),
    "T": (
        (-200, -5603, 25, 992, 15.74),
        (-200, -5603, 50, 2036, 15.74),
        (-80, -2788, 25, 992, 30.66),
        (-80, -2788, 50, 2036, 30.66),
        (0, 0, 25, 992, 38.75),
        (0, 0, 50, 2036, 38.75),
        (4, 156, 25, 992, 39.02),
        (4, 156, 50, 2036, 39.02),
        (100, 4279, 25, 992, 46.78),
        (100, 4279, 50, 2036, 46.78),
        (400, 20872, 25, 992, 61.8),
        (400, 20872, 50, 2036, 61.8),
    ),
}


def test_the_true_temperature_by_nists_tables():
    """Voltages out of NIST's printed tables, 0.001 mV: the value told is within half a step of the chip and a
    tenth of a degree."""
    for letter in sorted(_TRUE):
        curve = Curve("max31855", letter)
        for celsius, microvolts, cold_c, cold_microvolts, slope in _TRUE[letter]:
            chip = round(4 * ((microvolts - cold_microvolts) * 1000 / GAINS[letter] + cold_c))
            value, quality = curve.decode(chip * 1024, cold_c * 4096)
            # The chip's step of a quarter degree is larger where the thermocouple gives less.
            most = 0.125 * GAINS[letter] / 1000 / slope + 0.1
            assert quality is None and abs(value / 4096 - celsius) <= most, (
                letter,
                celsius,
                cold_c,
                value / 4096,
            )


def test_a_tip_and_a_chip_at_nought_are_no_dead_line():
    """All bits 0 after a reading near 0 °C is one; after none, a far one or a warm chip it is a line held
    low."""
    chip = Listener(_31855(0, 0))
    for before, cold, told in (
        (None, 0, "missing"),
        (4, 16, None),
        (-40, -16, None),
        (160, 16, "missing"),
        (4, 400, "missing"),
    ):
        source = spi.Max31855(chip, "cs5", Curve("max31855", "K"))
        if before is not None:
            chip.raw = _31855(before, cold)
            run(source.read())
        chip.raw = _31855(0, 0)
        for _ in range(3):
            found = run(source.read())[0]
            assert found[2] == told and found[1] == (None if told else 0), (before, cold, found)


def test_a_max6675_is_corrected_within_what_it_cannot_tell():
    """Its own temperature, which it does not tell, is taken for 25 °C: from 0 to 85 °C there, the error stays
    below 0.7 °C."""
    curve = Curve("max6675", "K")
    for celsius, microvolts in ((100, 4096), (400, 16397), (800, 33275), (1000, 41276)):
        for cold_c, cold_microvolts in ((0, 0), (10, 397), (25, 1000), (50, 2023), (85, 3473)):
            chip = round(4 * ((microvolts - cold_microvolts) / 41 + cold_c))
            value = curve.decode(chip * 1024, None)[0]
            assert abs(value / 4096 - celsius) <= 0.7 + 0.15, (celsius, cold_c, value / 4096)
