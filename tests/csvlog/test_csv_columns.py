"""Lines made of many readings at once are those made one by one."""

import random

import pytest

from temphub_kernel.core.reading import HIGHEST_C, LOWEST_C, UNITS_PER_C
from temphub_kernel.core.spreadsheet import STYLES, Style
from temphub_kernel.csvlog.columns import lines_of
from temphub_kernel.csvlog.format import to_lines
from temphub_kernel.journal import QUALITY, Point

from .csv_harness import T0, columns_of

IDS = ["TempProbe-0096", "TempProbe-0096:28ff641e", "a", "A" * 64]


def some(chance: random.Random, count: int, reach_ms: int, beyond: int = 1) -> list[Point]:
    """Readings within so long of each other; beyond: how many times hotter or colder than a sensor can
    say."""
    found = []
    for no in range(count):
        digits = 10 ** chance.randrange(8)
        units = (
            chance.randrange(int(LOWEST_C * UNITS_PER_C), int(HIGHEST_C * UNITS_PER_C))
            * beyond
            // digits
            * digits
        )
        taken = T0 + chance.randrange(-reach_ms, reach_ms)
        value = None if chance.random() < 0.1 else units
        found.append(Point(no, chance.choice(IDS), taken, taken, value, chance.choice(QUALITY), None, None))
    return found


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_the_same_lines(style: Style) -> None:
    """Whatever the style: any value with any decimals, without a value, with any quality, close together or
    years apart."""
    chance = random.Random(7)
    for reach_ms in (1, 90_000, 86_400_000, 10**12):
        points = some(chance, 300, reach_ms)
        assert lines_of(columns_of(points), style) == to_lines(points, style)


def test_every_kind_of_number() -> None:
    """Noughts, three decimals, the smallest steps, below zero, and what a calibration makes of the
    hottest."""
    units = [
        0,
        1,
        -1,
        999,
        1_000,
        -1_000,
        10_000,
        218_750_000,
        -625_000,
        9_999_999,
        10_000_000,
        18_000_000_000,
        -2_700_000_000,
    ]
    points = [Point(no, "P", T0, T0, value, None, None, None) for no, value in enumerate(units)]
    assert lines_of(columns_of(points)) == to_lines(points)
    points += some(random.Random(8), 50, 1000, beyond=60)
    assert lines_of(columns_of(points)) == to_lines(points)


def test_nothing_and_more_than_one_piece() -> None:
    """No readings are no text; more than are made at a time stand in their order."""
    assert lines_of(columns_of([])) == b""
    points = some(random.Random(9), 6_000, 600_000)
    assert lines_of(columns_of(points)) == to_lines(points)
