"""Questions about what people say of readings, about alarms, and what parts of the hub leave for others: a
part of every Reader, and of its thread."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from .records.alarms import BACK, Alarm, AlarmBook, AlarmEvent, Mute, between, events, mutes, of_numbers
from .records.annotations import Annotation, Strike, annotations, strikes
from .records.calibration import Calibration, calibrations
from .records.imports import Import, imports, only_imported
from .records.messages import Message, Outbox, due, messages, outbox, waiting, waiting_channels
from .records.rules import StoredRule, rules, rules_mark
from .records.thermocouples import Thermocouple, thermocouples


class RecordQuestions:
    """Asked of the connection of whoever inherits it."""

    _db: sqlite3.Connection

    def _numbers(self, probe_ids: str | Sequence[str] | None) -> list[int] | None:
        """The numbers that these are stored under, None for all."""
        raise RuntimeError(f"{type(self).__name__} has no _numbers()")

    def annotations(self, from_ms: int, to_ms: int) -> list[Annotation]:
        """What people wrote beside [from_ms, to_ms), by time."""
        return annotations(self._db, from_ms, to_ms)

    def calibrations(self) -> list[Calibration]:
        """Every calibration, by probe and time."""
        return calibrations(self._db)

    def thermocouples(self) -> list[Thermocouple]:
        """Whose numbers are stated to be those of a thermocouple's chip, by probe and time."""
        return thermocouples(self._db)

    def strikes(self) -> list[Strike]:
        """Everything that is struck out, by probe and time."""
        return strikes(self._db)

    def imports(self) -> list[Import]:
        """What was brought in from elsewhere, by number; those that were taken back as well."""
        return imports(self._db)

    def only_imported(self) -> set[str]:
        """The ids that are known by imports alone: nobody ever delivered under them."""
        return only_imported(self._db)

    def rules(self) -> list[StoredRule]:
        """The rules by which alarms are given, by number."""
        return rules(self._db)

    def rules_mark(self) -> tuple[int, int]:
        """Another one whenever a rule was made, changed or taken back; quick."""
        return rules_mark(self._db)

    def alarms(self, from_ms: int, to_ms: int, probe_ids: str | Sequence[str] | None = None) -> list[Alarm]:
        """Alarms that lie in [from_ms, to_ms) in part, by when they began; all, or those that are about one
        of these probes."""
        numbers = None if probe_ids is None else self._numbers(probe_ids)
        return between(self._db, from_ms, to_ms, numbers)

    def last_probe(self) -> int:
        """Another one whenever a probe is met for the first time; quick."""
        return int(self._db.execute("SELECT coalesce(max(no), 0) FROM probes").fetchone()[0])

    def intervals(self) -> dict[str, int]:
        """The interval last given to each device, in ms."""
        return dict(self._db.execute("SELECT id, interval_ms FROM probes WHERE interval_ms"))

    def bookmark(self, follower: str) -> tuple[int, dict[str, Any]]:
        """(number of the last reading a follower has dealt with, its note)."""
        row = self._db.execute("SELECT no, note FROM bookmarks WHERE follower=?", (follower,)).fetchone()
        return (row[0], json.loads(row[1] or "{}")) if row else (0, {})

    def note(self, topic: str) -> tuple[int, dict[str, Any]]:
        """(when it was written, a note that a part of the hub left for others to read); (0, {}) when there is
        none."""
        row = self._db.execute("SELECT at_ms, body FROM notes WHERE topic=?", (topic,)).fetchone()
        return (row[0], json.loads(row[1])) if row else (0, {})

    def note_text(self, topic: str) -> str:
        """The same note as it stands, empty when there is none: for who asks again of one that is long."""
        row = self._db.execute("SELECT body FROM notes WHERE topic=?", (topic,)).fetchone()
        return str(row[0]) if row else ""

    def probes_mark(self) -> list[tuple[object, ...]]:
        """Another one whenever a probe was met, removed, merged, put into a group, given another interval,
        or delivers where only an import knew of it; some ms for thousands."""
        query = 'SELECT no, "group", interval_ms, removed_ms, merged_into FROM probes ORDER BY no'
        return [*self._db.execute(query), *((id_,) for id_ in sorted(only_imported(self._db)))]

    def alarm_book(self) -> AlarmBook:
        """The alarms as whoever changes them sees them; to read only."""
        return AlarmBook(self._db)

    def live_alarms(self) -> list[Alarm]:
        """Alarms that are not closed, by number: active, or not acknowledged, or without the action that
        their rule requires."""
        return AlarmBook(self._db).live()

    def alarms_mark(self) -> int:
        """Another one whenever something happened to an alarm; quick."""
        return int(self._db.execute("SELECT coalesce(max(no), 0) FROM alarm_events").fetchone()[0])

    def live_mark(self) -> tuple[int, ...]:
        """Another one whenever an alarm that is not closed became worse, or who it is about is well
        again, which is no event; quick."""
        query = "SELECT count(*), sum(worst_ms), sum(worst_units) FROM alarms WHERE closed_ms=0"
        found: tuple[int, ...] = self._db.execute(query).fetchone()
        return *found, self.note(BACK)[0]

    def alarms_of(self, numbers: Sequence[int]) -> list[Alarm]:
        """The alarms of these numbers that there are, by number."""
        return of_numbers(self._db, numbers)

    def alarm_events(self, numbers: Sequence[int]) -> list[AlarmEvent]:
        """What happened to these alarms, in order."""
        return events(self._db, numbers)

    def mutes(self, at_ms: int) -> list[Mute]:
        """Where nobody is told at a moment."""
        return mutes(self._db, at_ms)

    def messages(self, *, most: int = 1_000, alarm: int | None = None) -> list[Message]:
        """The newest messages, told or not; of one alarm when it is given."""
        return messages(self._db, most=most, alarm=alarm)

    def waiting_messages(self, *, most: int = 1_000) -> list[Message]:
        """The messages that wait to be told, the longest due first."""
        return waiting(self._db, most=most)

    def waiting_channels(self) -> list[str]:
        """The channels by which something is still to be told."""
        return waiting_channels(self._db)

    def due_messages(self, channel: str, now_ms: int, most: int) -> list[Message]:
        """What a channel is to tell now, in order."""
        return due(self._db, channel, now_ms, most)

    def outbox(self) -> dict[str, Outbox]:
        """What waits to be told, by channel."""
        return outbox(self._db)
