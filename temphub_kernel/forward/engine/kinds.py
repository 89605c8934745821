"""Engines: what is posted there and asked, with token and words, and what each kind can tell. One thread;
`cut` from any.

FORWARD_URL without a path means `/write`; with one it is taken as it is. READ_FROM is where its Prometheus
API is, where that is elsewhere. VictoriaMetrics tells since when it runs, what it keeps and what is there;
InfluxDB 1 the latter two, and keeps what it acknowledged. Of others only the answers to what is posted are
known.
"""

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...core import DAY_MS, EVER_MS, MINUTE_MS, TempHubError, now_ms
from ...engines import (
    MEASUREMENT,
    READINGS,
    TIMEOUT_S,
    Answer,
    WebAddress,
    exported,
    ignored_of,
    influx_length,
    length_of,
    match,
    metrics_of,
)
from .lines import Points, Series

WRITE = re.compile(r"(/influx|/v1/influxdb)?(/api/v[23])?/(write|write_lp)/?$")
MOST_READ = 256 * 1024 * 1024
MOST_SAID = 300


class TooMuch(TempHubError):
    """Raised when a request is larger than the engine takes."""


class NotReadable(TempHubError):
    """Raised when an engine does not say what it has, and will not when it is asked again."""


class Door:
    """url: FORWARD_URL; token: FORWARD_TOKEN; read_from: READ_FROM; read_token: READ_TOKEN, the same without
    it."""

    def __init__(
        self,
        url: str,
        token: str = "",
        read_from: str = "",
        read_token: str = "",
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        path = parts.path if parts.path not in ("", "/") else "/write"
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "precision": "ms"}
        self.database = query.get("db", "")
        self.elsewhere = bool(read_from)
        self._target = f"{path}?{urlencode(query)}"
        self._base = WRITE.sub("", path)
        self._token, self._read_token = token, read_token or token
        # InfluxDB 2 knows its own word only.
        self._scheme = "Token" if path.endswith("/api/v2/write") else "Bearer"
        self._write = WebAddress(url, "The engine", "FORWARD_URL", timeout_s)
        self._read = (
            WebAddress(read_from, "The engine's reading side", "READ_FROM", timeout_s)
            if read_from
            else self._write
        )
        self._read_base = urlsplit(read_from).path.rstrip("/") if read_from else self._base

    @property
    def shown(self) -> str:
        """The engine's address without anything secret."""
        return self._hidden(self._write.shown)

    def cut(self) -> None:
        """End the request under way."""
        self._write.cut()
        self._read.cut()

    def post(self, lines: bytes) -> Answer:
        """What it answers to lines. Raises TempHubError when nobody answers."""
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
        return self._say(self._write, "POST", self._target, gzip.compress(lines, 1), headers)

    def get(
        self, path: str, query: dict[str, Any] | None = None, *, read: bool = False, most: int = MOST_READ
    ) -> Answer:
        """What it answers to a question. read: on the reading side. Raises TempHubError as `post`."""
        base = self._read_base if read else self._base
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self._say(self._read if read else self._write, "GET", f"{base}{path}{asked}", most=most)

    def _say(
        self,
        web: WebAddress,
        method: str,
        target: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        most: int = 64 * 1024,
    ) -> Answer:
        token = self._token if method == "POST" else self._read_token
        key = {"Authorization": f"{self._scheme} {token}"} if token else {}
        try:
            return web.exchange(method, target, data, {**key, **(headers or {})}, most)
        except TempHubError as error:
            raise type(error)(self._hidden(error.problem), error.remedy, code=error.code) from error

    def reason(self, answer: Answer) -> str:
        """What it says is the matter, in its own words and without the token; empty when it says nothing
        readable."""
        if answer.html:
            return ""
        text = answer.body[:4096].decode("utf-8", "replace").strip()
        try:
            told = json.loads(text)
            text = str(told.get("error") or told.get("message") or text) if isinstance(told, dict) else text
        except ValueError:
            pass
        plain = "".join(sign if sign.isprintable() else " " for sign in text)
        return self._hidden(plain)[:MOST_SAID]

    def refused(self, answer: Answer) -> TempHubError:
        """The error for an answer that took nothing."""
        why, status = self.reason(answer), answer.status
        said = f"{self._hidden(answer.said)}{f': {why}' if why else ''}"
        if 200 <= status < 300:
            said = "answers with a page for people instead of taking them"
        kind = TooMuch if status == 413 else TempHubError
        return kind(
            f"The engine {self.shown} {said}, so it did not take the readings.",
            _remedy(status, why, answer.html, self.database),
            code="engine_refused",
        )

    def unread(self, answer: Answer) -> TempHubError:
        """The error for a question that it does not answer."""
        kind = TempHubError if answer.status >= 500 else NotReadable
        return kind(
            f"The engine {self.shown} {self._hidden(answer.said)} when it is asked what it has.",
            "Let FORWARD_TOKEN read there too, or set READ_FROM to its Prometheus API.",
            code="not_readable",
        )

    def _hidden(self, text: str) -> str:
        for token in (self._token, self._read_token):
            text = text.replace(token, "****") if token else text
        return text


def _remedy(status: int, why: str, html: bool, database: str) -> str:
    """Begins with a verb."""
    low = why.lower()
    # vmauth calls a token that it does not know a bad request.
    if status in (401, 403) or (status == 400 and "auth token" in why):
        return "Set FORWARD_TOKEN to a token that may write there, or put user:password@ into FORWARD_URL."
    if 300 <= status < 400:
        return "Set FORWARD_URL to the address where it is sent on to: a redirect would lose what is posted."
    if "database is required" in low:
        return "Add the database to FORWARD_URL, such as ?db=temphub behind /write."
    if "database not found" in low:
        return f'Make the database there: CREATE DATABASE "{database or "temphub"}".'
    if "no space" in low or status == 507:
        return "Make room on the disk of the engine."
    if status == 413:
        return "Wait: smaller requests are tried."
    if status == 429 or status >= 500:
        return "Look at the engine and its log: it cannot take readings at present."
    if html or status in (404, 405):
        return "Correct FORWARD_URL: no engine that takes Influx line protocol answers at that address."
    return "Correct FORWARD_URL, or look at the engine and its log."


AHEAD_MS = 2 * DAY_MS
# A clock apart by less is as good as ours.
APART_MS = 5_000
# At the edge of what it keeps a point may be over it by the time it arrives.
MARGIN_MS = MINUTE_MS
PART_MS = DAY_MS
Present = dict[Series, dict[int, float]]


class Look(NamedTuple):
    """started: another one after each start of the engine; oldest_ms, newest_ms: what it takes; advice: what
    is better set otherwise; ignored: what it counted itself as let fall since then, of all who write there,
    by reason."""

    started: str = ""
    oldest_ms: int = 1
    newest_ms: int = EVER_MS
    advice: str = ""
    ignored: Mapping[str, int] = {}


class Blind:
    """An engine that can only be written to."""

    name = "an engine that cannot be read back"
    remedies = {"too_old": "Have the engine keep readings for longer."}
    # Whether the same point sent twice is there twice.
    doubles = False
    reads = False

    def __init__(self, door: Door) -> None:
        self.door = door

    def look(self) -> Look:
        """How it is now. Raises TempHubError when it cannot be asked."""
        return Look()

    def flush(self) -> None:
        """Have what was written be there for whoever reads."""

    def there(self, site: str, series: Iterable[Series], from_ms: int, to_ms: int) -> Present:
        """What it has of these series in [from_ms, to_ms]. Raises TempHubError."""
        raise TempHubError("This engine cannot be read back.", "Set READ_FROM to its Prometheus API.")


class VictoriaMetrics(Blind):
    """A single node, whose /metrics say all; or what answers at READ_FROM."""

    name = "VictoriaMetrics"
    doubles = True
    reads = True
    remedies = {
        "too_old": "Start VictoriaMetrics with -retentionPeriod=100y (now {retention}).",
        "too_new": "Set the clock of the probe or hub that dated them; VictoriaMetrics takes at most 2 days "
        "ahead.",
        "not_kept": "Look at the engine's disk and log.",
    }

    def __init__(self, door: Door, metrics: bool) -> None:
        super().__init__(door)
        self._metrics = metrics
        if not metrics:
            self.remedies = {**self.remedies, "too_old": "Start its vmstorage with -retentionPeriod=100y."}

    def look(self) -> Look:
        if not self._metrics:
            return Look(newest_ms=now_ms() + AHEAD_MS - MARGIN_MS)
        answer = self.door.get("/metrics")
        try:
            told = metrics_of(answer.body.decode("utf-8", "replace"))
        except ValueError as error:
            raise self.door.unread(answer) from error
        now = now_ms()
        apart_ms = answer.date_ms - now if answer.date_ms else 0
        if abs(apart_ms) >= APART_MS:
            now += apart_ms
        flags = {one.labels.get("name", ""): one.labels.get("value", "") for one in told.get("flag", ())}
        retention = flags.get("retentionPeriod", "")
        kept_ms = length_of(retention)
        months = "month" if retention == "1" else "months"
        shown = f"{retention} {months}" if retention.isdigit() else retention
        too_old = VictoriaMetrics.remedies["too_old"].format(retention=shown)
        self.remedies = {**self.remedies, "too_old": too_old}
        single = flags.get("dedup.minScrapeInterval", "0s") in ("0s", "")
        return Look(
            "".join(str(one.value) for one in told.get("process_start_time_seconds", ())),
            now - kept_ms + MARGIN_MS if kept_ms else 1,
            now + AHEAD_MS - MARGIN_MS,
            "Start VictoriaMetrics with -dedup.minScrapeInterval=1ms, so that a point that arrived twice "
            "counts once."
            if single
            else "",
            ignored_of(told),
        )

    def flush(self) -> None:
        if self._metrics:
            self.door.get("/internal/force_flush")

    def there(self, site: str, series: Iterable[Series], from_ms: int, to_ms: int) -> Present:
        selector = match(READINGS, site, {one.probe_id for one in series})
        found: Present = {}
        start_ms = from_ms
        while start_ms <= to_ms:
            end_ms = min(start_ms + PART_MS - 1, to_ms)
            asked = {"match[]": selector, "start": f"{start_ms / 1000:.3f}", "end": f"{end_ms / 1000:.3f}"}
            answer = self.door.get("/api/v1/export", asked, read=True)
            if answer.status != 200 or answer.html:
                raise self.door.unread(answer)
            try:
                for told in exported(answer.body):
                    pairs = zip(told.taken_ms.tolist(), told.values.tolist(), strict=True)
                    found.setdefault(_series(told.labels), {}).update(pairs)
            except (ValueError, LookupError) as error:
                raise self.door.unread(answer) from error
            start_ms = end_ms + 1
        return found


class Influx(Blind):
    """InfluxDB 1: the last of two values of a moment is there, and both are the same."""

    name = "InfluxDB 1"
    reads = True
    remedies = {
        "too_old": "Have InfluxDB keep more: ALTER RETENTION POLICY {policy} DURATION INF.",
        "not_kept": "Look at the engine's disk and log.",
    }

    def look(self) -> Look:
        told = self._ask(f'SHOW RETENTION POLICIES ON "{self.door.database}"')
        rows = [dict(zip(one["columns"], row, strict=True)) for one in told for row in one.get("values", [])]
        used = next((row for row in rows if row.get("default")), {})
        kept_ms = influx_length(str(used.get("duration", "0s")))
        policy = f'"{used.get("name", "autogen")}" ON "{self.door.database}"'
        self.remedies = {**self.remedies, "too_old": Influx.remedies["too_old"].format(policy=policy)}
        return Look(oldest_ms=now_ms() - kept_ms + MARGIN_MS if kept_ms else 1)

    def there(self, site: str, series: Iterable[Series], from_ms: int, to_ms: int) -> Present:
        found: Present = {}
        for one in series:
            tag = {"flagged": "quality", "corrected": "revision"}.get(one.field)
            more = f" AND {tag} = {_quoted(one.label)}" if tag else ""
            rows = self._ask(
                f"SELECT {one.field} FROM {MEASUREMENT} WHERE site = {_quoted(site)} AND probe = "
                f"{_quoted(one.probe_id)}{more} AND time >= {from_ms}ms AND time <= {to_ms}ms"
            )
            found[one] = {int(ms): float(value) for row in rows for ms, value in row.get("values", [])}
        return found

    def _ask(self, question: str) -> list[dict[str, Any]]:
        answer = self.door.get("/query", {"q": question, "db": self.door.database, "epoch": "ms"})
        if answer.status != 200 or answer.html:
            raise self.door.unread(answer)
        return list(json.loads(answer.body)["results"][0].get("series", []))


def kind_of(door: Door) -> Blind:
    """What answers there. Raises TempHubError when nobody does."""
    said = door.get("/metrics")
    text = said.body.decode("utf-8", "replace") if said.status == 200 and not said.html else ""
    if "vm_app_version" in text and "retentionPeriod" in text:
        return VictoriaMetrics(door, metrics=not door.elsewhere or "vm_rows_ignored_total" in text)
    if door.elsewhere:
        return VictoriaMetrics(door, metrics=False)
    if door.database:
        influx = Influx(door)
        try:
            influx.look()
            return influx
        except (TempHubError, ValueError, LookupError, TypeError):
            pass
    return Blind(door)


def missing(points: Points, present: Present) -> list[bool]:
    """Which of the points are not there."""
    there = [present.get(one, {}) for one in points.series]
    pairs = zip(points.at.tolist(), points.taken_ms.tolist(), strict=True)
    return [ms not in there[at] for at, ms in pairs]


def _series(metric: dict[str, str]) -> Series:
    field = metric["__name__"].removeprefix(f"{MEASUREMENT}_")
    return Series(metric.get("probe", ""), field, metric.get("quality", metric.get("revision", "")))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
