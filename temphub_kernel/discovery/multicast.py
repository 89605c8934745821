"""Multicast: zeroconf opened where that is allowed, each network told its own addresses, and whether anything
is sent and heard at all.
"""

import socket
import sys
import time
import uuid
from typing import Any, NamedTuple

# Public in zeroconf's documentation, only left out of its __all__.
from zeroconf import DNSAddress, DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion, IPVersion, Zeroconf  # type: ignore[attr-defined]

from ..core import TempHubError, Unavailable
from .addresses import Adapter, adapters
from .adverts import HUB_TYPE

MDNS_PORT = 5353
LOOPBACK = "127."


class Answering(Zeroconf):
    """As Zeroconf. The adapters are those of the moment it was made: whoever makes it makes a new one when
    they change."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._adapters = adapters()
        super().__init__(*arguments, **named)

    def async_send(
        self,
        out: DNSOutgoing,
        addr: str | None = None,
        port: int = MDNS_PORT,
        v6_flow_scope: tuple[()] | tuple[int, int] = (),
        transport: Any = None,
    ) -> None:
        """Send an answer once for each interface, each with its own addresses; questions go out as they
        are."""
        if out.is_query() or not any(isinstance(one, DNSAddress) for one in _records(out)):
            super().async_send(out, addr, port, v6_flow_scope, transport)
            return
        for one in [transport] if transport else list(self.engine.senders):
            own = one.sock_name[0]
            fitting = for_network(out, own, addr, self._adapters)
            if fitting is not None:
                super().async_send(fitting, addr, port, v6_flow_scope, one)


def for_network(out: DNSOutgoing, own: str, asker: str | None, found: list[Adapter]) -> DNSOutgoing | None:
    """The answer as it may leave by the socket bound to `own` (0.0.0.0: any), for `asker`; None when no
    address is valid there."""
    adapter = next((one for one in found if one.has(own)), None)
    if adapter is None and asker:
        adapter = next((one for one in found if one.reaches(asker)), None)
    addresses = [one for one in _records(out) if isinstance(one, DNSAddress)]
    if adapter is not None:
        valid = {one for one in addresses if adapter.has(_text(one))}
        if any(one.ip.is_loopback for one in adapter.interfaces):
            # On this computer itself each of its addresses is reached.
            valid = valid or set(addresses)
    else:
        # An asker behind a router may reach any of them; without one the interface is gone.
        valid = {one for one in addresses if not _text(one).startswith(LOOPBACK)} if asker else set()
    if not valid:
        return None
    wrong = set(addresses) - valid
    fitting = DNSOutgoing(out.flags, out.multicast, out.id)
    fitting.questions = list(out.questions)
    fitting.answers = [(record, when) for record, when in out.answers if record not in wrong]
    fitting.authorities = list(out.authorities)
    fitting.additionals = [record for record in out.additionals if record not in wrong]
    return fitting


def _records(out: DNSOutgoing) -> list[Any]:
    return [record for record, _ in out.answers] + list(out.additionals)


def _text(record: DNSAddress) -> str:
    return ".".join(map(str, record.address))


GROUP = "224.0.0.251"
PORT = 5353
# As RFC 1035 numbers them: the flags of a question, the record that names a service's instances, the class of
# the internet.
QUERY, PTR, INTERNET = 0, 12, 1


def refusal(ip: str) -> str:
    """Why mDNS cannot be spoken on this address; empty when it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.bind((ip, PORT))
            probe.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(ip)
            )
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ip))
        except OSError as error:
            return str(error)
    return ""


def open_zeroconf(addresses: list[str]) -> tuple[Answering, dict[str, str]]:
    """(zeroconf on every address that allows multicast, the refused addresses with the reason).

    Raises TempHubError when no address allows it. Each address is tried on its own first: one VPN adapter
    that refuses multicast would otherwise stop all the others, and zeroconf would leave its sockets open.
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
        f"The network port for finding probes (UDP 5353, mDNS) cannot be used ({reasons}), so no probe is "
        "found by itself.",
        "Close other mDNS programs or allow Python in the firewall; the hub tries again by itself. Probes "
        "that call the hub still work.",
        code="mdns_unavailable",
    )


ALL_SERVICES = "_services._dns-sd._udp.local."
MOST_PACKETS = 500
PACKET_BYTES = 9000
IP_MULTICAST_ALL = 49


class Echo(NamedTuple):
    """heard: our own question came back; others: addresses of other devices heard; hubs: the adverts of hubs;
    error: why not."""

    address: str
    heard: bool = False
    others: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    error: str = ""


def echo(address: str, *, listen_s: float = 1.5, port: int = PORT) -> Echo:
    """Send one mDNS question on `address` and listen for `listen_s`. Never raises."""
    try:
        with _socket(address, port) as ear, _socket(address, port) as mouth:
            mark = f"check-{uuid.uuid4().hex[:12]}"
            mouth.sendto(question(mark), (GROUP, port))
            return _listen(address, ear, mark, listen_s)
    except OSError as error:
        return Echo(address, error=error.strerror or str(error))


def question(mark: str) -> bytes:
    """One packet: which services and which hubs are there, and a name that only this question has."""
    out = DNSOutgoing(QUERY)
    for name in (ALL_SERVICES, HUB_TYPE, f"{mark}.local."):
        out.add_question(DNSQuestion(name, PTR, INTERNET))
    return out.packets()[0]


def _listen(address: str, ear: socket.socket, mark: str, listen_s: float) -> Echo:
    heard, others, hubs = False, set[str](), set[str]()
    deadline = time.monotonic() + listen_s
    for _ in range(MOST_PACKETS):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        ear.settimeout(left)
        try:
            packet, (sender, *_rest) = ear.recvfrom(PACKET_BYTES)
        except TimeoutError:
            break
        if mark.encode() in packet:
            heard = True
        elif sender != address:
            others.add(sender)
        hubs.update(_hubs(packet))
    return Echo(address, heard, tuple(sorted(others)), tuple(sorted(hubs)))


def _hubs(packet: bytes) -> list[str]:
    message = DNSIncoming(packet)
    if not message.valid or not message.is_response():
        return []
    answers = [one for one in message.answers() if isinstance(one, DNSPointer) and one.name == HUB_TYPE]
    return [one.alias.removesuffix("." + HUB_TYPE) for one in answers]


def _socket(address: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("", port))
        if sys.platform == "linux":
            # Otherwise a socket hears every group that any program joined, on whatever address.
            one.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        own = socket.inet_aton(address)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + own)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    except OSError:
        one.close()
        raise
    return one
