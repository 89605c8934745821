"""probe/sensors/ds18b20.py on a bus that behaves as the sensors do"""

import asyncio

from probe.sensors.ds18b20 import Ds18b20s, usable
from probe_harness import Ticks, run, shown
from sensor_harness import Bus, Chip, hexed, rom


def _source(*chips):
    bus = Bus(*chips)
    ticks = Ticks()
    return bus, Ds18b20s(bus, ticks, 0), ticks


def _read(source):
    return [(celsius, quality) for _, celsius, quality, _ in shown(run(source.read()))]


def test_several_sensors_are_read_with_one_conversion():
    """Each by its own ROM id, in the order of the ids, at 12 bits."""
    bus, source, _ = _source(Chip(9, -18.0625), Chip(5, 25.0625))
    assert shown(run(source.read())) == [
        (hexed(rom(5)), 25.0625, None, None),
        (hexed(rom(9)), -18.0625, None, None),
    ]
    assert bus.conversions == 1 and all(chip.alarm[2] == 0x7F for chip in bus.chips)


def test_a_sensor_set_to_nine_bits_is_set_to_twelve():
    """Whatever another program left in its EEPROM."""
    _, source, _ = _source(Chip(1, 25.0625))
    source._bus.chips[0].alarm = [0x4B, 0x46, 0x1F]
    assert _read(source) == [(25.0625, None)]


def test_a_sensor_plugged_in_while_running_is_found():
    """Within the time between two searches; the others go on."""
    bus, source, ticks = _source(Chip(5, 20.0))
    assert _read(source) == [(20.0, None)]
    bus.chips.append(Chip(3, 4.5))
    assert _read(source) == [(20.0, None)]
    ticks.forward(10000)
    assert _read(source) == [(4.5, None), (20.0, None)]


def test_a_sensor_pulled_out_is_missing_and_comes_back():
    """Alone on the bus or beside another one, and its first value is a measured one."""
    for others in ([], [Chip(9, 4.0)]):
        bus, source, _ = _source(Chip(1, 21.0), *others)
        assert _read(source)[0] == (21.0, None)
        bus.chips[0].present = False
        for _ in range(3):
            assert _read(source)[0] == (None, "missing")
        bus.chips[0].present = True
        bus.chips[0].wake()
        assert _read(source)[0] == (21.0, None)
        assert all(value == (4.0, None) for value in _read(source)[1:])


def test_no_ghost_passes_and_a_true_85_does():
    """Power lost in the middle of a conversion is seen by the mark, in genuine sensors and in every family of
    clones."""
    for clone in ("", "keeps_0c", "wakes_10", "wakes_25"):
        bus, source, _ = _source(Chip(1, 85.0, clone))
        assert _read(source) == [(85.0, None)], clone
        bus.chips[0].celsius = 21.0
        assert _read(source) == [(21.0, None)], clone
        bus.chips[0].wake()
        # The mark is gone, so it is set and measured again, in the same reading.
        assert _read(source) == [(21.0, None)], clone


def test_a_sensor_that_loses_power_at_every_conversion_shows_it():
    """A bad wire: 'power_on' each time, never 85 as if it were true."""
    for clone in ("", "keeps_0c", "wakes_10", "wakes_25"):
        bus, source, _ = _source(Chip(1, 4.0, clone))
        assert _read(source) == [(4.0, None)]
        bus.chips[0].resets_on_convert = True
        for _ in range(5):
            assert _read(source)[0][1] == "power_on", clone


def test_a_clone_that_keeps_no_mark_is_judged_by_its_neighbours():
    """Three tries, then no second conversion any more; a true 85.0 next to 84.5 passes, one out of nothing
    does not."""
    bus, source, _ = _source(Chip(1, 84.5, "no_mark"))
    for _ in range(4):
        assert _read(source) == [(84.5, None)]
    before = bus.conversions
    bus.chips[0].celsius = 85.0
    assert _read(source) == [(85.0, None)] and bus.conversions == before + 1
    bus.chips[0].celsius = 21.0
    assert _read(source) == [(21.0, None)]
    bus.chips[0].resets_on_convert = True
    assert _read(source) == [(None, "power_on")]


def test_a_disturbed_line_is_asked_again_then_told():
    """One or two bad answers heal unseen; three are 'crc', and the next good reading is good."""
    bus, source, _ = _source(Chip(1, 21.0))
    for bad, expected in ((1, (21.0, None)), (2, (21.0, None)), (3, (None, "crc")), (0, (21.0, None))):
        bus.chips[0].disturbed = bad
        assert _read(source) == [expected], bad


def test_a_line_held_low_is_a_short_circuit():
    """Zeros have a right checksum and are still no 0 degrees."""
    bus, source, _ = _source(Chip(1, 21.0))
    assert _read(source) == [(21.0, None)]
    bus.low = True
    assert _read(source) == [(None, "short_gnd")]
    bus.low = False
    assert _read(source) == [(21.0, None)]


def test_only_sensors_that_can_be_read_are_chosen():
    """Other families and ids with a wrong checksum are passed over; an empty bus is no error."""
    wrong = bytearray(rom(1))
    wrong[7] ^= 1
    found = [bytearray(rom(1, 0x10)), wrong, bytearray(rom(9)), bytearray(rom(5, 0x22)), bytearray(rom(9))]
    assert usable(found) == sorted([rom(5, 0x22), rom(9)])
    assert _read(_source()[1]) == []


def test_a_sensor_without_a_supply_is_fed_through_its_line():
    """Found out by asking; the line is held while it converts, and the status says so. One with a supply is
    not held."""
    for parasite in (False, True):
        bus, source, ticks = _source(Chip(1, 21.5), Chip(2, -18.0))
        bus.chips[1].parasite = parasite
        assert _read(source) == [(21.5, None), (-18.0, None)]
        assert source.kind == ("ds18b20_parasite" if parasite else "ds18b20")
        assert bus.holds == (1 if parasite else 0) and not bus.held
        # The wire was mended: seen at the next look around.
        bus.chips[1].parasite = False
        ticks.forward(10000)
        assert _read(source) == [(21.5, None), (-18.0, None)] and source.kind == "ds18b20"


def test_a_line_is_let_go_of_when_the_reading_is_given_up():
    """A time-out in the middle of a conversion must not leave the bus dead."""
    bus, source, _ = _source(Chip(1, 21.5))
    bus.chips[0].parasite = True
    source._conversion_s = 5

    async def work():
        try:
            await asyncio.wait_for(source.read(), 0.05)
        except asyncio.TimeoutError:  # noqa: UP041 (MicroPython has no builtin of that name)
            pass

    run(work())
    assert bus.holds == 1 and not bus.held
    source._conversion_s = 0
    assert _read(source) == [(21.5, None)]


def test_a_bus_that_cannot_feed_still_tells():
    """The value that was never measured does not pass for a temperature."""
    bus, source, _ = _source(Chip(1, 21.5))
    bus.chips[0].parasite = True
    bus.hold = None
    assert _read(source)[0][1] == "power_on" and source.kind == "ds18b20_parasite"
