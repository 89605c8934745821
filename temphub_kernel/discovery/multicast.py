"""Opening zeroconf on the addresses that allow it. Called from the discovery thread only."""

import socket

from zeroconf import IPVersion

from ..base.errors import TempHubError, Unavailable
from .answering import Answering

GROUP = "224.0.0.251"
PORT = 5353
# As RFC 1035 numbers them: the flags of a question, the record that names a service's instances, the class of the internet.
QUERY, PTR, INTERNET = 0, 12, 1


def refusal(ip: str) -> str:
    """Why mDNS cannot be spoken on this address; empty when it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.bind((ip, PORT))
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(ip))
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ip))
        except OSError as error:
            return str(error)
    return ""


def open_zeroconf(addresses: list[str]) -> tuple[Answering, dict[str, str]]:
    """(zeroconf on every address that allows multicast, the refused addresses with the reason).

    Raises TempHubError when no address allows it. Each address is tried on its own first: one VPN adapter that
    refuses multicast would otherwise stop all the others, and zeroconf would leave its sockets open.
    """
    refused = {ip: reason for ip in addresses if (reason := refusal(ip))}
    good = [ip for ip in addresses if ip not in refused]
    if not good:
        raise _nothing_opens("; ".join(f"{ip}: {reason}" for ip, reason in refused.items()))
    try:
        # Opened in the discovery thread, where no loop runs, so zeroconf makes a thread of its own.
        return Answering(interfaces=list(good), ip_version=IPVersion.V4Only), refused
    except OSError as error:
        raise _nothing_opens(f"{', '.join(good)}: {error}") from error


def _nothing_opens(reasons: str) -> TempHubError:
    return Unavailable(
        f"The network port for finding probes (UDP 5353, mDNS) cannot be used ({reasons}), so no probe is found by itself.",
        "Close other mDNS programs or allow Python in the firewall; the hub tries again by itself. Probes that call the hub still work.",
        code="mdns_unavailable",
    )
