"""Many blocks of readings as one: what becomes of packs once all blocks of a segment are packed. Pure
functions; any thread.

A pack has a block's readings and is deflated as one: of ten probes one costs as much as all. A segment has
those of sixteen blocks in parts, one for each probe (for several where each has few), and in a part each
column is deflated for itself. Who wants the temperatures of one probe inflates these and nothing else. As in
a pack only differences are kept; of a column that goes on evenly, how often each follows itself.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from ..columns import NO_VALUE, Batch, Ints, chosen
from . import differences

# The first byte, where a pack has its kind.
VERSION = 3
# version, kind, how many readings, how many parts
HEAD = struct.Struct("<BBII")
# Of which probes, how many readings, how many bytes.
PART = np.dtype([("low", "<i8"), ("high", "<i8"), ("count", "<u4"), ("bytes", "<u4")])
# As in a pack, and how many bytes deflated.
COLUMN = np.dtype([("first", "<i8"), ("factor", "<i8"), ("width", "u1"), ("bytes", "<u4")])
# In the place of a width: RUN says how often a difference follows itself.
RUNS = 255
RUN = np.dtype([("step", "<i8"), ("times", "<u4")])
# A probe with fewer readings shares its part with the next one.
LEAST = 2_048
LEVEL = 6


def pack(batch: Batch) -> bytes:
    """The bytes of readings, which come back by number; with what thermocouple chips said where the batch
    has it."""
    kind = differences.kind_of(batch)
    batch = chosen(batch, np.lexsort((batch["no"], batch["probe"])))
    probe = batch["probe"]
    directory, bodies = np.zeros(0, PART), list[bytes]()
    for start, end in _shares(probe):
        columns = differences.with_gaps(chosen(batch, slice(start, end)), kind)
        bodies.append(_packed([columns[name] for name in differences.COLUMNS_OF[kind]]))
        part = np.array((probe[start], probe[end - 1], end - start, len(bodies[-1])), PART)
        directory = np.append(directory, part)
    head = HEAD.pack(VERSION, kind, len(probe), len(bodies))
    return head + directory.tobytes() + b"".join(bodies)


def unpack(data: bytes, fields: Sequence[str], probes: Sequence[int] | None) -> Batch:
    """See packs.unpack. Raises struct.error, zlib.error or ValueError when the bytes are none of ours."""
    _, kind, count, parts = HEAD.unpack_from(data)
    directory = np.frombuffer(data, PART, parts, HEAD.size)
    if directory["count"].sum() != count or kind not in differences.COLUMNS_OF:
        raise ValueError(f"kind {kind} of {count} readings")
    start, wanted, shared = HEAD.size + directory.nbytes, list[tuple[memoryview, int]](), False
    for low, high, rows, size in directory.tolist():
        if probes is None or any(low <= probe <= high for probe in probes):
            wanted.append((memoryview(data)[start : start + size], rows))
            shared = shared or (probes is not None and low < high)
        start += size
    if start != len(data):
        raise ValueError(f"{len(data)} bytes instead of {start}")
    names = dict.fromkeys(("no", "probe", *fields) if shared else ("no", *fields))
    found = {name: np.empty(sum(rows for _, rows in wanted), np.int64) for name in names}
    at = 0
    for body, rows in wanted:
        _unpack_part(body, kind, {name: column[at : at + rows] for name, column in found.items()})
        at += rows
    if shared and probes is not None:
        found = dict(chosen(found, np.isin(found["probe"], probes)))
    found = _by_number(found)
    return {name: found[name] for name in fields}


def _shares(probe: Ints) -> list[tuple[int, int]]:
    """The places [start, end) of each part, of readings by probe."""
    ends = [*(np.flatnonzero(np.diff(probe)) + 1).tolist(), len(probe)] if len(probe) else []
    found: list[tuple[int, int]] = []
    start = 0
    for end in ends:
        if end - start >= LEAST or end == len(probe):
            found.append((start, end))
            start = end
    return found


def _packed(columns: Sequence[Ints]) -> bytes:
    heads, bodies = np.zeros(len(columns), COLUMN), list[bytes]()
    for at, values in enumerate(columns):
        factor, steps = differences.steps_of(values)
        width, body = _squeezed(steps) if len(steps) else (0, b"")
        body = zlib.compress(body, LEVEL) if body else body
        heads[at] = values[0], factor, width, len(body)
        bodies.append(body)
    return heads.tobytes() + b"".join(bodies)


def _squeezed(steps: Ints) -> tuple[int, bytes]:
    """(width, body) of a column's differences."""
    starts = np.flatnonzero(np.concatenate([[True], steps[1:] != steps[:-1]]))
    width, body = differences.folded(steps)
    if len(starts) * RUN.itemsize * 4 > len(body):
        return width, body
    runs = np.zeros(len(starts), RUN)
    runs["step"], runs["times"] = steps[starts], np.diff(np.append(starts, len(steps)))
    return RUNS, runs.tobytes()


def _unpack_part(body: memoryview, kind: int, found: dict[str, Ints]) -> None:
    """Fill these columns with those of a part."""
    names = differences.COLUMNS_OF[kind]
    heads = np.frombuffer(body, COLUMN, len(names))
    start, of = heads.nbytes, dict[str, tuple[int, int, int, memoryview]]()
    for name, (first, factor, width, size) in zip(names, heads.tolist(), strict=True):
        of[name] = first, factor, width, body[start : start + size]
        start += size
    for name, values in found.items():
        if name not in of:
            values[:] = NO_VALUE
            continue
        _spread(values, *of[name])
        gaps = differences.GAPS.get(name)
        if gaps is not None and (of[gaps][0] or of[gaps][2]):
            missing = np.empty(len(values), np.int64)
            _spread(missing, *of[gaps])
            values[missing == 1] = NO_VALUE


def _spread(values: Ints, first: int, factor: int, width: int, body: memoryview) -> None:
    """Fill a column of a part, which has at least one reading."""
    values[:1] = first
    if not width:
        values[1:] = first
        return
    plain = zlib.decompress(body)
    if width == RUNS:
        runs = np.frombuffer(plain, RUN)
        steps: differences.Small = np.repeat(runs["step"], runs["times"])
    else:
        steps = differences.unfolded(plain, width, len(values) - 1)
    if len(steps) != len(values) - 1:
        raise ValueError(f"{len(steps)} differences of {len(values)} values")
    differences.run_up(steps, factor, values)


def _by_number(found: dict[str, Ints]) -> dict[str, Ints]:
    no = found["no"]
    if (no[1:] > no[:-1]).all():
        return found
    place = no - no.min()
    if int(place.max()) + 1 != len(no):
        return {name: column[np.argsort(no)] for name, column in found.items()}
    # No number lacks: what stands where is known without sorting.
    order = np.zeros(len(no), np.intp)
    order[place] = np.arange(len(no))
    return {name: column[order] for name, column in found.items()}
