"""Which of the board's pins lead to sensors: what the settings say, or the defaults. Needed at the start
only."""

from ports import wire_onewire, wire_spi
from probe.sensors import wiring

# Free on the usual boards, not strapping pins, and for SPI those of the chip's own controller.
_SPI_PINS = (
    (("S2", "S3"), {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}),
    (("C3", "C6", "H2"), {"sck": 6, "mosi": 7, "miso": 2, "cs": 10}),
)
_ESP32_PINS = {"sck": 18, "mosi": 23, "miso": 19, "cs": 5}
ONEWIRE_PIN = 4


def default_pins(machine):
    """{"pin", "sck", "mosi", "miso", "cs"} for a board by the name of its chip."""
    for names, pins in _SPI_PINS:
        if any("ESP32" + mark + name in machine for name in names for mark in ("", "-")):
            return dict(pins, pin=ONEWIRE_PIN)
    return dict(_ESP32_PINS, pin=ONEWIRE_PIN)


def sources(settings, chip, now_ms, say):
    """The sources for probe/sensors/board.py. A setting that cannot be used is told, and the default pins of
    `chip` are searched."""
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
        return wire_onewire.bus(pin)

    @staticmethod
    def spi(entry, mode):
        """One chip on an SPI bus; `mode` 0 or 1."""
        return wire_spi.Spi(entry, mode)
