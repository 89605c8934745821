"""Readings as points of Influx line protocol, column by column. Any thread.

`temphub,site=S,probe=P celsius=23.8125 1796013934686`: what the probe sent, where it counts, once and never
again with another value. `flagged` (1, with the tag `quality`) is beside or instead of it where something is
the matter. `corrected` (with the tag `revision`) is what counts of probes that were calibrated, or of which
something was struck out; a later revision has all of it anew. Numbers only: some engines make 0 of a text.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ...core import UNITS_PER_C, printable
from ...engines import MEASUREMENT, READINGS
from ...journal import (
    NO_VALUE,
    QUALITY,
    Calibration,
    Columns,
    Flags,
    Floats,
    Ints,
    Reader,
    Strike,
    Thermocouple,
)

NEEDED = ("no", "probe", "taken_ms", "units", "quality")
NEWEST = 2**62
ESCAPED = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="})


class Series(NamedTuple):
    """A point's series. label: the quality of `flagged`, the revision of `corrected`; empty for `celsius`."""

    probe_id: str
    field: str
    label: str = ""

    def head(self, site: str) -> str:
        """What stands before the value in a line."""
        tag = {"flagged": "quality", "corrected": "revision"}.get(self.field)
        more = f",{tag}={tag_value(self.label)}" if tag else ""
        return f"{MEASUREMENT},site={tag_value(site)},probe={tag_value(self.probe_id)}{more} {self.field}="


class Points(NamedTuple):
    """Points by series and time, columns of one length (n,). at: place in `series`; values: °C, or 1."""

    series: list[Series]
    at: Ints
    taken_ms: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.at)

    def only(self, which: Flags) -> "Points":
        """Those of a mask."""
        return (
            self
            if which.all()
            else Points(self.series, self.at[which], self.taken_ms[which], self.values[which])
        )

    def text(self, site: str) -> bytes:
        """The lines."""
        heads = pl.Series([one.head(site) for one in self.series], dtype=pl.String)
        frame = pl.DataFrame({"at": self.at, "value": self.values, "ms": self.taken_ms})
        line = pl.concat_str(
            heads.gather(frame["at"]).alias("head"), pl.col("value").cast(pl.String), pl.lit(" "), "ms"
        )
        # One expression in one thread of polars each: the hub's other threads go on meanwhile.
        return str(frame.select(line.str.join("\n")).item()).encode() + b"\n"


def tag_value(text: str) -> str:
    """A tag's value as it is written. What ends a line or begins an escape there becomes a question mark."""
    plain = "".join(sign if printable(sign) and sign not in '\\"' else "?" for sign in text)
    return (plain or "-").translate(ESCAPED)


def points_of(
    columns: Columns, revisions: Mapping[str, int], *, only: str = "", up_to: int = NEWEST
) -> Points:
    """The points of readings (with NEEDED). revisions: of probes whose values are corrected; only: of this
    field; up_to: of readings up to this number."""
    there = columns.no <= up_to
    counts = there & (columns.units != NO_VALUE)
    with_raw = counts & (columns.raw != NO_VALUE)
    flagged = there & ((columns.quality != 0) | ~counts)
    corrected = counts & np.isin(columns.probe, [no for no, id_ in columns.ids.items() if id_ in revisions])
    known: dict[Series, int] = {}
    parts: list[tuple[Ints, Ints, Floats]] = []
    for field, which in zip(READINGS, (with_raw, flagged, corrected), strict=True):
        if which.any() and only in ("", field):
            parts.append(_part(columns, field, which, revisions, known))
    if not parts:
        return Points([], np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    at, taken_ms, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((taken_ms, at))
    return Points(list(known), at[order], taken_ms[order], values[order])


def _part(
    columns: Columns, field: str, which: Flags, revisions: Mapping[str, int], known: dict[Series, int]
) -> tuple[Ints, Ints, Floats]:
    probe, code = columns.probe[which], columns.quality[which]
    keys = probe * len(QUALITY) + (code if field == "flagged" else 0)
    found, inverse = np.unique(keys, return_inverse=True)
    places = []
    for key in found.tolist():
        probe_id = columns.ids[key // len(QUALITY)]
        label = {
            "flagged": QUALITY[key % len(QUALITY)] or "missing",
            "corrected": str(revisions.get(probe_id, 0)),
        }.get(field, "")
        places.append(known.setdefault(Series(probe_id, field, label), len(known)))
    units = columns.raw if field == "celsius" else columns.units
    values = np.ones(len(probe)) if field == "flagged" else units[which] / UNITS_PER_C
    return np.array(places, np.int64)[inverse], columns.taken_ms[which], values


def once(points: Points) -> tuple[Points, int]:
    """(without those of the same series and millisecond as one before, how many these were)."""
    again = np.zeros(len(points), bool)
    again[1:] = (np.diff(points.at) == 0) & (np.diff(points.taken_ms) == 0)
    return points.only(~again), int(again.sum())


class Revisions:
    """Which probes' values are corrected, and the how-manieth time they were. stored: as `as_json` had it.

    A calibration, a statement about a thermocouple, a strike or a word about power-on values changes what
    readings count with, and what an engine has is never overwritten: all goes into a new revision.
    """

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        self._of: dict[str, tuple[str, int]] = {
            probe_id: (str(mark), int(number)) for probe_id, (mark, number) in (stored or {}).items()
        }
        self._judged: tuple[int, ...] | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """The revision of each probe that has one."""
        return {probe_id: number for probe_id, (_, number) in self._of.items()}

    def as_json(self) -> dict[str, list[object]]:
        """To be stored."""
        return {probe_id: [mark, number] for probe_id, (mark, number) in self._of.items()}

    def changed(self, reader: Reader) -> list[str]:
        """The probes whose values count otherwise than when last asked; each has a new revision."""
        judged = reader.judged()
        if judged == self._judged:
            return []
        said = _said(reader)
        found = []
        for probe_id in sorted({*said, *self._of}):
            mark = sha256("\n".join(said.get(probe_id, [])).encode()).hexdigest()[:16]
            had, number = self._of.get(probe_id, ("", 0))
            if mark != had:
                self._of[probe_id] = mark, number + 1
                found.append(probe_id)
        self._judged = judged
        return found


def _said(reader: Reader) -> dict[str, list[str]]:
    """What people said of each probe's values."""
    said: dict[str, list[str]] = {}
    told: list[Calibration | Thermocouple | Strike]
    told = [*reader.calibrations(), *reader.thermocouples(), *reader.strikes()]
    for one in told:
        # The last field is when it was said: the same said again changes nothing.
        said.setdefault(one.probe_id, []).append(f"{type(one).__name__} {one[2:-1]}")
    for probe in reader.probes(removed=True):
        if probe["power_on_counts"]:
            said.setdefault(probe["id"], []).append("power-on counts")
    return said
