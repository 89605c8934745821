"""What is wanted of an export, checked. Any thread."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo

from ..core import (
    COUNTRIES,
    DAY_MS,
    EPOCH,
    LOCAL,
    MILLISECOND,
    BadRequest,
    find_zone,
    in_range,
    is_probe_id,
    length_ms,
    parse_time,
    period_for_name,
    stamp_for_name,
)
from ..journal import Limit

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMS["parquet"] = "application/vnd.apache.parquet"
SHEETS = ("probe", "tidy")
# How Excel reads a CSV where it is installed: (separator, decimal sign).
EXCEL = {country: (style.separator, style.point) for country, style in COUNTRIES.items()}
UNITS = ("", "s", "m", "min", "h", "d")
LAST_MS = 10**14


@dataclass(frozen=True)
class Order:
    """Readings taken in [from_ms, to_ms) of these probes (none: all), as a file of this form.

    every_ms: lowest, mean and highest of each such length instead of the readings (0). limit_high_c,
    limit_low_c: for how long they were passed stands in a workbook's overview. zone: of local times. most:
    refuse beyond so many rows (0: any number).
    origin: with a column that says from which import a reading is, empty for what was delivered.
    """

    form: str = "xlsx"
    from_ms: int = 0
    to_ms: int = LAST_MS
    probe_ids: tuple[str, ...] = ()
    every_ms: int = 0
    zone: str = LOCAL
    sheets: str = "probe"
    excel: str = ""
    most: int = 0
    limit_high_c: float | None = None
    limit_low_c: float | None = None
    origin: bool = False

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits, the upper one first."""
        given = (("above", self.limit_high_c), ("below", self.limit_low_c))
        return tuple(Limit(kind, celsius) for kind, celsius in given if celsius is not None)

    def file_name(self) -> str:
        """`temphub-2026-11-22-1354-to-2026-11-23-1354.xlsx`: from when to when it is, or when it was made
        where that is all there is.

        With the probe when it is only one.
        """
        who = f"-{self.probe_ids[0].replace(':', '_')}" if len(self.probe_ids) == 1 else ""
        when = stamp_for_name()[:15]
        if self.from_ms and self.to_ms != LAST_MS:
            when = period_for_name(self.from_ms, self.to_ms, find_zone(self.zone))
        return f"temphub{who}-{when}.{self.form}"


def make_order(
    *,
    form: str = "",
    start: str = "",
    end: str = "",
    probes: Sequence[str] = (),
    every: str = "",
    zone: str = "",
    sheets: str = "",
    excel: str = "",
    most: int = 0,
    limit_high_c: str = "",
    limit_low_c: str = "",
    origin: bool = False,
) -> Order:
    """An order from texts as people and URLs give them; an empty one means the default. Raises
    TempHubError."""
    form, zone, sheets = form or "xlsx", zone or LOCAL, sheets or "probe"
    one_of("format", form, FORMS)
    one_of("sheets", sheets, SHEETS)
    one_of("excel", excel or "en", EXCEL)
    find_zone(zone)
    from_ms, to_ms = _span(start, end, zone)
    check_probes(probes)
    limits = limits_of(limit_high_c, limit_low_c)
    if form != "xlsx" and any(limit is not None for limit in limits):
        problem = f"A {form} has no overview that could tell for how long a limit was passed."
        raise bad("limit", problem, "Leave the limits out, or use xlsx.")
    _check_origin(origin, every)
    return Order(
        form,
        from_ms,
        to_ms,
        tuple(dict.fromkeys(probes)),
        _length_ms(every),
        zone,
        sheets,
        excel,
        most,
        *limits,
        origin,
    )


def _check_origin(origin: bool, every: str) -> None:
    if origin and every:
        raise bad(
            "origin",
            "What stands for some time (every) may be of readings from several sources.",
            "Leave the origin or every out.",
        )


def _span(start: str, end: str, zone: str) -> tuple[int, int]:
    start, end, where = start.strip(), end.strip(), find_zone(zone)
    from_ms = time_of("from", start, where) if start else 0
    to_ms = time_of("to", end, where) if end else LAST_MS
    if from_ms >= to_ms:
        raise bad(
            "from", "from is not before to, so there is nothing to export.", "Give from earlier than to."
        )
    return from_ms, to_ms


def check_probes(ids: Sequence[str]) -> None:
    """Raises TempHubError for what can be no probe's id."""
    for id_ in ids:
        if not is_probe_id(id_):
            problem = f"The probe {id_[:80]!r} cannot be one."
            raise bad("probe_id", problem, "Use an id from the list of probes, or leave it out.")


def limits_of(high: str, low: str) -> tuple[float | None, float | None]:
    """The upper and the lower limit in °C from texts, None where one is empty. Raises TempHubError."""
    found = [_celsius(name, text.strip()) for name, text in (("limit_high_c", high), ("limit_low_c", low))]
    upper, lower = found
    if upper is not None and lower is not None and upper < lower:
        problem = (
            f"limit_high_c is {high[:40]!r} and limit_low_c is {low[:40]!r}, so every temperature "
            "would be beyond a limit."
        )
        raise bad("limit", problem, "Give the higher one as limit_high_c.")
    return upper, lower


def _celsius(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not in_range(found):
        raise bad(
            "limit",
            f"{name} is {text[:40]!r}, which is no temperature.",
            f"Give {name} as a number in °C, such as 8 or -18.5.",
        )
    return found


def _length_ms(text: str) -> int:
    """Milliseconds of `30s`, `5min`, `1h` or `1d`; 0 for an empty text. Raises TempHubError."""
    text = text.strip()
    found = length_ms(text, UNITS) or 0
    if text and not 1000 <= found <= 366 * DAY_MS:
        raise bad(
            "every",
            f"every is {text[:40]!r}.",
            "Give a length from 1 s to 366 days, such as 30s, 5min, 1h or 1d.",
        )
    return found


def one_of(name: str, value: str, allowed: Collection[str]) -> None:
    """Raises TempHubError for a choice that there is not."""
    if value not in allowed:
        *others, last = allowed
        raise bad(name, f"{name} is {value[:40]!r}.", f"Use {', '.join(others)} or {last}.")


def time_of(name: str, text: str, zone: tzinfo | None) -> int:
    """Milliseconds of a day or time by a zone's clock (None: this computer's). Raises TempHubError."""
    try:
        found = _in_zone(text, zone)
        if not 0 <= found <= LAST_MS:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        remedy = (
            f"Give {name} as a day or time such as 2026-11-23 or 2026-11-23T12:00, or with an offset or Z."
        )
        raise bad(name, f"{name} is {text[:40]!r}, not a time.", remedy) from error
    return found


def _in_zone(text: str, zone: tzinfo | None) -> int:
    """A time without an offset is one of the order's zone."""
    if text.lstrip("-").isdigit() and len(text) > 8:
        return int(text)
    given = datetime.fromisoformat(text)
    if given.tzinfo is None and zone is not None:
        return (given.replace(tzinfo=zone).astimezone(timezone.utc) - EPOCH) // MILLISECOND
    return parse_time(given.isoformat())


def bad(name: str, problem: str, remedy: str) -> BadRequest:
    """The refusal of what was given as `name`."""
    return BadRequest(problem, remedy, code=f"bad_{name}")
