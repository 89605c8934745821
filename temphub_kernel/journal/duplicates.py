"""What makes a repeated delivery harmless: which sequence numbers of a probe's boot are stored. Writer thread
only."""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core import DAY_MS, UNKNOWN_DELAY_MS
from . import batches, blocks, columns, schema, summary
from .archive.months import FOLDER

# Only ever added to and asked by the writer: a journal of any version is read without it.
TABLE = """
CREATE TABLE IF NOT EXISTS seen_before (
  boot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, step INTEGER NOT NULL,
  PRIMARY KEY (boot, first)) WITHOUT ROWID
"""
AT = "SELECT first, last, step FROM seen_before WHERE boot=? AND first<=? ORDER BY first DESC LIMIT 1"
ADD = "INSERT INTO seen_before (boot, first, last, step) VALUES (?, ?, ?, ?)"
ANY = 1 << 62


class SeenBefore:
    """One boot's rows: every `step`-th number from first to last; no two rows overlap."""

    def __init__(self, db: sqlite3.Connection, boot: int) -> None:
        self._db = db
        self._boot = boot

    @staticmethod
    def prepare(db: sqlite3.Connection) -> None:
        """Make the table where it is missing."""
        db.execute(TABLE)

    def highest(self) -> int:
        """The highest number here; -1 without any."""
        row = self._db.execute(AT, (self._boot, ANY)).fetchone()
        return row[1] if row else -1

    def add(self, number: int) -> bool:
        """Add a number; False when it was there."""
        row = self._db.execute(AT, (self._boot, number)).fetchone()
        if row is not None and number <= row[1]:
            first, last, step = row
            if (number - first) % step == 0:
                return False
            # Between two of a row: what stands above it becomes a row of its own.
            before = number - (number - first) % step
            self._db.execute(
                "UPDATE seen_before SET last=? WHERE boot=? AND first=?", (before, self._boot, first)
            )
            self._db.execute(ADD, (self._boot, before + step, last, step))
        self._db.execute(ADD, (self._boot, number, number, 1))
        return True

    def take(self, firsts: Sequence[int], lasts: Sequence[int]) -> None:
        """Take ranges that lie above all that is here, all of them or none."""
        own = not self._db.in_transaction
        if own:
            self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(ADD, [(self._boot, *row) for row in rows_of(firsts, lasts)])
        if own:
            self._db.execute("COMMIT")


def rows_of(firsts: Sequence[int], lasts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Ranges as (first, last, step), in order: single numbers at equal distances, as a thinned backlog has
    them, are one."""
    rows: list[tuple[int, int, int]] = []
    for first, last in zip(firsts, lasts, strict=True):
        if rows and first == last:
            start, end, step = rows[-1]
            if start == end or (step > 1 and first - end == step):
                rows[-1] = start, first, first - end
                continue
        rows.append((first, last, 1))
    return rows


# Beyond this many separate ranges the lower half goes to a table of the journal (see SeenBefore): a client
# that skips numbers, or a probe that thinned what it kept through a long outage, must not grow the hub's
# memory without bound.
MAX_RANGES = 4096
# Boots held in memory, more than there are probes; an older one is read back when it delivers again.
MAX_BOOTS = 16_384
FOLLOWER = "seen"
SAVE = "UPDATE boots SET seen=told.column2 FROM (VALUES {rows}) AS told WHERE no=told.column1"


class Ranges:
    """A set of whole numbers kept as sorted, separate ranges [first, last]; what is not above `floor` is in
    `below`."""

    def __init__(self, text: str = "", below: SeenBefore | None = None) -> None:
        """below: takes the lower ones when there are too many; without it all are kept here."""
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        self.below = below
        self.floor = below.highest() if below is not None else -1
        for part in text.split(","):
            if part:
                first, _, last = part.partition("-")
                # A text of before a crash may still have what went to the table afterwards.
                if int(last or first) > self.floor:
                    self.firsts.append(int(first))
                    self.lasts.append(int(last or first))

    def add(self, number: int) -> bool:
        """Add a number; False when it was there."""
        if number <= self.floor and self.below is not None:
            return self.below.add(number)
        return self.add_range(number, number)

    def add_range(self, first: int, last: int) -> bool:
        """Add all numbers from `first` to `last`; False, and none is added, when any was there or lies among
        those that went below."""
        firsts, lasts = self.firsts, self.lasts
        if first <= self.floor:
            return False
        at = len(firsts) - 1 if firsts and first > firsts[-1] else bisect_right(firsts, first) - 1
        if (at >= 0 and first <= lasts[at]) or (at + 1 < len(firsts) and firsts[at + 1] <= last):
            return False
        joins_left = at >= 0 and lasts[at] == first - 1
        joins_right = at + 1 < len(firsts) and firsts[at + 1] == last + 1
        if joins_left and joins_right:
            lasts[at] = lasts.pop(at + 1)
            firsts.pop(at + 1)
        elif joins_left:
            lasts[at] = last
        elif joins_right:
            firsts[at + 1] = first
        else:
            firsts.insert(at + 1, first)
            lasts.insert(at + 1, last)
            self._move_down()
        return True

    def _move_down(self) -> None:
        if len(self.firsts) > MAX_RANGES and self.below is not None:
            half = MAX_RANGES // 2
            self.below.take(self.firsts[:half], self.lasts[:half])
            self.floor = self.lasts[half - 1]
            del self.firsts[:half], self.lasts[:half]

    def __str__(self) -> str:
        return ",".join(
            str(a) if a == b else f"{a}-{b}" for a, b in zip(self.firsts, self.lasts, strict=True)
        )


class Seen:
    """Numbers of probes and boots in the journal, and what each boot has delivered."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        SeenBefore.prepare(db)
        self._probes: dict[str, int] = dict(db.execute("SELECT id, no FROM probes"))
        self._boots: dict[tuple[int, str], tuple[int, Ranges]] = {}
        self._numbers: dict[int, Ranges] = {}
        self._dirty: set[int] = set()
        self._replay()

    def probe(self, probe_id: str, now_ms: int) -> int:
        """The journal's number of a probe, a new one for a new probe."""
        no = self._probes.get(probe_id)
        if no is None:
            # Found by mDNS or a hello before its first reading, it may have its row already.
            self._db.execute(
                "INSERT INTO probes (id, first_ms) VALUES (?, ?) ON CONFLICT DO NOTHING", (probe_id, now_ms)
            )
            no = self._probes[probe_id] = int(
                self._db.execute("SELECT no FROM probes WHERE id=?", (probe_id,)).fetchone()[0]
            )
        return no

    def boot(self, probe: int, boot: str) -> tuple[int, Ranges]:
        """(the journal's number of a boot, the sequence numbers it delivered)."""
        found = self._boots.get((probe, boot))
        if found is not None:
            return found
        row = self._db.execute(
            "SELECT no, seen FROM boots WHERE probe=? AND boot=?", (probe, boot)
        ).fetchone()
        if row is None:
            cursor = self._db.execute("INSERT INTO boots (probe, boot) VALUES (?, ?)", (probe, boot))
            row = (int(cursor.lastrowid or 0), "")
        return self._remember(probe, boot, row[0], row[1])

    def delivered(self, boot: int) -> None:
        """This boot's numbers changed since the last `save`."""
        self._dirty.add(boot)

    def save(self, upto: int) -> None:
        """Write what changed, inside the caller's transaction: a restart then replays only what came after
        `upto`."""
        rows = [(no, str(self._numbers[no])) for no in sorted(self._dirty) if no in self._numbers]
        summary.write_rows(self._db, SAVE, rows)
        self._db.execute(
            "INSERT INTO bookmarks (follower, no) VALUES ('seen', ?) ON CONFLICT DO UPDATE SET "
            "no=excluded.no",
            (upto,),
        )
        self._dirty.clear()
        while len(self._boots) > MAX_BOOTS:
            no, _ = self._boots.pop(next(iter(self._boots)))
            self._numbers.pop(no, None)

    def _remember(self, probe: int, boot: str, no: int, text: str) -> tuple[int, Ranges]:
        entry = (no, Ranges(text, SeenBefore(self._db, no)))
        self._boots[(probe, boot)] = entry
        self._numbers[no] = entry[1]
        return entry

    def _replay(self) -> None:
        after = summary.bookmark(self._db, FOLLOWER)
        last_no = batches.last_no(self._db)
        ids: dict[int, tuple[int, str]] = {}
        # A piece at a time: a hub that was killed may have many to look at.
        for start in range(after + 1, last_no + 1, schema.BLOCK_ROWS):
            batch = batches.unpacked(self._db, start, start + schema.BLOCK_ROWS - 1, ("boot", "seq"))
            batch = columns.chosen(batch, (batch["boot"] >= 0) & (batch["seq"] >= 0))
            if len(batch["boot"]) and not ids:
                ids = {
                    no: (probe, boot)
                    for no, probe, boot in self._db.execute("SELECT no, probe, boot FROM boots")
                }
            for boot in np.unique(batch["boot"]).tolist():
                self._known_again(boot, ids[boot], batch["seq"][batch["boot"] == boot])

    def _known_again(self, boot: int, key: tuple[int, str], numbers: columns.Ints) -> None:
        if boot not in self._numbers:
            self.boot(*key)
        ranges = self._numbers[boot]
        for start, end in batches.runs_of(numbers):
            if not ranges.add_range(int(numbers[start]), int(numbers[end - 1])):
                for number in numbers[start:end].tolist():
                    ranges.add(number)
        self._dirty.add(boot)


TOPIC = "refilled"
# What a probe has not delivered within so long it does not send again.
KEEP_MS = 30 * DAY_MS
# A repeat is dated by its age once more, so it differs by what the network took this time: never as much as
# to the next reading.
MOST_OFF_MS = 500
# A corrected value that was turned back may be off by its last digit.
MOST_OFF_UNITS = 2
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality")


def begin_refill(db: sqlite3.Connection, first_no: int, at_ms: int) -> None:
    """Note that readings from a log are stored from this number on, inside the writer's commit; at_ms:
    now."""
    row = db.execute(
        "SELECT body FROM notes WHERE topic=? AND at_ms > ?", (TOPIC, at_ms - KEEP_MS)
    ).fetchone()
    first_no = min(first_no, int(json.loads(row[0])["first_no"])) if row else first_no
    insert = (
        "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, "
        "body=excluded.body"
    )
    db.execute(insert, (TOPIC, at_ms, json.dumps({"first_no": first_no})))


class _Known(NamedTuple):
    times: columns.Ints
    units: columns.Ints
    quality: columns.Ints
    used: columns.Flags
    off_ms: int


class Refilled:
    """The readings of each probe that came from a log. path: the journal's file."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._archive = path.parent / FOLDER
        self._upto_ms = 0
        self._of: dict[int, _Known] = {}
        self._stale = True

    def added(self) -> None:
        """Some more were stored."""
        self._stale = True

    def has(self, probe: int) -> bool:
        """Whether any reading of a probe came from a log and may be sent again."""
        if self._stale:
            self._load()
        return probe in self._of

    def sent_again(self, probe: int, taken_ms: int, units: int | None, quality: str | None) -> bool:
        """Whether this is one of them, which then counts as met. What was taken after the log was read is
        new."""
        if self._stale:
            self._load()
        known = self._of.get(probe)
        if known is None or taken_ms > self._upto_ms:
            return False
        low, high = np.searchsorted(known.times, (taken_ms - known.off_ms, taken_ms + known.off_ms + 1))
        near = slice(int(low), int(high))
        off = np.abs(known.units[near] - (columns.NO_VALUE if units is None else units))
        # The log has no number beside a fault, whatever the probe sent with it.
        same = (off <= MOST_OFF_UNITS) | ((known.units[near] == columns.NO_VALUE) & (quality is not None))
        fits = ~known.used[near] & same & (known.quality[near] == columns.CODE[quality])
        if not fits.any():
            return False
        away = np.where(fits, np.abs(known.times[near] - taken_ms), MOST_OFF_MS + 1)
        known.used[low + int(away.argmin())] = True
        return True

    def _load(self) -> None:
        self._stale, self._of = False, {}
        row = self._db.execute("SELECT at_ms, body FROM notes WHERE topic=?", (TOPIC,)).fetchone()
        if row is None:
            return
        self._upto_ms = int(row[0])
        stored = blocks.Stored(self._db, self._archive).numbered(int(json.loads(row[1])["first_no"]) - 1)
        # Piece by piece: only what is wanted is held.
        batch = columns.joined(
            [columns.chosen({name: part[name] for name in FIELDS}, _wanted(part, row[0])) for part in stored],
            FIELDS,
        )
        for probe in np.unique(batch["probe"]).tolist():
            own = columns.chosen(batch, batch["probe"] == probe)
            own = columns.chosen(own, np.argsort(own["taken_ms"], kind="stable"))
            times, steps = own["taken_ms"], np.diff(own["taken_ms"])
            steps = steps[steps > 0]
            off_ms = min(MOST_OFF_MS, int(np.median(steps)) // 4) if len(steps) else MOST_OFF_MS
            self._of[probe] = _Known(
                times, own["units"], own["quality"], np.zeros(len(times), np.bool_), off_ms
            )


def _wanted(part: columns.Batch, now_ms: int) -> columns.Flags:
    found: columns.Flags = (part["delay_ms"] == UNKNOWN_DELAY_MS) & (part["taken_ms"] > now_ms - KEEP_MS)
    return found
