"""Logging, set up once per process: one style of line, for the console and for the log file. Any thread.

Only one process writes the file: the server, which is handed what its hub kernel says; or a hub without a
server. A repeated line is a warning once, then debug.
"""

import logging
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

from .clock import monotonic_s

LOG_FILE = "temphub.log"
LINE = "%(asctime)s %(levelname)-7s %(part)s: %(message)s"
TIME = "%Y-%m-%d %H:%M:%S"
MOST_BYTES, OLDER = 1_000_000, 3
# When a program holds the file so that it cannot be put aside (Windows), it goes on growing up to this.
HELD_BYTES = 5 * MOST_BYTES
AGAIN_S = 60.0
# Enough for every distinct line the hub can say; beyond it the oldest may be said again.
REMEMBERED = 512
MOST_AN_HOUR, HOUR_S = 200, 3600.0
OURS = "temphub_kernel"
LEVELS = {"WARN": logging.WARNING}
# A browser or a probe that left while something was on its way to it: daily life of a server, and no fault.
LEFT = ("WebSocketClosedError", "StreamClosedError")
# Of these the hub says itself, in a sentence, what there is to say; and paths and addresses of theirs may
# hold a secret.
SPEAK_FOR = ("wakepy", "tornado.access", "urllib3")


def set_up(level: str) -> None:
    """Send the log to standard error at `level` (DEBUG, INFO, WARN, ERROR). Other people's libraries only
    warn, unless it is DEBUG."""
    wanted = LEVELS.get(level) or getattr(logging, level)
    console = logging.StreamHandler(sys.stderr)
    _dress(console)
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.addHandler(console)
    root.setLevel(wanted if level in ("DEBUG", "ERROR") else logging.WARNING)
    logging.getLogger(OURS).setLevel(wanted)
    for name in SPEAK_FOR:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def keep(folder: Path, level: str = "") -> "LogFile":
    """From now on the log is also written to `temphub.log` in `folder`. level: of the file, where it shall
    hold more than is shown."""
    file = LogFile(folder / LOG_FILE)
    _dress(file)
    root = logging.getLogger()
    if level:
        wanted, ours = LEVELS.get(level) or getattr(logging, level), logging.getLogger(OURS)
        for handler in root.handlers:
            handler.setLevel(ours.level)
        ours.setLevel(min(wanted, ours.level))
    root.addHandler(file)
    return file


def forget(file: "LogFile") -> None:
    """The end of `keep`: the file is closed."""
    logging.getLogger().removeHandler(file)
    file.close()


def say(text: str) -> None:
    """One line for the user on the console, whatever LOG_LEVEL is, and in the log file."""
    record = _record(text)
    with Said(sys.stdout) as console:
        console.handle(record)
    _to_file(record)


def note(text: str) -> None:
    """One line for the log file alone: what the console was told in another way."""
    _to_file(_record(text, logging.ERROR))


class PassedOn:
    """What another process has logged, in pieces as they come, on its way to this one's console and file."""

    def __init__(self) -> None:
        self._rest = ""

    def take(self, text: str) -> None:
        """A piece; what is no whole line yet waits for its end."""
        *lines, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > MOST_BYTES // 100:
            lines.append(self._rest)
            self._rest = ""
        for line in lines:
            record = _record(line)
            record.as_is = True
            for handler in logging.getLogger().handlers:
                # What it was worth saying was decided over there.
                handler.acquire()
                try:
                    handler.emit(record)
                finally:
                    handler.release()


class LogFile(RotatingFileHandler):
    """Grows to a megabyte, then it becomes `temphub.log.1`, and so on; three older ones are kept. A failing
    disk stops nobody."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            maxBytes=MOST_BYTES,
            backupCount=OLDER,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )
        self._held_until_s = 0.0
        self._told = False

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # its base's name
        return monotonic_s() >= self._held_until_s and bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # its base's name
        try:
            super().doRollover()
        except OSError:
            # Windows does not rename what another program has open. It is written to its end, and tried again
            # later.
            self._held_until_s = monotonic_s() + AGAIN_S

    def emit(self, record: logging.LogRecord) -> None:
        # Held for long, and much is said: the console still has it.
        if self.stream is None or monotonic_s() >= self._held_until_s or self.stream.tell() <= HELD_BYTES:
            super().emit(record)

    def close(self) -> None:
        # On a full disk what still waits for it is lost; what else is told at the end must not be.
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # its base's name
        """Said once on the console: a line that cannot be written is no reason to stop, nor to be told at
        each line."""
        error = sys.exc_info()[1]
        if not self._told and sys.stderr is not None:
            self._told = True
            sys.stderr.write(
                f"The log file {self.baseFilename} cannot be written ({error}); the hub goes on without it.\n"
            )


class Said(logging.StreamHandler[Any]):
    """A console for one line; signs that it cannot show are replaced, never an error."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__(stream)
        self.setFormatter(Line())

    def __enter__(self) -> "Said":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def format(self, record: logging.LogRecord) -> str:
        encoding = getattr(self.stream, "encoding", None) or "ascii"
        return super().format(record).encode(encoding, "replace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # its base's name
        # Whoever read has gone (`temphub | head -1`): recording goes on, and the log file still has each
        # line.
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            super().handleError(record)

    def emit(self, record: logging.LogRecord) -> None:
        # pythonw.exe has no console at all.
        if self.stream is not None:
            super().emit(record)


class Line(logging.Formatter):
    """The one style. `part` is the room that speaks, or the library."""

    def __init__(self) -> None:
        super().__init__(LINE, TIME)

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "as_is", False):
            return record.getMessage()
        first, _, rest = record.name.partition(".")
        record.part = (rest or "temphub").partition(".")[0] if first == OURS else first
        return super().format(record)


def is_noise(record: logging.LogRecord) -> bool:
    """Whether somebody else's library tells at length what is no fault: that a browser or a probe has
    left."""
    if record.name.startswith(OURS) or getattr(record, "as_is", False):
        return False
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    return kind in LEFT or any(name in record.getMessage() for name in LEFT)


def _dress(handler: logging.Handler) -> None:
    handler.setFormatter(Line())
    handler.addFilter(lambda record: not is_noise(record))


def _record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord(OURS, level, "", 0, text, None, None)


def _to_file(record: logging.LogRecord) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.handle(record)


class Budget:
    """So many lines an hour: thousands of made-up names must not push out of the log what matters. Any one
    thread at a time."""

    def __init__(self, most: int = MOST_AN_HOUR) -> None:
        self._most = most
        self._used, self._until_s = 0, 0.0

    def take(self, log: logging.Logger) -> bool:
        """Whether one more may be said; that further ones are left out is said once an hour."""
        now = monotonic_s()
        if now > self._until_s:
            self._used, self._until_s = 0, now + HOUR_S
        self._used += 1
        if self._used == self._most + 1:
            log.warning(
                "more than %d lines of this kind within an hour; further ones are only shown with "
                "LOG_LEVEL=DEBUG",
                self._most,
            )
        return self._used <= self._most


class Once:
    """Says each distinct line as a warning once, then at debug, until `clear` is told that it is over; at
    most so many an hour."""

    def __init__(self, log: logging.Logger, *, most: int = MOST_AN_HOUR) -> None:
        self._log = log
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()
        self._budget = Budget(most)

    def warn(self, key: str, text: str) -> None:
        """Warn about `key`; the same text for the same key again only reaches the debug level."""
        with self._lock:
            again = self._said.get(key) == text
            self._said[key] = text
            while len(self._said) > REMEMBERED:
                self._said.pop(next(iter(self._said)))
            quiet = again or not self._budget.take(self._log)
        self._log.log(logging.DEBUG if quiet else logging.WARNING, "%s", text)

    def clear(self, key: str, text: str = "") -> None:
        """Forget `key`; say `text` when there had been a warning."""
        # Asked with each commit, and hardly ever is there anything to forget.
        if key not in self._said:
            return
        with self._lock:
            had = self._said.pop(key, None)
        if had and text:
            self._log.info("%s", text)
