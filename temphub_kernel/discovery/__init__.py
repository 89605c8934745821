"""Finding probes by mDNS and advertising the hub. The only room with zeroconf and ifaddr."""

from typing import TYPE_CHECKING, Any

from .addresses import (
    TUNNELS,
    VIRTUAL,
    is_like,
    is_loopback,
    lan,
    lan_urls,
    loopback,
    networks,
    unlikely,
    usable,
)

if TYPE_CHECKING:
    from .browser import Discovery


__all__ = [
    "TUNNELS",
    "VIRTUAL",
    "Discovery",
    "is_like",
    "is_loopback",
    "lan",
    "lan_urls",
    "loopback",
    "networks",
    "unlikely",
    "usable",
]


def __getattr__(name: str) -> Any:
    """mDNS is brought in when it is asked for: the supervisor and the doctor need only to know of
    addresses."""
    if name != "Discovery":
        raise AttributeError(name)
    from .browser import Discovery

    return Discovery
