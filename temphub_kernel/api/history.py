"""`GET /api/readings`: history as JSON or CSV, whole or in buckets, streamed. Endpoint thread; the journal is asked in others."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, NamedTuple

from ..base.cells import number_cell
from ..base.clock import DAY_MS, MINUTE_MS, now_ms, parse_time
from ..base.lengths import length_ms
from ..base.reading import to_celsius
from ..base.zones import find_zone
from ..journal import (
    NO_VALUE,
    QUALITY,
    Calendar,
    Columns,
    Floats,
    Reader,
    Steps,
    WallClock,
    celsius_of,
    in_order,
    iso_of,
    pieces,
)
from .handlers import ApiHandler
from .replies import dump
from .validate import bad, checked_id, short

# One question to the journal at a time covers about this many readings: memory stays flat for any range.
STEP_ROWS = 5_000
FIRST_STEP_MS = MINUTE_MS
LONGEST_STEP_MS = 64 * DAY_MS
UNITS = ("", "ms", "s", "m", "min", "h", "d")
POINT_HEADER = ["timestamp", "probe_id", "temperature_c", "quality"]
BUCKET_HEADER = ["start", "probe_id", "min_c", "mean_c", "max_c", "count", "mean_of_readings_c"]


class Ranged(ApiHandler):
    """A question about readings of one probe or all, in a range of time."""

    def asked(self) -> tuple[str | None, int, int]:
        """(probe_id, from_ms, to_ms); the last 24 h of every probe by default. Raises TempHubError."""
        now = now_ms()
        probe_id = self.get_query_argument("probe_id", "") or None
        if probe_id is not None:
            checked_id("probe_id", probe_id, remedy="Use an id from /api/probes, or leave it out.")
        to_ms = self._time("to", now + 1)
        from_ms = self._time("from", to_ms - DAY_MS)
        if from_ms >= to_ms:
            raise bad("bad_from", "from is not before to, so there is nothing to answer.", "Send from earlier than to.")
        return probe_id, from_ms, to_ms

    def _time(self, name: str, default: int) -> int:
        text = self.get_query_argument(name, "").strip()
        if not text:
            return default
        try:
            value = parse_time(text)
            if not 0 <= value < 10**14:
                raise ValueError(text)
        except (ValueError, OverflowError) as error:
            remedy = f"Send {name} as ISO 8601 such as 2026-11-23T12:00:00Z, or as milliseconds since 1970."
            raise bad(f"bad_{name}", f"{name} is {short(text)}, not a time.", remedy) from error
        return value


class Readings(Ranged):
    """`GET /api/readings?probe_id=&from=&to=&bucket=&tz=&struck_out=&format=json|csv`; the last 24 h of every probe by default."""

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
        calendar = WallClock(width_ms, self._zone(), query.from_ms, start, end) if width_ms and start < end else None
        step = max(FIRST_STEP_MS, width_ms)
        while start < end:
            # A bucket comes as a whole: the next question begins where a bucket does.
            stop = min(start + step, end) if calendar is None else pieces(calendar, start, min(end, start + 3 * step + DAY_MS), step)[0][1]
            rows, text = await ask(partial(query.answer, start, stop, calendar))
            if rows:
                yield text
            start = stop
            step = min(step * 2, max(LONGEST_STEP_MS, width_ms)) if rows < STEP_ROWS else max(step // 2, width_ms, 1)

    def _query(self) -> "_Query":
        probe_id, from_ms, to_ms = self.asked()
        form = self.get_query_argument("format", "json") or "json"
        if form not in ("json", "csv"):
            raise bad("bad_format", f"format is {short(form)}.", "Use json or csv.")
        return _Query(probe_id, from_ms, to_ms, self._bucket(), form == "csv", self._yes("struck_out"))

    def _zone(self) -> tzinfo | None:
        return find_zone(self.get_query_argument("tz", "").strip() or "UTC")

    def _yes(self, name: str) -> bool:
        text = self.get_query_argument(name, "").strip().lower()
        if text not in ("", "true", "false"):
            raise bad(f"bad_{name}", f"{name} is {short(text)}.", "Send true or false, or leave it out.")
        return text == "true"

    def _bucket(self) -> int:
        text = self.get_query_argument("bucket", "").strip()
        if not text:
            return 0
        width_ms = length_ms(text, UNITS) or 0
        if not 1000 <= width_ms <= 366 * DAY_MS:
            raise bad("bad_bucket", f"bucket is {short(text)}.", "Send a length from 1 s to 366 days, such as 30s, 5min, 1h or 1d.")
        return width_ms


class _Query(NamedTuple):
    """What is asked for, and how the answer is written. width_ms: of buckets, 0 for the readings themselves."""

    probe_id: str | None
    from_ms: int
    to_ms: int
    width_ms: int
    as_csv: bool
    struck_out: bool

    @property
    def head(self) -> str:
        """What stands before the first block."""
        return ",".join(BUCKET_HEADER if self.width_ms else POINT_HEADER) + "\r\n" if self.as_csv else '{"ok":true,"readings":['

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
            columns = reader.columns(start, stop, asked, fields=("taken_ms", "units"), struck_out=self.struck_out)
            return len(columns), _csv(_reading_cells(columns)) if self.as_csv else _json(_readings(columns))
        ids, steps, means, _ = reader.calendar_steps(start, stop, calendar, self.probe_id)
        order = in_order(ids, steps)
        found = ids, steps.of(order), means[order]
        return len(order), _csv(_bucket_cells(*found)) if self.as_csv else _json(_buckets(*found))


def _json(rows: list[dict[str, Any]]) -> bytes:
    return dump(rows)[1:-1]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _readings(columns: Columns) -> list[dict[str, Any]]:
    """The readings as JSON has them; raw_c: of a number that does not count, what the probe sent."""
    found: list[dict[str, Any]] = []
    numbers = (columns.probe, columns.units, columns.raw, columns.quality, columns.celsius, celsius_of(columns.raw))
    rows = zip(iso_of(columns.taken_ms), *(column.tolist() for column in numbers), strict=True)
    for time, no, units, raw, code, celsius, raw_c in rows:
        row = {"probe_id": columns.ids[no], "time": time, "temperature_c": None if units == NO_VALUE else celsius}
        if units == NO_VALUE != raw:
            row["raw_c"] = raw_c
        if code:
            row["quality"] = QUALITY[code]
        found.append(row)
    return found


def _reading_cells(columns: Columns) -> Iterator[Sequence[object]]:
    rows = zip(iso_of(columns.taken_ms), *(column.tolist() for column in (columns.probe, columns.units, columns.quality)), strict=True)
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
