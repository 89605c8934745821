"""The CSV log: writable, or held and by whom; whether readings wait for it."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..base.errors import TempHubError
from ..base.finding import Finding, problem, unknown, warning, well
from ..hub.lock import read_info
from ..hub.refill import only_in_the_log
from .case import Case
from .holders import holders

GOES_ON = "the readings that wait are then written by themselves."


def csv_file(case: Case) -> Iterable[Finding]:
    """Whether the log can be written now."""
    path = case.settings.csv_file
    info = read_info(case.settings.data_dir)
    others = holders(path, frozenset({os.getpid(), info.pid if info else 0})) if path.is_file() else []
    yield judge(path, refusal(path), others, int(case.health.get("csv_waiting", 0) or 0))
    if not case.held and path.is_file():
        yield from compared(case)


def compared(case: Case) -> Iterable[Finding]:
    """Readings that the journal lacks, while no hub runs: a running one took them in at its start."""
    path = case.settings.csv_file
    try:
        count = only_in_the_log(case.settings)
    except (TempHubError, OSError) as error:
        if case.settings.journal_file.exists():
            yield unknown("CSV log", f"Whether {path} has readings that the journal lacks cannot be told ({error}).")
            return
        count = 1
    if count and not case.settings.journal_file.exists():
        yield warning("CSV log", f"There is a CSV log {path} and no journal.", "Start the hub: it fills a new journal from the log.")
    elif count:
        said = f"{count} readings are in the CSV log {path} only: its folder was copied while a hub ran, or an older journal was put back."
        yield warning("CSV log", said, "Start the hub: it takes them into the journal.")


def judge(path: Path, refused: OSError | None, others: list[str], waiting: int) -> Finding:
    """The log in words."""
    by = f" by {', '.join(others)}" if others else ""
    wait = f"; {waiting} readings wait in the journal, none is lost" if waiting else ""
    if isinstance(refused, PermissionError):
        said = f"The CSV log {path} is held{by or ' by another program, such as Excel,'} or may not be written{wait}."
        return problem("CSV log", said, f"Close it in the other program, or allow writing to it; {GOES_ON}")
    if refused is not None:
        said = f"The CSV log {path} cannot be written ({refused.strerror or refused}){wait}."
        return problem("CSV log", said, f"Check that its folder exists and may be written, or set CSV_FILE to another place; {GOES_ON}")
    if waiting > 1000:
        return warning("CSV log", f"The CSV log {path} can be written{wait}.", "Wait a few seconds and try again.")
    if others:
        return well("CSV log", f"The CSV log {path} can be written; it is also open{by}.")
    return well("CSV log", f"The CSV log {path} can be written{'' if path.exists() else '; it begins with the first reading'}.")


def refusal(path: Path) -> OSError | None:
    """Why the file cannot be opened for appending; nothing is written, and nothing made that was not there."""
    try:
        if path.exists():
            path.open("ab").close()
            return None
    except OSError as error:
        return error
    there = next((one for one in path.parents if one.is_dir()), None)
    return None if there and os.access(there, os.W_OK) else PermissionError(13, "its folder may not be written")
