"""Alarms, what happened to each, and where nobody is told. Read with any connection; written through the
writer.

What an alarm goes through is decided elsewhere (alarms/life): here is how it is kept. All of a step (the
alarm, what happened, whom to tell, how far the follower is) is one commit, so a hub that is killed has all of
it or nothing.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ...core import UNITS_PER_C, JournalUnwritable, NotFound
from ..writer import Writer
from . import merged, messages
from .probes import LEAVE
from .rules import StoredRule, rules

T = TypeVar("T")
WAIT_S = 30
MUTE, MAINTENANCE = "mute", "maintenance"
# The note of when somebody that an alarm is about was well again, or no more.
BACK = "back"
NAMES = (
    *(
        "no",
        "rule",
        "probe",
        "cause",
        "severity",
        "limit_c",
        "since_ms",
        "fired_ms",
        "worst_units",
        "worst_ms",
        "cleared_ms",
    ),
    *("acked_ms", "acked_by", "comment", "action", "closed_ms", "past", "body"),
)
ALARMS = f"SELECT {', '.join(NAMES)} FROM alarms"


class Alarm(NamedTuple):
    """An alarm. Times are ms since 1970, 0 for what has not happened.

    rule: its rule's number, 0 for one of the hub's own; probe: the journal's number, 0 for several at once or
    the hub itself; probe_id: what it is listed under, empty for 0; cause: the kind of rule; severity: warning
    or critical; since_ms: when it began, fired_ms: when it became an alarm; worst_c: the value furthest off;
    comment, action: what people said and did last; past: it was over when it became known; body: what else is
    kept, `rule` as it was then among it.
    """

    no: int
    rule: int
    probe: int
    probe_id: str
    cause: str
    severity: str
    limit_c: float | None
    since_ms: int
    fired_ms: int
    worst_c: float | None
    worst_ms: int
    cleared_ms: int
    acked_ms: int
    acked_by: str
    comment: str
    action: str
    closed_ms: int
    past: bool
    body: dict[str, Any]

    def back_ms(self, probe: int) -> int:
        """Since when a probe that it is about is well again (its value is back within the limit, it delivers,
        it measures), while the alarm's rule does not take that for over yet; 0 for not."""
        return int(self.body.get("back", {}).get(str(probe), 0))

    @property
    def all_back_ms(self) -> int:
        """Since when all that it is about are well again and its rule does not take that for over yet; 0 for
        not."""
        if not self.body.get("back") or self.cleared_ms:
            return 0
        times = [self.back_ms(no) for no in self.body.get("probes") or (self.probe,)]
        return max(times) if all(times) else 0

    @property
    def state(self) -> str:
        """`active`, or `cleared`."""
        return "cleared" if self.cleared_ms else "active"

    @property
    def live(self) -> bool:
        """Whether anybody still has something to do with it."""
        return not self.closed_ms

    @property
    def own(self) -> bool:
        """Whether it is about the hub itself; `text` and `remedy` of its body say what is the matter."""
        return not self.rule and not self.probe


class AlarmEvent(NamedTuple):
    """Something that happened to an alarm.

    what: fired, acknowledged, commented, acted, cleared, closed, repeated, escalated, muted, unmuted, sent,
    failed or past.
    """

    no: int
    alarm: int
    at_ms: int
    what: str
    by: str
    text: str


class Mute(NamedTuple):
    """In [from_ms, until_ms) nobody is told. kind: mute or maintenance; rule, probe 0 and group "" mean any
    of them."""

    no: int
    kind: str
    rule: int
    probe: int
    probe_id: str
    group: str
    from_ms: int
    until_ms: int
    by: str
    note: str


class AlarmBook:
    """Alarms to read and, inside a change of the writer, to write. Belongs to the connection's thread."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # Read.

    def live(self) -> list[Alarm]:
        """Those that are not closed, by number."""
        return alarms(self._db, f"{ALARMS} WHERE closed_ms=0 ORDER BY no")

    def alarm(self, no: int) -> Alarm:
        """Raises TempHubError (404) when there is none of that number."""
        found = alarms(self._db, f"{ALARMS} WHERE no=?", no)
        if not found:
            raise NotFound(
                f"There is no alarm with the number {no}, so nothing was changed.",
                "Use a number from /api/alarms.",
                code="unknown_alarm",
            )
        return found[0]

    def of(self, rule: int, probe: int) -> list[Alarm]:
        """Those of a rule and probe that are not closed, by number."""
        return alarms(self._db, f"{ALARMS} WHERE closed_ms=0 AND rule=? AND probe=? ORDER BY no", rule, probe)

    def overlapping(self, rule: int, probe: int, from_ms: int, to_ms: int) -> list[Alarm]:
        """Those of a rule and probe that lie in [from_ms, to_ms] in part, closed ones as well."""
        query = (
            f"{ALARMS} WHERE rule=? AND probe=? AND since_ms<=? AND (cleared_ms=0 OR cleared_ms>=?) "
            "ORDER BY no"
        )
        return alarms(self._db, query, rule, probe, to_ms, from_ms)

    def rules(self) -> dict[int, StoredRule]:
        """Every rule, by number."""
        return {rule.no: rule for rule in rules(self._db)}

    def mutes(self, now_ms: int) -> list[Mute]:
        """Those in force."""
        return mutes(self._db, now_ms)

    def groups(self) -> dict[int, str]:
        """The group of each probe that has one."""
        return dict(self._db.execute('SELECT no, "group" FROM probes WHERE "group"<>\'\''))

    def called(self, probe: int) -> str:
        """What people call a probe: the name they gave it, its own, or its id."""
        row = self._db.execute("SELECT alias, name, id FROM probes WHERE no=?", (probe,)).fetchone()
        return next((str(name) for name in row or () if name), f"Probe {probe}")

    def number(self, probe_id: str) -> int:
        """The number of the probe that an id counts as. Raises TempHubError (404)."""
        return merged.number_of(self._db, probe_id)

    # Write.

    def open(self, **values: Any) -> int:
        """A new alarm; its number. values: columns of the table, `body` as a dict."""
        given = _columns(values)
        names = ", ".join(given)
        insert = f"INSERT INTO alarms ({names}) VALUES ({', '.join('?' * len(given))})"
        return self._db.execute(insert, list(given.values())).lastrowid or 0

    def set(self, no: int, **values: Any) -> None:
        """Change columns of an alarm; `worst_c` and `body` as Alarm has them."""
        given = _columns(values)
        self._db.execute(
            f"UPDATE alarms SET {', '.join(f'{name}=?' for name in given)} WHERE no=?", [*given.values(), no]
        )

    def worsen(self, rule: int, probe: int, worst_c: float, worst_ms: int) -> None:
        """The alarm of a rule and probe that goes on is worse than before: the value farthest off, and when
        it was."""
        going_on = "closed_ms=0 AND cleared_ms=0 AND past=0 AND since_ms<=?"
        update = f"UPDATE alarms SET worst_units=?, worst_ms=? WHERE rule=? AND probe=? AND {going_on}"
        self._db.execute(update, (round(worst_c * UNITS_PER_C), worst_ms, rule, probe, worst_ms))

    def event(self, alarm: int, at_ms: int, what: str, by: str = "", text: str = "") -> int:
        """Keep what happened; its number."""
        insert = 'INSERT INTO alarm_events (alarm, at_ms, what, "by", text) VALUES (?, ?, ?, ?, ?)'
        return self._db.execute(insert, (alarm, at_ms, what, by, text)).lastrowid or 0

    def message(self, alarm: int, event: int, channel: str, due_ms: int, text: str) -> None:
        """Something to be told by a channel from a time on."""
        insert = "INSERT INTO messages (alarm, event, channel, due_ms, text) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(insert, (alarm, event, channel, due_ms, text))

    def come_back(self, alarm: Alarm, times: Mapping[int, int], at_ms: int) -> None:
        """Keep since when probes that an alarm is about are well again, by their numbers; no event."""
        told = {str(no): back_ms for no, back_ms in times.items()}
        self.set(alarm.no, body={**alarm.body, "back": told})
        # By this whoever reads sees that something changed.
        self.leave(BACK, {}, at_ms)

    def withdraw(self, alarm: int) -> int:
        """What waits to be told of an alarm is told no more; how many messages."""
        return self._db.execute(
            "UPDATE messages SET sent_ms=? WHERE alarm=? AND sent_ms=0", (messages.WITHDRAWN, alarm)
        ).rowcount

    def mute(
        self, kind: str, rule: int, probe: int, group: str, from_ms: int, until_ms: int, by: str, note: str
    ) -> int:
        """Tell nobody for a time; its number."""
        insert = (
            'INSERT INTO mutes (kind, rule, probe, "group", from_ms, until_ms, "by", note) VALUES (?, '
            "?, ?, ?, ?, ?, ?, ?)"
        )
        return (
            self._db.execute(insert, (kind, rule, probe, group, from_ms, until_ms, by, note)).lastrowid or 0
        )

    def unmute(self, no: int, now_ms: int) -> bool:
        """End one now; False when none of that number is in force."""
        return (
            self._db.execute(
                "UPDATE mutes SET until_ms=? WHERE no=? AND until_ms>?", (now_ms, no, now_ms)
            ).rowcount
            > 0
        )

    def bookmark(self, follower: str, no: int, note: dict[str, Any]) -> None:
        """How far the follower is, in the same commit as what it found."""
        insert = (
            "INSERT INTO bookmarks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET no=excluded.no, "
            "note=excluded.note"
        )
        self._db.execute(insert, (follower, no, json.dumps(note)))

    def leave(self, topic: str, body: dict[str, Any], at_ms: int) -> None:
        """A note for others to read, in the same commit: Reader.note(topic)."""
        self._db.execute(LEAVE, (topic, at_ms, json.dumps(body)))


def change(writer: Writer, step: Callable[[AlarmBook], T]) -> T:
    """What `step(book)` returns, once all that it wrote is on disk. Raises what it raises, with nothing
    written, and TempHubError."""
    try:
        return writer.change(lambda db: step(AlarmBook(db))).result(WAIT_S)
    except TimeoutError as error:
        raise JournalUnwritable(
            f"The journal did not take what happened to an alarm within {WAIT_S} s.",
            "Check the disk that holds DATA_DIR; it is tried again by itself.",
            code="journal_slow",
        ) from error


def alarms(db: sqlite3.Connection, query: str, *values: object) -> list[Alarm]:
    """The alarms of a query that selects NAMES."""
    rows = db.execute(query, values).fetchall()
    if not rows:
        return []
    place = NAMES.index("probe")
    called = merged.called(db, {row[place] for row in rows})
    return [_alarm(dict(zip(NAMES, row, strict=True)), called) for row in rows]


def _alarm(row: dict[str, Any], called: dict[int, str]) -> Alarm:
    units = row.pop("worst_units")
    worst_c = None if units is None else units / UNITS_PER_C
    past, body = bool(row.pop("past")), json.loads(row.pop("body"))
    return Alarm(**row, probe_id=called.get(row["probe"], ""), worst_c=worst_c, past=past, body=body)


def between(
    db: sqlite3.Connection, from_ms: int, to_ms: int, probes: Sequence[int] | None = None
) -> list[Alarm]:
    """Alarms that lie in [from_ms, to_ms) in part, by when they began. probes: only those that are about one
    of these numbers."""
    query = f"{ALARMS} WHERE since_ms<? AND (cleared_ms=0 OR cleared_ms>=?)"
    if probes is not None:
        those = ", ".join(map(str, probes))
        query += (
            f" AND (probe IN ({those}) OR EXISTS (SELECT 1 FROM json_each(body, '$.probes') WHERE value "
            f"IN ({those})))"
        )
    return alarms(db, f"{query} ORDER BY since_ms, no", to_ms, from_ms)


# So many numbers stand in one question.
AT_ONCE = 500


def events(db: sqlite3.Connection, numbers: Sequence[int]) -> list[AlarmEvent]:
    """What happened to these alarms, in order."""
    found: list[AlarmEvent] = []
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]
        query = (
            'SELECT no, alarm, at_ms, what, "by", text FROM alarm_events WHERE alarm IN '
            f"({', '.join('?' * len(some))})"
        )
        found += [AlarmEvent(*row) for row in db.execute(query, list(some))]
    return sorted(found)


def of_numbers(db: sqlite3.Connection, numbers: Sequence[int]) -> list[Alarm]:
    """The alarms of these numbers that there are, by number."""
    found: list[Alarm] = []
    for first in range(0, len(numbers), AT_ONCE):
        some = sorted(numbers)[first : first + AT_ONCE]
        found += alarms(db, f"{ALARMS} WHERE no IN ({', '.join('?' * len(some))}) ORDER BY no", *some)
    return found


def mutes(db: sqlite3.Connection, now_ms: int) -> list[Mute]:
    """What is muted or in maintenance at a moment, by number. One begins when it is made: a clock that was
    set back ends none."""
    query = (
        'SELECT no, kind, rule, probe, "group", from_ms, until_ms, "by", note FROM mutes WHERE '
        "until_ms>? ORDER BY no"
    )
    rows = db.execute(query, (now_ms,)).fetchall()
    called = merged.called(db, {row[3] for row in rows}) if rows else {}
    return [
        Mute(no, kind, rule, probe, called.get(probe, ""), *rest) for no, kind, rule, probe, *rest in rows
    ]


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """What is given as the table has it."""
    given = dict(values)
    if "worst_c" in given:
        worst_c = given.pop("worst_c")
        given["worst_units"] = None if worst_c is None else round(worst_c * UNITS_PER_C)
    if "body" in given:
        given["body"] = json.dumps(given["body"])
    return given
