"""A folder of CSV logs as a frame: for logs that came without their journal. Any thread."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path

import pandas as pd

from ..base.errors import TempHubError
from .asked import asked_probes

HEADER = ["timestamp", "local_time", "probe_id", "temperature_c", "quality"]


def found(folder: Path) -> list[Path]:
    """The CSV logs in a folder, by name."""
    return [path for path in sorted(folder.glob("*.csv")) if _columns(path) == HEADER]


def load(
    folder: Path,
    probe: str | Sequence[str] | None,
    from_ms: int,
    to_ms: int,
    zone: tzinfo,
    *,
    tidy: bool,
    every: str | timedelta | None,
) -> pd.DataFrame:
    """What `th.load` gives, from the logs; `received` is not in them. Raises TempHubError for an unknown probe or an unreadable log."""
    frame = pd.concat([_read(path) for path in found(folder)], ignore_index=True)
    known = sorted(frame["probe_id"].unique())
    asked = asked_probes(known, probe)
    ms = frame["time"].astype("int64")
    inside = (ms >= from_ms) & (ms < to_ms)
    if asked is not None:
        inside &= frame["probe_id"].isin(asked)
    # A file that was copied twice brings each of its lines twice.
    frame = frame[inside].drop_duplicates().sort_values("time", kind="stable", ignore_index=True)
    frame["time"] = frame["time"].dt.tz_convert(zone)
    if every is not None:
        return _every(frame, every, tidy=tidy)
    if tidy:
        return frame.astype({"probe_id": "category", "quality": "category"})
    wide = frame.drop_duplicates(["time", "probe_id"], keep="last").pivot(index="time", columns="probe_id", values="temperature_c")
    return wide.reindex(columns=pd.Index(known if asked is None else asked, name="probe_id", dtype="str"))


def _every(frame: pd.DataFrame, every: str | timedelta, *, tidy: bool) -> pd.DataFrame:
    good = frame.dropna(subset=["temperature_c"]).set_index("time").groupby("probe_id")["temperature_c"]
    steps = good.resample(pd.tseries.frequencies.to_offset(every)).agg(["mean", "min", "max", "count"]).reset_index()
    steps = steps[steps["count"] > 0].rename(columns={"mean": "mean_c", "min": "min_c", "max": "max_c"})
    if tidy:
        return steps[["time", "probe_id", "mean_c", "min_c", "max_c", "count"]].reset_index(drop=True)
    return steps.pivot(index="time", columns="probe_id", values="mean_c").asfreq(pd.tseries.frequencies.to_offset(every))


def _columns(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return [name.strip('"') for name in file.readline(200).strip().split(",")]
    except OSError:
        return []


def _read(path: Path) -> pd.DataFrame:
    try:
        # The last line of a log that is being written may be half there.
        frame = pd.read_csv(path, encoding="utf-8-sig", on_bad_lines="skip", dtype={"probe_id": "str", "quality": "str"})
        frame["time"] = pd.to_datetime(frame.pop("timestamp"), format="ISO8601", utc=True, errors="coerce").astype("datetime64[ms, UTC]")
    except (ValueError, KeyError, OSError) as error:
        raise TempHubError(
            f"The log {path} cannot be read ({error}), so nothing was loaded.",
            "Move that file out of the folder, or restore it, then load again.",
            code="csv_unreadable",
        ) from error
    return frame.dropna(subset=["time", "probe_id"])[["time", "probe_id", "temperature_c", "quality"]]
