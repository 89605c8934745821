"""Who asks when a reverse proxy stands before the hub: its word counts where TRUSTED_PROXIES names it,
nobody's else."""

import json
from urllib.parse import urlencode

import pytest
from tornado.httputil import HTTPHeaders

from temphub_kernel.api.access.lockout import FREE
from temphub_kernel.api.access.proxies import Proxies

PASSWORD = "the right password"
NAME = "temphub.example.org"


@pytest.fixture
def behind(make_hub):
    """A hub with a password behind a proxy at 127.0.0.1, trusted or not."""

    def make(trusted: str):
        return make_hub(environ={"UI_PASSWORD": PASSWORD, "ALLOWED_HOSTS": NAME, "TRUSTED_PROXIES": trusted})

    return make


def log_in(hub, password, comes_from):
    """(status, reply's headers) of a login that the proxy passes on."""
    headers = {
        "Host": NAME,
        "Origin": f"https://{NAME}",
        "X-Forwarded-For": comes_from,
        "X-Forwarded-Proto": "https",
    }
    status, reply, _ = hub.whole("POST", "/login", urlencode({"password": password}).encode(), headers)
    return status, reply


def test_one_guesser_does_not_lock_out_everybody(behind):
    """Through a trusted proxy each is counted by his own address, and the notes of changes name it; the
    cookie is for https only."""
    hub = behind("127.0.0.1")
    assert [log_in(hub, "guess", "198.51.100.7")[0] for _ in range(FREE + 1)] == [403] * FREE + [429]
    status, reply = log_in(hub, PASSWORD, "203.0.113.9")
    assert status == 303 and "Secure" in reply["Set-Cookie"]
    lines = (hub.settings.data_dir / "temphub_changes.log").read_text(encoding="utf-8").splitlines()
    noted = [json.loads(line) for line in lines]
    assert {line["address"] for line in noted if line["what"] == "login refused"} == {"198.51.100.7"}
    assert noted[-1]["what"] == "login" and noted[-1]["address"] == "203.0.113.9"


def test_who_is_not_named_is_not_believed(behind):
    """Without the setting anybody could claim another address with each guess; the address of the connection
    counts."""
    hub = behind("192.0.2.1")
    assert [log_in(hub, "guess", f"198.51.100.{n}")[0] for n in range(FREE + 1)] == [403] * FREE + [429]
    assert "Secure" not in (log_in(behind(""), PASSWORD, "203.0.113.9")[1]["Set-Cookie"] or "")


def test_a_proxy_that_nobody_named_is_told_once(behind, caplog):
    """Who forgot the setting, or a proxy in it, learns of it from the log, once; where it is right nothing is
    said."""
    for trusted, told in (("127.0.0.1", 0), ("", 1), ("192.0.2.1", 1)):
        caplog.clear()
        hub = behind(trusted)
        for _ in range(3):
            assert hub.ask("GET", "/api/health", None, {"Host": NAME, "X-Forwarded-For": "198.51.100.7"})[
                0
            ] in (200, 401)
        said = [line for line in caplog.messages if "asks for others" in line]
        assert len(said) == told and all(
            "A proxy at 127.0.0.1" in line and "TRUSTED_PROXIES" in line for line in said
        )


def test_a_hello_through_a_proxy_tells_the_probes_address(make_hub):
    """A probe that names no address of its own is where the proxy heard it; the next one on the same
    connection somewhere else."""
    hub = make_hub(environ={"TRUSTED_PROXIES": "127.0.0.0/8"})
    for address in ("192.168.1.50", "192.168.1.51"):
        assert (
            hub.ask(
                "POST", "/api/hello", {"id": "p", "port": 80}, {"X-Forwarded-For": f"1.2.3.4, {address}"}
            )[0]
            == 200
        )
    assert [one.ip for one in hub.met] == ["192.168.1.50", "192.168.1.51"]


@pytest.mark.parametrize(
    ("peer", "said", "asker"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 172.16.3.4", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "172.16.3.4, 172.16.3.5", "172.16.3.4"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "10.0.0.1"),
        ("127.0.0.1", ",".join(["127.0.0.1"] * 5000), "127.0.0.1"),
    ],
)
def test_the_last_entry_that_is_no_proxy_counts(peer, said, asker):
    """From the last entry on, proxies are passed over; the first that is none asks, and what cannot be read
    ends the search."""
    assert (
        Proxies(["127.0.0.1", "172.16.0.0/12"]).asker(peer, HTTPHeaders({"X-Forwarded-For": said})) == asker
    )
