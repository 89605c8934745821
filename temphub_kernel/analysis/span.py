"""A length of time as an analyst says it, in milliseconds. Any thread; pure."""

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


def steps_of(every: Span) -> BaseOffset:
    """The step `every` names: `1h`, `1D`, `MS` (months). Raises TempHubError for one that is none or shorter than a minute."""
    try:
        offset = pd.tseries.frequencies.to_offset(every)
        start = pd.Timestamp("2026-01-01")
        if offset is not None and (start + offset) - start >= timedelta(minutes=1):
            return offset
    except (ValueError, TypeError, OverflowError):
        pass
    raise TempHubError(
        f"every is {every!r}, which is no step it can be, so nothing was worked out.",
        'Give a step of at least a minute, such as "1h", "1D" or "MS" (months).',
        code="bad_width",
    )
