"""Who asks again and again is told the same as who asks once, and of what is as it was the very same."""

from collections.abc import Iterator

import pytest

from journal.journal_harness import T0, Journal, journal, row
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import STRUCK_OUT
from temphub_kernel.journal import (
    Kept,
    Reader,
    Told,
    calibrate,
    describe,
    forget,
    merge,
    remove,
    restore,
    strike_out,
    unmerge,
)

COUNT = 200


@pytest.fixture
def kept() -> Iterator[Journal]:
    with journal() as made:
        yield made


def crowd(kept: Journal, second: int, count: int = COUNT) -> None:
    kept.writer.store([row(T0 + second * 1000, 40_000_000 + n, f"P{n:03}") for n in range(count)])


def test_the_newest_of_each_is_the_same_for_who_asks_again(kept: Journal) -> None:
    """Through roll-ups, late readings, faults, new probes, corrections and strikes; who sent nothing is the
    very same, before and after it is rolled up."""
    crowd(kept, 0)
    told = Told()
    with Reader(kept.path) as reader:
        steps = [
            kept.roll_up,
            lambda: crowd(kept, 2, 100),
            lambda: kept.writer.store([row(T0 - 5_000, 1, "P001")]),
            lambda: kept.writer.store([row(T0 + 3_000, None, "P002")]),
            kept.roll_up,
            lambda: kept.writer.store([row(T0 + 4_000, 7, "new")]),
            lambda: calibrate(kept.writer, "P003", [(20.0, 21.0)], 0),
            lambda: crowd(kept, 6, 150),
            lambda: forget(kept.writer, 1),
            lambda: strike_out(kept.writer, "P004", 0, now_ms()),
            kept.roll_up,
        ]
        for step in steps:
            before = {one.probe_id: one for one in reader.newest(kept=told)}
            step()
            again = reader.newest(kept=told)
            assert again == reader.newest()
            same = [one for one in again if before.get(one.probe_id) == one and one.quality != STRUCK_OUT]
            assert all(before[one.probe_id] is one for one in same)


def test_probes_are_the_same_for_who_asks_again(kept: Journal) -> None:
    """Met, named, removed, brought back, merged and taken apart again; of those that are as they were the
    very same is told, and where some are merged, too."""
    crowd(kept, 0)
    known = Kept()
    with Reader(kept.path) as reader:
        steps = [
            lambda: describe(kept.writer, "P001", {"alias": "Fridge"}),
            lambda: remove(kept.writer, "P002"),
            lambda: merge(kept.writer, "P003", "P004"),
            lambda: crowd(kept, 1, COUNT + 1),
            lambda: describe(kept.writer, "P005", {"group": "Cellar"}),
            lambda: restore(kept.writer, "P002"),
            lambda: unmerge(kept.writer, "P003"),
        ]
        for step in steps:
            before = {one["id"]: one for one in reader.probes(removed=True, kept=known)}
            step()
            again = reader.probes(removed=True, kept=known)
            assert again == reader.probes(removed=True)
            assert sum(before.get(one["id"]) is not one for one in again) <= 2


def test_of_thousands_only_those_are_read_that_changed(kept: Journal) -> None:
    """What somebody said of one probe is one row to read."""
    crowd(kept, 0)
    known, asked = Kept(), list[str]()
    with Reader(kept.path) as reader:
        reader.probes(kept=known)
        describe(kept.writer, "P001", {"alias": "Fridge"})
        reader._db.set_trace_callback(asked.append)
        reader.probes(kept=known)
        reader._db.set_trace_callback(None)
        (query,) = (one for one in asked if "server_url" in one)
        rows = reader._db.execute(query).fetchall()
        assert [one[1] for one in rows] == ["P001"]
