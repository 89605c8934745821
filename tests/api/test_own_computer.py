"""Strangers that would have the hub look at ports of its own computer."""

import pytest

STRANGER = {"X-Forwarded-For": "203.0.113.9"}
NAMED = ["127.0.0.1", "127.0.0.2", "localhost"]


@pytest.fixture
def hub(make_hub):
    """A hub behind a proxy on this computer: what it forwards comes from elsewhere."""
    return make_hub(environ={"TRUSTED_PROXIES": "127.0.0.1"})


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.0.0.2"])
def test_a_hello_from_elsewhere_names_no_address_of_the_hubs_computer(hub, ip):
    """Refused in words and not met; a virtual probe on this computer, and a probe that names its own address,
    are met as before."""
    hello = {"id": "P1", "ip": ip, "port": 22}
    status, answer = hub.ask("POST", "/api/hello", hello, STRANGER)
    assert (status, answer["error"]) == (400, "bad_ip") and answer["remedy"] and not hub.met
    assert hub.ask("POST", "/api/hello", {**hello, "ip": "192.168.1.20"}, STRANGER)[0] == 200
    assert hub.ask("POST", "/api/hello", hello)[0] == 200 and len(hub.met) == 2


@pytest.mark.parametrize("host", NAMED)
def test_nobody_elsewhere_searches_the_hubs_computer_by_provision(hub, host):
    """Who shows nothing is refused alike, whether something listens there or not; who sits at this computer
    may."""
    for port in (1, hub.port):
        status, answer = hub.ask("POST", "/api/provision", {"host": host, "port": port}, STRANGER)
        assert (status, answer["error"]) == (403, "own_computer") and answer["remedy"]
    # As the hub of this test answers to whoever may ask: it knows no such probe.
    assert hub.ask("POST", "/api/provision", {"host": host, "port": 1})[1]["error"] == "unknown_probe"
    assert hub.ask("POST", "/api/provision", {"host": "TempProbe-0096"}, STRANGER)[0] == 200


def test_who_shows_the_token_may(make_hub):
    """With SERVER_TOKEN its holder may have a virtual probe on the hub's computer told from anywhere."""
    hub = make_hub(token="s3cret-token", environ={"TRUSTED_PROXIES": "127.0.0.1"})
    answer = hub.ask(
        "POST", "/api/provision", {"host": "127.0.0.1", "port": 1}, {**STRANGER, "X-Token": "s3cret-token"}
    )[1]
    assert answer["error"] == "unknown_probe"
