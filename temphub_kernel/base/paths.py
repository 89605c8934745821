"""Where things are: the checkout or the wheel's own copy, the data folder. Any thread."""

import os
from pathlib import Path

JOURNAL_FILE = "temphub.sqlite3"
# In it a demo keeps all that it makes: nobody's records.
DEMO_FOLDER = "demo-data"
PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent


def is_checkout(folder: Path) -> bool:
    """True for the root of a TempHub checkout."""
    return (folder / "temphub_kernel" / "base").is_dir() and (folder / "notebooks").is_dir()


def notebooks() -> Path:
    """The shipped notebooks: the checkout's, else the copy inside the wheel."""
    return _shipped("notebooks")


def firmware() -> Path:
    """The probe's firmware: the checkout's, else the copy inside the wheel."""
    return _shipped("firmware")


def _shipped(name: str) -> Path:
    beside = CHECKOUT / name
    return beside if is_checkout(CHECKOUT) and beside.is_dir() else PACKAGE / "_shipped" / name


def find_data_dir(start: Path) -> Path:
    """The data folder when DATA_DIR is unset.

    The nearest folder upwards from `start` that holds a journal; else the checkout's root when `start`
    lies inside one; else `start`. So a notebook, JupyterLab and `temphub` mean the same hub.
    """
    folders = [start, *start.parents]
    for folder in folders:
        if (folder / JOURNAL_FILE).is_file():
            return folder
    for folder in folders:
        if is_checkout(folder):
            return folder
    return start


def sync_folder(folder: Path) -> None:
    """Make a new or changed name last through a power cut, where the system has such a call (Windows has none)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
