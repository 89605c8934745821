"""Discovery on real multicast over loopback."""

import time

import pytest

from support.waiting import wait_for


def test_found(start, heard, air, unique, advert, put_up):
    """A probe that is already there is found, with what its TXT record says."""
    put_up(advert("Kitchen " + unique, id=unique, version="1.2", model="esp32", boot="b1"))
    seen = start()
    heard.wait(lambda: heard.sightings)
    met = heard.last()
    assert met[:3] == (unique, "127.0.0.1", 8123)
    assert (met.version, met.model, met.boot, met.via) == ("1.2", "esp32", "b1", "mdns")
    assert heard.networks == [["127.0.0.1"]]
    assert seen.seen()["interfaces"] == ["127.0.0.1"] and seen.seen()["adverts"] >= 1
    assert seen.state().running and not seen.state().problem


def test_instance_name_is_the_id(start, heard, air, unique, advert, put_up):
    """A probe without an id in its advert is known by its name; a bad id there does not hide it."""
    start()
    put_up(advert(unique, id="not an id"))
    heard.wait(lambda: heard.sightings)
    assert heard.last().probe_id == unique


@pytest.mark.alone
def test_moves_goes_comes_back(start, heard, air, unique, advert, put_up):
    """A probe that changes its address is sighted again; one that says goodbye is gone; one that comes back
    is sighted at once."""
    start()
    first = advert(unique, id=unique)
    put_up(first)
    heard.wait(lambda: heard.sightings)
    moved = advert(unique, id=unique, ips=("10.3.3.3",), port=8124)
    air.update_service(moved)
    heard.wait(lambda: heard.last()[1:3] == ("10.3.3.3", 8124))
    air.unregister_service(moved)
    heard.wait(lambda: heard.gone == [unique])
    before = time.monotonic()
    put_up(advert(unique, id=unique))
    heard.wait(lambda: heard.last().ip == "127.0.0.1")
    assert time.monotonic() - before < 2.5


def test_vanishes_without_goodbye(start, heard, air, unique, advert, shout):
    """A probe that is switched off is gone when its records expire, and sighted again when it returns."""
    start()
    off = advert(unique, id=unique, ttl=1)
    shout(air, off)
    heard.wait(lambda: heard.sightings)
    heard.wait(lambda: heard.gone == [unique], timeout_s=12)
    shout(air, off)
    heard.wait(lambda: len(heard.sightings) == 2)


def test_two_of_one_name(start, heard, air, unique, caplog, advert, put_up):
    """Two devices with one id: both addresses are named once, the newest is used, and the other takes over
    when it goes."""
    start()
    old, new = advert("a" + unique, id=unique, port=8001), advert("b" + unique, id=unique, port=8002)
    put_up(old)
    heard.wait(lambda: heard.sightings)
    put_up(new)
    heard.wait(lambda: heard.last().port == 8002)
    said = [r.getMessage() for r in caplog.records if r.levelname == "WARNING" and unique in r.getMessage()]
    assert len(said) == 1 and "127.0.0.1:8001" in said[0] and "127.0.0.1:8002" in said[0]
    air.unregister_service(new)
    heard.wait(lambda: heard.last().port == 8001)
    assert heard.gone == []


@pytest.mark.parametrize(
    "bad",
    [{"port": 0}, {"ips": ("224.0.0.9",)}, {"ips": ("0.0.0.0",)}, {"port": 18088}],
    ids=["port 0", "multicast", "unspecified", "the hub itself"],
)
def test_hostile(start, heard, air, unique, bad, caplog, advert, shout, put_up):
    """An advert that cannot be a probe is warned about once and never sighted; the next one is found."""
    start()
    shout(air, advert("x" + unique, id="x" + unique, **bad))
    put_up(advert(unique, id=unique))
    heard.wait(lambda: any(one.probe_id == unique for one in heard.sightings))
    time.sleep(0.4)
    assert {one.probe_id for one in heard.sightings} == {unique}
    said = [r for r in caplog.records if r.levelname == "WARNING" and "x" + unique in r.getMessage()]
    assert len(said) == 1


def test_no_valid_name(start, heard, air, unique, advert, shout):
    """A name that is no probe id and no id in the advert: not a probe."""
    found = start()
    shout(air, advert("=cmd " + unique))
    wait_for(lambda: unique in found.seen()["last_error"], 5)
    assert heard.sightings == []


def test_refusing_interface(start, heard, air, unique, advert, put_up):
    """An adapter that refuses multicast does not stop the others, and is named."""
    put_up(advert(unique, id=unique))
    found = start(addresses=lambda: ["203.0.113.7", "127.0.0.1"])
    heard.wait(lambda: heard.sightings)
    assert found.seen()["interfaces"] == ["127.0.0.1"]
    assert "203.0.113.7" in found.seen()["last_error"] and list(found.seen()["refused"]) == ["203.0.113.7"]


def test_no_interface_then_one(start, heard, air, unique, advert, put_up):
    """Without a network the trouble says what to do; when the network comes, probes are found and the trouble
    is over."""
    now: list[str] = []
    put_up(advert(unique, id=unique))
    found = start(addresses=lambda: list(now))
    heard.wait(lambda: heard.networks == [[]])
    assert "no probe can be found" in found.state().problem and found.state().remedy
    now.append("127.0.0.1")
    heard.wait(lambda: heard.sightings and heard.networks == [[], ["127.0.0.1"]])
    assert not found.state().problem


@pytest.mark.alone
def test_stops_quickly_and_starts_again(start, heard, air, unique, advert, shout, put_up):
    """Stop takes less than 2 s with a question under way, and a second start finds the probes again."""
    found = start()
    put_up(advert(unique, id=unique))
    heard.wait(lambda: heard.sightings)
    shout(air, advert("y" + unique, id="y" + unique, ips=()))
    time.sleep(0.5)
    before = time.monotonic()
    assert found.stop()
    assert time.monotonic() - before < 2
    found.start()
    air.update_service(advert(unique, id=unique, port=8555))
    heard.wait(lambda: heard.last().port == 8555)
