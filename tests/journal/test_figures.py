"""The figures of a range: what a slow count by hand says, whoever asks, and cheaply where it is asked
again."""

from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, Journal, journal, row
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Figures, Known, Reader, calibrate, merge, strike_out, undo
from temphub_kernel.journal.statistics import steps_of
from temphub_kernel.journal.statistics.hourly import Most
from temphub_kernel.journal.statistics.time_weights import Running, readings_of

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BEGIN = (T0 - 20 * DAY_MS) // HOUR_MS * HOUR_MS
PACES = [1_000, 10_000, 60_000, 600_000, 3_000_000]


def holds_by_hand(ms: list[int]) -> list[int]:
    """How long each holds, a reading at a time, as docs/records.md says it."""
    pauses = [after - before if after - before <= DAY_MS else None for before, after in pairwise(ms)]
    held = []
    for n in range(len(ms)):
        first = n
        while first > max(n - 2, 0) and pauses[first - 1] is not None:
            first -= 1
        paces = []
        for pause in pauses[first : n + 3]:
            if pause is None and len(paces) + first >= n:
                break
            paces.append(pause)
        known = sorted(pause for pause in paces if pause is not None)
        usual = known[(len(known) - 1) // 2] if known else 1
        pause = pauses[n] if n < len(pauses) else None
        held.append(pause if pause is not None and pause <= 3 * usual else max(usual, 1))
    return held


@dataclass
class Slow:
    """The same from a list of (ms, °C) of all that counts."""

    taken: list[tuple[int, float]]
    inside: list[tuple[int, float, int]] = field(default_factory=list)

    def told(self, from_ms: int, to_ms: int) -> tuple[int, float, float | None, float | None]:
        """(readings, mean, sigma, trend) of [from_ms, to_ms)."""
        moments = sorted({ms for ms, _ in self.taken})
        by_moment = (
            {ms: [celsius for at, celsius in self.taken if at == ms] for ms in moments}
            if len(moments) < len(self.taken)
            else None
        )
        values = (
            [np.mean(by_moment[ms]) for ms in moments]
            if by_moment
            else [celsius for _, celsius in sorted(self.taken)]
        )
        self.inside = [
            one
            for one in zip(moments, values, holds_by_hand(moments), strict=True)
            if from_ms <= one[0] < to_ms
        ]
        n = sum(from_ms <= ms < to_ms for ms, _ in self.taken)
        held = sum(hold for *_, hold in self.inside)
        mean = sum(celsius * hold for _, celsius, hold in self.inside) / held
        at = sum((ms - from_ms) * hold for ms, _, hold in self.inside) / held + from_ms
        squares = sum((celsius - mean) ** 2 * hold for _, celsius, hold in self.inside)
        times = sum((ms - at) ** 2 * hold for ms, _, hold in self.inside)
        both = sum((ms - at) * (celsius - mean) * hold for ms, celsius, hold in self.inside)
        long = n >= 3 and sqrt(12 * times / held) >= 300_000
        return (
            n,
            mean,
            sqrt(squares / held * n / (n - 1)) if n > 1 else None,
            both / times * HOUR_MS if long else None,
        )


def agrees(found: Figures, slow: tuple[int, float, float | None, float | None]) -> None:
    n, mean, sigma, trend = slow
    assert found.exact and found.readings == n
    assert found.mean == pytest.approx(mean, abs=1e-9)
    for ours, theirs in ((found.sigma, sigma), (found.trend, trend)):
        assert ours == theirs if theirs is None else ours == pytest.approx(theirs, rel=1e-6, abs=1e-6)


def spells(rng: np.random.Generator, *, of: int = 8) -> tuple[list[int], list[float]]:
    """Moments and values: other intervals, bursts, gaps (some longer than a day), readings of one moment,
    steps and noise."""
    pauses: list[int] = []
    for _ in range(int(rng.integers(1, of))):
        kind, every = rng.random(), int(rng.choice(PACES))
        n = int(rng.integers(1, 40))
        if kind < 0.3:
            pauses += [
                p
                for _ in range(int(rng.integers(1, 12)))
                for p in ([1_000] * int(rng.integers(1, 20)) + [int(rng.integers(60_000, 900_000))])
            ]
        else:
            pauses += np.maximum(rng.normal(every, every / 20, n), 1).astype(int).tolist()
        if rng.random() < 0.4:
            pauses.append(
                int(
                    rng.choice(
                        [3 * every, 3 * every + 1, 40 * every, 7 * HOUR_MS, DAY_MS, DAY_MS + 1, 2 * DAY_MS]
                    )
                )
            )
        if rng.random() < 0.2:
            pauses.append(0)
    ms = (BEGIN + int(rng.integers(0, HOUR_MS)) + np.cumsum(pauses)).tolist()
    celsius = np.round(np.where(rng.random(len(ms)) < 0.5, 4, 20) + rng.normal(0, 2, len(ms)), 2)
    return ms, celsius.tolist()


def borders(rng: np.random.Generator, ms: list[int]) -> tuple[int, int]:
    """A range that has something in it: at readings, at hours, anywhere."""
    some = int(rng.integers(0, len(ms)))
    from_ms = [ms[some], ms[some] // HOUR_MS * HOUR_MS, ms[0] - 1, ms[some] - int(rng.integers(0, HOUR_MS))][
        int(rng.integers(0, 4))
    ]
    last = int(rng.integers(some, len(ms)))
    to_ms = [ms[last] + 1, ms[-1] + DAY_MS, (ms[last] // HOUR_MS + 1) * HOUR_MS, ms[some] + 60_000][
        int(rng.integers(0, 4))
    ]
    return from_ms, max(to_ms, ms[some] + 1)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_figures_are_those_of_a_count_by_hand(seed: int) -> None:
    """Bursts, gaps, changed intervals, faults, late and struck-out readings, a correction and a merge: mean,
    σ and trend are over time."""
    rng = np.random.default_rng(seed)
    ms, celsius = spells(rng)
    owner = ["P" if n % 2 or rng.random() < 0.5 else "Q" for n in range(len(ms))]
    other, warm = spells(rng, of=3)
    with journal() as j, Reader(j.path) as reader:
        rows = [row(at, round(c * 1e7), probe=who) for at, c, who in zip(ms, celsius, owner, strict=True)]
        rows += [row(at, round(c * 1e7), probe="Other") for at, c in zip(other, warm, strict=True)]
        rows += [row(at + 1, None, probe="P")._replace(quality="open") for at in ms[::7]]
        rng.shuffle(rows)
        j.writer.store(rows)
        if rng.random() < 0.6:
            j.roll_up()
        if both := len(set(owner)) > 1:
            merge(j.writer, "Q", "P")
        counts = dict.fromkeys(ms, True)
        if rng.random() < 0.5:
            first, last = sorted((ms[int(rng.integers(0, len(ms)))], ms[int(rng.integers(0, len(ms)))]))
            strike_out(j.writer, "P" if both else owner[0], first, last)
            counts = {at: not first <= at <= last for at in ms}
        turned = ms[int(rng.integers(0, len(ms)))] if rng.random() < 0.5 else None
        if turned is not None:
            calibrate(j.writer, "P" if both else owner[0], [(0.0, 1.5)], turned)
        kept = [
            (at, c + 1.5 * (turned is not None and at >= turned))
            for at, c in zip(ms, celsius, strict=True)
            if counts[at]
        ]
        for _ in range(4):
            span = borders(rng, ms)
            found = reader.figures(*span, "P" if both else owner[0])
            if any(span[0] <= at < span[1] for at, _ in kept):
                agrees(next(iter(found.values())), Slow(kept).told(*span))
            else:
                assert found == {}
            assert reader.figures(*span).get("P" if both else owner[0]) == next(iter(found.values()), None)


def grown(j: Journal, rows: list[Row]) -> None:
    j.writer.store(rows)
    j.roll_up()


@pytest.mark.parametrize("seed", range(6))
def test_asked_again_it_is_what_a_fresh_count_says(seed: int) -> None:
    """A window that moves on, with new, late and struck-out readings in between: what is remembered is never
    of yesterday."""
    rng = np.random.default_rng(seed)
    known, small = Known(), Known(50)
    with journal() as j, Reader(j.path) as reader:
        ms, celsius = spells(rng)
        other, warm = spells(rng)
        rows = [row(at, round(c * 1e7)) for at, c in zip(ms, celsius, strict=True)]
        rows += [row(at, round(c * 1e7), probe="Q") for at, c in zip(other, warm, strict=True)]
        rows.sort(key=lambda one: one.taken_ms)
        end, number = BEGIN + 2 * HOUR_MS, 0
        for step in range(14):
            coming = [one for one in rows if one.taken_ms < end]
            rows = [one for one in rows if one.taken_ms >= end]
            late = [one for one in coming if rng.random() < 0.2]
            rows = late + rows
            if coming := [one for one in coming if one not in late]:
                (grown if step % 2 else lambda j, rows: j.writer.store(rows))(j, coming)
            if step == 6 and coming:
                number = strike_out(j.writer, coming[0].probe_id, coming[0].taken_ms, coming[-1].taken_ms)
            if step == 10 and number:
                undo(j.writer, number)
            span = end - 30 * HOUR_MS, end
            fresh = reader.figures(*span)
            assert reader.figures(*span, known=known) == fresh and known.whole
            for _ in range(60):
                told = reader.figures(*span, known=small)
                if small.whole:
                    break
                assert not all(one.exact for one in told.values())
            assert told == fresh
            end += int(rng.integers(60_000, 20 * HOUR_MS))


@pytest.mark.parametrize(
    "most", [Most(1, 10**6), Most(1, 0), Most(1, 0, 0)], ids=["uneven hours", "by the minute", "by the hour"]
)
def test_of_too_many_readings_it_is_an_estimate_and_says_so(most: Most) -> None:
    """Beyond what is read one by one, even hours weigh as a whole: close to the exact numbers, and called
    estimates."""
    rng = np.random.default_rng(3)
    pauses = np.concatenate(
        [[10_000] * 3_000, [60_000] * 800, [9 * HOUR_MS], [10_000] * 2_000, [300_000] * 100]
    )
    ms = BEGIN + np.cumsum(pauses)
    celsius = 5 + (ms - BEGIN) / HOUR_MS / 10 + np.sin(ms / 2e6) + rng.normal(0, 0.1, len(ms))
    with journal() as j, Reader(j.path) as reader:
        grown(j, [row(at, round(c * 1e7)) for at, c in zip(ms.tolist(), celsius, strict=True)])
        span = int(ms[0]), int(ms[-1]) + 1
        exact, told = reader.figures(*span)["P"], reader.figures(*span, most=most)["P"]
    assert exact.exact and not told.exact
    assert told[:4] == exact[:4] and told.mean_of_readings == exact.mean_of_readings
    assert told.mean == pytest.approx(exact.mean, abs=0.02) and abs(exact.mean - exact.mean_of_readings) > 0.1
    assert told.sigma == pytest.approx(exact.sigma, rel=0.02) and told.trend == pytest.approx(
        exact.trend, rel=0.02
    )


def test_a_burst_counts_for_as_long_as_it_lasts() -> None:
    """A minute at 30 °C each second, then an hour at 20 °C each minute: the mean is near 20, that of the
    readings is 25."""
    taken = [(BEGIN + s * 1000, 30.0) for s in range(60)] + [(BEGIN + 60_000 * n, 20.0) for n in range(1, 61)]
    with journal() as j, Reader(j.path) as reader:
        j.writer.store([row(at, round(c * 1e7)) for at, c in taken])
        told = reader.figures(BEGIN, BEGIN + 2 * HOUR_MS)["P"]
    assert told.mean == pytest.approx(20 + 10 / 61) and told.mean_of_readings == 25
    assert told.sigma == pytest.approx(
        sqrt(100 * 60 / 61**2 * 120 / 119)
    ) and told.sigma_of_readings == pytest.approx(5 * sqrt(120 / 119))


def test_of_what_is_read_piece_by_piece_nothing_is_lost() -> None:
    """Readings that come by in pieces of any size hold just as long as all at once."""
    rng = np.random.default_rng(5)
    at = np.unique(spells(rng)[0])
    value = rng.normal(20, 1, len(at))
    for cuts in ([], [1], [2, 3, 4], sorted(rng.integers(0, len(at), 9).tolist())):
        running = Running()
        parts = [running.add(*part) for part in zip(np.split(at, cuts), np.split(value, cuts), strict=True)]
        found = [np.concatenate(column) for column in zip(*parts, running.rest(), strict=True)]
        for ours, whole in zip(found, readings_of(at, value), strict=True):
            assert ours.tolist() == whole.tolist()


def test_hours_that_lie_apart_are_read_together() -> None:
    """A probe that pauses once a day for months: what has to be looked into is read in a few goes and not
    hour by hour, which took half a minute of five years of ten probes."""
    pauses = 80
    taken = [BEGIN + n * 600_000 for n in range(150 * pauses) if n % 150 >= 5]
    span, asked = (BEGIN, taken[-1] + 1), []
    with journal() as j, Reader(j.path) as reader:
        grown(j, [row(ms, 100_000_000 + place % 90 * 1_000_000) for place, ms in enumerate(taken)])
        exact = reader.figures(*span)["P"]
        reader._db.set_trace_callback(asked.append)
        told = reader.figures(*span, most=Most(1, 10**6))["P"]
        reader._db.set_trace_callback(None)
    assert told[:4] == exact[:4] and told.mean == pytest.approx(exact.mean, abs=0.01)
    assert 0 < len([query for query in asked if " FROM readings WHERE no BETWEEN " in query]) < pauses / 4


def test_a_probe_has_the_same_digits_alone_and_among_others() -> None:
    """A step of a probe is the same to the last bit whatever readings of others lie between its own, which
    come in several runs."""
    rng = np.random.default_rng(4)
    taken_ms = np.concatenate([np.arange(400), np.arange(400)]) * 1_000
    units = rng.integers(-(10**8), 10**8, 800)
    places = rng.integers(0, 800, 790)
    whose = np.insert(np.ones(800, np.int64), places, 2)
    others = whose, np.insert(taken_ms, places, 0), np.insert(units, places, 0)
    alone = steps_of(np.ones(800, np.int64), taken_ms, units, 60_000, np.zeros(800, np.bool_))
    among = steps_of(*others, 60_000, np.zeros(len(whose), np.bool_))
    assert all(map(np.array_equal, alone, among.of_probe(1)))
