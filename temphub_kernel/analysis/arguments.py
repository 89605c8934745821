"""What an analyst may say for a time, a length, a step, a zone, a probe or a limit. Any thread."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import pandas as pd

from ..core import EVER_MS, NotFound, TempHubError, clock, list_of_names, named, now_ms
from ..journal import Limit


def find_zone(name: str) -> tzinfo:
    """The zone called `name`; `local` is this computer's. Raises TempHubError for a name nobody knows."""
    remedy = 'Use tz="local", tz="UTC" or a name such as tz="Europe/Berlin".'
    return clock.find_zone(name, remedy=remedy, code="bad_time_zone") or clock.local_zone()


EPOCH = pd.Timestamp(0, unit="ms", tz="UTC")
AGO = re.compile(r"-\s*(?P<minus>.+)|(?P<ago>.+?)\s+ago", re.IGNORECASE)

When = str | datetime | date | timedelta | int | None


def moment_ms(when: When, zone: tzinfo, *, is_end: bool = False) -> int:
    """Milliseconds since 1970 of a time; one without a zone is taken in `zone`.

    Text (`2026-11-23 14:00`, `-24h`, `24h ago`, `today`, `now`), datetime, Timestamp, whole milliseconds, or
    a timedelta from now. Raises TempHubError for anything else.
    """
    try:
        return _moment_ms(when, zone, is_end)
    except (ValueError, TypeError, OverflowError) as error:
        raise TempHubError(
            f"{'end' if is_end else 'start'} is {when!r}, which is no time, so nothing was loaded.",
            'Give a time such as "2026-11-23 14:00", "-24h" or "24h ago", or a datetime.',
            code="bad_time",
        ) from error


def span_ms(start: When, end: When, zone: tzinfo) -> tuple[int, int]:
    """[start, end) in milliseconds since 1970, all there can be where one is not given. Raises TempHubError
    as `moment_ms`."""
    from_ms = -EVER_MS if start is None else moment_ms(start, zone)
    return from_ms, EVER_MS if end is None else moment_ms(end, zone, is_end=True)


def _moment_ms(when: When, zone: tzinfo, is_end: bool) -> int:
    if isinstance(when, int):
        return when
    if isinstance(when, str):
        ago = AGO.fullmatch(when.strip())
        if ago is not None:
            when = -abs(pd.Timedelta(ago["minus"] or ago["ago"]))
        elif when.strip().lower() in ("now", "today"):
            now = pd.Timestamp(now_ms(), unit="ms", tz=zone)
            when = now if when.strip().lower() == "now" else now.normalize()
    if isinstance(when, timedelta):
        return now_ms() + when // timedelta(milliseconds=1)
    stamp = pd.Timestamp(when)  # type: ignore[arg-type]
    if pd.isna(stamp):
        raise ValueError("not a time")
    if stamp.tzinfo is None:
        # Of an hour that comes twice in autumn, everything; an hour that spring leaves out begins when it
        # ends.
        stamp = stamp.tz_localize(zone, ambiguous=not is_end, nonexistent="shift_forward")
    return int((stamp - EPOCH) // timedelta(milliseconds=1))


def asked_probes(known: Sequence[Mapping[str, Any]], probe: str | Sequence[str] | None) -> list[str] | None:
    """The ids of the probes meant, each by id or name; None for all. known: as in core/names.py.

    Raises TempHubError: 404 for one that is not known, 409 for a name that several have.
    """
    if probe is None:
        return None
    asked: dict[str, None] = {}
    for one in [probe] if isinstance(probe, str) else probe:
        id_ = named(known, one)
        if id_ is None:
            raise NotFound(
                f"No probe {one!r} is in the journal, so there is nothing to load.",
                f"Use one of the probes it knows: {list_of_names(known)}."
                if known
                else "Wait for a probe's first reading, then load again.",
                code="unknown_probe",
            )
        asked[id_] = None
    return list(asked)


def limits(above: float | None, below: float | None) -> list[Limit]:
    """The limits asked for. Raises TempHubError for none, for one that is no temperature, and for two that
    leave no room."""
    found = [
        Limit(kind, _celsius(kind, value))
        for kind, value in (("above", above), ("below", below))
        if value is not None
    ]
    if not found:
        raise TempHubError(
            "No limit is given, so there is nothing to look for.",
            "Give above=8.0, below=2.0 or both, in °C.",
            code="no_limit",
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
            f"{kind} is {value!r}, which is no temperature.",
            f"Give {kind} as a number in °C, such as 8.0.",
            code="bad_limit",
        )
    return number
