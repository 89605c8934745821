"""`export`: a frame, or readings of a time, as a file for others. Any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..core import Settings, TempHubError
from ..exports import FORMS, LAST_MS, Job, bad, make_order
from ..exports.columns import Column, write_table
from ..exports.run import whole_file
from ..journal import NO_VALUE, Reader
from . import arguments, lengths
from .arguments import Probes, When

if TYPE_CHECKING:
    from ..exports.hive import Done

# LibreOffice's own form: it saves times to the hundredth of a second.
NOT_EXPORTED = {
    "ods": 'LibreOffice opens ".xlsx" as well, and keeps the milliseconds of times there, which it cuts in '
    '".ods"',
    "xls": '".xlsx" is what Excel has written since 2007',
}

Range = When | tuple[When, When]


def export(
    data: pd.DataFrame | pd.Series[Any] | Range,
    file: str | Path,
    *,
    probe: Probes = None,
    every: lengths.Span | None = None,
    above: float | None = None,
    below: float | None = None,
    sheets: str = "probe",
    excel: str = "",
    tz: str = "local",
    replace: bool = True,
    data_dir: str | Path | None = None,
) -> Path:
    """Write a frame, or the readings of a time, into `file` (.xlsx, .csv or .parquet); where it is.

    data: a frame of `load` or any other with its times in a zone; or a time from which on (`"-7d"`), a pair
    (start, end) or None for all: then it is the file that the page and `temphub export` make, by a process of
    its own. Only then count probe, every ("5min": lowest, mean and highest of each step), above and below
    (°C: a workbook's overview tells how long they were passed), sheets ("probe" or "tidy") and data_dir.
    excel: a CSV as Excel reads it in a country ("de", "fr" …). tz: the zone of local times. A workbook has
    local time and UTC, a CSV too; Parquet has UTC. A file that is there is replaced when the new one is
    whole; replace=False refuses that. Raises TempHubError: another ending, a file that another program holds,
    a full disk, too many rows for a workbook (10,000,000), and as `load`.
    """
    path, form = Path(file).expanduser().absolute(), _form_of(str(file))
    if excel and form != "csv":
        raise bad(
            "excel", f"excel is {excel!r}, which is how a CSV is written.", "Leave it out, or use .csv."
        )
    high, low = _text(above), _text(below)
    order = make_order(form=form, zone=tz, sheets=sheets, excel=excel, limit_high_c=high, limit_low_c=low)
    if not isinstance(data, pd.DataFrame | pd.Series):
        order = replaced(order, **_asked(data, probe, every, tz, data_dir))
    elif probe is not None or every is not None or high or low:
        raise bad(
            "export",
            "probe, every, above and below say what is read from the journal, and a frame is given.",
            "Choose in the frame itself, or give a time instead of it.",
        )
    with whole_file(path, force=replace) as part:
        if isinstance(data, pd.DataFrame | pd.Series):
            write_table(_columns(data), part, form, zone=tz, excel=excel)
        else:
            _pour(Job(arguments.journal_of(data_dir), order), part)
    return path


def export_hive(
    target: str | Path,
    *,
    site: str = "",
    start: When = None,
    end: When = None,
    tz: str = "local",
    force: bool = False,
    options: Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
) -> Done:
    """Bring a lake up to date with this hub: a Parquet file for each month of its site, for programs that
    read many sites (`scan(source=…)`, Spark, DuckDB); what was written.

    target: a folder, or an address such as s3://bucket/lake; files are target/site=<name>/month=<YYYY-MM>/
    readings.parquet. A month is written whenever it has other readings than its file says, whole or not at
    all; the files of other sites are not touched. site: the name of this place, SITE without. start, end:
    only months that lie in that time in part. force: also where a month would have fewer readings than are
    there. options: what fsspec takes for that address. Raises TempHubError: no name of the site, a target
    that cannot be written.
    """
    # Only here: it brings polars with it.
    from ..exports.hive import export_hive as export

    from_ms, to_ms = arguments.span_ms(start, end, arguments.find_zone(tz))
    return export(
        arguments.journal_of(data_dir),
        site or Settings.from_environ().site,
        str(target),
        options=options,
        span=(from_ms, to_ms),
        force=force,
    )


def _form_of(file: str) -> str:
    ending = Path(file).suffix[1:].lower()
    if ending not in FORMS:
        why = NOT_EXPORTED.get(ending)
        raise bad(
            "file",
            f"The file {Path(file).name!r} ends in nothing that is written.",
            "Give a name that ends in .xlsx, .csv or .parquet" + (f": {why}." if why else "."),
        )
    return ending


def _text(limit: float | None) -> str:
    return "" if limit is None else str(limit)


def _asked(
    data: Any, probe: Probes, every: lengths.Span | None, tz: str, data_dir: str | Path | None
) -> dict[str, Any]:
    """What of an order a range, probes and steps come to."""
    start, end = data if isinstance(data, tuple | list) and len(data) == 2 else (data, None)
    from_ms, to_ms = arguments.span_ms(start, end, arguments.find_zone(tz))
    if from_ms >= to_ms:
        raise bad("from", f"The range {data!r} ends before it begins.", "Give (start, end) in that order.")
    with Reader(arguments.journal_of(data_dir)) as reader:
        ids = arguments.asked_probes(reader.probes(removed=True), probe)
    if ids == []:
        raise bad("probe", "No probe is asked for, so there is nothing to write.", "Leave probe out for all.")
    width = 0 if every is None else lengths.span_ms(every, "every", least_ms=1000)
    return {
        "from_ms": max(from_ms, 0),
        "to_ms": min(to_ms, LAST_MS),
        "probe_ids": tuple(ids or ()),
        "every_ms": width,
    }


def _pour(job: Job, part: Path) -> None:
    try:
        job.start()
        with part.open("wb") as out:
            while block := job.read():
                out.write(block)
    finally:
        job.close()


def _columns(data: pd.DataFrame | pd.Series[Any]) -> list[Column]:
    """What a frame holds, its index too where that says something."""
    frame = pd.DataFrame(data)
    names = data.attrs.get("names", {})
    found = []
    if not isinstance(frame.index, pd.RangeIndex) or frame.index.name is not None:
        for level in range(frame.index.nlevels):
            values = frame.index.get_level_values(level)
            usual = "time" if isinstance(values, pd.DatetimeIndex) else f"index_{level}"
            found.append(_column(str(values.name or usual), values.to_series(index=frame.index)))
    for place, name in enumerate(frame.columns):
        heading = " ".join(map(str, name)) if isinstance(name, tuple) else str(name)
        found.append(_column(heading, frame.iloc[:, place]))
    if names and "probe_id" in frame and "name" not in frame:
        whose = pd.Series(pd.Categorical(frame["probe_id"])).cat
        called = [str(names.get(id_, id_)) for id_ in whose.categories]
        found.append(Column("name", "text", whose.codes.to_numpy(), called))
    twice = next((one.name for one in found if [two.name for two in found].count(one.name) > 1), None)
    if twice is not None:
        raise bad("frame", f"Two columns of the frame are called {twice!r}.", "Rename one of them.")
    return found


def _column(name: str, values: pd.Series[Any]) -> Column:
    kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return Column(name, "time", _ms(pd.DatetimeIndex(values)))
    if kind.kind == "M":
        raise TempHubError(
            f"The times in column {name!r} have no time zone, so it is not clear when they were.",
            'Give them one first: frame[…].dt.tz_localize("Europe/Berlin").',
            code="bad_frame",
        )
    if kind.kind == "m":
        return Column(name, "span", _ms(pd.TimedeltaIndex(values)))
    if kind.kind == "b":
        return Column(name, "flag", values.to_numpy(np.bool_))
    if pd.api.types.is_integer_dtype(kind) and not values.hasnans:
        return Column(name, "number", values.to_numpy(np.int64))
    if pd.api.types.is_numeric_dtype(kind):
        return Column(name, "number", values.to_numpy(np.float64, na_value=np.nan))
    texts = (
        values.cat
        if isinstance(kind, pd.CategoricalDtype)
        else pd.Series(pd.Categorical(values.map(_said))).cat
    )
    return Column(name, "text", texts.codes.to_numpy(), [str(text) for text in texts.categories])


def _said(value: Any) -> str | None:
    """A cell that is neither number nor time, as text; a list or mapping too."""
    return None if value is None or value is pd.NA or value != value else str(value)


def _ms(values: pd.DatetimeIndex | pd.TimedeltaIndex) -> Any:
    return np.where(values.isna(), NO_VALUE, np.asarray(values.as_unit("ms").asi8))
