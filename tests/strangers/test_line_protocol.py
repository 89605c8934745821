"""What goes to engines, read by a stranger that knows the protocol's public reference and nothing of ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from temphub_kernel.core.reading import Row
from temphub_kernel.forward.engine.lines import NEEDED, points_of
from temphub_kernel.journal import Reader, Writer, calibrate

READER = Path(__file__).with_name("programs") / "line_protocol.py"


@pytest.mark.parametrize("site", ["Shop 7", "a=b, c=d", "Kühlhaus „Süd“", "1,2 =", "#x", "日本"])
def test_a_stranger_reads_every_point_as_the_journal_has_it(tmp_path, site):
    """Whatever a place is called, each reading arrives with its own time, value, quality and correction, and
    all of it are numbers."""
    journal = tmp_path / "temphub.sqlite3"
    writer = Writer(journal)
    writer.start()
    units = [213_125_000, None, -187_654_321, 1, -1, 18_000_000_000, 0, -2_700_000_000]
    rows = [
        Row(
            "TempProbe-0A01:b-c.d_e",
            "boot",
            no,
            1_796_013_934_000 + no,
            1_796_013_935_000,
            one,
            None if one is not None else "short_gnd",
        )
        for no, one in enumerate(units)
    ]
    writer.store(rows)
    writer.store([Row("Tank", "b", 1, 5, 6, 10_000_000, None)])
    calibrate(writer, "Tank", [(0.0, 0.25)], 0)
    assert writer.stop()
    with Reader(journal) as reader:
        lines = points_of(reader.behind(0, 100, fields=NEEDED, own=True), {"Tank": 3}).text(site)
    said = subprocess.run(
        [sys.executable, "-I", str(READER)], input=lines, capture_output=True, check=True, timeout=30
    )
    points = [json.loads(line) for line in said.stdout.splitlines()]
    assert {(one["measurement"], one["tags"]["site"]) for one in points} == {("temphub", site)}
    values = [value for one in points for value in one["fields"].values()]
    assert all(type(value) is float for value in values) and len(values) == len(points)
    raw = {one["time"]: one["fields"]["celsius"] for one in points if "celsius" in one["fields"]}
    sent = {row.taken_ms: row.units / 1e7 for row in rows if row.units is not None}
    assert raw == {**sent, 5: 1.0}
    (bad,) = (one for one in points if "flagged" in one["fields"])
    assert bad["tags"]["quality"] == "short_gnd" and bad["time"] == 1_796_013_934_001
    (corrected,) = (one for one in points if "corrected" in one["fields"])
    assert corrected["tags"] == {"site": site, "probe": "Tank", "revision": "3"}
    assert corrected["fields"] == {"corrected": 1.25}


def test_the_stranger_refuses_what_is_not_to_the_letter():
    """It would notice: a text without quotes, a bare comma in a tag, a missing field or time in words."""
    for wrong in ("a,b=c d=n/a 1", "a,b=c,d e=1 1", "a,b=c 1", "a,b=c d=1 now", ",b=c d=1", 'a b="c'):
        said = subprocess.run([sys.executable, "-I", str(READER)], input=wrong.encode(), capture_output=True)
        assert said.returncode == 1, wrong
