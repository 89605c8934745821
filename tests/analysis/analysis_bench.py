"""How long each function takes on 1,000,000 readings: `PYTHONPATH=.:tests python
tests/analysis/analysis_bench.py`. No test, a figure."""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from support.frames import times
from temphub_kernel import analysis

READINGS = 1_000_000
PACE_S = 2


def fridge() -> pd.DataFrame:
    """23 days of a refrigerator at 2 s: cycles of 20 minutes, a door every four hours, a restart, one reading
    in a thousand lost."""
    chance = np.random.default_rng(1)
    seconds = np.arange(READINGS) * PACE_S
    since = seconds % 14_000
    celsius = 5 + 1.5 * np.sin(seconds / 1200 * 2 * np.pi) + 6 * np.exp(-since / 80) * (seconds > 14_000)
    half = READINGS // 2
    frame = pd.DataFrame(
        {
            "time": times(seconds),
            "probe_id": pd.Categorical.from_codes(np.zeros(READINGS, np.int8), ["Fridge"]),
            "temperature_c": np.round((celsius + chance.normal(0, 0.06, READINGS)) * 16) / 16,
            "boot": pd.Categorical.from_codes((np.arange(READINGS) >= half).astype(np.int8), ["a", "b"]),
            "seq": pd.array(np.arange(READINGS) % half, dtype="Int64"),
        }
    )
    return frame[chance.random(READINGS) > 0.001].reset_index(drop=True)


def main() -> None:
    frame = fridge()
    alike = frame["temperature_c"].to_numpy()[: READINGS // 2]
    two = pd.DataFrame({"a": alike[:-30], "b": alike[30:]}, index=times(np.arange(len(alike) - 30) * PACE_S))
    calls: dict[str, Callable[[], pd.DataFrame]] = {
        "gaps": lambda: analysis.gaps(frame),
        "completeness": lambda: analysis.completeness(frame),
        "excursions": lambda: analysis.excursions(frame, above=8, below=2, at_least="1min"),
        "degree_hours": lambda: analysis.degree_hours(frame, above=8),
        "degree_hours, every day": lambda: analysis.degree_hours(frame, above=8, every="1D"),
        "mean_kinetic_temperature": lambda: analysis.mean_kinetic_temperature(frame),
        "door_openings": lambda: analysis.door_openings(frame, rise=3),
        "compressor_cycles": lambda: analysis.compressor_cycles(frame, swing=1),
        "compare, 2 × 500,000": lambda: analysis.compare(two),
        "differences, 2 × 500,000": lambda: analysis.differences(two),
        "daily_profile": lambda: analysis.daily_profile(frame),
    }
    for name, call in calls.items():
        began = time.perf_counter()
        rows = len(call())
        sys.stdout.write(f"{name:26s}{time.perf_counter() - began:6.2f} s  {rows:>7,} rows\n")


if __name__ == "__main__":
    main()
