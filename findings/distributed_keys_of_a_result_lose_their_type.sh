#!/bin/sh
# distributed 2026.8.0: a task that returns a dict whose keys are named tuples, say (probe, channel) -> readings, gives its caller plain
# tuples as keys: `key.probe` raises AttributeError there. Values keep their type, a list of named tuples does, and so does the same
# dict one level deeper in another dict. With a cluster of threads in one process (`processes=False`) nothing is changed, so a test
# with threads passes and real workers fail. Exit 0: as met; 1: it changed. Needs python3 with venv.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "distributed==2026.8.0" "dask==2026.8.0"
cd "$D"
export TMPDIR="$D"
cat > sensors.py <<'P'
from typing import NamedTuple


class Sensor(NamedTuple):
    probe: str
    channel: str


SENSOR = Sensor("fridge", "t1")


def keys():
    return {SENSOR: 4.25}


def values():
    return {"newest": SENSOR}


def listed():
    return [SENSOR]


def deeper():
    return {"readings": {SENSOR: 4.25}}
P
cat > ask.py <<'P'
import sys

import distributed
import sensors
from distributed import Client, LocalCluster


def name(one):
    return type(one).__name__


def types(**how):
    how |= {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**how) as cluster, Client(cluster) as client:
        got = {
            task.__name__: client.submit(task, pure=False).result()
            for task in (sensors.keys, sensors.values, sensors.listed, sensors.deeper)
        }
    return {
        "keys": name(next(iter(got["keys"]))),
        "values": name(got["values"]["newest"]),
        "listed": name(got["listed"][0]),
        "deeper": name(next(iter(got["deeper"]["readings"]))),
    }


if __name__ == "__main__":
    found = {"processes": types(processes=True), "threads": types(processes=False)}
    print(distributed.__version__, found)
    kept = dict.fromkeys(("keys", "values", "listed", "deeper"), "Sensor")
    sys.exit(found != {"processes": kept | {"keys": "tuple"}, "threads": kept})
P
"$D/venv/bin/python" ask.py
