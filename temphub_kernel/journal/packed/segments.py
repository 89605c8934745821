"""Many blocks of readings as one: what becomes of packs once all blocks of a segment are packed. Pure
functions; any thread.

A pack has a block's readings and is deflated as one: of ten probes one costs as much as all. A segment has
those of sixteen blocks in parts, one for each probe (for several where each has few), and in a part each
column is deflated for itself. Who wants the temperatures of one probe inflates these and nothing else. As in
a pack only differences are kept; of a column that goes on evenly, how often each follows itself.
"""

import struct
import zlib
from collections.abc import Collection, Sequence
from itertools import accumulate, groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from ..columns import NO_VALUE, Batch, Ints, chosen, empty
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
RUN_HEAD = struct.Struct("<qI")
SEAM = RUN_HEAD.pack(0, 1)
Runs = npt.NDArray[np.void]
# A probe with fewer readings shares its part with the next one.
LEAST = 2_048
# Fewer values are got and added up one by one sooner.
MANY = 16_384
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
    if not wanted:
        return empty(fields)
    parts = _Parts(wanted, kind)
    if shared and probes is not None:
        found = parts.columns(dict.fromkeys(("no", "probe", *fields)))
        found = dict(chosen(found, np.isin(found["probe"], probes)))
    else:
        found = parts.columns(dict.fromkeys(("no", *fields)))
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


class _Parts:
    """Parts of a segment as bytes. A column is made of all of them at once: for a few thousand values a call
    costs as much as the work it does."""

    def __init__(self, parts: Sequence[tuple[memoryview, int]], kind: int) -> None:
        self._place = {name: at for at, name in enumerate(differences.COLUMNS_OF[kind])}
        self._counts = [rows for _, rows in parts]
        # Of each part, for each column: first value, factor, width and bytes.
        self._columns: list[list[tuple[int, int, int, memoryview]]] = []
        for body, _ in parts:
            heads = np.frombuffer(body, COLUMN, len(self._place)).tolist()
            ends = accumulate((head[-1] for head in heads), initial=len(heads) * COLUMN.itemsize)
            self._columns.append(
                [
                    (*head, body[start : start + size])
                    for (*head, size), start in zip(heads, ends, strict=False)
                ]
            )

    def columns(self, names: Collection[str]) -> dict[str, Ints]:
        """These columns, `no` among them, by number."""
        *rows, places, values, spare = _room(len(names) + 3, sum(self._counts))
        found = dict(zip(names, rows, strict=True))
        self._fill("no", found["no"], spare)
        in_order = _ordered(found["no"], values, places, spare)
        for name, column in found.items():
            if name != "no" and in_order:
                self._fill(name, column, spare)
            elif name != "no":
                self._fill(name, values, spare)
                # `clip`, as else it would be put beside first; every place is one of them.
                values.take(places, out=column, mode="clip")
        return found

    def _fill(self, name: str, values: Ints, spare: Ints) -> None:
        if name not in self._place:
            values[:] = NO_VALUE
            return
        self._spread(name, values)
        gaps = differences.GAPS.get(name)
        if gaps is not None and any(first or width for first, _, width, _ in self._of(gaps)):
            self._spread(gaps, spare)
            values[spare == 1] = NO_VALUE

    def _of(self, name: str) -> list[tuple[int, int, int, memoryview]]:
        return [part[self._place[name]] for part in self._columns]

    def _spread(self, name: str, values: Ints) -> None:
        first, factor, widths, bodies = zip(*self._of(name), strict=True)
        if not any(widths) and first.count(first[0]) == len(first):
            values[:] = first[0]
            return
        plain = [zlib.decompress(body) if len(body) else b"" for body in bodies]
        if len(values) >= MANY and all(width in (0, RUNS) for width in widths):
            runs, seams = _runs(plain, self._counts)
            flat = runs["step"] == 0
            times = np.where(flat, 1, runs["times"])
            if int(times.sum()) * 4 < len(values):
                # Where little changes only that is added up.
                levels = runs["step"].repeat(times).cumsum()
                _run_up(levels, np.add.reduceat(times, seams).tolist(), first, factor)
                values[:] = levels.repeat(np.where(flat, runs["times"], 1).repeat(times))
                return
        self._steps(widths, plain).cumsum(dtype=np.int64, out=values)
        _run_up(values, self._counts, first, factor)

    def _steps(self, widths: Sequence[int], plain: Sequence[bytes]) -> differences.Small:
        """The differences within each part, behind a 0."""
        found = list[differences.Small]()
        parts = zip((width or RUNS for width in widths), plain, self._counts, strict=True)
        for width, alike in groupby(parts, key=itemgetter(0)):
            _, stretches, counts = zip(*alike, strict=True)
            if width == RUNS:
                runs, _ = _runs(stretches, counts)
                found.append(runs["step"].repeat(runs["times"]))
            else:
                found.append(differences.unfolded_parts(stretches, counts, width))
            if len(found[-1]) != sum(counts):
                raise ValueError(f"{len(found[-1])} differences of {sum(counts)} values")
        return found[0] if len(found) == 1 else np.concatenate(found)


def _runs(plain: Sequence[bytes], counts: Sequence[int]) -> tuple[Runs, list[int]]:
    """The runs of several stretches of so many values, a 0 ahead of each; and where each begins."""
    # Of a column of one value nothing else is kept.
    parts = [part or RUN_HEAD.pack(0, count - 1) for part, count in zip(plain, counts, strict=True)]
    seams = [0, *accumulate(len(part) // RUN.itemsize + 1 for part in parts)][:-1]
    return np.frombuffer(SEAM + SEAM.join(parts), RUN), seams


def _run_up(values: Ints, counts: Sequence[int], first: Sequence[int], factor: Sequence[int]) -> None:
    """Sums of differences over all stretches, a 0 ahead of each, as the values of these."""
    if len(counts) == 1:
        if factor[0] != 1:
            values *= factor[0]
        values += first[0]
        return
    starts = [0, *accumulate(counts)][:-1]
    if factor.count(factor[0]) == len(factor):
        if factor[0] != 1:
            values *= factor[0]
        # What the stretches before it came to is taken off each again.
        values += (np.array(first, np.int64) - values[starts]).repeat(counts)
        return
    for start, count, times, low in zip(starts, counts, factor, first, strict=True):
        part = values[start : start + count]
        part -= part[0]
        part *= times
        part += low


def _room(count: int, size: int) -> list[Ints]:
    """So many columns of that size."""
    if size < MANY:
        return [np.empty(size, np.int64) for _ in range(count)]
    # Taken at once: what is asked for and given back in pieces goes back to the system each time, and costs
    # more to get again than to fill.
    return list(np.empty((count, size), np.int64))


def _ordered(no: Ints, values: Ints, places: Ints, spare: Ints) -> bool:
    """Put numbers in order, and fill `places` with where each stood; True where they are in order."""
    if (no[1:] > no[:-1]).all():
        return True
    low = no.min()
    np.subtract(no, low, out=spare)
    if int(spare.max()) + 1 == len(no):
        # No number lacks: what stands where is known without sorting.
        no[:] = np.arange(len(no))
        places[spare] = no
        no += low
    else:
        places[:] = np.argsort(no)
        no.take(places, out=values, mode="clip")
        no[:] = values
    return False
