"""Readings in pieces from the present Reader, until it has such a call of its own. The Reader's thread only."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.reading import QUALITIES
from ..journal import Point, Reader

Ints = npt.NDArray[np.int64]
NO_VALUE = -(2**63)
QUALITY: tuple[str | None, ...] = (None, *QUALITIES)
CODES = {text: code for code, text in enumerate(QUALITY)}
LONGEST_MS = 64 * 86_400_000


class Columns(NamedTuple):
    """Readings column by column, as the journal will give them."""

    ids: dict[int, str]
    no: Ints
    probe: Ints
    taken_ms: Ints
    received_ms: Ints
    units: Ints
    raw: Ints
    quality: Ints
    boot: Ints
    seq: Ints


def stream(reader: Reader, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None, *, most: int = 100_000) -> Iterator[Columns]:
    """Pieces of about `most` readings, in order of time."""
    span = reader.span()
    if span is None:
        return
    numbers: dict[str, int] = {}
    start, end, step = max(from_ms, span[0]), min(to_ms, span[1] + 1), 600_000
    while start < end:
        points = [p for p in reader.points(start, min(start + step, end)) if probe_ids is None or p.probe_id in probe_ids]
        start += step
        step = min(step * 2, LONGEST_MS) if len(points) < most // 4 else max(step // 2, 1) if len(points) > most else step
        for first in range(0, len(points), most):
            yield _columns(points[first : first + most], numbers)


def _columns(points: list[Point], numbers: dict[str, int]) -> Columns:
    for point in points:
        numbers.setdefault(point.probe_id, len(numbers) + 1)
    units = [NO_VALUE if p.units is None else p.units for p in points]
    columns = [
        [p.no for p in points],
        [numbers[p.probe_id] for p in points],
        [p.taken_ms for p in points],
        [p.received_ms for p in points],
        units,
        units,
        [CODES.get(p.quality, 0) for p in points],
        [-1] * len(points),
        [-1 if p.seq is None else p.seq for p in points],
    ]
    return Columns({no: id_ for id_, no in numbers.items()}, *(np.array(column, np.int64) for column in columns))
