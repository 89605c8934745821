"""What is wanted of an export, checked. Any thread."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ..base.clock import EPOCH, MILLISECOND, parse_time, stamp_for_name
from ..base.errors import TempHubError
from ..base.reading import is_probe_id
from .zones import LOCAL, find_zone

FORMS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FORMS["parquet"] = "application/vnd.apache.parquet"
SHEETS = ("probe", "tidy")
# How Excel reads a CSV where it is installed: (separator, decimal sign).
EXCEL = {
    "en": (",", "."),
    "ch": (";", "."),
    **dict.fromkeys(("de", "at", "dk", "es", "fi", "fr", "it", "nl", "no", "pl", "pt", "se"), (";", ",")),
}
DAY_MS = 86_400_000
LENGTHS_MS = {"s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": DAY_MS}
LAST_MS = 10**14


@dataclass(frozen=True)
class Order:
    """Readings taken in [from_ms, to_ms) of these probes (none: all), as a file of this form.

    every_ms: lowest, mean and highest of each such length instead of the readings (0). zone: of local times. most: refuse
    beyond so many rows (0: any number).
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

    def file_name(self) -> str:
        """A dated name for the file: `temphub-2026-11-23-1354.xlsx`, with the probe when it is only one."""
        who = f"-{self.probe_ids[0].replace(':', '_')}" if len(self.probe_ids) == 1 else ""
        return f"temphub{who}-{stamp_for_name()[:15]}.{self.form}"


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
) -> Order:
    """An order from texts as people and URLs give them; an empty one means the default. Raises TempHubError."""
    form, zone, sheets = form or "xlsx", zone or LOCAL, sheets or "probe"
    _one_of("format", form, FORMS)
    _one_of("sheets", sheets, SHEETS)
    _one_of("excel", excel or "en", EXCEL)
    find_zone(zone)
    from_ms, to_ms = _time("from", start, zone, 0), _time("to", end, zone, LAST_MS)
    if from_ms >= to_ms:
        raise _bad("from", "from is not before to, so there is nothing to export.", "Give from earlier than to.")
    for probe in probes:
        if not is_probe_id(probe):
            raise _bad("probe_id", f"The probe {probe[:80]!r} cannot be one.", "Use an id from the list of probes, or leave it out.")
    return Order(form, from_ms, to_ms, tuple(dict.fromkeys(probes)), length_ms(every), zone, sheets, excel, most)


def length_ms(text: str) -> int:
    """Milliseconds of `30s`, `5min`, `1h` or `1d`; 0 for an empty text. Raises TempHubError."""
    text = text.strip()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = LENGTHS_MS.get(text[len(number) :] or "s", 0)
    found = int(number) * unit if number.isascii() and number.isdigit() and len(number) < 8 else 0
    if text and not 1000 <= found <= 366 * DAY_MS:
        raise _bad("every", f"every is {text[:40]!r}.", "Give a length from 1 s to 366 days, such as 30s, 5min, 1h or 1d.")
    return found


def _one_of(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        *others, last = allowed
        raise _bad(name, f"{name} is {value[:40]!r}.", f"Use {', '.join(others)} or {last}.")


def _time(name: str, text: str, zone: str, default: int) -> int:
    text = text.strip()
    if not text:
        return default
    try:
        found = _in_zone(text, zone)
        if not 0 <= found <= LAST_MS:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        remedy = f"Give {name} as a day or time such as 2026-11-23 or 2026-11-23T12:00, or with an offset or Z."
        raise _bad(name, f"{name} is {text[:40]!r}, not a time.", remedy) from error
    return found


def _in_zone(text: str, zone: str) -> int:
    """A time without an offset is one of the order's zone."""
    if text.lstrip("-").isdigit() and len(text) > 8:
        return int(text)
    given = datetime.fromisoformat(text)
    known = find_zone(zone)
    if given.tzinfo is None and known is not None:
        return (given.replace(tzinfo=known).astimezone(timezone.utc) - EPOCH) // MILLISECOND
    return parse_time(given.isoformat())


def _bad(name: str, problem: str, remedy: str) -> TempHubError:
    return TempHubError(problem, remedy, code=f"bad_{name}")
