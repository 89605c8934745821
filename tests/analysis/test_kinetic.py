"""Mean kinetic temperature, against published numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy
from temphub_kernel.analysis import mean_kinetic_temperature
from temphub_kernel.core.errors import TempHubError

HOUR_S = 3600
WEEK_S = 7 * 24 * HOUR_S


def mkt(seconds, celsius, **options) -> float:
    return float(mean_kinetic_temperature(series(seconds, celsius), **options)["mkt_c"].iloc[0])


def test_the_pharmacopoeias_example() -> None:
    """USP's worked example (52 weekly means of 25 °C, ΔH/R = 10,000 K) gives 25.0 °C, by way of −ln = 33.5458
    at its 298.1 K."""
    # Read in a Chinese rendering of the USP text (m.zhuangpeitu.com/article/44180191.html); USP itself takes
    # 273.1 for 0 °C.
    assert mkt([week * WEEK_S for week in range(52)], [25.0] * 52) == pytest.approx(25.0, abs=1e-9)
    at_298_1_k = 298.1 - 273.15
    rate = math.exp(-83.14472 / (8.314472e-3 * (mkt([0, 60], [at_298_1_k] * 2) + 273.15)))
    assert -math.log(rate) == pytest.approx(33.5458, abs=5e-5)


def test_a_published_pair() -> None:
    """Half the time at 2 °C and half at 8 °C is 5.5 °C, not the mean of 5."""
    # 5.54 in the tests of another program (ColdChainGuardService, `toBeCloseTo(5.54, 1)`: good to 0.05).
    assert mkt([0, 1, 2, 3], [2, 2, 8, 8]) == pytest.approx(5.54, abs=0.05)


def formula(celsius, weights, delta_h) -> float:
    """The sum as USP <1160> prints it, term by term, with weights for time as Seeq and Wikipedia have it."""
    total = sum(
        w * math.exp(-delta_h / (8.314472e-3 * (c + 273.15))) for c, w in zip(celsius, weights, strict=True)
    )
    return delta_h / 8.314472e-3 / -math.log(total / sum(weights)) - 273.15


def test_uneven_intervals_count_by_their_length() -> None:
    """An hour at 40 °C within a day at 20 °C counts for an hour, however many readings it holds (Tong & Lock
    2015)."""
    # Plateaus with edges of a millisecond: what the trapezoids add is below the tolerance.
    seconds = [
        0,
        10 * HOUR_S,
        *np.linspace(10 * HOUR_S + 0.001, 11 * HOUR_S, 50),
        11 * HOUR_S + 0.001,
        24 * HOUR_S,
    ]
    celsius = [20, 20, *[40] * 50, 20, 20]
    assert mkt(seconds, celsius, gap="1D") == pytest.approx(formula([20, 40], [23, 1], 83.14472), abs=1e-5)


def test_the_trapezoid() -> None:
    """Between two readings the rate of harm, not the temperature, is taken for a straight line."""
    assert mkt([0, 100, 400], [10, 20, 30], gap="1h") == pytest.approx(
        formula([10, 20, 30], [50, 200, 150], 83.14472), abs=1e-9
    )
    assert mkt([0, 100], [10, 20], delta_h=100) == pytest.approx(formula([10, 20], [1, 1], 100), abs=1e-9)


def test_a_gap_adds_nothing() -> None:
    """What nobody measured does not count, and the hours say how much was measured."""
    seconds = [*range(0, 600, 10), *range(90_000, 90_600, 10)]
    found = mean_kinetic_temperature(series(seconds, [5.0] * 60 + [25.0] * 60)).iloc[0]
    assert found["hours"] == pytest.approx(2 * 590 / HOUR_S) and found["readings"] == 120
    assert found["mkt_c"] == pytest.approx(formula([5, 25], [1, 1], 83.14472)) and found[
        "mean_c"
    ] == pytest.approx(15)


def test_very_cold() -> None:
    """In a cryostat no exponential becomes nothing."""
    assert mkt([0, 60, 120], [-270, -269.5, -269]) == pytest.approx(-269, abs=0.01)


def test_few_and_none() -> None:
    """One reading is its own mean; two at one moment are one; none give an empty frame."""
    assert mkt([0], [7.25]) == pytest.approx(7.25)
    twice = tidy([("P", 0, 7.0, None, None), ("P", 0, 9.0, None, None)])
    assert mean_kinetic_temperature(twice)[["mkt_c", "readings"]].to_numpy().tolist() == [
        [pytest.approx(8), 1]
    ]
    assert mean_kinetic_temperature(tidy([])).empty and mean_kinetic_temperature(pd.DataFrame()).empty
    assert mean_kinetic_temperature(tidy([("P", 0, None, None, None)])).empty


@pytest.mark.parametrize("delta_h", [0, -83, "83 kJ", float("nan"), None])
def test_wrong_energies(delta_h) -> None:
    """An activation energy that is none is refused with the usual one."""
    with pytest.raises(TempHubError, match=r"the usual value is 83\.14472"):
        mkt([0], [1], delta_h=delta_h)


@settings(max_examples=80, deadline=None)
@given(
    readings=st.lists(st.tuples(st.integers(1, 10_000), st.floats(-80, 120)), min_size=1, max_size=40),
    delta_h=st.floats(20, 200),
)
def test_never_below_the_mean(readings: list[tuple[int, float]], delta_h: float) -> None:
    """It lies between the mean over the same time and the warmest reading, and constant temperatures give
    themselves."""
    seconds, celsius = np.cumsum([step for step, _ in readings]), [value for _, value in readings]
    found = mean_kinetic_temperature(series(seconds, celsius), delta_h=delta_h, gap="1D").iloc[0]
    assert found["mean_c"] - 1e-9 <= found["mkt_c"] <= max(celsius) + 1e-9
    assert mkt(seconds, [celsius[0]] * len(seconds), delta_h=delta_h) == pytest.approx(celsius[0], abs=1e-9)
