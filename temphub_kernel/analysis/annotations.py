"""What stands beside the readings, as frames: remarks, what was struck out and corrected, alarms and their
rules. Any thread."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import EVER_MS, MINUTE_MS, now_ms, titles, to_celsius
from ..journal import NO_VALUE, Alarm, Calibration, Newest, Reader, Thermocouple
from .arguments import Probes, When, asked_probes, find_zone, journal_of, span_ms
from .results import Frame, ids, times

TIMES = {
    "since": "since_ms",
    "fired": "fired_ms",
    "cleared": "cleared_ms",
    "acknowledged": "acked_ms",
    "closed": "closed_ms",
}
STATES, SEVERITIES = ("active", "cleared"), ("warning", "critical")


def remarks(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Remarks on [start, end), by time: number, start, end, probe_id (NaN: all), text, written.

    With `probe` those on these probes and on all. Raises TempHubError.
    """
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(journal_of(data_dir)) as reader:
        asked = _counted(reader, probe)
        found = [
            one for one in reader.annotations(from_ms, to_ms) if not one.probe_id or one.probe_id in asked
        ]
    return _table(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "start": _times([one.from_ms for one in found], zone),
            "end": _times([one.to_ms for one in found], zone),
            "probe_id": ids(one.probe_id for one in found),
            "text": _texts([one.text for one in found]),
            "written": _times([one.by_ms for one in found], zone),
        }
    )


def struck_out(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """What is struck out in [start, end) in part, by probe and time: number, probe_id, start, end (both
    included), note, made. Raises TempHubError."""
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(journal_of(data_dir)) as reader:
        asked = _counted(reader, probe)
        found = [
            one
            for one in reader.strikes()
            if one.probe_id in asked and one.from_ms < to_ms and one.to_ms >= from_ms
        ]
    return _table(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "probe_id": ids(one.probe_id for one in found),
            "start": _times([one.from_ms for one in found], zone),
            "end": _times([one.to_ms for one in found], zone),
            "note": _texts([one.note for one in found]),
            "made": _times([one.made_ms for one in found], zone),
        }
    )


def calibrations(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """The corrections in force in [start, end) in part, by probe and time: a row each.

    number, probe_id, start and end (empty: until today), points (a list of pairs: °C shown, true °C; of one
    pair it is a plain offset, of none the end of a correction), offset_c (true − shown at the first point;
    NaN without one), note, made. Raises TempHubError.
    """
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(journal_of(data_dir)) as reader:
        asked = _counted(reader, probe)
        found = [one for one in reader.calibrations() if _counts(one, asked, from_ms, to_ms)]
    offsets = [one.points[0][1] - one.points[0][0] if one.points else None for one in found]
    return _table(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "probe_id": ids(one.probe_id for one in found),
            "start": _times([one.from_ms for one in found], zone),
            "end": _times(_open_ends([one.to_ms for one in found]), zone),
            "points": _things([list(one.points) for one in found]),
            "offset_c": _numbers(offsets),
            "note": _texts([one.note for one in found]),
            "made": _times([one.made_ms for one in found], zone),
        }
    )


def thermocouples(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Whose numbers are corrected as those of a thermocouple's chip in [start, end) in part: a row for each
    statement and temperature.

    number, probe_id, start and end (empty: no end), type, chip, cold_c and cold_within_c (what the chip's own
    temperature is taken for where it is not stored, °C), at_c and uncertain_c: by how many °C a value there
    may be off for that. Raises TempHubError.
    """
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(journal_of(data_dir)) as reader:
        asked = _counted(reader, probe)
        rows = [
            (one, *told)
            for one in reader.thermocouples()
            if _counts(one, asked, from_ms, to_ms)
            for told in one.uncertainty()
        ]
    return _table(
        {
            "number": pd.array([one.no for one, _, _ in rows], dtype="int64"),
            "probe_id": ids(one.probe_id for one, _, _ in rows),
            "start": _times([one.from_ms for one, _, _ in rows], zone),
            "end": _times(_open_ends([one.to_ms for one, _, _ in rows]), zone),
            "type": _texts([one.type for one, _, _ in rows]),
            "chip": _texts([one.chip for one, _, _ in rows]),
            "cold_c": _numbers([one.cold_c for one, _, _ in rows]),
            "cold_within_c": _numbers([one.within_c for one, _, _ in rows]),
            "at_c": pd.array([at_c for _, at_c, _ in rows], dtype="int64"),
            "uncertain_c": _numbers([off_c for _, _, off_c in rows]),
        }
    )


def probes(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """The probes of the journal, by id: probe_id, name (what the page calls it), group, readings (how many),
    last (when the newest one was taken), temperature_c (of that one; NaN where the sensor answered badly).

    Raises TempHubError.
    """
    zone = find_zone(tz)
    with Reader(journal_of(data_dir)) as reader:
        known = reader.probes()
        newest = {one.probe_id: one for one in reader.newest()}
    called, there = titles(known), [newest.get(one["id"]) for one in known]
    return _table(
        {
            "probe_id": ids(one["id"] for one in known),
            "name": _texts([called[one["id"]] for one in known]),
            "group": _texts([one["group"] or "" for one in known]),
            "readings": pd.array([one.readings if one else 0 for one in there], dtype="int64"),
            "last": _moments([one.taken_ms if one else 0 for one in there], zone),
            "temperature_c": _numbers([_celsius(one) for one in there]),
        }
    )


def _celsius(newest: Newest | None) -> float | None:
    return None if newest is None or newest.units is None else to_celsius(newest.units)


def _counted(reader: Reader, probe: Probes) -> Container[str]:
    """The ids that count as the probes asked for, by id or name; of none asked for, all there are."""
    known = reader.probes(removed=True)
    asked = asked_probes(known, probe)
    of_each = ({one["id"], *one.get("also", ())} for one in known if asked is None or one["id"] in asked)
    return set().union(*of_each)


def _counts(one: Calibration | Thermocouple, asked: Container[str], from_ms: int, to_ms: int) -> bool:
    """Whether it is of a probe asked for and in force in [from_ms, to_ms) in part."""
    return one.probe_id in asked and one.from_ms < to_ms and one.to_ms > from_ms


def _open_ends(ms: list[int]) -> list[int]:
    return [NO_VALUE if at >= EVER_MS else at for at in ms]


def _table(columns: dict[str, Any], index: pd.Index[Any] | None = None) -> pd.DataFrame:
    return Frame(columns, index=index)


def _times(ms: list[int], zone: tzinfo) -> pd.DatetimeIndex:
    return times(np.array(ms, np.int64), zone)


def alarms(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    *,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Alarms that lie in [start, end) in part, a row each, by when they began; index: their number. Raises
    TempHubError.

    probe_id (NaN: several at once), rule, name, cause, severity and state (categories), limit_c; since,
    fired, cleared, acknowledged and closed (NaT: not yet), minutes it lasted (so far), worst_c and worst;
    acknowledged_by, comment, action; past: it was over when late readings made it known.
    """
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(journal_of(data_dir)) as reader:
        found = reader.alarms(from_ms, to_ms, asked_probes(reader.probes(removed=True), probe))
    now = now_ms()
    return _table(
        {
            "probe_id": ids(one.probe_id for one in found),
            "rule": pd.array([one.rule for one in found], dtype="int64"),
            "name": _texts([str(one.body.get("rule", {}).get("name", "")) for one in found]),
            "cause": pd.Categorical([one.cause for one in found]),
            "severity": pd.Categorical([one.severity for one in found], SEVERITIES, ordered=True),
            "state": pd.Categorical([one.state for one in found], STATES),
            "limit_c": _numbers([one.limit_c for one in found]),
            **{name: _moments([getattr(one, field) for one in found], zone) for name, field in TIMES.items()},
            "minutes": _numbers([_length_ms(one, now) / MINUTE_MS for one in found]),
            "worst_c": _numbers([one.worst_c for one in found]),
            "worst": _moments([0 if one.worst_c is None else one.worst_ms for one in found], zone),
            "acknowledged_by": _texts([one.acked_by for one in found]),
            "comment": _texts([one.comment for one in found]),
            "action": _texts([one.action for one in found]),
            "past": pd.array([one.past for one in found], dtype="bool"),
        },
        pd.Index([one.no for one in found], dtype="int64", name="number"),
    )


def rules(probe: Probes = None, *, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """The rules in force or switched off, a row each; index: their number. With `probe` those that watch one
    of these probes. Raises TempHubError.

    name, kind, severity, probes (a list, empty for all or a group), group, limit_c, delay_min, recovery_c,
    recovery_min, enabled, by and changed, and rule: all of it as it is sent to the API.
    """
    with Reader(journal_of(data_dir)) as reader:
        known = reader.probes(removed=True)
        asked = asked_probes(known, probe)
        watched = [one for one in known if asked is None or one["id"] in asked]
        found = [one for one in reader.rules() if asked is None or _watches(one.body, watched)]

    def numbers(name: str) -> Any:
        return _numbers([one.body.get(name) for one in found])

    return _table(
        {
            "name": _texts([one.body.get("name", "") for one in found]),
            "kind": pd.Categorical([one.body.get("kind", "") for one in found]),
            "severity": pd.Categorical(
                [one.body.get("severity", "warning") for one in found], SEVERITIES, ordered=True
            ),
            "probes": _things([list(one.body.get("probes", [])) for one in found]),
            "group": _texts([one.body.get("group", "") for one in found]),
            **{name: numbers(name) for name in ("limit_c", "delay_min", "recovery_c", "recovery_min")},
            "enabled": pd.array([one.enabled for one in found], dtype="bool"),
            "by": _texts([one.by for one in found]),
            "changed": _moments([one.changed_ms for one in found], find_zone(tz)),
            "rule": _things([one.body for one in found]),
        },
        pd.Index([one.no for one in found], dtype="int64", name="number"),
    )


def _watches(rule: Mapping[str, Any], probes: list[dict[str, Any]]) -> bool:
    """Whether a rule is for one of these probes: named, of its group, or for all."""
    named, group = rule.get("probes") or (), rule.get("group") or ""
    if not named and not group:
        return True
    return any(one["id"] in named or (group and one["group"] == group) for one in probes)


def _length_ms(one: Alarm, now: int) -> int:
    return max((one.cleared_ms or now) - one.since_ms, 0)


def _things(values: list[Any]) -> Any:
    """Lists and mappings as they are, of nothing too."""
    return pd.Series(values, dtype="object").to_numpy()


def _texts(values: list[str]) -> Any:
    return pd.array(values, dtype="str")


def _numbers(values: list[float | None]) -> Any:
    return pd.array([np.nan if value is None else float(value) for value in values], dtype="float64")


def _moments(ms: list[int], zone: tzinfo) -> pd.DatetimeIndex:
    """As _times, NaT for 0."""
    return _times([one or NO_VALUE for one in ms], zone)
