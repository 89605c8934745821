"""Columns of whole numbers as the differences from one to the next, in as few bytes as the largest of them
needs: what packs and segments are made of. Pure functions; any thread.

Whatever fits into 64 bits comes back as it was.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns import FIELDS, JUNCTION, NO_VALUE, Batch, Flags, Ints

# Only what has readings of thermocouple chips is of the second kind, which has their columns, too.
PLAIN, WITH_JUNCTIONS = 1, 2
# Columns with gaps, and the column that says where these are.
GAPS = {"units": "missing", "chip": "no_chip", "cold": "no_cold"}
STORED = ("probe", "missing", *(name for name in FIELDS if name != "probe"))
COLUMNS_OF = {PLAIN: STORED, WITH_JUNCTIONS: (*STORED, "no_chip", "chip", "no_cold", "cold")}

# So many values are squeezed at once: for more the system gives fresh pages of memory each time.
ROOM = 15_000
Small = npt.NDArray[np.signedinteger[Any]]


def kind_of(batch: Batch) -> int:
    """WITH_JUNCTIONS where a chip said anything, else PLAIN."""
    said = any((batch[name] != NO_VALUE).any() for name in JUNCTION if name in batch)
    return WITH_JUNCTIONS if said else PLAIN


def with_gaps(batch: Batch, kind: int) -> Batch:
    """The columns of a kind; each missing value is its neighbour's, so that it costs nothing."""
    columns = {name: batch[name] for name in COLUMNS_OF[kind] if name in batch}
    for name, gaps in GAPS.items():
        if name in columns:
            missing = columns[name] == NO_VALUE
            columns[name], columns[gaps] = _filled(columns[name], missing), missing.astype(np.int64)
    return columns


def put_gaps(values: Ints, missing: Ints) -> Ints:
    """Values, and NO_VALUE where they are missing."""
    return np.where(missing == 1, NO_VALUE, values)


def _filled(values: Ints, missing: Flags) -> Ints:
    if not missing.any():
        return values
    if missing.all():
        return np.zeros_like(values)
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return values[np.where(last < 0, int(np.argmin(missing)), last)]


def steps_of(values: Ints) -> tuple[int, Ints]:
    """(what all differences are multiples of, how many times each is that); none where all values are
    alike."""
    steps = values[1:] - values[:-1]
    factor = int(np.gcd.reduce(steps)) if np.count_nonzero(steps) else 0
    return (factor, steps // factor) if factor else (1, steps[:0])


def folded(steps: Ints) -> tuple[int, bytes]:
    """(bytes each, all of them): the lowest byte of each, then the next one; small ones of either sign take
    few."""
    zigzag = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
    width = _width(int(zigzag.max()))
    return width, zigzag.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T.tobytes()


def squeezed(columns: Sequence[Ints]) -> list[tuple[int, int, int, bytes]]:
    """(first value, what `steps_of` and `folded` tell of it) of each of some columns of one length; 0 bytes
    each where all values are alike.

    Several at once: of a thousand values a call costs more than the work it does, and other threads go first.
    """
    at_once = max(ROOM // max(len(columns[0]), 1), 1)
    return [
        one
        for start in range(0, len(columns), at_once)
        for one in _squeezed(np.array(columns[start : start + at_once]))
    ]


def _squeezed(values: Ints) -> Iterator[tuple[int, int, int, bytes]]:
    steps = values[:, 1:] - values[:, :-1]
    factors = np.gcd.reduce(steps, axis=1).tolist()
    for own, factor in zip(steps, factors, strict=True):
        if factor not in (0, 1):
            own //= factor
    folds = steps << 1
    steps >>= 63
    folds ^= steps
    tops = folds.view(np.uint64).max(axis=1, initial=0).tolist()
    octets = folds.astype("<i8", copy=False).view(np.uint8).reshape(*folds.shape, 8)
    for column, factor, top, own in zip(values, factors, tops, octets, strict=True):
        width = _width(top) if factor else 0
        yield int(column[0]) if len(column) else 0, factor or 1, width, own[:, :width].T.tobytes()


def _width(top: int) -> int:
    """How many bytes each value takes where this is the largest."""
    return next(size for size in (1, 2, 4, 8) if size == 8 or top < 1 << 8 * size)


def unfolded(body: bytes | memoryview, width: int, end: int) -> Small:
    """The first `end` of these, in as many bytes as they are kept in."""
    octets = np.frombuffer(body, np.uint8)
    if width > 1:
        octets = np.ascontiguousarray(octets.reshape(width, -1)[:, :end].T).ravel()
    return _signed(octets.view(f"<u{width}")[:end])


def unfolded_parts(bodies: Sequence[bytes], counts: Sequence[int], width: int) -> Small:
    """The differences of several stretches of so many values, one behind the other, a 0 ahead of each."""
    for body, count in zip(bodies, counts, strict=True):
        if len(body) != width * (count - 1):
            raise ValueError(f"{len(body)} bytes of {count} values")
    zigzag = _octets(bodies, counts, 0).astype(f"u{width}")
    for place in range(1, width):
        zigzag |= _octets(bodies, counts, place).astype(f"u{width}") << 8 * place
    return _signed(zigzag)


def _octets(bodies: Sequence[bytes], counts: Sequence[int], place: int) -> "npt.NDArray[np.uint8]":
    """The octets of one place of all stretches."""
    stretches = (
        memoryview(body)[place * (count - 1) : (place + 1) * (count - 1)]
        for body, count in zip(bodies, counts, strict=True)
    )
    return np.frombuffer(b"\0" + b"\0".join(stretches), np.uint8)


def _signed(zigzag: npt.NDArray[np.unsignedinteger[Any]]) -> Small:
    # Of few bytes each this is several times as quick as of eight.
    found: Small = ((zigzag >> 1) ^ -(zigzag & 1)).view(f"i{zigzag.dtype.itemsize}")
    return found


def run_up(steps: Small, factor: int, values: Ints) -> None:
    """Fill `values` behind its first by the steps between them."""
    np.cumsum(steps, dtype=np.int64, out=values[1:])
    if factor != 1:
        values[1:] *= factor
    values[1:] += values[0]
