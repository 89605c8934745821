"""Ranges: which numbers are there."""

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from journal.journal_harness import T0, journal, row
from temphub_kernel.journal import Outcome, Reader, duplicates
from temphub_kernel.journal.duplicates import MAX_RANGES, Ranges, SeenBefore, rows_of


def below() -> SeenBefore:
    """The table of an empty journal."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    SeenBefore.prepare(db)
    return SeenBefore(db, 1)


@given(st.lists(st.integers(0, 40)))
def test_ranges_are_a_set(numbers: list[int]) -> None:
    """Adding says rightly whether a number is new, and the text holds exactly the set, in as few ranges as
    there are."""
    ranges, known = Ranges(), set()
    for number in numbers:
        assert ranges.add(number) is (number not in known)
        known.add(number)
    again = Ranges(str(ranges))
    held = {n for first, last in zip(again.firsts, again.lasts, strict=True) for n in range(first, last + 1)}
    assert held == known and len(again.firsts) == sum(n - 1 not in known for n in known)
    assert not any(again.add(number) for number in known)


@settings(deadline=None)
@given(st.lists(st.integers(0, 60)), st.integers(2, 8))
def test_what_goes_to_the_table_is_the_same_set(numbers: list[int], most: int) -> None:
    """However few ranges fit in memory, and begun anew at any moment with an older text: what is new is told
    rightly."""
    table, known, text = below(), set(), ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "MAX_RANGES", most)
        ranges = Ranges("", table)
        for count, number in enumerate(numbers):
            assert ranges.add(number) is (number not in known)
            known.add(number)
            assert len(ranges.firsts) <= most
            if count % 7 == 5:
                # A crash: the text is the one of the last save, and what came since is added again from the
                # readings.
                ranges = Ranges(text, table)
                for again in numbers[: count + 1]:
                    ranges.add(again)
                text = str(ranges) if count % 2 else text
        assert not any(ranges.add(number) for number in known)


def test_ranges_are_bounded() -> None:
    """A client that skips numbers on purpose costs a bounded amount of memory, and each number is known for
    ever all the same."""
    ranges = Ranges("", below())
    numbers = list(range(0, 10 * MAX_RANGES, 2))
    assert all(ranges.add(number) for number in numbers)
    assert len(ranges.firsts) <= MAX_RANGES
    assert not any(ranges.add(number) for number in random.Random(1).sample(numbers, 2000))
    assert all(ranges.add(number + 1) for number in random.Random(1).sample(numbers, 2000))


def test_a_thinned_backlog_is_a_row() -> None:
    """Numbers at equal distances cost one row of the table, however many they are."""
    singles = list(range(0, 40_000, 4))
    assert rows_of(singles, singles) == [(0, 39_996, 4)]
    assert rows_of([1, 5, 9, 20, 30], [1, 7, 9, 20, 35]) == [(1, 1, 1), (5, 7, 1), (9, 20, 11), (30, 35, 1)]


@pytest.mark.parametrize("again", ["at once", "restart", "crash"])
def test_a_repeat_beyond_thousands_of_gaps_is_stored_once(tmp_path: Path, again: str) -> None:
    """A boot with more gaps than fit in memory: what it repeats is known, also the oldest, also after a
    restart or a crash."""
    numbers = list(range(0, 6 * MAX_RANGES, 3))
    deliveries = [numbers[at : at + 1000] for at in range(0, len(numbers), 1000)]
    with journal(tmp_path) as j:
        for part in deliveries:
            assert j.writer.store([row(T0 + n, boot="b", seq=n) for n in part]) == Outcome(len(part), 0)
        old = j.writer
        if again == "restart":
            j.restart()
        elif again == "crash":
            # It saves nothing before the new one begins, and is ended below.
            j.writer = j.new_writer()
        for part in deliveries:
            assert j.writer.store([row(T0 + n, boot="b", seq=n) for n in part]) == Outcome(0, len(part))
        assert j.writer.store([row(T0 + 1, boot="b", seq=1)]) == Outcome(1, 0)
        assert j.writer.store([row(T0 + 1, boot="b", seq=1)]) == Outcome(0, 1)
        with Reader(j.path) as reader:
            assert reader.count() == len(numbers) + 1
        if again == "crash":
            assert old.stop()
