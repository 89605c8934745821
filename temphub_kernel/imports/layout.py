"""Which column of a table is what: by its heading and by what stands in it. Pure."""

import re
from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import NamedTuple

from . import times, values
from .source import NotRead, Said

TIME = re.compile(
    r"date|time|datum|zeit|hora|heure|fecha|created_at|last_changed|last_updated|observed", re.I
)
NAME = re.compile(
    r"(probe|sensor|device|logger|entity|node|station|channel)?[ _]?(id|name)|probe|sensor|device|room"
    r"|location|__name__|host|metric",
    re.I,
)
VALUE = re.compile(
    r"temp|°|º|celsius|fahrenheit|kelvin|\bdeg|^state$|^_?value$|^__value__$|^wert$|\bt\d{0,2}$|^[^\w%]*[CF]$",
    re.I,
)
# What stands beside a temperature and is another thing, or another temperature than the one that was read.
BESIDE = re.compile(
    r"humid|feucht|%|\brh\b|dew|tau|limit|alarm|alert|batt|volt|press|lux|light|intensity|\bmin\b|\bmax\b|\bavg\b"
    r"|average|\bhigh\b|\blow\b|set ?point|target|vpd|raw_c|rssi|_min$|_max$|min_c|max_c",
    re.I,
)
INDEX = re.compile(
    r"^(#|no\.?|nr\.?|index|id|entry_id|row|seq|count|result|table|latitude|longitude|elevation)$", re.I
)
GENERIC = re.compile(r"(temp\w*|value|_value|wert|state|celsius|ch\w*|t|field)?[ _.-]*\d*", re.I)
UNIT = re.compile(
    r"(?:^|[\W\d_])(?:deg(?:rees)?[ _.]?)?([CFK])(?![^\W\d_])|(celsius|fahrenheit|kelvin)", re.I
)
LABEL = re.compile(r"LBL: *([^,)]+)")
SERIAL = re.compile(r"(?:SEN |LGR )?S/N: *([\w-]+)")
SERIAL_LINE = re.compile(
    r"(?:serial *(?:number|no\.?)|(?:device|logger) *(?:id|s/n))[\"']?\s*[:,;\t]+\s*[\"']?([\w-]+)", re.I
)


class Column(NamedTuple):
    """A column of temperatures: its place, the series it is, its unit (`` where nothing tells)."""

    at: int
    series: str
    unit: str


class Layout(NamedTuple):
    """time: the columns of date and time, one or two; form: of these together; zone: whose clock, None for
    one that stands in the times; name, quality: places, −1 for none; values: with temperatures."""

    time: tuple[int, ...]
    form: times.Form
    zone: tzinfo | None
    name: int
    quality: int
    values: tuple[Column, ...]


class Table(NamedTuple):
    """The beginning of a table. heads: `` where a column has none; before: the lines above; samples: of each
    column; stem: the file's name without its ending."""

    heads: list[str]
    before: list[str]
    samples: list[list[str]]
    stem: str


def form_of(table: Table) -> str:
    """What wrote a table, for people."""
    heads = [head.strip().lower() for head in table.heads]
    above = " ".join(table.before).lower()
    every = " ".join(heads)
    if heads[:2] == ["timestamp", "local_time"] and "probe_id" in heads:
        return "TempHub (log or export)"
    if is_influx(heads):
        return "InfluxDB 1 (CSV of its command line)"
    if {"entity_id", "state"} <= set(heads):
        return "Home Assistant (history)"
    if heads[:2] == ["created_at", "entry_id"]:
        return "ThingSpeak (feed)"
    if "plot title" in above or "lgr s/n" in every or "coupler detached" in every or ", gmt" in every:
        return "HOBOware"
    if "elitech" in above or heads[:2] == ["no.", "time"]:
        return "Elitech"
    if "temptale" in above or "sensitech" in above:
        return "TempTale"
    if "sensorpush" in above or re.match(
        r"timestamp( \(.*\))? temperature \(.*\) (relative )?humidity", every
    ):
        return "SensorPush"
    return "Table"


def refuse_steps(heads: Sequence[str]) -> None:
    """Raises NotRead for an export of means."""
    if {"mean_c", "min_c", "max_c"} <= set(heads):
        raise NotRead(
            "This is an export of TempHub with a mean for each step (--every), not with readings.",
            "Export it again without --every.",
        )


def time_columns(table: Table, said: Said) -> tuple[tuple[int, ...], list[times.Form]]:
    """(places of the columns with date and time, the forms these may have). Raises NotRead without any."""
    heads = table.heads
    if said.time_column:
        at = place_of(heads, said.time_column)
        return (at,), times.forms(table.samples[at])
    likely = [at for at, head in enumerate(heads) if TIME.search(head)]
    others = [at for at in range(len(heads)) if at not in likely and not INDEX.match(heads[at].strip())]
    found: list[tuple[bool, bool, int, list[times.Form]]] = []
    for at in [*likely, *others]:
        known = times.forms(table.samples[at])
        if known and "%H%I epoch".find(known[0].pattern[:5]) != 0 and _has_clock(known[0]):
            found.append((not known[0].zoned, at not in likely, at, known))
    if found:
        # One that says whose clock it is needs no guess.
        _, _, at, known = min(found, key=lambda one: one[:3])
        return (at,), known
    for at in likely or range(len(heads)):
        for other in range(len(heads)):
            both = [
                f"{date} {time}" for date, time in zip(table.samples[at], table.samples[other], strict=False)
            ]
            if other != at and times.forms(table.samples[at]) and (known := times.forms(both)):
                return (at, other), known
    told = ", ".join(filter(None, heads))
    raise NotRead(
        f"No column of {table.stem} has times that are understood (columns: {told}).",
        "Name the column with --time-column, or save the table with times such as 2024-01-31 13:45:00.",
    )


def _has_clock(form: times.Form) -> bool:
    return form.pattern.startswith("epoch") or "%H" in form.pattern or "%I" in form.pattern


def place_of(heads: Sequence[str], asked: str) -> int:
    """The place of a column by its heading, or by its number from 1. Raises NotRead."""
    plain = [head.strip().lower() for head in heads]
    if asked.strip().lower() in plain:
        return plain.index(asked.strip().lower())
    if asked.isdecimal() and 1 <= int(asked) <= len(heads):
        return int(asked) - 1
    raise NotRead(
        f"There is no column {asked!r} (columns: {', '.join(filter(None, heads))}).",
        "Use a heading as it stands in the file, or the column's number from 1.",
    )


def is_influx(heads: Sequence[str]) -> bool:
    """Whether InfluxDB 1 made a table: the measurement, the tags it was grouped by, time, fields and tags."""
    return list(heads[:2]) == ["name", "time"] or list(heads[:3]) == ["name", "tags", "time"]


def may_say_whose(table: Table, taken: Sequence[int]) -> list[int]:
    """The places of columns that part a table into several series, and that nothing else is known of."""
    found = []
    for at in (at for at in range(len(table.heads)) if at not in taken):
        told = [text.strip() for text in table.samples[at] if text.strip()]
        if len(set(told)) > 1 and not _is_numeric(told):
            found.append(at)
    return found


def name_column(table: Table, said: Said, taken: Sequence[int]) -> int:
    """The place of the column that says whose reading it is, −1 without any."""
    if said.name_column:
        return place_of(table.heads, said.name_column)
    heads = [head.strip().lower() for head in table.heads]
    if "probe_id" in heads:
        return heads.index("probe_id")
    if is_influx(heads):
        # Its `name` is the measurement, which several series share.
        tags = may_say_whose(table, (0, *taken))
        return heads.index("tags") if "tags" in heads and any(table.samples[1]) else tags[0] if tags else 0
    fitting = [at for at, head in enumerate(heads) if at not in taken and NAME.fullmatch(head)]
    return next((at for at in fitting if any(not _is_number(text) for text in table.samples[at])), -1)


def value_columns(table: Table, said: Said, taken: Sequence[int]) -> list[int]:
    """The places of the columns with temperatures. Raises NotRead where nothing tells."""
    if said.columns:
        return [place_of(table.heads, one) for one in said.columns]
    heads = table.heads
    numeric = [at for at in range(len(heads)) if at not in taken and _is_numeric(table.samples[at])]
    named = [at for at in numeric if VALUE.search(_plain(heads[at])) and not BESIDE.search(_plain(heads[at]))]
    others = [
        at
        for at in numeric
        if not (INDEX.match(heads[at].strip()) or BESIDE.search(_plain(heads[at])))
        and not (not heads[at].strip() and _counts_up(table.samples[at]))
    ]
    if named:
        first = [at for at in named if heads[at].strip().lower() == "temperature_c"]
        return first or named
    if len(others) == 1:
        return others
    raise NotRead(
        f"Which columns of {table.stem} hold temperatures is not clear (with numbers: "
        f"{', '.join(heads[at] or str(at + 1) for at in others or numeric) or 'none'}).",
        "Name each with --column, such as --column field1.",
    )


def unit_of(head: str, samples: Sequence[str]) -> str:
    """C, F or K as a heading or the cells tell; `` where nothing does."""
    found = UNIT.search(_plain(head).replace("_", " "))
    if found:
        return (found[1] or found[2][0]).upper()
    cells = {one[2].upper() for text in samples if (one := values.NUMBER.fullmatch(text.strip())) and one[2]}
    return cells.pop() if len(cells) == 1 else ""


def series_of(table: Table, at: int, *, alone: bool) -> str:
    """What a column of temperatures is called: a label, a serial number, the heading, or the file."""
    head = table.heads[at].strip()
    label = LABEL.search(head) or SERIAL.search(head)
    if label:
        return label[1].strip()
    plain = re.sub(r"[\[(].*?[\])]|[°º�]\s*[CFK]?\b|,.*", "", head).strip(" _-.:")
    plain = re.sub(r"[_ ]([CFK])$|[_ ]?(celsius|fahrenheit)$", "", plain, flags=re.I)
    if not GENERIC.fullmatch(plain) and not alone:
        return plain
    serial = next((one[1] for line in table.before if (one := SERIAL_LINE.search(line))), "")
    return (serial or table.stem) if alone else f"{serial or table.stem}-{plain or at + 1}"


def _plain(head: str) -> str:
    # What HOBOware writes behind a heading names serial numbers.
    return re.sub(r"\(LGR.*|\(SEN.*", "", head).strip()


def _is_numeric(samples: Sequence[str]) -> bool:
    told = [text.strip() for text in samples if text.strip()]
    numbers = sum(_is_number(text) for text in told)
    words = sum(text.lower() in values.WORDS for text in told)
    # A word here and there is left out later, and said.
    return numbers > 0 and (numbers + words) * 2 > len(told)


def _is_number(text: str) -> bool:
    return values.NUMBER.fullmatch(text.strip()) is not None


def _counts_up(samples: Sequence[str]) -> bool:
    """Whether a column numbers its lines."""
    told = [text.strip() for text in samples if text.strip()]
    numbers = [int(text) for text in told if text.isdecimal()]
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    return len(numbers) == len(told) and len(told) > 2 and steps == {1}
