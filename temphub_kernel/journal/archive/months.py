"""Closed months: one Parquet file each (a further one when late readings were many), readable by any tool.
Reading them.

A file holds what the probes sent, uncorrected, by time: no, probe_id, time and received (UTC, microseconds),
raw_c (°C, null where the sensor answered badly), quality, boot, seq, chip_c and cold_c (what a thermocouple's
chip said beside it, null as a rule). Files of versions before 0.4.0 hold milliseconds, by day, probe and
time, and nothing of chips. Belongs to the thread that made the connection.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...core import DAY_MS, JUNCTION_PER_C, UNITS_PER_C, TempHubError, Unavailable
from ..columns import CODE, JUNCTION, NO_VALUE, Batch, Ints
from ..packed import packs
from . import sidecar

if TYPE_CHECKING:
    import polars as pl


FOLDER = "archive"
# About as many readings are read at once: of a thermometer that was read each hour, that is years.
AT_ONCE_ROWS, MOST_DAYS = 100_000, 366
# Of each of our columns: the one in the file that it is made of.
SOURCE = {
    "probe": "probe_id",
    "taken_ms": "time",
    "delay_ms": "received",
    "units": "raw_c",
    "chip": "chip_c",
    "cold": "cold_c",
}


class Archive(NamedTuple):
    """A file of a closed month ('2026-08', UTC), and what is in it."""

    file: str
    month: str
    oldest_ms: int
    newest_ms: int
    first_no: int
    last_no: int
    readings: int
    sha256: str


class Archives:
    """The closed months of a journal. Raises TempHubError when a file that is asked for is missing or
    unreadable."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._folder = folder
        # Whether a file's segments are of this journal.
        self._fits: dict[str, bool] = {}

    def all(self) -> list[Archive]:
        """By time."""
        return [Archive(*row) for row in self._db.execute("SELECT * FROM archives ORDER BY oldest_ms, file")]

    def path(self, archive: Archive) -> Path:
        """Where its file is."""
        return self._folder / archive.file

    def numbers(self) -> tuple[dict[int, str], dict[int, tuple[int, str]]]:
        """(id of each probe, probe and boot of each start), by the journal's own number."""
        boots = self._db.execute("SELECT no, probe, boot FROM boots")
        return dict(self._db.execute("SELECT no, id FROM probes")), {no: (of, text) for no, of, text in boots}

    def taken(
        self, from_ms: int, to_ms: int, fields: Sequence[str], probes: Sequence[int] | None
    ) -> Iterator[tuple[int, Callable[[], Batch | bytes]]]:
        """For each part of [from_ms, to_ms) that a closed month may have: (when it begins, what reads it).

        A part is a segment with other readings among them, or those of a day (of some days where they are
        few) by time. probes: of these alone, None for all.
        """
        for archive in self.all():
            if (index := self._beside(archive, from_ms, to_ms)) is None:
                yield from self._days(archive, from_ms, to_ms, fields, probes)
                continue
            for one in index.segments:
                if one.newest_ms >= from_ms and one.oldest_ms < to_ms:
                    yield one.oldest_ms, partial(self._segment, archive, one)

    def _days(
        self, archive: Archive, from_ms: int, to_ms: int, fields: Sequence[str], probes: Sequence[int] | None
    ) -> Iterator[tuple[int, Callable[[], Batch]]]:
        start, end = max(from_ms, archive.oldest_ms), min(to_ms, archive.newest_ms + 1)
        step_ms = _days_at_once(archive) * DAY_MS
        while start < end:
            stop = min((start // DAY_MS) * DAY_MS + step_ms, end)
            yield start, partial(self._read, archive, "time", start, stop - 1, fields, probes)
            start = stop

    def days(self, archive: Archive, fields: Sequence[str]) -> Iterator[Batch]:
        """All readings of a file, one or some days after the other."""
        for _, read in self._days(archive, archive.oldest_ms, archive.newest_ms + 1, fields, None):
            yield read()

    def numbered(self, first_no: int, last_no: int, fields: Sequence[str]) -> list[Batch]:
        """Readings with these numbers, not in order."""
        found = list[Batch]()
        for one in self.all():
            if one.first_no > last_no or one.last_no < first_no:
                continue
            index = self._beside(one, one.oldest_ms, one.newest_ms + 1)
            if index is None:
                found.append(self._read(one, "no", first_no, last_no, fields))
                continue
            for segment in index.segments:
                if segment.first_no <= last_no and segment.last_no >= first_no:
                    batch = packs.unpack(self._segment(one, segment), tuple(dict.fromkeys(("no", *fields))))
                    inside = (batch["no"] >= first_no) & (batch["no"] <= last_no)
                    found.append({name: batch[name][inside] for name in fields})
        return found

    def _beside(self, archive: Archive, from_ms: int, to_ms: int) -> sidecar.Index | None:
        """The segments of a file that has readings of [from_ms, to_ms); None where it is to be read itself.
        Raises TempHubError where that is not as it was written."""
        if archive.newest_ms < from_ms or archive.oldest_ms >= to_ms:
            return None
        path = self.path(archive)
        try:
            _check(path, archive.sha256)
        except OSError as error:
            raise _unreadable(path, archive, error) from error
        index = sidecar.found_beside(path, archive.sha256)
        if index is None:
            return None
        if archive.file not in self._fits:
            # The numbers in it are those of the journal that it was made for.
            probes, boots = self.numbers()
            self._fits[archive.file] = (
                index.probes.items() <= probes.items() and index.boots.items() <= boots.items()
            )
        return index if self._fits[archive.file] else None

    def _segment(self, archive: Archive, segment: sidecar.Segment) -> bytes:
        try:
            return sidecar.read(self.path(archive), segment)
        except OSError as error:
            raise _unreadable(sidecar.path_of(self.path(archive)), archive, error) from error

    def days_with(self, archive: Archive, quality: str) -> set[tuple[int, int]]:
        """(probe, day since 1970) of the readings that have both a number and this quality."""
        import polars as pl

        try:
            marked = pl.scan_parquet(self.path(archive)).filter(
                (pl.col("quality") == quality) & pl.col("raw_c").is_not_null()
            )
            found = marked.select("probe_id", "time").collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _unreadable(self.path(archive), archive, error) from error
        return set(
            zip(
                self._column(found, "probe").tolist(),
                (self._column(found, "taken_ms") // DAY_MS).tolist(),
                strict=True,
            )
        )

    def _read(
        self,
        archive: Archive,
        by: str,
        low: int,
        high: int,
        fields: Sequence[str],
        probes: Sequence[int] | None = None,
    ) -> Batch:
        # Only here: most hubs never ask for a reading that is three months old, and the library weighs more
        # than the hub.
        import polars as pl

        column = pl.col(by)
        names = list(dict.fromkeys(["no", "probe_id", "time", *(SOURCE.get(name, name) for name in fields)]))
        try:
            _check(self.path(archive), archive.sha256)
            stored = pl.scan_parquet(self.path(archive))
            schema = stored.collect_schema()
            # In the file's own unit, so that whole groups of rows are passed over by their first and last
            # time.
            first, last = (pl.lit(low), pl.lit(high)) if by == "no" else _moments(schema["time"], low, high)
            there = [name for name in names if name in schema]
            wanted = column.is_between(first, last)
            if probes is not None:
                ids = dict(self._db.execute("SELECT no, id FROM probes"))
                wanted &= pl.col("probe_id").cast(pl.String).is_in([ids[no] for no in probes if no in ids])
            found = stored.filter(wanted).select(there).collect()
            found = found.sort("no") if by == "no" else found
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _unreadable(self.path(archive), archive, error) from error
        return {name: self._column(found, name) for name in fields}

    def _column(self, found: "pl.DataFrame", name: str) -> Ints:
        import polars as pl

        if name == "probe":
            return _mapped(found["probe_id"], dict(self._db.execute("SELECT id, no FROM probes")))
        if name == "boot":
            return self._boots(found)
        if name == "quality":
            return _mapped(found["quality"].fill_null(""), {text or "": code for text, code in CODE.items()})
        if name == "units":
            return _whole(found["raw_c"], UNITS_PER_C)
        if name in JUNCTION:
            source = SOURCE[name]
            return (
                _whole(found[source], JUNCTION_PER_C)
                if source in found.columns
                else np.full(len(found), NO_VALUE)
            )
        if name == "taken_ms":
            return found["time"].dt.epoch("ms").to_numpy()
        if name == "delay_ms":
            return (found["received"].dt.epoch("ms") - found["time"].dt.epoch("ms")).to_numpy()
        return found[name].fill_null(-1).cast(pl.Int64).to_numpy()

    def _boots(self, found: "pl.DataFrame") -> Ints:
        """The journal's number of each boot; a text alone names none, since two probes may use the same
        one."""
        rows = self._db.execute("SELECT probe, boot, no FROM boots").fetchall()
        texts = {text: code for code, text in enumerate(dict.fromkeys(text for _, text, _ in rows))}
        pairs = np.array([probe * len(texts) + texts[text] for probe, text, _ in rows], np.int64)
        order, numbers = np.argsort(pairs), np.array([no for *_, no in rows], np.int64)
        probe, text = self._column(found, "probe"), _mapped(found["boot"], texts)
        asked = np.where((probe < 0) | (text < 0), -1, probe * len(texts) + text)
        if not len(pairs):
            return np.full(len(asked), -1)
        at = order[np.minimum(np.searchsorted(pairs, asked, sorter=order), len(pairs) - 1)]
        return np.where(pairs[at] == asked, numbers[at], -1)


def _days_at_once(archive: Archive) -> int:
    span_ms = archive.newest_ms - archive.oldest_ms + 1
    return max(1, min(MOST_DAYS, AT_ONCE_ROWS * span_ms // (max(archive.readings, 1) * DAY_MS)))


def _check(path: Path, sha256: str) -> None:
    """Whether a file is still the one that was written: a byte that turned, or another month under its name,
    need not be noticed by whoever reads it. Raises OSError. Looked at anew when the file has changed."""
    known = path.stat()
    if not _same(path, known.st_size, known.st_mtime_ns, sha256):
        raise OSError("it is not as it was written")


@lru_cache(maxsize=1_024)  # a month each
def _same(path: Path, _size: int, _mtime_ns: int, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _moments(kind: "pl.DataType", *ms: int) -> "list[pl.Expr]":
    """Milliseconds as times of a column's kind."""
    import polars as pl

    return [pl.lit(moment).cast(pl.Datetime("ms", "UTC")).cast(kind) for moment in ms]


def _whole(celsius: "pl.Series", per_c: int) -> Ints:
    """°C as whole numbers, NO_VALUE where there is none."""
    values = celsius.fill_null(np.nan).to_numpy()
    return np.where(np.isnan(values), NO_VALUE, np.rint(np.nan_to_num(values) * per_c).astype(np.int64))


def _mapped(texts: "pl.Series", numbers: dict[str, int]) -> Ints:
    import polars as pl

    # What has few different ones is a code already: looked up once each, not once a reading.
    codes = texts.cast(pl.Enum(list(numbers)), strict=False).to_physical().cast(pl.UInt32)
    found: Ints = np.array([*numbers.values(), -1], np.int64)[codes.fill_null(len(numbers)).to_numpy()]
    return found


def _unreadable(path: Path, archive: Archive, error: Exception) -> TempHubError:
    missing = not path.exists()
    return Unavailable(
        f"The readings of {archive.month} are in {path}, which "
        f"{'is not there' if missing else f'cannot be read ({error})'}.",
        "Put the archive folder back beside the journal, or ask for a time outside that month; recording "
        "goes on.",
        code="archive_missing" if missing else "archive_unreadable",
    )
