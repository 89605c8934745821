"""Probes found by other people's mDNS: Debian's avahi and python-zeroconf, each on a host of its own."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probe_interpreters import FIRMWARE, tool, wait_until
from support.avahi import Avahi
from support.lan import Lan
from support.waiting import PATIENCE_S, cannot

pytestmark = [pytest.mark.network, pytest.mark.timeout(120)]
TYPE = "_temps-probe._tcp"
ZEROCONF = """
import sys, time
from zeroconf import ServiceBrowser, Zeroconf
zc = Zeroconf(interfaces=[sys.argv[1]])
def change(zeroconf, service_type, name, state_change):
    info = zeroconf.get_service_info(service_type, name) if "Added" in str(state_change) else None
    print(state_change.name, name, *(info.parsed_addresses() + [info.port,
      info.decoded_properties] if info else []), flush=True)
ServiceBrowser(zc, "_temps-probe._tcp.local.", [change])
time.sleep(60)
"""


class Strangers:
    """A LAN with two probes of one id, one of another, and the two finders."""

    def __init__(self, tmp_path: Path) -> None:
        self.browser = shutil.which("avahi-browse") or cannot(
            "avahi-browse is not installed (package avahi-utils)"
        )
        self.folder = tmp_path
        self.lan = Lan()
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, space: str, command: list[str], log: str, **environ: str) -> "subprocess.Popen[bytes]":
        self.running.append(self.lan.run(space, command, self.folder / log, **environ))
        return self.running[-1]

    def probe(self, host: str, address: str, probe_id: str) -> "subprocess.Popen[bytes]":
        space = self.lan.host(host, address)
        state = self.folder / f"state-{host}"
        options = ["--id", probe_id, "--port", "80", "--bind", address, "--state", str(state), "--token", "t"]
        return self.start(space, [tool("micropython"), str(FIRMWARE / "main.py"), *options], f"{host}.log")

    def avahi(self, address: str) -> str:
        """Start avahi on a host; its namespace."""
        space = self.lan.host("avahi", address)
        self.daemon = Avahi(self.lan, space, self.folder)
        self.running += self.daemon.processes
        return space

    def browse(self, space: str) -> list[list[str]]:
        """What avahi-browse resolves: [[…, name, type, domain, host, address, port, texts]]."""
        command = ["ip", "netns", "exec", space, self.browser, "--resolve", "--parsable", "--terminate", TYPE]
        environ = {**self.daemon.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environ)
        return [line.split(";") for line in done.stdout.splitlines() if line.startswith("=")]

    def text(self, log: str) -> str:
        return (
            (self.folder / log).read_text(encoding="utf-8", errors="replace")
            if (self.folder / log).exists()
            else ""
        )

    def close(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.lan.close()


@pytest.fixture
def strangers(tmp_path):
    strangers = Strangers(tmp_path)
    yield strangers
    strangers.close()


def test_avahi_and_zeroconf_find_every_probe_under_a_name_of_its_own(strangers):
    """Three probes, two with the same id: both finders see three names with address, port and texts; a
    goodbye is honoured; a probe that was unplugged is found again."""
    space = strangers.avahi("10.77.0.5")
    ears = strangers.lan.host("ears", "10.77.0.6")
    strangers.start(ears, [sys.executable, "-c", ZEROCONF, "10.77.0.6"], "zeroconf.log")
    strangers.probe("p1", "10.77.0.11", "TempProbe-0A01")
    wait_until(lambda: "TempProbe-0A01." in strangers.text("zeroconf.log"))
    strangers.probe("p2", "10.77.0.12", "TempProbe-0A01")
    leaving = strangers.probe("p3", "10.77.0.13", "TempProbe-0A03")

    seen = wait_until(lambda: len(found := strangers.browse(space)) >= 3 and found, 20)
    by_name = {line[3]: line for line in seen}
    assert set(by_name) == {"TempProbe-0A01", "TempProbe-0A01-2", "TempProbe-0A03"}, [
        line[3:9] for line in seen
    ]
    assert sorted((line[7], line[8]) for line in seen) == [
        (f"10.77.0.{number}", "80") for number in (11, 12, 13)
    ], seen
    assert (
        by_name["TempProbe-0A01"][7] == "10.77.0.11"
        and by_name["TempProbe-0A01-2"][6] == "TempProbe-0A01-2.local"
    )
    assert (
        '"id=TempProbe-0A01"' in by_name["TempProbe-0A01-2"][9]
        and '"model=virtual"' in by_name["TempProbe-0A01-2"][9]
    )
    wait_until(lambda: all(f"Added {name}." in strangers.text("zeroconf.log") for name in by_name))
    assert (
        "'id': 'TempProbe-0A01'"
        in strangers.text("zeroconf.log").split("Added TempProbe-0A01-2.")[1].split("\n")[0]
    )
    assert "is found as TempProbe-0A01-2" in strangers.text("p2.log")

    leaving.send_signal(signal.SIGINT)
    wait_until(lambda: "Removed TempProbe-0A03." in strangers.text("zeroconf.log"))
    wait_until(lambda: "TempProbe-0A03" not in {line[3] for line in strangers.browse(space)})

    strangers.lan.unplug("p1")
    strangers.probe("p4", "10.77.0.14", "TempProbe-0A04")
    wait_until(lambda: "TempProbe-0A04" in {line[3] for line in strangers.browse(space)})
    strangers.lan.plug("p1")
    wait_until(lambda: {"TempProbe-0A01", "TempProbe-0A04"} <= {line[3] for line in strangers.browse(space)})
