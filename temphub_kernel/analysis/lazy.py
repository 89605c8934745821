"""`scan`: all readings as a lazy frame of polars, for what does not fit into memory. Any thread."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..base.paths import JOURNAL_FILE
from ..base.settings import Settings
from ..journal import QUALITY, Columns, Reader, celsius_of
from .asked import asked_probes
from .moments import When, moment_ms
from .zone import find_zone

if TYPE_CHECKING:
    import polars as pl

EVER_MS = 2**53
PIECE_ROWS = 500_000


def scan(
    probe: str | Sequence[str] | None = None, start: When = None, end: When = None, *, data_dir: str | Path | None = None
) -> "pl.LazyFrame":
    """Readings taken in [start, end) as a polars LazyFrame, by time: time (UTC), probe_id, temperature_c, raw_c, quality, received.

    Nothing is read before `.collect()`, and then piece by piece, wherever a reading lives; `collect(engine="streaming")` keeps
    memory flat for any range. start, end, probe: as for `load`. Raises TempHubError: no journal, unknown probe, a time that is none.
    """
    # Only here: whoever does not use it does not load it.
    import polars as pl
    from polars.io.plugins import register_io_source

    zone = find_zone("local")
    from_ms = -EVER_MS if start is None else moment_ms(start, zone)
    to_ms = EVER_MS if end is None else moment_ms(end, zone, is_end=True)
    path = Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE
    with Reader(path) as reader:
        asked = asked_probes([str(found["id"]) for found in reader.probes()], probe)
    utc = pl.Datetime("ms", "UTC")
    schema = pl.Schema(
        {
            "time": utc,
            "probe_id": pl.String(),
            "temperature_c": pl.Float64(),
            "raw_c": pl.Float64(),
            "quality": pl.String(),
            "received": utc,
        }
    )

    def pieces(
        with_columns: list[str] | None, predicate: "pl.Expr | None", n_rows: int | None, _batch: int | None
    ) -> "Iterator[pl.DataFrame]":
        # Polars pulls in threads of its own, one after the other.
        with Reader(path, one_thread=False) as reader:
            left = n_rows
            for columns in reader.stream(from_ms, to_ms, asked, most=PIECE_ROWS):
                frame = _frame(columns, schema)
                frame = frame if predicate is None else frame.filter(predicate)
                frame = frame if with_columns is None else frame.select(with_columns)
                yield frame if left is None else frame.head(left)
                left = None if left is None else left - len(frame)
                if left is not None and left <= 0:
                    return

    return register_io_source(pieces, schema=schema, is_pure=True)


def _frame(columns: Columns, schema: "pl.Schema") -> "pl.DataFrame":
    import polars as pl

    ids: dict[int, str | None] = dict(columns.ids)
    named = {"probe_id": (columns.probe, ids), "quality": (columns.quality, dict(enumerate(QUALITY)))}
    texts = {
        name: pl.Series(numbers).replace_strict(texts, default=None, return_dtype=pl.String) for name, (numbers, texts) in named.items()
    }
    values = {
        "time": columns.taken_ms,
        "temperature_c": np.asarray(columns.celsius),
        "raw_c": celsius_of(columns.raw),
        "received": columns.received_ms,
    }
    return pl.DataFrame({name: texts.get(name, values.get(name)) for name in schema}).with_columns(
        pl.col("time", "received").cast(schema["time"]), pl.col("temperature_c", "raw_c").fill_nan(None)
    )
