"""A real hub and the real firmware: how a probe is claimed, and who is kept out."""

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

import temphub_kernel as th
from support.virtual import VirtualProbe
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.trust import Trust, signatures

NAME = "TempProbe-0A01"
TOKEN = "s3cret-token"
KEY = b"k" * 32


class Hub:
    """The hub of this process; `start` and `stop` it as often as one likes."""

    def __init__(self, url: str, token: str = TOKEN) -> None:
        self.url = url
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """(status, JSON) of one request."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def probe(self) -> dict[str, Any]:
        """The probe as /api/probes tells it."""
        found = [one for one in self.ask("GET", "/api/probes")[1]["probes"] if one["id"] == NAME]
        return found[0] if found else {"trust": None, "readings": 0, "problem": ""}

    def stands(self, standing: str, timeout_s: float = 20) -> None:
        """Wait until the probe stands so."""
        wait_for(lambda: self.probe()["trust"] == standing, timeout_s)

    def more(self) -> None:
        """Wait for readings that are not there yet."""
        before = self.probe()["readings"]
        wait_for(lambda: self.probe()["readings"] >= before + 2, 30)

    def say(self, *, yes: bool) -> tuple[int, dict[str, Any]]:
        """Trust or Release."""
        return self.ask("POST", "/api/trust", {"probe_id": NAME, "trust": yes, "token": self.token})


@pytest.fixture
def make_hub(start_here) -> Callable[..., Hub]:
    """Starts a hub with a token on this computer; stopped at the end."""

    def make(**settings: str) -> Hub:
        settings = {"SERVER_TOKEN": TOKEN, **settings}
        return Hub(start_here(**settings).url, settings["SERVER_TOKEN"])

    return make


@pytest.fixture
def probe(tmp_path) -> Callable[..., VirtualProbe]:
    """Makes the probe, which is told by hand where a hub is."""
    return lambda hub, name="cpython", *options: VirtualProbe(
        name, NAME, tmp_path / "flash", "--hub", hub.url, *options
    )


@pytest.mark.parametrize("name", ["cpython", "micropython"])
def test_a_new_probe_is_claimed_and_nobody_else_speaks_for_it(make_hub, probe, name):
    """Its readings arrive signed; it holds a key and no token; the token alone delivers nothing in its name;
    nobody else orders it."""
    hub = make_hub()
    with probe(hub, name) as one:
        hub.stands("claimed")
        hub.more()
        kept = one.settings()
        assert len(kept["key"]) == 64 and not kept.get("token") and TOKEN not in json.dumps(kept)
        body = {"probe_id": NAME, "temperature_c": 99.0}
        assert hub.ask("POST", "/api/ingest", body, **{"X-Token": TOKEN})[1]["error"] == "signature_missing"
        assert (
            hub.ask("POST", "/api/ingest", body, **{"X-Signature": "0" * 64, "X-Counter": "99"})[1]["error"]
            == "wrong_signature"
        )
        assert (
            hub.ask("GET", f"/api/ingest?probe_id={NAME}&temperature_c=99&token={TOKEN}")[1]["error"]
            == "signature_missing"
        )
        hello = {"id": NAME, "port": 1, "token": TOKEN}
        assert hub.ask("POST", "/api/hello", hello)[1]["error"] == "signature_missing"
        for path in ("/provision", "/restart", "/update", "/release"):
            assert (
                one.post(path, {"server_url": "http://127.0.0.1:1", "token": TOKEN}, **{"X-Token": TOKEN})[0]
                == 401
            )
        assert one.settings() == kept and hub.probe()["port"] != 1
        hub.more()
    assert not [line for line in one.lines if "Traceback" in line]
    assert 99.0 not in th.load().to_numpy()


def test_what_was_heard_is_refused_whatever_the_clock_says(make_hub, data_dir, monkeypatch):
    """The first signed delivery of a key that was offered, again at once, and after a restart with the clock
    a year back."""
    Trust(data_dir).offer(NAME, KEY)
    hub = make_hub()
    raw = json.dumps({"probe_id": NAME, "temperature_c": 21.5})

    def deliver(counter: int) -> tuple[int, dict[str, Any]]:
        signature = signatures.report(KEY, "/api/ingest", counter, raw.encode())
        return hub.ask(
            "POST", "/api/ingest", json.loads(raw), **{"X-Counter": str(counter), "X-Signature": signature}
        )

    first = deliver(1)[1]["counter"] + 1
    assert deliver(first) == (200, {"ok": True})
    assert deliver(first)[1]["error"] == "counter_used"
    th.stop()
    monkeypatch.setattr("temphub_kernel.trust.registry.now_ms", lambda: now_ms() - 365 * 86_400_000)
    hub = make_hub()
    status, answer = deliver(first)
    assert (status, answer["error"]) == (409, "counter_used") and hub.probe()["readings"] == 1
    assert deliver(answer["counter"] + 1) == (200, {"ok": True})


def test_hub_and_probe_start_anew(make_hub, probe):
    """After a restart of either the probe delivers on, with the key of before, and no reading is there twice
    or missing."""
    hub = make_hub()
    with probe(hub) as one:
        hub.stands("claimed")
        hub.more()
        key = one.settings()["key"]
        th.stop()
        hub = make_hub()
        hub.more()
    with one:
        hub.more()
        assert one.settings()["key"] == key and hub.probe()["trust"] == "claimed"
    frame = th.load(tidy=True, numbered=True)
    assert not frame.duplicated(["probe_id", "boot", "seq"]).any()


def test_released_and_taken_again(make_hub, probe):
    """A released probe has no key, and this hub leaves it alone until somebody trusts it."""
    hub = make_hub()
    with probe(hub) as one:
        hub.stands("claimed")
        assert hub.say(yes=False)[0] == 200
        hub.stands("released")
        wait_for(lambda: not one.settings()["key"] and one.status()["key_id"] == "")
        wait_for(lambda: "released" in hub.probe()["problem"], 20)
        assert hub.say(yes=True)[0] == 200
        hub.stands("claimed")
        hub.more()


def test_a_reset_probe_waits_for_a_yes(make_hub, probe):
    """Whoever appears under a claimed name without the key is shown, gets nothing, and delivers only after a
    yes."""
    hub = make_hub()
    with probe(hub) as one:
        hub.stands("claimed")
        hub.more()
    (one.state / "settings.json").write_text(json.dumps({**one.settings(), "key": "", "token": ""}))
    with one:
        hub.stands("forgot")
        wait_for(lambda: "has lost the key" in hub.probe()["problem"], 20)
        wait_for(lambda: one.status().get("last_error"), 20)
        # That its deliveries are refused follows from it, and is not what to do something about.
        assert "has lost the key" in hub.probe()["problem"]
        assert th.load(tidy=True, numbered=True)["boot"].nunique() == 1
        assert hub.say(yes=True)[0] == 200
        hub.stands("claimed")
        hub.more()


def test_a_hub_that_lost_its_keys_says_so(make_hub, probe, data_dir):
    """The probe believes no other hub; what to do is said, and done it works."""
    hub = make_hub()
    with probe(hub) as one:
        hub.stands("claimed")
        th.stop()
        (data_dir / "temphub.keys.json").unlink()
        hub = make_hub()
        hub.stands("foreign")
        wait_for(lambda: "holds a key of another hub" in hub.probe()["problem"], 20)
        wait_for(lambda: "does not hold this probe's key" in json.dumps(one.status()), 20)
    (one.state / "settings.json").write_text(json.dumps({**one.settings(), "key": ""}))
    with one:
        hub.stands("claimed")
        hub.more()


def test_approval_before_anything_is_taken(make_hub, probe):
    """PROBE_TRUST=approve without a token: neither claimed nor stored, until somebody says yes."""
    hub = make_hub(PROBE_TRUST="approve", SERVER_TOKEN="")
    with probe(hub) as one:
        hub.stands("waiting")
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 5.0})[1]["error"] == "not_approved"
        assert hub.probe()["readings"] == 0 and "key" not in one.settings()
        assert hub.say(yes=True)[0] == 200
        hub.stands("claimed")
        hub.more()


def test_a_probe_with_the_token_of_before_is_claimed(make_hub, probe):
    """A probe that was flashed with SERVER_TOKEN takes a key only from a hub that knows it, and drops the
    token then."""
    hub = make_hub()
    with probe(hub, "cpython", "--token", "another-token") as one:
        wait_for(lambda: "belongs to another hub" in hub.probe()["problem"], 20)
    with probe(hub, "cpython", "--token", TOKEN) as one:
        hub.stands("claimed")
        hub.more()
        assert not one.settings().get("token")
