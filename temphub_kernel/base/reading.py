"""What a reading is: its names, bounds and number format. Any thread.

A temperature is kept as a whole number of 1e-7 °C ("units"): that loses nothing a sensor can say
(DS18B20 steps by 0.0625, MAX31856 by 0.0078125) and sums without rounding.
"""

import math
import re
from typing import NamedTuple

PROBE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
BOOT = re.compile(r"[A-Za-z0-9._-]{1,32}")
ADHOC = "adhoc"
QUALITIES = ("open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing")
# The hub's own mark on a good value whose age the probe could not know: it was taken at that time or earlier.
UNDATED = "undated"
LOWEST_C = -270.0
HIGHEST_C = 1800.0
UNITS_PER_C = 10_000_000
MAX_BATCH = 1000
MAX_SEQ = 2**53
# A probe may keep readings for weeks; a year is beyond every outbox and still catches nonsense.
MAX_AGE_MS = 366 * 24 * 3600 * 1000
MIN_INTERVAL_MS = 500
MAX_INTERVAL_MS = 3_600_000


class Row(NamedTuple):
    """One reading on its way into the journal. `units` is None when the sensor answered badly."""

    probe_id: str
    boot: str | None
    seq: int | None
    taken_ms: int
    received_ms: int
    units: int | None
    quality: str | None


def is_probe_id(text: object) -> bool:
    """True for a text that may name a probe."""
    return isinstance(text, str) and PROBE_ID.fullmatch(text) is not None


def board_of(probe_id: str) -> str:
    """The board that a probe id belongs to: what stands before `:`. Further sensors of a board have a suffix of their own."""
    return probe_id.partition(":")[0] if ":" in probe_id else probe_id


def in_range(celsius: float) -> bool:
    """True for a finite temperature between −270 and +1800 °C."""
    return math.isfinite(celsius) and LOWEST_C <= celsius <= HIGHEST_C


def to_units(celsius: float) -> int:
    """°C as stored: whole units of 1e-7 °C."""
    return round(celsius * UNITS_PER_C)


def to_celsius(units: int | float) -> float:
    """Stored units as °C."""
    return units / UNITS_PER_C


def number_text(units: int) -> str:
    """The shortest decimal of a stored value: `23.8`, `-0.0625`; never an exponent, always a point."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), UNITS_PER_C)
    return f"{sign}{whole}.{(f'{rest:07d}'.rstrip('0') or '0')}"
