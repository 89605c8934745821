"""An import of many series takes time in proportion to them, counted in comparisons."""

import numpy as np

from temphub_kernel.imports.gather import Gatherer
from temphub_kernel.imports.source import Counts, Piece


class Name(str):
    """A name that counts how often it was compared with another one."""

    compared = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        Name.compared += 1
        return str.__eq__(self, other)


class One:
    """A source of one reading of a probe with a title."""

    titles = {"probe-1": "Cold\u00a0room\n2\u200b"}

    def pieces(self, counts: Counts):
        one = np.zeros(1, np.int64)
        yield Piece(["probe-1"], one, one + 1_700_000_000_000, one + 200_000_000, one)


def test_a_name_keeps_its_words_apart(tmp_path):
    """Whatever stood between two words of a heading, a space does in the name; what nobody sees is left
    out."""
    found = Gatherer(tmp_path, {"probe-1": "first"}, None, own=False).gather(One())
    assert [one["name"] for one in found.probes.values()] == ["Cold room 2"]


class Many:
    """A source of so many series, one after the other, each twice."""

    titles: dict = {}

    def __init__(self, count):
        self._names = [Name(f"probe-{at}") for at in range(count)]

    def pieces(self, counts: Counts):
        for at, name in enumerate(self._names * 2):
            one = np.zeros(1, np.int64)
            yield Piece([name], one, one + 1_700_000_000_000 + at, one + 200_000_000, one)


def test_the_work_grows_with_the_names_and_not_with_their_square(tmp_path):
    """Twice the names are about twice the comparisons; through all of them for each they would be four times
    as many."""
    counted = []
    for count in (500, 1000):
        Name.compared = 0
        found = Gatherer(tmp_path, {"probe-0": "first"}, None, own=False).gather(Many(count))
        assert found.readings == 2 * count and len(found.probes) == count
        counted.append(Name.compared)
    assert counted[1] < 3 * counted[0] and counted[1] < 100 * 1000, counted
