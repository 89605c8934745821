"""The password of the page: who may look and change when UI_PASSWORD is set."""

import json
import os
import stat
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
import requests
from argon2 import PasswordHasher

from support.page_server import PageServer
from support.waiting import PATIENCE_S
from temphub_kernel.api.access.audit import MOST_BYTES, Audit
from temphub_kernel.api.access.auth import Sessions
from temphub_kernel.api.access.lockout import FREE, MOST_TRACKED, Lockout
from temphub_kernel.core import network
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.files import KEY_FILE, read_key
from temphub_kernel.hub import HubClient
from temphub_kernel.journal import Reader

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
        hub = make_hub(
            token=token, page=("127.0.0.1", page.port), environ={"UI_PASSWORD": PASSWORD, **environ}
        )
        assert (
            hub.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "p"}, {"X-Token": token})[0]
            == 200
        )
        return hub

    return make


def log_in(hub, password=PASSWORD, path="/login"):
    """(status, cookie header, whole reply headers)."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{hub.port}"}
    status, reply, _ = hub.whole("POST", path, urlencode({"password": password}).encode(), headers)
    cookie = SimpleCookie(reply.get("Set-Cookie", ""))
    return status, {"Cookie": "; ".join(f"{name}={one.value}" for name, one in cookie.items())}, reply


def test_strangers_see_nothing(closed):
    """Without a login no page, no reading and no change: pages lead to the login, programs get 401 with the
    way out."""
    hub = closed()
    for path in READS:
        status, answer = hub.ask("GET", path)
        assert (status, answer["error"]) == (401, "login_needed"), path
    for path, body in CHANGES:
        assert hub.ask("POST", path, body)[0] == 401, path
    for path, place in (("/", "/login"), ("/v/some/page?x=1", "/login?next=/v/some/page%3Fx%3D1")):
        status, headers, _ = hub.whole("GET", path)
        assert (status, headers["Location"]) == (303, place)
    assert hub.ask("GET", "/v/socket", headers={"Upgrade": "websocket", "Connection": "Upgrade"})[0] == 401
    assert hub.ask("POST", "/v/voila/api/shutdown/x")[0] == 401


def test_a_login_opens_everything(closed):
    """With the password the page, the readings and the changes are there; the cookie is out of reach of
    scripts and other sites."""
    hub = closed()
    status, cookie, reply = log_in(hub, path="/login?next=/v/some/page")
    assert (status, reply["Location"]) == (303, "/v/some/page")
    assert (
        "HttpOnly" in reply["Set-Cookie"]
        and "SameSite=Strict" in reply["Set-Cookie"]
        and "Path=/" in reply["Set-Cookie"]
    )
    assert hub.ask("GET", "/v/some/page", headers=cookie)[1]["uri"] == "/v/some/page"
    for path in READS:
        assert hub.ask("GET", path, headers=cookie)[0] == 200, path
    for path, body in CHANGES:
        assert hub.ask("POST", path, body, cookie)[0] == 200, path


def test_programs_use_the_token(closed):
    """Programs read and change with the token as X-Token, as Bearer or in the query, and never with the
    password."""
    hub = closed()
    for headers in (
        {"X-Token": "s3cret"},
        {"Authorization": "Bearer s3cret"},
        {"authorization": "bearer s3cret"},
    ):
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
    """Probes deliver, say hello and fetch firmware as before, with the token or with none where none is
    set."""
    hub = closed(token=token)
    headers = {"X-Token": token} if token else {}
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}, headers) == (200, {"ok": True})
    assert hub.ask("POST", "/api/hello", {"id": "p", "port": 80}, headers)[0] == 200
    assert hub.ask("GET", "/api/firmware/manifest", headers=headers)[0] == 200
    assert hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "F"})[0] == 401


def test_the_hubs_own_programs_go_on(closed):
    """Page kernels and the command line ask the hub with the data folder's key, also where no token is
    set."""
    hub = closed(token="")
    url = f"http://127.0.0.1:{hub.port}"
    assert HubClient(hub.settings, url).ask("/api/probes", timeout_s=PATIENCE_S)["ok"] is True
    assert (
        HubClient(hub.settings, url).ask("/api/provision", {"host": "TempProbe-0096"}, timeout_s=PATIENCE_S)[
            "ok"
        ]
        is True
    )
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
    """After a restart of the hub nobody has to log in again; after a change of the password everybody has to.
    Only digests are kept."""
    first = Sessions(tmp_path, PASSWORD)
    text = first.begin()
    assert (
        text not in (tmp_path / "temphub.sessions").read_text()
        and PASSWORD not in (tmp_path / "temphub.sessions").read_text()
    )
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
    """After five wrong passwords the address has to wait, and even the right one is not looked at; nothing
    else is locked."""
    hub = closed()
    assert [log_in(hub, "wrong one")[0] for _ in range(FREE)] == [403] * FREE
    status, cookie, reply = log_in(hub)
    assert (status, cookie) == (429, {"Cookie": ""}) and reply["Retry-After"]
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}, {"X-Token": "s3cret"})[0] == 200


def test_the_lock_out_is_bounded_and_forgives():
    """Thousands of addresses take no more memory; an IPv6 network counts as one; a right password clears the
    slate."""
    lockout = Lockout()
    for number in range(3 * MOST_TRACKED):
        lockout.begin(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(lockout._tries) == MOST_TRACKED
    for number in range(FREE):
        lockout.begin(f"2001:db8::{number:x}")
    with pytest.raises(TempHubError) as caught:
        lockout.begin("2001:db8::ffff")
    assert caught.value.status == 429
    for _ in range(3):
        for _ in range(FREE - 1):
            lockout.begin("10.0.0.1")
        lockout.worked("10.0.0.1")


ELSEWHERE = [
    "//evil.example/",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/login?next=/x",
    "/logout",
    "/x",
]
WRITES = "api/ingest?temperature_c=99&probe_id=Fridge"
WINDING = [
    "/",
    "/./",
    "/v/../",
    "/v/%2e%2e/",
    "/v/.%2E/",
    "/v/x/../../",
    "/v\\..\\",
    "/%2e/",
    "/v/\t../",
    "/%61pi/../",
]


PAGES = ["/?probe=Fridge", "/", "/v/voila/render/dashboard.ipynb?x=1"]


def test_the_login_leads_nowhere_else(closed):
    """After the login the browser is shown a page of this hub: whatever a link asked for, no reading is
    written."""
    hub = closed()
    wanted = dict.fromkeys(
        [*ELSEWHERE, *(path + WRITES for path in WINDING), "/api/readings", "/metrics"], "/"
    )
    wanted.update({place: place for place in PAGES})
    assert {
        place: log_in(hub, path="/login?" + urlencode({"next": place}))[2]["Location"] for place in wanted
    } == wanted


def test_no_link_to_the_login_stores_a_reading(closed):
    """A browser follows the link of a foreign page to the login, and goes where it is sent as browsers do:
    nothing is stored."""
    hub = closed(token="")
    with requests.Session() as browser:
        # To an address without TLS a browser names no site, and keeps the page before as the referrer.
        browser.headers["User-Agent"] = "Mozilla/5.0"
        link = f"http://127.0.0.1:{hub.port}/login?" + urlencode({"next": "/" + WRITES})
        reply = browser.post(
            link,
            {"password": PASSWORD},
            headers={"Referer": link, "Origin": f"http://127.0.0.1:{hub.port}"},
            timeout=PATIENCE_S,
        )
    assert reply.history[0].status_code == 303
    with Reader(hub.journal) as reader:
        assert {point.probe_id for point in reader.after(0, 10)} == {"p"}


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


@pytest.mark.parametrize("closed_door", [True, False])
def test_the_note_says_how_it_was_allowed(make_hub, closed_door):
    """A token is called token however it is sent, a login login, this computer's key key, and nothing at all
    anyone."""
    hub = make_hub(token="s3cret", environ={"UI_PASSWORD": PASSWORD} if closed_door else {})
    url, door = f"http://127.0.0.1:{hub.port}", {"from_ms": 1, "text": "door"}
    for headers in ({"X-Token": "s3cret"}, {"Authorization": "Bearer s3cret"}):
        assert hub.ask("POST", "/api/annotate", door, headers)[0] == 200
    assert hub.ask("POST", "/api/annotate?token=s3cret", door)[0] == 200
    assert hub.ask("POST", "/api/annotate", {**door, "token": "s3cret"})[0] == 200
    assert HubClient(hub.settings, url).ask("/api/annotate", door, timeout_s=PATIENCE_S)["ok"]
    assert [(line["by"], line["address"]) for line in noted(hub)] == [("token", "127.0.0.1")] * 4 + [
        ("key" if closed_door else "token", "127.0.0.1")
    ]


def test_nobody_names_another_as_the_visitor(make_hub):
    """The visitor of a page is noted as the pages' kernel tells it with this computer's key; what anybody
    else sends as such is not believed, nor what is no address."""
    hub = make_hub(environ={"UI_PASSWORD": PASSWORD}, token="s3cret")
    url, door = f"http://127.0.0.1:{hub.port}", {"from_ms": 1, "text": "door"}
    forged = {network.VISITOR_HEADER: network.visitor("203.0.113.9", "login")}
    assert hub.ask("POST", "/api/annotate", door, {"X-Token": "s3cret", **forged})[0] == 200
    assert hub.ask("POST", "/api/annotate", door, {**log_in(hub)[1], **forged})[0] == 200
    for said in (
        network.visitor("203.0.113.9", "login"),
        "login somewhere",
        "god 203.0.113.9",
        network.visitor("fe80::1%eth0", "anyone"),
    ):
        context = network.VISITOR.set(said)
        try:
            assert HubClient(hub.settings, url).ask("/api/annotate", door, timeout_s=PATIENCE_S)["ok"]
        finally:
            network.VISITOR.reset(context)
    found = [
        (line["by"], line["address"], line.get("through"))
        for line in noted(hub)
        if line["what"] == "/api/annotate"
    ]
    assert found == [
        ("token", "127.0.0.1", None),
        ("login", "127.0.0.1", None),
        ("login", "203.0.113.9", "page"),
        ("key", "127.0.0.1", None),
        ("key", "127.0.0.1", None),
        ("anyone", "fe80::1%eth0", "page"),
    ]


def noted(hub):
    """The lines of the log of changes."""
    text = (hub.settings.data_dir / "temphub_changes.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_notes_of_changes_stay_small(tmp_path):
    """However much is changed, the notes take about a megabyte, the older half is put aside."""
    audit = Audit(tmp_path)
    for _ in range(3000):
        audit.note("/api/annotate", "127.0.0.1", "login", {"text": "x" * 5000})
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2 and max(sizes) < MOST_BYTES + 2000
