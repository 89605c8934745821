"""`/metrics`, Prometheus text; what came, counted for the console; and at LOG_LEVEL=DEBUG a line for each
request. Endpoint thread only.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from ..core import TempHubError, board_of, is_present, monotonic_s, now_ms, to_celsius
from ..journal import Alarm, Newest, Outbox, Outcome
from ..trust import Repeated

LABELS = ["probe_id", "name"]


class Metrics:
    """The hub's numbers for a scraper."""

    def __init__(self) -> None:
        self.hits = Hits()
        self._registry = CollectorRegistry()
        # Not counted there yet: each count there takes a lock.
        self._new = 0
        self._stored = Counter(
            "temphub_readings_stored", "Readings stored since this hub started", registry=self._registry
        )
        self._repeats = Counter(
            "temphub_readings_repeated",
            "Readings that were delivered again and stored once",
            registry=self._registry,
        )
        self._refused = Counter(
            "temphub_requests_refused", "Requests refused, by error code", ["error"], registry=self._registry
        )

    def stored(self, outcome: Outcome, probe_id: str) -> None:
        """A delivery of that probe was committed."""
        self.hits.stored(probe_id, outcome)
        self._new += outcome.stored
        if outcome.duplicates:
            self._repeats.inc(outcome.duplicates)

    def refused(self, error: TempHubError) -> None:
        """A request was refused; its code is one of ours, so there are few."""
        if not isinstance(error, Repeated):
            # A claimed probe is told its next counter so after each start of the hub: no trouble for whoever
            # reads the console.
            self.hits.refused += 1
        self._refused.labels(error.code).inc()

    def settle(self) -> None:
        """Count what was not counted there yet. Before `text`."""
        self._stored.inc(self._new)
        self._new = 0

    def text(self, health: dict[str, Any], stored: "Stored") -> bytes:
        """The exposition, format 0.0.4. Any thread."""
        now = CollectorRegistry()
        now.register(_Now(health, stored))
        return generate_latest(self._registry) + generate_latest(now)


class Stored(NamedTuple):
    """What the journal has. probes: rows of `Reader.probes()` by id; alarms: live ones; outbox: what waits to
    be told."""

    newest: list[Newest]
    probes: dict[str, dict[str, Any]]
    alarms: list[Alarm]
    outbox: list[Outbox]


class _Now(Collector):
    """What is true at the moment of asking."""

    def __init__(self, health: dict[str, Any], stored: Stored) -> None:
        self._health = health
        self._stored = stored

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "temphub_uptime_seconds", "Seconds since this hub started", value=self._health["uptime_s"]
        )
        yield GaugeMetricFamily(
            "temphub_journal_readings", "Readings in the journal", value=self._health["readings"]
        )
        yield GaugeMetricFamily(
            "temphub_csv_waiting_readings",
            "Readings not yet in the CSV log",
            value=self._health["csv_waiting"],
        )
        about = (
            "Present temperature, by probe; none while its sensor has no value or nothing new came for "
            "three intervals"
        )
        celsius = GaugeMetricFamily("temphub_temperature_celsius", about, labels=LABELS)
        age = GaugeMetricFamily(
            "temphub_reading_age_seconds", "Age of the newest reading, by probe", labels=LABELS
        )
        now = now_ms()
        for newest in self._stored.newest:
            probe = self._stored.probes.get(newest.probe_id, {})
            labels = [newest.probe_id, probe.get("alias") or probe.get("name") or newest.probe_id]
            age_ms = now - newest.taken_ms
            # A value that nobody measured lately is no temperature of now; that it is missing is seen, that
            # it is old is not.
            if newest.units is not None and is_present(age_ms, probe.get("interval_ms") or 0):
                celsius.add_metric(labels, to_celsius(newest.units))
            age.add_metric(labels, max(0, age_ms) / 1000)
        yield celsius
        yield age
        yield from self._alarms()
        if forward := self._health.get("forward"):
            yield from _forwarded(forward)
        yield from self._backup()
        yield from _asked(self._health.get("gathering") or {})

    def _backup(self) -> Iterable[Metric]:
        told = self._health.get("backup")
        if not told:
            return
        about = "When the last back-up was made and read again; 0 when none was"
        yield GaugeMetricFamily("temphub_backup_made_timestamp_seconds", about, value=told["made_ms"] / 1000)
        about = "1 while the last try to make a back-up has failed, or what it copied was damaged"
        yield GaugeMetricFamily("temphub_backup_failing", about, value=int(bool(told["problem"])))

    def _alarms(self) -> Iterable[Metric]:
        active = GaugeMetricFamily(
            "temphub_alarms_active", "Alarms that go on, by severity", labels=["severity"]
        )
        going_on = [alarm for alarm in self._stored.alarms if not alarm.cleared_ms and not alarm.past]
        for severity in ("warning", "critical"):
            active.add_metric([severity], sum(alarm.severity == severity for alarm in going_on))
        yield active
        unseen = sum(not alarm.acked_ms and not alarm.past for alarm in self._stored.alarms)
        yield GaugeMetricFamily(
            "temphub_alarms_unacknowledged", "Alarms that nobody has acknowledged", value=unseen
        )
        outbox = self._stored.outbox
        waiting, failing = sum(one.waiting for one in outbox), sum(one.failing for one in outbox)
        yield GaugeMetricFamily(
            "temphub_alarm_messages_waiting", "Messages that wait to be told", value=waiting
        )
        yield GaugeMetricFamily(
            "temphub_alarm_messages_failing", "Of these, those whose last try failed", value=failing
        )


def _asked(gathering: dict[str, Any]) -> Iterable[Metric]:
    about = "How often probes are asked to deliver what they gather; 0 while they deliver as they measure"
    every_ms = gathering.get("deliver_every_ms", 0)
    yield GaugeMetricFamily("temphub_deliver_every_seconds", about, value=every_ms / 1000)


def _forwarded(forward: dict[str, Any]) -> Iterable[Metric]:
    """What goes to an engine."""
    yield GaugeMetricFamily(
        "temphub_forward_waiting_readings", "Readings not yet sent to the engine", value=forward["waiting"]
    )
    yield GaugeMetricFamily(
        "temphub_forward_unsure_readings",
        "Readings that the engine acknowledged and may lose yet",
        value=forward["unsure"],
    )
    yield CounterMetricFamily(
        "temphub_forward_sent_points", "Points that the engine took since this hub started", forward["sent"]
    )
    fallen = GaugeMetricFamily(
        "temphub_forward_let_fall_readings", "Readings that the engine let fall, by reason", labels=["reason"]
    )
    for reason, count in forward["fallen"].items():
        fallen.add_metric([reason], count)
    yield fallen
    ignored = GaugeMetricFamily(
        "temphub_forward_engine_ignored_points",
        "Points that the engine says it let fall since this hub asks, of all who write there, by reason",
        labels=["reason"],
    )
    for reason, count in forward.get("ignored", {}).items():
        ignored.add_metric([reason], count)
    yield ignored


log = logging.getLogger(__name__)
# Apart: a line for each request is a stream of its own.
request_log = logging.getLogger("temphub_kernel.api.requests")
COUNT_EVERY_S = 60.0
# A stranger may deliver under any number of names; who was first is then said again.
MOST_COUNTED = 16_384
# In a minute; more than that is somebody who makes names up.
MOST_FIRST = 300


class Hits:
    """Since the last line: `probes` that delivered, readings stored, requests refused, questions to the
    API."""

    def __init__(self) -> None:
        self._probes: set[str] = set()
        self._known: dict[str, None] = {}
        self._firsts = 0
        self._stored = 0
        self.refused = 0
        self.calls = 0

    def stored(self, probe_id: str, outcome: Outcome) -> None:
        """A delivery was committed."""
        if outcome.stored:
            self._stored += outcome.stored
            if probe_id not in self._probes:
                self._first(probe_id)

    def _first(self, probe_id: str) -> None:
        """The first of this minute, perhaps the first of all."""
        if len(self._probes) < MOST_COUNTED:
            self._probes.add(probe_id)
        board = board_of(probe_id)
        if board not in self._known:
            self._known[board] = None
            if len(self._known) > MOST_COUNTED:
                del self._known[next(iter(self._known))]
            self._firsts += 1
            if self._firsts <= MOST_FIRST:
                log.info("%s delivers: its first readings are stored", board)

    def line(self) -> str:
        """`12 probes: 360 readings, 0 refused; 3 API calls` since it was last asked for; empty when nothing
        happened."""
        probes, stored, refused, calls = len(self._probes), self._stored, self.refused, self.calls
        self._probes.clear()
        self._stored = self.refused = self.calls = self._firsts = 0
        if not (stored or refused or calls):
            return ""
        return (
            f"{_many(probes, 'probe')}: {_many(stored, 'reading')}, {refused} refused; "
            f"{_many(calls, 'API call')}"
        )

    async def tell(self, every_s: float = COUNT_EVERY_S) -> None:
        """Says the line again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(every_s)
            if line := self.line():
                log.info("%s", line)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


NAME = re.compile(r"[A-Za-z_]{1,24}")
VISIT = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LONGEST = 120


def watch(connection: HTTPConnection, line: RequestStartLine, address: str) -> None:
    """Have the line said when the answer begins."""
    began_s = monotonic_s()
    write: Callable[..., Any] = connection.write_headers

    def answered(start: ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None) -> Any:
        say(line, start.code, address, began_s)
        return write(start, headers, chunk)

    connection.write_headers = answered  # type: ignore[method-assign, assignment]


def say(line: RequestStartLine, status: int | str, address: str, began_s: float) -> None:
    """The line itself."""
    request_log.debug(
        "%s %s %s %s %.1f ms",
        shown(line.method)[:16],
        path_of(line.path),
        status,
        address,
        (monotonic_s() - began_s) * 1000,
    )


def path_of(target: str) -> str:
    """A request's path with the names of what was asked, but none of the values."""
    path, question, query = target.partition("?")
    names = [part.partition("=")[0] for part in query.split("&") if "=" in part]
    told = "&".join(name for name in names if NAME.fullmatch(name))
    return VISIT.sub(r"\1…", shown(path))[:LONGEST] + (question + told)[:LONGEST]


def shown(text: str) -> str:
    """What came from outside, fit for a line of the log."""
    return "".join(char if char.isprintable() else "?" for char in text[: 4 * LONGEST])
