"""Where a probe delivers: which of our own addresses it reaches, and so the URL it is told; or another hub
that records it.

Any thread. No packet is sent for a route; the other hub is asked.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from ..core import INSTANCE, BadGateway, Conflict, Settings, Sighting, TempHubError, is_here
from . import probe_client


def address_towards(ip: str) -> str:
    """Our own address on the route to `ip` (numeric). Raises TempHubError (`no_route`, 502) when there is no
    route."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Connecting a datagram socket only asks the routing table.
            probe.connect((ip, 9))
            return str(probe.getsockname()[0])
    except OSError as error:
        raise BadGateway(
            f"This computer has no network route to {ip} ({error}), so a probe there cannot be told where to "
            "deliver.",
            "Connect this computer to the probe's network.",
            code="no_route",
        ) from error


# What a probe is told is the base and this: the whole address that it posts its readings to.
INGEST = "/api/ingest"


def base_url_for(settings: Settings, ip: str, port: int) -> str:
    """The base URL for the probe at `ip` : PUBLIC_BASE, else the hub's own address on the route to it, with
    the hub's `port`.

    A HOST that is one address is told as it is: the hub listens nowhere else. Raises TempHubError when the
    probe cannot reach the hub.
    """
    if settings.public_base:
        return settings.public_base
    towards = address_towards(ip)
    bound = _bound_to(settings.host)
    if bound is not None and bound.is_loopback and not ipaddress.ip_address(towards).is_loopback:
        raise Conflict(
            f"The hub listens on {settings.host} only (setting HOST), so the probe at {ip} cannot deliver to "
            "it.",
            "Set HOST to 0.0.0.0, or set PUBLIC_BASE to the address under which probes reach the hub.",
            code="hub_not_reachable",
        )
    address = str(bound) if bound is not None else towards
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _bound_to(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The one address of HOST; None when it stands for all of them or is a name."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None
    return None if address.is_unspecified else address


def records_elsewhere(
    talk: probe_client.Talk,
    settings: Settings,
    hub_port: int,
    met: Sighting,
    said: probe_client.Status,
    *,
    by_a_hub: bool = False,
) -> bool:
    """Whether what the probe delivers to is alive and not this hub. A name is not asked for: hubs tell probes
    numbers. by_a_hub: and is a hub that takes what it delivers."""
    try:
        parts = urlsplit(said.server_url or "")
        host, port = parts.hostname or "", parts.port or 80
        if ipaddress.ip_address(host).is_loopback and not is_here(met.ip):
            # There it means the device itself: no reason to look at a port of this computer.
            return False
        own = address_towards(host) == host
    except (ValueError, TempHubError):
        return False
    if parts.netloc == urlsplit(settings.public_base).netloc or (own and port == hub_port):
        return False
    answer = talk.hub(met.probe_id, host, port)
    if answer is None:
        return False
    code, health = answer
    if health.get("instance") == INSTANCE or (own and health.get("data_dir") == str(settings.data_dir)):
        return False
    hub = code == 200 and health.get("ok") is True
    # Whatever else takes the readings may have no such page: then the probe's own word counts.
    return (hub and said.delivering) if by_a_hub else (hub or said.delivering)
