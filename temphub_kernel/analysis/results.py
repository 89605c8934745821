"""Result frames: the same columns with the same types whether anything was found or not. Any thread; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd
from pandas.plotting import PlotAccessor

from ..core import TempHubError, free_memory

Array = np.ndarray[Any, np.dtype[Any]]


class _Plot(PlotAccessor):
    """What draws a frame; where a library is missing that can, it says what to do."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        try:
            return super().__call__(*args, **options)
        except ImportError as error:
            raise ImportError(
                'pandas needs matplotlib for that: pip install ".[analysis]" in the folder of TempHub; or '
                "call th.temperature_picture(frame), which needs nothing."
            ) from error


class Frame(pd.DataFrame):
    """A DataFrame that can be written as a workbook although its times have a zone; so can what comes of
    it."""

    @property
    def _constructor(self) -> type[Frame]:
        return Frame

    @property
    def plot(self) -> _Plot:
        """As of any DataFrame."""
        return _Plot(self)

    # Its types say that it is final; nothing of pandas calls it.
    @wraps(pd.DataFrame.to_excel)  # type: ignore[misc]
    def to_excel(self, excel_writer: Any, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """As of any DataFrame; times by the clock of their zone, since a workbook knows no zones."""
        plain = pd.DataFrame(self, copy=False)
        zoned = [name for name in plain.columns if isinstance(plain[name].dtype, pd.DatetimeTZDtype)]
        if zoned:
            plain = plain.assign(**{name: plain[name].dt.tz_localize(None) for name in zoned})
        if isinstance(plain.index, pd.DatetimeIndex) and plain.index.tz is not None:
            plain = plain.set_axis(plain.index.tz_localize(None))
        plain.to_excel(excel_writer, *args, **options)

    @wraps(pd.DataFrame.to_parquet)
    def to_parquet(self, path: Any = None, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        """As of any DataFrame; where a library is missing that can, it says what to do."""
        try:
            return pd.DataFrame(self, copy=False).to_parquet(path, *args, **options)
        except ImportError as error:
            raise ImportError(
                'pandas needs pyarrow for that: pip install ".[analysis]" in the folder of TempHub; or call '
                'th.export(frame, "readings.parquet"), which needs nothing.'
            ) from error


def milliseconds(times: pd.DatetimeIndex) -> Array:
    """Times as int64 milliseconds since 1970."""
    return np.asarray(times.as_unit("ms").asi8)


def must_fit(needed: int, what: str, remedy: str) -> None:
    """Raises TempHubError when so many bytes more are not free: this process would be ended, and say nothing.
    what: which need them, for words."""
    if needed > (free := free_memory()):
        raise TempHubError(
            f"{what} need {needed / 1e9:,.1f} GB of memory more, and {free / 1e9:,.1f} GB are free.",
            remedy,
            code="no_memory",
        )


def wide_fits(moments: int, columns: int, remedy: str) -> None:
    """Raises TempHubError for a wide frame that does not fit into memory: each column has a place for each
    moment of every other."""
    must_fit(moments * columns * 8, f"{columns:,} columns of {moments:,} moments", remedy)


# Milliseconds that stand for 'at no time'.
NEVER = np.iinfo(np.int64).min


def times(ms: Array, zone: tzinfo) -> pd.DatetimeIndex:
    """Milliseconds since 1970 as times in a zone; NEVER is NaT."""
    return pd.DatetimeIndex(_whole(ms).view("datetime64[ms]")).tz_localize("UTC").tz_convert(zone)


def spans(ms: Array) -> pd.TimedeltaIndex:
    """Milliseconds as lengths of time; NEVER is NaT."""
    return pd.TimedeltaIndex(_whole(ms).view("timedelta64[ms]"))


def ids(values: Iterable[Any]) -> pd.Categorical[Any]:
    """Ids of probes as every frame has them: a category, sorted; of nothing it has none. None is NaN."""
    listed = list(values)
    known = sorted({id_ for id_ in listed if id_})
    return pd.Categorical(
        [id_ or None for id_ in listed], dtype=pd.CategoricalDtype(pd.Index(known, dtype="str"))
    )


def table(parts: Sequence[Mapping[str, Any]], columns: Mapping[str, str], zone: tzinfo) -> Frame:
    """One frame of all parts. columns: name -> `time`, `span` (both from milliseconds), `probe`, `text`,
    `count`, `flag` or `number`."""
    found = {}
    for name, kind in columns.items():
        values = (
            np.concatenate([np.atleast_1d(np.asarray(part[name])) for part in parts])
            if parts
            else np.empty(0)
        )
        found[name] = _column(values, kind, zone)
    return Frame(found)


def _column(values: Array, kind: str, zone: tzinfo) -> Any:
    if kind == "time":
        return times(values, zone)
    if kind == "span":
        return spans(values)
    if kind == "probe":
        return ids(values.tolist())
    if kind == "text":
        return pd.array(values.astype(object), dtype="str")
    return values.astype({"count": np.int64, "flag": np.bool_, "number": np.float64}[kind])


def _whole(ms: Array) -> Array:
    return (ms if ms.dtype.kind == "i" else np.rint(ms)).astype(np.int64)
