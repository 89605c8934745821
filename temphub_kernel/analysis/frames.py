"""`load`: stored readings as a pandas frame. Opens the journal read-only for the length of the call. Any thread."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.errors import TempHubError
from ..base.paths import JOURNAL_FILE
from ..base.reading import UNITS_PER_C
from ..base.settings import Settings
from ..journal import Columns, Reader
from .moments import When, moment_ms, width_ms
from .steps import tidy_steps, wide_steps
from .zone import find_zone

EVER_MS = 2**53


def load(
    probe: str | Sequence[str] | None = None,
    start: When = None,
    end: When = None,
    every: str | timedelta | None = None,
    *,
    tidy: bool = False,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Readings taken in [start, end), from the journal in `data_dir` (default: the settings').

    Wide: index `time` in the zone `tz` ("local", "UTC" or a name), one column per probe in °C; NaN where the sensor answered
    badly or nothing was measured. `tidy=True`: columns time, probe_id, temperature_c, quality, received, a row per reading.
    start, end: "2026-11-23 14:00", "-24h", "24h ago", "today", datetime, Timestamp. probe: one id or several.
    every: "5min", "1h", "1D", "MS": means per step on a regular grid (days and months by `tz`; the first and last step
    whole up to 15 min); `tidy=True` then gives time, probe_id, mean_c, min_c, max_c, count of steps with a good reading.
    Raises TempHubError: no journal, unknown probe, a time or width that is none.
    """
    zone = find_zone(tz)
    from_ms = -EVER_MS if start is None else moment_ms(start, zone)
    to_ms = EVER_MS if end is None else moment_ms(end, zone, is_end=True)
    width = None if every is None else width_ms(every)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        asked = _asked(reader, probe)
        if every is not None:
            steps = tidy_steps(reader, from_ms, to_ms, asked, every, width, zone)
            return steps if tidy else wide_steps(steps, asked, every, width)
        columns = reader.columns(from_ms, to_ms, asked, whole=tidy)
    return _tidy(columns, zone) if tidy else _wide(columns, asked, zone)


def _asked(reader: Reader, probe: str | Sequence[str] | None) -> list[str] | None:
    if probe is None:
        return None
    asked = [probe] if isinstance(probe, str) else list(dict.fromkeys(probe))
    known = [str(found["id"]) for found in reader.probes()]
    for one in asked:
        if one not in known:
            raise TempHubError(
                f"No probe {one!r} is in the journal, so there is nothing to load.",
                f"Use one of the probes it knows: {', '.join(known)}." if known else "Wait for a probe's first reading, then load again.",
                code="unknown_probe",
                status=404,
            )
    return asked


def _times(ms: "Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]]", zone: tzinfo) -> pd.DatetimeIndex:
    stamps = np.asarray(ms, dtype=np.int64).view("datetime64[ms]")
    return pd.DatetimeIndex(stamps, name="time").tz_localize("UTC").tz_convert(zone)


def _celsius(columns: Columns) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    # None becomes NaN here.
    return np.array(columns.units, dtype=np.float64) / UNITS_PER_C


def _wide(columns: Columns, asked: list[str] | None, zone: tzinfo) -> pd.DataFrame:
    numbers = np.array(columns.probe, dtype=np.int64)
    present = {columns.ids[int(number)] for number in np.unique(numbers)}
    names = sorted(present) if asked is None else asked
    place = np.zeros(max(columns.ids, default=0) + 1, dtype=np.intp)
    for number, id_ in columns.ids.items():
        if id_ in names:
            place[number] = names.index(id_)
    times, rows = np.unique(np.array(columns.taken_ms, dtype=np.int64), return_inverse=True)
    values = np.full((len(times), len(names)), np.nan)
    # Two readings of one probe at one moment: the one stored last stands.
    values[rows, place[numbers]] = _celsius(columns)
    return pd.DataFrame(values, index=_times(times, zone), columns=pd.Index(names, name="probe_id", dtype="str"))


def _tidy(columns: Columns, zone: tzinfo) -> pd.DataFrame:
    taken = np.array(columns.taken_ms, dtype=np.int64)
    order = np.argsort(taken, kind="stable")
    names = sorted(columns.ids.values())
    number_of = {id_: at for at, id_ in enumerate(names)}
    codes = np.zeros(max(columns.ids, default=0) + 1, dtype=np.int32)
    for number, id_ in columns.ids.items():
        codes[number] = number_of[id_]
    probes = pd.Categorical.from_codes(codes[np.array(columns.probe, dtype=np.intp)[order]], categories=pd.Index(names, dtype="str"))
    quality = pd.Series(list(columns.quality), dtype="str").iloc[order].reset_index(drop=True)
    return pd.DataFrame(
        {
            "time": _times(taken[order], zone),
            "probe_id": probes,
            "temperature_c": _celsius(columns)[order],
            "quality": quality,
            "received": _times(np.array(columns.received_ms, dtype=np.int64)[order], zone),
        }
    )
