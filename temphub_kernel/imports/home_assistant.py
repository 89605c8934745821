"""Home Assistant's own database, `home-assistant_v2.db`, of any version since 2021, read as it is. One
thread.

Its temperatures are `states`; what it has thrown away of them (after ten days, as a rule) is left as the mean
of each hour in `statistics`.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..journal import NO_VALUE, Ints
from . import times, values
from .source import Counts, NotRead, Piece, Said

ROWS = 100_000
HALF_HOUR_MS = 1_800_000
UNIT = {"°C": "C", "°F": "F", "K": "K", "C": "C", "F": "F"}
FORM = times.Form("%Y-%m-%d %H:%M:%S%.f", True)


class HomeAssistant:
    """Its database. Opened read-only for each reading; a running Home Assistant may write meanwhile."""

    form = "Home Assistant (database)"

    def __init__(self, path: Path, said: Said) -> None:
        self._path, self._said = path, said
        self.open: list[str] = []
        with self._opened() as db:
            self._tables = {
                name: {column for _, column, *_ in db.execute(f"PRAGMA table_info({name})")}
                for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
                if re.fullmatch(r"\w+", name)
            }
            if "states" not in self._tables:
                raise NotRead(
                    f"{path.name} is a database, but none of Home Assistant.", "Choose another file."
                )
            self._found = self._entities(db)
            self._means = self._statistics(db) if said.statistics else {}
        self.names = list(dict.fromkeys([*self._found, *(name for _, name, _ in self._means.values())]))
        self.titles = {name: title for name, (_, title) in self._found.items() if title}
        if not self.names:
            raise NotRead(
                f"{path.name} has no entity with a temperature (°C, °F or K as its unit).",
                "Choose another file.",
            )
        units = sorted({values.UNITS[unit] for unit, _ in self._found.values()})
        self.facts = [
            ("temperatures", f"{len(self._found)} entities with a temperature as their unit"),
            ("zone of the times", "UTC"),
            ("unit", ", ".join(units) or "as stored"),
            ("older than its states", "the mean of each hour, in its middle" if self._means else "left out"),
        ]

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
        db.execute("PRAGMA query_only=1")
        return db

    def _entities(self, db: sqlite3.Connection) -> dict[str, tuple[str, str]]:
        """{entity: (unit, what people call it)} of those that are temperatures."""
        new, apart = "metadata_id" in self._tables["states"], "state_attributes" in self._tables
        columns = self._tables["states"]
        who = "m.entity_id" if new else "s.entity_id"
        said = "a.shared_attrs" if apart and "attributes_id" in columns else "s.attributes"
        joins = " JOIN states_meta m ON m.metadata_id=s.metadata_id" if new else ""
        joins += " LEFT JOIN state_attributes a ON a.attributes_id=s.attributes_id" if said[0] == "a" else ""
        query = (
            f"SELECT DISTINCT {who}, {said} FROM states s{joins} WHERE {said} LIKE '%unit_of_measurement%'"
        )
        found: dict[str, tuple[str, str]] = {}
        for entity, text in db.execute(query):
            told = _attributes(text)
            unit = UNIT.get(str(told.get("unit_of_measurement", "")))
            wanted = told.get("device_class") in (None, "temperature")
            if unit and wanted and entity and (not self._said.columns or entity in self._said.columns):
                found[str(entity)] = unit, str(told.get("friendly_name") or "")
        return found

    def _statistics(self, db: sqlite3.Connection) -> dict[int, tuple[str, str, int]]:
        """{number: (unit, entity, its oldest state in ms)} of the means there are."""
        if not {"statistics", "statistics_meta"} <= self._tables.keys():
            return {}
        found = {}
        query = "SELECT id, statistic_id, unit_of_measurement FROM statistics_meta"
        for no, entity, text in db.execute(query).fetchall():
            unit = UNIT.get(str(text))
            if unit and (not self._said.columns or entity in self._said.columns):
                found[int(no)] = unit, str(entity), self._oldest(db, str(entity))
        return found

    def _oldest(self, db: sqlite3.Connection, entity: str) -> int:
        if entity not in self._found:
            return 2**62
        query, values_ = self._query(entity, f"min({self._time()})")
        (first,) = db.execute(query, values_).fetchone()
        ms = self._moments([first])
        return int(ms[0]) if ms[0] != NO_VALUE else 2**62

    def _time(self) -> str:
        columns = self._tables["states"]
        return "last_updated_ts" if "last_updated_ts" in columns else "last_updated"

    def _query(self, entity: str, what: str) -> tuple[str, tuple[str]]:
        if "metadata_id" in self._tables["states"]:
            where = "metadata_id=(SELECT metadata_id FROM states_meta WHERE entity_id=?)"
        else:
            where = "entity_id=?"
        return f"SELECT {what} FROM states WHERE {where}", (entity,)

    def _moments(self, told: list[Any]) -> Ints:
        """Seconds since 1970, or texts in UTC, as ms."""
        if any(isinstance(one, str) for one in told):
            text = pl.Series([None if one is None else str(one)[:26] for one in told], dtype=pl.String)
            return times.read(text, FORM)
        return np.array([NO_VALUE if one is None else round(one * 1000) for one in told], np.int64)

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        db = self._opened()
        try:
            for at, (entity, (unit, _)) in enumerate(self._found.items()):
                counts.share = at / len(self._found)
                query, given = self._query(entity, f"{self._time()}, state")
                yield from self._read(db.execute(query, given), entity, unit, counts)
            for no, (unit, entity, before_ms) in self._means.items():
                start = "start_ts" if "start_ts" in self._tables["statistics"] else "start"
                rows = db.execute(
                    f"SELECT {start}, mean FROM statistics WHERE metadata_id=?", (no,)
                ).fetchall()
                yield from self._of_means(rows, entity, unit, before_ms, counts)
        except sqlite3.Error as error:
            raise NotRead(
                f"{self._path.name} cannot be read ({error}).",
                "Stop Home Assistant, or copy the file together with its -wal, and try again.",
            ) from error
        finally:
            db.close()

    def _read(self, cursor: sqlite3.Cursor, entity: str, unit: str, counts: Counts) -> Iterator[Piece]:
        while rows := cursor.fetchmany(ROWS):
            counts.lines += len(rows)
            stamps, states = zip(*rows, strict=True)
            taken_ms = self._moments(list(stamps))
            found = values.cells(pl.Series(list(states), dtype=pl.String, strict=False), ".")
            use = (taken_ms != NO_VALUE) & ~found.empty & ~found.wrong
            units = values.to_units(found.value, unit)
            yield Piece(
                [entity], np.zeros(int(use.sum()), np.int64), taken_ms[use], units[use], found.quality[use]
            )

    def _of_means(
        self, rows: list[tuple[Any, ...]], entity: str, unit: str, before_ms: int, counts: Counts
    ) -> Iterator[Piece]:
        if not rows:
            return
        stamps, means = zip(*rows, strict=True)
        taken_ms = self._moments(list(stamps))
        value = np.array([np.nan if mean is None else mean for mean in means], float)
        use = (taken_ms != NO_VALUE) & ~np.isnan(value)
        taken_ms = np.where(use, taken_ms + HALF_HOUR_MS, taken_ms)
        use &= taken_ms < before_ms
        counts.told["means"] += int(use.sum())
        none = np.zeros(int(use.sum()), np.int64)
        yield Piece([entity], none, taken_ms[use], values.to_units(value[use], unit), none)


def _attributes(text: object) -> dict[str, Any]:
    try:
        told = json.loads(str(text))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
