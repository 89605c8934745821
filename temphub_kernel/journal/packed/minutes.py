"""A probe's minutes of one day as a few bytes each, its hours beside them: what the journal keeps of the
finest roll-ups of days gone by. Pure functions; any thread.

Who draws a month in a thousand steps wants minutes of every day. So each is of one length, and nothing is
deflated: days that were packed alike become columns together, in one go. What is alike in many minutes is
not said by each: the minutes of a day without a gap, and the spread, of which a sensor's steps leave few
that differ.
"""

import struct
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns import Floats, Ints

A_DAY, AN_HOUR = 1440, 60
# The first kind, of journals that were written before 0.4.0 was done, has neither lists nor hours.
PLAIN, LISTED = 1, 2
# version; bytes of a value, of a total and of a count; what all values are multiples of, from which on
HEAD = struct.Struct("<BBBBqq")
# the first minute (GAPS: each says its own); how many spreads are listed (0: each says its own); hours
LISTS = struct.Struct("<hhB")
GAPS = -1
SIZES = {1, 2, 4, 8}
WHOLE = ("lowest", "highest", "total", "good", "bad")
HOUR = np.dtype(
    [
        ("at", "<i1"),
        ("lowest", "<i8"),
        ("highest", "<i8"),
        ("total", "<i8"),
        ("good", "<i4"),
        ("bad", "<i4"),
        ("spread", "<f8"),
    ]
)
Minutes = dict[str, Any]
Places = npt.NDArray[np.signedinteger[Any]]
Columns = tuple[Ints, Ints, Ints, Ints, Ints, Ints, Floats]
NO_HOURS: Columns = (*(np.zeros(0, np.int64) for _ in range(6)), np.zeros(0))  # type: ignore[assignment]


class Layout(NamedTuple):
    """What days have in common whose rows are alike: bytes of a value, of a total, of how many and of a place
    among the spreads listed (0: each has its own), and whether each says its minute."""

    value: int
    total: int
    many: int
    spread: int
    gaps: bool

    @cache  # noqa: B019  # a handful, as many as there are widths
    def kind(self) -> "np.dtype[Any]":
        """Of signed numbers: unsigned ones of eight bytes would become floats beside others."""
        return np.dtype(
            [
                *([("minute", "<i2")] if self.gaps else []),
                ("low", f"<i{self.value}"),
                ("above", f"<i{self.value}"),
                ("over", f"<i{self.total}"),
                ("good", f"<i{self.many}"),
                ("bad", f"<i{self.many}"),
                ("spread", f"<u{self.spread}" if self.spread else "<f8"),
            ]
        )


class Day(NamedTuple):
    """One day's bytes, taken apart. start: its first minute since 1970; minute: of its first row, GAPS where
    each says its own."""

    layout: Layout
    start: int
    factor: int
    first: int
    minute: int
    hours: memoryview
    spreads: memoryview
    rows: memoryview


def pack(
    minute: Ints,
    lowest: Ints,
    highest: Ints,
    total: Ints,
    good: Ints,
    bad: Ints,
    spread: Floats,
    hours: Columns = NO_HOURS,
) -> bytes:
    """The bytes of minutes in their order. minute: of the day; where none is good, lowest and highest mean
    nothing and the total is 0. hours: the same columns of its hours, `at` of the day."""
    some = good > 0
    first = int(lowest[some].min()) if some.any() else 0
    low, above = np.where(some, lowest - first, 0), np.where(some, highest - lowest, 0)
    over = total - good * first
    factor = max(int(np.gcd.reduce(np.concatenate([low, above, over]))), 1)
    whole = {"low": low // factor, "above": above // factor, "over": over // factor, "good": good, "bad": bad}
    gaps = bool((np.diff(minute) != 1).any())
    listed, place = np.unique(spread, return_inverse=True)
    if 8 * len(listed) + _place(len(listed)) * len(spread) >= 8 * len(spread):
        listed = spread[:0]
    widths = _width(whole["low"], whole["above"]), _width(whole["over"]), _width(good, bad)
    rows = np.empty(len(minute), Layout(*widths, _place(len(listed)), gaps).kind())
    rows["spread"] = place if len(listed) else spread
    if gaps:
        rows["minute"] = minute
    for name, values in whole.items():
        rows[name] = values
    beside = np.empty(len(hours[0]), HOUR)
    for name, values in zip(HOUR.names or (), hours, strict=True):
        beside[name] = values
    head = HEAD.pack(LISTED, *widths, factor, first)
    lists = LISTS.pack(GAPS if gaps else int(minute[0]), len(listed), len(beside))
    return head + lists + beside.tobytes() + listed.astype("<f8").tobytes() + rows.tobytes()


def opened(day: int, body: bytes) -> Day:
    """A day's bytes, day: since 1970. Raises ValueError or struct.error when they are none of ours."""
    version, *widths, factor, first = HEAD.unpack_from(body)
    if version not in (PLAIN, LISTED) or not SIZES.issuperset(widths):
        raise ValueError(f"format {version}")
    minute, listed, hours, at = GAPS, 0, 0, HEAD.size
    if version == LISTED:
        minute, listed, hours = LISTS.unpack_from(body, at)
        at += LISTS.size
    spreads = at + HOUR.itemsize * hours
    rows, view = spreads + 8 * listed, memoryview(body)
    value, total, many = widths
    layout = Layout(value, total, many, _place(listed), minute == GAPS)
    return Day(layout, day * A_DAY, factor, first, minute, view[at:spreads], view[spreads:rows], view[rows:])


def unpack(days: Sequence[Day], low: "Ints | None" = None, high: "Ints | None" = None) -> list[Minutes]:
    """Minutes since 1970 of days, by time, as columns `at`, WHOLE and `spread`.

    low, high: of these alone that lie in one of [low, high), which are in order and apart. A part for each
    run of days that were packed alike. Raises ValueError or IndexError when the bytes are none of ours.
    """
    return [
        _unpacked(layout.kind(), list(run), low, high)
        for layout, run in groupby(days, key=lambda day: day.layout)
    ]


def hours(days: Sequence[Day]) -> Minutes:
    """The hours since 1970 that days have beside their minutes, as the same columns."""
    sizes = [len(day.hours) // HOUR.itemsize for day in days]
    rows = np.frombuffer(b"".join([day.hours for day in days]), HOUR)
    start = np.array([day.start // AN_HOUR for day in days], np.int64).repeat(sizes)
    found: Minutes = {name: rows[name].astype(np.int64) for name in WHOLE}
    return {"at": rows["at"] + start, **found, "spread": rows["spread"].astype(np.float64)}


def _unpacked(kind: "np.dtype[Any]", days: Sequence[Day], low: "Ints | None", high: "Ints | None") -> Minutes:
    if not all(day.rows for day in days) or any(len(day.rows) % kind.itemsize for day in days):
        raise ValueError("no whole number of minutes")
    if len(days) == 1 and low is not None and high is not None and len(low) == 1:
        return _of_one(kind, days[0], int(low[0]), int(high[0]))
    start, factor, first, minute = np.array([day[1:5] for day in days], np.int64).T
    size = np.array([len(day.rows) for day in days]) // kind.itemsize
    if low is None or high is None:
        of, begin, end = np.arange(len(days)), np.zeros_like(size), size
    else:
        # What lies in a stretch is cut out of its days: the rest is not gone through.
        of, begin, end = _found(kind, days, (start, minute, size), low, high)
    places = zip(of.tolist(), (begin * kind.itemsize).tolist(), (end * kind.itemsize).tolist(), strict=True)
    rows = np.frombuffer(b"".join([days[own].rows[since:until] for own, since, until in places]), kind)
    own = of.repeat(end - begin)
    at = (
        rows["minute"] + start[own]
        if days[0].layout.gaps
        else _places((start + minute)[of] + begin, end - begin)
    )
    spread = rows["spread"]
    if days[0].layout.spread:
        listed = np.array([len(day.spreads) for day in days]) // 8
        spread = np.frombuffer(b"".join([day.spreads for day in days]))[
            spread + (listed.cumsum() - listed)[own]
        ]
    return _columns(rows, at, factor[own], first[own], spread)


def _of_one(kind: "np.dtype[Any]", day: Day, low: int, high: int) -> Minutes:
    """Of one day's minutes those in [low, high): as an hour that a border cuts is asked for, many times a
    question."""
    rows = np.frombuffer(day.rows, kind)
    if day.layout.gaps:
        begin, end = rows["minute"].searchsorted([low - day.start, high - day.start]).tolist()
    else:
        begin, end = (min(max(border - day.start - day.minute, 0), len(rows)) for border in (low, high))
    rows = rows[begin:end]
    minute = rows["minute"].astype(np.int64) if day.layout.gaps else np.arange(begin, end) + day.minute
    spread = rows["spread"]
    if day.layout.spread:
        spread = np.frombuffer(day.spreads)[spread]
    return _columns(rows, minute + day.start, day.factor, day.first, spread)


def _columns(rows: Any, at: Any, factor: "Ints | int", first: "Ints | int", spread: Any) -> Minutes:
    good = rows["good"].astype(np.int64)
    lowest = rows["low"].astype(np.int64) * factor + first
    return {
        "at": at,
        "lowest": lowest,
        "highest": rows["above"].astype(np.int64) * factor + lowest,
        "total": rows["over"].astype(np.int64) * factor + good * first,
        "good": good,
        "bad": rows["bad"].astype(np.int64),
        "spread": spread.astype(np.float64),
    }


def _found(
    kind: "np.dtype[Any]", days: Sequence[Day], known: tuple[Ints, Ints, Ints], low: Ints, high: Ints
) -> tuple[Places, Places, Places]:
    """(day, first place in it, place behind the last) of what each day has in each of [low, high). known: of
    each day its start, its first minute and how many it has."""
    start, minute, size = known
    # Each stretch meets a few days in a row; most lie in one.
    before, behind = np.searchsorted(start, low - A_DAY, "right"), np.searchsorted(start, high)
    many = np.maximum(behind - before, 0)
    of = _places(before, many)
    since, until = (np.clip(np.repeat(border, many) - start[of], 0, A_DAY) for border in (low, high))
    if not days[0].layout.gaps:
        # Of a day without a gap it is known where each minute is.
        begin, end = (np.clip(border - minute[of], 0, size[of]) for border in (since, until))
        return of, begin, end
    minutes = [np.frombuffer(day.rows, kind)["minute"] for day in days]
    found = [
        minutes[day].searchsorted(borders)
        for day, borders in zip(of.tolist(), np.stack([since, until], 1), strict=True)
    ]
    begin, end = np.array(found, np.int64).reshape(-1, 2).T
    return of, begin, end


def _places(start: Places, length: Places) -> Places:
    """All places of some stretches."""
    return np.repeat(start - np.cumsum(length) + length, length) + np.arange(int(length.sum()))


def _place(listed: int) -> int:
    """Bytes of a place among so many."""
    return 0 if not listed else 1 if listed <= 256 else 2


def _width(*columns: Ints) -> int:
    most = max((int(column.max()) for column in columns if len(column)), default=0)
    return next(size for size in sorted(SIZES) if size == 8 or most < 1 << 8 * size - 1)
