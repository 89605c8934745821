"""Stand-ins for esptool and mpremote on PATH: programs that write down each call and fail when told to."""

import json
import shlex
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from temphub_kernel.core.files import firmware
from temphub_kernel.flash import Flash, Wanted

PROGRAM = """
import json, os, sys
from pathlib import Path
here = Path(__file__).parent
line = " ".join([Path(__file__).name, *sys.argv[1:]])
with (here / "calls").open("a") as file:
    file.write(json.dumps([Path(__file__).name, *sys.argv[1:]]) + "\\n")
rules = json.loads((here / "rules").read_text())
for rule in rules:
    if rule["when"] in line and rule["times"]:
        rule["times"] -= 1
        (here / "rules").write_text(json.dumps(rules))
        print(rule["say"], flush=True)
        if rule["hang"]:
            import time
            time.sleep(30)
        sys.exit(rule["code"])
if " chip-id" in line:
    print("esptool v5.6.0\\nConnected to ESP32-S3 on COM5:")
    print("Chip type:          ESP32-S3 (QFN56) (revision v0.2)")
if " cp " in line:
    for name in sys.argv[5:-1]:
        found = Path(name)
        (here / "copied").open("a").write("".join(f"{p.relative_to(found.parent).as_posix()}\\n"
            for p in ([found] if found.is_file() else sorted(found.rglob("*"))) if p.is_file()))
        if found.name == "settings.json":
            (here / "settings").write_text(found.read_text())
if " run " in line:
    print("MPY: soft reboot\\nTempHub probe firmware 0.3.0", flush=True)
    import time
    time.sleep(30)
if " connect list" in line:
    print("/dev/ttyS0 None 0000:0000 None None")
    print("/dev/ttyUSB0 0001 10c4:ea60 Silicon Labs CP2102 USB to UART")
    print("/dev/ttyACM9 7 1234:5678 Maker A modem")
"""


class Tools:
    """The stand-ins and a flash that uses them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        (folder / "rules").write_text("[]")
        for name in ("esptool", "mpremote"):
            self.install(name)

    def install(self, name: str) -> None:
        """Put a stand-in there; a shell script, as this Python's path may hold blanks."""
        program = self.folder / name
        (self.folder / f"{name}.py").write_text(PROGRAM.replace("Path(__file__).name", repr(name)))
        program.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(program) + ".py")} "$@"\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def fails(self, when: str, say: str, code: int = 2, *, times: int = 99, hang: bool = False) -> None:
        """From now on a call that holds `when` says this and ends so; one rule at a time."""
        rule = {"when": when, "say": say, "code": code, "times": times, "hang": hang}
        (self.folder / "rules").write_text(json.dumps([rule]))

    def calls(self) -> list[list[str]]:
        """Each call as a list of words."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def copied(self) -> list[str]:
        """What the board got."""
        return (self.folder / "copied").read_text().splitlines()

    def image(
        self, number: int, name: str = "ESP32_GENERIC_S3-20250911-v1.26.1.bin", size: int = 600_000
    ) -> Path:
        """A file with the header of an image for the chip with that number."""
        path = self.folder / name
        path.write_bytes(bytes([0xE9, 3, 2, 0x20, *range(8), number, 0]) + bytes(size - 14))
        return path

    def flash(self, **more) -> str:
        """Run it without waiting between attempts."""
        wanted = Wanted(firmware=firmware(), folders=[self.folder], **({"source": True} | more))
        return Flash(wanted, self.said.append, pause_s=0.0, banner_s=3.0).run()


@pytest.fixture
def tools(tmp_path, monkeypatch) -> Tools:
    """Stand-ins first on PATH."""
    if sys.platform == "win32":
        pytest.skip("the stand-ins are shell scripts")
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Tools(folder)


@pytest.fixture
def refused(tools) -> Callable[..., tuple[str, str]]:
    """(code, problem and remedy) of a flash that must fail."""
    from temphub_kernel.core.errors import TempHubError

    def run(**more) -> tuple[str, str]:
        with pytest.raises(TempHubError) as caught:
            tools.flash(**more)
        assert caught.value.problem.endswith((".", "!")) and caught.value.remedy[0].isupper()
        return caught.value.code, f"{caught.value.problem} {caught.value.remedy}"

    return run
