"""Columns and steps, apart from any journal."""

import numpy as np

from temphub_kernel.core.clock import iso_utc
from temphub_kernel.journal import in_order, iso_of
from temphub_kernel.journal.statistics.steps import steps_of


def test_many_moments_are_written_as_one_is() -> None:
    """Whatever the moment, a column of them has the same text as each alone."""
    moments = np.array([0, 1, 999, 951_782_399_999, 1_800_000_000_120, 10**14 - 1], np.int64)
    assert iso_of(moments) == [iso_utc(ms) for ms in moments.tolist()]
    assert iso_of(moments[:0]) == []


def test_steps_come_by_id_or_by_time_and_bad_ones_not_at_all() -> None:
    """Probes are in the order of their ids, not of the journal's numbers; a step without a good reading is no
    row."""
    probe, taken_ms = np.array([3, 3, 7, 7]), np.array([2000, 9000, 1000, 9000])
    steps = steps_of(probe, taken_ms, np.array([1, 2, 3, -(2**63)]), 1000, np.zeros(4, bool))
    rows = list(zip(steps.probe.tolist(), steps.at.tolist(), strict=True))
    ids = {3: "b", 7: "a"}
    assert [rows[place] for place in in_order(ids, steps)] == [(7, 1), (3, 2), (3, 9)]
    assert [rows[place] for place in in_order(ids, steps, time_first=True)] == [(7, 1), (3, 2), (3, 9)]
    assert [rows[place] for place in in_order({3: "a", 7: "b"}, steps)] == [(3, 2), (3, 9), (7, 1)]
    assert not len(in_order({}, steps.of(steps.good > 1)))
