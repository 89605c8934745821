"""The steps of `temphub flash`, each told before it begins; whatever fails ends in a problem and a remedy.
Main thread."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core import TempHubError, firmware_build
from . import chips, files
from .tools import BoardAway, NoReply, ToolFailed, find, follow, run, tool

FAST, SLOW = "460800", "115200"
# A board that runs MicroPython answers within a second or two; some versions of mpremote wait for ever for
# one that does not.
ANSWER_S = 20.0
BANNER = "TempHub probe firmware "
# Run on a board that is not erased: what was updated over the air, and files of the other kind (.py, .mpy),
# would win.
CLEAN = """
import os
def clean(path):
    try:
        if os.stat(path)[0] & 0x4000:
            for name in os.listdir(path):
                clean(path + '/' + name)
            os.rmdir(path)
        else:
            os.remove(path)
    except OSError:
        pass
for name in ('slot.json', 'slot_a', 'slot_b', 'probe', 'ports', 'boot_slots.py', 'boot_slots.mpy'):
    clean(name)
"""
# Run on the board too, so that its secrets stay there. A power cut leaves the settings before or those after.
# `whole` joins halves of a sign (ED A0..AF xx ED B0..BF xx) that TempHub up to 0.3.0 wrote as \\uD83C\\uDFE0:
# MicroPython keeps them apart, and such a network was never joined. One rename replaces the file.
ADDED = "settings.add"
MERGE = """
import json, os
def whole(text):
    out, raw, at = b'', text.encode(), 0
    while at < len(raw):
        six = raw[at:at + 6]
        if len(six) == 6 and six[0] == six[3] == 0xED and 0xA0 <= six[1] < 0xB0 <= six[4]:
            sign = 0x10000 + ((six[1] & 15) << 16 | (six[2] & 63) << 10 | (six[4] & 15) << 6 | six[5] & 63)
            out, at = out + chr(sign).encode(), at + 6
        else:
            out, at = out + raw[at:at + 1], at + 1
    return out.decode()
added = {}
try:
    with open('settings.add') as file:
        added = json.load(file)
except OSError:
    pass
try:
    with open('settings.json') as file:
        kept = json.load(file)
except (OSError, ValueError):
    kept = {}
if not isinstance(kept, dict):
    kept = {}
for key, value in list(kept.items()):
    if isinstance(value, str):
        kept[key] = whole(value)
if 'ssid' in added and added['ssid'] != kept.get('ssid'):
    kept.pop('password', None)
kept.update(added)
if kept:
    with open('settings.json.new', 'w') as file:
        file.write(json.dumps(kept))
    os.rename('settings.json.new', 'settings.json')
if added:
    os.remove('settings.add')
"""


@dataclass(frozen=True)
class Wanted:
    """What the person asked for. image: None means the newest fitting one beside; keep: MicroPython and
    settings stay as they are.

    settings: a JSON object, or empty; with keep it is added to the settings on the board, else it is all of
    them.
    """

    firmware: Path
    folders: list[Path]
    port: str = ""
    image: Path | None = None
    settings: str = ""
    keep: bool = False
    source: bool = False


class Flash:
    """`say(line)` tells the person. pause_s: how long a board needs to start; banner_s: how long its first
    words may take; answer_s: how long MicroPython may take to answer at all."""

    def __init__(
        self,
        wanted: Wanted,
        say: Callable[[str], None],
        *,
        pause_s: float = 2.0,
        banner_s: float = 40.0,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._wanted = wanted
        self._say = say
        self._pause_s = pause_s
        self._banner_s = banner_s
        self._answer_s = answer_s

    def run(self) -> str:
        """All of it; the version that now runs on the board. Raises TempHubError; nothing is erased before
        all is known to fit."""
        wanted = self._wanted
        for name in ("mpremote",) if wanted.keep else ("esptool", "mpremote"):
            tool(name)
        with tempfile.TemporaryDirectory(prefix="temphub-flash-") as folder:
            entries = files.stage(wanted.firmware, Path(folder), source=wanted.source)
            if wanted.settings:
                entries.append(Path(folder) / (ADDED if wanted.keep else "settings.json"))
                entries[-1].write_text(wanted.settings, encoding="utf-8")
            port = find(wanted.port)
            if not wanted.keep:
                self._write_micropython(port)
            self._copy(port, entries)
            if wanted.keep:
                self._mpremote(port, "exec", MERGE)
            version = self._verify(port, Path(folder) / "main.py")
        self._mpremote(port, "reset")
        self._say(f"Done: the board at {port} runs the probe firmware {version}.")
        if '"ssid"' not in wanted.settings and not wanted.keep:
            self._say(
                "It opens a Wi-Fi network named like the probe (TempProbe-…); join it with a phone to choose "
                "your network."
            )
        return version

    def _write_micropython(self, port: str) -> None:
        self._say(f"Looking at the board at {port} …")
        chip = chips.chip_in(self._esptool(port, "chip-id", timeout_s=60))
        image = chips.find_image(self._wanted.image, chip, self._wanted.folders)
        self._say(f"It has the chip {chip.name}. {firmware_build.told(chip.name)}")
        self._say("Erasing it …")
        self._esptool(port, "erase-flash", chip=chip.name)
        self._say(f"Writing {image.name} …")
        place = (f"0x{chip.offset:x}", str(image))
        try:
            self._esptool(port, "--baud", FAST, "write-flash", *place, chip=chip.name)
        except (NoReply, ToolFailed):
            # Long cables and some USB chips lose bytes at the fast rate.
            self._say(f"That failed; once more, slower ({SLOW} baud) …")
            self._esptool(port, "--baud", SLOW, "write-flash", *place, chip=chip.name, timeout_s=400)

    def _copy(self, port: str, entries: list[Path]) -> None:
        self._say("Copying the probe's firmware …")
        # A board with its own USB disappears for a moment after it was written.
        for attempt in range(5):
            time.sleep(self._pause_s)
            try:
                self._mpremote(port, "exec", "print()", timeout_s=self._answer_s)
                self._mpremote(port, "exec", CLEAN)
                break
            except (BoardAway, ToolFailed):
                if attempt == 4:
                    raise
        self._mpremote(port, "cp", "-r", *(str(path) for path in entries), ":")

    def _verify(self, port: str, main: Path) -> str:
        self._say("Starting it …")

        def is_end(line: str) -> bool:
            return line.startswith(BANNER) or "Error" in line

        lines = follow("mpremote", "connect", port, "run", str(main), until=is_end, timeout_s=self._banner_s)
        for line in lines:
            if line.startswith(BANNER):
                return line.removeprefix(BANNER).strip()
        said = next((line for line in reversed(lines) if line), "nothing")
        if "incompatible .mpy" in said:
            raise TempHubError(
                "The MicroPython on the board is of another generation than the compiled files.",
                "Use --source, or a MicroPython image of version 1.24 or newer.",
                code="wrong_mpy",
            )
        raise TempHubError(
            f"The firmware was copied, but does not start at {port}; the board said: {said[:200]}.",
            "Try again; if it stays, use a MicroPython image of version 1.24 or newer.",
            code="no_banner",
        )

    def _esptool(self, port: str, *arguments: str, chip: str = "auto", timeout_s: float = 180.0) -> str:
        return run("esptool", "--chip", chip, "--port", port, *arguments, port=port, timeout_s=timeout_s)

    def _mpremote(self, port: str, *arguments: str, timeout_s: float = 180.0) -> str:
        return run(
            "mpremote", "connect", port, *arguments, port=port, timeout_s=timeout_s, keep=self._wanted.keep
        )
