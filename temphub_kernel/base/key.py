"""The data folder's own key: programs on this computer show it to the hub where people show a password. Any thread.

Whoever may read the data folder may read the readings anyway; the key only lets the pages' kernels and the command line
ask the hub as before when UI_PASSWORD is set.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from .paths import sync_folder

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
    """Write a small file for this user alone, whole or not at all, lasting through a power cut. Raises OSError."""
    beside = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        beside.unlink()
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)
