#!/bin/sh
# pandas 3.1.1 with pyarrow 26.0.1: `read_parquet(filters=[("time", ">=", moment)])` takes a moment of another zone than the file's only
# where the file counts microseconds. Of files that differ in nothing but the unit of their time (s, ms, ns; all UTC) it raises
# ArrowNotImplementedError "Function 'greater_equal' has no kernel matching input types" for pd.Timestamp(..., tz="Europe/Berlin"),
# although both are moments, pandas compares them in memory, and the same moment with tz="UTC" is taken.
# Exit 0: as met; 1: it changed. Needs python3 with venv.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "pandas==3.1.1" "pyarrow==26.0.1" tzdata
cd "$D"
"$D/venv/bin/python" - <<'P'
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

found = {}
for unit in ("s", "ms", "us", "ns"):
    times = pa.array([1_700_000_000_000], pa.timestamp("ms", tz="UTC")).cast(pa.timestamp(unit, tz="UTC"))
    pq.write_table(pa.table({"time": times, "celsius": [4.0]}), "one.parquet")
    for zone in ("UTC", "Europe/Berlin"):
        try:
            found[unit, zone] = len(
                pd.read_parquet("one.parquet", filters=[("time", ">=", pd.Timestamp("2023-01-01", tz=zone))])
            )
        except pa.ArrowNotImplementedError as error:
            found[unit, zone] = "not implemented"
            print(unit, zone, error)
print(pd.__version__, pa.__version__, found)
wrong = "not implemented"
sys.exit(
    [found[unit, "Europe/Berlin"] for unit in ("s", "ms", "us", "ns")] != [wrong, wrong, 1, wrong]
    or {found[u, "UTC"] for u in ("s", "ms", "us", "ns")} != {1}
)
P
