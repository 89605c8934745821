"""Debian's avahi on a host of a test's LAN, with a message bus of its own."""

import shutil
from pathlib import Path

from .lan import Lan
from .waiting import cannot, wait_for

BUS = """<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow eavesdrop="false"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>"""
# avahi-daemon wants its folder in /run; `ip netns exec` gives each program mounts of its own, so nobody else
# sees this one.
DAEMON = (
    "mount -t tmpfs none /run && mkdir /run/avahi-daemon && exec {avahi} --no-drop-root --no-chroot "
    "--no-rlimits -f {conf}"
)


class Avahi:
    """A daemon in `space`. folder: where its files go; a short path, since a socket lies in it."""

    def __init__(self, lan: Lan, space: str, folder: Path) -> None:
        self._tools = {
            name: shutil.which(name) or f"/usr/sbin/{name}" for name in ("avahi-daemon", "dbus-daemon")
        }
        missing = [name for name, path in self._tools.items() if not Path(path).exists()]
        if missing:
            cannot(f"{', '.join(missing)} is not installed (packages avahi-daemon, dbus)")
        self.environ = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"}
        folder.mkdir(exist_ok=True)
        bus, conf, self._log = folder / "bus.conf", folder / "avahi.conf", folder / "avahi.log"
        bus.write_text(BUS.format(folder=folder), encoding="utf-8")
        conf.write_text("[server]\nuse-ipv6=no\nallow-interfaces=eth0\n", encoding="utf-8")
        daemon = [self._tools["dbus-daemon"], f"--config-file={bus}", "--nofork", "--nopidfile"]
        self.processes = [lan.run(space, daemon, folder / "bus.log")]
        wait_for((folder / "bus").exists, 20)
        script = DAEMON.format(avahi=self._tools["avahi-daemon"], conf=conf)
        self.processes.append(lan.run(space, ["sh", "-c", script], self._log, **self.environ))
        wait_for(
            lambda: "Server startup complete" in self._log.read_text(encoding="utf-8", errors="replace"), 20
        )
