"""What is kept of the probes of all places from one look to the next never differs from what a fresh look
says."""

import random

import numpy as np

from temphub_kernel.alarms import states
from temphub_kernel.engines.reading import Told, series_of
from temphub_kernel.page.data.places import judged
from temphub_kernel.page.data.places.lines import Worst
from temphub_kernel.page.data.places.told import There

NOW_MS = 1_800_000_000_000
# Before and behind each age, of these intervals, from which on something is another matter.
AGES_MS = (0, 1, 7_999, 8_000, 8_001, 32_000, 32_001, 62_000, 62_001, 182_000, 182_001, 600_000, 600_001)
AGES_MS += (602_000, 602_001, 1_800_001, 90_000_000)


def there_of(chance, site, number):
    """A probe of a place, as its hub told of it or as it is met in readings alone."""
    celsius = chance.choice([None, -18.5, 4.0])
    taken_ms = NOW_MS - chance.choice([0, 1_000, 9_000, 40_000, -30_000, 700_000])
    newest = (taken_ms, celsius, None if celsius is not None else "crc")
    limits = chance.choice([(None, None), (-15.0, None), (8.0, 2.0)])
    return There(
        *(
            site,
            f"P{number}",
            chance.choice(["Freezer", "Fridge 10", "Fridge 2"]),
            chance.choice(["", "Cellar"]),
        ),
        *(chance.choice([0, 2_000, 60_000]), *limits),
        chance.choice([newest, newest, (0, None, None)]),
        chance.choice(
            [
                None,
                states.Standing(),
                states.Standing("too_warm", states.CRITICAL, NOW_MS - 60_000, -15.0, "above"),
                states.Standing("unseen", states.WARNING, NOW_MS - 90_000, None, "silent", NOW_MS - 9_000),
            ]
        ),
        NOW_MS,
    )


def told(judging, there, month, now_ms):
    """All that it says."""
    found = judging.judged(there, now_ms)
    return found.probes, found.keys, found.at, judging.sites(found, month)


def test_what_is_kept_is_what_a_fresh_look_says():
    """Through readings, names, limits, alarms, new probes and places that go, whenever it is looked at, and
    with the clock set back again."""
    chance = random.Random(7)
    sites = ["Shop 10", "Shop 2", "Café", "shop 2"]
    there = {(site, f"P{n}"): there_of(chance, site, n) for site in sites for n in range(6)}
    month = {key: Worst(1.0, 0.0, chance.choice([None, 0.0, 60.0]), 3600.0) for key in there}
    kept = judged.Judging()
    for _ in range(25):
        for age_ms in (*AGES_MS, *reversed(AGES_MS)):
            now_ms = NOW_MS + age_ms
            assert told(kept, there, month, now_ms) == told(judged.Judging(), there, month, now_ms), age_ms
        there = dict(there)
        for key in chance.sample(sorted(there), 3):
            there[key] = there_of(chance, key[0], key[1].removeprefix("P"))
        if chance.random() < 0.3:
            there.pop(chance.choice(sorted(there)))
            there["Shop 3", f"P{len(there)}"] = there_of(chance, "Shop 3", len(there))
        if chance.random() < 0.3:
            month = {key: Worst(1.0, 0.0, 5.0, 60.0) for key in there}


def test_of_thousands_only_those_are_judged_anew_of_which_something_came(monkeypatch):
    """Of a place with a thousand probes one that measures again is judged, and nothing is put in order; when
    their time has run out all are."""
    there = {
        ("Shop", f"P{n}"): There("Shop", f"P{n}", f"P{n}", "", 2_000, newest=(NOW_MS, 4.0, None))
        for n in range(1_000)
    }
    judging, anew = judged.Judging(), []
    judge = judged._judge
    monkeypatch.setattr(judged, "_judge", lambda one, *more: anew.append(one.id) or judge(one, *more))
    first = judging.judged(there, NOW_MS)
    assert len(anew) == 1_000
    assert judging.judged(there, NOW_MS + 8_000) is first and len(anew) == 1_000
    key = "Shop", "P7"
    there = {**there, key: there[key]._replace(newest=(NOW_MS + 1_000, 4.5, None))}
    second = judging.judged(there, NOW_MS + 8_000)
    assert len(anew) == 1_001 and second.at is first.at and second.named is first.named
    assert second.probes[second.at["Shop:P7"]].good == (NOW_MS + 1_000, 4.5)
    late = judging.judged(there, NOW_MS + 8_001)
    assert len(anew) == 2_000 and [one.state for one in late.probes].count("late") == 999


def test_what_came_in_order_is_read_as_all_else_is():
    """The quick way for a probe of which there is one series says the same as the long one, also of values
    that are none."""
    times, values = np.array([1_000, 2_000, 3_000]), np.array([4.0, np.nan, 5.0])
    labels = {"__name__": "temphub_celsius", "site": "S", "probe": "P"}
    (quick,) = series_of([Told(labels, times, values)], {})
    halves = [Told(labels, times[:2], values[:2]), Told(labels, times[2:], values[2:])]
    (whole,) = series_of(halves, {})
    for one, other in zip(quick, whole, strict=True):
        np.testing.assert_array_equal(one, other)
    (twice,) = series_of([Told(labels, times[[0, 0, 1]], values[[0, 0, 1]])], {})
    assert twice.taken_ms.tolist() == [1_000, 2_000]
