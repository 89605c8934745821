"""`chip_c` and `cold_c` of a delivery: what a thermocouple's chip itself said, beside the true temperature. Any thread."""

from collections.abc import Mapping
from typing import Any

from ..base.reading import HIGHEST_C, JUNCTION_PER_C, LOWEST_C

FIELDS = ("chip_c", "cold_c")


def junction_of(data: Mapping[str, Any]) -> tuple[int | None, int | None] | None:
    """(chip, cold) in 64ths of a degree; None when the delivery says neither. What can be no temperature costs no reading."""
    if "chip_c" not in data and "cold_c" not in data:
        return None
    chip, cold = (_steps(data.get(name)) for name in FIELDS)
    return None if chip is None and cold is None else (chip, cold)


def used_fields(data: Mapping[str, Any]) -> set[str]:
    """Which of the two are stored."""
    return {name for name in FIELDS if _steps(data.get(name)) is not None}


def _steps(value: object) -> int | None:
    # Compared as it is: a whole number may be larger than any float.
    if not isinstance(value, int | float) or isinstance(value, bool) or not LOWEST_C <= value <= HIGHEST_C:
        return None
    return round(value * JUNCTION_PER_C)
