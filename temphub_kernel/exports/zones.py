"""Local times of whole columns, in any zone, summer time included. Any thread."""

import numpy as np
import numpy.typing as npt

from ..base.clock import DAY_MS, MINUTE_MS
from ..base.zones import find_zone, offset_ms

Ints = npt.NDArray[np.int64]
# Clocks change on a quarter of an hour everywhere.
QUARTER_MS = 15 * MINUTE_MS
# 1970 as Excel counts days.
EXCEL_1970 = 25_569


def to_local(ms: Ints, zone: str) -> Ints:
    """What the clock on the wall showed, as milliseconds since 1970 on that clock."""
    quarters, place = np.unique(ms // QUARTER_MS, return_inverse=True)
    known = find_zone(zone)
    offsets = np.array([offset_ms(known, int(quarter) * QUARTER_MS) for quarter in quarters], np.int64)
    return ms + offsets[place] if len(ms) else ms


def texts(ms: Ints) -> list[str]:
    """`2026-11-23 13:54:00` of each; what is behind the second is left off."""
    seconds, place = np.unique(ms // 1000, return_inverse=True)
    shown = np.datetime_as_string(seconds.astype("datetime64[s]"))
    return [text.replace("T", " ") for text in shown[place].tolist()]


def iso_texts(ms: Ints) -> list[str]:
    """`2026-11-23T12:54:00.123Z` of each."""
    return [f"{text}Z" for text in np.datetime_as_string(ms.astype("datetime64[ms]")).tolist()]


def to_days(ms: Ints) -> list[float]:
    """Times as Excel counts them: days since the end of 1899."""
    return [float(day) for day in (ms / DAY_MS + EXCEL_1970).tolist()]
