"""`GET /api/readings`: history as JSON or CSV, whole or in buckets, streamed. Endpoint thread; the journal is asked in others."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import tzinfo
from typing import Any

from ..base.cells import number_cell
from ..base.clock import DAY_MS, MINUTE_MS, iso_utc, now_ms, parse_time
from ..base.lengths import length_ms
from ..base.reading import to_celsius
from ..base.zones import find_zone
from ..journal import Bucket, Calendar, Point, Reader, WallClock, pieces
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
        probe_id, from_ms, to_ms, width_ms, as_csv = self._query()
        if as_csv:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="temphub-readings.csv"')
        struck_out = self._yes("struck_out")
        writer = _Csv(bool(width_ms)) if as_csv else _Json()
        self.write(writer.head)
        async for rows in self._blocks(probe_id, from_ms, to_ms, width_ms, struck_out=struck_out):
            self.write(writer.block(rows))
            # Waits until the client has taken it: a slow reader holds one block, not the whole range.
            await self.flush()
        self.finish(writer.tail)

    async def _blocks(self, probe_id: str | None, from_ms: int, to_ms: int, width_ms: int, *, struck_out: bool) -> AsyncIterator[list[Any]]:
        ask = self.room.questions.ask
        span = await ask(lambda reader: reader.span())
        if span is None:
            return
        start, end = max(from_ms, span[0]), min(to_ms, span[1] + 1)
        calendar = WallClock(width_ms, self._zone(), from_ms, start, end) if width_ms and start < end else None
        step = max(FIRST_STEP_MS, width_ms)
        while start < end:
            # A bucket comes as a whole: the next question begins where a bucket does.
            stop = min(start + step, end) if calendar is None else pieces(calendar, start, min(end, start + 3 * step + DAY_MS), step)[0][1]
            rows = await ask(_question(start, stop, calendar, probe_id, struck_out=struck_out))
            if rows:
                yield rows
            start = stop
            step = min(step * 2, max(LONGEST_STEP_MS, width_ms)) if len(rows) < STEP_ROWS else max(step // 2, width_ms, 1)

    def _query(self) -> tuple[str | None, int, int, int, bool]:
        probe_id, from_ms, to_ms = self.asked()
        form = self.get_query_argument("format", "json") or "json"
        if form not in ("json", "csv"):
            raise bad("bad_format", f"format is {short(form)}.", "Use json or csv.")
        return probe_id, from_ms, to_ms, self._bucket(), form == "csv"

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


def _question(start: int, stop: int, calendar: Calendar | None, probe_id: str | None, *, struck_out: bool) -> Callable[[Reader], list[Any]]:
    if calendar is not None:
        return lambda reader: list(reader.calendar_buckets(start, stop, calendar, probe_id))
    return lambda reader: list(reader.points(start, stop, probe_id, struck_out=struck_out))


class _Json:
    head, tail = '{"ok":true,"readings":[', "]}"

    def __init__(self) -> None:
        self._first = True

    def block(self, rows: list[Point | Bucket]) -> bytes:
        text = dump([_as_json(row) for row in rows])[1:-1]
        text, self._first = (text if self._first else b"," + text), False
        return text


class _Csv:
    tail = ""

    def __init__(self, buckets: bool) -> None:
        self.head = ",".join(BUCKET_HEADER if buckets else POINT_HEADER) + "\r\n"

    def block(self, rows: list[Point | Bucket]) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows(_as_cells(row) for row in rows)
        return out.getvalue().encode()


def _as_json(row: Point | Bucket) -> dict[str, Any]:
    if isinstance(row, Bucket):
        low, mean, high = (round(to_celsius(units), 7) for units in (row.lowest, row.mean or 0.0, row.highest))
        plain = round(to_celsius(row.total / row.readings), 7)
        start = iso_utc(row.start_ms)
        return {
            "probe_id": row.probe_id,
            "start": start,
            "min_c": low,
            "mean_c": mean,
            "max_c": high,
            "count": row.readings,
            "mean_of_readings_c": plain,
        }
    celsius = None if row.units is None else to_celsius(row.units)
    found = {"probe_id": row.probe_id, "time": iso_utc(row.taken_ms), "temperature_c": celsius}
    if row.units is None and row.raw is not None:
        # A number that does not count: what the probe sent.
        found["raw_c"] = to_celsius(row.raw)
    return found if row.quality is None else {**found, "quality": row.quality}


def _as_cells(row: Point | Bucket) -> list[object]:
    if isinstance(row, Bucket):
        mean, plain = number_cell(round(row.mean or 0.0)), number_cell(round(row.total / row.readings))
        return [iso_utc(row.start_ms), row.probe_id, number_cell(row.lowest), mean, number_cell(row.highest), row.readings, plain]
    return [iso_utc(row.taken_ms), row.probe_id, "" if row.units is None else number_cell(row.units), row.quality or ""]
