"""An outsider at a hub that runs as it runs at a user's: guesses, and what is noted of them and of
changes."""

import http.client
import json
from contextlib import closing, suppress
from typing import Any

from support.attacks import connect
from support.waiting import wait_for
from temphub_kernel.api.access.audit import AUDIT_FILE
from temphub_kernel.api.access.lockout import FREE

TOKEN, PASSWORD = "sesame", "a good password"


def test_guesses_are_locked_out_and_changes_say_who(start_temphub, data_dir, free_port) -> None:
    """At a running hub: a short token is told at the start; who guesses is locked out, with the right token,
    too, while a probe at that address delivers and others are served; the log of changes names who, from
    where and what was shown, no token or password among it."""
    connect_from(free_port)
    hub = start_temphub(SERVER_TOKEN=TOKEN, UI_PASSWORD=PASSWORD).ready()
    wait_for(lambda: "SERVER_TOKEN has 6 characters, so it can be guessed" in hub.text())

    def ask(
        address: str, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        with closing(
            http.client.HTTPConnection("127.0.0.1", free_port, timeout=60, source_address=(address, 0))
        ) as one:
            raw = body if isinstance(body, str | None) else json.dumps(body)
            one.request(method, path, raw, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = one.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if text.startswith(b"{") else text, reply.headers

    named = {"probe_id": "fridge", "alias": "Fridge"}
    assert (
        ask("127.0.0.7", "POST", "/api/ingest", {"temperature_c": 4, "probe_id": "fridge"}, X_Token=TOKEN)[0]
        == 200
    )
    found = [ask("127.0.0.7", "GET", "/api/probes", X_Token=f"guess {n}")[:2] for n in range(FREE + 1)]
    assert [status for status, _ in found] == [401] * FREE + [429] and "right token" in found[0][1]["problem"]
    for where in ("/api/probes", f"/api/readings?token={TOKEN}"):
        status, answer, _ = ask("127.0.0.7", "GET", where, X_Token=TOKEN)
        assert (status, answer["error"]) == (429, "locked_out") and answer["remedy"]
    assert ask("127.0.0.7", "POST", "/api/describe", {**named, "token": TOKEN})[0] == 429
    assert (
        ask("127.0.0.7", "POST", "/api/ingest", {"temperature_c": 5, "probe_id": "fridge"}, X_Token=TOKEN)[0]
        == 200
    )
    assert ask("127.0.0.8", "POST", "/api/describe", {**named, "token": TOKEN})[0] == 200
    status, _, given = ask("127.0.0.9", "POST", "/login", f"password={PASSWORD.replace(' ', '+')}")
    cookie = (given["Set-Cookie"] or "").split(";")[0]
    assert status == 303 and ask("127.0.0.9", "POST", "/api/describe", named, Cookie=cookie)[0] == 200
    assert ask("127.0.0.10", "POST", "/api/describe", named)[0] == 401
    noted = (data_dir / AUDIT_FILE).read_text()
    told = [(line["what"], line["address"], line["by"]) for line in map(json.loads, noted.splitlines())]
    assert told == [
        ("token refused", "127.0.0.7", "token"),
        ("token locked out", "127.0.0.7", "token"),
        ("/api/describe", "127.0.0.8", "token"),
        ("login", "127.0.0.9", "password"),
        ("/api/describe", "127.0.0.9", "login"),
    ]
    assert TOKEN not in noted and PASSWORD not in noted and TOKEN not in hub.text()


def connect_from(port: int) -> None:
    """Skips where the loopback interface has one address only."""
    with suppress(ConnectionRefusedError):
        connect(port, "127.0.0.7").close()
