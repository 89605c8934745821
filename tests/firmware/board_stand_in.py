"""A stand-in for the modules that only a board has: machine, network, onewire. It refuses what the real
drivers refuse.

`load(board)` gives ports/esp32.py running on a Board, until `leave()`. Runs on both interpreters.
"""

import os
import sys

import ports
from ports import multicast
from probe_harness import HERE, net

HARDWARE = ("machine", "network", "onewire")
NEW = (
    "ports.esp32",
    "ports.esp32_start",
    "ports.wifi",
    "ports.watchdog",
    "ports.sensors_esp32",
    "ports.wire_onewire",
    "ports.wire_spi",
)


class Board:
    """The hardware's state: `networks` {ssid: password} in reach, `log` of what the program did with the
    radio and the port 5353."""

    def __init__(self, **networks):
        self.networks = networks
        self.log = []
        self.fed = 0
        self.watchdog_ms = None
        self.cause = 1
        self.button_down = False
        self.lamp = []
        self.station = None
        self.access_point = None
        self.mdns_taken = 0

    def machine(self):
        """The module `machine`."""
        board = self

        class Pin:
            IN, OUT, PULL_UP = 0, 1, 2

            def __init__(self, number, mode=-1, pull=-1, value=None):
                if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 48:
                    raise ValueError("invalid pin")
                self.number = number

            def value(self, to=None):
                """A button is pulled up, so pressed is 0; an idle line reads as 1."""
                if to is not None:
                    board.lamp.append((self.number, to))
                    return None
                return 0 if self.number in (0, 9) and board.button_down else 1

        class WDT:
            def __init__(self, timeout):
                board.watchdog_ms = timeout

            def feed(self):
                """Fed."""
                board.fed += 1

        class SoftSPI:
            def __init__(self, **pins):
                pass

            def write(self, data):
                """Nobody listens."""

            def read(self, size):
                """A line at rest."""
                return b"\xff" * size

        words = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}
        return _Module(Pin=Pin, WDT=WDT, SoftSPI=SoftSPI, reset_cause=lambda: board.cause, **words)

    def network(self):
        """The module `network`."""
        board = self

        class WLAN(_Wlan):
            def __new__(cls, interface):
                """One object an interface, as on the board."""
                name = "station" if interface == cls.IF_STA else "access_point"
                if getattr(board, name) is None:
                    card = object.__new__(_Wlan)
                    card.begin(board, interface)
                    setattr(board, name, card)
                return getattr(board, name)

        return _Module(
            WLAN=WLAN,
            hostname=lambda name: board.log.append("hostname " + name),
            STAT_WRONG_PASSWORD=202,
            STAT_NO_AP_FOUND=201,
        )

    def onewire(self):
        """The module `onewire`: a bus with nothing on it."""

        class OneWire:
            def __init__(self, pin):
                pass

            def scan(self):
                """Nothing."""
                return []

            def reset(self, required=False):
                """Nobody answers."""
                if required:
                    raise Exception("OneWireError")
                return False

        return _Module(OneWire=OneWire)


class _Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class _Wlan:
    IF_STA, IF_AP, SEC_OPEN, PM_NONE = 0, 1, 0, 0

    def begin(self, board, interface):
        self._board = board
        self._is_ap = interface == self.IF_AP
        self._on = False
        self._wanted = None
        self._looks = 0
        self.name = None

    def active(self, on):
        """On or off."""
        self._board.log.append(("ap" if self._is_ap else "sta") + (" on" if on else " off"))
        self._on = on
        if not on:
            self._wanted = None

    def config(self, *asked, **values):
        """Values, or the address of the card."""
        if asked == ("mac",):
            return b"\x24\x0a\xc4\x00\x00\x96"
        for name in values:
            if name not in ("ssid", "security", "max_clients", "pm"):
                raise ValueError("unknown config param")
        self.name = values.get("ssid", self.name)
        return None

    def connect(self, ssid, key=None):
        """Begin to join."""
        if not self._on:
            raise OSError("Wifi Not Started")
        if self._wanted:
            raise OSError("Wifi Internal State Error")
        # The driver takes bytes as well.
        ssid = ssid if isinstance(ssid, str) else "".join(chr(byte) for byte in ssid)
        self._board.log.append("connect " + ssid)
        self._wanted = (ssid, key or "")
        self._looks = 0

    def disconnect(self):
        """Leave."""
        if not self._on:
            raise OSError("Wifi Not Started")
        self._wanted = None

    def isconnected(self):
        """True after a few looks at a network whose password is right."""
        if self._is_ap or not self._wanted or self._board.networks.get(self._wanted[0]) != self._wanted[1]:
            return False
        self._looks += 1
        return self._looks > 2

    def ifconfig(self):
        """The station pretends to be this machine; the access point has an address of its own on it."""
        return ("127.0.0.2" if self._is_ap else HERE, "255.255.255.0", "0.0.0.0", "0.0.0.0")

    def status(self, what=None):
        """A code, or the signal's strength."""
        if what == "rssi":
            if not self.isconnected():
                raise OSError("Wifi Not Connected")
            return -58
        if not self._wanted:
            return 1000
        if self._wanted[0] not in self._board.networks:
            return 201
        return 1010 if self._board.networks[self._wanted[0]] == self._wanted[1] else 202

    def scan(self):
        """What is in the air: also a hidden network and one whose name is no text."""
        if not self._on or self._wanted:
            raise OSError("Wifi Internal State Error")
        self._board.log.append("scan")
        found = [
            (ssid.encode(), b"123456", 6, -60, 3 if self._board.networks[ssid] else 0, False)
            for ssid in sorted(self._board.networks)
        ]
        return found + [(b"", b"123456", 1, -40, 3, True), (b"K\xfcche", b"123456", 1, -80, 0, False)]


class _Multicast:
    """ports/multicast.py on ports that need no rights: what the board binds is bound somewhere else."""

    PORT = 5353
    Link = multicast.Link

    def __init__(self, board):
        self._board = board
        self.real = {}

    def bound_socket(self, ip, port, options=None):
        """As the real one; `board.mdns_taken` times port 5353 belongs to the board's own responder."""
        self._board.log.append(f"bind {port}")
        if port == self.PORT and self._board.mdns_taken:
            self._board.mdns_taken -= 1
            raise OSError(112)
        high, low = os.urandom(2)
        self.real[port] = 20000 + (high << 8 | low) % 12000
        return multicast.bound_socket(ip, self.real[port], options)


# What MicroPython on this machine has under those names.
_kept = {}


def load(board):
    """The module ports.esp32, loaded anew on that board."""
    _kept.update({name: sys.modules.get(name) for name in HARDWARE})
    _forget()
    for name in HARDWARE:
        sys.modules[name] = getattr(board, name)()
    module = __import__("ports.esp32", None, None, ("Esp32Port",))
    start = __import__("ports.esp32_start", None, None, ("link",))
    module.multicast = start.multicast = _Multicast(board)
    # CPython has no sockets of MicroPython's kind.
    module.net_micropython = start.net_micropython = module.Esp32Port.net = net
    module.Esp32Port.port = 0
    return module


def leave():
    """Nothing of the board is left behind."""
    _forget()
    for name in HARDWARE:
        if _kept[name]:
            sys.modules[name] = _kept[name]


def _forget():
    for name in HARDWARE + NEW:
        sys.modules.pop(name, None)
        # A package remembers its modules as well.
        if name.startswith("ports.") and hasattr(ports, name[6:]):
            delattr(ports, name[6:])
