"""`GET /api/readings` and `/api/statistics`: history and figures of it, streamed. Endpoint thread; the
journal is asked in threads of its own.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, NamedTuple

from ...core import DAY_MS, MINUTE_MS, find_zone, iso_utc, length_ms, now_ms, number_cell, to_celsius
from ...exports import limits_of
from ...journal import (
    NO_VALUE,
    QUALITY,
    Beyond,
    Calendar,
    Columns,
    Figures,
    Floats,
    Limit,
    Passed,
    Reader,
    Steps,
    WallClock,
    celsius_of,
    imports_of,
    in_order,
    iso_of,
    pieces,
)
from .. import base, replies, schemas

# One question to the journal at a time covers about this many readings: memory stays flat for any range.
STEP_ROWS = 5_000
FIRST_STEP_MS = MINUTE_MS
LONGEST_STEP_MS = 64 * DAY_MS
UNITS = ("", "ms", "s", "m", "min", "h", "d")
POINT_HEADER = ["timestamp", "probe_id", "temperature_c", "quality"]
BUCKET_HEADER = ["start", "probe_id", "min_c", "mean_c", "max_c", "count", "mean_of_readings_c"]


class Ranged(base.ApiHandler):
    """A question about readings of one probe or all, in a range of time."""

    def asked(self) -> tuple[str | None, int, int]:
        """(probe_id, from_ms, to_ms); the last 24 h of every probe by default. Raises TempHubError."""
        probe_id = self.query("probe_id") or None
        if probe_id is not None:
            schemas.checked_id("probe_id", probe_id, remedy="Use an id from /api/probes, or leave it out.")
        return probe_id, *self.time_range(now_ms(), DAY_MS)


class Readings(Ranged):
    """`GET /api/readings?probe_id=&from=&to=&bucket=&tz=&struck_out=&format=json|csv`; the last 24 h of every
    probe by default."""

    async def get(self) -> None:
        query = self._query()
        if query.as_csv:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="temphub-readings.csv"')
        self.write(query.head)
        between = b""
        async for text in self._blocks(query):
            self.write(between + text)
            between = query.between
            # Waits until the client has taken it: a slow reader holds one block, not the whole range.
            await self.flush()
        self.finish(query.tail)

    async def _blocks(self, query: "_Query") -> AsyncIterator[bytes]:
        ask, width_ms = self.room.questions.ask, query.width_ms
        span = await ask(lambda reader: reader.span())
        if span is None:
            return
        start, end = max(query.from_ms, span[0]), min(query.to_ms, span[1] + 1)
        calendar = (
            WallClock(width_ms, self._zone(), query.from_ms, start, end) if width_ms and start < end else None
        )
        step = max(FIRST_STEP_MS, width_ms)
        while start < end:
            # A bucket comes as a whole: the next question begins where a bucket does.
            stop = (
                min(start + step, end)
                if calendar is None
                else pieces(calendar, start, min(end, start + 3 * step + DAY_MS), step)[0][1]
            )
            rows, text = await ask(partial(query.answer, start, stop, calendar))
            if rows:
                yield text
            start = stop
            step = (
                min(step * 2, max(LONGEST_STEP_MS, width_ms))
                if rows < STEP_ROWS
                else max(step // 2, width_ms, 1)
            )

    def _query(self) -> "_Query":
        probe_id, from_ms, to_ms = self.asked()
        form = self.choice("format", ("json", "csv"))
        return _Query(probe_id, from_ms, to_ms, self._bucket(), form == "csv", self._yes("struck_out"))

    def _zone(self) -> tzinfo | None:
        return find_zone(self.query("tz").strip() or "UTC")

    def _yes(self, name: str) -> bool:
        text = self.query(name).strip().lower()
        if text not in ("", "true", "false"):
            raise schemas.bad(
                f"bad_{name}", f"{name} is {schemas.short(text)}.", "Send true or false, or leave it out."
            )
        return text == "true"

    def _bucket(self) -> int:
        text = self.query("bucket").strip()
        if not text:
            return 0
        width_ms = length_ms(text, UNITS) or 0
        if not 1000 <= width_ms <= 366 * DAY_MS:
            raise schemas.bad(
                "bad_bucket",
                f"bucket is {schemas.short(text)}.",
                "Send a length from 1 s to 366 days, such as 30s, 5min, 1h or 1d.",
            )
        return width_ms


class _Query(NamedTuple):
    """What is asked for, and how the answer is written. width_ms: of buckets, 0 for the readings
    themselves."""

    probe_id: str | None
    from_ms: int
    to_ms: int
    width_ms: int
    as_csv: bool
    struck_out: bool

    @property
    def head(self) -> str:
        """What stands before the first block."""
        return (
            ",".join(BUCKET_HEADER if self.width_ms else POINT_HEADER) + "\r\n"
            if self.as_csv
            else '{"ok":true,"readings":['
        )

    @property
    def between(self) -> bytes:
        """What stands between two blocks."""
        return b"" if self.as_csv else b","

    @property
    def tail(self) -> str:
        """What stands behind the last block."""
        return "" if self.as_csv else "]}"

    def answer(self, start: int, stop: int, calendar: Calendar | None, reader: Reader) -> tuple[int, bytes]:
        """A block, in the thread of a Reader: (how many rows, their text)."""
        if calendar is None:
            asked = None if self.probe_id is None else [self.probe_id]
            columns = reader.columns(
                start, stop, asked, fields=("no", "taken_ms", "units"), struck_out=self.struck_out
            )
            if self.as_csv:
                return len(columns), _csv(_reading_cells(columns))
            return len(columns), _json(_readings(columns, reader))
        ids, steps, means, _ = reader.calendar_steps(start, stop, calendar, self.probe_id)
        order = in_order(ids, steps)
        found = ids, steps.of(order), means[order]
        return len(order), _csv(_bucket_cells(*found)) if self.as_csv else _json(_buckets(*found))


def _json(rows: list[dict[str, Any]]) -> bytes:
    return replies.dump(rows)[1:-1]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _readings(columns: Columns, reader: Reader) -> list[dict[str, Any]]:
    """The readings as JSON has them; raw_c: of a number that does not count, what the probe sent; import: the
    number of the one that brought it, where no probe delivered it."""
    found: list[dict[str, Any]] = []
    brought = bool(len(columns)) and int(columns.no.min()) < 0
    origins = imports_of(reader.imports() if brought else [], columns.no)
    numbers = (
        columns.probe,
        columns.units,
        columns.raw,
        columns.quality,
        columns.celsius,
        celsius_of(columns.raw),
        origins,
    )
    rows = zip(iso_of(columns.taken_ms), *(column.tolist() for column in numbers), strict=True)
    for time, no, units, raw, code, celsius, raw_c, origin in rows:
        row = {
            "probe_id": columns.ids[no],
            "time": time,
            "temperature_c": None if units == NO_VALUE else celsius,
        }
        if units == NO_VALUE != raw:
            row["raw_c"] = raw_c
        if code:
            row["quality"] = QUALITY[code]
        if origin:
            row["import"] = origin
        found.append(row)
    return found


def _reading_cells(columns: Columns) -> Iterator[Sequence[object]]:
    rows = zip(
        iso_of(columns.taken_ms),
        *(column.tolist() for column in (columns.probe, columns.units, columns.quality)),
        strict=True,
    )
    for time, no, units, code in rows:
        yield time, columns.ids[no], "" if units == NO_VALUE else number_cell(units), QUALITY[code] or ""


def _buckets(ids: dict[int, str], steps: Steps, means: Floats) -> list[dict[str, Any]]:
    """Steps as JSON has them. means: over time, 1e-7 °C."""
    return [
        {
            "probe_id": ids[no],
            "start": start,
            "min_c": to_celsius(low),
            "mean_c": round(to_celsius(mean), 7),
            "max_c": to_celsius(high),
            "count": count,
            "mean_of_readings_c": round(to_celsius(total / count), 7),
        }
        for start, no, low, mean, high, count, total in _rows(steps, means)
    ]


def _bucket_cells(ids: dict[int, str], steps: Steps, means: Floats) -> Iterator[Sequence[object]]:
    for start, no, low, mean, high, count, total in _rows(steps, means):
        plain = number_cell(round(total / count))
        yield start, ids[no], number_cell(low), number_cell(round(mean)), number_cell(high), count, plain


def _rows(steps: Steps, means: Floats) -> Iterator[tuple[Any, ...]]:
    columns = (steps.probe, steps.lowest, means, steps.highest, steps.good, steps.total)
    return zip(iso_of(steps.at), *(column.tolist() for column in columns), strict=True)


# A sensor that jumps about a limit would fill an answer of its own.
MOST_EXCURSIONS = 1_000
# So many probes a question: their readings lie among each other and are read together.
AT_ONCE = 10


class Statistics(Ranged):
    """`GET /api/statistics?probe_id=&from=&to=&limit_high_c=&limit_low_c=`; the last 24 h of every probe by
    default."""

    async def get(self) -> None:
        probe_id, from_ms, to_ms = self.asked()
        given = limits_of(*(self.query(name) for name in ("limit_high_c", "limit_low_c")))
        limits = tuple(
            Limit(kind, celsius)
            for kind, celsius in zip(("above", "below"), given, strict=True)
            if celsius is not None
        )
        ask = self.room.questions.ask
        probes = await ask(
            lambda reader: [probe["id"] for probe in reader.probes(removed=probe_id is not None)]
        )
        ids = probes if probe_id is None else [probe_id] * (probe_id in probes)
        found = []
        for first in range(0, len(ids), AT_ONCE):
            # Some probes after the others: other questions have their turn in between.
            found += await ask(_figures_question(ids[first : first + AT_ONCE], from_ms, to_ms, limits))
        self.finish({"ok": True, "from": iso_utc(from_ms), "to": iso_utc(to_ms), "probes": found})


def _figures_question(
    ids: Sequence[str], from_ms: int, to_ms: int, limits: tuple[Limit, ...]
) -> Callable[[Reader], list[dict[str, Any]]]:
    def answer(reader: Reader) -> list[dict[str, Any]]:
        figures = reader.figures(from_ms, to_ms, ids)
        beyond = reader.beyond(from_ms, to_ms, limits, ids) if limits else {}
        return [_told(id_, figures[id_], beyond.get(id_), to_ms - from_ms) for id_ in ids if id_ in figures]

    return answer


def _told(probe_id: str, figures: Figures, beyond: Beyond | None, whole_ms: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "probe_id": probe_id,
        "count": figures.readings,
        "faults": figures.faults,
        **{
            f"{name}_c": round(value, 7)
            for name, value in (("min", figures.low), ("mean", figures.mean), ("max", figures.high))
        },
        **_given(sigma_c=figures.sigma, trend_c_per_h=figures.trend),
        "exact": figures.exact,
        "mean_of_readings_c": round(figures.mean_of_readings, 7),
        **_given(sigma_of_readings_c=figures.sigma_of_readings),
    }
    if beyond is None:
        return told
    unknown_ms = max(whole_ms - beyond.measured_ms, 0)
    seconds = {
        "measured_s": beyond.measured_ms / 1000,
        "unknown_s": unknown_ms / 1000,
        "measured_exact": beyond.exact,
    }
    return {**told, **seconds, "limits": [_passed(passed) for passed in beyond.passed]}


def _given(**values: float | None) -> dict[str, float]:
    """Those that there is enough to tell of."""
    return {name: round(value, 7) for name, value in values.items() if value is not None}


def _passed(told: Passed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": told.limit.kind,
        "limit_c": told.limit.celsius,
        "beyond_s": told.beyond_ms / 1000,
        "at_least_s": told.least_ms / 1000,
        "at_most_s": told.most_ms / 1000,
        "exact": told.exact,
    }
    columns = told.excursions._asdict() if told.excursions else {}
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    shown = [_excursion(**dict(zip(columns, row, strict=True))) for row in rows[:MOST_EXCURSIONS]]
    return {**found, "excursions": shown, "excursions_left_out": len(rows) - len(shown)}


def _excursion(
    start_ms: float,
    end_ms: float,
    unseen_ms: float,
    peak_c: float,
    mean_c: float,
    degree_minutes: float,
    begins: str,
    ends: str,
    **_: Any,
) -> dict[str, Any]:
    return {
        "begin": iso_utc(round(start_ms)),
        "end": iso_utc(round(end_ms)),
        "unseen_s": unseen_ms / 1000,
        "peak_c": round(peak_c, 7),
        "mean_c": round(mean_c, 7),
        "degree_minutes": round(degree_minutes, 4),
        "begins": begins,
        "ends": ends,
    }
