"""A 1-Wire bus on one of the board's pins, by MicroPython's own module. Imports no room of the sensors, so
that those need not stay."""

import onewire
from machine import Pin


def bus(pin):
    """The bus on that pin, as probe/sensors/ds18b20.py wants it."""
    return _Bus(Pin(pin))


class _Bus(onewire.OneWire):
    """With a line that can be held high, to feed sensors that have no supply of their own."""

    def hold(self, on):
        """True: drive the line high, at once; False: let go of it."""
        if on:
            self.pin.init(Pin.OUT, value=1)
        else:
            self.pin.init(Pin.OPEN_DRAIN, Pin.PULL_UP)
