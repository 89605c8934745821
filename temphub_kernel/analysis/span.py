"""A length of time or a step as an analyst gives it to pandas. Any thread; pure."""

from datetime import timedelta

import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..base.errors import TempHubError

Span = str | timedelta


def span_ms(span: Span, name: str, *, least_ms: int = 1) -> int:
    """Milliseconds of `5min`, `90s`, a timedelta. `name`: what it is for. Raises TempHubError for anything else or too short."""
    ms = _ms(span)
    if ms is None or ms < least_ms:
        raise TempHubError(
            f"{name} is {span!r}, which is no length of time it can be, so nothing was worked out.",
            'Give a length with its unit, such as "30s", "5min", "2h" or a timedelta.',
            code="bad_span",
        )
    return ms


def _ms(span: Span) -> int | None:
    # A bare number would be nanoseconds to pandas.
    if not isinstance(span, str | timedelta) or str(span).strip().lstrip("+-").replace(".", "").isdigit():
        return None
    try:
        found = pd.Timedelta(span)
        return None if pd.isna(found) else int(found // timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None


def step_of(
    every: Span,
    *,
    least: timedelta = timedelta(seconds=1),
    says: str = "is no width, so nothing was loaded",
    remedy: str = 'Give a width of at least a second, such as "10s", "5min", "1h", "1D", "W" (weeks) or "MS" (months).',
) -> BaseOffset:
    """The step that `5min`, `1h`, `1D`, `MS` (months) or a timedelta names. Raises TempHubError for none, or one shorter than `least`."""
    try:
        # A bare unit such as `h` is a step to pandas, but no length of time; a bare number would be nanoseconds.
        found = None if str(every).strip().lstrip("+-").isdigit() else pd.tseries.frequencies.to_offset(every)
        start = pd.Timestamp("2026-01-01")
        length = timedelta() if found is None else (start + found + found) - (start + found)
        if found is not None and length >= least and not length % timedelta(milliseconds=1):
            return found
    except (ValueError, TypeError, OverflowError):
        pass
    raise TempHubError(f"every is {every!r}, which {says}.", remedy, code="bad_width")
