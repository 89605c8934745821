"""probe/sensors: board, roster, filtering, wiring"""

import asyncio
import json

from ports.replay import Single
from probe.reading import dumps
from probe.sensors import filtering, wiring
from probe.sensors.board import Board
from probe.sensors.ds18b20 import Ds18b20s
from probe.sensors.roster import Roster
from probe.settings import Settings
from probe_harness import Folder, Probe, Sensor, Ticks, run, shown, units
from sensor_harness import Bus, Chip, Listener, Max31856Chip, hexed, rom


def _read(board):
    """[(number, °C, quality)]"""
    return [row[:3] for row in shown(run(board.read()))]


class _House:
    """A board with these chips on one bus, its settings in `folder`."""

    def __init__(self, folder, *chips):
        self.told = []
        self.ticks = Ticks()
        self.bus = Bus(*chips)
        self.roster = Roster(Settings(folder), self.told.append)
        self.board = Board([Ds18b20s(self.bus, self.ticks, 0)], self.roster)

    def read(self, interval_ms=10000):
        """One round, with a search for new sensors when that is due."""
        self.ticks.forward(interval_ms)
        return _read(self.board)

    def ids(self):
        """The names of all that were seen."""
        return [self.roster.probe_id("B", number) for number in self.board.numbers()]


def test_the_first_sensor_has_the_boards_name_for_ever():
    """Also when one with a smaller id joins later, and over a restart."""
    with Folder() as folder:
        house = _House(folder, Chip(9, 20.0))
        assert house.read() == [(0, 20.0, None)]
        house.bus.chips.append(Chip(3, 4.0))
        assert house.read() == [(0, 20.0, None), (1, 4.0, None)]
        assert house.ids() == ["B", "B:" + hexed(rom(3))]
        again = _House(folder, Chip(3, 4.0), Chip(9, 20.0))
        assert again.read() == [(0, 20.0, None), (1, 4.0, None)] and again.ids() == house.ids()


def test_a_sensor_that_vanishes_is_missing_under_its_own_name():
    """After a restart the board's own is still told missing; a further one that is not there any more is
    not."""
    with Folder() as folder:
        house = _House(folder, Chip(1, 20.0), Chip(2, 4.0))
        house.read()
        house.bus.chips[1].present = False
        assert house.read() == [(0, 20.0, None), (1, None, "missing")]
        assert _House(folder, Chip(1, 20.0)).read() == [(0, 20.0, None)]
        assert _House(folder, Chip(2, 4.0)).read() == [(0, None, "missing"), (1, 4.0, None)]
        assert _House(folder).read() == [(0, None, "missing")]


def test_a_boards_only_sensor_may_be_exchanged():
    """The spare part takes over the board's name, while running and over a restart; beside the old one it
    does not."""
    with Folder() as folder:
        house = _House(folder, Chip(1, 20.0))
        house.read()
        house.bus.chips[0].present = False
        assert house.read() == [(0, None, "missing")]
        house.bus.chips.append(Chip(2, 5.0))
        assert house.read() == [(0, 5.0, None)] and house.ids() == ["B"]
        house.bus.chips[0].present = True
        assert [celsius for _, celsius, _ in house.read()] == [5.0, 20.0]
    with Folder() as folder:
        _House(folder, Chip(1, 20.0)).read()
        assert _House(folder, Chip(7, 6.0)).read() == [(0, 6.0, None)]


def test_an_exchange_keeps_the_name_however_quickly_it_is_done():
    """Between two rounds, with a search for new ones in between or not, over missing rounds, and with the
    power off: the same name."""
    for interval_ms in (500, 2000, 9999, 10000, 60000, 3600000):
        for rounds_away in (0, 1, 2, 5):
            for power_off in (False, True):
                with Folder() as folder:
                    house = _House(folder, Chip(1, 20.0))
                    for _ in range(3):
                        house.read(interval_ms)
                    house.bus.chips.clear()
                    for _ in range(rounds_away):
                        assert house.read(interval_ms) == [(0, None, "missing")]
                    if power_off:
                        house = _House(folder)
                    house.bus.chips.append(Chip(2, 5.0))
                    told = [house.read(interval_ms) for _ in range(2)]
                    assert told[-1] == [(0, 5.0, None)] and house.ids() == ["B"], (
                        interval_ms,
                        rounds_away,
                        power_off,
                        told,
                    )
                    assert all(len(readings) == 1 for readings in told), told


def test_a_sensor_that_only_failed_once_is_not_exchanged():
    """One joins while the old one does not answer for a moment: each has its own name, for ever."""
    with Folder() as folder:
        house = _House(folder, Chip(1, 20.0))
        house.read()
        house.bus.chips.append(Chip(2, 5.0))
        old = house.bus.chips[0]
        old.deaf = 3
        assert house.read() == [(0, 20.0, None), (1, 5.0, None)]
        assert house.read() == [(0, 20.0, None), (1, 5.0, None)] and house.ids() == [
            "B",
            "B:" + hexed(rom(2)),
        ]


def test_names_are_saved_once_and_wrong_saved_ones_are_not_used():
    """No write without a new sensor; rubbish in the file starts a new list; a full list is told."""
    with Folder() as folder:
        settings = Settings(folder)
        told = []
        roster = Roster(settings, told.append)
        assert [roster.number(key) for key in ("cs5", "cs6", "cs5", None)] == [0, 1, 0, 0]
        with open(folder + "/settings.json") as file:
            assert '"cs6"' in file.read()
        for number in range(2, 16):
            assert roster.number(f"x{number}") == number
        assert roster.number("more") is None and "settings.json" in told[-1]
        assert len(roster.probe_id("P" * 63, 1)) <= 63
        for rubbish in ("cs5", [5], ["a:b"], [""], {"a": 1}):
            Settings(folder).update({"sensor_keys": rubbish})
            assert len(Roster(Settings(folder), told.append)) == 0, rubbish


def test_names_that_cannot_be_saved_hold_until_the_restart():
    """A full flash is told and stops nothing."""

    def broken(_):
        raise OSError("full")

    with Folder() as folder:
        house = _House(folder, Chip(1, 20.0))
        house.roster._settings.update = broken
        assert house.read() == [(0, 20.0, None)] and "saved" in house.told[-1]


class _Hanging:
    async def read(self):
        await asyncio.sleep(60)


def test_one_source_that_hangs_does_not_stop_the_others():
    """Its sensor is missing, the other one measured."""
    with Folder() as folder:
        told = []
        roster = Roster(Settings(folder), told.append)
        other = Ds18b20s(Bus(Chip(1, 20.0)), Ticks(), 0)
        assert _read(Board([Single(_Hanging()), other], roster, 0.05)) == [(0, 20.0, None)]
        assert _read(Board([Single(_Hanging())], roster, 0.05)) == [(0, None, "missing")]


def test_status_shows_each_sensor_and_the_cold_junction():
    """Id, kind, value, quality; the temperature of the terminals where the chip knows it."""
    with Folder() as folder:
        probe = Probe(folder)
        setting = [
            {"type": "max31856", "sck": 1, "miso": 2, "mosi": 3, "cs": 5},
            {"type": "ds18b20", "pin": 4},
        ]
        found = wiring.sources(setting, {}, _Pins(Max31856Chip(), Bus(Chip(1, 20.0))), probe.state.clock.now)
        found[0]._conversion_s = found[1]._conversion_s = 0
        probe.state.sensors = Board(found, probe.state.roster)
        probe.state.record_round(run(probe.state.sensors.read()))
        further = "TempProbe-0A01:" + hexed(rom(1))
        assert json.loads(dumps(probe.state.status()["sensors"])) == [
            {
                "id": "TempProbe-0A01",
                "kind": "max31856",
                "last_c": 25.0,
                "quality": None,
                "cold_junction_c": 25.0,
            },
            {"id": further, "kind": "ds18b20", "last_c": 20.0, "quality": None},
        ]
        assert probe.state.probe_ids() == ["TempProbe-0A01", further]
        assert str(probe.state.status()["last_c"]) == "25.0" and len(probe.state.outbox) == 2


def test_many_samples_make_one_reading():
    """Median or mean of the good ones; with most of them bad, the fault."""

    def of(how, *values):
        rows = [
            ("k", None, v, None) if isinstance(v, str) else ("k", units(v), None, units(1.0)) for v in values
        ]
        return shown([filtering.combine(rows, how)])[0][1:3]

    assert of("median", 20.0, 90.0, 21.0) == (21.0, None)
    assert of("median", 20.0, 21.0) == (20.0, None)
    assert of("mean", 20.0, 22.0, "crc") == (21.0, None)
    assert of("mean", 20.0, "crc", "missing") == (None, "crc")
    assert of("median", "open") == (None, "open")


def test_a_source_is_sampled_as_often_as_it_wants():
    """Three questions, one answer for each sensor."""
    source = Single(Sensor((20.0, None), (99.0, None), (21.0, None)))
    source.samples = 3
    assert shown(run(filtering.sample(source))) == [(None, 21.0, None, None)]


def test_a_jump_is_marked_and_the_value_kept():
    """Further than the limit from the one before: 'range'. The next one at the same place is believed."""
    with Folder() as folder:
        source = Single(
            Sensor((20.0, None), (95.0, None), (95.5, None), (None, "crc"), (20.0, None), (21.0, None))
        )
        source.max_step = units(10)
        board = Board([source], Roster(Settings(folder), None))
        rounds = [_read(board)[0][1:] for _ in range(6)]
        assert rounds == [
            (20.0, None),
            (95.0, "range"),
            (95.5, None),
            (None, "crc"),
            (20.0, None),
            (21.0, None),
        ]


class _Pins:
    def __init__(self, chip, bus):
        self._chip = chip
        self.onewire = lambda pin: bus
        self.asked = []

    def spi(self, entry, mode):
        self.asked.append((entry.get("cs"), mode))
        return self._chip


def test_without_a_setting_the_probe_finds_what_is_there():
    """A DS18B20 bus always, as one may be plugged in later, and the thermocouple chip that answers."""
    defaults = {"pin": 4, "sck": 18, "miso": 19, "mosi": 23, "cs": 5}
    for chip, kinds in (
        (Max31856Chip(), ["ds18b20", "max31856"]),
        (Listener(b"\x01\x90\x19\x00"), ["ds18b20", "max31855"]),
        (Listener(b"\x03\x20"), ["ds18b20", "max6675"]),
        (Listener(b""), ["ds18b20"]),
    ):
        assert [
            source.kind for source in wiring.sources(None, defaults, _Pins(chip, Bus()), Ticks())
        ] == kinds


def test_a_setting_says_what_is_where():
    """Options reach the source; each chip is spoken to in its own mode."""
    pins = _Pins(Listener(b""), Bus())
    setting = [
        {"type": "ds18b20", "pin": 4, "samples": 3, "combine": "mean", "max_step_c": 5},
        {"type": "max31855", "sck": 18, "miso": 19, "cs": 5, "thermocouple": "J"},
        {"type": "max31856", "sck": 18, "miso": 19, "mosi": 23, "cs": 15, "mains_hz": 60},
        {"type": "max6675", "sck": 18, "miso": 19, "cs": 16},
    ]
    found = wiring.sources(setting, {}, pins, Ticks())
    assert [source.kind for source in found] == ["ds18b20", "max31855", "max31856", "max6675"]
    assert (found[0].samples, found[0].combine, found[0].max_step) == (3, "mean", units(5))
    assert pins.asked == [(5, 0), (15, 1), (16, 0)]


def test_a_wrong_setting_is_refused_with_the_way_out():
    """The whole list, with words for the person who wrote it."""
    spi = {"type": "max31855", "sck": 18, "miso": 19, "cs": 5}
    for wrong in (
        {},
        [],
        ["x"],
        [{"type": "lm75"}],
        [{"type": "ds18b20"}],
        [{"type": "ds18b20", "pin": True}],
        [{"type": "ds18b20", "pin": 4}, {"type": "ds18b20", "pin": 4}],
        [dict(spi, type="max31856")],
        [dict(spi, samples=0)],
        [dict(spi, combine="best")],
        [dict(spi, max_step_c=0)],
        [dict(spi, thermocouple="Z")],
        [dict(spi)] * 9,
    ):
        try:
            wiring.check(wrong)
        except wiring.Wrong as error:
            assert str(error).endswith(".") and (
                "Write" in str(error) or "Use" in str(error) or "Give" in str(error)
            ), wrong
        else:
            raise AssertionError(wrong)
