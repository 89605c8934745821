#!/bin/sh
# polars 2.1.0: `read_csv(has_header=False, schema=…, truncate_ragged_lines=True)`. The schema names the columns, and lines may be of
# any length, so a log whose first line is shorter than the schema (a logger that was given a second sensor later) should give nulls
# there, as it does when any later line is the short one. When the first line is it, SchemaError: "column names specified in schema
# not found". Exit 0: as met; 1: it changed. Needs python3 with venv.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "polars==2.1.0"
cd "$D"
"$D/venv/bin/python" - <<'P'
import io
import sys

import polars as pl

schema = {"time": pl.String, "fridge": pl.String, "freezer": pl.String}


def read(*lines):
    try:
        return pl.read_csv(
            io.StringIO("\n".join(lines) + "\n"), has_header=False, schema=schema, truncate_ragged_lines=True
        ).rows()
    except pl.exceptions.SchemaError as error:
        return str(error).split("\n")[0][:60]


whole, short = "2026-11-01 00:10,4.1,-18.2", "2026-11-01 00:00,4.0"
found = {"short line last": read(whole, short), "short line first": read(short, whole)}
print(pl.__version__, found)
sys.exit(
    not (
        found["short line last"] == [tuple(whole.split(",")), (*short.split(","), None)]
        and str(found["short line first"]).startswith("column names specified in schema not found")
    )
)
P
