"""The password of the page: who may look and change when UI_PASSWORD is set."""

import json
import os
import stat
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher

from support.page_server import PageServer
from temphub_kernel.api.audit import MOST_BYTES, Audit
from temphub_kernel.api.lockout import FREE, MOST, Lockout
from temphub_kernel.api.sessions import Sessions
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.base.key import KEY_FILE, read_key
from temphub_kernel.hub.ask import ask_hub

PASSWORD = "correct horse"
READS = [
    "/api/probes",
    "/api/readings",
    "/api/readings?format=csv",
    "/api/annotations",
    "/api/calibrations",
    "/api/openapi.json",
    "/metrics",
]
CHANGES = [
    ("/api/provision", {"host": "TempProbe-0096"}),
    ("/api/describe", {"probe_id": "p", "alias": "Fridge"}),
    ("/api/annotate", {"from_ms": 1, "text": "door"}),
    ("/api/calibrate", {"probe_id": "p", "points": [[1, 0]]}),
    ("/api/identify", {"probe_id": "TempProbe-0096"}),
    ("/api/update", {"probe_id": "TempProbe-0096"}),
]


@pytest.fixture
def page():
    server = PageServer()
    yield server
    server.stop()


@pytest.fixture
def closed(make_hub, page):
    """A hub with a password, a token and a page."""

    def make(token="s3cret", **environ):
        hub = make_hub(token=token, page=("127.0.0.1", page.port), environ={"UI_PASSWORD": PASSWORD, **environ})
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "p"}, {"X-Token": token})[0] == 200
        return hub

    return make


def log_in(hub, password=PASSWORD, path="/login"):
    """(status, cookie header, whole reply headers)."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{hub.port}"}
    status, reply, _ = hub.whole("POST", path, urlencode({"password": password}).encode(), headers)
    cookie = SimpleCookie(reply.get("Set-Cookie", ""))
    return status, {"Cookie": "; ".join(f"{name}={one.value}" for name, one in cookie.items())}, reply


def test_strangers_see_nothing(closed):
    """Without a login no page, no reading and no change: pages lead to the login, programs get 401 with the way out."""
    hub = closed()
    for path in READS:
        status, answer = hub.ask("GET", path)
        assert (status, answer["error"]) == (401, "login_needed"), path
    for path, body in CHANGES:
        assert hub.ask("POST", path, body)[0] == 401, path
    for path, place in (("/", "/login"), ("/some/page?x=1", "/login?next=/some/page%3Fx%3D1")):
        status, headers, _ = hub.whole("GET", path)
        assert (status, headers["Location"]) == (303, place)
    assert hub.ask("GET", "/socket", headers={"Upgrade": "websocket", "Connection": "Upgrade"})[0] == 401
    assert hub.ask("POST", "/v/voila/api/shutdown/x")[0] == 401


def test_a_login_opens_everything(closed):
    """With the password the page, the readings and the changes are there; the cookie is out of reach of scripts and other sites."""
    hub = closed()
    status, cookie, reply = log_in(hub, path="/login?next=/some/page")
    assert (status, reply["Location"]) == (303, "/some/page")
    assert "HttpOnly" in reply["Set-Cookie"] and "SameSite=Strict" in reply["Set-Cookie"] and "Path=/" in reply["Set-Cookie"]
    assert hub.ask("GET", "/some/page", headers=cookie)[1]["uri"] == "/some/page"
    for path in READS:
        assert hub.ask("GET", path, headers=cookie)[0] == 200, path
    for path, body in CHANGES:
        assert hub.ask("POST", path, body, cookie)[0] == 200, path


def test_programs_use_the_token(closed):
    """Programs read and change with the token as X-Token, as Bearer or in the query, and never with the password."""
    hub = closed()
    for headers in ({"X-Token": "s3cret"}, {"Authorization": "Bearer s3cret"}, {"authorization": "bearer s3cret"}):
        assert hub.ask("GET", "/api/readings", headers=headers)[0] == 200
        assert hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "F"}, headers)[0] == 200
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 2, "probe_id": "p"}, headers)[0] == 200
    assert hub.ask("GET", "/api/readings?token=s3cret")[0] == 200
    assert hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "F", "token": "s3cret"})[0] == 200
    for wrong in (PASSWORD, "s3cre", "", "ſ3cret"):
        sent = {"Authorization": b"Bearer " + wrong.encode()}
        assert hub.ask("GET", "/api/readings", headers=sent)[0] == 401


@pytest.mark.parametrize("token", ["", "s3cret"])
def test_probes_need_no_password(closed, token):
    """Probes deliver, say hello and fetch firmware as before, with the token or with none where none is set."""
    hub = closed(token=token)
    headers = {"X-Token": token} if token else {}
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}, headers) == (200, {"ok": True})
    assert hub.ask("POST", "/api/hello", {"id": "p", "port": 80}, headers)[0] == 200
    assert hub.ask("GET", "/api/firmware/manifest", headers=headers)[0] == 200
    assert hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "F"})[0] == 401


def test_the_hubs_own_programs_go_on(closed):
    """Page kernels and the command line ask the hub with the data folder's key, also where no token is set."""
    hub = closed(token="")
    url = f"http://127.0.0.1:{hub.port}"
    assert ask_hub(hub.settings, url, "/api/probes", timeout_s=10)["ok"] is True
    assert ask_hub(hub.settings, url, "/api/provision", {"host": "TempProbe-0096"}, timeout_s=10)["ok"] is True
    key = hub.settings.data_dir / KEY_FILE
    assert len(read_key(hub.settings.data_dir)) > 32
    if sys.platform != "win32":
        assert stat.S_IMODE(os.stat(key).st_mode) == 0o600


def test_health_tells_strangers_only_that_it_runs(closed):
    """A stranger learns that the hub runs, not where its files lie; who may look sees all."""
    hub = closed()
    hub.health["data_dir"] = "/secret/place"
    status, answer = hub.ask("GET", "/api/health")
    assert (status, answer["ok"]) == (200, True) and "secret" not in json.dumps(answer)
    assert hub.ask("GET", "/api/health", headers={"X-Token": "s3cret"})[1]["data_dir"] == "/secret/place"


def test_logging_out_ends_the_session(closed):
    """After a log-out the old cookie opens nothing."""
    hub = closed()
    cookie = log_in(hub)[1]
    assert hub.ask("GET", "/api/probes", headers=cookie)[0] == 200
    assert "Log out" in hub.ask("GET", "/logout", headers=cookie)[1]
    assert hub.ask("POST", "/logout", b"", cookie)[0] == 303
    assert hub.ask("GET", "/api/probes", headers=cookie)[0] == 401


def test_a_session_outlives_the_hub_but_not_the_password(tmp_path):
    """After a restart of the hub nobody has to log in again; after a change of the password everybody has to. Only digests are kept."""
    first = Sessions(tmp_path, PASSWORD)
    text = first.begin()
    assert text not in (tmp_path / "temphub.sessions").read_text() and PASSWORD not in (tmp_path / "temphub.sessions").read_text()
    assert Sessions(tmp_path, PASSWORD).knows(text)
    assert not Sessions(tmp_path, "another one").knows(text)
    (tmp_path / "temphub.sessions").write_text("{broken")
    assert not Sessions(tmp_path, PASSWORD).knows(text)


def test_the_password_may_be_given_as_a_hash(tmp_path):
    """UI_PASSWORD as an argon2 hash keeps the password itself out of the settings."""
    hashed = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    sessions = Sessions(tmp_path, hashed)
    assert sessions.matches(PASSWORD) and not sessions.matches(hashed) and not sessions.matches("")
    text = sessions.begin()
    assert Sessions(tmp_path, hashed).knows(text)
    # The same password in another hash: who logged in under the old one does so again.
    assert not Sessions(tmp_path, PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)).knows(text)


def test_wrong_passwords_lock_out(closed):
    """After five wrong passwords the address has to wait, and even the right one is not looked at; nothing else is locked."""
    hub = closed()
    assert [log_in(hub, "wrong one")[0] for _ in range(FREE)] == [403] * FREE
    status, cookie, reply = log_in(hub)
    assert (status, cookie) == (429, {"Cookie": ""}) and reply["Retry-After"]
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}, {"X-Token": "s3cret"})[0] == 200


def test_the_lock_out_is_bounded_and_forgives():
    """Thousands of addresses take no more memory; an IPv6 network counts as one; a right password clears the slate."""
    lockout = Lockout()
    for number in range(3 * MOST):
        lockout.begin(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(lockout._tries) == MOST
    for number in range(FREE):
        lockout.begin(f"2001:db8::{number:x}")
    with pytest.raises(TempHubError) as caught:
        lockout.begin("2001:db8::ffff")
    assert caught.value.status == 429
    for _ in range(3):
        for _ in range(FREE - 1):
            lockout.begin("10.0.0.1")
        lockout.worked("10.0.0.1")


@pytest.mark.parametrize("place", ["//evil.example/", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/login?next=/x"])
def test_the_login_leads_nowhere_else(closed, place):
    """After the login the browser stays with this hub, whatever a link asked for."""
    assert log_in(closed(), path="/login?" + urlencode({"next": place}))[2]["Location"] == "/"


def test_changes_are_noted(closed):
    """Each change leaves a line with time, path, address and by whom; no token and no password is in it."""
    hub = closed()
    cookie = log_in(hub)[1]
    log_in(hub, "wrong-secret")
    hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "Fridge", "token": "s3cret"})
    hub.ask("POST", "/api/annotate", {"from_ms": 1, "text": "door"}, cookie)
    hub.ask("POST", "/api/annotate", {"from_ms": "x", "text": "door"}, cookie)
    text = (hub.settings.data_dir / "temphub_changes.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["what"], line["by"]) for line in lines] == [
        ("login", "password"),
        ("login refused", "password"),
        ("/api/describe", "token"),
        ("/api/annotate", "login"),
    ]
    assert "Fridge" in text and "s3cret" not in text and PASSWORD not in text and "wrong-secret" not in text
    assert {line["address"] for line in lines} == {"127.0.0.1"}


def test_the_notes_of_changes_stay_small(tmp_path):
    """However much is changed, the notes take about a megabyte, the older half is put aside."""
    audit = Audit(tmp_path)
    for _ in range(3000):
        audit.note("/api/annotate", "127.0.0.1", "login", {"text": "x" * 5000})
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2 and max(sizes) < MOST_BYTES + 2000
