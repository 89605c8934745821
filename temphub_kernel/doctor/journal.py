"""The journal: sound, of a version that this TempHub reads, and its roll-ups in step."""

from collections.abc import Iterable
from pathlib import Path

from ..base.finding import Finding, problem, unknown, warning, well
from ..journal.checkup import Checkup, unreadable
from ..journal.schema import VERSION
from .case import Case

LIMIT_S = 5.0
# The roll-ups follow within seconds; so many wait only when they hang, or when the hub was off.
BEHIND = 20_000


def journal(case: Case) -> Iterable[Finding]:
    """Looks through the file for five seconds at most."""
    path = case.settings.journal_file
    if not path.exists():
        yield well("Journal", f"There is no journal at {path} yet; it begins with the hub's first start.")
        return
    found = unreadable(path, LIMIT_S)
    yield unusable(path, found) if isinstance(found, str) else judge(path, found, running=case.running)


def unusable(path: Path, reason: str) -> Finding:
    """A file that cannot be read as a journal."""
    said = f"The journal {path} cannot be opened ({reason}), so no reading can be stored."
    return problem("Journal", said, "Check that the folder exists and may be written, or set DATA_DIR to another folder.")


def judge(path: Path, found: Checkup, *, running: bool) -> Finding:
    """The journal in words."""
    said = f"{found.readings} readings, {found.megabytes:.1f} MB, version {found.version}"
    if found.wrong:
        remedy = (
            "Stop the hub, copy temphub.sqlite3 and its -wal and -shm files to a safe place, and begin a new one with another DATA_DIR."
        )
        return problem("Journal", f"The journal {path} is damaged: {'; '.join(found.wrong)}.", remedy)
    if found.version > VERSION:
        said = f"The journal {path} is of version {found.version}; this TempHub reads version {VERSION}."
        return problem("Journal", said, "Install the TempHub version that wrote it, or set DATA_DIR to another folder.")
    if found.behind > BEHIND:
        remedy = "Wait a minute and try again." if running else "Start the hub; they are caught up by themselves."
        return warning("Journal", f"{said}; {found.behind} readings are not in the overviews yet.", remedy)
    if not found.whole:
        return unknown("Journal", f"{said}; no damage in the part looked at in {LIMIT_S:g} s.")
    return well("Journal", f"{said}; sound.")
