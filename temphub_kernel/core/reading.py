"""What a reading is: its names, bounds and number format; and a probe as it was just met. Any thread."""

import math
import re
from typing import NamedTuple, TypeGuard

from .clock import DAY_MS, HOUR_MS, MINUTE_MS

PROBE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
BOOT = re.compile(r"[A-Za-z0-9._-]{1,32}")
ADHOC = "adhoc"
QUALITIES = ("open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing")
# The same for people.
FAULT_WORDS = {
    "open": "Wire open or not connected",
    "short_gnd": "Shorted to ground",
    "short_vcc": "Shorted to the supply",
    "crc": "Answer garbled on the wire",
    "power_on": "Reports its power-on value: it lost power",
    "range": "Value outside the sensor's range",
    "missing": "The sensor does not answer",
}
# The hub's own mark on a good value whose age the probe could not know: it was taken at that time or earlier.
UNDATED = "undated"
# What a person struck out: kept as it is, and neither charted nor counted.
STRUCK_OUT = "struck_out"
# A number with this mark is what a sensor shows before it has measured: kept as it was sent, never charted or
# counted.
POWER_ON = "power_on"
# Beyond what the sensor is made for.
RANGE = "range"
LOWEST_C = -270.0
HIGHEST_C = 1800.0
UNITS_PER_C = 10_000_000
# What thermocouple chips say of themselves is kept in 64ths of a degree: their own steps are no finer.
JUNCTION_PER_C = 64
MAX_BATCH = 1000
MAX_SEQ = 2**53
# A probe may keep readings for weeks; a year is beyond every outbox and still catches nonsense.
MAX_AGE_MS = 366 * DAY_MS
FRESH_MS = MINUTE_MS
FRESH_INTERVALS = 3
# So far ahead a reading still counts as of now: clocks that are set over the network differ by less. What
# lies beyond was dated by a wrong clock: the sender's own, or this computer's before it was set.
AHEAD_MS = MINUTE_MS
MIN_INTERVAL_MS = 500
MAX_INTERVAL_MS = HOUR_MS


# When a reading taken from the CSV log came in is not known: it is kept as this delay, which no delivery has.
UNKNOWN_DELAY_MS = -1


class Row(NamedTuple):
    """One reading on its way into the journal. `units` is None when the sensor answered badly.

    junction: (what a thermocouple's chip itself said, its own temperature), each in 64ths of a degree or
    None.
    """

    probe_id: str
    boot: str | None
    seq: int | None
    taken_ms: int
    received_ms: int
    units: int | None
    quality: str | None
    junction: tuple[int | None, int | None] | None = None


# What values mean that sensors show when they measured nothing, where no neighbour agrees, in stored units:
# the quality, and whether the value may be true.
GHOSTS = {
    # Arduino's DallasTemperature (DEVICE_DISCONNECTED_C): nothing answered.
    -127 * UNITS_PER_C: ("missing", False),
    # The data sheet's value of a DS18B20 that has not measured since it got power.
    85 * UNITS_PER_C: (POWER_ON, True),
    # All bits of the register set; and what clones say after a conversion that failed. No DS18B20 measures
    # that.
    round(511.9375 * UNITS_PER_C): ("range", False),
    round(511.94 * UNITS_PER_C): ("range", False),
    round(127.9375 * UNITS_PER_C): ("range", False),
    round(127.94 * UNITS_PER_C): ("range", False),
}
# One family of clones begins here. In a room it is an ordinary value: only a jump to it speaks against it,
# and only the first time.
CLONE_GHOST = 25 * UNITS_PER_C
# A heater does not jump this far between two readings; a ghost does.
NEAR_UNITS = 10 * UNITS_PER_C


def is_probe_id(text: object) -> TypeGuard[str]:
    """True for a text that may name a probe."""
    return isinstance(text, str) and PROBE_ID.fullmatch(text) is not None


def board_of(probe_id: str) -> str:
    """The board that a probe id belongs to: what stands before `:`. Further sensors of a board have a suffix
    of their own."""
    return probe_id.partition(":")[0] if ":" in probe_id else probe_id


def fresh_ms(interval_ms: int) -> int:
    """How old a probe's newest reading may be to be its value of now: three intervals, a minute at least (it
    may deliver in batches)."""
    return max(FRESH_MS, FRESH_INTERVALS * interval_ms)


def is_present(age_ms: int, interval_ms: int) -> bool:
    """Whether a reading of that age is a value of now. One dated in the future is none: its clock, or ours,
    was wrong."""
    return -AHEAD_MS <= age_ms <= fresh_ms(interval_ms)


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


# What `temphub demo` calls its probes.
DEMO_ID = "Demo-{number}"
DEMO = re.compile(r"Demo-\d+")


class Sighting(NamedTuple):
    """Where a probe is and what it says of itself. Known by `probe_id`, never by its address.

    host: its mDNS host name or empty; ip: numeric IPv4 or IPv6; model: `virtual`, `esp32`, …; boot: changes
    at each start of the probe, empty when unknown; via: `mdns` or `hello`.
    """

    probe_id: str
    ip: str
    port: int
    host: str = ""
    version: str = ""
    model: str = ""
    name: str = ""
    boot: str = ""
    via: str = "mdns"


def is_of_a_demo(sighting: Sighting) -> bool:
    """Whether it is one of the virtual probes that a demo started: their readings are made up."""
    return sighting.model == "virtual" and DEMO.fullmatch(sighting.probe_id) is not None
