"""The process of a Job: `python -m temphub_kernel.exports.job_process`, told what to do in one line of JSON
on its standard input.

The input stays open for as long as anybody wants the export: its end is the end of this process.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core import JournalUnreadable, TempHubError, TooLarge, end_with_input
from ..journal import DatabaseError
from .order import Order
from .run import disk_error, write_csv, write_files


def main() -> int:
    """Make the export; returns the exit code. The main thread of its process only."""
    # Each thread of polars has memory of its own; where nobody else waits for the work one is enough.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    return work_as_told(_work)


def work_as_told(work: Callable[[Path, dict[str, Any], Path], None]) -> int:
    """Read what is wanted, do `work(journal, order, folder)`, and say in words what went wrong; the exit
    code."""
    wanted = json.loads(sys.stdin.buffer.readline())
    folder = Path(wanted["folder"])
    # Nobody else removes the half file.
    end_with_input(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        work(Path(wanted["journal"]), wanted["order"], folder)
    except TempHubError as error:
        _tell({**error.as_json(), "status": error.status})
        return 1
    except BrokenPipeError:
        return 2
    except DatabaseError as error:
        unread = JournalUnreadable(
            f"The journal could not be read ({error}); recording is not touched by that.",
            "Ask again in a few seconds; if it lasts, check the disk that holds DATA_DIR.",
        )
        _tell({**unread.as_json(), "status": unread.status})
        return 1
    except OSError as error:
        told = disk_error(error, folder)
        _tell({**told.as_json(), "status": told.status})
        return 1
    return 0


def _work(journal: Path, told: dict[str, Any], folder: Path) -> None:
    order = Order(**{**told, "probe_ids": tuple(told["probe_ids"])})
    if order.form == "csv":
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=1 << 18) as out:
            write_csv(journal, order, out)
        return
    parts, _ = write_files(journal, order, folder / f"export.{order.form}")
    if len(parts) > 1:
        raise TooLarge(
            "These readings need more than one workbook, and one answer carries one file.",
            "Choose a shorter range or every=5min, or use `temphub export` on the hub's computer.",
            code="too_many_rows",
        )


def _tell(error: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps(error) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
