"""Compressor cycles from the temperature alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import series, tidy, times
from temphub_kernel.analysis import compressor_cycles
from temphub_kernel.core.errors import TempHubError


def sawtooth(
    cycles: int, on_s: int, off_s: int, step_s: int = 5, amplitude: float = 3.0
) -> tuple[np.ndarray, np.ndarray]:
    """Cooling for on_s, warming for off_s, from 7 °C down."""
    seconds = np.arange(0, cycles * (on_s + off_s) + 1, step_s)
    phase = seconds % (on_s + off_s)
    share = np.where(phase < on_s, phase / on_s, 1 - (phase - on_s) / off_s)
    return seconds, 7 - amplitude * share


def test_cycles() -> None:
    """Five minutes on and ten off: period, duty and amplitude are those."""
    found = compressor_cycles(series(*sawtooth(10, 300, 600)))
    # The first cycle has no warmest reading before it that anybody saw, nor has the last one one after it.
    assert len(found) == 8 and found["on"].iloc[0] == times([900])[0]
    assert set(found["on_time"]) == {pd.Timedelta("5min")} and set(found["period"]) == {pd.Timedelta("15min")}
    assert found["duty_percent"].to_numpy() == pytest.approx(100 / 3) and found[
        "amplitude_c"
    ].to_numpy() == pytest.approx(3)
    assert (found["off"].iloc[1:].to_numpy() > found["end"].iloc[:-1].to_numpy()).all()


def test_noise_and_steps_of_the_sensor() -> None:
    """A sensor's noise and its steps of 1/16 °C make no cycles of their own."""
    seconds, celsius = sawtooth(20, 480, 720)
    noisy = np.round((celsius + np.random.default_rng(4).normal(0, 0.05, len(celsius))) * 16) / 16
    found = compressor_cycles(series(seconds, noisy))
    assert len(found) == 18 and found["duty_percent"].mean() == pytest.approx(40, abs=2)


def test_a_gap_ends_a_cycle() -> None:
    """No cycle reaches across a gap."""
    seconds, celsius = sawtooth(10, 300, 600)
    seen = (seconds < 4000) | (seconds > 6000)
    found = compressor_cycles(series(seconds[seen], celsius[seen]))
    assert len(found) == 5 and (found["period"] == pd.Timedelta("15min")).all()


def test_none() -> None:
    """A room, a single reading, or none have no cycles."""
    assert compressor_cycles(series(range(100), [20.0] * 100)).empty
    assert compressor_cycles(series([0], [20])).empty and compressor_cycles(tidy([])).empty
    assert compressor_cycles(tidy([]))["period"].dtype.kind == "m"


@pytest.mark.parametrize("swing", [0, -1, "big", float("inf")])
def test_wrong_swings(swing) -> None:
    """A swing that is none is refused."""
    with pytest.raises(TempHubError, match="Give it in K"):
        compressor_cycles(series([0], [5]), swing=swing)


@settings(max_examples=60, deadline=None)
@given(
    celsius=st.lists(st.floats(-10, 30), min_size=1, max_size=60),
    again=st.lists(st.floats(-10, 30), max_size=60),
    swing=st.floats(0.1, 5),
)
def test_stretches_are_apart(celsius: list[float], again: list[float], swing: float) -> None:
    """What is found on both sides of a gap is what is found on each side alone."""
    after = [10_000 + second for second in range(len(again))]
    both = compressor_cycles(
        series([*range(len(celsius)), *after], [*celsius, *again]), swing=swing, gap="1min"
    )
    apart = [
        compressor_cycles(series(range(len(celsius)), celsius), swing=swing),
        compressor_cycles(series(after, again), swing=swing),
    ]
    assert both["on"].tolist() == [*apart[0]["on"], *apart[1]["on"]] and both["end"].tolist() == [
        *apart[0]["end"],
        *apart[1]["end"],
    ]


@settings(max_examples=60, deadline=None)
@given(celsius=st.lists(st.floats(-10, 30), min_size=1, max_size=80), swing=st.floats(0.1, 5))
def test_cycles_follow_each_other(celsius: list[float], swing: float) -> None:
    """Whatever the curve, each cycle begins where the one before ended, moves by the swing both ways, and
    adds up."""
    found = compressor_cycles(series(range(len(celsius)), celsius), swing=swing)
    assert (found["on"].iloc[1:].to_numpy() == found["end"].iloc[:-1].to_numpy()).all()
    assert (found["on_time"] + found["off_time"] == found["period"]).all() and (
        found["amplitude_c"] >= swing
    ).all()
    assert found["duty_percent"].between(0, 100, inclusive="neither").all()
