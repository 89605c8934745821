"""mDNS gone mad: thousands of made-up probes, and a reflector that sends everything it hears again and again."""

import socket
import struct
import threading
import time
from itertools import pairwise

import psutil
import pytest
from zeroconf import DNSOutgoing

from support.virtual import VirtualProbe
from support.waiting import wait_for
from temphub_kernel.journal import Reader

GROUP, PORT = "224.0.0.251", 5353
STORM_S = 8.0
NAME = "TempProbe-0A77"


def on_loopback() -> socket.socket:
    """A socket in the mDNS group of the loopback interface."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("", PORT))
    here = socket.inet_aton("127.0.0.1")
    one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), here))
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
    one.settimeout(0.2)
    return one


class Reflector(threading.Thread):
    """Sends each packet that it hears three times more, as two reflectors on one network do to each other; its own echo is bounded."""

    MOST_S = 500

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        started = time.monotonic()
        with on_loopback() as own:
            while not self.stopping.is_set():
                try:
                    packet, _ = own.recvfrom(9000)
                except TimeoutError:
                    continue
                for _ in range(3):
                    if self.sent < self.MOST_S * (time.monotonic() - started):
                        own.sendto(packet, (GROUP, PORT))
                        self.sent += 1


class Inventor(threading.Thread):
    """Announces one made-up probe after the other, each whole, at an address where nothing listens."""

    def __init__(self, advert) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.packets = [packet for number in range(3000) for packet in _announcement(advert, f"Made-up-{number}")]
        self.sent = 0

    def run(self) -> None:
        with on_loopback() as own:
            for packet in self.packets:
                if self.stopping.wait(0.001):
                    return
                own.sendto(packet, (GROUP, PORT))
                self.sent += 1


def _announcement(advert, name: str) -> list[bytes]:
    info = advert(name, id=name, port=9, ttl=6)
    out = DNSOutgoing(0x8400)
    for record in (info.dns_pointer(), info.dns_service(), info.dns_text(), *info.dns_addresses()):
        out.add_answer_at_time(record, 0)
    return out.packets()


@pytest.fixture
def hub(start_here):
    """A hub in this process, on loopback."""
    return start_here(DEFAULT_INTERVAL_MS="500")


def delivered(hub, probe_id: str) -> list[int]:
    """When its readings came in."""
    with Reader(hub.journal) as reader:
        return [point.received_ms for point in reader.after(0, 100_000) if point.probe_id == probe_id]


@pytest.mark.timeout(240)
def test_a_storm_of_adverts_costs_no_reading(hub, advert, put_up, unique, tmp_path, caplog):
    """A probe that delivers goes on within seconds, one that is switched on meanwhile is taken up (it says hello), memory stays flat,
    the log says a few things once; after the storm a probe that only announces itself is found."""
    with VirtualProbe("cpython", NAME, tmp_path / "a") as probe:
        wait_for(lambda: probe.status()["delivered"] >= 2, 20)
        before, rss = time.time() * 1000, psutil.Process().memory_info().rss
        storm = [Reflector(), Inventor(advert)]
        for one in storm:
            one.start()
        try:
            with VirtualProbe("cpython", NAME + "b", tmp_path / "b") as late:
                wait_for(lambda: late.status()["delivered"] >= 2, 25)
            wait_for(lambda: not storm[1].is_alive() and time.time() * 1000 - before > STORM_S * 1000, 30)
        finally:
            for one in storm:
                one.stopping.set()
            for one in storm:
                one.join(10)
        assert storm[1].sent >= 3000 and storm[0].sent > 1000
        assert psutil.Process().memory_info().rss - rss < 60e6
        came = [ms for ms in delivered(hub, NAME) if ms > before]
        assert max(b - a for a, b in pairwise(came)) < 4_000
        put_up(advert(unique, id=unique, port=9))
        wait_for(lambda: hub.book.at("127.0.0.1") and unique in hub.book.at("127.0.0.1"), 90)
    warned = [record for record in caplog.records if record.levelname == "WARNING" and "Made-up" not in record.getMessage()]
    assert len(warned) < 20, [record.getMessage() for record in warned]
