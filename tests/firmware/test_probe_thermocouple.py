"""probe/sensors/thermocouple.py and spi.py, with the tables of the data sheets"""

from probe.sensors import spi, thermocouple
from probe_bench import run
from sensor_bench import Listener, Max31856Chip


def _31855(steps, cold=0x190, faults=0):
    word = (steps & 0x3FFF) << 18 | (0x10000 if faults else 0) | cold << 4 | faults
    return bytes([word >> 24 & 255, word >> 16 & 255, word >> 8 & 255, word & 255])


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
        assert thermocouple.max31855(_31855(steps))[0] == celsius


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
        assert thermocouple.max31855(_31855(100, raw)) == (25.0, None, celsius)


def test_the_max31855s_faults_are_kept_apart():
    """Open, short to ground, short to the supply; the cold junction is told all the same."""
    for faults, quality in ((1, "open"), (2, "short_gnd"), (4, "short_vcc")):
        assert thermocouple.max31855(_31855(100, 0x190, faults)) == (None, quality, 25.0)


def test_a_bus_without_a_chip_is_missing():
    """Held low, held high, or with a bit set that is always 0."""
    for raw in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x92\x19\x00", b"\x01\x90\x19\x08"):
        assert thermocouple.max31855(raw)[:2] == (None, "missing"), raw
    assert thermocouple.max31855(b"\x01\x91\x19\x00")[:2] == (None, "crc")
    assert thermocouple.max6675(b"\xff\xff")[:2] == (None, "missing")


def test_a_value_outside_the_types_table_is_marked_not_lost():
    """1600 is no temperature of a K; the number goes on with 'range'."""
    assert thermocouple.max31855(_31855(0b01100100000000)) == (1600.0, "range", 25.0)
    assert thermocouple.max31855(_31855(0b01100100000000), "S") == (1600.0, None, 25.0)
    assert thermocouple.max31855(_31855(-250 * 4)) == (-250.0, "range", 25.0)


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
        assert thermocouple.max6675(raw) == expected + (None,)
    assert thermocouple.max6675(b"\x03\x24") == (None, "open", None)


def _31856(top, fault=0, cold=(0x19, 0x00), letter="K"):
    registers = bytes(10) + bytes(cold) + bytes([top >> 16, top >> 8 & 255, top & 255, fault])
    return thermocouple.max31856(registers, letter)


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
    for cold, celsius in (((0x7F, 0x00), 127.0), ((0x19, 0x03), 25.0), ((0x00, 0x00), 0.0), ((0xFF, 0x00), -1.0), ((0xC9, 0x00), -55.0)):
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
    assert run(source.read()) == [("cs5", 25.0, None, 25.0)]
    assert chip.registers[:2] == bytes([0x91, 0x03])
    chip.power()
    chip.measured = bytes([0x00, 0x00, 0x20])
    assert run(source.read()) == [("cs5", 0.0078125, None, 25.0)]
    chip.power()
    chip.deaf = True
    assert run(source.read()) == [("cs5", None, "missing", None)]


def test_the_simple_chips_are_sources():
    """They say their reading with the key of their pin."""
    assert run(spi.Max31855(Listener(_31855(100)), "cs5").read()) == [("cs5", 25.0, None, 25.0)]
    assert run(spi.Max6675(Listener(b"\x03\x20"), "cs15", 0).read()) == [("cs15", 25.0, None, None)]


def test_each_chip_is_told_from_the_others():
    """By what it alone answers; an empty bus, high or low, is none of them."""
    nobody = Listener(b"")
    assert spi.recognize(nobody, Max31856Chip()) == "max31856"
    for raw, name in ((_31855(100), "max31855"), (_31855(100, 0x190, 1), "max31855"), (b"\x03\x20", "max6675"), (b"\x03\x24", "max6675")):
        assert spi.recognize(Listener(raw), Listener(raw)) == name
    assert spi.recognize(Listener(b"\x03\x20", 0), Listener(b"\x03\x20", 0)) == "max6675"
    assert spi.recognize(nobody, nobody) is None
    assert spi.recognize(Listener(b"", 0), Listener(b"", 0)) is None
