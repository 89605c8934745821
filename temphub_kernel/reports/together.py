"""Single readings of a report's probes, each read from the journal once for many of them. One thread, its
Reader's.

Readings of all probes lie among each other: asked for probe by probe, all would be gone through for each.
"""

from collections.abc import Sequence

import numpy as np

from ..journal import Columns, Floats, Ints, Reader

# So many readings are held at a time, 30 bytes each.
MOST_HELD = 1_500_000
# What may be gone through for the times in which limits were passed, in readings of all probes, as they lie
# among each other; and beginning to read somewhere costs as much as so many. Four seconds' work.
MOST_THROUGH, A_START = 60_000_000, 30_000
FIELDS = ("probe", "taken_ms", "units", "quality", "boot", "seq")
KEPT = ("taken_ms", "units", "raw", "quality", "boot", "seq")
NONE = np.empty(0, np.int64)


class Together:
    """Readings of [from_ms, to_ms), also those that are struck out. most: of a probe with more, none are
    read ahead."""

    def __init__(self, reader: Reader, from_ms: int, to_ms: int, probe_ids: Sequence[str], most: int) -> None:
        """probe_ids: in the order in which they will be taken."""
        self._reader, self._span = reader, (from_ms, to_ms)
        self._ids, self._most = list(probe_ids), most
        self._pieces: dict[str, list[tuple[Ints, ...]]] = {}
        self._whole, self._left = reader.about(from_ms, to_ms), float(MOST_THROUGH)

    def parts(self, probe_id: str) -> "Parts":
        """Parts of a probe's time, for a fourth of what is left: whoever comes first takes not all of it."""
        return Parts(self, self._reader, probe_id, self._left / 4, self._whole)

    def spend(self, cost: float) -> None:
        """So much was gone through."""
        self._left -= cost

    def take(self, probe_id: str) -> Columns:
        """A probe's, by (taken_ms, no), with the columns KEPT; let go of here."""
        if probe_id not in self._pieces:
            self._pieces = {id_: [] for id_ in self._next(probe_id)}
            self._read()
        pieces = self._pieces.pop(probe_id)
        found = [np.concatenate(column, dtype=np.int64) for column in zip(*pieces, strict=True)]
        told = dict(zip(KEPT, found or [NONE] * len(KEPT), strict=True))
        return Columns({}, **{name: told.get(name, NONE) for name in Columns._fields if name != "ids"})

    def _next(self, probe_id: str) -> list[str]:
        """Itself, and as many of those behind it as can be held."""
        found, held = [probe_id], self._reader.about(*self._span, [probe_id])
        for id_ in self._ids[self._ids.index(probe_id) + 1 :]:
            about = self._reader.about(*self._span, [id_])
            if about <= self._most:
                held += about
                if held > MOST_HELD:
                    break
                found.append(id_)
        return found

    def _read(self) -> None:
        for part in self._reader.stream(*self._span, list(self._pieces), fields=FIELDS, struck_out=True):
            order = np.argsort(part.probe, kind="stable")
            numbers, first = np.unique(part.probe[order], return_index=True)
            for no, rows in zip(numbers.tolist(), np.split(order, first[1:]), strict=True):
                columns = (getattr(part, name)[rows] for name in KEPT)
                self._pieces[part.ids[no]].append(tuple(_small(column) for column in columns))


class TooMuch(Exception):
    """Raised instead of reading more than there is for."""


class Parts:
    """Parts of a probe's time, read as long as there is something left for them. readings: how much that
    is; whole: how many all probes have in all of the time."""

    def __init__(
        self, together: Together, reader: Reader, probe_id: str, readings: float, whole: int
    ) -> None:
        self._together, self._reader, self._id = together, reader, probe_id
        self._readings, self._whole = readings, whole

    def most(self, own: int) -> int:
        """How many of the probe's `own` that may be at best."""
        return int(self._readings * own / max(self._whole, 1))

    def read(self, from_ms: int, to_ms: int) -> tuple[Ints, Floats]:
        """(ms, °C) by time, without what is struck out. Raises TooMuch."""
        cost = self._reader.about(from_ms, to_ms) + A_START
        if cost > self._readings:
            raise TooMuch
        self._readings -= cost
        self._together.spend(cost)
        found = self._reader.columns(from_ms, to_ms, [self._id], fields=("taken_ms", "units"))
        return found.taken_ms, found.celsius


def _small(column: Ints) -> Ints:
    """The same numbers in as few bytes as they need."""
    kind = np.result_type(np.min_scalar_type(int(column.min())), np.min_scalar_type(int(column.max())))
    # Of a huge and a negative number together numpy would make a float.
    return column.astype(kind) if kind.kind in "iu" else column
