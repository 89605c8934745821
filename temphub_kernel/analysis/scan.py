"""`scan`: all readings as a lazy frame of polars, for what does not fit into memory. Any thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import TempHubError, titles
from ..journal import NO_VALUE, QUALITY, Columns, Import, Ints, Reader, celsius_of, imports_of
from . import load_engine, partitions
from .arguments import Probes, When, asked_probes, check_source, find_zone, journal_of, span_ms

if TYPE_CHECKING:
    import polars as pl


PIECE_ROWS = 500_000
TIMES = ("time", "received")
DEGREES = ("temperature_c", "raw_c")
Read = Generator[Columns, None, None]
# Which of the journal's columns each of ours is made of.
MADE_OF = {
    "time": ("taken_ms",),
    "probe_id": ("probe",),
    "name": ("probe",),
    "temperature_c": ("units",),
    "raw_c": ("units",),
    # What a thermocouple is made true by may be a doubt about its value.
    "quality": ("quality", "units"),
    "received": ("delay_ms",),
    "origin": ("no",),
}


def scan(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str | None = None,
    struck_out: bool = False,
    names: bool = False,
    origin: bool = False,
    data_dir: str | Path | None = None,
    source: str | Path = "",
    engine: str = "polars",
    options: Mapping[str, Any] | None = None,
) -> pl.LazyFrame:
    """Readings taken in [start, end) as a polars LazyFrame, by time: time, probe_id, temperature_c, raw_c,
    quality, received.

    Nothing is read before `.collect()`, and then piece by piece, wherever a reading lives;
    `collect(engine="streaming")` keeps memory flat for any range. start, end, probe, struck_out: as for
    `load`. tz: the zone of the times ("local" or a name; UTC without it); polars wants moments in a filter to
    be of the same. names: with a column `name` beside probe_id, what the page calls it. origin: with a column
    `origin`, as for `load`.

    source: a lake that --hive of `temphub export` made, a folder or an address such as s3://bucket/lake; then
    it has columns site, month, name, boot and seq as well, all readings (what is struck out without a value),
    and only probe (ids and names as they are there), start, end and tz go with it. engine: "polars", or
    "dask" for a dask.dataframe.DataFrame, worked through on the cluster whose Client there is. options: what
    fsspec takes for that address. `gaps`, `excursions`, `degree_hours` and `mean_kinetic_temperature` take
    what comes of this, partition by partition. Or the http address of an engine to which many hubs forward
    (docs/fleet.md): with a column site and no received; only probe (ids), start, end and tz go with it.
    Raises TempHubError: no journal or lake, unknown probe, a time or zone that is none.
    """
    zone = find_zone(tz or "local")
    from_ms, to_ms = span_ms(start, end, zone)
    shown = str(zone) if tz else "UTC"
    journals = {"struck_out": struck_out, "names": names, "origin": origin, "data_dir": data_dir}
    if str(source).startswith(("http://", "https://")):
        check_source("An engine", **journals, engine=engine != "polars", options=options)
        return _of_engine(str(source), probe, (from_ms, to_ms), shown)
    if source:
        check_source("A lake", **journals)
        ids = None if probe is None else (probe,) if isinstance(probe, str) else tuple(probe)
        wanted = partitions.Asked(from_ms, to_ms, ids, shown)
        return partitions.scan_lake(str(source), wanted, engine, options)  # type: ignore[no-any-return]
    path = journal_of(data_dir)
    with Reader(path) as reader:
        probes, imports = reader.probes(removed=True), reader.imports() if origin else []
    asked, called = asked_probes(probes, probe), titles(probes)

    def stream(reader: Reader, fields: tuple[str, ...], everything: bool) -> Read:
        # Who wants the first few need not wait for more.
        how = {"struck_out": struck_out, "at_once": everything}
        return reader.stream(from_ms, to_ms, asked, most=PIECE_ROWS, fields=fields, **how)

    return _lazy(path, _schema(shown, names=names, origin=origin), stream, called, imports)


def _of_engine(source: str, probe: Probes, span: tuple[int, int], shown: str) -> pl.LazyFrame:
    """All places, stretch by stretch of time."""
    from polars.io.plugins import register_io_source

    wanted = None if probe is None else {probe} if isinstance(probe, str) else set(probe)
    schema, frames = load_engine.schema(shown), load_engine.frames(source, wanted, span)

    def pieces(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        found = frames(_needed(schema, with_columns, predicate))
        yield from _limited((_asked(one, with_columns, predicate) for one in found), n_rows)

    return register_io_source(pieces, schema=schema, is_pure=True)


def _lazy(
    path: Path,
    schema: pl.Schema,
    stream: Callable[[Reader, tuple[str, ...], bool], Read],
    called: dict[str, str],
    imports: Sequence[Import],
) -> pl.LazyFrame:
    # Only here: whoever does not use it does not load it.
    from polars.io.plugins import register_io_source

    def pieces(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        made = _needed(schema, with_columns, predicate)
        # Polars pulls in threads of its own, one after the other.
        with (
            Reader(path, one_thread=False) as reader,
            closing(stream(reader, _fields(made), n_rows is None)) as read,
        ):
            frames = (_frame(columns, made, called, imports) for columns in read)
            yield from _limited((_asked(frame, with_columns, predicate) for frame in frames), n_rows)

    return register_io_source(pieces, schema=schema, is_pure=True)


def _schema(zone: str, *, names: bool, origin: bool) -> pl.Schema:
    import polars as pl

    kind = pl.Datetime("us", zone)
    return pl.Schema(
        {
            "time": kind,
            "probe_id": pl.String(),
            **({"name": pl.String()} if names else {}),
            "temperature_c": pl.Float64(),
            "raw_c": pl.Float64(),
            "quality": pl.String(),
            "received": kind,
            **({"origin": pl.String()} if origin else {}),
        }
    )


def _needed(schema: pl.Schema, with_columns: list[str] | None, predicate: pl.Expr | None) -> pl.Schema:
    """The columns to make: what nobody asked for costs nothing."""
    if with_columns is None:
        return schema
    import polars as pl

    needed = {*(with_columns or TIMES[:1]), *(() if predicate is None else predicate.meta.root_names())}
    return pl.Schema({name: kind for name, kind in schema.items() if name in needed})


def _fields(made: pl.Schema) -> tuple[str, ...]:
    """What is read for these columns."""
    return tuple(dict.fromkeys(field for name in made for field in MADE_OF[name]))


def _asked(frame: pl.DataFrame, with_columns: list[str] | None, predicate: pl.Expr | None) -> pl.DataFrame:
    frame = frame if predicate is None else _filtered(frame, predicate)
    return frame if with_columns is None or frame.columns == with_columns else frame.select(with_columns)


def _limited(frames: Iterator[pl.DataFrame], n_rows: int | None) -> Iterator[pl.DataFrame]:
    """The first `n_rows` of them together (None: all); no more is read than that takes."""
    if n_rows is None:
        yield from frames
        return
    for frame in frames:
        yield frame.head(n_rows)
        n_rows -= len(frame)
        if n_rows <= 0:
            return


def _filtered(frame: pl.DataFrame, predicate: pl.Expr) -> pl.DataFrame:
    import polars as pl

    try:
        return frame.filter(predicate)
    except pl.exceptions.SchemaError as error:
        zone = getattr(frame.schema["time"], "time_zone", "UTC")
        raise TempHubError(
            f"The filter does not fit the columns ({str(error).splitlines()[0]}); polars compares times of "
            "one and the same zone only.",
            f'Call scan with tz="…", the zone of the moment in the filter, or give that moment in {zone}, or '
            "use start and end.",
            code="bad_filter",
        ) from error


def _frame(
    columns: Columns, schema: pl.Schema, called: dict[str, str], imports: Sequence[Import]
) -> pl.DataFrame:
    import polars as pl

    def text(numbers: Ints, texts: Mapping[int, str | None]) -> pl.Series:
        # Picked by their place: polars would look each number up.
        place = np.full(max(int(numbers.max(initial=0)), *texts, 0) + 1, len(texts), np.uint32)
        place[list(texts)] = np.arange(len(texts))
        # By an index rather than by `gather`, which makes a query of it.
        return pl.Series([*texts.values(), None], dtype=pl.String)[pl.Series(place.take(numbers))]

    def moments(ms: Ints) -> pl.Series:
        found = (pl.Series(ms) * 1000).cast(pl.Datetime("us", "UTC"))
        unknown = ms == NO_VALUE
        return found.set(pl.Series(unknown), None) if unknown.any() else found

    makers: dict[str, Callable[[], pl.Series]] = {
        "time": lambda: moments(columns.taken_ms),
        "probe_id": lambda: text(columns.probe, columns.ids),
        "name": lambda: text(columns.probe, {no: called.get(id_, id_) for no, id_ in columns.ids.items()}),
        "temperature_c": lambda: pl.Series(columns.celsius),
        "raw_c": lambda: pl.Series(celsius_of(columns.raw)),
        "quality": lambda: text(columns.quality, dict(enumerate(QUALITY))),
        "received": lambda: moments(columns.received),
        "origin": lambda: text(imports_of(imports, columns.no), {one.no: one.source for one in imports}),
    }
    made = pl.DataFrame({name: makers[name]() for name in schema})
    return made.with_columns(
        *(pl.col(name).cast(kind) for name, kind in schema.items() if name in TIMES),
        *(pl.col(name).fill_nan(None) for name in DEGREES if name in schema),
    )
