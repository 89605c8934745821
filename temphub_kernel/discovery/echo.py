"""Is multicast really sent and heard? A question is sent from one socket and must be heard by another on the same address.

Any thread; needs no hub, disturbs none: nothing is announced.
"""

import socket
import sys
import time
import uuid
from typing import NamedTuple

# Public in zeroconf's documentation, only left out of its __all__.
from zeroconf import DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion  # type: ignore[attr-defined]

from .advert import HUB_TYPE
from .multicast import GROUP, INTERNET, PORT, PTR, QUERY

ALL_SERVICES = "_services._dns-sd._udp.local."
MOST_PACKETS = 500
PACKET_BYTES = 9000
IP_MULTICAST_ALL = 49


class Echo(NamedTuple):
    """heard: our own question came back; others: addresses of other devices heard; hubs: the adverts of hubs; error: why not."""

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
