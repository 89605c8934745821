"""Logging set up once per process; a repeated line is a warning once, then debug. Any thread."""

import logging
import sys
import threading

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# Enough for every distinct line the hub can say; beyond it the oldest may be said again.
REMEMBERED = 512


def set_up(level: str) -> None:
    """Send the log to standard error at `level` (DEBUG, INFO, WARN, ERROR)."""
    logging.basicConfig(level=getattr(logging, "WARNING" if level == "WARN" else level), format=LINE, stream=sys.stderr, force=True)
    # What these say of every connection is for whoever asked for DEBUG.
    for chatty in ("zeroconf", "urllib3", "tornado.access", "tornado.application", "asyncio"):
        logging.getLogger(chatty).setLevel({"DEBUG": logging.DEBUG, "ERROR": logging.ERROR}.get(level, logging.WARNING))


class Once:
    """Says each distinct line as a warning once, then at debug, until `clear` is told that it is over."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()

    def warn(self, key: str, text: str) -> None:
        """Warn about `key`; the same text for the same key again only reaches the debug level."""
        with self._lock:
            again = self._said.get(key) == text
            self._said[key] = text
            while len(self._said) > REMEMBERED:
                self._said.pop(next(iter(self._said)))
        self._log.log(logging.DEBUG if again else logging.WARNING, "%s", text)

    def clear(self, key: str, text: str = "") -> None:
        """Forget `key`; say `text` when there had been a warning."""
        with self._lock:
            had = self._said.pop(key, None)
        if had and text:
            self._log.info("%s", text)
