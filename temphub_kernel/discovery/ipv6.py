"""Probes that announce themselves by IPv6 only: heard, so that somebody can be told why they are not found.
Discovery thread only.

Hub and probes speak IPv4: a probe is told a numeric IPv4 address, and its firmware knows no other. So such a
probe is named, not used.
"""

import logging
import socket
import struct
from collections.abc import Collection, Iterable
from errno import EADDRINUSE

# Public in zeroconf's documentation, only left out of its __all__.
from zeroconf import DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion  # type: ignore[attr-defined]

from ..core import IPV6_ONLY_REMEDY, Once, clock, ipv6_only_problem
from . import adverts, multicast

log = logging.getLogger(__name__)
GROUP6 = "ff02::fb"
# A probe with both kinds of address is found by IPv4 within this time.
PATIENCE_S = 12.0
ASK_EVERY_S = 30.0
MOST = 50
MOST_PACKETS = 200
PACKET_BYTES = 9000


class SixEar:
    """Listens for adverts of probes on IPv6, on every interface that has it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._joined: set[int] = set()
        self._asked_s = float("-inf")
        # instance -> (address, since when)
        self._heard: dict[str, tuple[str, float]] = {}
        self._once = Once(log)

    def look(self, known: Collection[str]) -> list[str]:
        """The probes heard by IPv6 only, as `name at address`, each warned of once. known: instances that
        IPv4 has shown. Never raises."""
        now = clock.monotonic_s()
        try:
            self._open()
            self._ask(now)
            for instance, address in self._receive():
                if instance not in self._heard and len(self._heard) < MOST:
                    self._heard[instance] = address, now
        except OSError as error:
            log.debug("IPv6 cannot be listened to (%s)", error)
            self.close()
        for instance in [one for one in self._heard if one in known]:
            del self._heard[instance]
            self._once.clear(instance)
        lonely = {
            adverts.clean(instance.removesuffix("." + adverts.PROBE_TYPE)): address
            for instance, (address, at) in self._heard.items()
            if now - at >= PATIENCE_S
        }
        for name, address in lonely.items():
            self._once.warn(name, f"{ipv6_only_problem(name, address)} {IPV6_ONLY_REMEDY}")
        return [f"{name} at {address}" for name, address in lonely.items()]

    def close(self) -> None:
        """Let the socket go; what was heard is forgotten with it."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._joined.clear()
        self._heard.clear()
        self._asked_s = float("-inf")

    def _open(self) -> None:
        if self._socket is None:
            one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self._socket = one
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            one.setblocking(False)
            one.bind(("::", multicast.PORT))
        for index, _ in socket.if_nameindex():
            if index not in self._joined and _joins(self._socket, index):
                self._joined.add(index)
                self._asked_s = float("-inf")

    def _ask(self, now: float) -> None:
        if self._socket is None or now - self._asked_s < ASK_EVERY_S:
            return
        self._asked_s = now
        out = DNSOutgoing(multicast.QUERY)
        out.add_question(DNSQuestion(adverts.PROBE_TYPE, multicast.PTR, multicast.INTERNET))
        for index in list(self._joined):
            try:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
                self._socket.sendto(out.packets()[0], (GROUP6, multicast.PORT, 0, index))
            except OSError:
                # The interface went away, or has no IPv6 just now.
                self._joined.discard(index)

    def _receive(self) -> Iterable[tuple[str, str]]:
        for _ in range(MOST_PACKETS):
            if self._socket is None:
                return
            try:
                packet, (address, *_rest) = self._socket.recvfrom(PACKET_BYTES)
            except BlockingIOError:
                return
            message = DNSIncoming(packet)
            if message.valid and message.is_response():
                for one in message.answers():
                    if isinstance(one, DNSPointer) and one.name == adverts.PROBE_TYPE and one.ttl:
                        yield one.alias, address


def _joins(one: socket.socket, index: int) -> bool:
    try:
        one.setsockopt(
            socket.IPPROTO_IPV6,
            socket.IPV6_JOIN_GROUP,
            socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("@I", index),
        )
    except OSError as error:
        # Joined already, where an index came again.
        return error.errno == EADDRINUSE
    return True
