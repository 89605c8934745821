"""mDNS gone mad, as a program of its own. It rages until its input ends, then says as JSON how much was
`invented` and `reflected`.

Thousands of made-up probes, and a reflector that sends everything it hears again and again. In the process of
the hub under test it would take that one's time.
"""

import json
import socket
import struct
import sys
import threading
import time

from zeroconf import DNSOutgoing, ServiceInfo

GROUP, PORT = "224.0.0.251", 5353
PROBE_TYPE = "_temps-probe._tcp.local."
PROBES, INVENTED_A_S, REFLECTED_A_S = 3000, 400, 500


def on_loopback() -> socket.socket:
    """A socket in the mDNS group of the loopback interface."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("", PORT))
    here = socket.inet_aton("127.0.0.1")
    one.setsockopt(
        socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), here)
    )
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
    one.settimeout(0.2)
    return one


class Sender(threading.Thread):
    """Sends so many packets a second at most; `sent` counts them."""

    def __init__(self, a_second: int) -> None:
        super().__init__()
        self.stopping = threading.Event()
        self.sent = 0
        self._a_second, self._began_s = a_second, time.monotonic()

    def may(self) -> bool:
        """Whether one more may be sent now."""
        return self.sent < self._a_second * (time.monotonic() - self._began_s)


class Reflector(Sender):
    """Sends each packet that it hears three times more, as two reflectors on one network do to each other."""

    def run(self) -> None:
        with on_loopback() as own:
            while not self.stopping.is_set():
                try:
                    packet, _ = own.recvfrom(9000)
                except TimeoutError:
                    continue
                for _ in range(3):
                    if self.may():
                        own.sendto(packet, (GROUP, PORT))
                        self.sent += 1


class Inventor(Sender):
    """Announces one made-up probe after the other, each whole, at an address where nothing listens."""

    def run(self) -> None:
        with on_loopback() as own:
            for number in range(PROBES):
                while not self.may():
                    if self.stopping.wait(0.01):
                        return
                for packet in announcement(f"Made-up-{number}"):
                    own.sendto(packet, (GROUP, PORT))
                self.sent += 1


def announcement(name: str) -> list[bytes]:
    """All that a probe says of itself; forgotten after six seconds."""
    info = ServiceInfo(
        PROBE_TYPE,
        f"{name}.{PROBE_TYPE}",
        port=9,
        properties={"id": name},
        server=f"{name}.local.",
        parsed_addresses=["127.0.0.1"],
        host_ttl=6,
    )
    out = DNSOutgoing(0x8400)
    for record in (info.dns_pointer(), info.dns_service(), info.dns_text(), *info.dns_addresses()):
        out.add_answer_at_time(record, 0)
    return out.packets()


def main() -> None:
    """Until the input ends."""
    invented, reflected = Inventor(INVENTED_A_S), Reflector(REFLECTED_A_S)
    for one in (invented, reflected):
        one.start()
    sys.stdin.read()
    for one in (invented, reflected):
        one.stopping.set()
        one.join()
    sys.stdout.write(json.dumps({"invented": invented.sent, "reflected": reflected.sent}))


if __name__ == "__main__":
    main()
