"""The list of a firmware's files as the hub serves it, read row by row as it comes, and checked before one
byte of a file is asked for.

{"version": "0.3.0", "sha256": "…", "files": [{"name": "probe/app.py", "size": 3120, "sha256": "…"}, …]}
Never in memory as a whole: a board has not much more left than such a list would need.
"""

import hashlib
import json
from array import array
from binascii import crc32, hexlify

MAX_MANIFEST = 24576
MAX_FILES = 150
MAX_FILE = 65536
MAX_TOTAL = 600000
# One row, and what comes before the rows.
MAX_PART = 512
_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# What an update brings; main.py and boot_slots.py are not among it, so a bad update cannot take away the way
# back.
FOLDERS = ("probe", "ports")


class Manifest:
    """`take(piece)` for each piece of the list, then `end()`. ValueError in words when it cannot be trusted.

    `row(name, size, sha256)` is called with each file. `version` and `sha256` are known before the first of
    them.
    """

    def __init__(self, row):
        self._row = row
        self._text = bytearray()
        self._ended = False
        # The names' checksums: all that later rows are compared with, in a fifth of the memory of the names.
        self._names = array("I")
        self._total = 0
        self.version = self.sha256 = None
        self.count = 0

    def take(self, piece):
        """The next bytes of the list."""
        self._text += piece
        if self.version is None:
            self._head()
        while self.version is not None and not self._ended:
            self._text = self._text.lstrip(b" \t\r\n,")
            end = self._text.find(b"}") + 1
            if self._text[:1] == b"]":
                self._ended = True
            elif end:
                self._take_row(_parsed(self._text[:end]))
                self._text = self._text[end:]
            else:
                break
        if self._ended:
            # What may come behind the rows says nothing of them.
            self._text = bytearray()
        if len(self._text) > MAX_PART:
            raise ValueError("the list of files is no list")

    def end(self):
        """All has come."""
        if not self._ended or not self.count:
            raise ValueError("the list of files is empty, or does not end")
        for folder in FOLDERS:
            if not self.names("/".join((folder, "__init__.py"))) and not self.names(
                "/".join((folder, "__init__.mpy"))
            ):
                raise ValueError("the list of files is not a whole firmware")
        if self.sha256 != hexlify(self._digest.digest()).decode():
            raise ValueError("the list of files is damaged")

    def names(self, name):
        """True when that file is on the list."""
        wanted = crc32(name.encode())
        # MicroPython's arrays know no `in`.
        return any(one == wanted for one in self._names)

    def _head(self):
        at = self._text.find(b'"files"')
        end = self._text.find(b"[", at) + 1 if at >= 0 else 0
        if not end:
            return
        told = _parsed(self._text[:end] + b"]}")
        if told["files"] != [] or not _is_text(told.get("version"), 32, _SIGNS + "._+-"):
            raise ValueError("the list of files has no version")
        self.version, self.sha256 = told["version"], told.get("sha256")
        self._digest = hashlib.sha256((self.version + "\n").encode())
        self._text = self._text[end:]

    def _take_row(self, row):
        name, size, sha256 = _checked(row)
        self.count += 1
        self._total += size
        if self.names(name) or self.count > MAX_FILES or self._total > MAX_TOTAL:
            raise ValueError("the list of files names one twice, or is too large in all")
        self._names.append(crc32(name.encode()))
        self._digest.update(f"{name} {size} {sha256}\n".encode())
        self._row(name, size, sha256)


def is_name(name):
    """True for a relative path inside `probe/` or `ports/` that cannot lead out of it."""
    if not _is_text(name, 64, _SIGNS + "._-/"):
        return False
    parts = name.split("/")
    return (
        len(parts) in (2, 3)
        and parts[0] in FOLDERS
        and all(part.strip(".") and part[0] != "." for part in parts)
    )


def _parsed(text):
    try:
        value = json.loads(bytes(text).decode())
    except (ValueError, RuntimeError):
        value = None
    if not isinstance(value, dict):
        raise ValueError("the list of files is no list")
    return value


def _checked(row):
    if not is_name(row.get("name")):
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
