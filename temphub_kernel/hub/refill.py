"""What is said and done when a damaged journal was put aside. The hub's start only."""

from pathlib import Path

from ..base.errors import TempHubError
from ..csvlog import refilled_from
from ..journal import Writer


def refill(aside: Path, csv_file: Path, writer: Writer) -> tuple[str, str]:
    """Fill the new journal from the CSV log; (problem, remedy) for the page and the log. Never raises: probes come first."""
    begun = f"The journal was damaged; it lies in {aside} now and a new one was begun"
    try:
        stored, bad = refilled_from(csv_file, writer)
    except (OSError, TempHubError, TimeoutError) as error:
        return f"{begun}; the CSV log {csv_file} could not be read into it ({error}).", "Keep both files; recording goes on."
    if not stored:
        return f"{begun}; there was no CSV log to fill it from.", "Keep the damaged file; recording goes on, the history before is in it."
    skipped = f" {bad} lines made no sense and were left out." if bad else ""
    remedy = "Check the disk. Names, calibrations and remarks have to be given anew; recording goes on."
    return f"{begun}, with the {stored} readings of {csv_file}.{skipped}", remedy
