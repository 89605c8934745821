"""Other receivers that happen to be installed, run beside the hub for as long as they are measured."""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from support.ports import free_port


class Peer:
    """A program that takes the line protocol at `url`. name: what the table calls it; on_disk: whether it
    answers only when what was sent is on the disk."""

    name = ""
    on_disk = False

    def __init__(self, url: str, question: urllib.request.Request, data: Path, command: list[str]) -> None:
        """question: what it answers as soon as it is ready; data: its folder, removed at the end."""
        self.url = url
        self._question = question
        self._data = data
        quiet = subprocess.DEVNULL
        place = {**os.environ, **self.settings(), "HOME": str(data)}
        self._process = subprocess.Popen(command, env=place, stdout=quiet, stderr=quiet)

    def settings(self) -> dict[str, str]:
        """Environment variables of its own."""
        return {}

    def wait(self) -> None:
        """Until it answers."""
        while True:
            try:
                with urllib.request.urlopen(self._question, timeout=10):
                    return
            except (urllib.error.URLError, OSError):
                assert self._process.poll() is None, f"{self.name} has ended"
                time.sleep(0.2)

    def cpu_s(self) -> dict[int, float]:
        """CPU seconds so far, by process; each is one process with many threads."""
        return {self._process.pid: sum(psutil.Process(self._process.pid).cpu_times()[:2])}

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._data, ignore_errors=True)


class InfluxDB(Peer):
    """InfluxDB 1: one commit to its log a request."""

    name = "InfluxDB"
    on_disk = True

    def __init__(self, program: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="temphub-benchmark-"))
        self._ports = free_port(), free_port()
        base = f"http://127.0.0.1:{self._ports[0]}"
        make = urllib.request.Request(f"{base}/query", b"q=CREATE DATABASE t")
        super().__init__(f"{base}/write?db=t&precision=ms", make, self._folder, [program, "run"])

    def settings(self) -> dict[str, str]:
        place = {"META_DIR": "meta", "DATA_DIR": "data", "DATA_WAL_DIR": "wal"}
        return {
            **{f"INFLUXDB_{name}": str(self._folder / folder) for name, folder in place.items()},
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{self._ports[0]}",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{self._ports[1]}",
            "INFLUXDB_REPORTING_DISABLED": "true",
            "INFLUXDB_HTTP_LOG_ENABLED": "false",
        }


class VictoriaMetrics(Peer):
    """VictoriaMetrics: what it has taken is on the disk some seconds later."""

    name = "VictoriaMetrics"

    def __init__(self, program: str) -> None:
        folder, address = Path(tempfile.mkdtemp(prefix="temphub-benchmark-")), f"127.0.0.1:{free_port()}"
        command = [program, "-storageDataPath", str(folder / "data"), "-httpListenAddr", address]
        health = urllib.request.Request(f"http://{address}/health")
        super().__init__(f"http://{address}/write?precision=ms", health, folder, command)


PROGRAMS = {"influxd": InfluxDB, "victoria-metrics": VictoriaMetrics}


def installed() -> list[Peer]:
    """Those that are there."""
    found = ((kind, shutil.which(name)) for name, kind in PROGRAMS.items())
    return [kind(program) for kind, program in found if program]
