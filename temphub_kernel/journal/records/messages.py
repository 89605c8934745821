"""What is to be told of alarms: the outbox. A message is written in the commit of what it tells, and leaves it when it was told.

A message waits while `sent_ms` is 0. Before each try it is marked (`begin`), so after a kill it is known that it may have arrived.
"""

import sqlite3
from typing import NamedTuple

from ..writer import Writer

WAIT_S = 30
# `sent_ms` of what is told no more: the alarm was acknowledged, or is over.
WITHDRAWN = -1
QUERY = "SELECT no, alarm, event, channel, due_ms, sent_ms, tries, problem, text FROM messages"


class Message(NamedTuple):
    """Something to be told by a channel from `due_ms` on. sent_ms: when it was, 0 while it waits, WITHDRAWN when it is not told any more;
    tries: how often that was begun; problem: why the last try failed, empty while none did."""

    no: int
    alarm: int
    event: int
    channel: str
    due_ms: int
    sent_ms: int
    tries: int
    problem: str
    text: str


def messages(db: sqlite3.Connection, *, most: int = 1_000, alarm: int | None = None) -> list[Message]:
    """The newest ones, by number; of one alarm when it is given."""
    where = "" if alarm is None else " WHERE alarm=?"
    rows = db.execute(f"{QUERY}{where} ORDER BY no DESC LIMIT ?", (*(() if alarm is None else (alarm,)), most))
    return sorted(Message(*row) for row in rows)


def waiting(db: sqlite3.Connection, *, most: int = 1_000) -> list[Message]:
    """Those that wait, the longest due first; what is due later is among them."""
    return [Message(*row) for row in db.execute(f"{QUERY} WHERE sent_ms=0 ORDER BY due_ms, no LIMIT ?", (most,))]


def begin(writer: Writer, no: int) -> Message | None:
    """Mark that a message is about to be told; as it was before that, None when it is not to be told any more."""

    def apply(db: sqlite3.Connection) -> Message | None:
        row = db.execute(f"{QUERY} WHERE no=? AND sent_ms=0", (no,)).fetchone()
        db.execute("UPDATE messages SET tries=tries+1 WHERE no=? AND sent_ms=0", (no,))
        return Message(*row) if row else None

    return writer.change(apply).result(WAIT_S)


def was_sent(writer: Writer, no: int, at_ms: int) -> None:
    """A message was told; that stands beside its alarm, too."""

    def apply(db: sqlite3.Connection) -> None:
        db.execute("UPDATE messages SET sent_ms=?, problem='' WHERE no=?", (at_ms, no))
        _happened(db, no, at_ms, "sent", "")

    writer.change(apply).result(WAIT_S)


def not_sent(writer: Writer, no: int, at_ms: int, problem: str, again_ms: int) -> None:
    """A try failed; the next one is due at `again_ms`. A problem that is new stands beside the alarm, too."""

    def apply(db: sqlite3.Connection) -> None:
        row = db.execute("SELECT problem FROM messages WHERE no=?", (no,)).fetchone()
        db.execute("UPDATE messages SET problem=?, due_ms=? WHERE no=? AND sent_ms=0", (problem, again_ms, no))
        if row and row[0] != problem:
            _happened(db, no, at_ms, "failed", problem)

    writer.change(apply).result(WAIT_S)


def _happened(db: sqlite3.Connection, no: int, at_ms: int, what: str, text: str) -> None:
    insert = 'INSERT INTO alarm_events (alarm, at_ms, what, "by", text) SELECT alarm, ?, ?, channel, ? FROM messages WHERE no=? AND alarm>0'
    db.execute(insert, (at_ms, what, text, no))
