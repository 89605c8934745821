"""Late readings as stretches of time: few numbers, whatever came late."""

from support.waiting import wait_for
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Reader, RollUps, Writer
from temphub_kernel.journal.summary import MOST_SPANS, joined_spans

T0 = 1_700_000_000_000
DAY_MS = 86_400_000


def test_late_stretches_are_kept_with_the_roll_ups(tmp_path):
    """Readings delivered an hour late are told as one stretch, those on time are not; a year's question costs
    a few moments only."""
    writer = Writer(tmp_path / "temphub.sqlite3", gather_s=0)
    writer.start()
    rollups = RollUps(tmp_path / "temphub.sqlite3", writer)
    late = range(T0, T0 + 3_600_000, 10_000)
    writer.store([Row("a", None, None, ms, T0 + 4_000_000, to_units(20), None) for ms in late])
    writer.store(
        [
            Row("a", None, None, T0 + DAY_MS + n * 1000, T0 + DAY_MS + n * 1000 + 90, to_units(20), None)
            for n in range(100)
        ]
    )
    rollups.start()
    with Reader(tmp_path / "temphub.sqlite3") as reader:
        wait_for(lambda: reader.bookmark("rollups")[0] == 460)
        rollups.stop(10)
        found = reader.late(T0 - DAY_MS, T0 + 2 * DAY_MS, 60_000, "a")["a"]
        assert found[0] == T0 and T0 + 3_400_000 < found[-1] <= late[-1] and len(found) == 60
        assert len(reader.late(T0 - 300 * DAY_MS, T0 + 65 * DAY_MS, DAY_MS, "a")["a"]) == 1
        assert reader.late(T0 + DAY_MS, T0 + 2 * DAY_MS, 60_000, "a") == {}
        assert reader.late(T0 - DAY_MS, T0 + DAY_MS, 60_000, "b") == {}
    writer.stop()


def test_the_note_stays_small():
    """Many stretches apart from each other become a bounded number that still covers all of them."""
    spans = [[n * DAY_MS, n * DAY_MS + n] for n in range(2 * MOST_SPANS)]
    found = joined_spans(spans)
    assert len(found) == MOST_SPANS and found[0][0] == 0 and found[-1][1] == spans[-1][1]
    assert all(any(first <= one[0] and one[1] <= last for first, last in found) for one in spans)
