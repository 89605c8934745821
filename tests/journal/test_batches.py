"""Readings that were committed together lie in one row of the journal; whoever asks cannot tell, and what was
known before is known."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import T0, Journal, as_rows, journal, pack_all, row
from support.rows import buckets_in
from support.waiting import PATIENCE_S
from temphub_kernel.core.errors import JournalUnwritable
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import (
    CODE,
    FIELDS,
    JUNCTION,
    NO_VALUE,
    Delivered,
    Outcome,
    Reader,
    batches,
    summary,
)
from temphub_kernel.journal.packed import differences, packs
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading
from temphub_kernel.journal.statistics import steps_of

MINUTE_MS = 60_000


def delivered(
    probe: str,
    first: int,
    count: int,
    *,
    boot: str = "b",
    step: int = 1,
    late_ms: int = 0,
    faults: bool = False,
) -> Delivered:
    """A batch of readings two seconds apart, its numbers `step` apart."""
    seq = first + np.arange(count) * step
    units = 200_000_000 + seq % 97 * 625_000
    quality = np.where(seq % 10 == 3, CODE["crc"], 0) if faults else np.zeros(count, np.int64)
    units = np.where(quality > 0, NO_VALUE, units)
    return Delivered(
        probe, boot, T0, seq, T0 - late_ms - (first + count * step - seq) * 2_000, units, quality
    )


def rows_of(given: Delivered) -> list[Row]:
    return [given.row(at) for at in range(len(given))]


@pytest.fixture
def j(tmp_path: Path) -> Iterator[Journal]:
    with journal(tmp_path) as made:
        yield made


def kinds(j: Journal) -> tuple[int, int]:
    """(rows, batches) in the journal."""
    with closing(open_for_reading(j.path)) as db:
        return tuple(
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("readings", "batches")
        )  # type: ignore[return-value]


def fill(j: Journal, chance: random.Random) -> None:
    """Lone readings and batches in turns, late ones and faults among them, over more than two blocks."""
    number = 0
    while j.writer.last_no < 2 * BLOCK_ROWS + 200:
        kind = chance.randrange(3)
        if kind == 0:
            j.writer.store(
                [
                    row(T0 - chance.randrange(10**7), 210_000_000, "lone")
                    for _ in range(chance.randrange(1, 20))
                ]
            )
        else:
            count = chance.choice([1, 10, 100, 1000])
            late_ms = chance.choice([0, 86_400_000])
            j.writer.store(
                delivered(f"P{chance.randrange(3)}", number, count, late_ms=late_ms, faults=kind == 2)
            )
            number += count


def answers(reader: Reader) -> list[object]:
    """Whatever can be asked."""
    columns = reader.columns(0, 2**50)
    found: list[object] = [
        [column.tolist() for column in columns[1:]],
        reader.count(),
        reader.span(),
        reader.newest(),
    ]
    found += [reader.after(0, 500), reader.after(BLOCK_ROWS - 20, 100), reader.after(reader.count() - 3, 100)]
    # What counts are the readings; a piece may end elsewhere.
    pieces = (
        [*reader.stream(0, 2**50, by_number=True)],
        [*reader.stream(T0 - 10**6, T0, ["P0", "lone"], most=2_000)],
    )
    found += [[no for piece in one for no in piece.no.tolist()] for one in pieces]
    found += [[column.tolist() for column in reader.behind(77, 5_000)[1:]], reader.common("P0", "P1")]
    found += [
        [column.tolist() for column in reader.steps(T0 - 10**6, T0 + 1, width)[1]]
        for width in (10_000, MINUTE_MS)
    ]
    return found


@pytest.mark.parametrize("rolled", [False, True], ids=["not rolled up", "rolled up"])
def test_every_answer_is_that_of_rows(j: Journal, rolled: bool) -> None:
    """The journal with batches, with each reading a row, and with packs answers every question alike; `about`
    never says too few."""
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
    assert j.writer.change(as_rows).result(PATIENCE_S)
    assert kinds(j)[1] == 0
    with Reader(j.path) as reader:
        assert answers(reader) == before


def _all(j: Journal) -> list[object]:
    with Reader(j.path) as reader:
        return reader.after(0, 10**6)  # type: ignore[return-value]


def test_a_batch_as_columns_is_stored_as_its_rows_are(tmp_path: Path) -> None:
    """Repeats, overlaps, gaps, numbers used for other readings: the same outcome and the same journal either
    way, after a restart too."""
    chance = random.Random(11)
    given = [
        delivered("P", 0, 100),
        delivered("P", 0, 100),
        delivered("P", 50, 100),
        delivered("P", 300, 100, step=3),
    ]
    given += [delivered("P", 290, 40), delivered("Q", 0, 80, faults=True), delivered("Q", 0, 80, faults=True)]
    given += [
        delivered("P", chance.randrange(2_000), chance.randrange(1, 200), step=chance.choice([1, 1, 2]))
        for _ in range(30)
    ]
    other = delivered("P", 1_000, 90)
    given += [
        other,
        Delivered("P", "b", T0, other.seq, other.taken_ms + 10, other.units + 90_000_000, other.quality),
    ]
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
    assert (
        told[0] == told[1]
        and any(one.duplicates for one in told[0])
        and any(one.renumbered for one in told[0])
    )
    assert kept[0] == kept[1]


def test_a_crash_forgets_no_number(j: Journal) -> None:
    """What was in batches when the hub was killed is known as repeats afterwards, read back from the batches
    themselves."""
    given = [delivered("P", first, 500) for first in range(0, 9_000, 500)]
    for one in given:
        j.writer.store(one)
    assert j.writer.change(lambda db: db.execute("UPDATE boots SET seen=''").rowcount).result(PATIENCE_S)
    j.writer.change(lambda db: db.execute("DELETE FROM bookmarks WHERE follower='seen'").rowcount).result(
        PATIENCE_S
    )
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
        assert [one for first, last in pieces for one in range(first, last + 1)] == list(
            range(1, j.writer.last_no + 1)
        )
        assert (batches.first_no(db), batches.last_no(db)) == (1, j.writer.last_no)


@pytest.mark.parametrize("no", [0, 1, 905, BLOCK_ROWS - 2, BLOCK_ROWS - 1, 7 * BLOCK_ROWS + 3])
@pytest.mark.parametrize("most", [1, 100, BLOCK_ROWS, 2 * BLOCK_ROWS])
def test_who_takes_many_ends_with_a_block(no: int, most: int) -> None:
    """As many readings as are wanted or fewer, and the next piece begins with a block wherever a block's end
    is within reach."""
    count = batches.whole_blocks(no, most)
    ends = [one for one in range(no + 1, no + most + 1) if (one + 1) % BLOCK_ROWS == 0]
    assert no + count == (ends[-1] if ends else no + most)


def test_columns_are_squeezed_at_once_as_one_by_one() -> None:
    """Whatever stands in columns, packed together they are the same bytes as each by itself; also where they
    are too long for all at once."""
    chance = np.random.default_rng(8)
    for count in (1, 2, 3, 700, 9_000):
        some = [
            np.full(count, -7),
            np.arange(count) * 20 + 5,
            chance.integers(0, 40, count) * 625_000,
            chance.integers(-40_000, 40_000, count),
            chance.integers(-(2**63), 2**63 - 1, count),
            np.repeat([1, 9], [1, count - 1]),
        ]
        for column, (first, factor, width, body) in zip(some, differences.squeezed(some), strict=True):
            times, steps = differences.steps_of(column)
            alone = differences.folded(steps) if len(steps) else (0, b"")
            assert (first, factor, (width, body)) == (column[0], times, alone)


def test_who_follows_closely_gets_what_the_file_has(j: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """From memory or from the file, whatever piece is asked for is the same; what is long gone by is read
    from the file."""
    monkeypatch.setattr(batches, "MOST_RECENT", BLOCK_ROWS)
    recent, chance = j.writer.recent, random.Random(12)
    fill(j, chance)
    last = j.writer.last_no
    assert (
        recent.read(1, last, FIELDS) is None and recent.read(last - BLOCK_ROWS // 2, last, FIELDS) is not None
    )
    assert (
        recent.read(last, last + 1, FIELDS)
        is recent.read(last, last, (*FIELDS, "chip"))
        is recent.read(last, last - 1, FIELDS)
        is None
    )
    with Reader(j.path) as reader, Reader(j.path, recent=recent) as follower:
        for _ in range(200):
            no, most = last - chance.randrange(last), chance.randrange(1, 3_000)
            there, here = reader.behind(no, most, own=True), follower.behind(no, most, own=True)
            assert [column.tolist() for column in there[1:]] == [column.tolist() for column in here[1:]], (
                no,
                most,
            )


def test_what_was_not_committed_is_read_by_nobody(j: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that fails leaves nothing in memory, and what comes after it stands under its number there,
    too."""
    j.writer.store(delivered("P", 0, 100))
    with monkeypatch.context() as broken:
        broken.setattr(batches.Pending, "store", lambda *_: 1 / 0)
        with pytest.raises(JournalUnwritable):
            j.writer.store(delivered("P", 100, 100))
    assert j.writer.recent.read(1, 101, FIELDS) is None
    j.writer.store(delivered("Q", 0, 70))
    held = j.writer.recent.read(101, 170, FIELDS)
    assert held is not None and held["seq"].tolist() == list(range(70))


def test_what_a_piece_comes_to_is_the_same_in_any_order() -> None:
    """Readings of one probe side by side, in turns, or in any order: the same minutes, newest values and
    counts."""
    chance, count = np.random.default_rng(4), 3_000
    batch = {name: chance.integers(0, 50, count) for name in ("delay_ms", "boot", "seq")}
    batch |= {
        "probe": np.repeat([3, 1, 2, 1, 3], count // 5),
        "taken_ms": T0 + np.arange(count) // 2 * 90,
        "quality": np.zeros(count, np.int64),
    }
    batch |= {"units": chance.integers(-(10**9), 10**9, count), "no": np.arange(1, count + 1)}
    batch["units"][::37] = NO_VALUE
    struck = chance.random(count) < 0.01
    expected = None
    for order in (np.arange(count), np.arange(count).reshape(5, -1).T.ravel(), chance.permutation(count)):
        mixed = {name: column[order] for name, column in batch.items()}
        steps = steps_of(mixed["probe"], mixed["taken_ms"], mixed["units"], MINUTE_MS, struck[order])
        found = [*(column.tolist() for column in steps[:-1]), [*map(sorted, summary.latest(mixed))]]
        expected = expected or (found, steps.spread)
        assert found == expected[0] and np.allclose(steps.spread, expected[1], rtol=1e-9)
    for no, taken_ms, units, _, delivered_ms, readings in summary.latest(batch)[0]:
        own = batch["probe"] == no
        last = np.flatnonzero(own)[-1]
        assert (taken_ms, readings) == (batch["taken_ms"][own].max(), own.sum()) and batch["units"][last] == (
            NO_VALUE if units is None else units
        )
        assert delivered_ms == (batch["taken_ms"] + batch["delay_ms"])[own].max()


def test_a_probes_readings_are_found_in_a_pack() -> None:
    """Any readings come out of a pack as they went in, all or those of one probe: faults, chips, steps of any
    size, one reading, none."""
    chance = np.random.default_rng(6)
    names = (*FIELDS, *JUNCTION)
    for count in (0, 1, 2, 5, 300):
        for reach in (1, 100, 30_000, 10**6, 2**62):
            batch = {name: chance.integers(-reach, reach, count) for name in names}
            batch |= {
                "probe": chance.choice([3, 70_000] if reach == 100 else [3, 9, 12], count),
                "no": np.arange(count) + 7,
            }
            for name in ("units", *JUNCTION):
                batch[name][chance.random(count) < 0.2] = NO_VALUE
            body = packs.pack(batch)
            whole = packs.unpack(body, names)
            assert all((whole[name] == batch[name]).all() for name in names)
            for probe in (3, 12, 4):
                own = packs.unpack(body, names, [probe])
                assert {name: own[name].tolist() for name in names} == {
                    name: batch[name][batch["probe"] == probe].tolist() for name in names
                }
