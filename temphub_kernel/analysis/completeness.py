"""What is missing: holes in a probe's readings, proved by the probe's own numbers where it gives any. Any
thread; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core import STRUCK_OUT, TempHubError
from ..journal import Holes, Track, complete, holes_from, holes_of, track_of
from . import curve, partitions, results

GAPS = {
    "probe_id": "probe",
    "start": "time",
    "end": "time",
    "duration": "span",
    "missing": "count",
    "known_by": "text",
}
COMPLETENESS = {
    "probe_id": "probe",
    "expected": "count",
    "stored": "count",
    "missing": "count",
    "complete_percent": "number",
    "bad": "count",
    "holes": "count",
    "longest": "span",
    "first": "time",
    "last": "time",
    "estimate": "flag",
    "says": "text",
}


class Record(NamedTuple):
    """All readings of one probe, and how many of them are bad."""

    probe_id: str
    track: Track
    bad: int


def gaps(frame: pd.DataFrame | partitions.Lazy) -> pd.DataFrame:
    """The holes in each probe's readings, by probe and time: probe_id, start, end, duration, missing,
    known_by.

    frame: `th.load(tidy=True, numbered=True)`, or a lazy one of `th.scan`, which is gone through partition by
    partition; with a column `site` the result has one, too. start and end are the readings beside the hole.
    known_by says
    how sure it is: `numbers`: the probe counted readings (boot, seq) that are not there, in whatever order
    and however late the others came; `restart`: nothing for more than 3 usual intervals while the probe
    restarted, or numbers gone before its first reading of that boot; missing counts those numbers, 0 when it
    was simply off; `pace`: no numbers, so a pause of more than 3 usual intervals is taken for a hole: an
    estimate. Nobody can know what a probe counted before its first reading of all (the hub may be younger) or
    had not delivered when its power went: neither is missed here. Raises TempHubError for a frame of another
    shape.
    """
    if partitions.is_lazy(frame):
        parts, columns = _of_partitions(frame), {**partitions.site_of(frame), **GAPS}
    else:
        parts, columns = [_shown(one.probe_id, holes_of(one.track)) for one in _records(frame)], GAPS
    order = [*(("site",) if "site" in columns else ()), "probe_id", "start", "end"]
    return results.table(parts, columns, curve.zone_of(frame)).sort_values(order, ignore_index=True)


def _of_partitions(frame: partitions.Lazy) -> list[dict[str, results.Array]]:
    found = partitions.reduced(frame, partitions.missing(frame))
    return [
        _shown(place.probe_id, holes_from(numbers, pauses), place.site) for place, numbers, pauses in found
    ]


def completeness(frame: pd.DataFrame) -> pd.DataFrame:
    """How complete each probe's readings are: expected, stored, missing (counts), complete_percent, and in
    words: `says`.

    bad: stored, but the sensor answered badly; holes and longest: see `gaps`, whose missing add up to missing
    here; first and last reading; estimate: True when the probe's numbers do not prove all of it. A reading
    that is there twice counts once. frame: `th.load(tidy=True, numbered=True)`. Raises TempHubError for a
    frame of another shape.
    """
    return results.table([_summary(record) for record in _records(frame)], COMPLETENESS, curve.zone_of(frame))


def _summary(record: Record) -> dict[str, Any]:
    track, holes = record.track, holes_of(record.track)
    told = complete(track, holes)
    return {
        "probe_id": record.probe_id,
        "expected": told.stored + told.missing,
        "stored": told.stored,
        "missing": told.missing,
        "complete_percent": 100 * told.stored / (told.stored + told.missing),
        "bad": record.bad,
        "holes": len(holes.missing),
        "longest": (holes.end_ms - holes.start_ms).max(initial=0),
        "first": track.ms[0],
        "last": track.ms[-1],
        "estimate": not told.proved,
        "says": ("" if told.proved else "estimate: ") + _words(told.stored, told.missing),
    }


def _words(stored: int, missing: int) -> str:
    if not missing:
        return "100 %, none missing"
    # Rounded down: 99.999 % is not whole.
    percent = np.floor(10_000 * stored / (stored + missing)) / 100
    return f"{percent:.2f} %, {missing:,} reading{'s' if missing > 1 else ''} missing"


def _shown(probe_id: str, holes: Holes, site: str = "") -> dict[str, results.Array]:
    return {
        "site": np.full(len(holes.missing), site, object),
        "probe_id": np.full(len(holes.missing), probe_id, object),
        "start": holes.start_ms,
        "end": holes.end_ms,
        "duration": holes.end_ms - holes.start_ms,
        "missing": holes.missing,
        "known_by": holes.known_by,
    }


def _records(frame: pd.DataFrame) -> Iterator[Record]:
    if not isinstance(frame, pd.DataFrame) or not {"time", "probe_id", "temperature_c"} <= set(frame.columns):
        raise TempHubError(
            "This frame has no row for each reading, so what is missing cannot be told.",
            "Load it with th.load(tidy=True, numbered=True).",
            code="bad_frame",
        )
    ms = results.milliseconds(pd.DatetimeIndex(frame["time"]))
    boot: results.Array = (
        pd.Categorical(frame["boot"]).codes.astype(np.int64) if "boot" in frame else np.full(len(ms), -1)
    )
    seq = (
        frame["seq"].astype("Int64").to_numpy(dtype=np.int64, na_value=-1)
        if "seq" in frame
        else np.full(len(ms), -1)
    )
    bad = frame["temperature_c"].isna().to_numpy()
    if "quality" in frame:
        # A person's doubt is no fault of the sensor.
        bad = bad & (frame["quality"] != STRUCK_OUT).to_numpy()
    probes = pd.Categorical(frame["probe_id"])
    for number, probe_id in enumerate(probes.categories):
        rows = np.flatnonzero(probes.codes == number)
        if len(rows):
            yield Record(
                str(probe_id),
                track_of(ms[rows], boot[rows], seq[rows].astype(np.int64)),
                int(bad[rows].sum()),
            )
