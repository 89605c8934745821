"""The ways out by which alarms are told: a name and an address each. Any thread.

They lie in a file of their own in the data folder, for its owner alone: the journal is handed around, and an
address holds a password or token. What is shown of one later is what hides them.
"""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ...core import (
    BadGateway,
    BadRequest,
    Busy,
    Conflict,
    DiskFull,
    NotFound,
    TempHubError,
    printable,
    stamp_for_name,
    write_private,
)
from .sender import Order, Outcome, once

log = logging.getLogger(__name__)
CHANNELS_FILE = "temphub.channels.json"
VERSION = 1
MOST_CHANNELS = 100
MOST_NAME, MOST_URL = 64, 2_000
TEST_TITLE = "TempHub: a test"
TEST_BODY = "This is how alarms will reach you. Nothing is the matter."


class Channel(NamedTuple):
    """A way out. url: as apprise takes it, with its secrets; kind: the service, such as `ntfy`; shown: the
    address without secrets; module: what sends there, empty when nobody knows."""

    name: str
    url: str
    kind: str
    shown: str
    module: str = ""


class Channels:
    """Those of a data folder. damaged: empty, or the name under which a broken file now lies; it is begun
    anew then."""

    def __init__(self, folder: Path, say: Callable[[str], str] = str) -> None:
        """say(): an English line in the language of whoever is told."""
        self.say = say
        self._path = folder / CHANNELS_FILE
        self._lock = threading.Lock()
        # A process each: a crowd that tests must not fill this computer.
        self._trying = threading.BoundedSemaphore(2)
        self._kept, self.damaged = _read(self._path)

    def names(self) -> list[str]:
        """In the order in which they were added."""
        with self._lock:
            return list(self._kept)

    def all(self) -> list[Channel]:
        """The same as they are."""
        with self._lock:
            return list(self._kept.values())

    def get(self, name: str) -> Channel | None:
        """The one of that name."""
        with self._lock:
            return self._kept.get(name)

    def look(self, name: object, url: object) -> Outcome:
        """What apprise makes of an address that is to be kept under this name; takes about a second. Raises
        TempHubError (400/409/503)."""
        name, url = checked_name(name), _checked_url(url)
        with self._lock:
            if name not in self._kept and len(self._kept) >= MOST_CHANNELS:
                raise Conflict(
                    f"There are {MOST_CHANNELS} channels already, so {name!r} was not added.",
                    "Remove one that is not needed any more.",
                    code="too_many_channels",
                )
        found = self._once(Order(url))
        if not found.ok:
            raise BadRequest(
                f"The address of {name!r} is none by which anything can be sent ({found.problem}), so it was "
                "not kept.",
                "Give one such as ntfy://ntfy.sh/my-topic or mailto://user:password@example.com; "
                "docs/alarms.md has more.",
                code="bad_url",
            )
        return found

    def add(self, name: str, url: str, found: Outcome) -> Channel:
        """Keep it; one of that name is replaced. found: what `look` said. Raises TempHubError (507)."""
        channel = Channel(name, url, found.kind, found.shown, found.module)
        with self._lock:
            kept = {**self._kept, name: channel}
            self._write(kept)
        return channel

    def remove(self, name: str) -> None:
        """Forget one. Raises TempHubError (404/507)."""
        with self._lock:
            if name not in self._kept:
                raise unknown(name)
            self._write({other: one for other, one in self._kept.items() if other != name})

    def test(self, name: str) -> Channel:
        """Send something now; returns once it was taken. Raises TempHubError: 404, 502 with what the service
        said, 503."""
        channel = self.get(name)
        if channel is None:
            raise unknown(name)
        told = self._once(
            Order(channel.url, self.say(TEST_TITLE), self.say(TEST_BODY), "test", channel.module)
        )
        if not told.ok:
            perhaps = " It may have arrived all the same." if told.perhaps else ""
            raise BadGateway(
                f"The test by {name!r} ({channel.kind}) was not taken: {told.problem.rstrip('.')}.{perhaps}",
                "Check its address, password or token, and this computer's way to the internet; then test it "
                "again.",
                code="not_told",
            )
        return channel

    def _once(self, order: Order) -> Outcome:
        if not self._trying.acquire(timeout=5):
            raise Busy(
                "Other channels are being tested just now, so this one was not.",
                "Try again in half a minute.",
            )
        try:
            return once(order)
        except OSError as error:
            raise Busy(
                f"This computer could not start what sends ({error}).", "Close other programs, and try again."
            ) from error
        finally:
            self._trying.release()

    def _write(self, kept: dict[str, Channel]) -> None:
        rows = [channel._asdict() for channel in kept.values()]
        try:
            write_private(self._path, json.dumps({"version": VERSION, "channels": rows}, indent=1))
        except OSError as error:
            raise DiskFull(
                f"The channels cannot be written to {self._path} ({error.strerror or error}), so nothing was "
                "changed.",
                "Make room on the disk, or give this user the right to write there, and try again.",
                code="channels_not_saved",
            ) from error
        self._kept = kept


def checked_name(value: object) -> str:
    """A channel's name. Raises TempHubError (400)."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_NAME or not printable(value):
        raise BadRequest(
            f"The name of a channel is {str(value)[:40]!r}, which cannot be one.",
            f"Give a name of up to {MOST_NAME} characters, such as Anna or Kitchen.",
            code="bad_name",
        )
    return value.strip()


def _checked_url(value: object) -> str:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MOST_URL
        or not value.isprintable()
        or "://" not in value
    ):
        # Never shown again: most of it may be a secret that was pasted.
        raise BadRequest(
            "The address of the channel is no text with :// in it, or too long, so it was not kept.",
            "Give one such as ntfy://ntfy.sh/my-topic or mailto://user:password@example.com; docs/alarms.md "
            "has more.",
            code="bad_url",
        )
    return value.strip()


def unknown(name: str) -> TempHubError:
    """That there is no channel of that name."""
    return NotFound(
        f"There is no channel with the name {name[:MOST_NAME]!r}.",
        "Use a name of /api/channels.",
        code="unknown_channel",
    )


def _read(path: Path) -> tuple[dict[str, Channel], str]:
    """(channels by name, empty or the name under which a damaged file was put aside)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        return {}, _aside(path, error)
    try:
        return {str(row["name"]): _row(row) for row in json.loads(text)["channels"]}, ""
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return {}, _aside(path, error)


def _row(row: dict[str, Any]) -> Channel:
    # One of an earlier build does not have all of them.
    given = {name: str(row[name]) for name in Channel._fields if name in row}
    return Channel(**given)


def _aside(path: Path, error: Exception) -> str:
    aside = path.with_name(f"{path.stem}-damaged-{stamp_for_name()}{path.suffix}")
    try:
        path.replace(aside)
    except OSError as why:
        log.warning(
            "%s cannot be read (%s) nor put aside (%s), so alarms are told to nobody", path, error, why
        )
        return path.name
    return aside.name
