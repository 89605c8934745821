"""Two probes side by side."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy, times
from temphub_kernel.analysis import compare, differences
from temphub_kernel.core.errors import TempHubError


def walk(n: int, seed: int = 1) -> np.ndarray:
    """A temperature that wanders and wobbles."""
    steps = np.random.default_rng(seed).normal(0, 0.1, n)
    return 20 + np.cumsum(steps) * 0.3 + np.sin(np.arange(n) / 40)


def wide(**columns: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_offset_and_drift() -> None:
    """A probe that shows 0.5 K more and a further 0.1 K each day is found to do so."""
    seconds = np.arange(0, 3 * 86_400, 60)
    base = walk(len(seconds))
    found = compare(
        wide(a=series(seconds, base), b=series(seconds, base + 0.5 + 0.1 * seconds / 86_400))
    ).iloc[0]
    assert (found["a"], found["b"], found["pairs"]) == ("a", "b", len(seconds))
    assert found["offset_c"] == pytest.approx(0.65, abs=1e-3) and found["drift_c_per_day"] == pytest.approx(
        0.1, abs=1e-9
    )
    assert found["lag_s"] == 0 and found["hours"] == pytest.approx(72, abs=0.1)


def test_spread_and_lag() -> None:
    """A probe behind by 90 s is told apart from a noisy one: with the lag taken out little spread is left."""
    seconds = np.arange(0, 6 * 3600, 2)
    base = walk(len(seconds) + 45)
    found = compare(wide(a=series(seconds, base[45:]), b=series(seconds, base[:-45]))).iloc[0]
    assert found["lag_s"] == 90 and found["correlation"] == pytest.approx(1)
    assert found["spread_c"] > 0.2 and found["aligned_spread_c"] == pytest.approx(0, abs=1e-9)
    assert compare(wide(a=series(seconds, base[:-45]), b=series(seconds, base[45:])))["lag_s"].tolist() == [
        -90
    ]


def test_each_at_its_own_moments() -> None:
    """Probes that measure at different moments are compared on the line between readings, and not across a
    gap."""
    frame = tidy([("a", at, 20 + at / 100, None, None) for at in range(0, 100, 2)])
    other = tidy([("b", at, 21 + at / 100, None, None) for at in [*range(1, 40, 2), *range(71, 110, 2)]])
    both = pd.concat([frame, other]).astype({"probe_id": "str"}).sort_values("time")
    found = differences(both)
    assert found["difference_c"].to_numpy() == pytest.approx(1) and len(found) == 19 + 14
    assert not found["time"].between(times([40])[0], times([70])[0]).any()
    assert compare(both)["offset_c"].tolist() == [pytest.approx(1)]


def test_against_the_first_one() -> None:
    """By default all others are compared with the first probe; either may be named."""
    seconds = np.arange(0, 600, 2)
    frame = wide(**{name: series(seconds, walk(300) + place) for place, name in enumerate("abc")})
    assert compare(frame)[["a", "b"]].to_numpy().tolist() == [["a", "b"], ["a", "c"]]
    assert compare(frame, "b")[["a", "b"]].to_numpy().tolist() == [["b", "a"], ["b", "c"]]
    assert compare(frame, "c", "a")["offset_c"].tolist() == [pytest.approx(-2)]
    assert compare(frame, b="a")[["a", "b"]].to_numpy().tolist() == [["b", "a"]]


def test_too_little() -> None:
    """One probe, probes that never measured at once, and probes that never move: nothing is made up."""
    assert (
        compare(series([0, 1], [1, 2])).empty
        and differences(series([0], [1])).empty
        and compare(tidy([])).empty
    )
    apart = tidy(
        [("a", at, 1.0, None, None) for at in range(9)]
        + [("b", at, 1.0, None, None) for at in range(900, 909)]
    )
    assert compare(apart)["pairs"].tolist() == [0] and compare(apart)[["offset_c", "lag_s"]].isna().all(
        axis=None
    )
    still = compare(wide(a=series(range(50), [4.0] * 50), b=series(range(50), [5.0] * 50))).iloc[0]
    assert still["offset_c"] == 1 and np.isnan(still["lag_s"])


def test_a_probe_that_is_not_there() -> None:
    """A name that is not in the frame is answered with those that are."""
    with pytest.raises(TempHubError, match=r"Probe 'x' is not in the frame.*Use one of these: P"):
        compare(series([0], [1]), "P", "x")


@settings(max_examples=40, deadline=None)
@given(lag=st.integers(-300, 300), seed=st.integers(0, 10_000), hole=st.integers(0, 900))
def test_shifted_by_n_seconds_the_lag_is_n(lag: int, seed: int, hole: int) -> None:
    """A probe that shows the same n seconds later has the lag n, also with a hole in its readings."""
    seconds = np.arange(2000)
    shape = walk(2000, seed)
    kept = (seconds < 500 + hole) | (seconds >= 560 + hole)
    a = tidy([("a", int(at), float(shape[at]), None, None) for at in seconds])
    b = tidy([("b", int(at) + lag, float(shape[at]), None, None) for at in seconds[kept]])
    found = compare(pd.concat([a, b]).astype({"probe_id": "str"}), most_lag="10min").iloc[0]
    assert found["lag_s"] == lag and found["correlation"] == pytest.approx(1)
