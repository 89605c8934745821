"""What an advert says, checked: anything on the LAN may send one. Pure functions, any thread."""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network

from zeroconf import IPVersion, ServiceInfo

from ..base.errors import TempHubError
from ..base.reading import is_probe_id
from ..base.sighting import Sighting
from .addresses import nearness

PROBE_TYPE = "_temps-probe._tcp.local."
LONGEST_TEXT = 64


def is_whole(info: ServiceInfo) -> bool:
    """True when port and an address are known; a probe that sends no TXT record is served too."""
    return info.port is not None and bool(info.addresses_by_version(IPVersion.V4Only))


def is_six_only(info: ServiceInfo) -> bool:
    """True when all that is there is an IPv6 address."""
    return info.port is not None and not info.addresses_by_version(IPVersion.V4Only) and bool(info.addresses_by_version(IPVersion.V6Only))


def sighting_of(info: ServiceInfo, own_networks: Iterable[IPv4Network], *, own: Collection[str] = (), hub_port: int = 0) -> Sighting:
    """The probe behind an advert, at its address nearest to us.

    own, hub_port: the hub's own addresses and port, which no probe can have. Raises TempHubError for an advert that
    cannot be a probe; the words name the advert.
    """
    instance = info.name.removesuffix("." + PROBE_TYPE)
    claimed = _text(info, "id")
    probe_id = claimed if is_probe_id(claimed) else instance
    if not is_probe_id(probe_id):
        raise _bad(instance, f"has no valid probe id (it says {claimed!r})")
    port = info.port or 0
    if not 0 < port < 65536:
        raise _bad(instance, f"names port {port}")
    networks = list(own_networks)
    heard = [IPv4Address(raw) for raw in info.addresses_by_version(IPVersion.V4Only)]
    # Stable: zeroconf gives the newest first, and the newest of the nearest is wanted.
    good = sorted((ip for ip in heard if _can_be_a_probe(ip)), key=lambda ip: nearness(ip, networks))
    if not good and not heard:
        raise _bad(instance, "names IPv6 addresses only, and probes are reached by IPv4")
    if not good:
        raise _bad(instance, f"names no usable address ({', '.join(map(str, heard)) or 'none'})")
    ip = str(good[0])
    if port == hub_port and ip in own:
        raise _bad(instance, f"names the hub itself ({ip}:{port})")
    return Sighting(
        probe_id,
        ip,
        port,
        host=clean((info.server or "").rstrip(".")),
        version=_text(info, "version"),
        model=_text(info, "model"),
        name=_text(info, "name") or clean(instance),
        boot=_text(info, "boot"),
        via="mdns",
    )


def _can_be_a_probe(ip: IPv4Address) -> bool:
    return not (ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def _text(info: ServiceInfo, key: str) -> str:
    return clean((info.properties.get(key.encode()) or b"").decode("utf-8", "replace"))


def clean(text: str) -> str:
    """What a stranger wrote, fit to be shown."""
    return "".join(char for char in text if char.isprintable())[:LONGEST_TEXT]


def _bad(instance: str, why: str) -> TempHubError:
    return TempHubError(
        f"The advert {clean(instance)!r} on the network {why}, so it is not taken for a probe.",
        "Check the device that sends it, or ignore this line if it is not a probe of yours.",
        code="bad_advert",
    )
