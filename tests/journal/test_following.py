"""Followers read rows directly; what they get is what everybody else gets by way of columns."""

from journal.journal_harness import T0, journal, row
from support.rows import points_in
from temphub_kernel.journal import Reader, calibrate


def test_followers_get_what_everybody_gets() -> None:
    """Numbers, times, marks and corrected values are the same, good readings, bad ones and those of several
    boots."""
    with journal() as j:
        given = [
            row(T0 + n * 1000, None if n % 5 == 4 else 200_000_000 + n, f"P-{n % 3}", boot=f"b{n % 2}", seq=n)
            for n in range(40)
        ]
        j.writer.store([*given, row(T0 + 50_000)])
        calibrate(j.writer, "P-1", [(0.0, 0.5), (100.0, 101.0)], T0 + 10_000)
        with Reader(j.path) as reader:
            everything = sorted(points_in(reader, 0, 2**53))
            assert reader.after(0, 100) == everything and len(everything) == 41
            assert any(point.units != point.raw for point in everything)
            assert reader.after(7, 5) == everything[7:12]
            assert reader.after(41, 5) == []
