"""A journal of five years of ten probes, made in seconds: coarse on the whole, and fine around one moment in
its midst."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import UNITS_PER_C, Row
from temphub_kernel.journal import Writer
from temphub_kernel.journal.blocks import Stored
from temphub_kernel.journal.columns import FIELDS
from temphub_kernel.journal.schema import open_for_reading
from temphub_kernel.journal.summary import Summary

SECOND_MS = 1000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
YEARS_MS = 5 * 365 * DAY_MS
PROBES = tuple(f"TempProbe-05{number:02d}" for number in range(10))
SPIKE_C = 88.25


class Years(NamedTuple):
    """When it ends, and the moment of the one reading that stands out, of the first probe."""

    end_ms: int
    spike_ms: int


def times(years: Years) -> "np.ndarray":
    """When each probe was read: every three hours; for a month around the spike every ten minutes, for half
    an hour every five seconds."""
    spans = ((YEARS_MS, 3 * HOUR_MS), (15 * DAY_MS, HOUR_MS // 6), (HOUR_MS // 4, 5 * SECOND_MS))
    first = np.arange(years.end_ms - YEARS_MS, years.end_ms, spans[0][1])
    return np.unique(
        np.concatenate(
            [
                first,
                *(
                    np.arange(years.spike_ms - reach, years.spike_ms + reach, every)
                    for reach, every in spans[1:]
                ),
            ]
        )
    )


def celsius(number: int, taken_ms: "np.ndarray") -> "np.ndarray":
    """A year's and a day's waves, and a little noise that is the same each time."""
    noise = np.random.default_rng(number).normal(0, 0.3, len(taken_ms))
    waves = 8 * np.sin(taken_ms / (365 * DAY_MS) * 2 * np.pi) + 2 * np.sin(taken_ms / DAY_MS * 2 * np.pi)
    return number * 3 - 5 + waves + noise


def write_years(data_dir: Path) -> Years:
    """Write it, roll-ups included: these in one step of their own code, as catching up in small ones would
    take a minute."""
    path = data_dir / "temphub.sqlite3"
    writer = Writer(path, gather_s=0)
    writer.start()
    end_ms = now_ms() // DAY_MS * DAY_MS
    years = Years(end_ms, end_ms - YEARS_MS // 2 // DAY_MS * DAY_MS)
    taken_ms = times(years)
    for number, probe_id in enumerate(PROBES):
        units = np.rint(celsius(number, taken_ms) * UNITS_PER_C).astype(np.int64)
        if number == 0:
            units[taken_ms == years.spike_ms] = round(SPIKE_C * UNITS_PER_C)
        rows = zip(taken_ms.tolist(), units.tolist(), strict=True)
        writer.store([Row(probe_id, None, None, ms, ms, value, None) for ms, value in rows], 60)
    db = open_for_reading(path)
    batch = Stored(db, data_dir / "archive").unpacked(1, writer.last_no, FIELDS)
    db.close()
    writer.change(Summary(batch, batch["units"], np.zeros(len(batch["units"]), np.bool_)).apply).result(60)
    writer.stop(30)
    return years
