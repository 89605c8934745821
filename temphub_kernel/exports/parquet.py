"""Rows as a Parquet file: zstd, row groups, by time, timestamps in UTC and microseconds.

Fed from the export's thread, written in a thread of its own."""

import queue
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from ..journal import NO_VALUE
from .order import Order
from .source import Piece, Source, celsius, headings, qualities

GROUP_ROWS = 50_000
# What pandas, DuckDB and the rest filter by a moment of any zone; of milliseconds some of them do not.
TIME = pl.Datetime("us", "UTC")
WAITING = 2
LOOK_S = 0.2
SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


class ParquetTable:
    """Writes one file; at most two pieces wait to be written, so memory stays flat."""

    def __init__(self, path: Path, order: Order, source: Source) -> None:
        self._path = path
        self._titles, self._origins = source.names, source.origins if order.origin else {}
        self.paths = [path]
        self._names = [*headings(order), *([] if order.every_ms else ["raw_c"])]
        self._every = bool(order.every_ms)
        self._pieces: queue.Queue[pl.DataFrame | None] = queue.Queue(WAITING)
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._write, name="temphub-parquet", daemon=True)
        self._thread.start()

    def add(self, piece: Piece) -> None:
        """Hand some rows over; waits while two pieces are waiting. Raises OSError when the file cannot be
        written."""
        self._put(self._frame(piece))

    def close(self) -> None:
        """All rows are handed over: wait until they are written. Raises OSError."""
        self._put(None)
        self._thread.join()
        self._check()

    def give_up(self) -> None:
        """End the thread; the file is of no use."""
        self._failed = self._failed or InterruptedError("given up")
        self._thread.join()

    def _put(self, frame: pl.DataFrame | None) -> None:
        while True:
            self._check()
            try:
                self._pieces.put(frame, timeout=LOOK_S)
                return
            except queue.Full:
                continue

    def _check(self) -> None:
        if self._failed is not None:
            raise of_the_disk(self._failed) from self._failed

    def _schema(self) -> "dict[str, Any]":
        numbers: dict[str, Any] = dict.fromkeys(self._names, pl.Float64)
        if self._every:
            return {"start": TIME, "probe_id": pl.String, "name": pl.String, **numbers, "count": pl.Int64}
        return {
            "time": TIME,
            "received": TIME,
            "probe_id": pl.String,
            "name": pl.String,
            **numbers,
            "quality": pl.String,
            **({"origin": pl.String} if self._origins else {}),
        }

    def _frame(self, piece: Piece) -> pl.DataFrame:
        ids = piece.ids
        times: dict[str, Any] = {"start": piece.at_ms}
        if not self._every:
            received = pl.Series(piece.received_ms).set(pl.Series(piece.received_ms == NO_VALUE), None)
            times = {"time": piece.at_ms, "received": received}
        last = (
            {"count": piece.counts}
            if self._every
            else {"quality": [text or None for text in qualities(piece.quality)]}
        )
        probe_ids = [ids[no] for no in piece.probe.tolist()]
        found: dict[str, Any] = {
            **times,
            "probe_id": probe_ids,
            "name": [self._titles.get(id_, id_) for id_ in probe_ids],
        }
        found |= {name: celsius(piece.units[name]) for name in self._names} | last
        if self._origins:
            found["origin"] = [self._origins[no] or None for no in piece.origin.tolist()]
        texts: dict[str, Any] = {name: pl.String for name in ("quality", "origin") if name in found}
        frame = pl.DataFrame(found, schema_overrides=texts)
        return frame.with_columns((pl.col(*times) * 1000).cast(TIME), pl.col(*self._names).fill_nan(None))

    def _given(self, *_: object) -> Iterator[pl.DataFrame]:
        while self._failed is None:
            try:
                frame = self._pieces.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if frame is None:
                return
            yield frame
        raise self._failed

    def _write(self) -> None:
        try:
            source = register_io_source(self._given, schema=self._schema())
            source.sink_parquet(self._path, compression="zstd", row_group_size=GROUP_ROWS, engine="streaming")
        # Whatever stops it is told to the export's thread, which raises it.
        except BaseException as error:
            self._failed = self._failed or error


def of_the_disk(error: BaseException) -> OSError:
    """What the disk says, with its number: polars tells it only at the end of its own words, in errors of its
    own."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    said = str(error)
    number = SYSTEM_ERROR.search(said)
    return OSError(int(number[1]), said, None, int(number[1])) if number else OSError(said)
