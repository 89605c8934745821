"""Frames as `load` gives them, made by hand: what was measured is known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

T0 = 1_795_438_440_000  # 2026-11-23 12:54:00 UTC


def times(seconds: Sequence[float] | np.ndarray, zone: str = "Europe/Berlin") -> pd.DatetimeIndex:
    """Moments so many seconds after T0."""
    ms = np.rint(np.asarray(seconds, dtype=np.float64) * 1000).astype(np.int64) + T0
    return pd.DatetimeIndex(ms.view("datetime64[ms]"), name="time").tz_localize("UTC").tz_convert(zone)


def series(
    seconds: Sequence[float] | np.ndarray, celsius: Sequence[float] | np.ndarray, name: str = "P"
) -> pd.Series:
    """One probe's temperatures."""
    return pd.Series(np.asarray(celsius, dtype=np.float64), index=times(seconds), name=name)


def tidy(rows: Sequence[tuple[str, float, float | None, str | None, int | None]]) -> pd.DataFrame:
    """(probe, seconds, °C, boot, seq) as `load(tidy=True, numbered=True)` gives them: by time."""
    probe, seconds, celsius, boot, seq = zip(*rows, strict=True) if rows else ((),) * 5
    frame = pd.DataFrame(
        {
            "time": times(seconds),
            "probe_id": pd.Categorical(probe),
            "temperature_c": np.array(celsius, dtype=np.float64),
            "quality": pd.Categorical(
                [None if value is not None else "crc" for value in celsius], categories=["crc"]
            ),
            "received": times(seconds),
            "boot": pd.Categorical(boot, categories=sorted({one for one in boot if one})),
            "seq": pd.array(list(seq), dtype="Int64"),
        }
    )
    return frame.sort_values("time", kind="stable", ignore_index=True)


def counted(
    probe: str, seconds: Sequence[float], boot: str | None, first: int = 0
) -> list[tuple[str, float, float, str | None, int | None]]:
    """Readings of one boot, numbered in the order of `seconds`; without a boot they have no numbers."""
    return [
        (probe, at, 20.0, boot, None if boot is None else first + place) for place, at in enumerate(seconds)
    ]
