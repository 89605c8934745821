"""What people wrote beside the readings, as a frame. Any thread."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..base.paths import JOURNAL_FILE
from ..base.settings import Settings
from ..journal import Reader
from .moments import When, moment_ms
from .zone import find_zone

EVER_MS = 2**53


def remarks(start: When = None, end: When = None, *, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """Remarks on [start, end), by time: number, start, end, probe_id (None: all), text, written. Raises TempHubError."""
    zone = find_zone(tz)
    from_ms = -EVER_MS if start is None else moment_ms(start, zone)
    to_ms = EVER_MS if end is None else moment_ms(end, zone, is_end=True)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        found = reader.annotations(from_ms, to_ms)
    times = {
        name: pd.DatetimeIndex(np.array([getattr(one, field) for one in found], np.int64).view("datetime64[ms]")).tz_localize("UTC")
        for name, field in (("start", "from_ms"), ("end", "to_ms"), ("written", "by_ms"))
    }
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "start": times["start"].tz_convert(zone),
            "end": times["end"].tz_convert(zone),
            "probe_id": pd.array([one.probe_id for one in found], dtype="str"),
            "text": pd.array([one.text for one in found], dtype="str"),
            "written": times["written"].tz_convert(zone),
        }
    )
