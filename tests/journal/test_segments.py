"""Packs become segments: every reading is in them once, as it was, and what is spoilt is told."""

import random
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import Journal, close_months, journal, merge_all, pack_all, row
from journal.test_lives import MARCH, answers, history, same
from support.rows import points_in
from temphub_kernel.core.errors import JournalUnreadable
from temphub_kernel.journal import FIELDS, JUNCTION, NO_VALUE, Reader, schema, sweep
from temphub_kernel.journal.columns import Batch
from temphub_kernel.journal.packed import packs, segments
from temphub_kernel.journal.schema import BLOCK_ROWS, open_for_reading

NAMES = (*FIELDS, *JUNCTION)


def drawn(chance: np.random.Generator, count: int, reach: int) -> Batch:
    """Readings of any kind under numbers in any order, some of which lack."""
    batch = {name: chance.integers(-reach, reach, count) for name in NAMES}
    batch["no"] = chance.permutation(count * 2)[:count] + 7 if reach > 10 else chance.permutation(count) + 7
    batch["probe"] = chance.choice([3, 4, 9, 70_000], count, p=[0.6, 0.3, 0.05, 0.05])
    for name in ("units", *JUNCTION):
        batch[name][chance.random(count) < 0.2] = NO_VALUE
    # What goes on evenly, by steps of each probe's own, with a fault now and then.
    batch["seq"] = np.arange(count) * batch["probe"]
    # What does not change with one probe and does with others.
    batch["delay_ms"][batch["probe"] == 3] = 5
    batch["quality"] = (chance.random(count) < 0.001).astype(np.int64)
    return batch


def test_readings_come_out_by_number_as_they_went_in() -> None:
    """All of them, or those of some probes; faults, chips, steps of any size, one reading, none."""
    chance = np.random.default_rng(6)
    for count in (0, 1, 2, 300, 3 * segments.LEAST, segments.MANY + 99):
        for reach in (1, 100, 10**6, 2**62):
            batch = drawn(chance, count, reach)
            body, order = segments.pack(batch), np.argsort(batch["no"])
            assert packs.is_segment(body) or not count
            for probes in (None, [3], [4], [9, 70_000], [5]):
                kept = order if probes is None else order[np.isin(batch["probe"][order], probes)]
                found = packs.unpack(body, NAMES, probes)
                assert all(np.array_equal(found[name], batch[name][kept]) for name in NAMES)
                assert (
                    packs.unpack(body, ("units",), probes)["units"].tolist() == batch["units"][kept].tolist()
                )


def test_one_probe_costs_its_own_part() -> None:
    """What else is in a segment need not even be sound to read one probe's readings."""
    batch = drawn(np.random.default_rng(1), 8 * segments.LEAST, 1000)
    body = segments.pack(batch)
    spoilt = body[:-40] + bytes(40)
    own = batch["no"][batch["probe"] == 3]
    assert packs.unpack(spoilt, ("no",), [3])["no"].tolist() == sorted(own.tolist())
    with pytest.raises(JournalUnreadable):
        packs.unpack(spoilt, NAMES)


def test_spoilt_bytes_are_told() -> None:
    """Cut anywhere, or with a byte turned where readings are, it is refused and never answered from."""
    body, chance = segments.pack(drawn(np.random.default_rng(2), 5_000, 100)), random.Random(1)
    for _ in range(60):
        with pytest.raises(JournalUnreadable, match="packed part of the journal cannot be read"):
            packs.unpack(body[: chance.randrange(1, len(body))], NAMES)


def test_segments_answer_like_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, packs, a segment, a closed month that takes half of it: every answer stays that of the
    readings."""
    monkeypatch.setattr(schema, "SEGMENT_BLOCKS", 2)
    with journal(tmp_path) as j:
        j.writer.store(history(6 * BLOCK_ROWS))
        with Reader(j.path) as reader:
            wanted = answers(reader)
        j.roll_up()
        assert pack_all(j) == 5 and merge_all(j) == 2
        assert kept(j) == [(0, 2), (2, 2), (4, 1)]
        with Reader(j.path) as reader:
            same(answers(reader), wanted)
        assert close_months(j, MARCH + 86_400_000) == ["2026-02"]
        with Reader(j.path) as reader:
            same(answers(reader), wanted)
        assert merge_all(j) == 0


def kept(j: Journal) -> list[tuple[int, int]]:
    """(first block, how many blocks) of each pack."""
    with closing(open_for_reading(j.path)) as db:
        return db.execute("SELECT block, packed FROM blocks WHERE packed ORDER BY block").fetchall()


@pytest.mark.parametrize("most", [50, 1_000, 100_000])
def test_all_at_once_is_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """However many come in a piece, and wherever they live, late ones among them: each reading once, in
    order."""
    monkeypatch.setattr(schema, "SEGMENT_BLOCKS", 2)
    monkeypatch.setattr(sweep, "MOST_HELD", 3)
    with journal(tmp_path) as j:
        rows = history(4 * BLOCK_ROWS)
        j.writer.store(rows[: 3 * BLOCK_ROWS + 10])
        j.roll_up()
        pack_all(j)
        merge_all(j)
        j.writer.store([*rows[3 * BLOCK_ROWS + 10 :], row(MARCH)])
        with Reader(j.path) as reader:
            for probes in (None, ["a", "P"]):
                found = list(reader.stream(0, 2**53, probes, most=most, at_once=True))
                wanted = reader.columns(0, 2**53, probes)
                for at in range(1, 10):
                    pieces = np.concatenate([piece[at] for piece in found])
                    assert np.array_equal(pieces, wanted[at])


def test_a_part_of_a_segment_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that is far behind gets each reading once, a few at a time."""
    monkeypatch.setattr(schema, "SEGMENT_BLOCKS", 2)
    with journal(tmp_path) as j:
        j.writer.store(history(4 * BLOCK_ROWS))
        j.roll_up()
        pack_all(j)
        merge_all(j)
        with Reader(j.path) as reader:
            met = 0
            while points := reader.after(met, 1_500):
                assert [point.no for point in points] == list(range(met + 1, points[-1].no + 1))
                met = points[-1].no
            assert met == 4 * BLOCK_ROWS and len(points_in(reader, 0, 2**53)) == met
