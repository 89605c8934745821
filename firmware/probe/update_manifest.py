"""The list of a firmware's files as the hub serves it: checked before one byte of a file is asked for.

{"version": "0.3.0", "sha256": "…", "files": [{"name": "probe/app.py", "size": 3120, "sha256": "…"}, …]}
"""

import hashlib
from binascii import hexlify

MAX_MANIFEST = 24576
MAX_FILES = 150
MAX_FILE = 65536
MAX_TOTAL = 600000
_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# What an update brings; main.py and boot_slots.py are not among it, so a bad update cannot take away the way back.
FOLDERS = ("probe", "ports")


def check(value):
    """(version, [(name, size, sha256)]) of a manifest; ValueError in words when it cannot be trusted."""
    if not isinstance(value, dict) or not _is_text(value.get("version"), 32, _SIGNS + "._+-"):
        raise ValueError("the list of files has no version")
    rows = value.get("files")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_FILES:
        raise ValueError("the list of files is empty or too long")
    files = [_row(row) for row in rows]
    names = [name for name, _, _ in files]
    if len(set(names)) != len(names) or sum(size for _, size, _ in files) > MAX_TOTAL:
        raise ValueError("the list of files names one twice, or is too large in all")
    if any(folder + "/__init__.py" not in names and folder + "/__init__.mpy" not in names for folder in FOLDERS):
        raise ValueError("the list of files is not a whole firmware")
    if value.get("sha256") != digest(value["version"], files):
        raise ValueError("the list of files is damaged")
    return value["version"], files


def digest(version, files):
    """SHA-256 over the version and every row, as the hub computes it."""
    sha = hashlib.sha256((version + "\n").encode())
    for name, size, sha256 in files:
        sha.update(f"{name} {size} {sha256}\n".encode())
    return hexlify(sha.digest()).decode()


def is_name(name):
    """True for a relative path inside `probe/` or `ports/` that cannot lead out of it."""
    if not _is_text(name, 64, _SIGNS + "._-/"):
        return False
    parts = name.split("/")
    return len(parts) in (2, 3) and parts[0] in FOLDERS and all(part.strip(".") and part[0] != "." for part in parts)


def _row(row):
    if not isinstance(row, dict) or not is_name(row.get("name")):
        raise ValueError("the list of files has a name that is not allowed")
    size = row.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MAX_FILE:
        raise ValueError("the list of files has a size that is not allowed")
    sha256 = row.get("sha256")
    if not _is_text(sha256, 64, "0123456789abcdef") or len(sha256) != 64:
        raise ValueError("the list of files has a bad checksum")
    return row["name"], size, sha256


def _is_text(value, most, signs):
    return isinstance(value, str) and 0 < len(value) <= most and all(c in signs for c in value)
