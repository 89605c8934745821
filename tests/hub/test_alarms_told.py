"""The whole way of an alarm through a running hub: a reading, a rule, a message, an acknowledgement."""

import json
import time
import urllib.request
from typing import Any

import pytest

from alarms.sinks import Ntfy
from support.waiting import wait_for

WITHIN_S = 2.0


@pytest.fixture
def ntfy():
    made = Ntfy()
    yield made
    made.close()


@pytest.mark.alone
def test_the_first_message_comes_within_two_seconds(start_here, ntfy) -> None:
    """From the acknowledged reading that meets a rule to the message at its receiver it takes two seconds at
    most, with place and link; /metrics counts the alarm; acknowledged, it is told no more."""
    hub = start_here()

    def ask(path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(hub.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            text = reply.read().decode()
        return json.loads(text) if text[:1] == "{" else text

    def measure(probe_id: str, celsius: float) -> None:
        ask("/api/ingest", {"temperature_c": celsius, "probe_id": probe_id})

    for probe_id in ("Fridge", "Freezer"):
        measure(probe_id, 4)
    ask("/api/describe", {"probe_id": "Freezer", "alias": "Big freezer", "group": "Cellar"})
    ask("/api/channels", {"name": "Anna", "url": ntfy.url()})
    # What sends is ready as soon as a rule may need it; a first alarm shows that it is.
    ask("/api/rules", {"rule": {"kind": "above", "limit_c": 8, "delay_min": 0, "probes": ["Fridge"]}})
    ask(
        "/api/rules",
        {"rule": {"kind": "above", "limit_c": 8, "delay_min": 0, "probes": ["Freezer"], "repeat_min": 1}},
    )
    wait_for(lambda: measure("Fridge", 9) or ntfy.got, 60, 0.5)
    measure("Freezer", 9.25)
    met_s = time.monotonic()
    wait_for(lambda: len(ntfy.got) > 1, 30, 0.005)
    took_s = time.monotonic() - met_s
    assert ntfy.got[1]["title"] == "Warning: Cellar, Big freezer: 9.2 °C, above 8 °C" and ntfy.got[1][
        "message"
    ].endswith("/")
    own = {"probe_id": "Freezer", "boot": "a1", "seq": 1, "temperature_c": 9.25}
    assert ask("/api/ingest", own)["lamp"] == "warning", "the probe's own lamp is told"
    assert ask("/api/ingest", {"temperature_c": 9.25, "probe_id": "Freezer"}) == {"ok": True}, (
        "a plain delivery is answered as ever"
    )
    assert took_s <= WITHIN_S, f"it took {took_s:.2f} s"
    assert 'temphub_alarms_active{severity="warning"} 2.0' in ask("/metrics")
    number = next(
        alarm["number"] for alarm in ask("/api/alarms?state=live")["alarms"] if alarm["probe_id"] == "Freezer"
    )
    ask("/api/alarms/acknowledge", {"number": number, "by": "Anna"})
    wait_for(lambda: ask("/api/ingest", own)["lamp"] == "acknowledged", 30, 0.1)
    wait_for(lambda: "temphub_alarm_messages_waiting 0.0" in ask("/metrics"))
