"""Wrong tokens: who guesses is locked out, and no probe is stopped by it."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from support.attacks import connect
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api.access import lockout
from temphub_kernel.api.access.lockout import FREE, FREE_DELIVERIES, TURN_S
from temphub_kernel.core.clock import monotonic_s
from temphub_kernel.hub import HubClient
from temphub_kernel.trust import signatures

SECRET = "s3cret-Token"
RIGHT = {"X-Token": SECRET}
NAMING = ("POST", "/api/describe", {"probe_id": "p", "alias": "F"})


def reading(name="p"):
    return {"temperature_c": 20.0, "probe_id": name}


def from_address(hub, address, method, path, body, headers):
    """(status, Retry-After) of a request from another address of the loopback interface."""
    raw = json.dumps(body).encode()
    head = [
        f"{method} {path} HTTP/1.0",
        "Host: 127.0.0.1",
        f"Content-Length: {len(raw)}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    with closing(connect(hub.port, address, 20.0)) as client:
        client.sendall("\r\n".join([*head, "", ""]).encode() + raw)
        answer = b""
        while block := client.recv(65536):
            answer += block
    return int(answer.split()[1]), b"Retry-After" in answer


def changes(hub):
    path = hub.settings.data_dir / "temphub_changes.log"
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


@pytest.fixture
def guarded(make_hub):
    hub = make_hub(token=SECRET)
    assert hub.ask("POST", "/api/ingest", reading(), RIGHT)[0] == 200 and hub.ask(*NAMING, RIGHT)[0] == 200
    return hub


WAYS = [
    lambda hub, token: hub.ask(*NAMING, {"X-Token": token}),
    lambda hub, token: hub.ask(*NAMING, {"Authorization": f"Bearer {token}"}),
    lambda hub, token: hub.ask("POST", f"/api/describe?token={token}", NAMING[2]),
    lambda hub, token: hub.ask("POST", "/api/describe", {**NAMING[2], "token": token}),
]


@pytest.mark.parametrize("way", WAYS)
def test_who_guesses_the_token_is_locked_out(guarded, way):
    """After five different wrong tokens, however they are sent, an address has to wait, and even the right
    one is not looked at; other addresses are not concerned, and the log of changes names the address."""
    hub = guarded
    answers = [way(hub, f"wrong-{n}") for n in range(FREE)]
    assert [(status, said["error"]) for status, said in answers] == [(401, "unauthorized")] * FREE
    status, headers, body = hub.whole(*NAMING, RIGHT)
    said = json.loads(body)
    assert (
        (status, said["error"]) == (429, "locked_out")
        and "SERVER_TOKEN" in said["remedy"]
        and headers["Retry-After"]
    )
    assert way(hub, SECRET)[0] == 429
    assert from_address(hub, "127.0.0.2", *NAMING, RIGHT)[0] == 200
    wait_for(lambda: {"token refused", "token locked out"} <= {line["what"] for line in changes(hub)})
    lines = [line for line in changes(hub) if line["what"].startswith("token")]
    assert (
        {line["address"] for line in lines} == {"127.0.0.1"}
        and len(lines) == 2
        and "wrong" not in json.dumps(lines)
    )


def test_a_locked_address_delivers_on(guarded):
    """Probes at an address that is locked out deliver with the shared token, and with their own, as before;
    this one computer's programs that show its key change things as before."""
    hub = guarded
    for n in range(FREE):
        hub.ask(*NAMING, {"X-Token": f"wrong-{n}"})
    assert hub.ask(*NAMING, RIGHT)[0] == 429
    assert hub.ask("POST", "/api/ingest", reading("new"), RIGHT)[0] == 200
    assert (
        hub.ask(
            "POST", "/api/ingest", reading("Fridge"), {"X-Token": signatures.probe_token(SECRET, "Fridge")}
        )[0]
        == 200
    )
    assert hub.ask("GET", f"/api/ingest?temperature_c=4&token={SECRET}")[0] == 200
    assert hub.ask("POST", "/api/hello", {"id": "p", "port": 80}, RIGHT)[0] == 200
    assert (
        HubClient(hub.settings, f"http://127.0.0.1:{hub.port}").ask(*NAMING[1:], timeout_s=PATIENCE_S)["ok"]
        is True
    )


def test_the_same_wrong_token_is_one_guess(guarded):
    """A program or probe that still has an old token locks nobody out, however often it shows it."""
    hub = guarded
    for _ in range(FREE * 4):
        assert hub.ask(*NAMING, {"X-Token": "yesterday's"})[0] == 401
        assert hub.ask("POST", "/api/ingest", reading(), {"X-Token": "yesterday's"})[0] == 401
    assert hub.ask(*NAMING, RIGHT)[0] == 200 and hub.ask("POST", "/api/ingest", reading(), RIGHT)[0] == 200


def test_guesses_by_reading_are_locked_out_too(make_hub):
    """Where looking needs a password, tokens cannot be tried at what is only read, nor at the state of the
    hub, which answers all the same; programs of this computer go on."""
    hub = make_hub(token=SECRET, environ={"UI_PASSWORD": "a long password"})
    hub.health["data_dir"] = "/secret/place"
    assert "secret" in hub.ask("GET", "/api/health", headers=RIGHT)[1]["data_dir"]
    paths = ["/api/readings", "/api/probes", "/metrics", "/api/health", "/api/openapi.json"]
    for n in range(FREE):
        assert hub.ask("GET", paths[n], headers={"X-Token": f"wrong-{n}"})[0] == (
            200 if paths[n] == "/api/health" else 401
        )
    assert hub.ask("GET", "/api/readings", headers=RIGHT)[0] == 429
    assert hub.ask("GET", f"/api/readings?token={SECRET}")[0] == 429
    status, said = hub.ask("GET", "/api/health", headers=RIGHT)
    assert status == 200 and "secret" not in json.dumps(said)
    assert (
        HubClient(hub.settings, f"http://127.0.0.1:{hub.port}").ask("/api/probes", timeout_s=PATIENCE_S)["ok"]
        is True
    )


@pytest.mark.alone
def test_guessing_by_delivering_is_slow(make_hub, monkeypatch):
    """Tokens can be tried by deliveries a few times a second, whoever many connections are used; a probe that
    delivered from that address before goes on without waiting, and a new one with the right token gets its
    turn."""
    monkeypatch.setattr(lockout, "FREE_DELIVERIES", 10)
    hub = make_hub(token=SECRET)
    assert hub.ask("POST", "/api/ingest", reading("Old"), RIGHT)[0] == 200
    for n in range(10):
        assert hub.ask("POST", "/api/ingest", reading("Guess"), {"X-Token": f"wrong-{n}"})[0] == 401
    began = monotonic_s()
    with ThreadPoolExecutor(8) as crowd:
        tries = [
            crowd.submit(hub.ask, "POST", "/api/ingest", reading("Guess"), {"X-Token": f"more-{n}"})
            for n in range(100)
        ]
        times = []
        while not all(one.done() for one in tries):
            asked = monotonic_s()
            assert hub.ask("POST", "/api/ingest", reading("Old"), RIGHT)[0] == 200
            times.append(monotonic_s() - asked)
            if monotonic_s() - began > 4:
                break
        for one in tries:
            one.cancel()
    looked_at = sum(one.result()[0] == 401 for one in tries if not one.cancelled())
    assert looked_at <= (monotonic_s() - began) / TURN_S + 1 and sorted(times)[len(times) // 2] < 0.4
    wait_for(lambda: hub.ask("POST", "/api/ingest", reading("New"), RIGHT)[0] == 200, 15)
    assert hub.ask("POST", "/api/hello", {"id": "Old", "port": 80}, RIGHT)[0] == 200
    wait_for(lambda: [line["what"] for line in changes(hub)] == ["token refused", "token locked out"])


@pytest.mark.alone
def test_many_probes_behind_one_address_recover_at_once(make_hub):
    """After SERVER_TOKEN was changed, dozens of probes behind one router that showed their old tokens deliver
    with the new ones at once."""
    hub = make_hub(token=SECRET)
    names = [f"P{n}" for n in range(FREE_DELIVERIES - 10)]
    for name in names:
        for _ in range(2):
            assert (
                hub.ask(
                    "POST", "/api/ingest", reading(name), {"X-Token": signatures.probe_token("old", name)}
                )[0]
                == 401
            )
    began = monotonic_s()
    for name in names:
        assert (
            hub.ask("POST", "/api/ingest", reading(name), {"X-Token": signatures.probe_token(SECRET, name)})[
                0
            ]
            == 200
        )
    assert monotonic_s() - began < 15
