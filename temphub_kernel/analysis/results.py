"""Result frames: the same columns with the same types whether anything was found or not. Any thread; pure."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]


def milliseconds(times: pd.DatetimeIndex) -> Array:
    """Times as int64 milliseconds since 1970."""
    return np.asarray(times.as_unit("ms").asi8)


# Milliseconds that stand for 'at no time'.
NEVER = np.iinfo(np.int64).min


def times(ms: Array, zone: tzinfo) -> pd.DatetimeIndex:
    """Milliseconds since 1970 as times in a zone; NEVER is NaT."""
    return pd.DatetimeIndex(_whole(ms).view("datetime64[ms]")).tz_localize("UTC").tz_convert(zone)


def spans(ms: Array) -> pd.TimedeltaIndex:
    """Milliseconds as lengths of time; NEVER is NaT."""
    return pd.TimedeltaIndex(_whole(ms).view("timedelta64[ms]"))


def table(parts: Sequence[Mapping[str, Any]], columns: Mapping[str, str], zone: tzinfo) -> pd.DataFrame:
    """One frame of all parts. columns: name -> `time`, `span` (both from milliseconds), `text`, `count`,
    `flag` or `number`."""
    found = {}
    for name, kind in columns.items():
        values = (
            np.concatenate([np.atleast_1d(np.asarray(part[name])) for part in parts])
            if parts
            else np.empty(0)
        )
        found[name] = _column(values, kind, zone)
    return pd.DataFrame(found)


def _column(values: Array, kind: str, zone: tzinfo) -> Any:
    if kind == "time":
        return times(values, zone)
    if kind == "span":
        return spans(values)
    if kind == "text":
        return pd.array(values.astype(object), dtype="str")
    return values.astype({"count": np.int64, "flag": np.bool_, "number": np.float64}[kind])


def _whole(ms: Array) -> Array:
    return (ms if ms.dtype.kind == "i" else np.rint(ms)).astype(np.int64)
