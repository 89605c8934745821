"""docs/own-probe.md: the programs for boards, run on Linux with stand-ins for what only a board has, against
a real hub."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from zeroconf import ServiceInfo, Zeroconf

from recipes.conftest import TOKEN, Receiver, block
from support.ports import free_port
from support.waiting import cannot, wait_for

HERE = Path(__file__).parent
Start = Callable[..., Receiver]


@contextmanager
def running(command: list[str], log: Path, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A board's program, ended at the end; what it prints is in `log`."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Arduino sketch of the document, compiled with all warnings."""
    compiler = shutil.which("g++") or cannot("g++ is not installed (Debian: apt-get install g++)")
    if not Path("/usr/include/nlohmann/json.hpp").exists():
        cannot("nlohmann's JSON is not installed (Debian: apt-get install nlohmann-json3-dev)")
    folder = tmp_path_factory.mktemp("sketch")
    code = (
        '#include "Arduino.h"\n'
        + block("Arduino on an ESP32", "cpp")
        + "\nint main() {\n  setup();\n  while (true) loop();\n}\n"
    )
    (folder / "probe.cpp").write_text(code)
    command = [
        compiler,
        "-std=gnu++17",
        "-Wall",
        "-Wextra",
        "-I",
        str(HERE / "arduino"),
        "probe.cpp",
        "-o",
        "probe",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder / "probe"


@contextmanager
def announced(log: Path, port: int) -> Iterator[None]:
    """What the sketch says that it announces, announced on the loopback interface."""
    wait_for(lambda: "announces" in log.read_text(), 20)
    _, instance, kind, told = log.read_text().splitlines()[0].split()
    assert (kind, told) == ("_temps-probe._tcp", "80")
    zeroconf = Zeroconf(interfaces=["127.0.0.1"])
    name, host = f"{instance}.{kind}.local.", f"{instance}.local."
    info = ServiceInfo(
        f"{kind}.local.", name, addresses=[socket.inet_aton("127.0.0.1")], port=port, server=host
    )
    zeroconf.register_service(info)
    try:
        yield
    finally:
        zeroconf.close()


@pytest.mark.parametrize("token", ["", TOKEN])
def test_the_arduino_sketch_is_found_told_and_delivers(
    receiver: Start, sketch: Path, tmp_path: Path, token: str
) -> None:
    """Found by what it announces, told address, interval and its own token, it delivers; after a power cut it
    goes on by itself."""
    hub = receiver(DEFAULT_INTERVAL_MS="500", **({"SERVER_TOKEN": token} if token else {}))
    port, flash, sensor = free_port(), tmp_path / "flash", tmp_path / "sensor"
    flash.mkdir()
    sensor.write_text("23.8125")
    board = {"PROBE_PORT": str(port), "FLASH": str(flash), "SENSOR": str(sensor)}
    log = tmp_path / "board.txt"
    with running([str(sketch)], log, **board), announced(log, port):
        hub.wait("TempProbe-0A01", 23.8125, 23.8125)
    kept = {path.name: path.read_text() for path in flash.iterdir()}
    assert kept["server_url"] == f"{hub.base}/api/ingest" and kept["interval_ms"] == "500"
    # The shared token is not given away: each probe is told one of its own.
    assert kept.get("token", "") != token or not token
    sensor.write_text("-4.5")
    with running([str(sketch)], tmp_path / "again.txt", **board):
        wait_for(lambda: hub.stored("TempProbe-0A01")[-1] == -4.5, 20)
    assert "not stored" not in log.read_text() + (tmp_path / "again.txt").read_text()


STAND_INS = {
    "network": (
        "STA_IF = 0\nclass WLAN:\n    def __init__(self, which): pass\n"
        "    def active(self, on): pass\n    def connect(self, name, word): pass\n"
    ),
    "machine": "class Pin:\n    def __init__(self, number): pass\n",
    "onewire": "class OneWire:\n    def __init__(self, pin): pass\n",
    "ds18x20": (
        "class DS18X20:\n    def __init__(self, bus): self.value = 20.0\n    def scan(self): return "
        "[b'12345678']\n"
        "    def convert_temp(self): self.value += 0.25\n    def read_temp(self, rom): return self.value\n"
    ),
}


@pytest.mark.parametrize("token", ["", TOKEN])
def test_the_micropython_recipe_delivers_and_keeps_what_waits(
    receiver: Start, tmp_path: Path, token: str
) -> None:
    """Under a real MicroPython it delivers; what was measured while the hub was off comes when it is on
    again, once each and in order."""
    micropython = shutil.which("micropython") or shutil.which(
        "micropython", path=str(Path(sys.executable).parent)
    )
    if micropython is None:
        cannot("micropython is not installed (see [test] in pyproject.toml)")
    hub = receiver(**({"SERVER_TOKEN": token} if token else {}))
    for name, text in STAND_INS.items():
        (tmp_path / f"{name}.py").write_text(text)
    address = '"192.168.1.20", 8088, "/api/ingest", ""'
    program = block("MicroPython", "python")
    assert address in program
    (tmp_path / "main.py").write_text(
        program.replace(address, f'"127.0.0.1", {hub.port}, "/api/ingest", "{token}"')
    )
    with running([micropython, "main.py"], tmp_path / "board.txt", MICROPYPATH=str(tmp_path)) as board:
        hub.wait("TempProbe-0B01", 20.25)
        assert hub.hub.stop() == 0
        # The probe measures on meanwhile: the sensor's value rises with each conversion.
        hub.begin_again()
        wait_for(lambda: len(hub.stored("TempProbe-0B01")) >= 4, 40)
        assert board.poll() is None, (tmp_path / "board.txt").read_text()
    values = hub.stored("TempProbe-0B01")
    assert values == [20.25 + 0.25 * number for number in range(len(values))], (
        "none twice, none missing, in order"
    )
