"""A closed month's readings once more, beside its Parquet file, as segments like the journal's.

The Parquet file is by time and for any tool: who wants a day of one probe reads that of all there. Segments
have each probe by itself, at a quarter of the bytes, so whoever asks here is answered from them. Nothing
depends on them: they are made of the Parquet file behind the recording, hold only beside the very file that
they were made of, and where they are missing or spoilt that one is read. Any thread.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..columns import Batch, Ints, chosen, joined
from ..packed import packs, segments

# What is not whole yet.
UNFINISHED = ".part"
ENDING = ".segments"
MAGIC = b"TempHub\1"
# How long the index is, its checksum and that of all before it.
TAIL = struct.Struct("<III8s")
# As many readings in each as the journal's have.
ROWS = 65_536
BITE = 1 << 20


class Segment(NamedTuple):
    """Where one stands in the file, and what is in it."""

    oldest_ms: int
    newest_ms: int
    first_no: int
    last_no: int
    start: int
    size: int


class Index(NamedTuple):
    """sha256: of the Parquet file that it was made of; probes, boots: id, and probe and boot, of each number
    that is used."""

    sha256: str
    probes: dict[int, str]
    boots: dict[int, tuple[int, str]]
    segments: tuple[Segment, ...]


def path_of(month: Path) -> Path:
    """Of a month's Parquet file."""
    return month.with_suffix(ENDING)


def write(
    target: Path,
    sha256: str,
    days: Iterable[Batch],
    probes: dict[int, str],
    boots: dict[int, tuple[int, str]],
) -> int:
    """Write what stands for batches (with all columns, each by time, one behind the other), synced, under its
    name once it is whole; how many readings. Raises OSError, and TempHubError where one would not come back
    as it is."""
    aside = target.with_name(f"{target.name}{UNFINISHED}")
    crc, start, count, found = zlib.crc32(MAGIC), len(MAGIC), 0, list[Segment]()
    used_probes, used_boots = set[int](), set[int]()
    with aside.open("wb") as file:
        file.write(MAGIC)
        for batch in _regrouped(days):
            in_order = chosen(batch, np.argsort(batch["no"], kind="stable"))
            body = packs.checked(in_order, segments.pack)
            file.write(body)
            crc = zlib.crc32(body, crc)
            found.append(Segment(*_ends(batch["taken_ms"]), *_ends(batch["no"]), start, len(body)))
            start, count = start + len(body), count + len(batch["no"])
            used_probes |= set(np.unique(batch["probe"]).tolist())
            used_boots |= set(np.unique(batch["boot"]).tolist()) - {-1}
        told = {
            "sha256": sha256,
            "probes": {no: probes[no] for no in used_probes},
            "boots": {no: boots[no] for no in used_boots},
            "segments": found,
        }
        index = zlib.compress(json.dumps(told).encode())
        file.write(index + TAIL.pack(len(index), zlib.crc32(index), crc, MAGIC))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(target)
    return count


def found_beside(month: Path, sha256: str) -> Index | None:
    """The index of what stands beside a month's Parquet file of that sha256; None where there is none that is
    whole."""
    path = path_of(month)
    with suppress(OSError):
        known = path.stat()
        index = _opened(path, known.st_size, known.st_mtime_ns)
        return index if index is not None and index.sha256 == sha256 else None
    return None


def read(month: Path, segment: Segment) -> bytes:
    """A segment as it was packed. Raises OSError."""
    with path_of(month).open("rb") as file:
        file.seek(segment.start)
        return file.read(segment.size)


@lru_cache(maxsize=1_024)  # a month each
def _opened(path: Path, size: int, _mtime_ns: int) -> Index | None:
    """Raises OSError."""
    with path.open("rb") as file:
        file.seek(max(size - TAIL.size, 0))
        tail = file.read()
        if len(tail) != TAIL.size:
            return None
        length, index_crc, crc, magic = TAIL.unpack(tail)
        left = size - TAIL.size - length
        if magic != MAGIC or left < len(MAGIC):
            return None
        file.seek(left)
        index = file.read(length)
        file.seek(0)
        found = 0
        while left and (bite := file.read(min(BITE, left))):
            found, left = zlib.crc32(bite, found), left - len(bite)
    if left or found != crc or zlib.crc32(index) != index_crc:
        return None
    told = json.loads(zlib.decompress(index))
    return Index(
        told["sha256"],
        {int(no): id_ for no, id_ in told["probes"].items()},
        {int(no): (probe, boot) for no, (probe, boot) in told["boots"].items()},
        tuple(Segment(*one) for one in told["segments"]),
    )


def _regrouped(days: Iterable[Batch]) -> Iterator[Batch]:
    """The same in pieces of ROWS. A day may be as large as memory bears, so nearly nothing is copied."""
    rest: Batch | None = None
    for batch in days:
        start, size = 0, len(batch["no"])
        if rest is not None:
            start = ROWS - len(rest["no"])
            rest = joined([rest, chosen(batch, slice(start))], tuple(batch))
            if len(rest["no"]) < ROWS:
                continue
            yield rest
        while start + ROWS <= size:
            yield chosen(batch, slice(start, start + ROWS))
            start += ROWS
        rest = chosen(batch, slice(start, None)) if start < size else None
    if rest is not None:
        yield rest


def _ends(values: Ints) -> tuple[int, int]:
    return int(values.min()), int(values.max())
