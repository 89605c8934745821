"""What makes a repeated delivery harmless: which sequence numbers of a probe's boot are stored. Writer thread only."""

import json
import sqlite3
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core import DAY_MS, UNDATED, UNITS_PER_C, UNKNOWN_DELAY_MS, Row, monotonic_s
from .archive.months import FOLDER
from .blocks import Stored
from .columns import CODE, NO_VALUE, Batch, Flags, Ints, chosen, joined
from .summary import bookmark

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
            self._db.execute("UPDATE seen_before SET last=? WHERE boot=? AND first=?", (before, self._boot, first))
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
    """Ranges as (first, last, step), in order: single numbers at equal distances, as a thinned backlog has them, are one."""
    rows: list[tuple[int, int, int]] = []
    for first, last in zip(firsts, lasts, strict=True):
        if rows and first == last:
            start, end, step = rows[-1]
            if start == end or (step > 1 and first - end == step):
                rows[-1] = start, first, first - end
                continue
        rows.append((first, last, 1))
    return rows


# Beyond this many separate ranges the lower half goes to a table of the journal (see seen_before.py): a client that skips
# numbers, or a probe that thinned what it kept through a long outage, must not grow the hub's memory without bound.
MAX_RANGES = 4096
# Boots held in memory; an older one is read back from the journal when it delivers again.
MAX_BOOTS = 2048
FOLLOWER = "seen"


class Ranges:
    """A set of whole numbers kept as sorted, separate ranges [first, last]; what is not above `floor` is in `below`."""

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
        firsts, lasts = self.firsts, self.lasts
        if number <= self.floor and self.below is not None:
            return self.below.add(number)
        if lasts and number == lasts[-1] + 1:
            lasts[-1] = number
            return True
        at = bisect_right(firsts, number) - 1
        if at >= 0 and number <= lasts[at]:
            return False
        joins_left = at >= 0 and lasts[at] == number - 1
        joins_right = at + 1 < len(firsts) and firsts[at + 1] == number + 1
        if joins_left and joins_right:
            lasts[at] = lasts.pop(at + 1)
            firsts.pop(at + 1)
        elif joins_left:
            lasts[at] = number
        elif joins_right:
            firsts[at + 1] = number
        else:
            firsts.insert(at + 1, number)
            lasts.insert(at + 1, number)
            if len(firsts) > MAX_RANGES and self.below is not None:
                half = MAX_RANGES // 2
                self.below.take(firsts[:half], lasts[:half])
                self.floor = lasts[half - 1]
                del firsts[:half], lasts[:half]
        return True

    def __str__(self) -> str:
        return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(self.firsts, self.lasts, strict=True))


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
            self._db.execute("INSERT INTO probes (id, first_ms) VALUES (?, ?) ON CONFLICT DO NOTHING", (probe_id, now_ms))
            no = self._probes[probe_id] = int(self._db.execute("SELECT no FROM probes WHERE id=?", (probe_id,)).fetchone()[0])
        return no

    def boot(self, probe: int, boot: str) -> tuple[int, Ranges]:
        """(the journal's number of a boot, the sequence numbers it delivered)."""
        found = self._boots.get((probe, boot))
        if found is not None:
            return found
        row = self._db.execute("SELECT no, seen FROM boots WHERE probe=? AND boot=?", (probe, boot)).fetchone()
        if row is None:
            cursor = self._db.execute("INSERT INTO boots (probe, boot) VALUES (?, ?)", (probe, boot))
            row = (int(cursor.lastrowid or 0), "")
        return self._remember(probe, boot, row[0], row[1])

    def delivered(self, boot: int) -> None:
        """This boot's numbers changed since the last `save`."""
        self._dirty.add(boot)

    def save(self, upto: int) -> None:
        """Write what changed, inside the caller's transaction: a restart then replays only what came after `upto`."""
        rows = [(str(self._numbers[no]), no) for no in self._dirty if no in self._numbers]
        self._db.executemany("UPDATE boots SET seen=? WHERE no=?", rows)
        self._db.execute("INSERT INTO bookmarks (follower, no) VALUES ('seen', ?) ON CONFLICT DO UPDATE SET no=excluded.no", (upto,))
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
        after = bookmark(self._db, FOLLOWER)
        ids = {no: (probe, boot) for no, probe, boot in self._db.execute("SELECT no, probe, boot FROM boots")} if self._any(after) else {}
        numbered = "SELECT boot, seq FROM readings WHERE no > ? AND boot IS NOT NULL AND seq IS NOT NULL"
        for boot, seq in self._db.execute(numbered, (after,)).fetchall():
            if boot not in self._numbers:
                self.boot(*ids[boot])
            self._numbers[boot].add(seq)
            self._dirty.add(boot)

    def _any(self, after: int) -> bool:
        return self._db.execute("SELECT 1 FROM readings WHERE no > ? AND boot IS NOT NULL LIMIT 1", (after,)).fetchone() is not None


# Firmware may round what it keeps; another sensor, or another moment, is hardly ever nearer.
SAME_UNITS = UNITS_PER_C // 10
# Values of that many numbered readings are remembered, some 8 MB: minutes with a hundred probes, hours with a few.
REMEMBERED = 50_000
BOOTS = 4096
# A name that no probe can give its boot.
SERIES = "{boot}~{number}"
MOST_SERIES = 99


class Numbered:
    """The values that numbers were given to lately, and how far each boot had come."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._values: OrderedDict[tuple[int, int], int | None] = OrderedDict()
        self._tops: OrderedDict[int, tuple[int, float]] = OrderedDict()

    def recall(self, readings: Iterable[tuple[int, int, int | None]]) -> None:
        """What was stored before this start: (boot, number, units)."""
        self._values.update({(boot, seq): units for boot, seq, units in readings})

    def stored(self, boot: int, row: Row) -> None:
        """A reading was stored under a number that was free. boot: the journal's number of it."""
        seq = row.seq or 0
        self._values[boot, seq] = row.units
        if len(self._values) > REMEMBERED:
            self._values.popitem(last=False)
        top = self._tops.get(boot)
        if top is None or seq > top[0]:
            self._tops[boot] = seq, _taken_s(row)
            if len(self._tops) > BOOTS:
                self._tops.popitem(last=False)

    def is_repeat(self, boot: int, row: Row) -> bool:
        """Whether a reading under a used number is the one that got the number."""
        seq = row.seq or 0
        if (boot, seq) in self._values:
            before = self._values[boot, seq]
            return before is None or row.units is None or abs(before - row.units) <= SAME_UNITS
        # Too long ago to know the value, or before this start of the hub. But whoever counts counts upwards: a reading
        # with a lower number that was taken after one with a higher number is not of the same count.
        top = self._tops.get(boot)
        return top is None or seq >= top[0] or row.quality == UNDATED or _taken_s(row) <= top[1]

    def elsewhere(self, probe: int, row: Row) -> int | None:
        """The series in which the number is free for this reading; None when it is a repeat of one there."""
        for number in range(2, MOST_SERIES + 1):
            boot, ranges = self._seen.boot(probe, SERIES.format(boot=row.boot, number=number))
            self._seen.delivered(boot)
            if ranges.add(row.seq or 0):
                self.stored(boot, row)
                return boot
            if self.is_repeat(boot, row):
                return None
        return None


def _taken_s(row: Row) -> float:
    """When it was taken, on a clock that nobody sets."""
    return monotonic_s() - (row.received_ms - row.taken_ms) / 1000


TOPIC = "refilled"
# What a probe has not delivered within so long it does not send again.
KEEP_MS = 30 * DAY_MS
# A repeat is dated by its age once more, so it differs by what the network took this time: never as much as to the next reading.
MOST_OFF_MS = 500
# A corrected value that was turned back may be off by its last digit.
MOST_OFF_UNITS = 2
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality")


def begin_refill(db: sqlite3.Connection, first_no: int, at_ms: int) -> None:
    """Note that readings from a log are stored from this number on, inside the writer's commit; at_ms: now."""
    row = db.execute("SELECT body FROM notes WHERE topic=? AND at_ms > ?", (TOPIC, at_ms - KEEP_MS)).fetchone()
    first_no = min(first_no, int(json.loads(row[0])["first_no"])) if row else first_no
    insert = "INSERT INTO notes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at_ms=excluded.at_ms, body=excluded.body"
    db.execute(insert, (TOPIC, at_ms, json.dumps({"first_no": first_no})))


class _Known(NamedTuple):
    times: Ints
    units: Ints
    quality: Ints
    used: Flags
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

    def sent_again(self, probe: int, taken_ms: int, units: int | None, quality: str | None) -> bool:
        """Whether this is one of them, which then counts as met. What was taken after the log was read is new."""
        if self._stale:
            self._load()
        known = self._of.get(probe)
        if known is None or taken_ms > self._upto_ms:
            return False
        low, high = np.searchsorted(known.times, (taken_ms - known.off_ms, taken_ms + known.off_ms + 1))
        near = slice(int(low), int(high))
        off = np.abs(known.units[near] - (NO_VALUE if units is None else units))
        # The log has no number beside a fault, whatever the probe sent with it.
        same = (off <= MOST_OFF_UNITS) | ((known.units[near] == NO_VALUE) & (quality is not None))
        fits = ~known.used[near] & same & (known.quality[near] == CODE[quality])
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
        stored = Stored(self._db, self._archive).numbered(int(json.loads(row[1])["first_no"]) - 1)
        # Piece by piece: only what is wanted is held.
        batch = joined([chosen({name: part[name] for name in FIELDS}, _wanted(part, row[0])) for part in stored], FIELDS)
        for probe in np.unique(batch["probe"]).tolist():
            own = chosen(batch, batch["probe"] == probe)
            own = chosen(own, np.argsort(own["taken_ms"], kind="stable"))
            times, steps = own["taken_ms"], np.diff(own["taken_ms"])
            steps = steps[steps > 0]
            off_ms = min(MOST_OFF_MS, int(np.median(steps)) // 4) if len(steps) else MOST_OFF_MS
            self._of[probe] = _Known(times, own["units"], own["quality"], np.zeros(len(times), np.bool_), off_ms)


def _wanted(part: Batch, now_ms: int) -> Flags:
    found: Flags = (part["delay_ms"] == UNKNOWN_DELAY_MS) & (part["taken_ms"] > now_ms - KEEP_MS)
    return found
