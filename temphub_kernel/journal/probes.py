"""What the journal remembers of each probe, and notes that parts of the hub leave for pages. Written through the writer.

Any thread of the hub may call; each call returns at once.
"""

import json
import sqlite3
from typing import Any

from ..base.clock import now_ms
from ..base.errors import TempHubError
from ..base.sighting import Sighting
from .writer import Writer

# A hello every few minutes need not rewrite a page of the journal each time; an address that changed must.
SEEN_EVERY_MS = 60_000
# A disk that needs longer for a commit is in trouble that must be seen.
SAVE_S = 30


class ProbeBook:
    """Keeps the `probes` table: where each probe is, and how its provisioning went."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._known: dict[str, tuple[Sighting, int]] = {}
        self._results: dict[str, tuple[object, ...]] = {}

    def met(self, sighting: Sighting) -> None:
        """A probe was found or said hello."""
        now = now_ms()
        known = self._known.get(sighting.probe_id)
        if known is not None and known[0] == sighting and abs(now - known[1]) < SEEN_EVERY_MS:
            return
        self._known[sighting.probe_id] = (sighting, now)
        s = sighting

        def apply(db: sqlite3.Connection) -> None:
            _ensure(db, s.probe_id, now)
            db.execute(
                "UPDATE probes SET ip=?, port=?, host=iif(?='', host, ?), version=iif(?='', version, ?), model=iif(?='', model, ?),"
                " name=iif(?='', name, ?), boot=iif(?='', boot, ?), via=?, seen_ms=?, present=1 WHERE id=?",
                (s.ip, s.port, *_twice(s.host, s.version, s.model, s.name, s.boot), s.via, now, s.probe_id),
            )

        self._writer.change(apply)

    def at(self, address: str) -> list[str]:
        """The probes last met at an address."""
        return [probe_id for probe_id, (sighting, _) in list(self._known.items()) if sighting.ip == address]

    def gone(self, probe_id: str) -> None:
        """A probe's advert ended; its last address is kept."""
        self._known.pop(probe_id, None)
        self._writer.change(lambda db: db.execute("UPDATE probes SET present=0 WHERE id=?", (probe_id,)).rowcount)

    def checked(self, probe_id: str, *, ok: bool, server_url: str, interval_ms: int, problem: str, remedy: str) -> None:
        """How a check of a probe's settings ended; written when it says something new."""
        result = (ok, server_url, interval_ms, problem, remedy)
        if self._results.get(probe_id) == result:
            return
        self._results[probe_id] = result
        now = now_ms()

        def apply(db: sqlite3.Connection) -> None:
            _ensure(db, probe_id, now)
            db.execute("UPDATE probes SET problem=?, remedy=? WHERE id=?", (problem, remedy, probe_id))
            if ok:
                db.execute(
                    "UPDATE probes SET server_url=?, interval_ms=?, provisioned_ms=? WHERE id=?", (server_url, interval_ms, now, probe_id)
                )

        self._writer.change(apply)

    def leave(self, topic: str, body: dict[str, Any]) -> None:
        """Leave a note for pages and other processes: Reader.note(topic)."""
        text, now = json.dumps(body), now_ms()
        insert = "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, body=excluded.body"
        self._writer.change(lambda db: db.execute(insert, (topic, now, text)).rowcount)


def save_bookmark(writer: Writer, follower: str, no: int, note: dict[str, Any]) -> None:
    """Keep a follower's place; waits until it is on disk. Raises TempHubError."""
    insert = "INSERT INTO bookmarks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET no=excluded.no, note=excluded.note"
    saved = writer.change(lambda db: db.execute(insert, (follower, no, json.dumps(note))).rowcount)
    try:
        saved.result(timeout=SAVE_S)
    except TimeoutError as error:
        raise TempHubError(
            f"The journal did not take the place of the {follower} part within {SAVE_S} s.",
            "Check the disk that holds DATA_DIR; it is tried again by itself.",
            code="journal_slow",
            status=503,
        ) from error


def _ensure(db: sqlite3.Connection, probe_id: str, now: int) -> None:
    db.execute("INSERT INTO probes (id, first_ms) VALUES (?, ?) ON CONFLICT DO NOTHING", (probe_id, now))


def _twice(*values: str) -> list[str]:
    return [value for value in values for _ in range(2)]
