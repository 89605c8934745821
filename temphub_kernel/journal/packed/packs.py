"""A block of readings as a few bytes each, or all of a segment's: what the journal keeps of days gone by.
Pure functions; any thread.

Readings of one probe differ little from one to the next. So they are put side by side probe by probe, only
the differences are kept, each column in as few bytes as its largest needs, byte by byte, and all of it is
deflated. Nothing is rounded: `unpack(pack(batch))` is the batch.
"""

import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from ...core import JournalUnreadable, TempHubError
from ..columns import FIELDS, JUNCTION, NO_VALUE, Batch, Ints
from . import differences, segments

HEAD = struct.Struct("<BI")
# first value, what all differences are multiples of, bytes a difference
COLUMN = struct.Struct("<qqB")
# How hard it is deflated: a pack for years, or a batch for a minute.
LASTING, QUICK = 6, 1
# In the order of the journal; all other columns stand probe by probe.
IN_ORDER = ("probe", "no")


def pack(batch: Batch, level: int = LASTING) -> bytes:
    """The bytes of a batch, in the order given; what thermocouple chips said is in it where the batch has
    it."""
    count = len(batch["no"])
    by_probe = _by_probe(batch["probe"])
    kind = differences.kind_of(batch)
    names = (*FIELDS, *(JUNCTION if kind == differences.WITH_JUNCTIONS else ()))
    ordered = {name: batch[name] if name in IN_ORDER else batch[name].take(by_probe) for name in names}
    columns = differences.with_gaps(ordered, kind)
    found = differences.squeezed([columns[name] for name in differences.COLUMNS_OF[kind]])
    heads, bodies = zip(*((COLUMN.pack(*head), body) for *head, body in found), strict=True)
    return HEAD.pack(kind, count) + b"".join(heads) + zlib.compress(b"".join(bodies), level)


def unpack(data: bytes, fields: Sequence[str] = FIELDS, probes: Sequence[int] | None = None) -> Batch:
    """The wanted columns (of FIELDS and JUNCTION) of a packed batch, of a segment by number. probes: theirs
    alone are wanted, which costs less of a segment, and of a pack where it is one; else others are there,
    too.

    Raises TempHubError when the bytes are none of ours or damaged.
    """
    only = probes[0] if probes is not None and len(probes) == 1 else None
    try:
        return segments.unpack(data, fields, probes) if is_segment(data) else _unpack(data, fields, only)
    except (struct.error, zlib.error, ValueError) as error:
        raise JournalUnreadable(
            f"A packed part of the journal cannot be read ({error}), so its readings cannot be shown.",
            "Check the disk that holds DATA_DIR, and restore the journal from a backup; recording goes on.",
            code="journal_damaged",
        ) from error


def checked(batch: Batch, pack: Callable[[Batch], bytes] = pack) -> bytes:
    """A batch packed, read back and compared. Raises TempHubError when they differ."""
    body = pack(batch)
    again = unpack(body, tuple(batch))
    if not all(np.array_equal(again[name], batch[name]) for name in batch):
        raise TempHubError(
            "A block of readings did not come back from its packed form as it was, so it stays as it is.",
            "Please report this with the log; nothing is lost and recording goes on.",
            code="pack_differs",
        )
    return body


def is_segment(data: bytes) -> bool:
    """Whether these bytes are a segment's: the readings of many blocks."""
    return data[:1] == bytes([segments.VERSION])


def has_qualities(data: bytes) -> bool:
    """Whether any reading of a packed batch bears a quality; told by the head alone."""
    first, _, width = COLUMN.unpack_from(data, HEAD.size + differences.STORED.index("quality") * COLUMN.size)
    return bool(first or width)


def _unpack(data: bytes, fields: Sequence[str], only: int | None) -> Batch:
    version, count = HEAD.unpack_from(data)
    if version not in differences.COLUMNS_OF:
        raise ValueError(f"format {version}")
    place = {name: at for at, name in enumerate(differences.COLUMNS_OF[version])}
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
            own, gaps = column(name, start, end), differences.GAPS.get(name)
            own = own if gaps is None else differences.put_gaps(own, column(gaps, start, end))
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


def _spread(body: memoryview, start: int, end: int, first: int, factor: int, width: int) -> Ints:
    """The values at the places [start, end) of a column."""
    values = np.full(end - start, first, np.int64)
    if width and end > start:
        steps = differences.unfolded(body, width, end - 1)
        if start:
            values[:1] += steps[:start].sum(dtype=np.int64, keepdims=True) * factor
        differences.run_up(steps[start:], factor, values)
    return values
