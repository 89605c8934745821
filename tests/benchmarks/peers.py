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


class InfluxDB:
    """InfluxDB 1: one commit to its log a request, answered when that is on the disk. It takes the line
    protocol."""

    name = "InfluxDB"

    def __init__(self, program: str) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="temphub-benchmark-"))
        port, inner = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/write?db=t&precision=ms"
        place = {"META_DIR": "meta", "DATA_DIR": "data", "DATA_WAL_DIR": "wal"}
        own = {f"INFLUXDB_{name}": str(self.data / folder) for name, folder in place.items()}
        own |= {
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{port}",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{inner}",
        }
        own |= {"INFLUXDB_REPORTING_DISABLED": "true", "INFLUXDB_HTTP_LOG_ENABLED": "false"}
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [program, "run"], env={**os.environ, **own, "HOME": str(self.data)}, stdout=quiet, stderr=quiet
        )
        self._make = urllib.request.Request(f"http://127.0.0.1:{port}/query", b"q=CREATE DATABASE t")

    def wait(self) -> None:
        """Until it answers."""
        while True:
            try:
                with urllib.request.urlopen(self._make, timeout=10):
                    return
            except (urllib.error.URLError, OSError):
                assert self._process.poll() is None, "InfluxDB has ended"
                time.sleep(0.2)

    def cpu_s(self) -> dict[int, float]:
        """CPU seconds so far, by process."""
        return {self._process.pid: sum(psutil.Process(self._process.pid).cpu_times()[:2])}

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.data, ignore_errors=True)


def installed() -> list[InfluxDB]:
    """Those that are there."""
    program = shutil.which("influxd")
    return [InfluxDB(program)] if program else []
