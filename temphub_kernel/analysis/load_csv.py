"""A folder of CSV logs as a frame: for logs that came without their journal. Any thread."""

import io
import warnings
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from datetime import tzinfo
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from ..core import CSV_COLUMNS, STRUCK_OUT, TempHubError, separator_of
from ..journal import Calendar, Floats, Ints, time_weights
from . import arguments, columns, lengths, resample, results


def found(folder: Path) -> list[Path]:
    """The CSV logs in a folder, by name; says of one that was saved in a form that cannot be read that it is
    left out."""
    logs = []
    for path in sorted(folder.glob("*.csv")):
        if _form(path) is not None:
            logs.append(path)
        elif _looks_like_a_log(path):
            message = (
                f"{path} looks like a log of TempHub, but its columns are no longer those of one, so "
                "it is left out."
            )
            remedy = (
                f"Save it again with the columns {', '.join(CSV_COLUMNS)}, or load the file that the "
                "hub wrote."
            )
            warnings.warn(f"{message} {remedy}", stacklevel=4)
    return logs


def load(
    folder: Path,
    probe: arguments.Probes,
    from_ms: int,
    to_ms: int,
    zone: tzinfo,
    *,
    tidy: bool,
    step: BaseOffset | None,
    started: bool,
    struck_out: bool = False,
) -> pd.DataFrame:
    """What `th.load` gives, from the logs; `received` is not in them. Raises TempHubError for an unknown
    probe or an unreadable log."""
    frame = results.Frame(pd.concat([_read(path) for path in found(folder)], ignore_index=True))
    known = sorted(frame["probe_id"].unique())
    asked = arguments.asked_probes([{"id": id_} for id_ in known], probe)
    if asked is not None:
        frame = frame[frame["probe_id"].isin(asked)]
    if not struck_out:
        frame = frame[frame["quality"] != STRUCK_OUT]
    # A file that was copied twice brings each of its lines twice.
    frame = frame.drop_duplicates().sort_values("time", kind="stable", ignore_index=True)
    ms = frame["time"].astype("int64")
    if step is not None:
        # What lies beside the range tells how long its outermost readings hold.
        frame["held"] = _held(frame, ms.to_numpy().astype(np.int64))
    frame = frame[(ms >= from_ms) & (ms < to_ms)].reset_index(drop=True)
    frame["time"] = frame["time"].dt.tz_convert(zone)
    if step is not None:
        steps, calendar = _every(frame, step, from_ms if started else None, zone)
        return steps if tidy else resample.wide_steps(steps, asked, step, calendar, zone)
    if tidy:
        frame["probe_id"] = results.ids(frame["probe_id"])
        return frame.astype({"quality": "category"})
    wide = frame.drop_duplicates(["time", "probe_id"], keep="last").pivot(
        index="time", columns="probe_id", values="temperature_c"
    )
    return wide.reindex(columns=pd.Index(known if asked is None else asked, name="probe_id", dtype="str"))


def _every(
    frame: pd.DataFrame, step: BaseOffset, from_ms: int | None, zone: tzinfo
) -> tuple[pd.DataFrame, Calendar]:
    good = frame.dropna(subset=["temperature_c"])
    ms = results.milliseconds(pd.DatetimeIndex(good["time"]))
    begin, end = (int(ms.min()), int(ms.max())) if len(ms) else (0, 0)
    calendar = lengths.wall_steps(step, zone, begin if from_ms is None else min(from_ms, begin), begin, end)
    good = good.assign(
        time=columns.times_of(calendar.starts(ms), zone), weighted=good["temperature_c"] * good["held"]
    )
    groups = good.groupby(["probe_id", "time"])
    steps = groups["temperature_c"].agg(["min", "max", "count", "mean"]).reset_index()
    steps = steps.rename(columns={"mean": "mean_of_readings_c", "min": "min_c", "max": "max_c"})
    sums = groups[["held", "weighted"]].sum().reset_index()
    steps["mean_c"] = sums["weighted"] / sums["held"]
    steps["probe_id"] = results.ids(steps["probe_id"])
    return steps[["time", "probe_id", "mean_c", "min_c", "max_c", "count", "mean_of_readings_c"]], calendar


def _held(frame: pd.DataFrame, ms: Ints) -> Floats:
    """For how many ms each reading holds, NaN without a value; several of one moment share the time."""
    probe = pd.factorize(frame["probe_id"])[0].astype(np.int64)
    good = np.flatnonzero(frame["temperature_c"].notna().to_numpy())
    good = good[np.lexsort((ms[good], probe[good]))]
    found = np.full(len(frame), np.nan)
    new = np.flatnonzero(
        np.concatenate([[True], (np.diff(probe[good]) != 0) | (np.diff(ms[good]) != 0)])[: len(good)]
    )
    same = np.diff(np.append(new, len(good)))
    found[good] = np.repeat(time_weights.holds(probe[good][new], ms[good][new]) / np.maximum(same, 1), same)
    return found


def _form(path: Path) -> tuple[str, str] | None:
    """(encoding, separator) of a log, also as a spreadsheet saved it again; None for what is none."""
    try:
        with path.open("rb") as file:
            head = file.read(400)
    except OSError:
        return None
    # What Excel calls Unicode text.
    encoding = "utf-16" if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    names = head[: len(head) // 2 * 2].decode(encoding, "replace").splitlines()
    # A power cut may leave NUL bytes anywhere.
    separator = separator_of(names[0].replace("\0", "").encode()) if names else None
    return None if separator is None else (encoding, separator)


def _looks_like_a_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(1000).replace(b"\0", b"").lower()
    except OSError:
        return False
    return b"probe_id" in head and b"temperature_c" in head


def _read(path: Path) -> pd.DataFrame:
    encoding, separator = _form(path) or ("utf-8-sig", ",")
    try:
        # NUL bytes that a power cut left stand before a good line.
        text = path.read_bytes().decode(encoding, "replace").replace("\0", "")
        # The last line of a log that is being written may be half there. Texts first: a word among the
        # temperatures is none.
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            on_bad_lines="skip",
            dtype="str",
            keep_default_na=False,
            na_values=[""],
        )
        numbers = frame.pop("temperature_c").str.replace(",", ".")
        frame["temperature_c"] = pd.to_numeric(numbers, errors="coerce")
        frame["time"] = pd.to_datetime(
            frame.pop("timestamp"), format="ISO8601", utc=True, errors="coerce"
        ).astype("datetime64[ms, UTC]")
    except (ValueError, KeyError, OSError) as error:
        raise TempHubError(
            f"The log {path} cannot be read ({error}), so nothing was loaded.",
            "Move that file out of the folder, or restore it, then load again.",
            code="csv_unreadable",
        ) from error
    return frame.dropna(subset=["time", "probe_id"])[["time", "probe_id", "temperature_c", "quality"]]
