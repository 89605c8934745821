"""`load`: stored readings as a pandas frame. Opens the journal read-only for the length of the call. Any thread."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.paths import JOURNAL_FILE
from ..base.settings import Settings
from ..journal import QUALITY, Columns, Reader, celsius_of
from . import logs
from .asked import asked_probes
from .moments import When, moment_ms, width_ms
from .steps import tidy_steps, wide_steps
from .zone import find_zone

EVER_MS = 2**53
WIDE = ("taken_ms", "probe", "units")
TIDY = ("taken_ms", "probe", "units", "quality", "delay_ms")


def load(
    probe: str | Sequence[str] | None = None,
    start: When = None,
    end: When = None,
    every: str | timedelta | None = None,
    *,
    tidy: bool = False,
    raw: bool = False,
    numbered: bool = False,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Readings taken in [start, end), from the journal in `data_dir` (default: the settings'), or from the CSV logs there if it has none.

    Wide: index `time` in the zone `tz` ("local", "UTC" or a name), one column per probe in °C as calibrated; NaN where the sensor
    answered badly or nothing was measured. `tidy=True`: columns time, probe_id, temperature_c, quality, received, a row per reading;
    `raw=True` adds raw_c (as the probe sent it), `numbered=True` adds boot and seq, which prove what is missing.
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
    if not path.exists() and logs.found(path.parent):
        return logs.load(path.parent, probe, from_ms, to_ms, zone, tidy=tidy, every=every)
    with Reader(path) as reader:
        asked = asked_probes([str(found["id"]) for found in reader.probes()], probe)
        if every is not None:
            steps = tidy_steps(reader, from_ms, to_ms, asked, every, width, zone)
            return steps if tidy else wide_steps(steps, asked, every, width)
        if not tidy:
            return _wide(reader.columns(from_ms, to_ms, asked, fields=WIDE), asked, zone, raw=raw)
        fields = (*TIDY, *(("boot", "seq") if numbered else ()))
        return _tidy(reader.columns(from_ms, to_ms, asked, fields=fields), reader.boots() if numbered else None, zone, raw=raw)


def times_of(ms: "np.ndarray[tuple[int], np.dtype[np.int64]]", zone: tzinfo) -> pd.DatetimeIndex:
    """Milliseconds since 1970 as an index in a zone."""
    return pd.DatetimeIndex(ms.view("datetime64[ms]"), name="time").tz_localize("UTC").tz_convert(zone)


def _wide(columns: Columns, asked: list[str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    present = {columns.ids[int(number)] for number in np.unique(columns.probe)}
    names = sorted(present) if asked is None else asked
    place = np.zeros(max(columns.ids, default=0) + 1, dtype=np.intp)
    for number, id_ in columns.ids.items():
        if id_ in names:
            place[number] = names.index(id_)
    times, rows = _distinct(columns.taken_ms)
    # By column, as pandas keeps it: the frame then needs no second copy.
    values = np.full((len(names), len(times)), np.nan)
    # Two readings of one probe at one moment: the one stored last stands.
    values[place[columns.probe], rows] = celsius_of(columns.raw if raw else columns.units)
    return pd.DataFrame(values.T, index=times_of(times, zone), columns=pd.Index(names, name="probe_id", dtype="str"), copy=False)


def _distinct(
    taken_ms: "np.ndarray[tuple[int], np.dtype[np.int64]]",
) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.intp]]]":
    """(each time once, ascending; the place of each reading's time among them). Readings come nearly in order: that is quick to sort."""
    order = np.argsort(taken_ms, kind="stable")
    sorted_ms = taken_ms[order]
    new = np.concatenate([[True], np.diff(sorted_ms) != 0])[: len(sorted_ms)]
    rows = np.empty(len(taken_ms), dtype=np.intp)
    rows[order] = np.cumsum(new) - 1
    return sorted_ms[new], rows


def _tidy(columns: Columns, boots: dict[int, str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    order = np.argsort(columns.taken_ms, kind="stable")
    frame: dict[str, object] = {
        "time": times_of(columns.taken_ms[order], zone),
        "probe_id": _category(columns.probe[order], columns.ids),
        "temperature_c": celsius_of(columns.units)[order],
        "quality": _category(columns.quality[order], {code: text for code, text in enumerate(QUALITY) if text}),
        "received": times_of(columns.received_ms[order], zone),
    }
    if raw:
        frame["raw_c"] = celsius_of(columns.raw)[order]
    if boots is not None:
        frame["boot"] = _category(columns.boot[order], boots)
        frame["seq"] = pd.arrays.IntegerArray(columns.seq[order], columns.seq[order] < 0)
    return pd.DataFrame(frame, copy=False)


def _category(numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]", names: dict[int, str]) -> pd.Categorical:
    """Numbers as the names they stand for, sorted; NaN for a number without one."""
    texts = sorted(set(names.values()))
    code_of = {text: at for at, text in enumerate(texts)}
    codes = np.full(max(names, default=0) + 2, -1, dtype=np.int32)
    for number, text in names.items():
        codes[number] = code_of[text]
    return pd.Categorical.from_codes(codes[numbers], categories=pd.Index(texts, dtype="str"))
