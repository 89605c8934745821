"""Whether an address is one of this computer itself. Any thread; no packet is sent."""

import socket

from .ip import real_address


def is_here(ip: str) -> bool:
    """True for loopback and for every address that this computer has now. ip: numeric; anything else is not here."""
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
