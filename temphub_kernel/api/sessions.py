"""The password and who gave it: sessions of the page, kept across restarts of the hub. Any thread, one call at a time.

A session is a random text in a cookie; here and on disk only its digest is kept. A new password ends every session.
"""

import hashlib
import json
import logging
import secrets
import threading
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..base.clock import DAY_MS, now_ms
from ..base.key import write_private

log = logging.getLogger(__name__)
SESSIONS_FILE = "temphub.sessions"
LIFE_MS = 30 * DAY_MS
# The oldest goes when there are more: nobody logs in from so many browsers.
MOST = 256
HASHED = "$argon2"


class Sessions:
    """Of one data folder. password: in plain text or as argon2 hash; empty: nobody needs one."""

    def __init__(self, folder: Path, password: str) -> None:
        self._path = folder / SESSIONS_FILE
        self._hasher = PasswordHasher()
        self._lock = threading.Lock()
        self._until_ms: dict[str, int] = {}
        self._hash = self._open(password) if password else ""

    def matches(self, password: str) -> bool:
        """Whether it is the password. Takes some 50 ms and 64 MB, so not for the endpoint's thread."""
        return bool(self._hash) and self._verify(self._hash, password)

    def begin(self) -> str:
        """A new session's text for the cookie."""
        text = secrets.token_urlsafe(32)
        with self._lock:
            self._until_ms[_digest(text)] = now_ms() + LIFE_MS
            while len(self._until_ms) > MOST:
                del self._until_ms[next(iter(self._until_ms))]
            self._keep()
        return text

    def end(self, text: str) -> None:
        """Log out."""
        with self._lock:
            if self._until_ms.pop(_digest(text), None) is not None:
                self._keep()

    def knows(self, text: str) -> bool:
        """Whether a cookie's text is a session in force. Looked up by digest: the time it takes tells nothing of other texts."""
        return now_ms() < self._until_ms.get(_digest(text), 0)

    def _open(self, password: str) -> str:
        """The hash in force, with the sessions that were begun with the same password."""
        kept, found = "", {}
        try:
            said = json.loads(self._path.read_text(encoding="ascii"))
            kept, found = str(said["password"]), {str(text): int(until) for text, until in said["until_ms"].items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            log.warning("the file %s cannot be read, so everybody has to log in again", self._path)
        if kept and (kept == password or (not password.startswith(HASHED) and self._verify(kept, password))):
            self._until_ms = dict(list(found.items())[-MOST:])
            return kept
        return password if password.startswith(HASHED) else self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False

    def _keep(self) -> None:
        now = now_ms()
        self._until_ms = {digest: until for digest, until in self._until_ms.items() if until > now}
        try:
            write_private(self._path, json.dumps({"password": self._hash, "until_ms": self._until_ms}))
        except OSError as error:
            log.warning("the sessions cannot be kept (%s): after a restart of the hub everybody has to log in again", error)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
