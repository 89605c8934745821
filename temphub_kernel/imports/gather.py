"""From pieces of any file to files that the journal takes in: what is there already is left out, the rest
lies by time. One thread, in memory that does not grow with the file."""

import os
import re
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..core import AHEAD_MS, DAY_MS, Row, is_probe_id, now_ms
from ..journal import NO_VALUE, QUALITY, STAGING, Ints, Reader, as_sent
from ..journal.archive import imported_file
from .source import Counts, NotRead, Piece, Source
from .values import Judge

# Readings in a file, and as many are in memory.
FILE_ROWS = 1_000_000
# As many readings of a probe are gathered into the roll-ups at once.
PART_ROWS = 10_000
AHEAD, TWICE = "they lie in the future", "the file has another value of the same probe at the same moment"
KNOWN = "they are there already"
# Room for the key of a moment beside that of a probe.
MOMENT_BITS = 43
# Nobody writes into a folder any more that has not changed for so long.
LEFT_S = 6 * 3600

Progress = Callable[[float, int], None]


def id_of(name: str) -> str:
    """A probe id out of any name."""
    if is_probe_id(name):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    text = re.sub(r"[^A-Za-z0-9._:]+", "-", plain).strip("-._:")[:64].rstrip("-._:")
    return text or "imported"


def clash(names: Iterable[str], ids: Mapping[str, str]) -> str:
    """What to say of two names that would become one id unasked; empty where there are none."""
    known: dict[str, str] = {}
    return next(filter(None, (_clash(name, ids, known) for name in names)), "")


def _clash(name: str, ids: Mapping[str, str], known: dict[str, str]) -> str:
    """The same of the next name. known: the first name of each id so far."""
    if ids.get(""):
        return ""
    id_ = ids.get(name) or id_of(name)
    other = known.setdefault(id_, name)
    if other == name or (name in ids and other in ids):
        return ""
    return f"{other!r} and {name!r} would both be the probe {id_}, and their readings mixed."


@dataclass
class Found:
    """What is ready to be taken in: of how many readings, when, of which probes. parts: see importing.py."""

    readings: int = 0
    oldest_ms: int = 2**62
    newest_ms: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    probes: dict[str, dict[str, Any]] = field(default_factory=dict)
    days: dict[str, dict[int, int]] = field(default_factory=dict)


class Gatherer:
    """Gathers one file. ids: the probe of each series that a person named; reader: None without a journal;
    own: whether the file is TempHub's own, which says itself what is to be thought of a value."""

    def __init__(self, folder: Path, ids: Mapping[str, str], reader: Reader | None, *, own: bool) -> None:
        self._folder, self._ids, self._reader = folder, ids, reader
        self._judge = None if own else Judge()
        # A corrected value is stored as it would have been sent, so that it counts as it stands in the file.
        self._corrections = (reader.calibrations(), reader.thermocouples()) if own and reader else ([], [])
        self._concerned = {one.probe_id for statements in self._corrections for one in statements}
        self._probes: list[str] = []
        # By the name in the file, and by the id.
        self._place: dict[str, int] = {}
        self._place_of_id: dict[str, int] = {}
        # The first name of each id; places of probes that somebody said something of the values of.
        self._first: dict[str, str] = {}
        self._corrected: list[int] = []
        self._names: dict[str, str] = {}
        self._waiting: list[tuple[Ints, ...]] = []
        self._rows = 0
        self._first_no = -now_ms() * 1_000_000
        self._spans: list[tuple[int, int, Path]] = []
        self.counts, self.found = Counts(), Found()

    def gather(self, source: Source, progress: Progress | None = None) -> Found:
        """All of a file. Raises TempHubError, OSError, polars errors."""
        for piece in source.pieces(self.counts):
            if len(piece.series):
                self._take(piece)
            if progress is not None:
                progress(self.counts.share, self.found.readings + self._rows)
            if self._rows >= FILE_ROWS:
                self._write()
        self._write()
        for id_, told in self.found.probes.items():
            told["name"] = source.titles.get(self._names[id_], "") or self._names[id_]
            told["name"] = "" if told["name"] == id_ else _short(told["name"])
        return self.found

    def _take(self, piece: Piece) -> None:
        taken_ms, units, quality = piece.taken_ms, piece.units.copy(), piece.quality.copy()
        if self._judge is not None:
            self._judge.mark(piece.names, piece.series, taken_ms, units, quality)
        places = np.array([self._number(name) for name in piece.names], np.int64)
        probe = places[piece.series]
        self._take_back_corrections(probe, taken_ms, units, quality)
        good = (taken_ms <= now_ms() + AHEAD_MS) & ((units != NO_VALUE) | (quality > 0))
        self.counts.leave_out(AHEAD, int((taken_ms > now_ms() + AHEAD_MS).sum()))
        self._waiting.append((probe[good], taken_ms[good], units[good], quality[good]))
        self._rows += int(good.sum())

    def _take_back_corrections(self, probe: Ints, taken_ms: Ints, units: Ints, quality: Ints) -> None:
        concerned = np.isin(probe, self._corrected) & (units != NO_VALUE)
        for at in np.flatnonzero(concerned).tolist():
            when, told = int(taken_ms[at]), QUALITY[int(quality[at])]
            row = Row(self._probes[int(probe[at])], None, None, when, when, int(units[at]), told)
            sent = as_sent(row, *self._corrections).units
            units[at] = NO_VALUE if sent is None else sent

    def _number(self, name: str) -> int:
        """The place of the probe of a name. Asked for each name of each piece: of many it must not look
        through all."""
        if name not in self._place:
            if told := _clash(name, self._ids, self._first):
                raise NotRead(told, "Say whose each is, with --probe NAME=ID for every one of them.")
            id_ = self._ids.get(name) or self._ids.get("") or id_of(name)
            self._place[name] = place = self._place_of_id.setdefault(id_, len(self._probes))
            if place == len(self._probes):
                self._probes.append(id_)
                self._names[id_] = name
                if id_ in self._concerned:
                    self._corrected.append(place)
        return self._place[name]

    def _write(self) -> None:
        if not self._rows:
            return
        columns = [np.concatenate(column) for column in zip(*self._waiting, strict=True)]
        self._waiting, self._rows = [], 0
        probe, taken_ms, units, quality = self._new(*columns)
        if not len(probe):
            return
        batch = {"probe": probe, "taken_ms": taken_ms, "units": units, "quality": quality}
        stamp = f"{-self._first_no // 1_000_000:x}"
        target = self._folder / f"imported-{stamp}-{len(self.found.files) + 1}.parquet"
        told = imported_file.write(target, self._probes, batch, self._first_no + self.found.readings)
        self.found.files.append(told)
        self.found.readings += len(probe)
        self.found.oldest_ms = min(self.found.oldest_ms, told["oldest_ms"])
        self.found.newest_ms = max(self.found.newest_ms, told["newest_ms"])
        self._spans.append((told["oldest_ms"], told["newest_ms"], target))
        self._tell(probe, taken_ms, units, quality)

    def _new(self, probe: Ints, taken_ms: Ints, units: Ints, quality: Ints) -> tuple[Ints, ...]:
        """Those that are neither twice in the file nor there already, each moment of a probe once."""
        keys = (probe << MOMENT_BITS) | taken_ms
        order = np.argsort(keys, kind="stable")
        keys, probe, taken_ms, units, quality = (
            column[order] for column in (keys, probe, taken_ms, units, quality)
        )
        again = np.concatenate([[False], keys[1:] == keys[:-1]])
        other = again & np.concatenate([[False], units[1:] != units[:-1]])
        self.counts.leave_out(TWICE, int(other.sum()))
        self.counts.told["repeats"] += int((again & ~other).sum())
        there = again | self._is_there(keys, taken_ms)
        self.counts.told["known"] += int((there & ~again).sum())
        return tuple(column[~there] for column in (probe, taken_ms, units, quality))

    def _is_there(self, keys: Ints, taken_ms: Ints) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        found = np.zeros(len(keys), np.bool_)
        low, high = int(taken_ms.min()), int(taken_ms.max())
        for known in (*self._stored(low, high), *self._written(low, high)):
            known.sort()
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            found |= known[at] == keys
        return found

    def _stored(self, low: int, high: int) -> "list[Ints]":
        """The keys of what the journal has of these probes in [low, high]."""
        listed = [] if self._reader is None else self._reader.probes(removed=True)
        known = {id_ for row in listed for id_ in (row["id"], *row["also"])}
        asked = [id_ for id_ in self._probes if id_ in known]
        found: list[Ints] = []
        if self._reader is not None and asked:
            for piece in self._reader.stream(
                low, high + 1, asked, most=200_000, fields=("taken_ms",), struck_out=True
            ):
                places = np.full(max(piece.ids, default=0) + 1, -1, np.int64)
                for no, id_ in piece.ids.items():
                    places[no] = self._place_of_id.get(id_, -1)
                probe = places[piece.probe]
                mine = probe >= 0
                if mine.any():
                    found.append((probe[mine] << MOMENT_BITS) | piece.taken_ms[mine])
        return [np.concatenate(found)] if found else []

    def _written(self, low: int, high: int) -> "list[Ints]":
        """The keys of what this import has written already and lies in [low, high]."""
        found = []
        for first, last, path in self._spans:
            if first <= high and last >= low:
                probe, taken_ms = imported_file.moments(path, self._place_of_id)
                inside = (taken_ms >= low) & (taken_ms <= high)
                if inside.any():
                    found.append((probe[inside] << MOMENT_BITS) | taken_ms[inside])
        return found

    def _tell(self, probe: Ints, taken_ms: Ints, units: Ints, quality: Ints) -> None:
        """What the journal has to know of each probe. By probe and time."""
        ends = np.append(np.flatnonzero(np.diff(probe)), len(probe) - 1).tolist()
        start = 0
        for end in ends:
            id_ = self._probes[int(probe[end])]
            value = None if units[end] == NO_VALUE else int(units[end])
            newest = {"newest_ms": int(taken_ms[end]), "units": value, "quality": QUALITY[quality[end]]}
            told = {"id": id_, "readings": end + 1 - start, "oldest_ms": int(taken_ms[start]), **newest}
            before = self.found.probes.get(id_)
            if before is not None:
                told["readings"] += before["readings"]
                told["oldest_ms"] = min(told["oldest_ms"], before["oldest_ms"])
                if before["newest_ms"] > told["newest_ms"]:
                    told |= {name: before[name] for name in newest}
            self.found.probes[id_] = told
            days = self.found.days.setdefault(id_, {})
            for day, count in zip(*_counted(taken_ms[start : end + 1] // DAY_MS), strict=True):
                days[day] = days.get(day, 0) + count
            start = end + 1


def _counted(days: Ints) -> tuple[list[int], list[int]]:
    values, counts = np.unique(days, return_counts=True)
    return values.tolist(), counts.tolist()


def parts_of(found: Found) -> list[list[object]]:
    """[probe id, from_ms, to_ms, readings] of whole days that are gathered into the roll-ups at once."""
    parts: list[list[object]] = []
    for id_, days in found.days.items():
        start, rows, last = 0, 0, 0
        for day, count in sorted(days.items()):
            if rows and (rows + count > PART_ROWS or day - last > 31):
                parts.append([id_, start * DAY_MS, (last + 1) * DAY_MS, rows])
                rows = 0
            start = start if rows else day
            rows, last = rows + count, day
        if rows:
            parts.append([id_, start * DAY_MS, (last + 1) * DAY_MS, rows])
    return parts


def _short(name: str) -> str:
    # A space that must not break is a space.
    return "".join(sign for sign in " ".join(name.split()) if sign.isprintable())[:64].strip()


@contextmanager
def new_folder(data_dir: Path) -> Iterator[Path]:
    """Where an import writes until it is whole; gone afterwards, as is what a killed one left there."""
    above = data_dir / STAGING
    above.mkdir(parents=True, exist_ok=True)
    for old in above.iterdir():
        if time.time() - old.stat().st_mtime > LEFT_S:
            shutil.rmtree(old, ignore_errors=True)
    place = above / f"{os.getpid()}-{now_ms():x}"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):
            above.rmdir()
