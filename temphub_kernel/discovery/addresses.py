"""This computer's own IPv4 addresses: where probes are looked for, what is shown to people. Any thread; asks
the system each time."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_address
from pathlib import Path
from typing import NamedTuple

import ifaddr

from ..core import Settings

# As adapters are called on Linux and macOS, and described on Windows.
TUNNELS = (
    "tun",
    "tap",
    "wg",
    "ppp",
    "utun",
    "vpn",
    "tailscale",
    "zerotier",
    "zt",
    "openvpn",
    "wireguard",
    "wintun",
    "nordlynx",
)
VIRTUAL = (
    *(
        "docker",
        "br-",
        "veth",
        "virbr",
        "vmnet",
        "vboxnet",
        "vethernet",
        "virtualbox",
        "vmware",
        "hyper-v",
        "wsl",
    ),
    *("cni", "podman", "lxcbr", "lxdbr"),
)
# Asked for its route only, nothing is sent there (RFC 5737).
FAR_AWAY = ("192.0.2.1", 9)
LINUX_INTERFACES = Path("/sys/class/net")
# Linux lets one socket join 20 multicast groups (igmp_max_memberships); container hosts have more bridges
# than that.
MOST = 16


class Adapter(NamedTuple):
    """One network adapter that is up: what the system calls it, and its IPv4 addresses with their
    networks."""

    name: str
    interfaces: tuple[IPv4Interface, ...]

    def has(self, ip: str) -> bool:
        """Whether the address is this adapter's own."""
        return any(str(one.ip) == ip for one in self.interfaces)

    def reaches(self, ip: str) -> bool:
        """Whether the address lies in a network of this adapter."""
        return any(IPv4Address(ip) in one.network for one in self.interfaces)


def adapters() -> list[Adapter]:
    """Every adapter that is up and has a usable IPv4 address."""
    found = []
    for adapter in ifaddr.get_adapters():
        given = [
            IPv4Interface(f"{ip.ip}/{ip.network_prefix}") for ip in adapter.ips if isinstance(ip.ip, str)
        ]
        good = tuple(one for one in given if not one.ip.is_unspecified and not one.ip.is_multicast)
        if good and not _is_down(adapter.name):
            found.append(Adapter(adapter.nice_name, good))
    return found


def usable(only: Iterable[str] = ()) -> list[str]:
    """The addresses on which mDNS is spoken: the LAN's, those of containers and VPNs, at last loopback
    (virtual probes live there).

    `only` non-empty: exactly those of them that this computer has now (`Settings.interfaces`). Otherwise
    self-assigned addresses (169.254.x.x) count only when there is no other LAN address, and at most 16 are
    given.
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
    """The hub's base URL on each LAN address of this computer; none when HOST binds it to one address
    only."""
    if settings.host not in ("0.0.0.0", "::"):
        return []
    return [f"http://{address}:{settings.port}" for address in lan(settings.interfaces)]


def loopback() -> list[str]:
    """This computer's own address for itself."""
    return [ip for ip in usable() if is_loopback(ip)]


def is_loopback(ip: str) -> bool:
    """Whether only this computer is meant."""
    return ip_address(ip).is_loopback


def without_loopback(addresses: Iterable[str]) -> list[str]:
    """The given addresses that other devices can reach."""
    return [ip for ip in addresses if not IPv4Address(ip).is_loopback]


def networks() -> list[str]:
    """The networks this computer is attached to, as `192.168.1.0/24`, loopback included."""
    return sorted({str(interface.network) for interface in _interfaces()})


def nearness(ip: IPv4Address, own: Iterable[IPv4Network]) -> int:
    """0 on one of our own networks, 1 elsewhere, 2 for loopback: a probe of another computer may announce
    that one too."""
    if ip.is_loopback:
        return 2
    return 0 if any(ip in network for network in own) else 1


def unlikely() -> dict[str, str]:
    """The addresses that devices in the house hardly reach, each with its adapter's name: of VPNs,
    containers, virtual machines."""
    routed = _routed()
    found = {}
    for adapter in adapters():
        # Windows shares a LAN with virtual machines by an adapter that is called virtual, too; the way out
        # goes through it.
        hidden = is_like(adapter.name, TUNNELS) or (
            is_like(adapter.name, VIRTUAL) and not adapter.has(routed)
        )
        if hidden:
            found.update({str(one.ip): adapter.name for one in adapter.interfaces})
    return found


def is_like(name: str, kinds: Iterable[str]) -> bool:
    """True when an adapter's name begins with, or has as a word, one of the kinds."""
    low = name.lower()
    return any(low.startswith(kind) or f" {kind}" in low for kind in kinds)


def _interfaces() -> list[IPv4Interface]:
    """Every usable address with its network, the likely LAN's first; the order is stable."""
    found = {one for adapter in adapters() for one in adapter.interfaces}
    hidden, routed = unlikely(), _routed()
    return sorted(
        found,
        key=lambda one: (
            one.ip.is_loopback,
            one.ip.is_link_local,
            str(one.ip) in hidden,
            str(one.ip) != routed,
            not one.ip.is_private,
            one.ip,
        ),
    )


def _routed() -> str:
    """This computer's address on the way out, empty without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(FAR_AWAY)
            return str(one.getsockname()[0])
        except OSError:
            return ""


def _is_down(name: str) -> bool:
    # Elsewhere than on Linux the system lists no addresses of an adapter that is down.
    try:
        return (LINUX_INTERFACES / name / "operstate").read_text(encoding="ascii").strip() in (
            "down",
            "lowerlayerdown",
            "notpresent",
        )
    except (OSError, ValueError):
        return False
