"""This computer's own IPv4 addresses: where probes are looked for, what is shown to people. Any thread; asks the system each time."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import ifaddr

from ..base.settings import Settings

LINUX_INTERFACES = Path("/sys/class/net")
# Linux lets one socket join 20 multicast groups (igmp_max_memberships); container hosts have more bridges than that.
MOST = 16


def usable(only: Iterable[str] = ()) -> list[str]:
    """The addresses on which mDNS is spoken: the LAN's first, loopback last (virtual probes live there).

    `only` non-empty: exactly those of them that this computer has now (`Settings.interfaces`). Otherwise self-assigned
    addresses (169.254.x.x) count only when there is no other LAN address, and at most 16 are given.
    """
    own = [interface.ip for interface in _interfaces()]
    wanted = set(only)
    if wanted:
        return [str(ip) for ip in own if str(ip) in wanted]
    routed = [ip for ip in own if not ip.is_loopback and not ip.is_link_local]
    chosen = routed or [ip for ip in own if ip.is_link_local]
    loopback = [ip for ip in own if ip.is_loopback][:1]
    return [str(ip) for ip in chosen[: MOST - 1] + loopback]


def lan(only: Iterable[str] = ()) -> list[str]:
    """The addresses under which other devices reach this computer: `usable` without loopback."""
    return without_loopback(usable(only))


def lan_urls(settings: Settings) -> list[str]:
    """The hub's base URL on each LAN address of this computer; none when HOST binds it to one address only."""
    if settings.host not in ("0.0.0.0", "::"):
        return []
    return [f"http://{address}:{settings.port}" for address in lan(settings.interfaces)]


def without_loopback(addresses: Iterable[str]) -> list[str]:
    """The given addresses that other devices can reach."""
    return [ip for ip in addresses if not IPv4Address(ip).is_loopback]


def networks() -> list[str]:
    """The networks this computer is attached to, as `192.168.1.0/24`, loopback included."""
    return sorted({str(interface.network) for interface in _interfaces()})


def nearness(ip: IPv4Address, own: Iterable[IPv4Network]) -> int:
    """0 on one of our own networks, 1 elsewhere, 2 for loopback: a probe of another computer may announce that one too."""
    if ip.is_loopback:
        return 2
    return 0 if any(ip in network for network in own) else 1


def _interfaces() -> list[IPv4Interface]:
    """Every usable address with its network, the private LAN's first; the order is stable."""
    found: set[IPv4Interface] = set()
    for adapter in ifaddr.get_adapters():
        if not _is_down(adapter.name):
            found.update(IPv4Interface(f"{ip.ip}/{ip.network_prefix}") for ip in adapter.ips if isinstance(ip.ip, str))
    good = [one for one in found if not one.ip.is_unspecified and not one.ip.is_multicast]
    return sorted(good, key=lambda one: (one.ip.is_loopback, one.ip.is_link_local, not one.ip.is_private, one.ip))


def _is_down(name: str) -> bool:
    # Elsewhere than on Linux the system lists no addresses of an adapter that is down.
    try:
        return (LINUX_INTERFACES / name / "operstate").read_text(encoding="ascii").strip() in ("down", "lowerlayerdown", "notpresent")
    except (OSError, ValueError):
        return False
