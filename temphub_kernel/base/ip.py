"""An address as a socket tells it. Pure; any thread."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def real_address(text: str) -> IPv4Address | IPv6Address:
    """The address without its zone (`%eth0`); ::ffff:192.168.1.5, as a socket for both families says it, is 192.168.1.5.

    Raises ValueError for a text that is no numeric address.
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
