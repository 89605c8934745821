"""One chip on an SPI bus in software, as that takes any pins. Imports no room of the sensors, so that those
need not stay."""

import time

from machine import Pin, SoftSPI

_BAUD = 500000


class Spi:
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
        bus = SoftSPI(
            baudrate=_BAUD, polarity=0, phase=self._mode, sck=self._sck, mosi=self._mosi, miso=self._miso
        )
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
