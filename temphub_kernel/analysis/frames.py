"""`load`: stored readings as a pandas frame. Opens the journal read-only for the length of the call. Any thread."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.paths import JOURNAL_FILE
from ..base.settings import Settings
from ..journal import QUALITY, Reader
from . import logs
from .asked import asked_probes
from .gathered import Gathered, Whole, gathered, times_of
from .moments import When, moment_ms, width_ms
from .steps import tidy_steps, wide_steps
from .zone import find_zone

EVER_MS = 2**53
WIDE = ("units",)
TIDY = ("units", "quality", "delay_ms")


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
        fields = WIDE if not tidy else (*TIDY, *(("boot", "seq") if numbered else ()))
        found = gathered(reader, from_ms, to_ms, asked, fields, raw=raw)
        if not tidy:
            return _wide(found, asked, zone, raw=raw)
        return _tidy(found, reader.boots() if numbered else None, zone, raw=raw)


def _wide(found: Gathered, asked: list[str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    present = {found.ids[int(number)] for number in np.unique(found["probe"])}
    names = sorted(present) if asked is None else asked
    place = np.zeros(max(found.ids, default=0) + 1, dtype=np.intp)
    for number, id_ in found.ids.items():
        if id_ in names:
            place[number] = names.index(id_)
    taken_ms = found.pop("taken_ms")
    new = np.concatenate([[True], np.diff(taken_ms) != 0])[: len(taken_ms)]
    times, rows = taken_ms[new], np.cumsum(new) - 1
    # By column, as pandas keeps it: the frame then needs no second copy.
    values = np.full((len(names), len(times)), np.nan)
    # Two readings of one probe at one moment: the one stored last stands.
    values[place[found.pop("probe")], rows] = found.pop("raw_c" if raw else "celsius")
    return pd.DataFrame(values.T, index=times_of(times, zone), columns=pd.Index(names, name="probe_id", dtype="str"), copy=False)


def _tidy(found: Gathered, boots: dict[int, str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    taken_ms = found.pop("taken_ms")
    received = times_of(taken_ms + found.pop("delay_ms"), zone)
    frame: dict[str, object] = {
        "time": times_of(taken_ms, zone),
        "probe_id": _category(found.pop("probe"), found.ids),
        "temperature_c": found.pop("celsius"),
        "quality": _category(found.pop("quality"), {code: text for code, text in enumerate(QUALITY) if text}),
        "received": received,
    }
    if raw:
        frame["raw_c"] = found.pop("raw_c")
    if boots is not None:
        frame["boot"] = _category(found.pop("boot"), boots)
        seq = found.pop("seq")
        frame["seq"] = pd.arrays.IntegerArray(seq, seq < 0)
    return pd.DataFrame(frame, copy=False)


def _category(numbers: Whole, names: dict[int, str]) -> "pd.Categorical[Any]":
    """Numbers as the names they stand for, sorted; NaN for a number without one."""
    texts = sorted(set(names.values()))
    code_of = {text: at for at, text in enumerate(texts)}
    codes = np.full(max(names, default=0) + 2, -1, dtype=np.min_scalar_type(-len(texts) - 1))
    for number, text in names.items():
        codes[number] = code_of[text]
    return pd.Categorical.from_codes(codes[numbers], dtype=pd.CategoricalDtype(pd.Index(texts, dtype="str")), validate=False)
