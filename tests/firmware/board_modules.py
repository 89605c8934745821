"""The modules that only a board has, as little of them as its program needs to run: a Wi-Fi that is joined,
one DS18B20 at 21.5 °C.

For the measurements of memory; the tests of what the program does with its hardware use board_stand_in.py.
MicroPython only.
"""

import sys

HERE = "127.0.0.1"
# 21.5 °C; the mark of probe/sensors/ds18b20.py in the alarm bytes; checksums as the sensor makes them.
_ROM = b"\x28\x01\x00\x00\x00\x00\x00\x29"
_PAD = b"\x58\x01\x54\x48\x7f\xff\x08\x10\x24"


class Module:
    """A module out of names."""

    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class _Pin:
    IN, OUT, PULL_UP = 0, 1, 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        pass

    def value(self, to=None):
        return 1


class _SoftSPI:
    def __init__(self, **pins):
        pass

    def write(self, data):
        pass

    def read(self, size):
        return b"\xff" * size


class _Wdt:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


class Wlan:
    """`reach`: whether its network answers."""

    IF_STA, IF_AP, SEC_OPEN, PM_NONE = 0, 1, 0, 0
    reach = True

    def __init__(self, interface):
        self._station = interface == 0

    def active(self, on):
        """Taken."""

    def config(self, *asked, **values):
        """The address of the card, whatever is asked for."""
        return b"\x24\x0a\xc4\x00\x00\x96"

    def connect(self, *network):
        """Taken."""

    disconnect = connect

    def isconnected(self):
        """Whether it is joined."""
        return self._station and Wlan.reach

    def ifconfig(self):
        """Its address; that of the access point."""
        return (HERE if self._station else "192.168.4.1", "", "", "")

    def scan(self):
        """Twelve networks."""
        return [(b"network %d" % number, b"", 1, -50 - number, 3, False) for number in range(12)]

    def status(self, what=None):
        """Its strength."""
        return -58


class _OneWire:
    def __init__(self, pin):
        self._last = 0

    def scan(self):
        return [bytearray(_ROM)]

    def reset(self, required=False):
        return True

    def select_rom(self, rom):
        pass

    def writebyte(self, byte):
        self._last = byte

    def readinto(self, buf):
        # Anything but the scratchpad is one question with one byte: a line that is not pulled down.
        buf[:] = _PAD if len(buf) == 9 else b"\xff" * len(buf)

    def readbit(self):
        return 1

    def readbyte(self):
        return 0xFF


def install():
    """Put them where `import` finds them."""
    causes = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}
    sys.modules["machine"] = Module(Pin=_Pin, WDT=_Wdt, SoftSPI=_SoftSPI, reset_cause=lambda: 1, **causes)
    sys.modules["network"] = Module(
        WLAN=Wlan, hostname=lambda name: None, STAT_WRONG_PASSWORD=202, STAT_NO_AP_FOUND=201
    )
    sys.modules["onewire"] = Module(OneWire=_OneWire)
    # On the board they are part of the image.
    for name in (
        "array",
        "binascii",
        "errno",
        "hashlib",
        "json",
        "os",
        "random",
        "re",
        "select",
        "struct",
        "time",
    ):
        __import__(name)
