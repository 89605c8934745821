"""The board's wires: 1-Wire by the built-in module, SPI in software, as that takes any pins. The settings say which, or the defaults."""

import time

import onewire
from machine import Pin, SoftSPI

from probe.sensors import wiring

# Free on the usual boards, not strapping pins, and for SPI those of the chip's own controller.
_SPI_PINS = (
    (("S2", "S3"), {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}),
    (("C3", "C6", "H2"), {"sck": 6, "mosi": 7, "miso": 2, "cs": 10}),
)
_ESP32_PINS = {"sck": 18, "mosi": 23, "miso": 19, "cs": 5}
ONEWIRE_PIN = 4
_BAUD = 500000


def default_pins(machine):
    """{"pin", "sck", "mosi", "miso", "cs"} for a board by the name of its chip."""
    for names, pins in _SPI_PINS:
        if any("ESP32" + mark + name in machine for name in names for mark in ("", "-")):
            return dict(pins, pin=ONEWIRE_PIN)
    return dict(_ESP32_PINS, pin=ONEWIRE_PIN)


def sources(settings, chip, now_ms, say):
    """The sources for probe/sensors/board.py. A setting that cannot be used is told, and the default pins of `chip` are searched."""
    defaults = default_pins(chip)
    # One number instead of the list is enough for a DS18B20 on another pin.
    defaults["pin"] = settings.get("pin", ONEWIRE_PIN)
    try:
        return wiring.sources(settings.get("sensors"), defaults, Pins, now_ms)
    except wiring.Wrong as wrong:
        say(str(wrong))
    except ValueError:
        say("A pin in sensors does not exist on this board. Write pins that the board has.")
    return wiring.sources(None, defaults, Pins, now_ms)


class Pins:
    """Makes buses out of pin numbers."""

    @staticmethod
    def onewire(pin):
        """A 1-Wire bus."""
        return _Bus(Pin(pin))

    @staticmethod
    def spi(entry, mode):
        """One chip on an SPI bus; `mode` 0 or 1."""
        return _Spi(entry, mode)


class _Bus(onewire.OneWire):
    """With a line that can be held high, to feed sensors that have no supply of their own."""

    def hold(self, on):
        """True: drive the line high, at once; False: let go of it."""
        if on:
            self.pin.init(Pin.OUT, value=1)
        else:
            self.pin.init(Pin.OPEN_DRAIN, Pin.PULL_UP)


class _Spi:
    """The bus is made anew for each exchange: two chips may share wires and differ in mode."""

    def __init__(self, entry, mode):
        # Pulled up, so that a line with nobody on it reads as ones, never as 0 degrees.
        self._miso = Pin(entry["miso"], Pin.IN, Pin.PULL_UP)
        self._sck = Pin(entry["sck"], Pin.OUT)
        self._cs = Pin(entry["cs"], Pin.OUT, value=1)
        self._mosi = Pin(entry["mosi"], Pin.OUT) if "mosi" in entry else None
        self._mode = mode

    def exchange(self, out, size):
        """Send `out`, then read `size` bytes, under one chip select."""
        if self._mosi is None:
            return self._listen(size)
        bus = SoftSPI(baudrate=_BAUD, polarity=0, phase=self._mode, sck=self._sck, mosi=self._mosi, miso=self._miso)
        self._cs.value(0)
        try:
            if out:
                bus.write(out)
            return bus.read(size) if size else b""
        finally:
            self._cs.value(1)

    def _listen(self, size):
        # SoftSPI wants a pin for the wire that is not there, so the clock is moved by hand.
        read = bytearray(size)
        self._sck.value(0)
        self._cs.value(0)
        time.sleep_us(1)
        for at in range(8 * size):
            read[at >> 3] = read[at >> 3] << 1 & 0xFF | self._miso.value()
            self._sck.value(1)
            self._sck.value(0)
        self._cs.value(1)
        return bytes(read)
