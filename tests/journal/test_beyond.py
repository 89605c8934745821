"""For how long a limit was passed: one definition, exact where it says so, and bounds that hold where it does
not."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, journal, row
from temphub_kernel.journal import Limit, Reader, strike_out
from temphub_kernel.journal.columns import Floats, Ints
from temphub_kernel.journal.statistics.exceedance import GAP_PACES, PACE_WINDOW, line_of, time_beyond
from temphub_kernel.journal.statistics.steps import Steps, steps_of

ABOVE, BELOW = Limit("above", 8.0), Limit("below", 2.0)
DAY_MS = 86_400_000


def by_hand(ms: list[int], celsius: list[float], limit: float) -> tuple[float, float]:
    """(milliseconds above the limit, milliseconds measured): written down as the definition says it, a pair
    of readings at a time."""
    above = measured = 0.0
    pauses = np.diff(ms)
    for n, pause in enumerate(pauses.tolist()):
        about = pauses[max(n - PACE_WINDOW // 2, 0) : n + PACE_WINDOW // 2 + 1]
        if pause > GAP_PACES * np.median(about):
            continue
        measured += pause
        first, second = celsius[n], celsius[n + 1]
        if (first > limit and second > limit) or max(first, second) > limit == min(first, second):
            above += pause
        elif (first > limit) != (second > limit):
            above += pause * (max(first, second) - limit) / abs(second - first)
    return above, measured


def asked(ms: Ints, celsius: Floats, limits: list[Limit], most: int) -> "object":
    """The answer from readings of a probe that is in no journal."""
    good = np.isfinite(celsius)
    units = np.rint(np.where(good, celsius, 0) * 1e7).astype(np.int64)

    def ask(low: int, high: int, width: int) -> Steps:
        inside = (ms >= low) & (ms < high) & good
        none = np.zeros(int(inside.sum()), np.bool_)
        return steps_of(np.zeros(len(none), np.int64), ms[inside], units[inside], width, none)

    def read(low: int, high: int) -> tuple[Ints, Floats]:
        inside = (ms >= low) & (ms < high)
        return ms[inside], celsius[inside]

    return time_beyond(ask, read, int(ms[0]), int(ms[-1]) + 1, limits, most)


spells = st.lists(
    st.tuples(
        st.sampled_from([1_000, 2_000, 10_000, 60_000, 600_000, 3_000_000]),
        st.integers(1, 130),
        st.floats(0, 12),
        st.floats(0, 9),
    ),
    min_size=1,
    max_size=7,
)


def made(spells: list[tuple[int, int, float, float]], seed: int) -> tuple[Ints, Floats]:
    """Readings of spells of (interval, how many, about which °C, how unruly), with jitter, faults, values
    just at the limit and gaps."""
    rng = np.random.default_rng(seed)
    pauses = np.concatenate(
        [np.maximum(rng.normal(every, every / 20, n).astype(np.int64), 1) for every, n, *_ in spells]
    )
    pauses[rng.random(len(pauses)) < 0.02] *= 40
    celsius = np.concatenate(
        [np.round(rng.normal(about, unruly + 0.01, n) * 4) / 4 for _, n, about, unruly in spells]
    )
    celsius[rng.random(len(celsius)) < 0.05] = np.nan
    return T0 - 60 * DAY_MS + np.cumsum(pauses), celsius


@settings(max_examples=80, deadline=None)
@given(spells=spells, seed=st.integers(0, 2**32))
def test_it_is_what_the_definition_says(spells: list[tuple[int, int, float, float]], seed: int) -> None:
    """Whatever the intervals, gaps and faults: time above a limit and time measured are those of going from
    reading to reading."""
    ms, celsius = made(spells, seed)
    good = np.isfinite(celsius)
    found = asked(ms, celsius, [ABOVE], 10**9)
    if found is None:
        assert not good.any()
        return
    above, measured = by_hand(ms[good].tolist(), celsius[good].tolist(), ABOVE.celsius)
    assert (
        found.exact
        and found.measured_ms == measured
        and found.passed[0].beyond_ms == pytest.approx(above, abs=1e-3)
    )


@settings(max_examples=80, deadline=None)
@given(spells=spells, seed=st.integers(0, 2**32), most=st.sampled_from([0, 60, 300]))
def test_of_a_long_time_only_what_passes_the_limit_is_read(
    spells: list[tuple[int, int, float, float]], seed: int, most: int
) -> None:
    """With more readings than are worked out at once the hours that pass the limit give the same time and the
    same excursions; what is estimated says so."""
    ms, celsius = made(spells, seed)
    whole, part = asked(ms, celsius, [ABOVE, BELOW], 10**9), asked(ms, celsius, [ABOVE, BELOW], most)
    for exact, other in zip(whole.passed if whole else (), part.passed if part else (), strict=True):
        assert other.least_ms <= other.beyond_ms + 1e-6 <= other.most_ms + 2e-6
        if other.exact and other.excursions is not None:
            assert other.beyond_ms == pytest.approx(exact.beyond_ms, abs=1e-3)
            for ours, theirs in zip(other.excursions, exact.excursions, strict=True):
                assert (
                    ours.tolist() == pytest.approx(theirs.tolist())
                    if ours.dtype != object
                    else (ours == theirs).all()
                )


def test_bounds_hold_and_are_close() -> None:
    """Ten days at 2 s, half of them crossing the limit: more than is read at once; the truth lies between the
    bounds, near the estimate."""
    ms = T0 - 60 * DAY_MS + np.arange(432_000, dtype=np.int64) * 2_000
    celsius = np.round((6 + 3 * np.sin(np.arange(len(ms)) / 286)) * 16) / 16
    exact, rough = (
        asked(ms, celsius, [ABOVE], 10**9).passed[0],
        asked(ms, celsius, [ABOVE], 200_000).passed[0],
    )
    assert exact.exact and not rough.exact and rough.excursions is None
    assert rough.least_ms < exact.beyond_ms < rough.most_ms and rough.beyond_ms == pytest.approx(
        exact.beyond_ms, rel=0.02
    )
    assert rough.most_ms - rough.least_ms < 0.4 * exact.beyond_ms


@pytest.mark.parametrize(("fine_s", "minutes"), [(1, 19), (10, 2)])
def test_after_the_interval_was_changed(fine_s: int, minutes: int) -> None:
    """Minutes above the limit are as many as there were, whatever interval holds now."""
    seconds = [*range(0, minutes * 60, fine_s), *range(minutes * 60, minutes * 60 + 3600, 60)]
    ms = T0 + np.array(seconds, np.int64) * 1000
    found = asked(ms, np.where(np.array(seconds) < minutes * 60, 10.0, 0.0), [Limit("above", 6.0)], 10**9)
    crossing_ms = fine_s * 1000 * 0.4
    assert found.passed[0].beyond_ms == pytest.approx((minutes * 60 - fine_s) * 1000 + crossing_ms)
    assert len(found.passed[0].excursions.start_ms) == 1


def test_at_the_limit_is_not_beyond_it() -> None:
    """A value just at the limit is neither above nor below, on whichever side its neighbours are; a line that
    ends there counts whole."""
    line = [8.0, 8.0, 9.0, 8.0, 7.0, 8.0]
    ms = T0 + np.arange(6, dtype=np.int64) * 1000
    assert asked(ms, np.array(line), [ABOVE], 100).passed[0].beyond_ms == 2000
    assert asked(ms, np.array(line), [Limit("below", 8.0)], 100).passed[0].beyond_ms == 2000


def test_a_lone_reading_has_no_length() -> None:
    """One warm reading is an excursion without a length; nothing is measured."""
    found = asked(np.array([T0]), np.array([9.0]), [ABOVE], 100)
    assert (found.measured_ms, found.passed[0].beyond_ms) == (0, 0) and found.passed[
        0
    ].excursions.begins.tolist() == ["data"]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), rolled=st.booleans())
def test_the_journal_leaves_out_what_does_not_count(seed: int, rolled: bool) -> None:
    """Struck-out readings and faults count nowhere, late ones do in their place, before the roll-ups took
    them in and after."""
    ms, celsius = made([(10_000, 100, 8, 3), (60_000, 60, 6, 4)], seed)
    celsius = np.where((np.arange(len(ms)) >= 40) & (np.arange(len(ms)) < 60), 99.0, celsius)
    order = np.random.default_rng(seed).permutation(len(ms))
    with journal() as j, Reader(j.path) as reader:
        j.writer.store(
            [row(int(ms[n]), None if np.isnan(celsius[n]) else round(celsius[n] * 1e7)) for n in order]
        )
        if rolled:
            j.roll_up()
        strike_out(j.writer, "P", int(ms[40]), int(ms[59]))
        counts = np.isfinite(celsius) & (celsius < 99)
        above, measured = by_hand(ms[counts].tolist(), celsius[counts].tolist(), 8.0)
        found = reader.beyond(int(ms[0]), int(ms[-1]) + 1, [ABOVE], "P")["P"]
        assert found.measured_ms == measured and found.passed[0].beyond_ms == pytest.approx(above, abs=1e-3)


def test_a_gap_is_three_usual_intervals() -> None:
    """A pause of three usual intervals is none, a longer one is."""
    ms = np.cumsum([0, *[1000] * 20, 3000, *[1000] * 20, 3001, *[1000] * 20]).astype(np.int64)
    assert np.flatnonzero(~line_of(ms, np.zeros(len(ms))).whole).tolist() == [41]
