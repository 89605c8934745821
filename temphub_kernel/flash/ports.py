"""Which serial port the board is at. mpremote lists them (with pyserial), so this works wherever mpremote does. Main thread."""

import re
from typing import NamedTuple

from ..base.errors import TempHubError
from .tools import run

LINE = re.compile(r"^(\S+) (\S+) ([0-9a-f]{4}):([0-9a-f]{4}) (.*)$")
# USB makers of the serial chips on ESP32 boards, and Espressif itself.
MAKERS = {"10c4": "CP210x", "1a86": "CH340", "0403": "FTDI", "303a": "Espressif USB", "067b": "PL2303"}


class Port(NamedTuple):
    """A serial port. kind: the chip behind it when it is one that boards have, else empty."""

    device: str
    kind: str
    said: str


def listing() -> list[Port]:
    """Every USB serial port of this computer; a port that belongs to no USB device cannot be a board."""
    found = []
    for line in run("mpremote", "connect", "list", timeout_s=20).splitlines():
        told = LINE.match(line.strip())
        if told and told.group(3) != "0000":
            found.append(Port(told.group(1), MAKERS.get(told.group(3), ""), told.group(5)))
    return found


def no_board() -> TempHubError:
    """What is said where no USB serial port is there."""
    return TempHubError(
        "No board was found on any USB port of this computer.",
        "Plug it in with a cable that carries data; if it stays away, install the driver of its USB chip (CP210x or CH340).",
        code="no_port",
    )


def find(given: str) -> str:
    """The port to use: the one given, else the only board there is. Raises TempHubError."""
    if given:
        return given
    ports = listing()
    boards = [port for port in ports if port.kind] or ports
    if not boards:
        raise no_board()
    if len(boards) > 1:
        shown = ", ".join(f"{port.device} ({port.kind or port.said})" for port in boards)
        raise TempHubError(
            f"{len(boards)} boards are plugged in: {shown}.",
            f"Say which one with --port, such as --port {boards[0].device}.",
            code="several_ports",
        )
    return boards[0].device
