"""Ranges: which numbers are there."""

from hypothesis import given
from hypothesis import strategies as st

from temphub_kernel.journal.seen import MAX_RANGES, Ranges


@given(st.lists(st.integers(0, 40)))
def test_ranges_are_a_set(numbers: list[int]) -> None:
    """Adding says rightly whether a number is new, and the text holds exactly the set, in as few ranges as there are."""
    ranges, known = Ranges(), set()
    for number in numbers:
        assert ranges.add(number) is (number not in known)
        known.add(number)
    again = Ranges(str(ranges))
    held = {n for first, last in zip(again.firsts, again.lasts, strict=True) for n in range(first, last + 1)}
    assert held == known and len(again.firsts) == sum(n - 1 not in known for n in known)
    assert not any(again.add(number) for number in known)


def test_ranges_are_bounded() -> None:
    """A client that skips numbers on purpose costs a bounded amount; the lowest are forgotten first."""
    ranges = Ranges()
    for number in range(0, 2 * MAX_RANGES + 20, 2):
        ranges.add(number)
    assert len(ranges.firsts) == MAX_RANGES and not ranges.add(2 * MAX_RANGES + 18) and ranges.firsts[0] == 20
