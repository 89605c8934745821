"""Which sequence numbers of a probe's boot are stored: what makes a repeated delivery harmless. Writer thread only.

Numbers mostly arrive in order, so a boot's history is a few ranges, whatever its length.
"""

import sqlite3
from bisect import bisect_right

from .seen_before import SeenBefore
from .summary import bookmark

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
