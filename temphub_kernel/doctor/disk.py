"""The disk of the data folder: room, speed, whether it may be written, whether it is a kind that SQLite can trust."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from ..base.beginning import bad_places, filesystem
from ..base.finding import Finding, problem, warning, well
from .case import Case

LEAST_MB = 200
LITTLE_MB = 1000
SLOW_MS = 150
TRIES = 8


def disk(case: Case) -> Iterable[Finding]:
    """Room and speed of the data folder's disk."""
    folder = case.settings.data_dir
    there = next((one for one in [folder, *folder.parents] if one.is_dir()), Path.cwd())
    yield space(folder, shutil.disk_usage(there).free // 1_000_000)
    for doubt in bad_places(folder, *filesystem(there), os.environ):
        yield warning("Disk", *doubt)
    yield speed(folder, there)


def space(folder: Path, free_mb: int) -> Finding:
    """What so many free megabytes mean."""
    said = f"{free_mb} MB are free on the disk of {folder}"
    # A reading takes about 35 bytes in the journal and 70 in the CSV log.
    if free_mb < LEAST_MB:
        return problem(
            "Disk space", f"Only {said}, so readings will soon not be stored.", "Free some space, or set DATA_DIR to another disk."
        )
    if free_mb < LITTLE_MB:
        return warning("Disk space", f"{said}.", "Free some space before the disk is full.")
    return well("Disk space", f"{said}.")


def speed(folder: Path, there: Path) -> Finding:
    """How long a write takes until it is really on disk: an acknowledgement waits for that."""
    try:
        took = sorted(_writes(there))
    except OSError as error:
        said = f"The data folder {folder} cannot be written ({error.strerror or error}), so nothing can be stored."
        return problem("Disk speed", said, "Set DATA_DIR in Start.bat to a folder that you may write.")
    usual, worst = statistics.median(took), took[-1]
    said = f"A write is safe on disk after {usual:.1f} ms, {worst:.0f} ms at worst"
    if usual > SLOW_MS:
        return warning(
            "Disk speed", f"{said}; that is slow.", "Set DATA_DIR to a faster disk of this computer, not a memory card or USB stick."
        )
    return well("Disk speed", f"{said}.")


def _writes(folder: Path) -> Iterable[float]:
    """Milliseconds of each write of a page, the file removed afterwards."""
    handle, name = tempfile.mkstemp(prefix="temphub-doctor-", dir=folder)
    try:
        for _ in range(TRIES):
            began = time.perf_counter()
            os.write(handle, b"\0" * 4096)
            os.fsync(handle)
            yield (time.perf_counter() - began) * 1000
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)
