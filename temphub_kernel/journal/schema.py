"""The journal's tables, and how a connection to them is opened, also where nothing may be written. A
connection belongs to the thread that opened it.
"""

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from ..core import (
    DEMO_FOLDER,
    JOURNAL_FILE,
    NO_ROOM,
    DiskFull,
    JournalUnreadable,
    JournalUnwritable,
    NotFound,
    TempHubError,
)
from .archive.months import FOLDER
from .records import followed, power_on

VERSION = 8
# A block of readings by number: where in the journal a span of time lies, late readings included.
BLOCK_ROWS = 4096
# So many packed blocks become one segment; it begins at a multiple of this.
SEGMENT_BLOCKS = 16
# A commit of a few readings writes whole pages: of these, 1.7 KB a reading at 50 single readings a second
# (2.1 KB with 4096).
PAGE_BYTES = 2048

PROBES = """
CREATE TABLE probes (
  no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, first_ms INTEGER NOT NULL,
  ip TEXT NOT NULL DEFAULT '', port INTEGER NOT NULL DEFAULT 0, host TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '', name TEXT NOT NULL DEFAULT '',
  boot TEXT NOT NULL DEFAULT '', via TEXT NOT NULL DEFAULT '', seen_ms INTEGER NOT NULL DEFAULT 0,
  present INTEGER NOT NULL DEFAULT 0, interval_ms INTEGER NOT NULL DEFAULT 0,
  server_url TEXT NOT NULL DEFAULT '', provisioned_ms INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '');
CREATE TABLE boots (
  no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, boot TEXT NOT NULL, seen TEXT NOT NULL DEFAULT '',
    UNIQUE (probe, boot));
CREATE TABLE readings (
  no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, taken_ms INTEGER NOT NULL, delay_ms INTEGER NOT NULL,
  units INTEGER, quality TEXT, boot INTEGER, seq INTEGER);
CREATE TABLE latest (
  probe INTEGER PRIMARY KEY, taken_ms INTEGER NOT NULL, units INTEGER, quality TEXT,
  delivered_ms INTEGER NOT NULL, readings INTEGER NOT NULL);
CREATE TABLE bookmarks (follower TEXT PRIMARY KEY, no INTEGER NOT NULL, note TEXT NOT NULL DEFAULT '')
  WITHOUT ROWID;
CREATE TABLE notes (topic TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
"""
# What a person says of a probe. `alias` is the person's name for it, `name` the probe's own.
DESCRIBED = """
ALTER TABLE probes ADD COLUMN alias TEXT NOT NULL DEFAULT '';
ALTER TABLE probes ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN "group" TEXT NOT NULL DEFAULT '';
ALTER TABLE probes ADD COLUMN note TEXT NOT NULL DEFAULT '';
"""
# The tables of roll-ups, fine to coarse, and how many minutes a step of each has.
TIERS = {"minutes": 1, "quarters": 15, "hours": 60, "days": 1440}
STEPS = """
CREATE TABLE {name} (
  probe INTEGER NOT NULL, at INTEGER NOT NULL, lowest INTEGER, highest INTEGER, total INTEGER NOT NULL,
  count INTEGER NOT NULL, bad INTEGER NOT NULL, spread REAL NOT NULL, PRIMARY KEY (probe, at)) WITHOUT ROWID;
"""
STORE = """
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY, oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
    packed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX blocks_by_newest ON blocks (newest_ms);
CREATE TABLE packs (block INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE archives (
  file TEXT PRIMARY KEY, month TEXT NOT NULL, oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
  first_no INTEGER NOT NULL, last_no INTEGER NOT NULL, readings INTEGER NOT NULL, sha256 TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE calibrations (
  no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, from_ms INTEGER NOT NULL, points TEXT NOT NULL,
  note TEXT NOT NULL, made_ms INTEGER NOT NULL, UNIQUE (probe, from_ms));
CREATE TABLE redo (no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL);
CREATE TABLE annotations (
  no INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, probe INTEGER,
    text TEXT NOT NULL, by_ms INTEGER NOT NULL);
"""
SECOND = DESCRIBED + "".join(STEPS.format(name=name) for name in TIERS) + STORE
# What a person strikes out, and probes that a person removed (0: there).
THIRD = """
CREATE TABLE strikes (
  no INTEGER PRIMARY KEY, probe INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  note TEXT NOT NULL, made_ms INTEGER NOT NULL);
ALTER TABLE probes ADD COLUMN removed_ms INTEGER NOT NULL DEFAULT 0;
"""
# Probes that count as another one (0: as themselves), of what a row of `strikes` is a part, and whether a
# person says of a probe that the values of a sensor which has not measured are temperatures in its place.
FOURTH = """
ALTER TABLE probes ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN merged_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX probes_merged ON probes (merged_into) WHERE merged_into;
ALTER TABLE strikes ADD COLUMN part_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN power_on_counts INTEGER NOT NULL DEFAULT 0;
"""
# Rules, the alarms that they gave, what happened to each, what is to be told of it, and where nobody is told.
# Times are 0 where there is none yet; `sent_ms` is −1 for what is not told any more. Probe 0 means several at
# once or the hub itself.
FIFTH = """
CREATE TABLE rules (
  no INTEGER PRIMARY KEY, body TEXT NOT NULL, enabled INTEGER NOT NULL, made_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
  "by" TEXT NOT NULL DEFAULT '', removed_ms INTEGER NOT NULL DEFAULT 0);
CREATE TABLE alarms (
  no INTEGER PRIMARY KEY, rule INTEGER NOT NULL, probe INTEGER NOT NULL, cause TEXT NOT NULL,
    severity TEXT NOT NULL, limit_c REAL,
  since_ms INTEGER NOT NULL, fired_ms INTEGER NOT NULL, worst_units INTEGER,
    worst_ms INTEGER NOT NULL DEFAULT 0,
  cleared_ms INTEGER NOT NULL DEFAULT 0, acked_ms INTEGER NOT NULL DEFAULT 0,
    acked_by TEXT NOT NULL DEFAULT '',
  comment TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT '', closed_ms INTEGER NOT NULL DEFAULT 0,
  past INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL DEFAULT '{}');
CREATE INDEX alarms_live ON alarms (rule, probe) WHERE closed_ms=0;
CREATE INDEX alarms_by_time ON alarms (since_ms);
CREATE TABLE alarm_events (
  no INTEGER PRIMARY KEY, alarm INTEGER NOT NULL, at_ms INTEGER NOT NULL, what TEXT NOT NULL,
  "by" TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '');
CREATE INDEX alarm_events_by_alarm ON alarm_events (alarm);
CREATE TABLE messages (
  no INTEGER PRIMARY KEY, alarm INTEGER NOT NULL, event INTEGER NOT NULL, channel TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
  sent_ms INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL);
CREATE INDEX messages_waiting ON messages (due_ms) WHERE sent_ms=0;
CREATE INDEX messages_by_alarm ON messages (alarm);
CREATE TABLE mutes (
  no INTEGER PRIMARY KEY, kind TEXT NOT NULL, rule INTEGER NOT NULL DEFAULT 0,
    probe INTEGER NOT NULL DEFAULT 0,
  "group" TEXT NOT NULL DEFAULT '', from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    "by" TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '');
CREATE INDEX mutes_by_end ON mutes (until_ms);
"""
# Readings that were committed together, see batches.py. Their numbers and those of `readings` are one count.
SIXTH = """
CREATE TABLE batches (
  last_no INTEGER PRIMARY KEY, first_no INTEGER NOT NULL, oldest_ms INTEGER NOT NULL,
    newest_ms INTEGER NOT NULL, body BLOB NOT NULL);
"""
# All minutes of a probe's day gone by, see statistics/minutes.py; others are a row each.
EIGHTH = """
CREATE TABLE minute_packs (
  day INTEGER NOT NULL, probe INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (day, probe));
"""
# From each older version to the next one. All readings stay as they are; what follows them is made anew.
UPGRADES = {
    1: "DROP TABLE blocks;\nDROP TABLE minutes;\nDELETE FROM latest;\nDELETE FROM bookmarks WHERE "
    "follower='rollups';\n" + SECOND,
    2: THIRD,
    3: FOURTH,
    4: FIFTH,
    5: SIXTH,
    # Segments need no table: `packed` says of how many blocks a pack is.
    6: "",
    7: EIGHTH,
}
# Their roll-ups may hold numbers marked as `power_on`; those of version 1 are made anew anyway.
COUNTED_POWER_ON = (2, 3)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open or create the journal. An acknowledged commit is on disk: WAL with synchronous=FULL.

    Raises TempHubError when the file is no journal, is of a newer version, or cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened by whoever starts the writer (so that a bad journal stops the start), then used by its thread
        # only.
        db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        # Before anything is touched: a journal of a later version stays as it is.
        if version not in (0, VERSION, *UPGRADES):
            raise _other_version(path, version)
        db.execute(f"PRAGMA page_size={PAGE_BYTES}")
        # So that the space of months that moved to files can be given back, a little at a time.
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        # Until the journal is in WAL mode SQLite deletes a file at each commit. One that came back after a
        # power cut, because its deletion was never flushed, would undo what was acknowledged since: EXTRA
        # flushes the folder, too.
        db.execute("PRAGMA synchronous=EXTRA")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        if version != VERSION:
            _bring_up(db, version, path.parent / FOLDER)
        for statement in followed.STATEMENTS:
            db.execute(statement)
    except sqlite3.Error as error:
        db.close()
        raise _unusable(path, error) from error
    except TempHubError:
        db.close()
        raise
    return db


def _bring_up(db: sqlite3.Connection, version: int, archive: Path) -> None:
    """Make the tables, or bring those of an older version up to date: all of it or, after a power cut,
    nothing."""
    steps = (
        [PROBES + SECOND + THIRD + FOURTH + FIFTH + SIXTH + EIGHTH]
        if version == 0
        else [UPGRADES[step] for step in range(version, VERSION)]
    )
    db.execute("BEGIN IMMEDIATE")
    for statement in "".join(steps).split(";\n"):
        db.execute(statement)
    if version in COUNTED_POWER_ON:
        power_on.mark(db, archive)
    db.execute(f"PRAGMA user_version={VERSION}")
    db.execute("COMMIT")


def bring_up_to_date(path: Path) -> None:
    """Bring an older journal up to this version; nothing when there is none. For the hub, before anybody
    reads. Raises TempHubError."""
    if path.is_file():
        open_for_writing(path).close()


def open_for_reading(path: Path, *, one_thread: bool = True) -> sqlite3.Connection:
    """Open the journal read-only, from any process, while the hub writes or with no hub at all.

    one_thread: False for a caller that itself sees to it that only one thread at a time asks.
    Raises TempHubError when there is none or it cannot be read.
    """
    if not path.is_file():
        raise _no_journal(f"There is no journal at {path}", path.parent / DEMO_FOLDER)
    db = None
    try:
        db = connect_to_read(path, timeout_s=10, one_thread=one_thread)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            raise (
                _other_version(path, version)
                if version
                else _no_journal(f"The journal at {path} is only just being made")
            )
    except (sqlite3.Error, TempHubError) as error:
        if db is not None:
            db.close()
        if isinstance(error, TempHubError):
            raise
        raise _unreadable(path, error) from error
    return db


def _no_journal(what: str, demo: Path | None = None) -> TempHubError:
    remedy = "Start the hub first, or set DATA_DIR to the folder that holds temphub.sqlite3."
    if demo is not None and (demo / JOURNAL_FILE).is_file():
        remedy += f" What the demo recorded is in {demo}."
    return NotFound(
        f"{what}, so there are no readings to show.",
        remedy,
        code="no_journal",
    )


def _other_version(path: Path, version: int) -> TempHubError:
    older = version in UPGRADES
    return TempHubError(
        f"The journal {path} is of version {version}; this TempHub reads version {VERSION}.",
        "Start the hub once: it brings the journal up to date."
        if older
        else "Install the TempHub version that wrote it, or set DATA_DIR to another folder.",
        code="journal_version",
    )


def _unreadable(path: Path, error: Exception) -> TempHubError:
    if is_full(error, path):
        return disk_full(
            f"The disk that holds the journal {path} is full, so it cannot be opened to be read."
        )
    return JournalUnreadable(
        f"The journal {path} cannot be read ({error}), so there are no readings to show.",
        "Check that you may read the file and its folder, or set DATA_DIR to another folder.",
        code="journal_unusable",
    )


def _unusable(path: Path, error: Exception) -> TempHubError:
    if is_full(error, path):
        return disk_full()
    if isinstance(error, sqlite3.Error) and is_refused(error) and path.is_file():
        return JournalUnwritable(
            f"The journal {path} may only be read ({error}), so no reading can be stored.",
            "Allow writing to it and to its folder, or set DATA_DIR to another folder; `th.load()` and "
            "`temphub export` read it as it is.",
            code="journal_read_only",
        )
    return JournalUnwritable(
        f"The journal {path} cannot be opened ({error}), so no reading can be stored.",
        "Check that the folder exists and may be written, or set DATA_DIR to another folder.",
    )


# What SQLite says where it may not make the files that it keeps beside a journal.
WRITE_REFUSED = ("SQLITE_CANTOPEN", "SQLITE_READONLY")


def connect_to_read(path: Path, *, timeout_s: float, one_thread: bool = True) -> sqlite3.Connection:
    """A connection to a journal that is there. Raises sqlite3.Error, and TempHubError for one that must be
    copied before it is read.

    one_thread: False for a caller that itself sees to it that only one thread at a time asks.
    """
    db = _connect(path, "mode=ro", timeout_s, one_thread)
    try:
        db.execute("PRAGMA schema_version").fetchone()
        return db
    except sqlite3.Error as error:
        db.close()
        full = is_full(error, path)
        if not (full or is_refused(error)) or (full and _waits_beside(path)):
            raise
        if _waits_beside(path):
            raise _must_be_copied(path) from error
    # No -wal: nobody has the journal open, so it stays as it is, and SQLite need keep nothing beside it.
    return _connect(path, "mode=ro&immutable=1", timeout_s, one_thread)


def is_refused(error: sqlite3.Error) -> bool:
    """Whether something may not be written, or not be opened at all."""
    return getattr(error, "sqlite_errorname", "").startswith(WRITE_REFUSED)


def _connect(path: Path, how: str, timeout_s: float, one_thread: bool) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{how}"
    return sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=timeout_s, check_same_thread=one_thread
    )


def _waits_beside(path: Path) -> bool:
    """Whether readings stand in the -wal that are not in the journal's file yet."""
    with suppress(OSError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _must_be_copied(path: Path) -> TempHubError:
    return JournalUnreadable(
        f"The journal {path} may only be read, and its newest readings stand in {path.name}-wal, which "
        "cannot be read without writing.",
        "Copy both files into a folder of your own and read them there; where a hub is running on them, ask "
        "that hub instead.",
        code="journal_read_only",
    )


# Below this SQLite has no room for what it keeps beside a journal, and only says that the disk failed.
NEEDED_BYTES = 64 * 1024


def is_full(error: BaseException, path: Path) -> bool:
    """Whether something failed because the disk that holds `path` has no room."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if not isinstance(error, sqlite3.Error):
        return False
    name = getattr(error, "sqlite_errorname", "")
    return name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and not has_room(path.parent))


def has_room(folder: Path, bytes_: int = NEEDED_BYTES) -> bool:
    """Whether so much is free on the disk of a folder; True where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free >= bytes_
    except OSError:
        return True


def disk_full(
    what: str = "The disk of the hub is full, so readings cannot be stored; probes keep theirs.",
) -> TempHubError:
    """The error that says so."""
    return DiskFull(
        what,
        "Free some space on the disk that holds DATA_DIR; a hub that runs goes on by itself.",
    )


def segment_of(block: int) -> int:
    """The first block of the segment that a block belongs to."""
    return block // SEGMENT_BLOCKS * SEGMENT_BLOCKS
