"""What stands beside the readings, as frames: remarks, what was struck out and corrected, alarms and their
rules. Any thread."""

from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import EVER_MS, JOURNAL_FILE, MINUTE_MS, Settings, now_ms
from ..journal import NO_VALUE, Alarm, Reader
from .arguments import When, find_zone, span_ms

SPAN = (("start", "from_ms"), ("end", "to_ms"))
TIMES = {
    "since": "since_ms",
    "fired": "fired_ms",
    "cleared": "cleared_ms",
    "acknowledged": "acked_ms",
    "closed": "closed_ms",
}
STATES, SEVERITIES = ("active", "cleared"), ("warning", "critical")


def remarks(
    start: When = None, end: When = None, *, tz: str = "local", data_dir: str | Path | None = None
) -> pd.DataFrame:
    """Remarks on [start, end), by time: number, start, end, probe_id (None: all), text, written. Raises
    TempHubError."""
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(_journal(data_dir)) as reader:
        found = reader.annotations(from_ms, to_ms)
    times = {
        name: _times([getattr(one, field) for one in found], zone)
        for name, field in (*SPAN, ("written", "by_ms"))
    }
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "start": times["start"],
            "end": times["end"],
            "probe_id": pd.array([one.probe_id for one in found], dtype="str"),
            "text": pd.array([one.text for one in found], dtype="str"),
            "written": times["written"],
        }
    )


def struck_out(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """What is struck out, by probe and time: number, probe_id, start, end (both included), note, made. Raises
    TempHubError."""
    zone = find_zone(tz)
    with Reader(_journal(data_dir)) as reader:
        found = reader.strikes()
    times = {
        name: _times([getattr(one, field) for one in found], zone)
        for name, field in (*SPAN, ("made", "made_ms"))
    }
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one in found], dtype="int64"),
            "probe_id": pd.array([one.probe_id for one in found], dtype="str"),
            "start": times["start"],
            "end": times["end"],
            "note": pd.array([one.note for one in found], dtype="str"),
            "made": times["made"],
        }
    )


def thermocouples(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """Whose numbers are corrected as those of a thermocouple's chip: a row for each statement and
    temperature.

    number, probe_id, start and end (empty: no end), type, chip, cold_c and cold_within_c (what the chip's own
    temperature is taken for where it is not stored, °C), at_c and uncertain_c: by how many °C a value there
    may be off for that. Raises TempHubError.
    """
    zone = find_zone(tz)
    with Reader(_journal(data_dir)) as reader:
        rows = [(one, *told) for one in reader.thermocouples() for told in one.uncertainty()]
    ends = [NO_VALUE if one.to_ms >= EVER_MS else one.to_ms for one, _, _ in rows]
    return pd.DataFrame(
        {
            "number": pd.array([one.no for one, _, _ in rows], dtype="int64"),
            "probe_id": pd.array([one.probe_id for one, _, _ in rows], dtype="str"),
            "start": _times([one.from_ms for one, _, _ in rows], zone),
            "end": _times(ends, zone),
            "type": pd.array([one.type for one, _, _ in rows], dtype="str"),
            "chip": pd.array([one.chip for one, _, _ in rows], dtype="str"),
            "cold_c": pd.array([one.cold_c for one, _, _ in rows], dtype="float64"),
            "cold_within_c": pd.array([one.within_c for one, _, _ in rows], dtype="float64"),
            "at_c": pd.array([at_c for _, at_c, _ in rows], dtype="int64"),
            "uncertain_c": pd.array([off_c for _, _, off_c in rows], dtype="float64"),
        }
    )


def _times(ms: list[int], zone: tzinfo) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.array(ms, np.int64).view("datetime64[ms]")).tz_localize("UTC").tz_convert(zone)


def alarms(
    start: When = None,
    end: When = None,
    *,
    probe: str | None = None,
    tz: str = "local",
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Alarms that lie in [start, end) in part, a row each, by when they began; index: their number. Raises
    TempHubError.

    probe_id (empty: several at once), rule, name, cause, severity and state (categories), limit_c; since,
    fired, cleared, acknowledged and closed (NaT: not yet), minutes it lasted (so far), worst_c and worst;
    acknowledged_by, comment, action; past: it was over when late readings made it known.
    """
    zone = find_zone(tz)
    from_ms, to_ms = span_ms(start, end, zone)
    with Reader(_journal(data_dir)) as reader:
        found = reader.alarms(from_ms, to_ms, probe)
    now = now_ms()
    frame = pd.DataFrame(
        {
            "probe_id": _texts([one.probe_id for one in found]),
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
        index=pd.Index([one.no for one in found], dtype="int64", name="number"),
    )
    return frame


def rules(*, tz: str = "local", data_dir: str | Path | None = None) -> pd.DataFrame:
    """The rules in force or switched off, a row each; index: their number. Raises TempHubError.

    name, kind, severity, probes (a list, empty for all or a group), group, limit_c, delay_min, recovery_c,
    recovery_min, enabled, by and changed, and rule: all of it as it is sent to the API.
    """
    with Reader(_journal(data_dir)) as reader:
        found = reader.rules()

    def numbers(name: str) -> Any:
        return _numbers([one.body.get(name) for one in found])

    return pd.DataFrame(
        {
            "name": _texts([one.body.get("name", "") for one in found]),
            "kind": pd.Categorical([one.body.get("kind", "") for one in found]),
            "severity": pd.Categorical(
                [one.body.get("severity", "warning") for one in found], SEVERITIES, ordered=True
            ),
            "probes": [list(one.body.get("probes", [])) for one in found],
            "group": _texts([one.body.get("group", "") for one in found]),
            **{name: numbers(name) for name in ("limit_c", "delay_min", "recovery_c", "recovery_min")},
            "enabled": pd.array([one.enabled for one in found], dtype="bool"),
            "by": _texts([one.by for one in found]),
            "changed": _moments([one.changed_ms for one in found], find_zone(tz)),
            "rule": [one.body for one in found],
        },
        index=pd.Index([one.no for one in found], dtype="int64", name="number"),
    )


def _length_ms(one: Alarm, now: int) -> int:
    return max((one.cleared_ms or now) - one.since_ms, 0)


def _texts(values: list[str]) -> Any:
    return pd.array(values, dtype="str")


def _numbers(values: list[float | None]) -> Any:
    return pd.array([np.nan if value is None else float(value) for value in values], dtype="float64")


def _journal(data_dir: str | Path | None) -> Path:
    return Settings.from_environ().journal_file if data_dir is None else Path(data_dir) / JOURNAL_FILE


def _moments(ms: list[int], zone: tzinfo) -> pd.DatetimeIndex:
    """As _times, NaT for 0."""
    return _times([one or NO_VALUE for one in ms], zone)
