"""Where things are: the checkout or the wheel's own copy, the data folder. Any thread."""

from pathlib import Path

JOURNAL_FILE = "temphub.sqlite3"
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
