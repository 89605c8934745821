"""A probe's minutes of one day as a few bytes each: what the journal keeps of the finest roll-ups of days
gone by. Pure functions; any thread.

Who draws a month in a thousand steps wants minutes of every day. So each is of one length, and nothing is
deflated: days that were packed alike become columns together, in one go.
"""

import struct
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns import Floats, Ints

A_DAY = 1440
VERSION = 1
# version; bytes of a value, of a total and of a count; what all values are multiples of, from which on
HEAD = struct.Struct("<BBBBqq")
SIZES = {1, 2, 4, 8}
WHOLE = ("lowest", "highest", "total", "good", "bad")
Minutes = dict[str, Any]
Places = npt.NDArray[np.signedinteger[Any]]


def pack(
    minute: Ints, lowest: Ints, highest: Ints, total: Ints, good: Ints, bad: Ints, spread: Floats
) -> bytes:
    """The bytes of minutes in their order. minute: of the day; where none is good, lowest and highest mean
    nothing and the total is 0."""
    some = good > 0
    first = int(lowest[some].min()) if some.any() else 0
    low, above = np.where(some, lowest - first, 0), np.where(some, highest - lowest, 0)
    over = total - good * first
    factor = max(int(np.gcd.reduce(np.concatenate([low, above, over]))), 1)
    whole = {"low": low // factor, "above": above // factor, "over": over // factor, "good": good, "bad": bad}
    widths = _width(whole["low"], whole["above"]), _width(whole["over"]), _width(good, bad)
    rows = np.empty(len(minute), _kind(*widths))
    rows["minute"], rows["spread"] = minute, spread
    for name, values in whole.items():
        rows[name] = values
    return HEAD.pack(VERSION, *widths, factor, first) + rows.tobytes()


def unpack(
    days: Sequence[tuple[int, bytes]], low: "Ints | None" = None, high: "Ints | None" = None
) -> list[Minutes]:
    """Minutes since 1970 of (day since 1970, its bytes), by time, as columns `at`, WHOLE and `spread`.

    low, high: of these alone that lie in one of [low, high), which are in order and apart. A part for each
    run of days that were packed alike. Raises ValueError or struct.error when the bytes are none of ours.
    """
    found = []
    for (version, *widths), run in groupby(days, key=lambda day: HEAD.unpack_from(day[1])[:4]):
        if version != VERSION or not SIZES.issuperset(widths):
            raise ValueError(f"format {version}")
        found.append(_unpacked(widths, list(run), low, high))
    return found


def _of_one(kind: "np.dtype[Any]", day: tuple[int, bytes], low: int, high: int) -> Minutes:
    """Of one day's minutes those in [low, high): as an hour that a border cuts is asked for, many times a
    question."""
    at, body = day[0] * A_DAY, day[1]
    factor, first = HEAD.unpack_from(body)[4:]
    rows = np.frombuffer(body, kind, offset=HEAD.size)
    begin, end = rows["minute"].searchsorted([low - at, high - at])
    return _columns(rows[begin:end], at, factor, first)


def _unpacked(
    widths: Sequence[int], days: Sequence[tuple[int, bytes]], low: "Ints | None", high: "Ints | None"
) -> Minutes:
    kind = _kind(*widths)
    if (
        len(days) == 1
        and low is not None
        and high is not None
        and len(low) == 1
        and len(days[0][1]) > HEAD.size
    ):
        return _of_one(kind, days[0], int(low[0]), int(high[0]))
    sizes = [divmod(len(body) - HEAD.size, kind.itemsize) for _, body in days]
    if not all(many for many, _ in sizes) or any(rest for _, rest in sizes):
        raise ValueError("no whole number of minutes")
    heads = [HEAD.unpack_from(body) for _, body in days]
    start, factor, first = (
        np.array(column, np.int64)
        for column in ([day * A_DAY for day, _ in days], *zip(*(head[4:] for head in heads), strict=True))
    )
    bodies = [memoryview(body)[HEAD.size :] for _, body in days]
    if low is not None and high is not None:
        return _cut(kind, bodies, (start, factor, first), low, high)
    own = np.arange(len(days)).repeat([many for many, _ in sizes])
    return _columns(np.frombuffer(b"".join(bodies), kind), start[own], factor[own], first[own])


def _cut(
    kind: "np.dtype[Any]", bodies: Sequence[memoryview], heads: tuple[Ints, Ints, Ints], low: Ints, high: Ints
) -> Minutes:
    """What lies in a stretch, cut out of its days: the rest is not gone through."""
    minute = [np.frombuffer(body, kind)["minute"] for body in bodies]
    day, begin, end = _found(minute, heads[0], low, high)
    size, own = kind.itemsize, day.repeat(end - begin)
    places = zip(day.tolist(), (begin * size).tolist(), (end * size).tolist(), strict=True)
    rows = np.frombuffer(b"".join(bodies[of][since:until] for of, since, until in places), kind)
    start, factor, first = (column[own] for column in heads)
    return _columns(rows, start, factor, first)


def _columns(rows: Any, start: "Ints | int", factor: "Ints | int", first: "Ints | int") -> Minutes:
    good = rows["good"].astype(np.int64)
    lowest = rows["low"].astype(np.int64) * factor + first
    return {
        "at": rows["minute"].astype(np.int64) + start,
        "lowest": lowest,
        "highest": rows["above"].astype(np.int64) * factor + lowest,
        "total": rows["over"].astype(np.int64) * factor + good * first,
        "good": good,
        "bad": rows["bad"].astype(np.int64),
        "spread": rows["spread"].astype(np.float64),
    }


def _found(minute: Sequence[Places], start: Ints, low: Ints, high: Ints) -> tuple[Places, Places, Places]:
    """(day, first place in it, place behind the last) of what each day has in each of [low, high)."""
    # Each stretch meets a few days in a row; most lie in one.
    before, behind = np.searchsorted(start, low - A_DAY, "right"), np.searchsorted(start, high)
    days = np.maximum(behind - before, 0)
    of = _places(before, days)
    since, until = (np.clip(np.repeat(border, days) - start[of], 0, A_DAY) for border in (low, high))
    size, first, last = np.array([(len(one), one[0], one[-1]) for one in minute], np.int64).T
    # Of a day without a gap it is known where each minute is.
    begin, end = (np.clip(border - first[of], 0, size[of]) for border in (since, until))
    for at in np.flatnonzero((last - first != size - 1)[of]).tolist():
        begin[at], end[at] = np.searchsorted(minute[of[at]], [since[at], until[at]])
    return of, begin, end


def _places(start: Places, length: Places) -> Places:
    """All places of some stretches."""
    return np.repeat(start - np.cumsum(length) + length, length) + np.arange(int(length.sum()))


def _width(*columns: Ints) -> int:
    most = max((int(column.max()) for column in columns if len(column)), default=0)
    return next(size for size in sorted(SIZES) if size == 8 or most < 1 << 8 * size - 1)


def _kind(value: int, total: int, count: int) -> "np.dtype[Any]":
    """Of signed numbers: unsigned ones of eight bytes would become floats beside others."""
    return np.dtype(
        [
            ("minute", "<i2"),
            ("low", f"<i{value}"),
            ("above", f"<i{value}"),
            ("over", f"<i{total}"),
            ("good", f"<i{count}"),
            ("bad", f"<i{count}"),
            ("spread", "<f8"),
        ]
    )
