"""Parquet files: exports of TempHub, its archive of closed months, and tables of others that have a column of
times and one of temperatures. One thread."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from ..core import local_zone
from ..journal import CODE, NO_VALUE
from . import layout, times, values
from .source import Counts, NotRead, Piece, Said

ROWS = 200_000


class ParquetSource:
    """Read in pieces of whole rows."""

    def __init__(self, path: Path, said: Said) -> None:
        self._path, self._said = path, said
        try:
            self._stored = pl.scan_parquet(path)
            schema = self._stored.collect_schema()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise NotRead(f"{path.name} is no whole Parquet file ({error}).", "Export it again.") from error
        layout.refuse_steps(schema.names())
        temporal = [name for name, kind in schema.items() if isinstance(kind, pl.Datetime)]
        numeric = [name for name, kind in schema.items() if kind.is_float() or kind.is_integer()]
        self._time = said.time_column or next(iter(temporal), "")
        # Of closed months there is what was sent, and nothing else.
        usual = [name for name in ("temperature_c", "raw_c") if name in numeric][:1]
        self._values = list(said.columns) or usual or [name for name in numeric if layout.VALUE.search(name)]
        if self._time not in temporal or not self._values:
            there = ", ".join(schema)
            raise NotRead(
                f"{path.name} has no column of times, or none of temperatures (columns: {there}).",
                "Name them with --time-column and --column.",
            )
        self._name = said.name_column or ("probe_id" if "probe_id" in schema else "")
        own = self._name == "probe_id"
        self._quality = "quality" if own and "quality" in schema else ""
        self._titled = own and "name" in schema
        self._zoned = schema[self._time].time_zone is not None  # type: ignore[attr-defined]
        self._units = {name: said.unit or layout.unit_of(name, ()) for name in self._values}
        self.form = "TempHub (Parquet)" if own else "Parquet"
        self.titles: dict[str, str] = {}
        self.names = self._first_names()
        self._say()

    def _first_names(self) -> list[str]:
        if not self._name:
            return [self._series(name) for name in self._values]
        names = self._stored.head(ROWS).select(self._name).unique().collect()[self._name]
        return [str(name) for name in names.sort().to_list()]

    def _say(self) -> None:
        self.open = [
            f"The unit of {name} is told nowhere: say --unit C, --unit F or --unit K."
            for name, unit in self._units.items()
            if not unit
        ]
        units = sorted({values.UNITS.get(unit, "not told") for unit in self._units.values()})
        self.facts = [
            ("times", self._time),
            ("zone of the times", "as the times say" if self._zoned else str(local_zone())),
            ("temperatures", ", ".join(self._values)),
            ("unit", ", ".join(units)),
        ]

    def _series(self, column: str) -> str:
        return self._path.stem if len(self._values) == 1 else column

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        (total,) = self._stored.select(pl.len()).collect().row(0)
        clock = None if self._zoned else times.Clock(local_zone())
        for first in range(0, total, ROWS):
            frame = self._stored.slice(first, ROWS).collect()
            counts.lines += len(frame)
            counts.share = min((first + len(frame)) / total, 1.0)
            for column in self._values:
                yield self._piece(frame, column, clock)

    def _piece(self, frame: pl.DataFrame, column: str, clock: times.Clock | None) -> Piece:
        taken_ms = frame[self._time].dt.epoch("ms").fill_null(NO_VALUE).to_numpy()
        value = frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        units = values.to_units(value, self._units[column])
        quality = np.zeros(len(frame), np.int64)
        if self._quality:
            told = frame[self._quality].cast(pl.String).fill_null("")
            codes = {text or "": code for text, code in CODE.items()}
            quality = told.replace_strict(codes, default=0, return_dtype=pl.Int64).to_numpy()
        if self._name:
            text = frame[self._name].cast(pl.String).fill_null("")
            listed = text.unique(maintain_order=True)
            series = text.replace_strict(listed, np.arange(len(listed)), return_dtype=pl.Int64).to_numpy()
            names = listed.to_list()
            if self._titled:
                called = frame["name"].cast(pl.String).fill_null("").gather(text.arg_unique())
                self.titles |= {id_: title for id_, title in zip(names, called, strict=True) if title}
        else:
            names, series = [self._series(column)], np.zeros(len(frame), np.int64)
        use = (taken_ms != NO_VALUE) & ((units != NO_VALUE) | (quality > 0)) & (quality != CODE["struck_out"])
        taken_ms, series = taken_ms[use], series[use]
        if clock is not None:
            taken_ms = clock.moments(taken_ms, series)
        return Piece(names, series, taken_ms, units[use], quality[use])
