"""Discovery across a real network: two network namespaces joined by a bridge."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from support.lan import Lan, ip
from support.waiting import PATIENCE_S, patient
from temphub_kernel.core.finding import PROBLEM
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import Case
from temphub_kernel.doctor.network import six_only

CHECKOUT = Path(__file__).resolve().parents[2]

HUB = """
import json, sys
from temphub_kernel.core.settings import Settings
from temphub_kernel.discovery import Discovery
def say(what, value):
    print(json.dumps([what, value]), flush=True)
hub = Discovery(Settings.from_environ({"DATA_DIR": sys.argv[1]}), lambda met: say("sighting", met),
  lambda gone: say("gone", gone),
                hub_port=8088, on_network=lambda found: say("network", found), poll_s=0.5)
hub.start()
sys.stdin.readline()
say("stopped", hub.stop())
"""

PROBE = """
import sys
from zeroconf import IPVersion, ServiceInfo, Zeroconf
kind = "_temps-probe._tcp.local."
air = Zeroconf(interfaces=["10.77.0.9"], ip_version=IPVersion.V4Only)
texts = {"id": "TempProbe-0A01"}
air.register_service(ServiceInfo(kind, "TempProbe-0A01." + kind, port=80, properties=texts,
  server="TempProbe-0A01.local.",
                                 parsed_addresses=["10.77.0.9"]))
print("ready", flush=True)
sys.stdin.readline()
air.close()
"""


class Program:
    """A Python program in a namespace; its lines come through a queue."""

    def __init__(self, namespace: str, code: str, *arguments: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-W", "error", "-c", code, *arguments]
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def line(self, timeout_s: float = 10.0) -> str:
        try:
            return self.lines.get(timeout=patient(timeout_s)).strip()
        except Empty:
            pytest.fail(f"no word within {timeout_s} s")

    def until(self, what: str, timeout_s: float = 10.0) -> object:
        while True:
            said, value = json.loads(self.line(timeout_s))
            if said == what:
                return value

    def end(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(OSError):
            # The end of its input is its sign to end.
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # It reads to the end by itself; only then nobody needs the pipe any more.
        self._reader.join(PATIENCE_S)
        self.process.stdout.close()


@pytest.fixture
def lan() -> Iterator[Lan]:
    """A LAN of this test's own."""
    made = Lan()
    yield made
    made.close()


@pytest.mark.network
def test_found_across_the_lan_and_after_a_new_address(lan, tmp_path):
    """A probe is found by multicast; when the hub's address changes, the hub says so, announces the new one
    and finds the probe again."""
    hub_space, probe_space = lan.host("hub", "10.77.0.1"), lan.host("probe", "10.77.0.9")
    probe = Program(probe_space, PROBE)
    hub = Program(hub_space, HUB, str(tmp_path))
    try:
        assert probe.line() == "ready"
        assert hub.until("network") == ["10.77.0.1", "127.0.0.1"]
        met = hub.until("sighting")
        assert isinstance(met, list) and met[:3] == ["TempProbe-0A01", "10.77.0.9", 80]
        ip("-n", hub_space, "addr", "flush", "dev", "eth0")
        assert hub.until("network") == ["127.0.0.1"]
        ip("-n", hub_space, "addr", "add", "10.77.0.33/24", "dev", "eth0")
        assert hub.until("network") == ["10.77.0.33", "127.0.0.1"]
        # The probe moves while nobody listens to the old address: only a fresh browser can know.
        second = Program(probe_space, PROBE.replace("port=80", "port=81").replace("0A01", "0A02"))
        try:
            again = hub.until("sighting")
            assert isinstance(again, list) and again[:3] == ["TempProbe-0A02", "10.77.0.9", 81]
        finally:
            second.end()
        assert hub.until("gone") == "TempProbe-0A02"
    finally:
        hub.end()
        probe.end()


ASK = """
import json, sys, time
from zeroconf import AddressResolverIPv4, IPVersion, Zeroconf
air = Zeroconf(interfaces=[sys.argv[1]], ip_version=IPVersion.V4Only)
end = time.monotonic() + 40
told, service, kind = [], None, "_temps-hub._tcp.local."
while not (told and service) and time.monotonic() < end:
    resolver = AddressResolverIPv4("temphub.local.")
    resolver.request(air, 2000)
    told = sorted(resolver.parsed_addresses(IPVersion.V4Only))
    service = service or air.get_service_info(kind, sys.argv[2] + "." + kind, 3000)
print(json.dumps(["told", [told, sorted(service.parsed_addresses(IPVersion.V4Only))]]), flush=True)
sys.stdin.readline()
air.close()
"""


@pytest.mark.network
@pytest.mark.parametrize("own", ["10.77.0.1", "192.168.178.5"])
def test_each_network_is_told_the_addresses_it_reaches(lan, tmp_path, own):
    """A phone or a probe in the house never gets the address of a container bridge or a VPN; who is behind
    those gets theirs."""
    asker = own.rpartition(".")[0] + ".77"
    hub_space, phone = lan.host("hub", own), lan.host("phone", asker)
    container = lan.beside(hub_space, "docker0", "172.17.0.1/16", "container", "172.17.0.2/16")
    lan.beside(hub_space, "wg0", "10.8.0.2/24", "office", "10.8.0.3/24")
    hub = Program(hub_space, HUB, str(tmp_path))
    askers = []
    try:
        assert hub.until("network") == [own, "10.8.0.2", "172.17.0.1", "127.0.0.1"]
        for space, address, expected in ((phone, asker, own), (container, "172.17.0.2", "172.17.0.1")):
            askers.append(Program(space, ASK, address, f"TempHub on {socket.gethostname().split('.')[0]}"))
            assert askers[-1].until("told", 25) == [[expected], [expected]]
    finally:
        for one in askers:
            one.end()
        hub.end()


SIX = """
import sys
from zeroconf import IPVersion, ServiceInfo, Zeroconf
kind = "_temps-probe._tcp.local."
air = Zeroconf(interfaces=["fd77::9"], ip_version=IPVersion.V6Only)
air.register_service(ServiceInfo(kind, "TempProbe-0A06." + kind, port=80, properties={"id": "TempProbe-0A06"},
                                 server="TempProbe-0A06.local.",
                                 parsed_addresses=["fd77::9"]))
print("ready", flush=True)
sys.stdin.readline()
air.close()
"""


@pytest.mark.network
def test_a_probe_with_ipv6_only_is_named(lan, tmp_path):
    """A probe that has IPv6 alone is not found, and log and doctor say so and why; one that has both is no
    such probe."""
    hub_space, probe_space = lan.host("hub", "10.77.0.1"), lan.host("probe", "10.77.0.9")
    for space, six in ((hub_space, "fd77::1"), (probe_space, "fd77::9")):
        ip("-n", space, "addr", "add", f"{six}/64", "dev", "eth0", "nodad")
    both = Program(probe_space, PROBE)
    told = (
        'import logging, sys; logging.basicConfig(stream=sys.stdout, format=\'["log", "%(message)s"]\', '
        "level=logging.WARNING)\n" + HUB + "say('seen', hub.seen())\n"
    )
    hub = Program(
        hub_space,
        told.replace("sys.stdin.readline()\n", "sys.stdin.readline()\nsay('seen', hub.seen())\n"),
        str(tmp_path),
    )
    alone = Program(probe_space, SIX)
    try:
        assert both.line() == alone.line() == "ready"
        assert hub.until("sighting")[0] == "TempProbe-0A01"
        said = hub.until("log", 25)
        assert "TempProbe-0A06 at f" in said and "IPv6 only" in said and "Switch IPv4 on" in said
    finally:
        alone.end()
        hub.end()
        both.end()
    seen = hub.until("seen")
    assert [one.split(" at ")[0] for one in seen["six_only"]] == ["TempProbe-0A06"]
    case = Case(Settings.from_environ({"DATA_DIR": str(tmp_path)}), "", {"seen": seen}, held=True)
    (found,) = six_only(case)
    assert found.level == PROBLEM and found.check == "Probe TempProbe-0A06" and "IPv6 only" in found.result
