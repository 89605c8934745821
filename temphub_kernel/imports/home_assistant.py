"""Home Assistant's own database, `home-assistant_v2.db`, of any version since 2021, read as it is. One
thread.

Its temperatures are `states`; what it has thrown away of them (after ten days, as a rule) is left as the mean
of each hour in `statistics`. What was before a column was parted from a table may stand in the old place for
as long as it is kept: both are looked at.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
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
            self._by_name = self._is_named_in_states(db)
            self._means = self._statistics(db) if said.statistics else {}
        self.names = list(dict.fromkeys([*self._found, *(name for _, name, _ in self._means.values())]))
        self.titles = {name: title for name, (_, title) in self._found.items() if title}
        if not self.names:
            raise NotRead(
                f"{path.name} has no sensor with a temperature (°C, °F or K as its unit).",
                "Choose another file, or name an entity with --column.",
            )
        units = sorted({values.UNITS[unit] for told, _ in self._found.values() for unit in told})
        self.facts = [
            ("temperatures", f"{len(self._found)} sensors with a temperature as their unit"),
            ("zone of the times", "UTC"),
            ("unit", ", ".join(units) or "as stored"),
            ("older than its states", "the mean of each hour, in its middle" if self._means else "left out"),
        ]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Raises NotRead for what SQLite cannot read."""
        try:
            with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as db:
                db.execute("PRAGMA query_only=1")
                db.create_function("unit_of", 1, _unit, deterministic=True)
                yield db
        except sqlite3.Error as error:
            raise NotRead(
                f"{self._path.name} cannot be read ({error}).",
                "Stop Home Assistant, or copy the file together with its -wal, and try again.",
            ) from error

    def _source(self) -> tuple[str, str, str]:
        """(tables, whose a state is, its attributes), as SQL."""
        columns, tables = self._tables["states"], "states s"
        who, said = "s.entity_id", "s.attributes"
        if "metadata_id" in columns:
            tables += " LEFT JOIN states_meta m ON m.metadata_id=s.metadata_id"
            who = f"COALESCE(m.entity_id, {who})"
        if "attributes_id" in columns:
            tables += " LEFT JOIN state_attributes a ON a.attributes_id=s.attributes_id"
            said = f"COALESCE(a.shared_attrs, {said})"
        return tables, who, said

    def _entities(self, db: sqlite3.Connection) -> dict[str, tuple[list[str], str]]:
        """{entity: (units, what people call it)} of those that are temperatures. Several units: somebody
        chose another one in between."""
        tables, who, said = self._source()
        query = f"SELECT DISTINCT {who}, {said} FROM {tables} WHERE {said} LIKE '%unit_of_measurement%'"
        found: dict[str, tuple[list[str], str]] = {}
        for entity, text in db.execute(query):
            told, unit = _attributes(text), _unit(text)
            # A number or a thermostat has what somebody set, and nobody measured.
            measured = str(entity).startswith("sensor.") and told.get("device_class") in (None, "temperature")
            if unit and entity and (entity in self._said.columns if self._said.columns else measured):
                units, _ = found.setdefault(str(entity), ([], str(told.get("friendly_name") or "")))
                units += [unit] if unit not in units else []
        return found

    def _is_named_in_states(self, db: sqlite3.Connection) -> bool:
        """Whether some states still bear the name of their entity themselves."""
        if "metadata_id" not in self._tables["states"]:
            return True
        query = "SELECT 1 FROM states WHERE metadata_id IS NULL AND entity_id IS NOT NULL LIMIT 1"
        return db.execute(query).fetchone() is not None

    def _statistics(self, db: sqlite3.Connection) -> dict[int, tuple[str, str, int]]:
        """{number: (unit, entity, its oldest state in ms)} of the means there are."""
        # In its first months (2021.6) nothing said what they are means of.
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
        moments = [
            ms
            for column in self._columns("last_updated")
            for ms in self._moments(list(db.execute(*self._query(entity, f"min({column})")).fetchone()))
            if ms != NO_VALUE
        ]
        return int(min(moments, default=2**62))

    def _columns(self, name: str, table: str = "states") -> list[str]:
        """Where a time may stand: as seconds since 1970, as text in UTC."""
        return [one for one in (f"{name}_ts", name) if one in self._tables[table]]

    def _query(self, entity: str, what: str, unit: str = "") -> tuple[str, list[str]]:
        """SQL for the states of an entity. unit: of those alone that have it."""
        tables, _, said = self._source() if unit else ("states s", "", "")
        where, given = "s.entity_id=?", [entity]
        if "metadata_id" in self._tables["states"]:
            meta = "s.metadata_id=(SELECT metadata_id FROM states_meta WHERE entity_id=?)"
            where, given = (f"({meta} OR {where})", [entity, entity]) if self._by_name else (meta, [entity])
        if unit:
            where, given = f"{where} AND unit_of({said})=?", [*given, unit]
        return f"SELECT {what} FROM {tables} WHERE {where}", given

    def _moments(self, told: list[Any]) -> Ints:
        """Seconds since 1970, or texts in UTC, as ms."""
        found = np.array(
            [NO_VALUE if one is None or isinstance(one, str) else round(one * 1000) for one in told], np.int64
        )
        texts = [at for at, one in enumerate(told) if isinstance(one, str)]
        if texts:
            found[texts] = times.read(pl.Series([told[at][:26] for at in texts], dtype=pl.String), FORM)
        return found

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        with self._opened() as db:
            when = f"COALESCE({', '.join(self._columns('last_updated'))}, NULL)"
            for at, (entity, (units, _)) in enumerate(self._found.items()):
                counts.share = at / len(self._found)
                for unit in units:
                    query = self._query(entity, f"{when}, state", unit if len(units) > 1 else "")
                    yield from self._read(db.execute(*query), entity, unit, counts)
            for no, (unit, entity, before_ms) in self._means.items():
                start = f"COALESCE({', '.join(self._columns('start', 'statistics'))}, NULL)"
                rows = db.execute(
                    f"SELECT {start}, mean FROM statistics WHERE metadata_id=?", (no,)
                ).fetchall()
                yield from self._of_means(rows, entity, unit, before_ms, counts)

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


@lru_cache(maxsize=10_000)
def _unit(text: object) -> str:
    return UNIT.get(str(_attributes(text).get("unit_of_measurement", "")), "")
