#!/bin/sh
# polars 2.1.0: `group_by_dynamic` over a time column that is not in order. A DataFrame refuses it (InvalidOperationError, "is not
# sorted"); the same rows as a LazyFrame or from `scan_parquet` are counted without a word, and wrongly: of two probes with 12 readings
# each over two hours, stored one after the other, the hours have 6 and 18 rows instead of 12 and 12. A file written by probe is an
# ordinary file, and no error says that its steps are not the hours. Exit 0: as met; 1: it changed. Needs python3 with venv.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "polars==2.1.0"
cd "$D"
"$D/venv/bin/python" - <<'P'
import sys
from datetime import datetime, timedelta

import polars as pl

begin = datetime(2026, 11, 1)
rows = [
    (begin + timedelta(minutes=10 * n + late), probe, 4.0 + n)
    for probe, late in (("a", 0), ("b", 5))
    for n in range(12)
]
frame = pl.DataFrame(rows, schema=["time", "probe", "celsius"], orient="row")
frame.write_parquet("by_probe.parquet")
frame.sort("time").write_parquet("by_time.parquet")


def hours(source):
    try:
        counted = source.group_by_dynamic("time", every="1h").agg(pl.len())
        return [n for _, n in (counted.collect() if isinstance(counted, pl.LazyFrame) else counted).rows()]
    except pl.exceptions.InvalidOperationError:
        return "refused"


found = {
    "DataFrame": hours(frame),
    "LazyFrame": hours(frame.lazy()),
    "scan, by probe": hours(pl.scan_parquet("by_probe.parquet")),
    "scan, by time": hours(pl.scan_parquet("by_time.parquet")),
}
print(pl.__version__, found)
sys.exit(
    found
    != {"DataFrame": "refused", "LazyFrame": [6, 18], "scan, by probe": [6, 18], "scan, by time": [12, 12]}
)
P
