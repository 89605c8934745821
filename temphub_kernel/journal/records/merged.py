"""Probes that count as another one: the new board of an old place, until that is undone. Any thread.

No reading is rewritten: each stays under the number it was stored with, wherever it lives, and repeats,
calibrations and what is struck out go by that number. Whoever answers puts the other probe's number in its
place, last of all.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from ...core import NotFound
from ..columns import Ints

# Of a merged probe these are its device's: they come from whichever of its devices was heard last.
OF_DEVICE = (
    *("ip", "port", "host", "version", "model", "boot", "via", "seen_ms", "present"),
    *("interval_ms", "server_url", "provisioned_ms", "problem", "remedy"),
)


class Merged:
    """What counts as what at one moment of the journal; false when nothing is merged."""

    def __init__(self, db: sqlite3.Connection) -> None:
        into = dict(db.execute("SELECT no, merged_into FROM probes WHERE merged_into"))
        self._root = {no: _end(into, no) for no in into}
        self._others: dict[int, list[int]] = {}
        for no in sorted(self._root):
            self._others.setdefault(self._root[no], []).append(no)

    def __bool__(self) -> bool:
        return bool(self._root)

    def root(self, no: int) -> int:
        """The number of the probe that a probe counts as; its own as a rule."""
        return self._root.get(no, no)

    def all_of(self, no: int) -> list[int]:
        """The numbers of all that count as a probe, its own first."""
        return [no, *self._others.get(no, ())]

    def together(self) -> frozenset[int]:
        """The numbers of those that count as another, or as which others do."""
        return frozenset(self._root) | self._others.keys()

    def of(self, probe: Ints) -> Ints:
        """A column of probes with what each counts as; the very same where nothing is merged."""
        if not self._root or not len(probe):
            return probe
        counts_as = np.arange(max(int(probe.max()), *self._root) + 1)
        counts_as[list(self._root)] = list(self._root.values())
        found: Ints = counts_as[probe]
        return found

    def listed(self, ids: dict[int, str]) -> dict[int, str]:
        """The ids without those that count as another."""
        return {no: id_ for no, id_ in ids.items() if no not in self._root} if self._root else ids

    def called(self, ids: dict[int, str]) -> dict[int, str]:
        """What each number's readings are listed under."""
        return {no: ids[self.root(no)] for no in ids} if self._root else ids

    def records(self, rows: Iterable[dict[str, Any]], delivered_ms: dict[int, int]) -> list[dict[str, Any]]:
        """Rows of `probes` (with `no`) as those of what they count as.

        `also` has the ids that count as it, `device` the id of the device that was heard last, which all of
        OF_DEVICE is about. delivered_ms: when anything last came in, by number.
        """
        found = {row["no"]: row for row in rows}
        told: list[dict[str, Any]] = []
        for no, row in found.items():
            if no in self._root:
                continue
            devices = [found[other] for other in self.all_of(no)]
            last = max(
                devices,
                key=lambda one: (max(one["seen_ms"], delivered_ms.get(one["no"], 0)), one["no"] == no),
            )
            also = [one["id"] for one in devices[1:]]
            first_ms = min(one["first_ms"] for one in devices)
            told.append(
                {
                    **row,
                    **{name: last[name] for name in OF_DEVICE},
                    "first_ms": first_ms,
                    "also": also,
                    "device": last["id"],
                }
            )
        return told


# More numbers are not put into one question.
MOST_ASKED = 500


def called(db: sqlite3.Connection, numbers: Collection[int]) -> dict[int, str]:
    """What readings of these are listed under; of few for next to nothing, however many there are."""
    roots, query = Merged(db), "SELECT no, id FROM probes"
    wanted = {roots.root(no) for no in numbers}
    where = f" WHERE no IN ({', '.join(map(str, wanted))})" if len(wanted) <= MOST_ASKED else ""
    ids = dict(db.execute(query + where))
    return {no: ids[roots.root(no)] for no in numbers if roots.root(no) in ids}


def known(db: sqlite3.Connection, names: Sequence[str]) -> list[dict[str, Any]]:
    """These columns (with `no` first) of each probe that counts as itself, by id; also, device: see
    Merged.records."""
    columns = ", ".join(f'"{name}"' for name in names)
    rows = db.execute(f"SELECT {columns} FROM probes ORDER BY id").fetchall()
    merged, stored = Merged(db), (dict(zip(names, row, strict=True)) for row in rows)
    if merged:
        return merged.records(stored, dict(db.execute("SELECT probe, delivered_ms FROM latest")))
    return [{**one, "also": [], "device": one["id"]} for one in stored]


def own_number_of(db: sqlite3.Connection, probe_id: str) -> int:
    """The journal's number of a probe. Raises TempHubError (404) for one it has never met."""
    row = db.execute("SELECT no FROM probes WHERE id=?", (probe_id,)).fetchone()
    if row is None:
        raise NotFound(
            f"No probe {probe_id!r} is known, so nothing was changed.",
            "Use one of the ids at /api/probes.",
            code="unknown_probe",
        )
    return int(row[0])


def number_of(db: sqlite3.Connection, probe_id: str) -> int:
    """The number of the probe that an id counts as. Raises TempHubError (404)."""
    return Merged(db).root(own_number_of(db, probe_id))


def numbers_of(db: sqlite3.Connection, probe_id: str) -> list[int]:
    """The numbers of all that count as the same probe, that one's first. Raises TempHubError (404)."""
    merged = Merged(db)
    return merged.all_of(merged.root(own_number_of(db, probe_id)))


def _end(into: dict[int, int], no: int) -> int:
    # A ring cannot be made (see merging.py); in a journal that somebody edited it must not turn for ever.
    for _ in range(len(into)):
        if no not in into:
            break
        no = into[no]
    return no
