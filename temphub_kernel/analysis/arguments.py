"""What an analyst may say for a time, a length, a step, a zone, a probe or a limit. Any thread."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import (
    EVER_MS,
    JOURNAL_FILE,
    NotFound,
    Settings,
    TempHubError,
    clock,
    list_of_names,
    named,
    now_ms,
)
from ..journal import Limit
from . import lengths


def find_zone(name: str) -> tzinfo:
    """The zone called `name`; `local` is this computer's. Raises TempHubError for a name nobody knows."""
    remedy = 'Use tz="local", tz="UTC" or a name such as tz="Europe/Berlin".'
    return clock.find_zone(name, remedy=remedy, code="bad_time_zone") or clock.local_zone()


def journal_of(data_dir: str | Path | None) -> Path:
    """The journal of a data folder; None: of the one that the settings say."""
    return Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE


EPOCH = pd.Timestamp(0, unit="ms", tz="UTC")
AGO = re.compile(r"-\s*(?P<minus>.+)|(?P<ago>.+?)\s+ago", re.IGNORECASE)
WORDS = {"now": 0, "today": 0, "yesterday": 1}
# As written in much of the world, and in much of it the other way round.
DAY_MONTH = re.compile(r"(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})(?P=sign)\d{2,4}(\s.*)?")
# Earlier than March 1973: seconds, which would quietly mean all there is.
LEAST_MS = 10**11
TIME_REMEDY = (
    'Give a time such as "2026-11-23 14:00", "-24h" or "7d" (so long ago), "yesterday", a datetime or '
    "milliseconds since 1970."
)

When = str | datetime | date | timedelta | int | None
# A probe's id or name, or several of them; None is all.
Probes = str | Iterable[str] | None


def moment_ms(when: When, zone: tzinfo, *, is_end: bool = False) -> int:
    """Milliseconds since 1970 of a time; one without a zone is taken in `zone`.

    Text (`2026-11-23 14:00`, `23.11.2026`, `7d`, `-24h` or `24h ago`, `today`, `yesterday`, `now`), datetime,
    date, Timestamp, whole milliseconds since 1970, or a timedelta: so long ago, whatever its sign. Raises
    TempHubError for anything else.
    """
    try:
        return _moment_ms(when, zone, is_end)
    except (ValueError, TypeError, OverflowError) as error:
        why = str(error) if isinstance(error, _Unclear) else "which is no time"
        raise TempHubError(
            f"{'end' if is_end else 'start'} is {when!r}, {why}, so nothing was looked for.",
            TIME_REMEDY,
            code="bad_time",
        ) from error


class _Unclear(ValueError):
    """What a time could mean, and why it is not taken."""


def span_ms(start: When, end: When, zone: tzinfo) -> tuple[int, int]:
    """[start, end) in milliseconds since 1970, all there can be where one is not given. Raises TempHubError
    as `moment_ms`."""
    from_ms = -EVER_MS if start is None else moment_ms(start, zone)
    return from_ms, EVER_MS if end is None else moment_ms(end, zone, is_end=True)


def _moment_ms(when: Any, zone: tzinfo, is_end: bool) -> int:
    if isinstance(when, timedelta | np.timedelta64):
        return now_ms() - abs(pd.Timedelta(when)) // timedelta(milliseconds=1)
    if isinstance(when, Real) and not isinstance(when, bool):
        return _whole_ms(float(when))
    if isinstance(when, str):
        text = when.strip().lower()
        if text in WORDS:
            now = pd.Timestamp(now_ms(), unit="ms", tz=zone)
            when = now if text == "now" else now.normalize() - pd.DateOffset(days=WORDS[text])
        elif (ago := _ago_ms(text)) is not None:
            return now_ms() - ago
        else:
            when = _parsed(text)
    stamp = pd.Timestamp(when)
    if pd.isna(stamp):
        raise ValueError("not a time")
    if stamp.tzinfo is None:
        # Of an hour that comes twice in autumn, everything; an hour that spring leaves out begins when it
        # ends.
        stamp = stamp.tz_localize(zone, ambiguous=not is_end, nonexistent="shift_forward")
    return int((stamp - EPOCH) // timedelta(milliseconds=1))


def _whole_ms(number: float) -> int:
    if not math.isfinite(number):
        raise ValueError("not a time")
    if 0 < abs(number) < LEAST_MS:
        told = "a time in seconds" if abs(number) > 1e9 else "no time"
        raise _Unclear(f"which in milliseconds since 1970 is {told}")
    return round(number)


def _ago_ms(text: str) -> int | None:
    """How long ago a text says, `24h`, `-7d` or `3 days ago`; None for one that tells no length."""
    ago = AGO.fullmatch(text)
    return lengths.text_ms((ago["minus"] or ago["ago"]) if ago else text)


def _parsed(text: str) -> Any:
    """A day or time as written; not one of which nobody knows which is the day and which the month."""
    if text.lstrip("-").isdigit() and len(text) > 8:
        return pd.Timestamp(_whole_ms(float(text)), unit="ms", tz="UTC")
    found = DAY_MONTH.fullmatch(text)
    if found is None:
        return pd.Timestamp(text)
    if found["sign"] != "." and max(int(found["first"]), int(found["second"])) <= 12:
        raise _Unclear("which may be two different days")
    day_first = found["sign"] == "." or int(found["first"]) > 12
    return pd.to_datetime(text, dayfirst=day_first)


def check_source(what: str, **given: object) -> None:
    """Raises TempHubError for what only a journal can be asked for. what: the source, for words; given: what
    was asked for, by its name."""
    asked = [name for name, value in given.items() if value]
    if asked:
        raise TempHubError(
            f"{what} has readings as they are, so {' and '.join(asked)} cannot be had of it.",
            "Leave that out, and filter or resample the frame.",
            code="bad_source",
        )


def asked_probes(known: Sequence[Mapping[str, Any]], probe: Probes) -> list[str] | None:
    """The ids of the probes meant, each by id or name; None for all. known: as in core/names.py.

    Raises TempHubError: 404 for one that is not known, 409 for a name that several have.
    """
    if probe is None:
        return None
    asked: dict[str, None] = {}
    for one in _texts(probe):
        id_ = named(known, one)
        if id_ is None:
            remedy = (
                f"Use one of the probes it knows: {list_of_names(known)}."
                if known
                else "Wait for a probe's first reading, then load again."
            )
            raise NotFound(
                f"No probe {one!r} is in the journal, so there is nothing to load.",
                _as_time(one) + remedy,
                code="unknown_probe",
            )
        asked[id_] = None
    return list(asked)


def _texts(probe: str | Iterable[str]) -> list[str]:
    given = [probe] if isinstance(probe, str) or not isinstance(probe, Iterable) else list(probe)
    wrong = next((one for one in given if not isinstance(one, str)), None)
    if wrong is not None:
        raise TempHubError(
            f"probe is {wrong!r}, which is neither a probe's id nor its name.",
            'Give what the page calls it, such as probe="Fridge", or a list of such names.',
            code="bad_probe",
        )
    return given


def _as_time(text: str) -> str:
    """What to say first to whoever gave a time where a probe stands."""
    try:
        _moment_ms(text, timezone.utc, False)
    except (ValueError, TypeError, OverflowError):
        return ""
    return f"Give a time by its name: start={text!r}. "


Level = float | Mapping[str, float] | None
# A probe as a frame has it -> its limits.
LimitsOf = dict[str, list[Limit]]


def limits(above: Level, below: Level, known: Sequence[Mapping[str, Any]]) -> LimitsOf:
    """The limits asked for, of each probe of `known` (as in core/names.py): one for all, or by id or name.

    Raises TempHubError for none, for one that is no temperature, for a probe that nobody knows, and for two
    that leave no room.
    """
    if above is None and below is None:
        raise TempHubError(
            "No limit is given, so there is nothing to look for.",
            'Give above=8.0, below=2.0 or both, in °C, or one a probe: above={"Fridge": 8, "Freezer": -15}.',
            code="no_limit",
        )
    upper, lower = _of_each("above", above, known), _of_each("below", below, known)
    found: LimitsOf = {}
    for probe in known:
        high, low = upper.get(probe["id"]), lower.get(probe["id"])
        if high is not None and low is not None and high < low:
            raise TempHubError(
                f"above is {high:g} and below is {low:g}, so every temperature would be beyond a limit.",
                "Give the higher limit as above and the lower one as below.",
                code="bad_limit",
            )
        given = (("above", high), ("below", low))
        found[probe["id"]] = [Limit(kind, celsius) for kind, celsius in given if celsius is not None]
    return found


def probes_of(level: Level) -> list[str]:
    """The probes that it names, none where it is a number for all."""
    return [str(text) for text, _ in level.items()] if isinstance(level, Mapping | pd.Series) else []


def level_among(level: Level, known: Sequence[Mapping[str, Any]]) -> Level:
    """The same, without probes that are not among `known`; None where nobody is left."""
    if not isinstance(level, Mapping | pd.Series):
        return level
    return {text: value for text, value in level.items() if named(known, str(text)) is not None} or None


def _of_each(kind: str, level: Level, known: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    if level is None:
        return {}
    if not isinstance(level, Mapping | pd.Series):
        number = _celsius(kind, level)
        return {probe["id"]: number for probe in known}
    found = {}
    for text, value in level.items():
        id_ = named(known, str(text))
        if id_ is None:
            raise NotFound(
                f"{kind} has a limit for {text!r}, which is no probe of this frame.",
                f"Use one of these: {list_of_names(known)}." if known else "Load a time with readings.",
                code="unknown_probe",
            )
        found[id_] = _celsius(kind, value)
    return found


def _celsius(kind: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise TempHubError(
            f"{kind} is {value!r}, which is no temperature.",
            f'Give {kind} as a number in °C, such as 8.0, or one a probe: {{"Fridge": 8, "Freezer": -15}}.',
            code="bad_limit",
        )
    return number
