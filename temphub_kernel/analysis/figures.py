"""`statistics`: each probe's figures of a time as a frame. Opens the journal read-only for the length of the
call. Any thread."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ..core import JOURNAL_FILE, Settings, titles
from ..journal import Figures, Reader
from .arguments import When, asked_probes, find_zone, span_ms


def statistics(
    probe: str | Sequence[str] | None = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """The figures of each probe with a good reading in [start, end), a row each: what page, `/api/statistics`
    and workbooks tell.

    probe_id, name, count (good readings), faults (readings without a value), min_c, mean_c, max_c, sigma_c
    (standard deviation) in °C, trend_c_per_h (slope by least squares, °C per hour), exact,
    mean_of_readings_c, sigma_of_readings_c. Mean, sigma and trend are over time: each reading counts for as
    long as it holds (see `load`); exact: whether they are no estimates, because of no more than 50,000
    readings of the probe. In those of readings each counts alike. NaN where there are too few readings.
    start, end, probe: as for `load`, in the zone `tz`. Raises TempHubError: no journal, unknown probe, a time
    that is none.
    """
    zone = find_zone(tz)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        probes = reader.probes(removed=True)
        asked, called = asked_probes(probes, probe), titles(probes)
        there = reader.span() or (0, 0)
        from_ms, to_ms = span_ms(start, end, zone)
        from_ms, to_ms = max(from_ms, there[0]), min(to_ms, there[1] + 1)
        found = reader.figures(from_ms, to_ms, asked) if from_ms < to_ms else {}
    ids = sorted(found) if asked is None else [id_ for id_ in asked if id_ in found]
    return _frame([found[id_] for id_ in ids], ids, called)


def _frame(told: Sequence[Figures], ids: Sequence[str], called: Mapping[str, str]) -> pd.DataFrame:
    def numbers(name: str) -> "pd.Series[float]":
        return pd.Series([getattr(one, name) for one in told], dtype="float64")

    return pd.DataFrame(
        {
            "probe_id": pd.array(ids, dtype="str"),
            "name": pd.array([called.get(id_, id_) for id_ in ids], dtype="str"),
            "count": pd.Series([one.readings for one in told], dtype="int64"),
            "faults": pd.Series([one.faults for one in told], dtype="int64"),
            **{
                f"{name}_c": numbers(field)
                for name, field in (("min", "low"), ("mean", "mean"), ("max", "high"), ("sigma", "sigma"))
            },
            "trend_c_per_h": numbers("trend"),
            "exact": pd.Series([one.exact for one in told], dtype="bool"),
            "mean_of_readings_c": numbers("mean_of_readings"),
            "sigma_of_readings_c": numbers("sigma_of_readings"),
        }
    )
