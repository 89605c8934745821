"""Where things are: the checkout or the wheel's own copy, the data folder and its key. Any thread."""

import errno
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .errors import TempHubError

# What a disk says that has no room left, or none for this user.
NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
JOURNAL_FILE = "temphub.sqlite3"
# In it a demo keeps all that it makes: nobody's records.
DEMO_FOLDER = "demo-data"
PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent


def is_checkout(folder: Path) -> bool:
    """True for the root of a TempHub checkout."""
    return (folder / "temphub_kernel" / "core").is_dir() and (folder / "notebooks").is_dir()


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
    """Make a new or changed name last through a power cut, where the system has such a call (Windows has
    none)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# The settings with which a hub last ran; those that came with a back-up, in force where nothing else is set.
SETTINGS_FILE, RESTORED_FILE = "temphub.settings.json", "temphub.restored.json"


def read_settings(path: Path) -> dict[str, str]:
    """Settings by name out of such a file; none when there is none. Raises TempHubError for a broken one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in found.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise TempHubError(
            f"The settings in {path} cannot be read ({error}), so it is not known what was meant.",
            "Set them in Start.bat, and remove that file.",
            code="bad_setting",
        ) from error


def write_settings(path: Path, settings: Mapping[str, str]) -> None:
    """For this user alone: a token may be among them. Raises OSError."""
    write_private(path, json.dumps(dict(settings), indent=1))


KEY_FILE = "temphub.key"
SHORTEST = 32


def read_key(data_dir: Path) -> str:
    """The key; empty when there is none."""
    try:
        key = (data_dir / KEY_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return key if len(key) >= SHORTEST else ""


def make_key(data_dir: Path) -> str:
    """The key, made when there is none; readable by this user only where the system knows such a thing.

    A folder that cannot be written gives a key for this process alone.
    """
    found = read_key(data_dir)
    if found:
        return found
    key = secrets.token_urlsafe(32)
    with suppress(OSError):
        write_private(data_dir / KEY_FILE, key)
    return read_key(data_dir) or key


def write_private(path: Path, text: str) -> None:
    """Write a small file for this user alone, whole or not at all, lasting through a power cut. Raises
    OSError."""
    beside = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        beside.unlink()
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)
