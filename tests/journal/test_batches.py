"""Readings that were committed together lie in one row of the journal; whoever asks cannot tell, and what was known before is known."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import T0, Journal, as_rows, journal, pack_all, row
from support.rows import buckets_in
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import CODE, NO_VALUE, Delivered, Outcome, Reader, batches
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

MINUTE_MS = 60_000


def delivered(probe: str, first: int, count: int, *, boot: str = "b", step: int = 1, late_ms: int = 0, faults: bool = False) -> Delivered:
    """A batch of readings two seconds apart, its numbers `step` apart."""
    seq = first + np.arange(count) * step
    units = 200_000_000 + seq % 97 * 625_000
    quality = np.where(seq % 10 == 3, CODE["crc"], 0) if faults else np.zeros(count, np.int64)
    units = np.where(quality > 0, NO_VALUE, units)
    return Delivered(probe, boot, T0, seq, T0 - late_ms - (first + count * step - seq) * 2_000, units, quality)


def rows_of(given: Delivered) -> list[Row]:
    return [given.row(at) for at in range(len(given))]


@pytest.fixture
def j(tmp_path: Path) -> Iterator[Journal]:
    with journal(tmp_path) as made:
        yield made


def kinds(j: Journal) -> tuple[int, int]:
    """(rows, batches) in the journal."""
    with closing(open_for_reading(j.path)) as db:
        return tuple(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("readings", "batches"))  # type: ignore[return-value]


def fill(j: Journal, chance: random.Random) -> None:
    """Lone readings and batches in turns, late ones and faults among them, over more than two blocks."""
    number = 0
    while j.writer.last_no < 2 * BLOCK_ROWS + 200:
        kind = chance.randrange(3)
        if kind == 0:
            j.writer.store([row(T0 - chance.randrange(10**7), 210_000_000, "lone") for _ in range(chance.randrange(1, 20))])
        else:
            count = chance.choice([1, 10, 100, 1000])
            late_ms = chance.choice([0, 86_400_000])
            j.writer.store(delivered(f"P{chance.randrange(3)}", number, count, late_ms=late_ms, faults=kind == 2))
            number += count


def answers(reader: Reader) -> list[object]:
    """Whatever can be asked."""
    columns = reader.columns(0, 2**50)
    found: list[object] = [[column.tolist() for column in columns[1:]], reader.count(), reader.span(), reader.newest()]
    found += [reader.after(0, 500), reader.after(BLOCK_ROWS - 20, 100), reader.after(reader.count() - 3, 100)]
    # What counts are the readings; a piece may end elsewhere.
    pieces = [*reader.stream(0, 2**50, by_number=True)], [*reader.stream(T0 - 10**6, T0, ["P0", "lone"], most=2_000)]
    found += [[no for piece in one for no in piece.no.tolist()] for one in pieces]
    found += [[column.tolist() for column in reader.behind(77, 5_000)[1:]], reader.common("P0", "P1")]
    found += [[column.tolist() for column in reader.steps(T0 - 10**6, T0 + 1, width)[1]] for width in (10_000, MINUTE_MS)]
    return found


@pytest.mark.parametrize("rolled", [False, True], ids=["not rolled up", "rolled up"])
def test_every_answer_is_that_of_rows(j: Journal, rolled: bool) -> None:
    """The journal with batches, with each reading a row, and with packs answers every question alike; `about` never says too few."""
    fill(j, random.Random(5))
    if rolled:
        j.roll_up()
    rows, together = kinds(j)
    assert rows and together
    with Reader(j.path) as reader:
        before, about = answers(reader), reader.about(T0 - 10**6, T0)
    assert about >= sum(one.taken_ms >= T0 - 10**6 and one.taken_ms < T0 for one in _all(j))
    if rolled:
        with Reader(j.path) as reader:
            kept = buckets_in(reader, T0 - 10**6, T0, MINUTE_MS)
        assert pack_all(j) >= 1
        with Reader(j.path) as reader:
            assert answers(reader) == before and buckets_in(reader, T0 - 10**6, T0, MINUTE_MS) == kept
    assert j.writer.change(as_rows).result(10)
    assert kinds(j)[1] == 0
    with Reader(j.path) as reader:
        assert answers(reader) == before


def _all(j: Journal) -> list[object]:
    with Reader(j.path) as reader:
        return reader.after(0, 10**6)  # type: ignore[return-value]


def test_a_batch_as_columns_is_stored_as_its_rows_are(tmp_path: Path) -> None:
    """Repeats, overlaps, gaps, numbers used for other readings: the same outcome and the same journal either way, after a restart too."""
    chance = random.Random(11)
    given = [delivered("P", 0, 100), delivered("P", 0, 100), delivered("P", 50, 100), delivered("P", 300, 100, step=3)]
    given += [delivered("P", 290, 40), delivered("Q", 0, 80, faults=True), delivered("Q", 0, 80, faults=True)]
    given += [delivered("P", chance.randrange(2_000), chance.randrange(1, 200), step=chance.choice([1, 1, 2])) for _ in range(30)]
    other = delivered("P", 1_000, 90)
    given += [other, Delivered("P", "b", T0, other.seq, other.taken_ms + 10, other.units + 90_000_000, other.quality)]
    told: list[list[Outcome]] = []
    kept = []
    for way in (list[Row], Delivered):
        with journal(tmp_path / way.__name__) as made:
            outcomes = []
            for at, one in enumerate(given):
                outcomes.append(made.writer.store(one if way is Delivered else rows_of(one)))
                if at % 9 == 8:
                    made.restart()
            told.append(outcomes)
            kept.append([one[1:] for one in _all(made)])  # type: ignore[index]
    assert told[0] == told[1] and any(one.duplicates for one in told[0]) and any(one.renumbered for one in told[0])
    assert kept[0] == kept[1]


def test_a_crash_forgets_no_number(j: Journal) -> None:
    """What was in batches when the hub was killed is known as repeats afterwards, read back from the batches themselves."""
    given = [delivered("P", first, 500) for first in range(0, 9_000, 500)]
    for one in given:
        j.writer.store(one)
    assert j.writer.change(lambda db: db.execute("UPDATE boots SET seen=''").rowcount).result(10)
    j.writer.change(lambda db: db.execute("DELETE FROM bookmarks WHERE follower='seen'").rowcount).result(10)
    commits = j.writer._commits
    assert commits is not None
    commits.close = commits.abandon  # type: ignore[method-assign]
    j.restart()
    assert [j.writer.store(one) for one in given] == [Outcome(0, 500)] * len(given)


def test_no_batch_reaches_beyond_its_block(j: Journal) -> None:
    """A commit over the border of a block is cut there, so that each block can be packed by itself."""
    for first in range(0, 3 * BLOCK_ROWS, 1_000):
        j.writer.store(delivered("P", first, 1_000))
    with closing(open_for_reading(j.path)) as db:
        pieces = db.execute("SELECT first_no, last_no FROM batches ORDER BY last_no").fetchall()
        assert all(first // BLOCK_ROWS == last // BLOCK_ROWS for first, last in pieces)
        assert [one for first, last in pieces for one in range(first, last + 1)] == list(range(1, j.writer.last_no + 1))
        assert (batches.first_no(db), batches.last_no(db)) == (1, j.writer.last_no)
