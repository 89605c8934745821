"""A block of readings as a few bytes each: what the journal keeps of days gone by. Pure functions; any
thread.

Readings of one probe differ little from one to the next. So they are put side by side probe by probe, only
the differences are kept, each column in as few bytes as its largest needs, byte by byte, and all of it is
deflated. Nothing is rounded: `unpack(pack(batch))` is the batch.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from ..core import JournalUnreadable
from .columns import FIELDS, JUNCTION, NO_VALUE, Batch, Ints

# Only what has readings of thermocouple chips is of the second kind, which has their columns, too.
PLAIN, WITH_JUNCTIONS = 1, 2
HEAD = struct.Struct("<BI")
# first value, what all differences are multiples of, bytes a difference
COLUMN = struct.Struct("<qqB")
# How hard it is deflated: a pack for years, or a batch for a minute.
LASTING, QUICK = 6, 1
# In the order of the journal; all other columns stand probe by probe.
IN_ORDER = ("probe", "no")
# Columns with gaps, and the column that says where these are.
GAPS = {"units": "missing", "chip": "no_chip", "cold": "no_cold"}
# What each byte stands for where a difference has one.
STEPS = np.array([byte >> 1 ^ -(byte & 1) for byte in range(256)], np.int64)
STORED = ("probe", "missing", *(name for name in FIELDS if name != "probe"))
COLUMNS_OF = {PLAIN: STORED, WITH_JUNCTIONS: (*STORED, "no_chip", "chip", "no_cold", "cold")}


def pack(batch: Batch, level: int = LASTING) -> bytes:
    """The bytes of a batch, in the order given; what thermocouple chips said is in it where the batch has
    it."""
    count = len(batch["no"])
    by_probe = _by_probe(batch["probe"])
    version = (
        WITH_JUNCTIONS
        if any((batch[name] != NO_VALUE).any() for name in JUNCTION if name in batch)
        else PLAIN
    )
    names = (*FIELDS, *(JUNCTION if version == WITH_JUNCTIONS else ()))
    columns = {name: batch[name] if name in IN_ORDER else batch[name][by_probe] for name in names}
    for name, gaps in GAPS.items():
        if name in columns:
            missing = columns[name] == NO_VALUE
            columns[name], columns[gaps] = _filled(columns[name], missing), missing.astype(np.int64)
    heads, bodies = zip(*(_squeeze(columns[name]) for name in COLUMNS_OF[version]), strict=True)
    return HEAD.pack(version, count) + b"".join(heads) + zlib.compress(b"".join(bodies), level)


def unpack(data: bytes, fields: Sequence[str] = FIELDS, probe: int | None = None) -> Batch:
    """The wanted columns (of FIELDS and JUNCTION) of a packed batch. probe: of its readings alone, which
    costs less.

    Raises TempHubError when the bytes are none of ours or damaged.
    """
    try:
        return _unpack(data, fields, probe)
    except (struct.error, zlib.error, ValueError) as error:
        raise JournalUnreadable(
            f"A packed part of the journal cannot be read ({error}), so its readings cannot be shown.",
            "Check the disk that holds DATA_DIR, and restore the journal from a backup; recording goes on.",
            code="journal_damaged",
        ) from error


def has_qualities(data: bytes) -> bool:
    """Whether any reading of a packed batch bears a quality; told by the head alone."""
    first, _, width = COLUMN.unpack_from(data, HEAD.size + STORED.index("quality") * COLUMN.size)
    return bool(first or width)


def _unpack(data: bytes, fields: Sequence[str], only: int | None) -> Batch:
    version, count = HEAD.unpack_from(data)
    if version not in COLUMNS_OF:
        raise ValueError(f"format {version}")
    place = {name: at for at, name in enumerate(COLUMNS_OF[version])}
    heads = [COLUMN.unpack_from(data, HEAD.size + at * COLUMN.size) for at in range(len(place))]
    body = memoryview(zlib.decompress(memoryview(data)[HEAD.size + len(place) * COLUMN.size :]))
    ends = np.cumsum([0, *(width * max(count - 1, 0) for _, _, width in heads)])
    if ends[-1] != len(body):
        raise ValueError(f"{len(body)} bytes instead of {ends[-1]}")

    def column(name: str, start: int, end: int) -> Ints:
        at = place[name]
        return _spread(body[ends[at] : ends[at + 1]], start, end, *heads[at])

    probe = column("probe", 0, count)
    by_probe = _by_probe(probe)
    start, end = (
        (0, count) if only is None else np.searchsorted(probe, [only, only + 1], sorter=by_probe).tolist()
    )
    places = by_probe[start:end]
    found = {"probe": probe if only is None else probe[places]}
    for name in fields:
        if name == "no":
            found[name] = column(name, 0, count) if only is None else column(name, 0, count)[places]
        elif name not in place:
            found[name] = np.full(end - start, NO_VALUE)
        elif name != "probe":
            own = column(name, start, end)
            own = _with_gaps(own, column(GAPS[name], start, end)) if name in GAPS else own
            # One probe's stand in their order already.
            found[name] = own if only is not None else _put(own, by_probe)
    return {name: found[name] for name in fields}


def _put(values: Ints, places: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> Ints:
    found = np.empty(len(values), np.int64)
    found[places] = values
    return found


def _by_probe(probe: Ints) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """The places of readings, probe by probe."""
    # Numbers of two bytes are sorted several times as quickly.
    small = len(probe) > 0 and int(probe.max()) < 1 << 16
    return np.argsort(probe.astype(np.uint16) if small else probe, kind="stable")


def _squeeze(values: Ints) -> tuple[bytes, bytes]:
    """(head, body) of a column: first value, common factor, and zigzag differences in as few bytes as they
    need."""
    if not len(values):
        return COLUMN.pack(0, 1, 0), b""
    steps = values[1:] - values[:-1]
    factor = int(np.gcd.reduce(steps)) if steps.any() else 0
    if not factor:
        return COLUMN.pack(int(values[0]), 1, 0), b""
    steps //= factor
    folded = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
    width = next(size for size in (1, 2, 4, 8) if size == 8 or int(folded.max()) < 1 << 8 * size)
    small = folded.astype(f"<u{width}")
    return COLUMN.pack(int(values[0]), factor, width), small.view(np.uint8).reshape(-1, width).T.tobytes()


def _spread(body: memoryview, start: int, end: int, first: int, factor: int, width: int) -> Ints:
    """The values at the places [start, end) of a column."""
    values = np.full(end - start, first, np.int64)
    if width and end > start:
        octets = np.frombuffer(body, np.uint8)
        if width == 1:
            steps = STEPS[octets[: end - 1]]
        else:
            rows = octets.reshape(width, -1)[:, : end - 1]
            folded = np.ascontiguousarray(rows.T).view(f"<u{width}").ravel().astype(np.uint64)
            steps = (folded >> np.uint64(1)).view(np.int64) ^ -(folded & np.uint64(1)).view(np.int64)
        values[:1] += steps[:start].sum(keepdims=True) * factor
        np.cumsum(steps[start:], out=values[1:])
        values[1:] *= factor
        values[1:] += values[0]
    return values


def _filled(values: Ints, missing: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Ints:
    """Values with each missing one replaced by its neighbour, so that it costs nothing."""
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return values[np.where(last < 0, int(np.argmin(missing)), last)]


def _with_gaps(values: Ints, missing: Ints) -> Ints:
    return np.where(missing == 1, NO_VALUE, values)
