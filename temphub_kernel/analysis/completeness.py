"""What is missing: holes in a probe's readings, proved by the probe's own numbers where it gives any. Any thread; pure."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core import STRUCK_OUT, TempHubError
from ..journal import exceedance
from . import curve, results

NUMBERS, RESTART, PACE = "numbers", "restart", "pace"
# So many steps and not one of them by 1: then the numbers count something else than readings.
ENOUGH_STEPS = 8
GAPS = {"probe_id": "text", "start": "time", "end": "time", "duration": "span", "missing": "count", "known_by": "text"}
COMPLETENESS = {
    "probe_id": "text",
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


class Track(NamedTuple):
    """All readings of one probe by time, bad ones too. `boot`, `seq`: −1 where the probe gave none."""

    probe_id: str
    ms: results.Array
    boot: results.Array
    seq: results.Array
    bad: int


def gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """The holes in each probe's readings, by probe and time: probe_id, start, end, duration, missing, known_by.

    frame: `th.load(tidy=True, numbered=True)`. start and end are the readings beside the hole. known_by says how sure it is:
    `numbers`: the probe counted readings (boot, seq) that are not there, in whatever order and however late the others came;
    `restart`: nothing for more than 3 usual intervals while the probe restarted, or numbers gone before its first reading of that
    boot; missing counts those numbers, 0 when it was simply off; `pace`: no numbers, so a pause of more than 3 usual intervals is
    taken for a hole: an estimate. Nobody can know what a probe counted before its first reading of all (the hub may be younger) or
    had not delivered when its power went: neither is missed here.
    Raises TempHubError for a frame of another shape.
    """
    parts = [_holes(track) for track in _tracks(frame)]
    return results.table(parts, GAPS, curve.zone_of(frame)).sort_values(["probe_id", "start", "end"], ignore_index=True)


def completeness(frame: pd.DataFrame) -> pd.DataFrame:
    """How complete each probe's readings are: expected, stored, missing (counts), complete_percent, and in words: `says`.

    bad: stored, but the sensor answered badly; holes and longest: see `gaps`, whose missing add up to missing here; first and
    last reading; estimate: True when the probe's numbers do not prove all of it. A reading that is there twice counts once.
    frame: `th.load(tidy=True, numbered=True)`. Raises TempHubError for a frame of another shape.
    """
    return results.table([_summary(track, _holes(track)) for track in _tracks(frame)], COMPLETENESS, curve.zone_of(frame))


def _summary(track: Track, holes: dict[str, results.Array]) -> dict[str, Any]:
    numbered = _numbered(track)
    boot, seq = _by_seq(track, numbered)[:2]
    again = np.count_nonzero((np.diff(boot) == 0) & (np.diff(seq) == 0))
    stored = len(track.ms) - int(again)
    missing = int(holes["missing"].sum())
    proved = bool(numbered.all()) and not holes["missing"][holes["known_by"] != NUMBERS].any()
    return {
        "probe_id": track.probe_id,
        "expected": stored + missing,
        "stored": stored,
        "missing": missing,
        "complete_percent": 100 * stored / (stored + missing),
        "bad": track.bad,
        "holes": len(holes["missing"]),
        "longest": holes["duration"].max(initial=0),
        "first": track.ms[0],
        "last": track.ms[-1],
        "estimate": not proved,
        "says": ("" if proved else "estimate: ") + _words(stored, missing),
    }


def _words(stored: int, missing: int) -> str:
    if not missing:
        return "100 %, none missing"
    # Rounded down: 99.999 % is not whole.
    percent = np.floor(10_000 * stored / (stored + missing)) / 100
    return f"{percent:.2f} %, {missing:,} reading{'s' if missing > 1 else ''} missing"


def _holes(track: Track) -> dict[str, results.Array]:
    numbered = _numbered(track)
    parts = [_by_numbers(track, numbered), _by_time(track, numbered)]
    start, end, missing, known_by = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "probe_id": np.full(len(start), track.probe_id, object),
        "start": start,
        "end": end,
        "duration": end - start,
        "missing": missing,
        "known_by": known_by,
    }


def _numbered(track: Track) -> results.Array:
    """Which readings carry numbers that count readings."""
    numbered = (track.boot >= 0) & (track.seq >= 0)
    boot, seq = _by_seq(track, numbered)[:2]
    steps = np.diff(seq)[(np.diff(boot) == 0) & (np.diff(seq) > 0)]
    return numbered & (len(steps) < ENOUGH_STEPS or steps.min() == 1)


def _by_seq(track: Track, numbered: results.Array) -> tuple[results.Array, results.Array, results.Array]:
    order = np.lexsort((track.seq[numbered], track.boot[numbered]))
    return track.boot[numbered][order], track.seq[numbered][order], track.ms[numbered][order]


def _by_numbers(track: Track, numbered: results.Array) -> tuple[results.Array, results.Array, results.Array, results.Array]:
    boot, seq, ms = _by_seq(track, numbered)
    at = np.flatnonzero((np.diff(boot) == 0) & (np.diff(seq) > 1))
    sides = np.sort(np.c_[ms[at], ms[at + 1]], axis=1)
    return sides[:, 0], sides[:, 1], (np.diff(seq) - 1)[at], np.full(len(at), NUMBERS, object)


def _by_time(track: Track, numbered: results.Array) -> tuple[results.Array, results.Array, results.Array, results.Array]:
    pause = np.diff(track.ms)
    usual = np.full(len(pause), np.nan)
    usual[pause > 0] = curve.pace(np.r_[0, np.cumsum(pause[pause > 0])])
    long = pause > exceedance.GAP_PACES * usual
    both = numbered[:-1] & numbered[1:]
    border = both & _borders(track, numbered)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.nan_to_num(pause / usual)
    # More numbers than there was time for: they began at another number.
    ahead = np.where(border & (track.seq[1:] <= 1.1 * room + 1), track.seq[1:], 0)
    at = np.flatnonzero((long & (~both | border)) | (ahead > 0))
    missing = np.where(both, ahead, np.maximum(np.rint(room) - 1, 1)).astype(np.int64)
    known_by = np.where(both, RESTART, PACE).astype(object)
    return track.ms[at], track.ms[at + 1], missing[at], known_by[at]


def _borders(track: Track, numbered: results.Array) -> results.Array:
    """Between which neighbours one boot ends and the next begins with its lowest number, no other boot reaching across."""
    place, boot = np.flatnonzero(numbered), track.boot[numbered]
    change = np.zeros(len(track.ms) + 1, np.int64)
    lowest = np.full(len(track.ms), -1)
    for_boots, first = np.unique(boot, return_index=True)
    last = len(boot) - 1 - np.unique(boot[::-1], return_index=True)[1]
    np.add.at(change, place[first], 1)
    np.add.at(change, place[last] + 1, -1)
    low = np.full(int(for_boots.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(low, boot, track.seq[numbered])
    lowest[place[first]] = low[for_boots]
    # Between i and i + 1 no boot is open: as many have ended by i as began.
    open_at = np.cumsum(change)[:-1] - np.bincount(place[last], minlength=len(track.ms))
    border: results.Array = (open_at[:-1] == 0) & (track.seq[1:] == lowest[1:])
    return border


def _tracks(frame: pd.DataFrame) -> Iterator[Track]:
    if not isinstance(frame, pd.DataFrame) or not {"time", "probe_id", "temperature_c"} <= set(frame.columns):
        raise TempHubError(
            "This frame has no row for each reading, so what is missing cannot be told.",
            "Load it with th.load(tidy=True, numbered=True).",
            code="bad_frame",
        )
    ms = results.milliseconds(pd.DatetimeIndex(frame["time"]))
    boot = pd.Categorical(frame["boot"]).codes.astype(np.int64) if "boot" in frame else np.full(len(ms), -1)
    seq = frame["seq"].astype("Int64").to_numpy(dtype=np.int64, na_value=-1) if "seq" in frame else np.full(len(ms), -1)
    bad = frame["temperature_c"].isna().to_numpy()
    if "quality" in frame:
        # A person's doubt is no fault of the sensor.
        bad = bad & (frame["quality"] != STRUCK_OUT).to_numpy()
    probes = pd.Categorical(frame["probe_id"])
    for number, probe_id in enumerate(probes.categories):
        rows = np.flatnonzero(probes.codes == number)
        rows = rows[np.lexsort((seq[rows], ms[rows]))]
        if len(rows):
            yield Track(str(probe_id), ms[rows], boot[rows], seq[rows], int(bad[rows].sum()))
