"""The process of a ReportJob: `python -m temphub_kernel.reports.job_process`, told what to do in one line of
JSON on its standard input."""

import sys
from pathlib import Path
from typing import Any

from ..exports.job_process import work_as_told
from .make import make
from .order import order_of


def main() -> int:
    """Make the report; returns the exit code. The main thread of its process only."""
    return work_as_told(_work)


def _work(journal: Path, told: dict[str, Any], folder: Path) -> None:
    order = order_of(told)
    (folder / f"export.{order.form}").write_bytes(make(journal, order))


if __name__ == "__main__":
    sys.exit(main())
