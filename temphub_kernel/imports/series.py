"""What time-series databases and feeds write: line protocol, annotated CSV, JSON. One thread."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..journal import NO_VALUE, Floats, Ints
from . import layout, tables, times, values
from .source import Counts, NotRead, Piece, Said

WHICH, WHOSE = "the value makes no sense", "it has no time that is understood"
MEASUREMENT, FIELD_NAME = "_measurement", "_field"
# Of the labels of a series: those that name a place or a thing come before those that everything has.
COMMON = (
    "__name__",
    "job",
    "instance",
    "db",
    "_measurement",
    "_field",
    "result",
    "table",
    "unit_of_measurement",
)
TELLING = ("probe_id", "entity_id", "probe", "sensor", "sensor_id", "sensor_name", "device", "name", "room")


def named(measurement: str, field: str, labels: Mapping[str, str], *, fields: int) -> str:
    """What a series is called. fields: how many temperatures there are beside it."""
    telling = next((labels[name] for name in TELLING if labels.get(name)), "")
    others = [value for name, value in labels.items() if value and name not in COMMON]
    found = telling or ".".join(others) or measurement
    return f"{found}.{field}" if fields > 1 else found


def is_temperature(name: str) -> bool:
    """Whether a field or metric may be one."""
    return bool(layout.VALUE.search(name.replace("_", " ")) or layout.VALUE.search(name)) and not (
        layout.BESIDE.search(name.replace("_", " "))
    )


def piece_of(name: str, taken_ms: Ints, value: Floats, unit: str) -> Piece:
    """Readings of one series."""
    count = np.zeros(len(taken_ms), np.int64)
    there = ~np.isnan(value) & (taken_ms != NO_VALUE)
    return Piece([name], count[there], taken_ms[there], values.to_units(value[there], unit), count[there])


class _Chosen:
    """What was said of the fields of a database, and what has to be said."""

    def __init__(self, form: str, found: Mapping[str, list[str]], said: Said) -> None:
        """found: {field: series that have it} of the beginning of the file."""
        fields = list(said.columns) or [field for field in found if is_temperature(field)]
        if not fields and len(found) == 1:
            fields = list(found)
        if not fields:
            there = ", ".join(list(found)[:12]) or "none"
            raise NotRead(
                f"Which fields hold temperatures is not clear (there are: {there}).",
                "Name each with --column.",
            )
        self.form, self.fields = form, fields
        self.units = {field: said.unit or layout.unit_of(field, ()) for field in fields}
        self.open = [
            f"The unit of {field} is told nowhere: say --unit C, --unit F or --unit K."
            for field in fields
            if not self.units[field]
        ]
        self.names = list(dict.fromkeys(name for field in fields for name in found.get(field, [])))
        self.titles: dict[str, str] = {}
        self.facts = [("temperatures", ", ".join(fields)), ("zone of the times", "UTC")]
        told = sorted({values.UNITS.get(unit, "not told") for unit in self.units.values()})
        self.facts.append(("unit", ", ".join(told)))


# measurement and tags, fields, time; what is escaped or quoted may hold spaces.
LINE = re.compile(r"((?:\\.|[^ \\])+) ((?:\"(?:\\.|[^\"\\])*\"|\\.|[^ \"\\])+)(?: (-?\d+))?\s*")
TAG = re.compile(r"((?:\\.|[^,=\\])+)=((?:\\.|[^,\\])+)")
FIELD = re.compile(r"((?:\\.|[^,=\\])+)=(\"(?:\\.|[^\"\\])*\"|[^,]+)")
STEPS = ((1e17, 1_000_000), (1e14, 1_000), (1e11, 1), (0, 0.001))


class LineProtocol(_Chosen):
    """InfluxDB's line protocol, as `influx_inspect export` and many programs write it."""

    def __init__(self, path: Path, size: int, head: str, said: Said) -> None:
        self._path, self._size = path, size
        self._series: dict[str, tuple[str, str, dict[str, str]]] = {}
        found: dict[str, list[str]] = {}
        for line in [one for one in head.splitlines()[:-1] or head.splitlines() if one and one[0] != "#"]:
            matched = LINE.fullmatch(line)
            for field, value in FIELD.findall(matched[2]) if matched else ():
                if value[:1].isdigit() or value[:1] in "+-.":
                    found.setdefault(_plain(field), []).append(self._name(matched[1], 1) if matched else "")
        super().__init__("InfluxDB line protocol", found, said)
        self.names = list(
            dict.fromkeys(self._named(name, field) for field in self.fields for name in found.get(field, []))
        )

    def _name(self, key: str, fields: int) -> str:
        if key not in self._series:
            measurement, *_ = re.split(r"(?<!\\),", key, maxsplit=1)
            tags = {_plain(name): _plain(value) for name, value in TAG.findall(key[len(measurement) :])}
            name = named(_plain(measurement), "", tags, fields=fields)
            self._series[key] = name, _plain(measurement), tags
        return self._series[key][0]

    def _named(self, name: str, field: str) -> str:
        return f"{name}.{field}" if len(self.fields) > 1 else name

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        for block in tables.blocks(self._path, "utf-8", counts, self._size):
            lines = pl.Series(block.decode("utf-8", "replace").split("\n"))
            lines = lines.filter(
                (lines != "") & ~lines.str.starts_with("#") & ~lines.str.contains("^(CREATE|DROP) ")
            )
            counts.lines += len(lines)
            plain = ~(lines.str.contains_any(["\\", '"']))
            yield from self._quick(lines.filter(plain), counts)
            yield from self._slow(lines.filter(~plain).to_list(), counts)

    def _quick(self, lines: pl.Series, counts: Counts) -> Iterator[Piece]:
        """Lines without anything escaped or quoted."""
        parts = lines.str.strip_chars().str.splitn(" ", 3).struct.unnest()
        key, sent, stamp = (parts[f"field_{at}"] for at in range(3))
        taken_ms = _moments(stamp.cast(pl.Int64, strict=False).fill_null(NO_VALUE).to_numpy())
        counts.leave_out(WHOSE, int((taken_ms == NO_VALUE).sum()), lines[:1].to_list())
        keys = key.fill_null("").unique(maintain_order=True)
        place = key.fill_null("").replace_strict(keys, np.arange(len(keys)), return_dtype=pl.Int64).to_numpy()
        for field in self.fields:
            text = sent.str.extract(rf"(?:^|,){re.escape(field)}=([-+0-9.eE]+)[iu]?(?:,|$)")
            value = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
            there = ~np.isnan(value) & (taken_ms != NO_VALUE)
            names = [self._named(self._name(one, 1), field) for one in keys.to_list()]
            units = values.to_units(value[there], self.units[field])
            yield Piece(names, place[there], taken_ms[there], units, np.zeros(len(units), np.int64))

    def _slow(self, lines: Iterable[str], counts: Counts) -> Iterator[Piece]:
        for line in lines:
            found = LINE.fullmatch(line.strip())
            if found is None or found[3] is None:
                counts.leave_out(WHOSE, 1, line)
                continue
            told = {_plain(name): value for name, value in FIELD.findall(found[2])}
            for field in self.fields:
                if field in told and re.fullmatch(r"[-+0-9.eE]+[iu]?", told[field]):
                    value = np.array([float(told[field].rstrip("iu"))])
                    taken_ms = _moments(np.array([int(found[3])], np.int64))
                    yield piece_of(
                        self._named(self._name(found[1], 1), field), taken_ms, value, self.units[field]
                    )


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).strip('"')


def _moments(stamp: Ints) -> Ints:
    """Nanoseconds, as a rule; others are known by their size."""
    known = stamp[stamp != NO_VALUE]
    if not len(known):
        return stamp
    divisor = next(by for least, by in STEPS if abs(int(known[0])) >= least)
    ms = stamp * 1000 if divisor < 1 else stamp // int(divisor)
    return np.where(stamp == NO_VALUE, NO_VALUE, ms)


class Annotated(_Chosen):
    """InfluxDB's annotated CSV, as Flux answers and `influx query --raw` writes it: several tables, each with
    a heading of its own."""

    def __init__(self, path: Path, size: int, head: str, said: Said) -> None:
        self._path, self._size = path, size
        found: dict[str, list[str]] = {}
        for heads, rows in _sections(head.splitlines()):
            for row in tables.rows_of(rows[:50]):
                told = dict(zip(heads, row, strict=False))
                for field, name in self._fields(told):
                    found.setdefault(field, []).append(name)
        super().__init__("InfluxDB annotated CSV (Flux)", found, said)

    def _fields(self, told: Mapping[str, str]) -> list[tuple[str, str]]:
        """(field, series) of a row."""
        labels = {name: value for name, value in told.items() if name and not name.startswith("_")}
        measurement = told.get(MEASUREMENT, "")
        if "_value" in told:
            return [(told.get(FIELD_NAME) or "_value", named(measurement, "", labels, fields=1))]
        fields = [name for name in labels if is_temperature(name)]
        rest = {name: value for name, value in labels.items() if not values.NUMBER.fullmatch(value or "-")}
        return [(field, named(measurement, "", rest, fields=1)) for field in fields]

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        heads: list[str] = []
        for block in tables.blocks(self._path, "utf-8", counts, self._size):
            for own, rows in _sections(block.decode("utf-8", "replace").split("\n"), heads):
                counts.lines += len(rows)
                yield from self._read(own, rows, counts)
                heads = own

    def _read(self, heads: list[str], rows: list[str], counts: Counts) -> Iterator[Piece]:
        if not rows or "_time" not in heads:
            return
        frame = tables.frame_of(rows, len(heads), ",").rename(
            {str(at): f"{at} {head}" for at, head in enumerate(heads)}
        )
        column = {head: frame[f"{at} {head}"] for at, head in enumerate(heads)}
        known = times.forms([text for text in column["_time"].head(50).to_list() if text])
        taken_ms = (
            times.read(column["_time"].fill_null(""), known[0]) if known else np.full(len(frame), NO_VALUE)
        )
        counts.leave_out(WHOSE, int((taken_ms == NO_VALUE).sum()), rows[0])
        texts = [
            head
            for head in heads
            if head not in ("", "_time", "_value", "_start", "_stop", "table", "result")
        ]
        keys = frame.select(f"{heads.index(head)} {head}" for head in texts)
        for key, places in _groups(keys):
            told = dict(zip(texts, key, strict=True)) | ({"_value": "0"} if "_value" in column else {})
            for field, name in self._fields({name: text or "" for name, text in told.items()}):
                if field in self.fields:
                    text = (column["_value"] if "_value" in column else column[field]).gather(places)
                    value = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
                    title = f"{name}.{field}" if len(self.fields) > 1 else name
                    yield piece_of(title, taken_ms[places], value, self.units[field])


def _groups(keys: pl.DataFrame) -> Iterator[tuple[tuple[str | None, ...], Ints]]:
    if not keys.width:
        yield (), np.arange(len(keys))
        return
    rows = keys.with_row_index("#").group_by(keys.columns, maintain_order=True).agg("#")
    for *key, places in rows.iter_rows():
        yield tuple(key), np.array(places, np.int64)


def _sections(lines: list[str], heads: list[str] | None = None) -> Iterator[tuple[list[str], list[str]]]:
    """(headings, lines) of each table. heads: of the table that the lines go on with."""
    current, rows = list(heads or []), list[str]()
    fresh = not current
    for line in lines:
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            if rows:
                yield current, rows
            rows, fresh = [], True
        elif fresh:
            current, fresh = next(iter(tables.rows_of([line]))), False
        else:
            rows.append(line)
    yield current, rows


class JsonLines(_Chosen):
    """What VictoriaMetrics and programs like it export: a JSON object a line, each with a series."""

    def __init__(self, path: Path, size: int, head: str, said: Said) -> None:
        self._path, self._size = path, size
        found: dict[str, list[str]] = {}
        lines = head.split("\n")
        for line in lines[:-1]:
            told = _json(line)
            if told is not None:
                metric = told["metric"]
                found.setdefault(metric.get("__name__", "value"), []).append(self._name(metric, 1))
        if not found:
            # The first line is longer than what was looked at: its labels stand at its beginning.
            metric = json.loads(lines[0][lines[0].index("{", 1) : lines[0].index("}") + 1])
            found = {metric.get("__name__", "value"): [self._name(metric, 1)]}
        super().__init__("VictoriaMetrics (JSON lines)", found, said)

    def _name(self, metric: Mapping[str, str], fields: int) -> str:
        name = metric.get("__name__", "value")
        return named(name, name, metric, fields=fields)

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        for line in tables.long_lines(self._path, self._size, counts):
            told = _json(line)
            if told is None:
                counts.leave_out(WHICH, 1, line[:60])
                continue
            field = told["metric"].get("__name__", "value")
            if field not in self.fields:
                counts.told["other"] += len(told["values"])
                continue
            value = np.array(
                [np.nan if one is None or isinstance(one, str) else one for one in told["values"]], float
            )
            taken_ms = np.array(told["timestamps"], np.int64)
            counts.lines += len(taken_ms)
            yield piece_of(self._name(told["metric"], len(self.fields)), taken_ms, value, self.units[field])


def _json(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
        good = isinstance(told["metric"], dict) and len(told["values"]) == len(told["timestamps"])
    except (ValueError, KeyError, TypeError):
        return None
    return told if good else None


class ThingSpeakJson(_Chosen):
    """A channel's feed as ThingSpeak gives it."""

    def __init__(self, told: Mapping[str, Any], said: Said) -> None:
        channel, self._feeds = dict(told["channel"]), list(told["feeds"])
        labels = {name: str(channel[name]) for name in channel if re.fullmatch(r"field\d+", name)}
        title = str(channel.get("name") or channel.get("id") or "ThingSpeak")
        known = {label: name for name, label in labels.items()}
        asked = [label if label in known else labels.get(label, label) for label in said.columns]
        said = replace(said, columns=tuple(asked))
        super().__init__("ThingSpeak (feed as JSON)", {label: [title] for label in known}, said)
        self._field = known
        self._title = title
        self.names = [self._name(field) for field in self.fields]

    def _name(self, field: str) -> str:
        return f"{self._title} {field}" if len(self.fields) > 1 else self._title

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        counts.lines = len(self._feeds)
        stamps = pl.Series([str(one.get("created_at", "")) for one in self._feeds])
        known = times.forms([text for text in stamps.head(50) if text])
        taken_ms = times.read(stamps, known[0]) if known else np.full(len(stamps), NO_VALUE)
        counts.leave_out(WHOSE, int((taken_ms == NO_VALUE).sum()))
        for field in self.fields:
            name = self._field.get(field, field)
            text = pl.Series([one.get(name) for one in self._feeds], dtype=pl.String, strict=False)
            yield piece_of(self._name(field), taken_ms, values.cells(text, ".").value, self.units[field])
