"""Addresses: as sockets tell them, this computer's own, the page server's, and how the hub's own programs
name themselves. Any thread.
"""

import secrets
import socket
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

# This process as a hub, told to everybody who asks for its health: by it a hub knows itself behind a proxy.
INSTANCE = secrets.token_hex(8)


def real_address(text: str) -> IPv4Address | IPv6Address:
    """The address without its zone (`%eth0`); ::ffff:192.168.1.5, as a socket for both families says it, is
    192.168.1.5.

    Raises ValueError for a text that is no numeric address.
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_here(ip: str) -> bool:
    """True for loopback and for every address that this computer has now. ip: numeric; anything else is not
    here."""
    try:
        address = real_address(ip)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            # Connecting a datagram socket only asks the routing table.
            asking.connect((str(address), 9))
            return str(asking.getsockname()[0]) == str(address)
    except OSError:
        return False


def leads_here(host: str) -> bool:
    """The same for an address or a name. A slow name server may take seconds."""
    try:
        places = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_here(str(place[4][0])) for place in places)


IPV6_ONLY_REMEDY = (
    "Switch IPv4 on in that probe and in its network (DHCP), or let it deliver through a "
    "device that speaks both."
)


def ipv6_only_problem(name: str, address: str) -> str:
    """Why it is not used."""
    return (
        f"The probe {name} at {address} is announced by IPv6 only, and this hub and its probes speak "
        "IPv4, so it is not taken up."
    )


def ipv6_only_as_noted(heard: str) -> str:
    """The same of a probe as the hub's note has it, `name at address`."""
    name, _, address = heard.rpartition(" at ")
    return ipv6_only_problem(name or heard, address)


AGENT = "TempHub-itself"
VISITOR_HEADER = "X-Temphub-Visitor"
SHOWN = ("login", "token", "anyone")
# Who sits before the page whose message is handled; empty where there is no page.
VISITOR: ContextVar[str] = ContextVar("temphub_visitor", default="")


def visitor(address: str, shown: str) -> str:
    """As it travels: `login 192.168.1.20`."""
    return f"{shown} {address}"


def visitor_of(text: str) -> tuple[str, str]:
    """(address, what it showed: a login, the token, or as anyone); two empty texts for what is no visitor."""
    shown, _, address = text.partition(" ")
    try:
        ip_address(address.partition("%")[0])
    except ValueError:
        return "", ""
    return (address, shown) if shown in SHOWN else ("", "")


# The header by which the front door shows the page server that it is the one who asks.
DOOR_HEADER = "X-Temphub-Door"


class PagePlace(NamedTuple):
    """secret: shown with each request, so that it answers to this hub only; empty for one that does not ask
    for it."""

    host: str
    port: int
    secret: str = ""
