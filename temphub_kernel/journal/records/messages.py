"""What is to be told of alarms: the outbox. A message is written in the commit of what it tells, and leaves
it when it was told.

A message waits while `sent_ms` is 0. Before each try it is marked (`begin`), so after a kill it is known that
it may have arrived.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ...core.clock import DAY_MS
from ..writer import Writer

WAIT_S = 30
# `sent_ms` of what is told no more: the alarm was acknowledged, or is over.
WITHDRAWN = -1
QUERY = "SELECT no, alarm, event, channel, due_ms, sent_ms, tries, problem, text FROM messages"


class Message(NamedTuple):
    """Something to be told by a channel from `due_ms` on. sent_ms: when it was, 0 while it waits, WITHDRAWN
    when it is not told any more; tries: how often that was begun, negative while it is not known how the last
    one ended; problem: why the last try failed, empty while none did."""

    no: int
    alarm: int
    event: int
    channel: str
    due_ms: int
    sent_ms: int
    tries: int
    problem: str
    text: str


class Outbox(NamedTuple):
    """What waits for a channel: how many messages, of how many of them the last try failed, and why."""

    waiting: int
    failing: int
    problem: str


def messages(db: sqlite3.Connection, *, most: int = 1_000, alarm: int | None = None) -> list[Message]:
    """The newest ones, by number; of one alarm when it is given."""
    where = "" if alarm is None else " WHERE alarm=?"
    rows = db.execute(
        f"{QUERY}{where} ORDER BY no DESC LIMIT ?", (*(() if alarm is None else (alarm,)), most)
    )
    return sorted(Message(*row) for row in rows)


def waiting(db: sqlite3.Connection, *, most: int = 1_000) -> list[Message]:
    """Those that wait, the longest due first; what is due later is among them."""
    return [
        Message(*row) for row in db.execute(f"{QUERY} WHERE sent_ms=0 ORDER BY due_ms, no LIMIT ?", (most,))
    ]


def waiting_channels(db: sqlite3.Connection) -> list[str]:
    """The channels by which something is still to be told."""
    return [
        str(name)
        for (name,) in db.execute("SELECT DISTINCT channel FROM messages WHERE sent_ms=0 ORDER BY channel")
    ]


def due(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Message]:
    """What a channel is to tell now, in order."""
    # Due in days is what was due before the clock was set back.
    query = f"{QUERY} WHERE sent_ms=0 AND channel=? AND (due_ms<=? OR due_ms>?) ORDER BY no LIMIT ?"
    return [Message(*row) for row in db.execute(query, (channel, now_ms, now_ms + DAY_MS, most))]


def outbox(db: sqlite3.Connection) -> dict[str, Outbox]:
    """What waits, by channel; none where nothing does."""
    query = (
        "SELECT channel, count(*), sum(problem<>''), max(problem) FROM messages WHERE sent_ms=0 GROUP BY "
        "channel"
    )
    return {str(name): Outbox(*rest) for name, *rest in db.execute(query)}


def begin(writer: Writer, numbers: Sequence[int]) -> list[Message]:
    """Mark that messages are about to be told; those that still are to be, as they were before that."""

    def apply(db: sqlite3.Connection) -> list[Message]:
        begun = []
        for no in numbers:
            row = db.execute(f"{QUERY} WHERE no=? AND sent_ms=0", (no,)).fetchone()
            if row:
                begun.append(Message(*row))
                db.execute("UPDATE messages SET tries=-abs(tries)-1 WHERE no=?", (no,))
        return begun

    return writer.change(apply).result(WAIT_S)


def were_sent(writer: Writer, numbers: Sequence[int], at_ms: int) -> None:
    """Messages were told; that stands beside their alarms, too."""

    def apply(db: sqlite3.Connection) -> None:
        db.executemany(
            "UPDATE messages SET sent_ms=?, tries=abs(tries), problem='' WHERE no=?",
            [(at_ms, no) for no in numbers],
        )
        _happened(db, numbers, at_ms, "sent", "")

    writer.change(apply).result(WAIT_S)


def not_sent(
    writer: Writer, numbers: Sequence[int], at_ms: int, problem: str, again_ms: int, *, perhaps: bool = False
) -> None:
    """A try failed; the next one is due at `again_ms`. A problem that is new stands beside the alarms, too.

    perhaps: it may have arrived all the same.
    """

    def apply(db: sqlite3.Connection) -> None:
        new = [
            no
            for no in numbers
            if db.execute("SELECT 1 FROM messages WHERE no=? AND problem<>?", (no, problem)).fetchone()
        ]
        update = "UPDATE messages SET problem=?, due_ms=?, tries=? * abs(tries) WHERE no=? AND sent_ms=0"
        db.executemany(update, [(problem, again_ms, -1 if perhaps else 1, no) for no in numbers])
        _happened(db, new, at_ms, "failed", problem)

    writer.change(apply).result(WAIT_S)


def not_to_be_told(writer: Writer, numbers: Sequence[int]) -> None:
    """Messages are told no more."""

    def apply(db: sqlite3.Connection) -> None:
        db.executemany(
            "UPDATE messages SET sent_ms=? WHERE no=? AND sent_ms=0", [(WITHDRAWN, no) for no in numbers]
        )

    writer.change(apply).result(WAIT_S)


def _happened(db: sqlite3.Connection, numbers: Sequence[int], at_ms: int, what: str, text: str) -> None:
    """Once for each alarm and channel, however many messages there are of it."""
    told = set()
    for no in numbers:
        alarm, channel = db.execute("SELECT alarm, channel FROM messages WHERE no=?", (no,)).fetchone()
        if alarm > 0 and (alarm, channel) not in told:
            told.add((alarm, channel))
            insert = 'INSERT INTO alarm_events (alarm, at_ms, what, "by", text) VALUES (?, ?, ?, ?, ?)'
            db.execute(insert, (alarm, at_ms, what, channel, text))
