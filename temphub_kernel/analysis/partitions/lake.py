"""A lake: Parquet files by site and month, as `temphub export` with --hive writes them, on this computer or
wherever fsspec reaches; as a lazy frame of polars or dask. Any thread.

A file is <folder>/site=<name>/month=<YYYY-MM>/readings.parquet; the name as in web addresses (%20 for a
space), the month by UTC. Whatever else lies there is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...core import EPOCH, MILLISECOND, NotFound, TempHubError
from ...exports.target import File, Target, month_ms, not_installed

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

ENGINES = ("polars", "dask")
PLACES = ("site", "month")
# So many rows are a partition of dask, or are read at once from afar: some hundred bytes each.
PIECE_ROWS = 2_000_000
# What comes again and again is read as numbers for its texts.
TEXTS = ("probe_id", "name", "quality", "boot")


class Asked(NamedTuple):
    """Which readings: those of [from_ms, to_ms), of these probes by id or name (None: of all), with times in
    a zone."""

    from_ms: int
    to_ms: int
    probes: tuple[str, ...] | None
    zone: str


class Piece(NamedTuple):
    """Some groups of rows of a file (None: all)."""

    target: Target
    file: File
    groups: tuple[int, ...] | None = None


def scan_lake(source: str, asked: Asked, engine: str, options: Mapping[str, Any] | None = None) -> Any:
    """The readings as a polars.LazyFrame or a dask.dataframe.DataFrame, by site and time: the columns of the
    files, site and month. Raises TempHubError: no such files, an engine that is none or is not installed."""
    if engine not in ENGINES:
        raise TempHubError(
            f"engine is {engine!r}, which is none that reads a lake.",
            'Use engine="polars" on one computer, or engine="dask" on a cluster.',
            code="bad_engine",
        )
    target = Target(source, options)
    files = [file for file in target.files() if _may_hold(file.month, asked)]
    if not files:
        raise NotFound(
            f"No site=…/month=…/….parquet of that time lies in {target.shown}, so there is nothing to read.",
            "Give the folder that --hive of `temphub export` was given, or another time.",
            code="no_lake",
        )
    return (_by_dask if engine == "dask" else _by_polars)(target, files, asked)


def _may_hold(month: str, asked: Asked) -> bool:
    first_ms, end_ms = month_ms(month)
    return first_ms < asked.to_ms and end_ms > asked.from_ms


def _bounds(asked: Asked, files: Sequence[File]) -> tuple[datetime | None, datetime | None]:
    """From when on and up to when rows are wanted, None where the files hold no others."""
    months = [month_ms(file.month) for file in files]
    first_ms, end_ms = min(one[0] for one in months), max(one[1] for one in months)
    return (
        EPOCH + MILLISECOND * asked.from_ms if asked.from_ms > first_ms else None,
        EPOCH + MILLISECOND * asked.to_ms if asked.to_ms < end_ms else None,
    )


def _by_polars(target: Target, files: Sequence[File], asked: Asked) -> pl.LazyFrame:
    import polars as pl

    if target.folder is None:
        lazy = _from_afar(target, files)
    else:
        # Polars takes whatever folder above it that has such a name for one of the lake's.
        above = {part.partition("=")[0] for part in target.folder.parts if "=" in part} - {*PLACES}
        lazy = pl.scan_parquet(
            [file.path for file in files],
            glob=False,
            hive_partitioning=True,
            hive_schema=dict.fromkeys((*PLACES, *above), pl.String()),
            try_parse_hive_dates=False,
        ).drop(above)
    time, (first, end) = pl.col("time"), _bounds(asked, files)
    lazy = lazy if first is None else lazy.filter(time >= pl.lit(first))
    lazy = lazy if end is None else lazy.filter(time < pl.lit(end))
    if asked.probes is not None:
        lazy = lazy.filter(pl.col("probe_id").is_in(asked.probes) | pl.col("name").is_in(asked.probes))
    return lazy.with_columns(time.dt.convert_time_zone(asked.zone))


def _from_afar(target: Target, files: Sequence[File]) -> pl.LazyFrame:
    """What polars itself does not reach, some rows at a time."""
    import polars as pl
    from polars.io.plugins import register_io_source

    with _parquet(target, files[0]) as first:
        schema = _plain(pl.from_arrow(first.schema_arrow.empty_table()), files[0]).schema

    def pieces(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        names = list(schema) if with_columns is None else with_columns
        needed = {*names, *(() if predicate is None else predicate.meta.root_names()), "time"}
        for file in files:
            with _parquet(target, file) as opened:
                wanted = [name for name in schema if name in needed and name not in PLACES]
                for batch in opened.iter_batches(PIECE_ROWS, columns=wanted):
                    frame = _plain(pl.from_arrow(batch), file)
                    frame = (frame if predicate is None else frame.filter(predicate)).select(names)
                    yield frame if n_rows is None else frame.head(n_rows)
                    n_rows = None if n_rows is None else max(n_rows - len(frame), 0)
                    if n_rows == 0:
                        return

    return register_io_source(pieces, schema=schema, is_pure=True)


def _plain(frame: Any, file: File) -> pl.DataFrame:
    """With the place and month, as polars reads a file itself."""
    import polars as pl

    texts = [name for name in TEXTS if name in frame.columns]
    found: pl.DataFrame = frame.with_columns(
        pl.col(*texts).cast(pl.String), site=pl.lit(file.site), month=pl.lit(file.month)
    )
    return found


@contextmanager
def _parquet(target: Target, file: File) -> Iterator[Any]:
    """The file, open. Raises TempHubError without pyarrow."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise not_installed("pyarrow, which reads Parquet files piece by piece,", error) from error
    with (
        target.opened(file.path) as source,
        ParquetFile(source, read_dictionary=list(TEXTS), pre_buffer=False) as opened,
    ):
        yield opened


def _by_dask(target: Target, files: Sequence[File], asked: Asked) -> Any:
    try:
        import dask.dataframe
    except ImportError as error:
        raise not_installed("dask", error) from error
    pieces = [piece for file in files for piece in _pieces(target, file)]
    meta = _read(pieces[0]._replace(groups=()))
    made: Any = dask.dataframe.from_map
    frame = made(_read, pieces, meta=meta, label="temphub-readings")
    first, end = _bounds(asked, files)
    frame = frame if first is None else frame[frame["time"] >= first]
    frame = frame if end is None else frame[frame["time"] < end]
    if asked.probes is not None:
        wanted = list(asked.probes)
        frame = frame[frame["probe_id"].isin(wanted) | frame["name"].isin(wanted)]
    if asked.zone != "UTC":
        frame["time"] = frame["time"].dt.tz_convert(asked.zone)
    return frame


def _pieces(target: Target, file: File) -> Iterator[Piece]:
    """A file in pieces of at most about PIECE_ROWS, one like the other."""
    with _parquet(target, file) as opened:
        groups, rows = opened.num_row_groups, opened.metadata.num_rows
    for some in np.array_split(np.arange(groups), max(-(-rows // PIECE_ROWS), 1)):
        yield Piece(target, file, tuple(some.tolist()))


def _read(piece: Piece, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Its rows, on whatever worker."""
    import pyarrow

    with _parquet(piece.target, piece.file) as opened:
        names = [*opened.schema_arrow.names, *PLACES] if columns is None else list(columns)
        stored = [name for name in names if name not in PLACES]
        groups = range(opened.num_row_groups) if piece.groups is None else piece.groups
        table = opened.read_row_groups(list(groups), columns=stored)
    for name in PLACES:
        if name in names:
            text = pyarrow.scalar(getattr(piece.file, name))
            table = table.append_column(name, pyarrow.repeat(text, len(table)))
    table = table.select(names)
    for name in (*TEXTS, *PLACES):
        if name in names:
            # A category has the texts of its own file only: to dask all partitions have to be alike.
            texts = table[name].cast(pyarrow.large_string())
            table = table.set_column(names.index(name), name, texts)
    frame: pd.DataFrame = table.to_pandas()
    return frame.astype({name: "str" for name in (*TEXTS, *PLACES) if name in frame})
