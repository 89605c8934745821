"""From a chip's code to the text that is sent: whole numbers all the way, so that a board whose floats have
24 bits changes nothing"""

from probe.chip import pack
from probe.outbox import Outbox
from probe.reading import Celsius, dumps, told
from probe.ring import Ring
from probe.sensors import filtering, thermocouple
from probe_harness import Folder, Probe, units, waiting


def _decimal(numerator, digits):
    """numerator / 10**digits as the shortest decimal, made from the digits alone."""
    text = f"{abs(numerator):0{digits + 1}d}"
    text = (text[:-digits] + "." + text[-digits:]).rstrip("0")
    return ("-" if numerator < 0 else "") + text + ("0" if text.endswith(".") else "")


def test_every_code_of_a_max31856_arrives_as_the_chip_said_it():
    """All codes as text, some below 0 and from the registers on; test_no_float.py has all 524,288 of both on
    CPython."""
    registers = bytearray(16)
    parts = [_decimal(part * 78125, 7)[1:] for part in range(128)]
    for whole in range(1 << 11):
        for part in range(128):
            code = whole << 7 | part
            text = str(whole) + parts[part]
            assert str(Celsius(code * 32)) == text, code
            if part & 15 == 7:
                assert str(Celsius(-code * 32)) == "-" + text, code
    assert str(Celsius(-(1 << 23))) == "-2048.0"
    for code in range(-(1 << 18), 1 << 18, 13):
        registers[12], registers[13], registers[14] = code >> 11 & 255, code >> 3 & 255, code << 5 & 255
        assert thermocouple.max31856(registers, "K")[0] == code * 32, code


def test_the_ring_and_the_reading_change_nothing():
    """Codes from end to end through the outbox's memory and into the JSON of a reading."""
    ring = Ring(4)
    for code in range(-(1 << 18), 1 << 18, 61):
        ring.add(0, 0, code * 32, 0)
        at = ring.undone(1)[0]
        value = ring.entry(at)[3]
        ring.forget([at])
        assert type(value) is int and dumps(told(0, 0, 0, value)["temperature_c"]) == _decimal(
            code * 78125, 7
        ), code


def test_every_code_of_the_other_chips_arrives_as_the_chip_said_it():
    """MAX6675: 4,096 quarters. DS18B20 and cold junctions: 4,096 sixteenths. A value of the issue's own."""
    for code in range(4096):
        value = thermocouple.max6675(bytes([code << 3 >> 8, code << 3 & 255]))[0]
        assert str(Celsius(value)) == _decimal(code * 25, 2), code
    for code in range(-2048, 2048):
        assert str(Celsius(code * 256)) == _decimal(code * 625, 4), code
    assert (
        str(Celsius(units(23.8203125))) == "23.8203125"
        and str(Celsius(units(1234.0078125))) == "1234.0078125"
    )


def test_a_mean_is_rounded_to_four_digits_and_a_person_sees_one():
    """Of whole numbers as well; nothing is minus zero."""
    rows = [("k", value, None, None) for value in (81920, 81921, 81921)]
    assert filtering.combine(rows, "mean")[1] == 81921
    assert (
        str(Celsius(81921)) == "20.0002"
        and str(Celsius(-1)) == "-0.0002"
        and str(Celsius(-4095)) == "-0.9998"
    )
    for value, shown in (
        (0, "0.0"),
        (-1, "0.0"),
        (-205, "-0.1"),
        (4055, "1.0"),
        (18678, "4.6"),
        (-75776, "-18.5"),
    ):
        assert Celsius(value).round() == shown, value


def test_json_is_what_json_writes():
    """Names, texts, lists, null and the numbers that are no temperatures."""
    value = {"a": [1, None, True, 'q"uote', {}], "b": {"c": Celsius(-256)}, "ü": []}
    text = dumps(value)
    assert '"a": [1, null, true, "q\\"uote", {}]' in text and '"b": {"c": -0.0625}' in text
    assert '"ü": []' in text or '"\\u00fc": []' in text


def test_the_lowest_and_the_highest_survive_beside_a_time_of_years():
    """24 bits of value and the high bits of the time share a word."""
    box = Outbox(8)
    for seq, celsius in enumerate((-270.0, 1800.0, 0.0, -0.0078125)):
        box.add(seq, 1 << 38, units(celsius), None)
    ring = box._ring
    assert [ring.entry(at)[3] for at in ring.undone(4)] == [units(-270), units(1800), 0, -32]
    assert all(ring.entry(at)[2] == 1 << 38 for at in ring.undone(4))


def test_what_the_chip_itself_says_goes_along():
    """Its own number and temperature, to the last digit, beside the true value; a chip that does not tell its
    temperature has none."""
    with Folder() as folder:
        probe = Probe(folder)
        rows = [
            (-80.0, -70.25, 25.0625),
            (0.0, 0.0, 0.0),
            (-200.0, -270.0, -55.0),
            (1370.0, 1329.75, 127.9375),
        ]
        for true, chip, cold in rows:
            probe.state.record_round([(0, units(true), None, units(cold), units(chip))])
        probe.state.record_round([(0, units(20.0), None, None, units(20.25))])
        probe.state.record_round([(0, None, "open", units(25.0))])
        told = waiting(probe.state.outbox, 10, 0)
        assert [(r["temperature_c"], r["chip_c"], r["cold_c"]) for r in told[:4]] == rows
        assert told[4] == {"seq": 4, "age_ms": 0, "temperature_c": 20.0, "chip_c": 20.25}
        assert told[5] == {"seq": 5, "age_ms": 0, "temperature_c": None, "quality": "open"}


def test_it_stays_with_its_reading_when_memory_is_full():
    """Thinned, each reading keeps its own; a board without such a chip spends nothing on it."""
    box = Outbox(8)
    for seq in range(40):
        box.add(seq, seq, units(seq), None, 0, pack(units(25.0), units(seq)))
    assert len(box) >= 4 and all(r["chip_c"] == r["seq"] == r["temperature_c"] for r in waiting(box, 8, 40))
    assert Outbox(8)._ring.chip is None
