"""Multicast between two computers, in network namespaces."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.lan import Lan
from support.waiting import wait_for
from temphub_kernel.core import files

pytestmark = pytest.mark.network
CODE = """
import sys
sys.path.insert(0, {root!r})
from temphub_kernel.discovery.multicast import echo
for _ in range({times}):
    found = echo({address!r}, listen_s={listen_s})
    print(found.heard, *found.others, flush=True)
"""


@pytest.fixture
def lan() -> Iterator[Lan]:
    """A LAN without hosts."""
    made = Lan()
    yield made
    made.close()


def command(address: str, times: int, listen_s: float) -> list[str]:
    return [
        sys.executable,
        "-c",
        CODE.format(root=str(files.CHECKOUT), address=address, times=times, listen_s=listen_s),
    ]


def listen(space: str, address: str) -> str:
    """What one question finds on a host."""
    done = subprocess.run(
        ["ip", "netns", "exec", space, *command(address, 1, 1.5)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_other_devices_are_heard_and_a_pulled_cable_is_noticed(lan: Lan, tmp_path: Path) -> None:
    """A second computer that speaks mDNS is heard; without the cable only our own question is."""
    here, there = lan.host("here", "10.77.0.2"), lan.host("there", "10.77.0.3")
    log = tmp_path / "there.log"
    other = lan.run(there, command("10.77.0.3", 1000, 0.2), log)
    try:
        wait_for(lambda: b"True" in log.read_bytes(), 30)
        assert listen(here, "10.77.0.2") == "True 10.77.0.3"
        lan.unplug("there")
        assert listen(here, "10.77.0.2") == "True"
    finally:
        other.kill()
        other.wait()
