"""A table as readings: logs, exports of loggers and of other programs, sheets of workbooks. One thread."""

from collections.abc import Callable, Iterator
from datetime import tzinfo

import numpy as np
import polars as pl

from ..core import find_zone, local_zone
from ..journal import CODE, NO_VALUE, Ints
from . import layout, times, values
from .source import Counts, NotRead, Piece, Said

Frames = Callable[[Counts], Iterator[pl.DataFrame]]
WHOSE, WHICH = "it has no time that is understood", "the value makes no sense"


class TableSource:
    """A table of text. frames: its rows as columns `0`, `1`, … of texts, as often as they are asked for."""

    def __init__(self, table: layout.Table, frames: Frames, said: Said, about: str) -> None:
        layout.refuse_steps(table.heads)
        self._table, self._frames, self._said = table, frames, said
        self.form = f"{layout.form_of(table)}, {about}"
        self.open: list[str] = []
        self.titles: dict[str, str] = {}
        where, known = layout.time_columns(table, said)
        self._form = self._settled(where, known)
        own = table.heads[:2] == ["timestamp", "local_time"]
        local = [1] if own else []
        name = layout.name_column(table, said, where)
        heads = [head.strip().lower() for head in table.heads]
        quality = heads.index("quality") if own and "quality" in heads else -1
        columns = layout.value_columns(table, said, (*where, *local, name))
        self._ask_whose(table, name, (*where, *local, *columns), said)
        self._called = heads.index("name") if own and "name" in heads else -1
        self._layout = layout.Layout(
            where,
            self._form,
            None if self._form.zoned else self._zone(where),
            name,
            quality,
            tuple(self._column(at, alone=len(columns) == 1) for at in columns),
        )
        self.decimal = said.decimal or self._decimal(columns)
        self.names = self._first_names()
        self.facts = self._facts()

    def _ask_whose(self, table: layout.Table, name: int, taken: tuple[int, ...], said: Said) -> None:
        """Two series must not become one because nobody saw that there are two."""
        influx = layout.is_influx([head.strip().lower() for head in table.heads])
        asked = layout.may_say_whose(table, (0, *taken) if influx else taken)
        grouped = influx and table.heads[1].strip().lower() == "tags" and name == 1
        if said.name_column or said.probes or grouped or len(asked) < (2 if influx else 1):
            return
        if influx or not any(table.heads):
            told = ", ".join(table.heads[at] or str(at + 1) for at in asked)
            self.open.append(
                f"What says whose each reading is may stand in {told}: say --name-column with one "
                "of them, or --probe ID where all are of one probe."
            )

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        clock = times.Clock(self._layout.zone) if self._layout.zone is not None else None
        for frame in self._frames(counts):
            ms = times.read(self._times(frame), self._layout.form)
            for column in self._layout.values:
                yield self._piece(frame, column, ms, clock, counts)
        if clock is not None:
            counts.told["twice"] += clock.twice
            counts.told["leapt"] += clock.leapt

    def _piece(
        self, frame: pl.DataFrame, column: layout.Column, ms: Ints, clock: times.Clock | None, counts: Counts
    ) -> Piece:
        found = values.cells(frame[str(column.at)], self.decimal)
        names, series = self._series(frame, column)
        units = values.to_units(found.value, column.unit)
        quality, use = found.quality, ~found.empty
        if self._layout.quality >= 0:
            told = frame[str(self._layout.quality)].fill_null("").str.strip_chars()
            codes = {text or "": code for text, code in CODE.items()}
            quality = told.replace_strict(codes, default=0, return_dtype=pl.Int64).to_numpy()
            use = use | ((quality > 0) & (quality != CODE["struck_out"]))
        timed = ms != NO_VALUE
        counts.leave_out(WHOSE, int((use & ~timed).sum()), _example(frame, use & ~timed))
        counts.leave_out(
            WHICH, int((use & timed & found.wrong).sum()), _example(frame, use & timed & found.wrong)
        )
        use = use & timed & ~found.wrong
        taken_ms, series = ms[use], series[use]
        if clock is not None:
            # Columns of one line are of one moment: each has the lines before it of its own.
            taken_ms = clock.moments(taken_ms, series + column.at * 1_000_000)
        return Piece(names, series, taken_ms, units[use], quality[use])

    def _series(self, frame: pl.DataFrame, column: layout.Column) -> tuple[list[str], Ints]:
        if self._layout.name < 0:
            return [column.series], np.zeros(len(frame), np.int64)
        text = frame[str(self._layout.name)].fill_null("").str.strip_chars()
        names = text.unique(maintain_order=True)
        series = text.replace_strict(names, np.arange(len(names)), return_dtype=pl.Int64).to_numpy()
        if self._called >= 0:
            called = frame[str(self._called)].gather(text.arg_unique()).fill_null("")
            self.titles |= {name: title for name, title in zip(names, called, strict=True) if title}
        listed = names.to_list()
        if len(self._layout.values) > 1:
            listed = [f"{name} {self._table.heads[column.at]}".strip() for name in listed]
        return listed, series

    def _times(self, frame: pl.DataFrame) -> pl.Series:
        date, *rest = (frame[str(at)] for at in self._layout.time)
        return pl.select(pl.concat_str([date, *rest], separator=" ")).to_series() if rest else date

    def _settled(self, where: tuple[int, ...], known: list[times.Form]) -> times.Form:
        """The one form of the times; where day and month could be either, all lines are looked at."""
        if not known:
            raise NotRead(
                f"The times in the column {self._table.heads[where[0]]!r} are not understood.",
                "Save the table with times such as 2024-01-31 13:45:00, or name another column with "
                "--time-column.",
            )
        orders = {form.order for form in known}
        if self._said.day_first is not None and len(orders) > 1:
            wanted = "day" if self._said.day_first else "month"
            known = [form for form in known if form.order.startswith(wanted)] or known
        if len({form.order for form in known}) > 1:
            known = self._proved(where, known)
        if len({form.order for form in known}) > 1:
            example = next(text for text in self._table.samples[where[0]] if text.strip())
            self.open.append(
                f"Whether {example.strip()!r} begins with the day or the month cannot be seen in any line: "
                "say --day-first or --month-first."
            )
        return known[0]

    def _proved(self, where: tuple[int, ...], known: list[times.Form]) -> list[times.Form]:
        left = known
        for frame in self._frames(Counts()):
            date, *rest = (frame[str(at)] for at in where)
            text = pl.select(pl.concat_str([date, *rest], separator=" ")).to_series() if rest else date
            text = text.drop_nulls()
            good = {form: int((times.read(text, form) != NO_VALUE).sum()) for form in left}
            left = [form for form in left if good[form] == max(good.values())]
            if len(left) == 1:
                break
        return left

    def _zone(self, where: tuple[int, ...]) -> tzinfo:
        if self._said.zone:
            return find_zone(self._said.zone) or local_zone()
        lines = [*self._table.before, *(self._table.heads[at] for at in where)]
        named = next((zone for line in lines if (zone := times.zone_in(line)) is not None), None)
        inside = self._table.heads[where[0]].partition("(")[2].rstrip(") ")
        try:
            return named or (find_zone(inside) if "/" in inside else None) or local_zone()
        except Exception:
            return local_zone()

    def _column(self, at: int, *, alone: bool) -> layout.Column:
        head = self._table.heads[at]
        unit = self._said.unit or layout.unit_of(head, self._table.samples[at])
        if not unit:
            numbers = [text for text in self._table.samples[at] if text.strip()][:3]
            self.open.append(
                f"The unit of {head or f'column {at + 1}'} ({', '.join(numbers)} …) is told nowhere: say "
                "--unit C, --unit F or --unit K."
            )
        return layout.Column(at, layout.series_of(self._table, at, alone=alone), unit)

    def _decimal(self, columns: list[int]) -> str:
        cells = [text for at in columns for text in self._table.samples[at]]
        return "," if sum("," in text for text in cells) > sum("." in text for text in cells) else "."

    def _first_names(self) -> list[str]:
        if self._layout.name < 0:
            return [column.series for column in self._layout.values]
        names = dict.fromkeys(text.strip() for text in self._table.samples[self._layout.name] if text.strip())
        if len(self._layout.values) > 1:
            return [
                f"{name} {self._table.heads[c.at]}".strip() for name in names for c in self._layout.values
            ]
        return list(names)

    def _facts(self) -> list[tuple[str, str]]:
        heads = self._table.heads
        where, form = self._layout.time, self._layout.form
        told = " and ".join(heads[at] or f"column {at + 1}" for at in where)
        zone = "as the times say" if form.zoned else f"{self._layout.zone}"
        facts = [("times", f"{told} ({form.order})"), ("zone of the times", zone)]
        units = {column.unit for column in self._layout.values}
        measured = ", ".join(heads[c.at] or f"column {c.at + 1}" for c in self._layout.values)
        facts.append(("temperatures", measured))
        facts.append(("unit", ", ".join(values.UNITS.get(unit, "not told") for unit in sorted(units))))
        facts.append(("decimal sign", "comma" if self.decimal == "," else "point"))
        if self._layout.name >= 0:
            facts.append(("whose", heads[self._layout.name]))
        return facts


def _example(frame: pl.DataFrame, which: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> str:
    at = np.flatnonzero(which)[:1].tolist()
    return ", ".join(str(cell) for cell in frame.row(at[0]) if cell) if at else ""


class Several:
    """Tables of one file, such as the sheets of a workbook. what: they are, for people."""

    def __init__(self, sources: list[TableSource], what: str) -> None:
        self._sources = sources
        self.form = f"{sources[0].form.partition(',')[0]}, {len(sources)} {what}"
        self.facts = sources[0].facts
        self.open = list(dict.fromkeys(text for one in sources for text in one.open))
        self.names = list(dict.fromkeys(name for one in sources for name in one.names))
        self.titles: dict[str, str] = {}

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """See Source."""
        for source in self._sources:
            yield from source.pieces(counts)
            self.titles |= source.titles
