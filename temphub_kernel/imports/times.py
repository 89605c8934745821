"""Texts as moments: which form they have, whose clock they are of, and the hour that a clock shows twice.

Pure, but for what `Clock` remembers of the lines before."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from ..core import DAY_MS, EPOCH, MINUTE_MS
from ..journal import NO_VALUE, Flags, Ints

QUARTER_MS = 15 * MINUTE_MS
# A clock that was never set shows 1970 or 2000; nothing that can be imported is older.
FIRST_YEAR, LAST_YEAR = 1980, 2100
YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d")
DAY_FIRST = ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")
MONTH_FIRST = ("%m-%d-%Y", "%m/%d/%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y")
IN_WORDS = ("%d-%b-%Y", "%d %b %Y", "%d-%b-%y", "%b %d %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d/%b/%Y")
SHAPE = re.compile(
    r"(?P<date>.+?)(?:(?P<gap>T|,? +|,|_)(?P<time>\d{1,2}:\d{2}(?P<second>:\d{2}(?P<rest>[.,]\d{1,9})?)?)"
    r"(?P<half> ?[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}(?: UTC)?))?)?"
)
DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "y": 2}
EPOCHS = {9: ("s", 1000), 10: ("s", 1000), 12: ("ms", 1), 13: ("ms", 1), 16: ("us", 1), 19: ("ns", 1)}


class Form(NamedTuple):
    """How a column writes moments. pattern: as strptime takes it, or `epoch s|ms|us|ns`; zoned: whether it
    says whose clock it is."""

    pattern: str
    zoned: bool

    @property
    def order(self) -> str:
        """Of day and month, for people."""
        if self.pattern.startswith("epoch"):
            return f"counted since 1970 in {self.pattern[6:]}"
        names = {"%Y": "year", "%y": "year", "%m": "month", "%b": "month", "%B": "month", "%d": "day"}
        return ", ".join(names[part] for part in re.findall(r"%[YymdbB]", self.pattern))


def forms(samples: Sequence[str]) -> list[Form]:
    """The forms that all of some texts may have; none, one, or several that differ in day and month."""
    texts = [" ".join(text.split()) for text in samples if text and text.strip()]
    if not texts:
        return []
    if all(re.fullmatch(r"\d{9,19}(?:\.\d+)?", text) for text in texts):
        known = EPOCHS.get(len(texts[0].partition(".")[0]))
        return [Form(f"epoch {known[0]}", True)] if known else []
    shape = SHAPE.fullmatch(texts[0])
    if shape is None:
        return []
    rest, zoned = _rest(shape)
    series = pl.Series(texts)
    found = []
    for date in (*YEAR_FIRST, *DAY_FIRST, *MONTH_FIRST, *IN_WORDS):
        form = Form(date + rest, zoned)
        ms = _strptime(series, form.pattern)
        if ms.null_count() == 0:
            found.append(form)
    return found


def _rest(shape: "re.Match[str]") -> tuple[str, bool]:
    """What stands behind the date, as strptime takes it; whether it names a zone."""
    if not shape["time"]:
        return "", False
    gap = " " if shape["gap"].strip() == "" else shape["gap"]
    clock = ("%I" if shape["half"] else "%H") + ":%M" + (":%S%.f" if shape["second"] else "")
    half = shape["half"].replace(shape["half"].strip(), "%p") if shape["half"] else ""
    zone = shape["zone"] or ""
    if zone.strip() not in ("", "Z", "UTC", "GMT"):
        zone = re.sub(r"[+-]\d{2}:?\d{2}", "%#z", zone)
    return gap + clock + half + zone, bool(zone)


def _strptime(text: pl.Series, pattern: str) -> pl.Series:
    """Milliseconds since 1970 on the clock of the texts, null for what is none or lies beyond the years."""
    moments = (
        text.str.to_datetime(pattern, strict=False, time_unit="ms")
        if "%H" in pattern or ("%I" in pattern)
        else text.str.to_date(pattern, strict=False).cast(pl.Datetime("ms"))
    )
    ms = moments.dt.epoch("ms")
    year = moments.dt.year()
    return ms.set((year < FIRST_YEAR) | (year > LAST_YEAR), None)


def read(text: pl.Series, form: Form) -> Ints:
    """Milliseconds since 1970 (zoned: in UTC; else by the texts' own clock), NO_VALUE for no time."""
    kind, _, unit = form.pattern.partition("epoch ")
    if not kind and unit:
        number = text.str.strip_chars().cast(pl.Float64 if unit == "s" else pl.Int64, strict=False)
        whole = {"s": (number * 1000).round(), "ms": number, "us": number // 1_000, "ns": number // 1_000_000}
        return whole[unit].cast(pl.Int64).fill_null(NO_VALUE).to_numpy()
    quick = _fixed(text, form.pattern)
    if quick is None:
        text = text.str.strip_chars().str.replace_all(r"\s+", " ")
        return _strptime(text, form.pattern).fill_null(NO_VALUE).to_numpy()
    ms, good = quick
    slow = np.flatnonzero(~good)
    if len(slow):
        rest = text.gather(slow).str.strip_chars().str.replace_all(r"\s+", " ")
        ms[slow] = _strptime(rest, form.pattern).fill_null(NO_VALUE).to_numpy()
    return ms


def _fixed(text: pl.Series, pattern: str) -> tuple[Ints, Flags] | None:
    """Texts of one length whose parts stand at fixed places, some twenty times as quickly: (ms, whether it is
    a time). None where they are not of that kind."""
    parts = re.findall(r"%\.f|%#z|%.|[^%]", pattern)
    if (
        len(text) == 0
        or text.null_count()
        or any(p[-1] not in DIGITS for p in parts if p[0] == "%" and p != "%.f")
    ):
        return None
    lengths = text.str.len_bytes()
    size = int(lengths.min())  # type: ignore[arg-type]
    bare = sum(DIGITS[p[1]] if p in {f"%{d}" for d in DIGITS} else 1 for p in parts if p != "%.f")
    spare = size - bare
    if size != lengths.max() or not (spare == 0 or ("%.f" in parts and 2 <= spare <= 10)):
        return None
    signs = np.frombuffer("".join(text.to_list()).encode(), np.uint8).reshape(len(text), size)
    values, good, at = {"rest": np.zeros(len(text), np.int64)}, np.ones(len(text), np.bool_), 0
    for part in parts:
        if part == "%.f":
            if spare:
                good &= signs[:, at] == ord(".")
                digits = min(spare - 1, 3)
                number, fine = _number(signs[:, at + 1 : at + 1 + digits])
                values["rest"], good, at = number * 10 ** (3 - digits), good & fine, at + spare
        elif part[0] == "%":
            values[part[1]], fine = _number(signs[:, at : at + DIGITS[part[1]]])
            good, at = good & fine, at + DIGITS[part[1]]
        else:
            good, at = good & (signs[:, at] == ord(part)), at + 1
    return _assembled(values, good)


def _number(signs: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> tuple[Ints, Flags]:
    digits = signs.astype(np.int64) - ord("0")
    weights = 10 ** np.arange(digits.shape[1] - 1, -1, -1)
    number: Ints = digits @ weights
    fine: Flags = np.logical_and.reduce((digits >= 0) & (digits <= 9), axis=1)
    return number, fine


def _assembled(values: dict[str, Ints], good: Flags) -> tuple[Ints, Flags]:
    none = np.zeros(len(good), np.int64)
    year = values["Y"] if "Y" in values else np.where(values["y"] < 70, 2000, 1900) + values["y"]
    month, day = values["m"], values["d"]
    hour, minute, second = (values.get(name, none) for name in "HMS")
    good = good & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60) & (day >= 1)
    good = good & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first, following = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    fine: Flags = good & (day <= (following - first).astype(np.int64))
    days = first.astype(np.int64) + day - 1
    ms: Ints = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + values["rest"]
    found: Ints = np.where(fine, ms, NO_VALUE)
    return found, fine


class Clock:
    """A clock on the wall, whose times become moments line by line.

    The hour that a clock shows twice when summer time ends: lines are taken in their order, so times belong
    to winter time from where they step back; without a step back they are all of summer time. A time that the
    clock leaps over in spring counts as if it had not been put forward yet.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        # Of each series: its last line of such an hour, and whether that was of the second round already.
        self._last: dict[int, tuple[int, bool]] = {}
        self.twice = self.leapt = 0

    def moments(self, local_ms: Ints, series: Ints) -> Ints:
        """The same in UTC; NO_VALUE stays."""
        there = np.flatnonzero(local_ms != NO_VALUE)
        quarters, place = np.unique(local_ms[there] // QUARTER_MS, return_inverse=True)
        pairs = np.array([_offsets(self._zone, quarter) for quarter in quarters.tolist()], np.int64).reshape(
            -1, 2
        )
        first, second = pairs[place, 0], pairs[place, 1]
        twice = first > second
        self.leapt += int((first < second).sum())
        found = local_ms.copy()
        found[there] = local_ms[there] - first
        if twice.any():
            self.twice += int(twice.sum())
            self._decide(there, local_ms, series, twice, first - second, found)
        return found

    def _decide(
        self, there: Ints, local_ms: Ints, series: Ints, twice: Flags, apart_ms: Ints, found: Ints
    ) -> None:
        last = self._last
        for at in np.flatnonzero(twice).tolist():
            row = int(there[at])
            who, local = int(series[row]), int(local_ms[row])
            before, later = last.get(who, (NO_VALUE, False))
            if before != NO_VALUE and abs(local - before) < DAY_MS // 8:
                later = later or local <= before
            else:
                later = False
            if later:
                found[row] += int(apart_ms[at])
            last[who] = local, later


@lru_cache(maxsize=100_000)  # three years of quarters
def _offsets(zone: tzinfo, quarter: int) -> tuple[int, int]:
    """How far the clock is ahead of UTC at a time that it shows, in ms: the first and the second time it
    does. They differ where clocks are changed."""
    wall = EPOCH.replace(tzinfo=None) + timedelta(milliseconds=quarter * QUARTER_MS)
    offsets = (wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    first, second = (round(offset.total_seconds() * 1000) for offset in offsets)
    return first, second


OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?|\b(UTC|GMT)\b")


def zone_in(text: str) -> tzinfo | None:
    """The fixed zone that a heading or a line of a logger's file names: `GMT-04:00`, `UTC +01:00`."""
    found = OFFSET.search(text)
    if found is None:
        return None
    if found[4]:
        return timezone.utc
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(ahead if found[1] == "+" else -ahead) if ahead < timedelta(hours=24) else None


def day_text(ms: int) -> str:
    """A moment for the preview, in UTC."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
