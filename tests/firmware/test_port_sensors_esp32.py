"""ports/sensors_esp32.py with stand-ins for the board's modules"""

import sys

import ports
from probe_harness import Ticks


class _Pin:
    IN, OUT, PULL_UP, OPEN_DRAIN = 0, 1, 2, 7
    log = []
    bits = []

    def __init__(self, number, mode=None, pull=None, value=None):
        if number > 48:
            raise ValueError("invalid pin")
        self.number = number
        self.state = value

    def value(self, to=None):
        """The next bit of the line, or a level set."""
        if to is None:
            return _Pin.bits.pop(0) if _Pin.bits else 1
        self.state = to
        _Pin.log.append((self.number, to))

    def init(self, *words, value=None):
        """Made into another kind of pin."""
        _Pin.log.append(("init", words, value))


class _SoftSPI:
    def __init__(self, baudrate, polarity, phase, sck, mosi, miso):
        _Pin.log.append(("spi", phase, sck.number, mosi.number, miso.number))

    def write(self, data):
        """Sent."""
        _Pin.log.append(bytes(data))

    def read(self, size):
        """A line at rest."""
        return b"\xff" * size


class _Module:
    Pin, SoftSPI = _Pin, _SoftSPI

    class OneWire:
        def __init__(self, pin):
            self.pin = pin


def _port():
    names = ("ports.sensors_esp32", "ports.wire_onewire", "ports.wire_spi")
    kept = {name: sys.modules.pop(name, None) for name in ("machine", "onewire") + names}
    for name in names:
        # A package remembers its modules as well.
        if hasattr(ports, name[6:]):
            delattr(ports, name[6:])
    sys.modules["machine"] = sys.modules["onewire"] = _Module
    try:
        # Loaded anew and not left behind: other tests have stand-ins of their own.
        return __import__("ports.sensors_esp32", None, None, ("Pins",))
    finally:
        for name in kept:
            sys.modules.pop(name, None)
            if kept[name]:
                sys.modules[name] = kept[name]


class _Settings:
    def __init__(self, **values):
        self.get = values.get


def _kinds(told, **settings):
    return [source.kind for source in _port().sources(_Settings(**settings), "ESP32", Ticks(), told.append)]


def test_each_chip_of_the_family_has_pins_that_exist_on_it():
    """By the name MicroPython gives the board."""
    port = _port()
    assert port.default_pins("Generic ESP32 module with ESP32")["sck"] == 18
    assert port.default_pins("ESP32C3 module with ESP32C3")["cs"] == 10
    assert port.default_pins("Generic ESP32S3 module with ESP32-S3")["sck"] == 12
    assert all(max(port.default_pins("ESP32" + name).values()) <= 21 for name in ("C3", "C6", "S2", "S3"))


def test_without_settings_an_empty_board_waits_for_a_ds18b20():
    """Nothing answers on the SPI pins, so only the 1-Wire bus is watched."""
    assert _kinds([]) == ["ds18b20"]


def test_a_wrong_setting_is_told_and_the_default_pins_are_used():
    """The probe measures all the same: a wrong list, or a pin that the board lacks."""
    told = []
    for wrong in ({"sensors": [{"type": "lm75"}]}, {"pin": 4, "sensors": "x"}):
        assert _kinds(told, **wrong) == ["ds18b20"]
    assert len(told) == 2


def test_the_settings_choose_chips():
    """As the person wrote them."""
    told = []
    setting = [{"type": "max31855", "sck": 1, "miso": 2, "cs": 3}, {"type": "ds18b20", "pin": 5}]
    assert _kinds(told, sensors=setting) == ["max31855", "ds18b20"] and told == []


def test_a_chip_that_only_talks_is_clocked_by_hand():
    """The chip select is low meanwhile; the highest bit comes first."""
    import time

    missing = not hasattr(time, "sleep_us")
    if missing:
        time.sleep_us = lambda us: None
    try:
        chip = _port().Pins.spi({"sck": 1, "miso": 2, "cs": 3}, 0)
        _Pin.log.clear()
        _Pin.bits = [0, 0, 0, 0, 0, 0, 0, 1] + [1, 0, 0, 1, 0, 0, 0, 0]
        assert chip.exchange(b"", 2) == b"\x01\x90"
        assert _Pin.log[1] == (3, 0) and _Pin.log[-1] == (3, 1) and _Pin.log.count((1, 1)) == 16
    finally:
        if missing:
            del time.sleep_us


def test_a_chip_that_listens_too_gets_its_mode_and_its_select():
    """One exchange: select, send, read, let go."""
    chip = _port().Pins.spi({"sck": 1, "miso": 2, "mosi": 4, "cs": 3}, 1)
    _Pin.log.clear()
    assert chip.exchange(b"\x00", 3) == b"\xff\xff\xff"
    assert _Pin.log == [("spi", 1, 1, 4, 2), (3, 0), b"\x00", (3, 1)]


def test_a_line_can_be_held_to_feed_a_sensor():
    """Driven high, then open again with its pull-up."""
    bus = _port().Pins.onewire(4)
    _Pin.log.clear()
    bus.hold(True)
    bus.hold(False)
    assert _Pin.log == [("init", (_Pin.OUT,), 1), ("init", (_Pin.OPEN_DRAIN, _Pin.PULL_UP), None)]
