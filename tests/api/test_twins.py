"""Two devices under one id, and what only looks like it."""

import http.client
import itertools
import json
import logging

import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api.plausibility import Twins
from temphub_kernel.core.reading import Row
from temphub_kernel.doctor.context import look
from temphub_kernel.doctor.hub import shared
from temphub_kernel.hub import PAGE, HubClient


def row(seq=None, boot=None, age_ms=0):
    """A reading of the probe P."""
    return Row("P", boot, seq, 1_795_438_440_000 - age_ms, 1_795_438_440_000, 200_000_000, None)


def said(deliveries):
    """What is said of deliveries: (address, boot, seq)."""
    twins = Twins()
    heard = [twins.delivered(row(seq, boot), address) for address, boot, seq in deliveries]
    return [one for one in heard if one]


A, B, SIX = "192.168.1.5", "192.168.1.9", "fd00::5"
TWO = {
    "plain bodies from two addresses": [(address, None, None) for _ in range(8) for address in (A, B)],
    "boot marks of their own": [
        (address, boot, n) for n in range(8) for address, boot in ((A, "a"), (B, "b"))
    ],
    "boot marks of their own behind one address": [(A, boot, n) for n in range(8) for boot in ("a", "b")],
    "one boot mark, two counts": [
        (address, "1", n + add) for n in range(12) for address, add in ((A, 500), (B, 0))
    ],
    "one delivers three times as often": [(A if n % 4 else B, None, None) for n in range(40)],
}
ONE = {
    "a new address": [(A, None, None)] * 20 + [(B, None, None)] * 20,
    "a new address and back after the night": [(A, None, None)] * 20
    + [(B, None, None)] * 20
    + [(A, None, None)] * 20,
    "IPv4 beside IPv6": [(address, None, None) for _ in range(20) for address in (A, SIX)],
    "behind two addresses of a proxy": [((A, B)[n % 2], "a", n) for n in range(40)],
    "many restarts": [(A, f"b{n // 4}", n % 4) for n in range(80)],
    "restarts, at another address each": [((A, B)[n // 4 % 2], f"b{n // 4}", n % 4) for n in range(80)],
    "repeats": [(A, "a", n // 3) for n in range(60)],
}


@pytest.mark.parametrize("deliveries", TWO.values(), ids=TWO.keys())
def test_two_devices_are_told_once(deliveries):
    """Two that deliver in turns under one id are told once, with what to do."""
    ((problem, remedy),) = said(deliveries)
    assert (
        problem.startswith("Two devices deliver as P (")
        and A in problem
        and remedy.startswith("Give one of them another id")
    )


@pytest.mark.parametrize("deliveries", ONE.values(), ids=ONE.keys())
def test_one_device_is_never_taken_for_two(deliveries):
    """A probe that moved, was restarted, repeats, or is behind a router, a proxy or two kinds of address is
    one probe."""
    assert said(deliveries) == []


def test_what_a_probe_had_kept_tells_nothing():
    """A backlog from before a restart comes under the old mark, between new readings."""
    twins = Twins()
    for n in range(40):
        assert twins.delivered(row(n, "old", 90_000), A) is None
        assert twins.delivered(row(n, "new"), B) is None


def test_it_is_over_when_one_is_gone():
    """When the other device got an id of its own, the words go away by themselves."""
    twins = Twins(itertools.count(step=5).__next__)
    for n in range(8):
        twins.delivered(row(n, "a"), A)
        twins.delivered(row(n, "b"), B)
    heard = [twins.delivered(row(10 + n, "a"), A) for n in range(60)]
    assert [one for one in heard if one is not None] == [("", "")]


@pytest.mark.parametrize("boots", [("aaaa", "bbbb"), ("same", "same"), (None, None)])
def test_list_log_and_doctor_say_it_and_nothing_is_lost(start_here, boots, monkeypatch):
    """A freezer's and an oven's probe with one id: probe list, log and doctor say so, and each acknowledged
    reading is stored."""
    logged = []
    monkeypatch.setattr(
        logging.getLogger("temphub_kernel.hub.hub"),
        "warning",
        lambda text, *words: logged.append(text % words),
    )
    hub = start_here()
    for n in range(20):
        for address, boot, celsius in (("127.0.0.2", boots[0], -18.0), ("127.0.0.3", boots[1], 180.0)):
            lone = {"temperature_c": celsius, "probe_id": "probe-1"}
            batch = {
                "probe_id": "probe-1",
                "boot": boot,
                "readings": [{"seq": n, "age_ms": 0, "temperature_c": celsius}],
            }
            assert deliver_from(hub, address, batch if boot else lone)["ok"]
    (probe,) = wait_for(
        lambda: [
            one
            for one in HubClient(hub.settings, hub.url, PAGE).ask("/api/probes")["probes"]
            if one["problem"]
        ]
    )
    assert (
        "Two devices deliver as probe-1" in probe["problem"] and "127.0.0.2 and 127.0.0.3" in probe["problem"]
    )
    assert HubClient(hub.settings, hub.url, PAGE).ask("/api/health")["readings"] == 40
    assert [text for text in logged if "probe-1" in text] == [f"{probe['problem']} {probe['remedy']}"]
    (found,) = shared(look(hub.settings))
    assert found.result == probe["problem"] and found.remedy == probe["remedy"]


def deliver_from(hub, address, body):
    """What the hub answers to a delivery that comes from an address of this computer."""
    line = http.client.HTTPConnection(
        "127.0.0.1", hub.settings.port, source_address=(address, 0), timeout=PATIENCE_S
    )
    line.request("POST", "/api/ingest", json.dumps(body), {"Content-Type": "application/json"})
    with line.getresponse() as reply:
        answer = json.loads(reply.read())
    line.close()
    return answer
