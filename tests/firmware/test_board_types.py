"""Every call the board makes exists: the firmware against the stubs of MicroPython for the ESP32, by a type
checker"""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

from probe_interpreters import FIRMWARE
from support.waiting import cannot

STUBS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
# They run on a PC only.
PC = {"ports/pc.py", "ports/net_cpython.py", "ports/faults.py", "ports/replay.py", "ports/arguments.py"}
# What the stubs do not know, or CPython's branch of a file that runs on both: (file, part of the message,
# reason).
KNOWN = [
    ("probe/clock.py", '"time" has no attribute "monotonic"', "the branch for CPython"),
    (
        "ports/net_micropython.py",
        'Module has no attribute "core"',
        "asyncio.core is there, and the only way to wait for a datagram",
    ),
]
CONFIG = """[mypy]
custom_typeshed_dir = {typings}
mypy_path = {typings}
python_version = 3.11
check_untyped_defs = true
# The firmware has no annotations: what they would say is not asked for.
strict_optional = false
disable_error_code = var-annotated, has-type, assignment, no-redef
"""


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    """A function (files, folder) -> lines of complaint about those files; what the stubs say about themselves
    is left out."""
    folder = tmp_path_factory.mktemp("types")
    typings = folder / "typings"
    # Where pip puts them, mypy must not look for them.
    for package in STUBS:
        try:
            found = files(package) or []
        except PackageNotFoundError:
            cannot(f"{package} is not installed. Install the test requirements to run this.")
        for file in found:
            if file.suffix == ".pyi" or file.name == "VERSIONS":
                (typings / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), typings / file)
    (folder / "mypy.ini").write_text(CONFIG.format(typings=typings.as_posix()), encoding="utf-8")

    def check(names, where):
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(folder / "mypy.ini"),
            "--cache-dir",
            str(folder / "cache"),
            *names,
        ]
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=150)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        told = [line.replace("\\", "/") for line in done.stdout.splitlines() if ": error: " in line]
        return [line for line in told if line.split(":")[0] in names]

    return check


def test_every_call_of_the_firmware_exists_on_the_board(checker):
    """machine, network, onewire, sockets, asyncio and the rest: names, arguments and their kinds, in each
    file that a board runs."""
    names = sorted(
        path.relative_to(FIRMWARE).as_posix()
        for path in FIRMWARE.rglob("*.py")
        if path.parent.name != "series"
    )
    names = [name for name in names if name not in PC]
    assert {"ports/esp32.py", "ports/wifi.py", "ports/sensors_esp32.py", "ports/watchdog.py"} <= set(
        names
    ) and len(names) > 50
    told = checker(names, FIRMWARE)
    known = {
        line: entry
        for line in told
        for entry in KNOWN
        if line.startswith(entry[0] + ":") and entry[1] in line
    }
    assert [line for line in told if line not in known] == []
    assert set(known.values()) == set(KNOWN), "an exception that is no longer needed"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("machine.Pin(2, machine.Pin.OUT)", "machine.Pin(2, machine.Pin.WRONG)"),
        ("machine.Pin(2, machine.Pin.IN, machine.Pin.PULL_UP).value()", "machine.Pin(2).level()"),
        ("machine.WDT(timeout=60000).feed()", "machine.WDT(timeout_s=60)"),
        (
            "network.WLAN(network.WLAN.IF_STA).isconnected()",
            "network.WLAN(network.WLAN.IF_STA).is_connected()",
        ),
        ("network.hostname('probe')", "network.set_hostname('probe')"),
        ("onewire.OneWire(machine.Pin(4)).scan()", "onewire.OneWire(machine.Pin(4)).search()"),
        ("time.sleep_us(1)", "time.sleep_ns(1)"),
        ("asyncio.run(asyncio.sleep_ms(5))", "asyncio.run(asyncio.sleep_us(5))"),
        ("socket.socket().setblocking(False)", "socket.socket().getsockname()"),
    ],
)
def test_a_call_that_the_board_does_not_have_is_found(checker, tmp_path: Path, right, wrong):
    """The right call passes, the wrong one is told with its line."""
    text = (
        "import asyncio\nimport socket\nimport time\n\nimport machine\nimport network\nimport "
        "onewire\n\n\ndef f():\n    {}\n    {}\n"
    )
    (tmp_path / "sample.py").write_text(text.format(right, wrong), encoding="utf-8")
    told = checker(["sample.py"], tmp_path)
    assert told and all(line.startswith("sample.py:12:") for line in told), told
