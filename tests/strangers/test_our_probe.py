"""Our own probe, the firmware under MicroPython, at strangers' hubs and receivers."""

import itertools
import json
import time
from typing import Any

import pytest

from support.strangers import TOKEN, Hub, Program, Street
from support.waiting import wait_for

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
THEIRS, MOVED, PROBE, OURS = "10.77.0.9", "10.77.0.8", "10.77.0.11", "10.77.0.1"
ID = "TempProbe-0A01"


def tell(street: Street, server_url: str, token: str = "") -> None:
    """The owner's curl line, from another host."""
    body = json.dumps({"server_url": server_url, "interval_ms": 500, "token": token})
    words = ["-X", "POST", f"http://{PROBE}/provision", "-H", "Content-Type: application/json", "-d", body]
    wait_for(lambda: street.curl(street.place("theirs"), *words)[0] == 200, 20, 0.5)


def taken(receiver: Program) -> list[dict[str, Any]]:
    """The bodies that a receiver took, in order."""
    return [json.loads(one["body"]) for one in receiver.said() if one.get("status") == 200]


def check_owners_form(bodies: list[dict[str, Any]]) -> None:
    """Each is a lone reading in the owner's form; none is missing, and they came in order."""
    for body in bodies:
        assert (
            isinstance(body["temperature_c"], int | float)
            and body["probe_id"] == ID
            and "readings" not in body
        ), body
    numbers = [body["seq"] for body in bodies]
    assert len({body["boot"] for body in bodies}) == 1
    kept = list(dict.fromkeys(numbers))
    assert kept == list(range(kept[0], kept[0] + len(kept))), numbers


@pytest.mark.parametrize("elsewhere", [404, 400])
def test_a_receiver_of_the_owners_form_gets_every_reading(street, elsewhere):
    """Told by the owner's own curl line, our probe delivers to a program that knows nothing but the owner's
    body, at the interval told; after that program was away for some seconds it gets what was measured
    meanwhile, one reading a POST, in order, none missing."""
    theirs = street.host("theirs", THEIRS)
    receiver = street.receiver(theirs, "receiver", "--elsewhere", str(elsewhere))
    street.ours(street.host("probe", PROBE), ID, PROBE)
    tell(street, f"http://{THEIRS}:8088/api/ingest")
    told = time.time()
    wait_for(lambda: len(taken(receiver)) >= 5, 20)
    assert time.time() - told < 15
    check_owners_form(before := taken(receiver))
    receiver.kill()
    away = time.time()
    wait_for(lambda: time.time() - away > 8, 10, 0.5)
    receiver = street.receiver(theirs, "receiver", "--elsewhere", str(elsewhere))
    # Eight seconds of two readings each, and some that are new.
    wait_for(lambda: len(got := taken(receiver)) >= 20 and got[-1]["age_ms"] < 1500, 60)
    bodies = before + taken(receiver)
    check_owners_form(bodies)
    ages = [body["age_ms"] for body in taken(receiver)]
    assert max(ages) > 6000, ages
    status = street.curl(theirs, f"http://{PROBE}/status")[1]
    assert status["server_url"] == f"http://{THEIRS}:8088/api/ingest"
    # It is no longer asked for what it does not have.
    late = [one for one in receiver.said() if one.get("status") == elsewhere]
    assert len(late) <= 3, late


def test_a_receiver_with_a_token_gets_it(street):
    """The token of the owner's curl line goes along as X-Token with each reading."""
    theirs = street.host("theirs", THEIRS)
    receiver = street.receiver(theirs, "receiver", "--token", "its-own")
    street.ours(street.host("probe", PROBE), ID, PROBE)
    tell(street, f"http://{THEIRS}:8088/api/ingest", "its-own")
    wait_for(lambda: len(taken(receiver)) >= 3, 20)
    check_owners_form(taken(receiver))


def test_a_strangers_hub_finds_tells_and_records_our_probe(street):
    """A hub written from the owner's text finds our probe over mDNS, tells it where to deliver and receives
    its readings within 15 s after its start; again after the probe was restarted on another port, after the
    hub moved, and with a token set later."""
    place = street.host("theirs", THEIRS)
    hub = street.strangers_hub(place, THEIRS)
    probe = street.ours(street.host("probe", PROBE), ID, PROBE)

    def receives(since: float, bar_s: float = 15.0) -> None:
        wait_for(lambda: hub.said("received", since), bar_s + 10, 0.1)
        took = hub.said("received", since)[0]["at"] - since
        assert took <= bar_s, took
        assert {one["probe_id"] for one in hub.said("received", since)} == {ID}

    receives(time.time())
    probe.kill()
    probe.wait()
    street.ours(street.place("probe"), ID, PROBE, 8081)
    receives(time.time() + 0.5)

    hub.kill()
    street.lan.move(place, MOVED)
    hub = street.strangers_hub(place, MOVED)
    receives(time.time())

    hub.kill()
    hub = street.strangers_hub(place, MOVED, "--token", TOKEN)
    receives(time.time())
    assert not hub.said("bad")
    wait_for(lambda: len(hub.said("received")) >= 5, 20)
    assert not [one for one in hub.said("told") if one["status"] != 200]


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_our_hub_and_a_strangers_hub_on_one_network(street, first):
    """Our hub and a stranger's on one network: our probe delivers to one of them all the time, whichever was
    there first, a plain probe as well, and no reading is answered with HTML."""
    ours = street.hub("hub", OURS)
    theirs_at = street.host("theirs", THEIRS)
    theirs = street.strangers_hub(theirs_at, THEIRS) if first == "theirs" else None
    street.ours(street.host("probe", PROBE), ID, PROBE)
    plain = street.stranger("py", street.host("plain", "10.77.0.12"), "TempProbe-0096", "10.77.0.12")
    ours.start()
    theirs = theirs or street.strangers_hub(theirs_at, THEIRS)
    began = time.time()
    wait_for(lambda: time.time() - began > 45, 50, 0.5)

    def stored(probe_id: str, hub: Hub = ours, other: Program = theirs) -> list[float]:
        """The values that either hub has."""
        mine = [float(row["temperature_c"]) for row in hub.rows(probe_id) if row["temperature_c"]]
        return mine + [one["celsius"] for one in other.said("received") if one["probe_id"] == probe_id]

    posted = list(plain.said("posted"))
    assert all(one["kind"].startswith("application/json") for one in posted)
    times = [one["at"] for one in posted if one["status"] == 200]
    assert len(times) > 15 and max(b - a for a, b in itertools.pairwise(times)) < 8
    wait_for(lambda: len(stored("TempProbe-0096")) >= len(times))
    # Our probe measures twice a second; told by the hubs, once or every two seconds.
    count = len(stored(ID))
    assert count > 15
    wait_for(lambda: len(stored(ID)) > count, 15)
