"""Having a probe count as another one, and undoing it. Written through the writer; any thread, `common` the
connection's."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...core import MINUTE_MS, Conflict, TempHubError, iso_utc, now_ms
from .. import batches
from ..statistics import minutes as finest
from ..writer import Writer
from .merged import Merged, own_number_of

WAIT_S = 30
# A board that begins before the other one ends is being changed over.
CHANGE_OVER = 2


class Common(NamedTuple):
    """The minutes in which two probes both have readings: how many, and the first and last of them in ms."""

    minutes: int
    first_ms: int
    last_ms: int


def merge(writer: Writer, from_id: str, into_id: str) -> None:
    """Have a probe's readings, those to come as well, count as another one's, until `unmerge`; waits until it
    is on disk.

    Raises TempHubError for an unknown probe (404), or two that cannot be one (409).
    """

    def apply(db: sqlite3.Connection) -> None:
        merged = Merged(db)
        one, other = own_number_of(db, from_id), own_number_of(db, into_id)
        if merged.root(one) != one:
            raise _refused(
                f"{from_id} counts as another probe already.",
                f"Undo that first: temphub probes --unmerge {from_id}",
            )
        if merged.root(other) == one:
            raise _refused(
                f"{from_id} and {into_id} are one probe already.", "Name two probes that /api/probes lists."
            )
        root = merged.root(other)
        if db.execute("SELECT removed_ms FROM probes WHERE no=?", (root,)).fetchone()[0]:
            raise _refused(
                f"{into_id} was removed, so nobody would see what counts as it.",
                "Bring it back first, or merge the other way.",
            )
        db.execute("UPDATE probes SET merged_into=?, merged_ms=? WHERE no=?", (root, now_ms(), one))

    writer.change(apply).result(WAIT_S)


def unmerge(writer: Writer, probe_id: str) -> None:
    """Have a probe stand for itself again, with all its readings. Raises TempHubError (404/409)."""

    def apply(db: sqlite3.Connection) -> None:
        no = own_number_of(db, probe_id)
        if not db.execute(
            "UPDATE probes SET merged_into=0, merged_ms=0 WHERE no=? AND merged_into", (no,)
        ).rowcount:
            raise _refused(
                f"{probe_id} counts as no other probe.",
                "Give the id that was merged; /api/probes lists it under `also`.",
            )
        # What was struck out of the line stays struck out of each part, and can be undone for each.
        own = ", ".join(map(str, Merged(db).all_of(no)))
        db.execute(f"UPDATE strikes SET part_of=0 WHERE probe IN ({own})")

    writer.change(apply).result(WAIT_S)


def check_common(found: Common | None, from_id: str, into_id: str) -> None:
    """Raises TempHubError (409) when both measured at the same time, and so are hardly one place."""
    if found is not None:
        raise Conflict(
            f"{from_id} and {into_id} both have readings in {found.minutes:,} minutes from "
            f"{iso_utc(found.first_ms)} to"
            f" {iso_utc(found.last_ms)}, so they look like two places; nothing was changed.",
            "Check that they are one. To have both as one line, in order of time, send overlap: true "
            "(--overlap); or strike one out.",
            code="overlap",
        )


def common(db: sqlite3.Connection, from_id: str, into_id: str, done: int) -> Common | None:
    """When two probes, with all that counts as them, both have readings; None where that is no more than a
    change-over.

    done: up to which number the roll-ups have taken readings in. Raises TempHubError (404).
    """
    merged = Merged(db)
    one, other = (merged.all_of(merged.root(own_number_of(db, id_))) for id_ in (from_id, into_id))
    if set(one) & set(other):
        return None
    found = _both(db, one, other) | _late(db, one, other, done)
    if len(found) <= CHANGE_OVER:
        return None
    return Common(len(found), min(found) * MINUTE_MS, (max(found) + 1) * MINUTE_MS)


def _both(db: sqlite3.Connection, one: Sequence[int], other: Sequence[int]) -> set[int]:
    """The minutes that the roll-ups have of both. Only in hours that both have is looked for minutes."""
    query = (
        "SELECT min(a.at), max(a.at) FROM hours a CROSS JOIN hours b WHERE a.probe IN ({}) AND b.probe IN "
        "({}) AND b.at = a.at AND a.count + a.bad AND b.count + b.bad"
    )
    first, last = db.execute(query.format(_list(one), _list(other))).fetchone()
    if first is None:
        return set()
    ones, others = (finest.measured(db, all_of, first * 60, last * 60 + 60) for all_of in (one, other))
    return set(np.intersect1d(ones, others).tolist())


def _late(db: sqlite3.Connection, one: Sequence[int], other: Sequence[int], done: int) -> set[int]:
    """The same of readings that the roll-ups have not taken in yet."""
    ones, others = (_new(db, all_of, done) for all_of in (one, other))
    found = ones & others
    for new, beside in ((ones, other), (others, one)):
        if new:
            found |= new.intersection(finest.measured(db, beside, min(new), max(new) + 1).tolist())
    return found


def _new(db: sqlite3.Connection, numbers: Sequence[int], done: int) -> set[int]:
    query = f"SELECT DISTINCT taken_ms / ? FROM readings WHERE no > ? AND probe IN ({_list(numbers)})"
    found = {at for (at,) in db.execute(query, (MINUTE_MS, done))}
    for batch in batches.between(db, done + 1, 2**62, ("probe", "taken_ms")):
        found.update(np.unique(batch["taken_ms"][np.isin(batch["probe"], numbers)] // MINUTE_MS).tolist())
    return found


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _refused(problem: str, remedy: str) -> TempHubError:
    return Conflict(f"{problem} Nothing was changed.", remedy, code="not_merged")
