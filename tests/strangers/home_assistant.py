"""Databases as Home Assistant's recorder makes them, by the public definitions of its tables (its schema
versions 16: 2021.6, 22: 2021.10, 25 to 30: 2022, 50: 2025), with SQLite alone. Names and numbers are made up.

In each there are two sensors, one of which changed its unit, a humidity, a thermostat's set point, and hours
of which only the mean is left.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

RUNS = (
    "CREATE TABLE recorder_runs (run_id INTEGER NOT NULL PRIMARY KEY, start DATETIME, 'end' DATETIME, "
    "closed_incorrect BOOLEAN, created DATETIME)",
    "CREATE TABLE schema_changes (change_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER, changed "
    "DATETIME)",
)
OLD_STATES = (
    "CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, domain VARCHAR(64), entity_id VARCHAR(255), "
    "state VARCHAR(255), attributes TEXT, event_id INTEGER, last_changed DATETIME, last_updated DATETIME, "
    "created DATETIME, old_state_id INTEGER)"
)
ATTRIBUTES = (
    "CREATE TABLE state_attributes (attributes_id INTEGER NOT NULL PRIMARY KEY, hash BIGINT, shared_attrs "
    "TEXT)"
)
META = (
    "CREATE TABLE statistics_meta (id INTEGER NOT NULL PRIMARY KEY, statistic_id VARCHAR(255), source "
    "VARCHAR(32), unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN)"
)
OLD_STATISTICS = (
    "CREATE TABLE statistics (id INTEGER NOT NULL PRIMARY KEY, created DATETIME, metadata_id INTEGER, start "
    "DATETIME, mean FLOAT, min FLOAT, max FLOAT, last_reset DATETIME, state FLOAT, sum FLOAT)"
)
SCHEMAS = {
    16: (
        OLD_STATES,
        "CREATE TABLE statistics (id INTEGER NOT NULL PRIMARY KEY, created DATETIME, source VARCHAR(32), "
        "statistic_id VARCHAR(255), start DATETIME, mean FLOAT, min FLOAT, max FLOAT, last_reset DATETIME, "
        "state FLOAT, sum FLOAT)",
    ),
    22: (OLD_STATES, META, OLD_STATISTICS),
    # Of a database that grew: what was before lies in the old columns still.
    28: (
        f"{OLD_STATES[:-1]}, attributes_id INTEGER, origin_idx SMALLINT)",
        ATTRIBUTES,
        META,
        OLD_STATISTICS,
    ),
    50: (
        "CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), "
        "attributes CHAR(0), event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, "
        "last_reported_ts FLOAT, last_updated CHAR(0), last_updated_ts FLOAT, old_state_id INTEGER, "
        "attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0), context_parent_id CHAR(0), "
        "origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB, "
        "context_parent_id_bin BLOB, metadata_id INTEGER)",
        "CREATE TABLE states_meta (metadata_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255))",
        ATTRIBUTES,
        f"{META[:-1]}, name VARCHAR(255), mean_type INTEGER NOT NULL DEFAULT 0)",
        "CREATE TABLE statistics (id INTEGER NOT NULL PRIMARY KEY, created CHAR(0), created_ts FLOAT, "
        "metadata_id INTEGER, start CHAR(0), start_ts FLOAT, mean FLOAT, mean_weight FLOAT, min FLOAT, max "
        "FLOAT, last_reset CHAR(0), last_reset_ts FLOAT, state FLOAT, sum FLOAT)",
    ),
}
# 2021-10-01 12:00 UTC; the hours of which a mean is left are the three before.
NOON = 1_633_089_600
CELLAR, FRIDGE, SET = "sensor.cellar_temperature", "sensor.fridge", "number.fridge_set_point"
CELSIUS = {"unit_of_measurement": "°C", "friendly_name": "Cellar", "device_class": "temperature"}
FAHRENHEIT = {"unit_of_measurement": "°F", "friendly_name": "Fridge", "state_class": "measurement"}
# (entity, seconds after noon, state, attributes).
STATES = [
    (CELLAR, 0.25, "12.5", CELSIUS),
    (CELLAR, 60.0, "unavailable", CELSIUS),
    (CELLAR, 120.0, "12.625", CELSIUS),
    (FRIDGE, 0.0, "41", FAHRENHEIT),
    (FRIDGE, 60.0, "5.5", {**FAHRENHEIT, "unit_of_measurement": "°C"}),
    (SET, 0.0, "4", {"unit_of_measurement": "°C", "min": -10, "max": 10}),
    ("sensor.cellar_humidity", 0.0, "71", {"unit_of_measurement": "%", "device_class": "humidity"}),
    ("sun.sun", 0.0, "above_horizon", {"elevation": 30}),
]
MEANS = [(CELLAR, -10_800, 11.0), (CELLAR, -7_200, 11.5), (CELLAR, 0, 12.5)]
READINGS = {
    CELLAR: [(NOON * 1000 + 250, 12.5), (NOON * 1000 + 60_000, "missing"), (NOON * 1000 + 120_000, 12.625)],
    FRIDGE: [(NOON * 1000, 5.0), (NOON * 1000 + 60_000, 5.5)],
}
# In the middle of their hours; the one that lies beside states is none of its own.
OLDER = [((NOON - 9_000) * 1000, 11.0), ((NOON - 5_400) * 1000, 11.5)]


def make(path: Path, version: int, *, beside: bool = False) -> None:
    """A database of a schema version. beside: what is newest of it lies in a -wal, as while it runs."""
    with closing(sqlite3.connect(path)) as db:
        for table in (*RUNS, *SCHEMAS[version]):
            db.execute(table)
        db.execute("INSERT INTO schema_changes VALUES (1, ?, ?)", (version, _text(0)))
        for no, (entity, at_s, state, attributes) in enumerate(STATES, 1):
            row = _state(db, version, no, entity, at_s, state, attributes)
            db.execute(
                f"INSERT INTO states ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
        for row in _means(version):
            names = ", ".join(f'"{name}"' for name in row)
            db.execute(
                f"INSERT INTO statistics ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
        if version > 16:
            names = "id, statistic_id, source, unit_of_measurement"
            meta = f"INSERT INTO statistics_meta ({names}) VALUES (?, ?, ?, ?)"
            db.executemany(
                meta, [(1, CELLAR, "recorder", "°C"), (2, "sensor.cellar_humidity", "recorder", "%")]
            )
        db.commit()


def _state(
    db: sqlite3.Connection, version: int, no: int, entity: str, at_s: float, state: str, told: dict
) -> dict[str, object]:
    row: dict[str, object] = {"state_id": no, "state": state}
    # Before 2021.10 with signs that are not ASCII as escapes, and blanks; since then without.
    text = json.dumps(told) if version == 16 else json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    if version < 28 or (version == 28 and no % 2):
        row["attributes"] = text
    else:
        row["attributes_id"] = no
        db.execute("INSERT INTO state_attributes VALUES (?, NULL, ?)", (no, text))
    if version < 50:
        return row | {"domain": entity.partition(".")[0], "entity_id": entity, "last_updated": _text(at_s)}
    who = "SELECT metadata_id FROM states_meta WHERE entity_id=?"
    if not (meta := db.execute(who, (entity,)).fetchone()):
        db.execute("INSERT INTO states_meta (entity_id) VALUES (?)", (entity,))
        meta = db.execute(who, (entity,)).fetchone()
    return row | {"metadata_id": meta[0], "last_updated_ts": NOON + at_s}


def _means(version: int) -> Iterator[dict[str, object]]:
    for entity, at_s, mean in MEANS:
        start = {"start_ts": NOON + at_s} if version == 50 else {"start": _text(at_s)}
        whose = {"statistic_id": entity, "source": "sensor"} if version == 16 else {"metadata_id": 1}
        yield {**start, **whose, "mean": mean}


def _text(at_s: float) -> str:
    """A moment as SQLAlchemy writes it."""
    return datetime.fromtimestamp(NOON + at_s, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
