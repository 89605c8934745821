"""The rules by which alarms are given, as people keep them. Written through the writer; what a rule means is
the alarms' own business.

A rule that is taken back stays as a row: its number is never another rule's, so the alarms that it gave are
not either.
"""

import json
import sqlite3
from typing import Any, NamedTuple

from ...core import Conflict, NotFound, now_ms
from ..writer import Writer

WAIT_S = 30
# Each is looked at with every reading.
MOST_RULES = 10_000

Body = dict[str, Any]


class StoredRule(NamedTuple):
    """A rule as it is kept. body: its JSON; made_ms, changed_ms: when it was made, and last changed, by
    whom."""

    no: int
    body: Body
    enabled: bool
    made_ms: int
    changed_ms: int
    by: str


def add_rules(writer: Writer, bodies: list[Body], by: str, *, enabled: bool = True) -> list[int]:
    """Keep rules, all or none; their numbers once they are on disk. Raises TempHubError (409) when there are
    too many."""

    def apply(db: sqlite3.Connection) -> list[int]:
        (there,) = db.execute("SELECT count(*) FROM rules WHERE removed_ms=0").fetchone()
        if there + len(bodies) > MOST_RULES:
            raise Conflict(
                f"{there} rules are kept already, and each is looked at with every reading, so none was "
                "added.",
                f"Delete some first; at most {MOST_RULES} are kept. A rule may be for a group or for all "
                "probes.",
                code="too_many_rules",
            )
        now = now_ms()
        insert = 'INSERT INTO rules (body, enabled, made_ms, changed_ms, "by") VALUES (?, ?, ?, ?, ?)'
        return [
            db.execute(insert, (json.dumps(body), int(enabled), now, now, by)).lastrowid or 0
            for body in bodies
        ]

    return writer.change(apply).result(WAIT_S)


def change_rule(
    writer: Writer, no: int, by: str, *, body: Body | None = None, enabled: bool | None = None
) -> None:
    """Replace a rule's body, switch it on or off, or both. Raises TempHubError (404)."""

    def apply(db: sqlite3.Connection) -> None:
        text = None if body is None else json.dumps(body)
        on = None if enabled is None else int(enabled)
        update = (
            "UPDATE rules SET body=coalesce(?, body), enabled=coalesce(?, enabled), changed_ms=max(?, "
            'changed_ms + 1), "by"=?'
            " WHERE no=? AND removed_ms=0"
        )
        if not db.execute(update, (text, on, now_ms(), by, no)).rowcount:
            raise unknown_rule(no)

    writer.change(apply).result(WAIT_S)


def remove_rule(writer: Writer, no: int, by: str) -> None:
    """Take a rule back; the alarms that it gave stay in the records. Raises TempHubError (404)."""

    def apply(db: sqlite3.Connection) -> None:
        now = now_ms()
        update = (
            'UPDATE rules SET removed_ms=?, enabled=0, changed_ms=max(?, changed_ms + 1), "by"=? WHERE '
            "no=? AND removed_ms=0"
        )
        if not db.execute(update, (now, now, by, no)).rowcount:
            raise unknown_rule(no)

    writer.change(apply).result(WAIT_S)


def rules(db: sqlite3.Connection) -> list[StoredRule]:
    """All that were not taken back, by number."""
    query = 'SELECT no, body, enabled, made_ms, changed_ms, "by" FROM rules WHERE removed_ms=0 ORDER BY no'
    rows = db.execute(query)
    return [StoredRule(no, json.loads(body), bool(enabled), *rest) for no, body, enabled, *rest in rows]


def rules_mark(db: sqlite3.Connection) -> tuple[int, int]:
    """Another one whenever a rule was made, changed or taken back."""
    found: tuple[int, int] = db.execute("SELECT count(*), coalesce(sum(changed_ms), 0) FROM rules").fetchone()
    return found


def unknown_rule(no: int) -> NotFound:
    """That there is no rule of that number."""
    return NotFound(
        f"There is no rule with the number {no}, so nothing was changed.",
        "Use a number from /api/rules.",
        code="unknown_rule",
    )
