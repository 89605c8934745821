"""Deliveries that the hub refuses are a state of the probe."""

import json
import urllib.error
import urllib.request

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.hub import PAGE, HubClient

TOKEN = {"X-Token": "s3cret"}


def deliver(hub, body, headers=None):
    """The status that a delivery is answered with."""
    request = urllib.request.Request(f"{hub.url}/api/ingest", json.dumps(body).encode(), headers or {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def client(hub):
    """What asks the hub as a page does."""
    return HubClient(hub.settings, hub.url, PAGE)


def shown(hub, probe_id):
    """What the API shows of a probe."""
    return next((probe for probe in client(hub).probes() if probe["id"] == probe_id), {"problem": ""})


def test_a_refused_probe_is_shown_as_refused(start_here):
    """A probe that can be reached, but whose readings are refused, shows that and the remedy, until one of
    them is stored."""
    hub = start_here(SERVER_TOKEN=TOKEN["X-Token"])
    for number in range(3):
        assert deliver(hub, {"temperature_c": number, "probe_id": "Fridge"}) == 401
    (device,) = wait_for(lambda: client(hub).ask("/api/health")["refused"])
    assert (
        device["address"] == "127.0.0.1"
        and device["times"] == 3
        and "token" in device["problem"]
        and device["remedy"]
    )

    client(hub).ask("/api/hello", {"id": "Fridge", "ip": "127.0.0.1", "port": 1})
    wait_for(lambda: "cannot be reached" in shown(hub, "Fridge")["problem"])
    for number in range(3):
        assert deliver(hub, {"temperature_c": f"{number},5", "probe_id": "Fridge"}, TOKEN) == 400
    wait_for(lambda: "is refused" in shown(hub, "Fridge")["problem"])
    assert client(hub).ask("/api/health")["refused_probes"] == ["Fridge"]
    assert "'2,5'" in shown(hub, "Fridge")["problem"] and "without quotes" in shown(hub, "Fridge")["remedy"]

    assert deliver(hub, {"temperature_c": 2.5, "probe_id": "Fridge"}, TOKEN) == 200
    wait_for(lambda: "is refused" not in shown(hub, "Fridge")["problem"])
    assert (
        "cannot be reached" in shown(hub, "Fridge")["problem"]
        and not client(hub).ask("/api/health")["refused_probes"]
    )


def test_a_stranger_cannot_have_a_probe_called_refused(start_here):
    """Refused deliveries count for the probes of the address they come from, whatever name they give."""
    hub = start_here(SERVER_TOKEN=TOKEN["X-Token"])
    hub.book.met(met("Freezer", "10.99.0.7"))
    for number in range(5):
        deliver(hub, {"temperature_c": number, "probe_id": "Freezer"})
    hub.refusals.settle()
    wait_for(lambda: shown(hub, "Freezer").get("ip") == "10.99.0.7")
    assert "refused" not in shown(hub, "Freezer")["problem"]
    assert [one["address"] for one in hub.refusals.devices()] == ["127.0.0.1"]


def met(probe_id, ip):
    """A probe seen at an address."""
    from temphub_kernel.core.reading import Sighting

    return Sighting(probe_id, ip, 80)
