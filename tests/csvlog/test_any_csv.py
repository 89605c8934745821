"""A CSV log as people and programs leave it, read back into a new journal: what makes sense is there, nothing
else, and nothing breaks."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings, strategies as st

from support.filled import refilled_from
from temphub_kernel.core.reading import HIGHEST_C, LOWEST_C, UNITS_PER_C, is_probe_id
from temphub_kernel.journal import Reader, Writer

HEADER = "timestamp,local_time,probe_id,temperature_c,quality"
GOOD = [
    "2026-11-20T12:00:00.000Z,2026-11-20 13:00:00,TempProbe-0096,21.5000000,",
    "2026-11-20T12:00:02.000Z,2026-11-20 13:00:02,TempProbe-0096,,crc",
    "2026-11-20T12:00:04.000Z,2026-11-20 13:00:04,TempProbe-0096:28ff641e,-18.0625000,undated",
]
CELL = st.one_of(
    st.sampled_from([*GOOD[0].split(","), "nan", "inf", "1e400", "9" * 400, "=1+1", '"', "", "0x10"]),
    st.text(max_size=12),
)
LINE = st.one_of(
    st.sampled_from([*GOOD, HEADER, "sep=;", "", '"']),
    st.lists(CELL, max_size=7).map(",".join),
    st.text(max_size=80),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(LINE, max_size=30),
    cut=st.integers(0, 40),
    noise=st.binary(max_size=20),
    at=st.integers(0, 2000),
)
@example(lines=[HEADER, *GOOD], cut=0, noise=b"", at=0)
@example(lines=[HEADER, '"' + "x" * 200_000], cut=0, noise=b"", at=0)
@example(lines=[HEADER, GOOD[0]], cut=0, noise=b"\xff\xfe\0\0", at=70)
def test_any_log_is_read(lines: list[str], cut: int, noise: bytes, at: int) -> None:
    """Torn, edited, half binary: no exception, each stored reading is one that could have been delivered,
    each good line is stored."""
    raw = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    raw = raw[: max(0, len(raw) - cut)]
    raw = raw[:at] + noise + raw[at:]
    with tempfile.TemporaryDirectory() as folder:
        path, log = Path(folder) / "temphub.sqlite3", Path(folder) / "temperature_log.csv"
        log.write_bytes(raw)
        writer = Writer(path)
        writer.start()
        try:
            stored, bad = refilled_from(log, writer)
        finally:
            assert writer.stop()
        with Reader(path) as reader:
            points = reader.after(0, 10_000)
    assert len(points) == stored and bad >= 0
    for point in points:
        assert is_probe_id(point.probe_id) and point.taken_ms >= 0
        assert (point.units is None and point.quality) or LOWEST_C <= (
            point.units or 0
        ) / UNITS_PER_C <= HIGHEST_C
    if not cut and not noise and not any('"' in line for line in lines):
        told = list(csv.reader(io.StringIO(raw.decode("utf-8", "replace"), newline="")))
        assert stored >= sum(",".join(cells) in GOOD for cells in told)
