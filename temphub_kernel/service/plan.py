"""What every system is told: which command, in which folder, for whom. Plain data."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core import files

NAME = "TempHub"
DESCRIPTION = "TempHub records the temperatures of its probes"


@dataclass(frozen=True)
class Plan:
    """command: the program and its arguments; folder: where it runs; log: where what it says goes, on systems
    that need to be told."""

    command: tuple[str, ...]
    folder: Path
    log: Path


@dataclass(frozen=True)
class Standing:
    """installed, running: as the system says; said: in a few words."""

    installed: bool
    running: bool
    said: str = ""


@contextmanager
def or_as_before(path: Path) -> Iterator[bool]:
    """What follows succeeds, or the file is again what it was: gone, or with its old content. Given: whether
    it was there."""
    before = path.read_bytes() if path.exists() else None
    try:
        yield before is not None
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before)
        raise


def plan(settings_file: Path, *, windowless: bool = False) -> Plan:
    """The hub with the kept settings. windowless: by pythonw.exe, so that no console stands open on Windows
    all day."""
    python = Path(sys.executable)
    quiet = python.with_name("pythonw.exe")
    program = quiet if windowless and quiet.exists() else python
    command = (str(program), "-m", "temphub_kernel", "service", "run", "--settings", str(settings_file))
    # In the checkout, if there is one: then its code is found however this Python was set up.
    folder = files.CHECKOUT if files.is_checkout(files.CHECKOUT) else settings_file.parent
    return Plan(command, folder, settings_file.with_name("temphub.service.log"))
