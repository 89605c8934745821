"""What the journal remembers of each probe, and notes that parts of the hub leave for pages. Written through
the writer.

Any thread of the hub may call; each call returns at once.
"""

import json
import sqlite3
from typing import Any

from ...core import MINUTE_MS, JournalUnwritable, Sighting, monotonic_s, now_ms
from ..writer import Writer

# A hello every few minutes need not rewrite a page of the journal each time; an address that changed must.
SEEN_EVERY_MS = MINUTE_MS
# A disk that needs longer for a commit is in trouble that must be seen.
SAVE_S = 30


# Anybody on the network can announce thousands of names, and each stays in the journal for good: beyond so
# many that never answered nor delivered a new one is kept only once it does.
MOST_ADVERTS = 1_000
ONLY_ADVERTS = """
SELECT count(*) FROM (SELECT 1 FROM probes p WHERE via='mdns' AND provisioned_ms=0
AND NOT EXISTS (SELECT 1 FROM latest l WHERE l.probe=p.no) LIMIT ?)"""
FULL_S = 60.0
# What was last written of so many probes is remembered, so that it is not written again.
REMEMBERED = 16_384

LEAVE = (
    "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, body=excluded.body"
)
# The note of ids that two devices share: {id: [problem, remedy]}.
SHARED = "shared"
# The note of probes that are another hub's, where nothing else is the matter with them: {id: true}.
HELD = "held"


class ProbeBook:
    """Keeps the `probes` table: where each probe is, and how its provisioning went."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._known: dict[str, tuple[Sighting, int]] = {}
        self._results: dict[str, tuple[object, ...]] = {}
        self._shared: dict[str, tuple[str, str]] = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self._are_held: set[str] = set()
        # As last noted; what an earlier start of the hub noted is not known here.
        self._held: dict[str, bool] | None = None
        self._full_until_s = 0.0

    def met(self, sighting: Sighting) -> None:
        """A probe was found or said hello."""
        now = now_ms()
        known = self._known.get(sighting.probe_id)
        if known is not None and known[0] == sighting and abs(now - known[1]) < SEEN_EVERY_MS:
            return
        self._known[sighting.probe_id] = (sighting, now)

        def apply(db: sqlite3.Connection) -> None:
            if self._ensure(db, sighting.probe_id, now, only_advert=sighting.via == "mdns"):
                _write(db, sighting, now)

        self._writer.change(apply)

    def at(self, address: str) -> list[str]:
        """The probes last met at an address."""
        return [probe_id for probe_id, (sighting, _) in list(self._known.items()) if sighting.ip == address]

    def gone(self, probe_id: str) -> None:
        """A probe's advert ended; its last address is kept."""
        self._known.pop(probe_id, None)
        self._writer.change(
            lambda db: db.execute("UPDATE probes SET present=0 WHERE id=?", (probe_id,)).rowcount
        )

    def checked(
        self,
        probe_id: str,
        *,
        ok: bool,
        server_url: str,
        interval_ms: int,
        problem: str,
        remedy: str,
        held: bool = False,
        waits: bool = False,
    ) -> None:
        """How a check of a probe's settings ended; written when it says something new. held: the probe is
        another hub's; waits: for a person's yes."""
        result = (ok, server_url, interval_ms, held, waits, problem, remedy)
        if self._results.get(probe_id) == result:
            return
        self._results.pop(probe_id, None)
        self._results[probe_id] = result
        (self._are_held.add if held else self._are_held.discard)(probe_id)
        while len(self._results) > REMEMBERED:
            self._are_held.discard(oldest := next(iter(self._results)))
            del self._results[oldest]
        problem, remedy = self._foremost(probe_id)
        now = now_ms()

        def apply(db: sqlite3.Connection) -> None:
            if not self._ensure(db, probe_id, now, only_advert=not ok):
                return
            if ok and (known := self._known.get(probe_id)):
                # It may have been one advert too many before it answered.
                _write(db, *known)
            db.execute("UPDATE probes SET problem=?, remedy=? WHERE id=?", (problem, remedy, probe_id))
            if ok:
                db.execute(
                    "UPDATE probes SET server_url=?, interval_ms=?, provisioned_ms=? WHERE id=?",
                    (server_url, interval_ms, now, probe_id),
                )

        self._writer.change(apply)
        self._note_held()

    def _ensure(self, db: sqlite3.Connection, probe_id: str, now: int, *, only_advert: bool) -> bool:
        """Whether a probe has its row, made when missing; not for one more advert among too many. Writer's
        thread."""
        if db.execute("SELECT 1 FROM probes WHERE id=?", (probe_id,)).fetchone() is not None:
            return True
        if only_advert:
            if monotonic_s() < self._full_until_s:
                return False
            if db.execute(ONLY_ADVERTS, (MOST_ADVERTS,)).fetchone()[0] >= MOST_ADVERTS:
                self._full_until_s = monotonic_s() + FULL_S
                return False
        db.execute("INSERT INTO probes (id, first_ms) VALUES (?, ?)", (probe_id, now))
        return True

    def shared(self, probe_id: str, problem: str, remedy: str) -> None:
        """Two devices deliver under one id; with empty words that is over, and how the last check ended is
        said instead."""
        if problem:
            self._shared[probe_id] = problem, remedy
        else:
            self._shared.pop(probe_id, None)
        self._say(probe_id)
        self.leave(SHARED, self._shared)

    def none_shared(self) -> None:
        """A new start of the hub: what an earlier one said of shared ids is seen anew."""

        def apply(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT body FROM notes WHERE topic=?", (SHARED,)).fetchone()
            ids = [(probe_id,) for probe_id in (json.loads(row[0]) if row else {})]
            db.executemany("UPDATE probes SET problem='', remedy='' WHERE id=?", ids)
            db.execute("DELETE FROM notes WHERE topic=?", (SHARED,))

        self._writer.change(apply)

    def refused(self, probe_id: str, problem: str, remedy: str) -> None:
        """What a probe delivers is refused, until `accepted`."""
        if self._refused.get(probe_id) != (problem, remedy):
            self._refused[probe_id] = problem, remedy
            self._say(probe_id)

    def accepted(self, probe_id: str) -> None:
        """Readings of the probe are stored again; how its last check ended is said instead."""
        if self._refused.pop(probe_id, None) is not None:
            self._say(probe_id)

    def _foremost(self, probe_id: str) -> tuple[str, str]:
        """What is the matter with a probe: that its curve is not one place's, that nothing of it is stored,
        or how its check ended."""
        waits, problem, remedy = self._results.get(probe_id, (False, "", ""))[-3:]
        # Until somebody says yes all that it delivers is refused: why that is helps, not how it is refused.
        refused = None if waits else self._refused.get(probe_id)
        return self._shared.get(probe_id) or refused or (str(problem), str(remedy))

    def _say(self, probe_id: str) -> None:
        words = *self._foremost(probe_id), probe_id
        self._writer.change(
            lambda db: db.execute("UPDATE probes SET problem=?, remedy=? WHERE id=?", words).rowcount
        )
        self._note_held()

    def _note_held(self) -> None:
        apart = self._shared.keys() | self._refused.keys()
        held = dict.fromkeys(sorted(self._are_held - apart), True)
        if held != self._held:
            self._held = held
            self.leave(HELD, held)

    def leave(self, topic: str, body: dict[str, Any]) -> None:
        """Leave a note for pages and other processes: Reader.note(topic)."""
        text, now = json.dumps(body), now_ms()
        self._writer.change(lambda db: db.execute(LEAVE, (topic, now, text)).rowcount)


def save_bookmark(writer: Writer, follower: str, no: int, note: dict[str, Any]) -> None:
    """Keep a follower's place; waits until it is on disk. Raises TempHubError."""
    insert = (
        "INSERT INTO bookmarks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET no=excluded.no, note=excluded.note"
    )
    saved = writer.change(lambda db: db.execute(insert, (follower, no, json.dumps(note))).rowcount)
    try:
        saved.result(timeout=SAVE_S)
    except TimeoutError as error:
        raise JournalUnwritable(
            f"The journal did not take the place of the {follower} part within {SAVE_S} s.",
            "Check the disk that holds DATA_DIR; it is tried again by itself.",
            code="journal_slow",
        ) from error


def _write(db: sqlite3.Connection, s: Sighting, seen_ms: int) -> None:
    db.execute(
        "UPDATE probes SET ip=?, port=?, host=iif(?='', host, ?), version=iif(?='', version, ?), "
        "model=iif(?='', model, ?),"
        " name=iif(?='', name, ?), boot=iif(?='', boot, ?), via=?, seen_ms=?, present=1 WHERE id=?",
        (s.ip, s.port, *_twice(s.host, s.version, s.model, s.name, s.boot), s.via, seen_ms, s.probe_id),
    )


def _twice(*values: str) -> list[str]:
    return [value for value in values for _ in range(2)]
