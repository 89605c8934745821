"""`/metrics`: Prometheus text. Counters are fed by the endpoint thread; the rest is read when asked."""

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..base.clock import now_ms
from ..base.reading import to_celsius
from ..journal import Newest, Outcome


class Metrics:
    """The hub's numbers for a scraper."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._stored = Counter("temphub_readings_stored", "Readings stored since this hub started", registry=self._registry)
        self._repeats = Counter("temphub_readings_repeated", "Readings that were delivered again and stored once", registry=self._registry)
        self._refused = Counter("temphub_requests_refused", "Requests refused, by error code", ["error"], registry=self._registry)

    def stored(self, outcome: Outcome) -> None:
        """A delivery was committed."""
        self._stored.inc(outcome.stored)
        if outcome.duplicates:
            self._repeats.inc(outcome.duplicates)

    def refused(self, code: str) -> None:
        """A request was refused; `code` is one of ours, so there are few."""
        self._refused.labels(code).inc()

    def text(self, health: dict[str, Any], newest: list[Newest]) -> bytes:
        """The exposition, format 0.0.4."""
        now = CollectorRegistry()
        now.register(_Now(health, newest))
        return generate_latest(self._registry) + generate_latest(now)


class _Now(Collector):
    """What is true at the moment of asking."""

    def __init__(self, health: dict[str, Any], newest: list[Newest]) -> None:
        self._health = health
        self._newest = newest

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("temphub_uptime_seconds", "Seconds since this hub started", value=self._health["uptime_s"])
        yield GaugeMetricFamily("temphub_journal_readings", "Readings in the journal", value=self._health["readings"])
        yield GaugeMetricFamily("temphub_csv_waiting_readings", "Readings not yet in the CSV log", value=self._health["csv_waiting"])
        celsius = GaugeMetricFamily("temphub_temperature_celsius", "Newest good reading, by probe", labels=["probe_id"])
        age = GaugeMetricFamily("temphub_reading_age_seconds", "Age of the newest reading, by probe", labels=["probe_id"])
        now = now_ms()
        for newest in self._newest:
            if newest.units is not None:
                celsius.add_metric([newest.probe_id], to_celsius(newest.units))
            age.add_metric([newest.probe_id], max(0, now - newest.taken_ms) / 1000)
        yield celsius
        yield age
