"""What people wrote beside the readings, what they struck out and had corrected, as frames. Any thread."""

from datetime import tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import JOURNAL_FILE, Settings
from ..journal import NO_VALUE, Reader
from .arguments import EVER_MS, When, find_zone, span_ms

SPAN = (("start", "from_ms"), ("end", "to_ms"))


def remarks(start: When = None, end: When = None, *, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """Remarks on [start, end), by time: number, start, end, probe_id (None: all), text, written. Raises TempHubError."""
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        found = reader.annotations(from_ms, to_ms)
    times = {name: _times([getattr(one, field) for one in found], zone) for name, field in (*SPAN, ("written", "by_ms"))}
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "start": times["start"],
            "end": times["end"],
            "probe_id": pd.array([one.probe_id for one in found], dtype="str"),
            "text": pd.array([one.text for one in found], dtype="str"),
            "written": times["written"],
        }
    )


def struck_out(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """What is struck out, by probe and time: number, probe_id, start, end (both included), note, made. Raises TempHubError."""
    zone = find_zone(tz)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        found = reader.strikes()
    times = {name: _times([getattr(one, field) for one in found], zone) for name, field in (*SPAN, ("made", "made_ms"))}
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "probe_id": pd.array([one.probe_id for one in found], dtype="str"),
            "start": times["start"],
            "end": times["end"],
            "note": pd.array([one.note for one in found], dtype="str"),
            "made": times["made"],
        }
    )


def thermocouples(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """Whose numbers are corrected as those of a thermocouple's chip: a row for each statement and temperature.

    number, probe_id, start and end (empty: no end), type, chip, cold_c and cold_within_c (what the chip's own temperature is taken for
    where it is not stored, °C), at_c and uncertain_c: by how many °C a value there may be off for that. Raises TempHubError.
    """
    zone = find_zone(tz)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        rows = [(one, *told) for one in reader.thermocouples() for told in one.uncertainty()]
    ends = [NO_VALUE if one.to_ms >= EVER_MS else one.to_ms for one, _, _ in rows]
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one, _, _ in rows], dtype="int64"),
            "probe_id": pd.array([one.probe_id for one, _, _ in rows], dtype="str"),
            "start": _times([one.from_ms for one, _, _ in rows], zone),
            "end": _times(ends, zone),
            "type": pd.array([one.type for one, _, _ in rows], dtype="str"),
            "chip": pd.array([one.chip for one, _, _ in rows], dtype="str"),
            "cold_c": pd.array([one.cold_c for one, _, _ in rows], dtype="float64"),
            "cold_within_c": pd.array([one.within_c for one, _, _ in rows], dtype="float64"),
            "at_c": pd.array([at_c for _, at_c, _ in rows], dtype="int64"),
            "uncertain_c": pd.array([off_c for _, _, off_c in rows], dtype="float64"),
        }
    )


def _times(ms: list[int], zone: tzinfo) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.array(ms, np.int64).view("datetime64[ms]")).tz_localize("UTC").tz_convert(zone)
