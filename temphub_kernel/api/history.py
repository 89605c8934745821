"""`GET /api/readings`: history as JSON or CSV, whole or in buckets, streamed. Endpoint thread; the journal is asked in others."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

from ..base.clock import iso_utc, now_ms, parse_time
from ..base.reading import PROBE_ID, number_text, to_celsius
from ..journal import Bucket, Point, Reader
from .handlers import ApiHandler
from .replies import dump
from .validate import bad, short

DAY_MS = 86_400_000
# One question to the journal at a time covers about this many readings: memory stays flat for any range.
STEP_ROWS = 5_000
FIRST_STEP_MS = 60_000
LONGEST_STEP_MS = 64 * DAY_MS
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": DAY_MS}
POINT_HEADER = ["timestamp", "probe_id", "temperature_c", "quality"]
BUCKET_HEADER = ["start", "probe_id", "min_c", "mean_c", "max_c", "count"]


class Readings(ApiHandler):
    """`GET /api/readings?probe_id=&from=&to=&bucket=&format=json|csv`; the last 24 h of every probe by default."""

    async def get(self) -> None:
        probe_id, from_ms, to_ms, width_ms, as_csv = self._query()
        if as_csv:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="temphub-readings.csv"')
        writer = _Csv(bool(width_ms)) if as_csv else _Json()
        self.write(writer.head)
        async for rows in self._blocks(probe_id, from_ms, to_ms, width_ms):
            self.write(writer.block(rows))
            # Waits until the client has taken it: a slow reader holds one block, not the whole range.
            await self.flush()
        self.finish(writer.tail)

    async def _blocks(self, probe_id: str | None, from_ms: int, to_ms: int, width_ms: int) -> AsyncIterator[list[Any]]:
        ask = self.room.questions.ask
        span = await ask(lambda reader: reader.span())
        if span is None:
            return
        width = width_ms or 1
        start, end = max(from_ms, span[0]) // width * width, -(-min(to_ms, span[1] + 1) // width) * width
        step = max(FIRST_STEP_MS // width, 1) * width
        while start < end:
            rows = await ask(_question(start, min(start + step, end), width_ms, probe_id))
            if rows:
                yield rows
            start += step
            if len(rows) < STEP_ROWS:
                step = min(step * 2, max(LONGEST_STEP_MS // width, 1) * width)
            else:
                step = max(step // 2 // width, 1) * width

    def _query(self) -> tuple[str | None, int, int, int, bool]:
        now = now_ms()
        probe_id = self.get_query_argument("probe_id", "") or None
        if probe_id is not None and not PROBE_ID.fullmatch(probe_id):
            raise bad(
                "bad_probe_id", f"probe_id is {short(probe_id)}, which cannot name a probe.", "Use an id from /api/probes, or leave it out."
            )
        to_ms = self._time("to", now + 1)
        from_ms = self._time("from", to_ms - DAY_MS)
        if from_ms >= to_ms:
            raise bad("bad_from", "from is not before to, so there is nothing to answer.", "Send from earlier than to.")
        form = self.get_query_argument("format", "json") or "json"
        if form not in ("json", "csv"):
            raise bad("bad_format", f"format is {short(form)}.", "Use json or csv.")
        return probe_id, from_ms, to_ms, self._bucket(), form == "csv"

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

    def _bucket(self) -> int:
        text = self.get_query_argument("bucket", "").strip()
        if not text:
            return 0
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = UNITS_MS.get(text[len(number) :] or "s", 0)
        width_ms = int(number) * unit if number.isascii() and number.isdigit() and len(number) < 8 else 0
        if not 1000 <= width_ms <= 366 * DAY_MS:
            raise bad("bad_bucket", f"bucket is {short(text)}.", "Send a length from 1 s to 366 days, such as 30s, 5min, 1h or 1d.")
        return width_ms


def _question(start: int, stop: int, width_ms: int, probe_id: str | None) -> Callable[[Reader], list[Any]]:
    if width_ms:
        return lambda reader: list(reader.buckets(start, stop, width_ms, probe_id))
    return lambda reader: list(reader.points(start, stop, probe_id))


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
        low, mean, high = to_celsius(row.lowest), to_celsius(row.total / row.readings), to_celsius(row.highest)
        start = iso_utc(row.start_ms)
        return {"probe_id": row.probe_id, "start": start, "min_c": low, "mean_c": round(mean, 7), "max_c": high, "count": row.readings}
    celsius = None if row.units is None else to_celsius(row.units)
    found = {"probe_id": row.probe_id, "time": iso_utc(row.taken_ms), "temperature_c": celsius}
    return found if row.quality is None else {**found, "quality": row.quality}


def _as_cells(row: Point | Bucket) -> list[object]:
    if isinstance(row, Bucket):
        mean = number_text(round(row.total / row.readings))
        return [iso_utc(row.start_ms), row.probe_id, number_text(row.lowest), mean, number_text(row.highest), row.readings]
    return [iso_utc(row.taken_ms), row.probe_id, "" if row.units is None else number_text(row.units), row.quality or ""]
