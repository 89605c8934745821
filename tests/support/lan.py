"""A LAN made of network namespaces: hosts joined by a bridge, each with an address of its own, gone after the
test."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

from .leftovers import SPACE
from .waiting import cannot

# Two may be there at once, each with a host of the same name.
_lans = itertools.count(1)


def ip(*words: str, check: bool = True) -> None:
    """Run the `ip` tool."""
    subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Lan:
    """Hosts by name on 10.77.0.0/24. Traffic stays between these namespaces."""

    def __init__(self) -> None:
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            cannot("network namespaces need root")
        if shutil.which("ip") is None:
            cannot("network namespaces need the `ip` tool (package iproute2)")
        self._spaces: list[str] = []
        self._mark = f"{SPACE}{next(_lans)}-"
        self._bridge = self._add("bridge")
        ip("-n", self._bridge, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        ip("-n", self._bridge, "link", "set", "br0", "up")

    def host(self, name: str, address: str) -> str:
        """Add a host; returns its namespace."""
        space = self._add(name)
        ip("-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", name, "netns", self._bridge)
        ip("-n", self._bridge, "link", "set", name, "master", "br0", "up")
        ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
        ip("-n", space, "link", "set", "eth0", "up")
        return space

    def beside(self, space: str, device: str, address: str, name: str, peer: str) -> str:
        """Give a host a second network that only it and the new host `name` are in; returns the new host's
        namespace."""
        other = self._add(name)
        ip("-n", space, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", other)
        for one, link, given in ((space, device, address), (other, "eth0", peer)):
            ip("-n", one, "addr", "add", given, "dev", link)
            ip("-n", one, "link", "set", link, "up")
        return other

    def move(self, space: str, address: str) -> None:
        """Give a host another address, as a router does after a restart."""
        ip("-n", space, "addr", "flush", "dev", "eth0")
        ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")

    def unplug(self, name: str) -> None:
        """Pull a host's cable."""
        ip("-n", self._bridge, "link", "set", name, "down")

    def plug(self, name: str) -> None:
        """Put it back."""
        ip("-n", self._bridge, "link", "set", name, "up")

    def run(self, space: str, command: list[str], log: Path, **environ: str) -> "subprocess.Popen[bytes]":
        """Start a program on a host."""
        with log.open("ab") as out:
            env = {**os.environ, **environ}
            whole = ["ip", "netns", "exec", space, *command]
            return subprocess.Popen(
                whole, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env
            )

    def close(self) -> None:
        """Remove every namespace, and with it its links."""
        for space in self._spaces:
            ip("netns", "del", space, check=False)

    def _add(self, name: str) -> str:
        space = f"{self._mark}{name}"
        ip("netns", "add", space)
        self._spaces.append(space)
        ip("-n", space, "link", "set", "lo", "up")
        return space
