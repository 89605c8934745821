"""Readings as a lake: a Parquet file for each month of a site, as Hive lays them out, for programs that read
many sites at once. One thread.

A file holds a row a reading, by time: time and received (UTC, microseconds), probe_id, name, temperature_c
as calibrated (null where the sensor answered badly or a person struck it out), raw_c as sent, quality, boot,
seq. In its description stands of which readings it was made, so that a month is written again when one came
late or a value counts otherwise, and only then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from ..core import DAY_MS, EPOCH, MILLISECOND, Conflict, TempHubError, titles
from ..journal import NO_VALUE, QUALITY, Columns, Reader, celsius_of
from .order import LAST_MS, bad
from .parquet import TIME, of_the_disk
from .run import Progress, disk_error, quiet
from .target import FILE, File, Target, month_ms, not_installed

PIECE_ROWS = 250_000
# A group of rows is what a reader takes at once.
GROUP_ROWS = 250_000
# The entry in a file's description, and its version: another one has all months written again.
KEY, VERSION = "temphub", 1
SCHEMA = pl.Schema(
    {
        "time": TIME,
        "received": TIME,
        "probe_id": pl.String(),
        "name": pl.String(),
        "temperature_c": pl.Float64(),
        "raw_c": pl.Float64(),
        "quality": pl.String(),
        "boot": pl.String(),
        "seq": pl.Int64(),
    }
)


class Done(NamedTuple):
    """What an export came to. written, unchanged: months, by time; readings: in those that were written."""

    written: list[str]
    unchanged: list[str]
    readings: int


class _Made(NamedTuple):
    """Of which readings a file was made, and how many rows it has."""

    of: str
    rows: int


def export_hive(
    journal: Path,
    site: str,
    address: str,
    *,
    options: Mapping[str, Any] | None = None,
    span: tuple[int, int] = (0, LAST_MS),
    force: bool = False,
    progress: Progress = quiet,
) -> Done:
    """Bring a lake up to date with the months that lie in `span` in part, each whole.

    A month whose readings are there already is not written again; what other sites have there is not touched.
    options: what fsspec takes for that address. force: also where that leaves fewer readings of a month than
    are there. Raises TempHubError: no name of the site, a folder that cannot be written; what was written
    until then is whole.
    """
    if not site.strip():
        raise bad(
            "site",
            "This place has no name, so it could not be told from others in the lake.",
            "Set SITE in Start.bat to a name of this place, or give --site (in a notebook site=…).",
        )
    target = Target(address, options)
    there = {file.month: file for file in target.files() if file.site == site and file.path.endswith(FILE)}
    with Reader(journal) as reader:
        months, judged = _months(reader, span), [VERSION, *reader.judged()]
        of = {month: json.dumps([_count(reader, month), *judged]) for month in months}
    done, refused = Done([], [], 0), []
    for at, month in enumerate(months):
        before = _made(target, there[month]) if month in there else None
        if before is not None and before.of == of[month]:
            done.unchanged.append(month)
        elif before is not None or not of[month].startswith("[0,"):
            rows = _replace(journal, target, site, month, of[month], None if force else before)
            if rows is None:
                refused.append(month)
            else:
                done.written.append(month)
                done = done._replace(readings=done.readings + rows)
        progress((at + 1) / len(months), done.readings)
    if refused:
        raise _fewer(target, site, refused, done)
    return done


def _fewer(target: Target, site: str, months: list[str], done: Done) -> TempHubError:
    shown = ", ".join(months[:6]) + (" …" if len(months) > 6 else "")
    return Conflict(
        f"Of {shown} more readings of {site} lie in {target.shown} than this hub has, so these months were "
        f"left as they are; {len(done.written)} others were written.",
        "Give another --site if that is another hub, or --force if readings were taken back on purpose.",
        code="fewer_readings",
    )


def _months(reader: Reader, span: tuple[int, int]) -> list[str]:
    """Those of readings that lie in a span in part, by time."""
    there = reader.span()
    if there is None:
        return []
    first_ms, last_ms = max(there[0], span[0]), min(there[1], span[1] - 1)
    found: list[str] = []
    at_ms = first_ms
    while at_ms <= last_ms:
        found.append(f"{EPOCH + MILLISECOND * at_ms:%Y-%m}")
        at_ms = month_ms(found[-1])[1]
    return found


def _count(reader: Reader, month: str) -> int:
    steps = reader.steps(*month_ms(month), DAY_MS)[1]
    return int((steps.good + steps.bad).sum())


def _made(target: Target, file: File) -> _Made:
    """Of what a file there was made; of nothing that we know where it is not ours."""
    if target.folder is not None:
        told = pl.read_parquet_metadata(file.path)
        rows = pl.scan_parquet(file.path, glob=False, hive_partitioning=False).select(pl.len()).collect()
        return _Made(told.get(KEY, ""), int(rows.item()))
    try:
        from pyarrow.parquet import read_metadata
    except ImportError as error:
        raise not_installed("pyarrow, which reads Parquet files afar,", error) from error
    with target.opened(file.path) as source:
        metadata = read_metadata(source)
    return _Made((metadata.metadata or {}).get(KEY.encode(), b"").decode(), metadata.num_rows)


def _replace(
    journal: Path, target: Target, site: str, month: str, of: str, before: _Made | None
) -> int | None:
    """Write a month and put it there; how many readings it has. None: fewer than there were, so it was
    not."""
    try:
        with target.room() as folder:
            made = folder / "month.part"
            rows = _write(made, journal, *month_ms(month), of)
            if before is not None and rows < before.rows:
                return None
            target.put(made, site, month)
    except OSError as error:
        raise disk_error(error, target.shown) from error
    return rows


def _write(path: Path, journal: Path, from_ms: int, to_ms: int, of: str) -> int:
    """The readings of [from_ms, to_ms) into a file; how many. Raises TempHubError, OSError."""
    rows, failed = 0, []

    def pieces(*_: object) -> Iterator[pl.DataFrame]:
        nonlocal rows
        try:
            # Polars pulls in threads of its own, one after the other.
            with Reader(journal, one_thread=False) as reader:
                called = titles(reader.probes(removed=True))
                for columns in reader.stream(from_ms, to_ms, most=PIECE_ROWS, struck_out=True):
                    yield _frame(columns, called, reader.boots())
                    rows += len(columns)
        except Exception as error:
            failed.append(error)
            raise

    try:
        register_io_source(pieces, schema=SCHEMA).sink_parquet(
            path, compression="zstd", row_group_size=GROUP_ROWS, metadata={KEY: of}, engine="streaming"
        )
    except Exception as error:
        # Polars has errors of its own for whatever went wrong.
        raise failed[0] if failed else of_the_disk(error) from error
    return rows


def _frame(columns: Columns, called: Mapping[str, str], boots: Mapping[int, str]) -> pl.DataFrame:
    def text(numbers: Any, texts: Mapping[int, str | None]) -> pl.Series:
        return pl.Series(numbers).replace_strict(texts, default=None, return_dtype=pl.String)

    def moments(ms: Any) -> pl.Series:
        return (pl.Series(ms).set(pl.Series(ms == NO_VALUE), None) * 1000).cast(TIME)

    met = set(np.unique(columns.boot).tolist())
    return pl.DataFrame(
        {
            "time": moments(columns.taken_ms),
            "received": moments(columns.received),
            "probe_id": text(columns.probe, columns.ids),
            "name": text(columns.probe, {no: called.get(id_, id_) for no, id_ in columns.ids.items()}),
            "temperature_c": pl.Series(columns.celsius).fill_nan(None),
            "raw_c": pl.Series(celsius_of(columns.raw)).fill_nan(None),
            "quality": text(columns.quality, dict(enumerate(QUALITY))),
            "boot": text(columns.boot, {no: boot for no, boot in boots.items() if no in met}),
            "seq": pl.Series(columns.seq).set(pl.Series(columns.seq < 0), None),
        },
        schema=SCHEMA,
    )
