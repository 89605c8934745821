"""The last temperature before a fault, looked up for many probes with one question."""

import random

import numpy as np
import pytest

from temphub_kernel.core.clock import DAY_MS, MINUTE_MS, now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import NO_VALUE, Reader
from temphub_kernel.page.choices.view import Wanted, parse
from temphub_kernel.page.data import look_back, snapshot
from temphub_kernel.page.data.probe import Good


def one_by_one(reader, newest):
    """The same for one probe, from all its readings."""
    end_ms = (newest.taken_ms // MINUTE_MS + 1) * MINUTE_MS
    columns = reader.columns(end_ms - DAY_MS, end_ms, [newest.probe_id])
    good = np.flatnonzero(columns.units != NO_VALUE)
    return Good(int(columns.taken_ms[good[-1]]), float(columns.celsius[good[-1]])) if len(good) else None


def looked_up(path):
    """(what is found, in how many looks; the same one by one)."""
    kept, found, looks = look_back.LookBack(), {}, 0
    with Reader(path) as reader:
        faulty = [one for one in reader.newest() if one.units is None]
        while left := [one for one in faulty if one.probe_id not in found]:
            before, looks = len(found), looks + 1
            found |= kept.of(reader, left)
            assert len(found) > before or looks < 2 * len(faulty)
        return found, looks, {one.probe_id: one_by_one(reader, one) for one in faulty}


def fallen(chance, probe_id, ends_ms):
    """Readings, good and bad, that end with a bad one."""
    ago_min = [0, *sorted(chance.sample(range(1, 3_000), 12))]
    bad_from = chance.choice([1, 2, 5, 12, 13])
    return [
        Row(
            *(probe_id, None, None, ends_ms - ago * MINUTE_MS - 7 * place, ends_ms - ago * MINUTE_MS),
            *((None, "open") if place < bad_from else (to_units(4.0 + place), None)),
        )
        for place, ago in enumerate(ago_min)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_many_are_found_as_each_by_itself(journal, monkeypatch, seed):
    """Whenever they failed, silent for days since or not, struck out or merged, and where a look takes some
    of them only."""
    monkeypatch.setattr(look_back, "MOST", 7)
    monkeypatch.setattr(look_back, "MOST_MINUTES", 2)
    chance, now = random.Random(seed), now_ms()
    for number in range(24):
        ends_ms = now - chance.choice([0, 0, 0, 1, 40, 1_500, 9_000]) * MINUTE_MS
        journal.rows(*fallen(chance, f"P{number}", ends_ms))
    journal.struck("P3", now - 700 * MINUTE_MS, now + 1)
    journal.merged("P5", "P6")
    found, looks, each = looked_up(journal.path)
    assert found == each and len(found) >= 20 and looks >= 4
    assert None in found.values() and len(set(found.values())) > 5


def test_a_page_of_thousands_in_a_fault_is_right_at_once(journal, monkeypatch):
    """Of twelve hundred sensors that failed together the first two looks of a page have each one's last
    temperature, by a few questions."""
    asked = []
    steps = Reader.steps
    monkeypatch.setattr(Reader, "steps", lambda *more: asked.append(more) or steps(*more))
    now, ids = now_ms(), [f"P{number:04}" for number in range(1_200)]
    for ago_s, celsius, quality in ((4, 4.25, None), (2, None, "open"), (0, None, "open")):
        at_ms, units = now - ago_s * 1000, None if celsius is None else to_units(celsius)
        journal.rows(*(Row(id_, None, None, at_ms, at_ms, units, quality) for id_ in ids))
    source = snapshot.Source(journal.path)
    try:
        wanted = Wanted(parse("window=5min", now).window)
        for _ in range(2):
            probes = source.read(wanted, now_ms()).probes
        assert [one.good for one in probes] == [Good(now - 4_000, 4.25)] * len(ids)
        of_many = [more for more in asked if len(more) > 4 and len(more[4]) > 100]
        assert 0 < len(of_many) <= 8
    finally:
        source.close()
