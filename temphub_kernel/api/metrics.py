"""`/metrics`: Prometheus text. Counters are fed by the endpoint thread; the rest is read when asked."""

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..base.clock import now_ms
from ..base.errors import TempHubError
from ..base.reading import is_present, to_celsius
from ..journal import Newest, Outcome
from ..trust import Repeated
from .hits import Hits

LABELS = ["probe_id", "name"]


class Metrics:
    """The hub's numbers for a scraper."""

    def __init__(self) -> None:
        self.hits = Hits()
        self._registry = CollectorRegistry()
        self._stored = Counter("temphub_readings_stored", "Readings stored since this hub started", registry=self._registry)
        self._repeats = Counter("temphub_readings_repeated", "Readings that were delivered again and stored once", registry=self._registry)
        self._refused = Counter("temphub_requests_refused", "Requests refused, by error code", ["error"], registry=self._registry)

    def stored(self, outcome: Outcome, probe_id: str) -> None:
        """A delivery of that probe was committed."""
        self.hits.stored(probe_id, outcome)
        self._stored.inc(outcome.stored)
        if outcome.duplicates:
            self._repeats.inc(outcome.duplicates)

    def refused(self, error: TempHubError) -> None:
        """A request was refused; its code is one of ours, so there are few."""
        if not isinstance(error, Repeated):
            # A claimed probe is told its next counter so after each start of the hub: no trouble for whoever reads the console.
            self.hits.refused += 1
        self._refused.labels(error.code).inc()

    def text(self, health: dict[str, Any], newest: list[Newest], probes: dict[str, dict[str, Any]]) -> bytes:
        """The exposition, format 0.0.4. probes: rows of `Reader.probes()` by id."""
        now = CollectorRegistry()
        now.register(_Now(health, newest, probes))
        return generate_latest(self._registry) + generate_latest(now)


class _Now(Collector):
    """What is true at the moment of asking."""

    def __init__(self, health: dict[str, Any], newest: list[Newest], probes: dict[str, dict[str, Any]]) -> None:
        self._health = health
        self._newest = newest
        self._probes = probes

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("temphub_uptime_seconds", "Seconds since this hub started", value=self._health["uptime_s"])
        yield GaugeMetricFamily("temphub_journal_readings", "Readings in the journal", value=self._health["readings"])
        yield GaugeMetricFamily("temphub_csv_waiting_readings", "Readings not yet in the CSV log", value=self._health["csv_waiting"])
        about = "Present temperature, by probe; none while its sensor has no value or nothing new came for three intervals"
        celsius = GaugeMetricFamily("temphub_temperature_celsius", about, labels=LABELS)
        age = GaugeMetricFamily("temphub_reading_age_seconds", "Age of the newest reading, by probe", labels=LABELS)
        now = now_ms()
        for newest in self._newest:
            probe = self._probes.get(newest.probe_id, {})
            labels = [newest.probe_id, probe.get("alias") or probe.get("name") or newest.probe_id]
            age_ms = now - newest.taken_ms
            # A value that nobody measured lately is no temperature of now; that it is missing is seen, that it is old is not.
            if newest.units is not None and is_present(age_ms, probe.get("interval_ms") or 0):
                celsius.add_metric(labels, to_celsius(newest.units))
            age.add_metric(labels, max(0, age_ms) / 1000)
        yield celsius
        yield age
