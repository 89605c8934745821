"""Limits as an analyst says them. Any thread; pure."""

import math

from ..base.errors import TempHubError
from ..journal import Limit


def limits(above: float | None, below: float | None) -> list[Limit]:
    """The limits asked for. Raises TempHubError for none, for one that is no temperature, and for two that leave no room."""
    found = [Limit(kind, _celsius(kind, value)) for kind, value in (("above", above), ("below", below)) if value is not None]
    if not found:
        raise TempHubError(
            "No limit is given, so there is nothing to look for.", "Give above=8.0, below=2.0 or both, in °C.", code="no_limit"
        )
    if len(found) == 2 and found[0].celsius < found[1].celsius:
        raise TempHubError(
            f"above is {above} and below is {below}, so every temperature would be beyond a limit.",
            "Give the higher limit as above and the lower one as below.",
            code="bad_limit",
        )
    return found


def _celsius(kind: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise TempHubError(
            f"{kind} is {value!r}, which is no temperature.", f"Give {kind} as a number in °C, such as 8.0.", code="bad_limit"
        )
    return number
