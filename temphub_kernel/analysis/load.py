"""`load`: stored readings as a pandas frame. Opens the journal read-only for the length of the call. Any
thread."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import titles
from ..journal import Import, Ints, Reader, imports_of
from . import arguments, columns, lengths, load_csv, load_engine, resample, results
from .arguments import Probes, When

WIDE = ("units",)
TIDY = ("units", "quality", "delay_ms")
# What a look at a few readings shows by itself.
FEW_ROWS = 200
STEPS = {
    text: lengths.text_ms(text) or 0 for text in ("2s", "5s", "10s", "30s", "1min", "5min", "15min", "1h")
}


def load(
    probe: Probes = None,
    start: When = None,
    end: When = None,
    every: str | timedelta | None = None,
    *,
    tidy: bool = False,
    raw: bool = False,
    numbered: bool = False,
    struck_out: bool | None = None,
    names: bool = False,
    origin: bool = False,
    tz: str = "local",
    data_dir: str | Path | None = None,
    source: str = "",
) -> pd.DataFrame:
    """Readings taken in [start, end), as a frame: wide (a column a probe), or a row a reading with `tidy`.

    probe: an id or a name, or several; None is all.
    start, end: "2026-11-23 14:00", "7d" or "-24h" (so long ago), "today", "yesterday", datetime, Timestamp,
        timedelta (so long ago), milliseconds since 1970. None: from the first reading, up to the last.
    every: "5min", "1h", "1d", "W" (weeks), "MS" (months): means over time on one regular grid.
    tidy: columns time, probe_id, temperature_c, quality, received.
    raw: the values as sent; tidy has both (raw_c), and what thermocouple chips told: chip_c (the chip's own
        number), cold_c (its temperature), uncertain_c (by how much a value may be off that was corrected
        without that; see `thermocouples`).
    numbered: with boot and seq, which prove what is missing (`gaps`, `completeness`); tidy only.
    struck_out: with what a person struck out: no temperature, quality `struck_out`, and raw_c as sent; not
        with `every`. As it is they are left out, but not with `numbered`: there they would look lost.
    names: headed by what the page calls each probe (two alike: with the id in brackets); tidy has a column
        `name`. `frame.attrs["names"]` has the name of each id anyway.
    origin: with where each reading came from, `import 3: old_log.csv`, nothing for what a probe delivered;
        tidy only, without `every`.
    tz: "local", "UTC" or a name such as "Europe/Berlin": the zone of the times, also of those asked for.
    data_dir: where the journal is (default: as the settings say), or CSV logs if it has none.

    Temperatures are in °C as calibrated; NaN where the sensor answered badly or, in a wide frame, nothing was
    measured at that moment. With every, time is when the step began by the clock on the wall of tz (a day has
    23 to 25 hours); of the first and the last step only what lies in [start, end) counts; tidy gives time,
    probe_id, mean_c, min_c, max_c, count and mean_of_readings_c of steps with a good reading. Over time a
    reading counts until the next one, at a gap (a pause of more than 3 usual intervals) for one interval.
    source: the address of an engine to which many hubs forward (docs/fleet.md): columns are headed (site,
    probe_id), and tidy has a column `site` and no `received`; only start, end, probe (ids), tidy, raw and tz
    go with it.
    As a file for others: `th.export(frame, "readings.xlsx")`. Raises TempHubError: no journal, unknown probe,
    a time or width that is none.
    """
    zone = arguments.find_zone(tz)
    from_ms, to_ms = arguments.span_ms(start, end, zone)
    if source:
        others = {"struck_out": struck_out, "names": names, "origin": origin, "data_dir": data_dir}
        arguments.check_source("An engine", every=every, numbered=numbered, **others)
        return load_engine.load(source, probe, (from_ms, to_ms), zone, tidy=tidy, raw=raw)
    step = None if every is None else lengths.step_of(every)
    path = arguments.journal_of(data_dir)
    if not path.exists() and load_csv.found(path.parent):
        given: dict[str, Any] = {"tidy": tidy, "step": step, "started": start is not None}
        given["struck_out"] = bool(struck_out)
        frame = load_csv.load(path.parent, probe, from_ms, to_ms, zone, **given)
        return _called(frame, _ids(frame, tidy=tidy), tidy=tidy, names=names)
    with Reader(path) as reader:
        probes = reader.probes(removed=True)
        asked, called = arguments.asked_probes(probes, probe), titles(probes)
        if step is not None:
            since = None if start is None else from_ms
            steps, calendar = resample.tidy_steps(reader, since, to_ms, asked, step, zone)
            frame = steps if tidy else resample.wide_steps(steps, asked, step, calendar, zone)
            return _called(frame, called, tidy=tidy, names=names)
        how = {"tidy": tidy, "raw": raw, "numbered": numbered, "origin": origin}
        frame = _readings(reader, (from_ms, to_ms), asked, zone, struck_out=struck_out, **how)
    return _called(frame, called, tidy=tidy, names=names)


def _readings(
    reader: Reader,
    span: tuple[int, int],
    asked: list[str] | None,
    zone: tzinfo,
    *,
    tidy: bool,
    raw: bool,
    numbered: bool,
    struck_out: bool | None,
    origin: bool,
) -> pd.DataFrame:
    """The readings themselves, wide or tidy."""
    more = (*(("boot", "seq") if numbered else ()), *(("no",) if origin else ()))
    fields = (*TIDY, *more) if tidy else WIDE
    marked = numbered if struck_out is None else struck_out
    found = columns.gathered(reader, *span, asked, fields, raw=raw, struck_out=marked)
    if not tidy:
        return _wide(found, asked, zone, raw=raw)
    frame = _tidy(found, reader.boots() if numbered else None, zone, raw=raw)
    if origin:
        frame["origin"] = _origins(reader.imports(), found.pop("no"))
    return frame


def _origins(imports: Sequence[Import], no: Ints) -> pd.Categorical[Any]:
    numbers = imports_of(imports, no)
    met = set(np.unique(numbers).tolist())
    return _category(numbers, {one.no: one.source for one in imports if one.no in met})


def _ids(frame: pd.DataFrame, *, tidy: bool) -> dict[str, str]:
    """What the probes of a log are called: it has ids only."""
    return {str(id_): str(id_) for id_ in (frame["probe_id"].unique() if tidy else frame.columns)}


def _called(frame: pd.DataFrame, called: dict[str, str], *, tidy: bool, names: bool) -> pd.DataFrame:
    """The frame with the name of each id it has in `attrs`, and where they were asked for. No reading is
    copied for it."""
    if names and not tidy:
        ids = [str(id_) for id_ in frame.columns]
        frame.columns = pd.Index([called.get(id_, id_) for id_ in ids], name="name", dtype="str")
    elif names:
        ids_of = frame["probe_id"].astype("category")
        frame.insert(
            frame.columns.tolist().index("probe_id") + 1, "name", ids_of.cat.rename_categories(called)
        )
    frame.attrs["names"] = dict(called)
    return frame


def _wide(found: columns.Gathered, asked: list[str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    present = {found.ids[int(number)] for number in np.unique(found["probe"])}
    names = sorted(present) if asked is None else asked
    place = np.zeros(max(found.ids, default=0) + 1, dtype=np.intp)
    for number, id_ in found.ids.items():
        if id_ in names:
            place[number] = names.index(id_)
    taken_ms = found.pop("taken_ms")
    new = np.concatenate([[True], np.diff(taken_ms) != 0])[: len(taken_ms)]
    times, rows = taken_ms[new], np.cumsum(new) - 1
    results.wide_fits(
        len(times),
        len(names),
        'Load with every="1min" for one grid, tidy=True for a row a reading, or fewer.',
    )
    # By column, as pandas keeps it: the frame then needs no second copy.
    values = np.full((len(names), len(times)), np.nan)
    # Two readings of one probe at one moment: the one stored last stands.
    values[place[found.pop("probe")], rows] = found.pop("raw_c" if raw else "celsius")
    _warn_of_holes(taken_ms, len(times), len(names))
    return results.Frame(
        values.T,
        index=columns.times_of(times, zone),
        columns=pd.Index(names, name="probe_id", dtype="str"),
        copy=False,
    )


def _warn_of_holes(taken_ms: Ints, rows: int, probes: int) -> None:
    """Say so where most of a wide frame is empty, because each probe measured at moments of its own."""
    share = 1 - len(taken_ms) / max(rows * probes, 1)
    if probes < 2 or rows < FEW_ROWS or share < 0.5:
        return
    each_ms = int(taken_ms[-1] - taken_ms[0]) * probes / len(taken_ms)
    step = next((text for text, ms in STEPS.items() if ms >= each_ms * 0.9), "1d")
    warnings.warn(
        f"{probes} probes measured each at its own moments, so {share:.0%} of this wide frame is empty (NaN) "
        f'and lines drawn of it break. Load with every="{step}" for one grid, or tidy=True for a row a '
        "reading.",
        stacklevel=5,
    )


def _tidy(found: columns.Gathered, boots: dict[int, str] | None, zone: tzinfo, *, raw: bool) -> pd.DataFrame:
    taken_ms = found.pop("taken_ms")
    frame: dict[str, object] = {
        "time": columns.times_of(taken_ms, zone),
        "probe_id": found.labels["probe"].category(found.pop("probe")),
        "temperature_c": found.pop("celsius"),
        "quality": found.labels["quality"].category(found.pop("quality")),
        "received": columns.times_of(found.pop("received"), zone),
    }
    if raw:
        frame["raw_c"] = found.pop("raw_c")
        chips = {name: found.pop(name) for name in ("chip_c", "cold_c", "uncertain_c")}
        frame |= {name: values for name, values in chips.items() if not np.isnan(values).all()}
    if boots is not None:
        frame["boot"] = _category(found.pop("boot"), boots)
        seq = found.pop("seq")
        frame["seq"] = pd.arrays.IntegerArray(seq, seq < 0)
    return results.Frame(frame, copy=False)


def _category(numbers: columns.Whole, names: dict[int, str]) -> pd.Categorical[Any]:
    """Numbers as the names they stand for, sorted; NaN for a number without one."""
    texts = sorted(set(names.values()))
    code_of = {text: at for at, text in enumerate(texts)}
    codes = np.full(max(names, default=0) + 2, -1, dtype=np.min_scalar_type(-len(texts) - 1))
    for number, text in names.items():
        codes[number] = code_of[text]
    return pd.Categorical.from_codes(
        codes[numbers], dtype=pd.CategoricalDtype(pd.Index(texts, dtype="str")), validate=False
    )
