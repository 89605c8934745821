"""What the console is told of what comes in: first deliveries, a line a minute, and at DEBUG a line a
request."""

import logging
import re

import pytest

from support.waiting import wait_for
from temphub_kernel.api.metrics import MOST_COUNTED, MOST_FIRST, Hits, Metrics, Stored
from temphub_kernel.core import network
from temphub_kernel.core.errors import BadRequest
from temphub_kernel.journal import Outcome
from temphub_kernel.trust import Proven, Repeated

LINE = re.compile(r"(GET|POST|HEAD) (\S+) (\d{3}) 127\.0\.0\.1 \d+\.\d ms")
VISIT = "4f7d57a6-9ff2-4042-9a88-b42d9f097405"


@pytest.fixture
def told(caplog):
    """What was said so far, at INFO and above."""
    caplog.set_level(logging.INFO, "temphub_kernel")
    return lambda: [
        record.getMessage() for record in caplog.records if record.name.startswith("temphub_kernel.api")
    ]


def test_a_minute_in_a_line():
    """Probes, readings, refusals and calls since the last line; nothing at all when nothing happened."""
    hits = Hits()
    assert hits.line() == ""
    for number in range(12):
        for _ in range(10):
            hits.stored(f"p{number}", Outcome(3, 0))
    hits.calls = 3
    assert hits.line() == "12 probes: 360 readings, 0 refused; 3 API calls"
    assert hits.line() == ""
    hits.stored("p1", Outcome(1, 0))
    hits.refused, hits.calls = 2, 1
    assert hits.line() == "1 probe: 1 reading, 2 refused; 1 API call"


def test_a_counter_that_is_told_anew_is_no_refusal_in_the_line():
    """What a claimed probe hears after each start of the hub is counted for Prometheus, and is no trouble to
    read of."""
    metrics = Metrics()
    metrics.refused(Repeated(Proven(b"", 1), 1))
    assert metrics.hits.line() == ""
    metrics.refused(BadRequest("No.", "Send one.", code="bad_temperature"))
    assert metrics.hits.line() == "0 probes: 0 readings, 1 refused; 0 API calls"
    metrics.settle()
    text = metrics.text({"uptime_s": 1, "readings": 0, "csv_waiting": 0}, Stored([], {}, [], [])).decode()
    assert 'temphub_requests_refused_total{error="counter_used"} 1.0' in text


def test_the_first_delivery_of_each_probe_is_said_once(make_hub, told):
    """Only when something of it was really stored: not when it was refused, nor when all of it was known;
    once for a whole board."""
    hub = make_hub()
    hub.ask("POST", "/api/ingest", {"temperature_c": "warm", "probe_id": "fridge"})
    assert told() == []
    for _ in range(3):
        for name in ("fridge", "fridge:2", "cellar"):
            assert hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": name})[0] == 200
    assert told() == [
        "fridge delivers: its first readings are stored",
        "cellar delivers: its first readings are stored",
    ]


def test_repeats_are_no_first_delivery(told):
    """A batch that was stored before a restart of the hub and comes again is no news."""
    Hits().stored("fridge", Outcome(0, 3))
    assert told() == []


def test_made_up_names_do_not_fill_log_or_memory(told):
    """Whoever delivers under ever new names gets a few hundred lines a minute, and what is remembered has an
    end."""
    hits = Hits()
    for number in range(3 * MOST_COUNTED):
        hits.stored(f"n{number}", Outcome(1, 0))
    assert (
        len(told()) == MOST_FIRST and len(hits._known) == MOST_COUNTED and len(hits._probes) == MOST_COUNTED
    )


def test_the_line_comes_by_itself(make_hub, told):
    """Deliveries, refusals and questions of programs are counted; what the hub asks itself is not, and a
    probe's hello is no API call."""
    hub = make_hub(count_every_s=0.3)
    hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "fridge"})
    hub.ask("POST", "/api/hello", {"id": "fridge", "port": 80})
    hub.ask("POST", "/nothing", {})
    hub.ask("GET", "/api/probes")
    hub.ask("GET", "/api/health", headers={"User-Agent": network.AGENT})

    def counts():
        lines = [
            re.fullmatch(r"\d+ probes?: (\d+) readings?, (\d+) refused; (\d+) API calls?", line)
            for line in told()
        ]
        return [sum(int(line[n]) for line in lines if line) for n in (1, 2, 3)]

    wait_for(lambda: counts() == [1, 1, 1])
    quiet = len(told())
    hub.ask("GET", "/api/health", headers={"User-Agent": network.AGENT})
    hub.ask("POST", "/api/hello", {"id": "fridge", "port": 80})
    hub.ask("GET", "/api/probes")
    wait_for(lambda: counts() == [1, 1, 2])
    assert len(told()) == quiet + 1


def test_at_debug_each_request_is_a_line(make_hub, page, caplog):
    """Method, path, status, address, milliseconds; never a value of a query, a token, a password, or the
    whole name of a visit."""
    caplog.set_level(logging.DEBUG, "temphub_kernel.api.requests")
    hub = make_hub(token="s3cret", page=("127.0.0.1", page.port), environ={"UI_PASSWORD": "pass word 1"})
    hub.ask("GET", "/api/ingest?temperature_c=1&token=s3cret&probe_id=x")
    hub.ask("GET", "/api/ingest?s3cret")
    hub.ask("POST", "/api/ingest", {"temperature_c": 2, "token": "s3cret"})
    hub.ask("POST", "/login", b"password=pass+word+1", {"Origin": f"http://127.0.0.1:{hub.port}"})
    hub.ask("GET", "/api/probes", headers={"X-Token": "s3cret"})
    hub.ask("GET", f"/v/api/kernels/{VISIT}?session_id={VISIT}", headers={"X-Token": "s3cret"})
    hub.ask("POST", "/whatever", b"s3cret")
    hub.ask("HEAD", "/api/health")

    def said():
        records = [one for one in caplog.records if one.name == "temphub_kernel.api.requests"]
        # A request's line follows its answer.
        return [one.getMessage() for one in records] if len(records) >= 8 else None

    lines = wait_for(said)
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    assert [(line[1], line[2], line[3]) for line in found if line] == [
        ("GET", "/api/ingest?temperature_c&token&probe_id", "200"),
        ("GET", "/api/ingest?", "401"),
        ("POST", "/api/ingest", "200"),
        ("POST", "/login", "303"),
        ("GET", "/api/probes", "200"),
        ("GET", "/v/api/kernels/4f7d57a6…?session_id", "200"),
        ("POST", "/whatever", "404"),
        ("HEAD", "/api/health", "200"),
    ]
    assert not [word for word in ("s3cret", "pass", VISIT) if word in "\n".join(lines)]
