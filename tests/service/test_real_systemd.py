"""The service as a real systemd of a user runs it, in a world of its own: nothing of this computer's is
touched."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.hub import read_info

SYSTEMD = "/usr/lib/systemd/systemd"
# A folder for what the system keeps of its services, and for systemd the sign that it is in charge.
ISLAND = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
exec "$@"
"""
READING = "/api/ingest?temperature_c=20&probe_id=p"
HERE = Path(__file__).parents[2]


@pytest.fixture
def systemd(tmp_path):
    """(runs a command in a world with a systemd of its own, that world's first process)"""
    tools = [shutil.which(name) for name in ("unshare", "nsenter", "systemctl")]
    if sys.platform != "linux" or os.geteuid() != 0 or not all(tools) or not Path(SYSTEMD).exists():
        cannot("a systemd of one's own needs Linux, its rights and systemd (Debian: apt-get install systemd)")
    # Its own sockets have names of at most 108 characters.
    with tempfile.TemporaryDirectory(prefix="sd") as home:
        env = {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": "/run/xdg", "PYTHONPATH": str(HERE)}
        env.pop("NOTIFY_SOCKET", None)
        env.pop("DBUS_SESSION_BUS_ADDRESS", None)
        words = ["unshare", "--mount", "sh", "-c", ISLAND, "island", SYSTEMD, "--user"]
        manager = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def run(*command, **more):
            within = ["nsenter", f"--mount=/proc/{manager.pid}/ns/mnt", f"--wd={HERE}", *command]
            return subprocess.run(
                within, env={**env, **more}, capture_output=True, text=True, timeout=60, check=False
            )

        try:
            wait_for(lambda: run("systemctl", "--user", "list-units").returncode == 0, 30, 0.2)
            yield run
        finally:
            run("systemctl", "--user", "stop", "temphub.service")
            # The sign by which a user's systemd ends itself and all that it runs.
            manager.send_signal(signal.SIGTERM)
            try:
                manager.wait(PATIENCE_S)
            finally:
                manager.kill()
                manager.wait()


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def test_killed_as_a_service_recording_goes_on(systemd, data_dir, free_port):
    """The first process of the service is killed: the hub goes on, and ends in order, for good, when
    the service is to stop."""
    settings = {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
    }
    temphub = [sys.executable, "-m", "temphub_kernel", "service"]

    def first():
        return int(systemd("systemctl", "--user", "show", "-P", "MainPID", "temphub.service").stdout or 0)

    said = systemd(*temphub, "install", **settings)
    assert said.returncode == 0, said.stderr
    wait_for(lambda: ask(free_port, "/") and ask(free_port, READING), 90, 0.2)
    hub = read_info(data_dir)
    os.kill(first(), signal.SIGKILL)
    wait_for(lambda: not first(), 30, 0.1)
    assert ask(free_port, READING) and read_info(data_dir) == hub
    said = systemd(*temphub, "uninstall", **settings)
    assert said.returncode == 0, said.stderr
    # What ends in order takes its note along.
    assert not ask(free_port, READING) and read_info(data_dir) is None
