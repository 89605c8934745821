"""The journal's answers row by row, for tests that compare them one by one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from temphub_kernel.journal import Calendar, Point, Reader
from temphub_kernel.journal.columns import points_of


class Bucket(NamedTuple):
    """Some time of one probe; see journal.Steps."""

    probe_id: str
    start_ms: int
    lowest: int
    highest: int
    total: int
    readings: int
    spread: float = 0.0
    mean: float | None = None
    held: float = 0.0


class Fault(NamedTuple):
    """How many readings of a probe in a step had no value."""

    probe_id: str
    start_ms: int
    readings: int


def points_in(
    reader: Reader,
    from_ms: int,
    to_ms: int,
    probe_id: str | None = None,
    limit: int | None = None,
    *,
    struck_out: bool = False,
) -> list[Point]:
    """What Reader.columns answers; the last `limit` of them if given."""
    columns = reader.columns(from_ms, to_ms, None if probe_id is None else [probe_id], struck_out=struck_out)
    return points_of(columns, reader.boots())[-(limit or 0) :]


def buckets_in(
    reader: Reader, from_ms: int, to_ms: int, width_ms: int, probe_id: str | None = None
) -> list[Bucket]:
    """What Reader.steps answers of steps with a good reading, by probe id and time."""
    ids, steps = reader.steps(from_ms, to_ms, width_ms, probe_id)
    return _buckets(ids, (*steps._replace(at=steps.at * width_ms),), steps.good > 0)


def calendar_buckets_in(
    reader: Reader, from_ms: int, to_ms: int, calendar: Calendar, probe_ids: str | Sequence[str] | None = None
) -> list[Bucket]:
    """What Reader.calendar_steps answers of steps with a good reading, by probe id and time."""
    ids, steps, *told = reader.calendar_steps(from_ms, to_ms, calendar, probe_ids)
    return _buckets(ids, (*steps, *told), steps.good > 0)


def faults_in(
    reader: Reader, from_ms: int, to_ms: int, width_ms: int, probe_id: str | None = None
) -> list[Fault]:
    """What Reader.steps answers of bad readings, by probe id and time."""
    ids, steps = reader.steps(from_ms, to_ms, width_ms, probe_id)
    bad = steps.of(steps.bad > 0)
    rows = zip(bad.probe.tolist(), bad.at.tolist(), bad.bad.tolist(), strict=True)
    return sorted(Fault(ids[no], at * width_ms, count) for no, at, count in rows)


def _buckets(ids: dict[int, str], columns: "tuple[np.ndarray, ...]", which: "np.ndarray") -> list[Bucket]:
    rows = zip(*(column[which].tolist() for column in columns), strict=True)
    found = [
        Bucket(ids[no], at, low, high, total, count, *told)
        for no, at, low, high, total, count, _, *told in rows
    ]
    return sorted(found, key=lambda bucket: (bucket.probe_id, bucket.start_ms))
