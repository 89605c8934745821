"""A process of its own that writes a closed month's segments, from its Parquet file.

`python -m temphub_kernel.journal.archive.sidecar_process JOURNAL FILE`. FILE: its name in the archive's
folder.
"""

import sys
from pathlib import Path

from ...core import NotFound, end_with_input
from .. import schema
from ..columns import FIELDS, JUNCTION
from . import sidecar
from .months import FOLDER, Archives


def write(journal: Path, file: str) -> int:
    """Write and sync; how many readings. Raises TempHubError, OSError or a polars error with nothing under
    the name."""
    db = schema.open_for_reading(journal)
    try:
        archives = Archives(db, journal.parent / FOLDER)
        month = next((one for one in archives.all() if one.file == file), None)
        if month is None:
            raise NotFound(f"The journal names no file {file}.", "Look into its table archives.")
        days = archives.days(month, (*FIELDS, *JUNCTION))
        probes, boots = archives.numbers()
        return sidecar.write(sidecar.path_of(archives.path(month)), month.sha256, days, probes, boots)
    finally:
        db.close()


if __name__ == "__main__":
    end_with_input()
    print(write(Path(sys.argv[1]), sys.argv[2]))  # noqa: T201
