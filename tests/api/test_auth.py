"""The shared token."""

import pytest

from temphub_kernel.api.access.auth import REMEMBERED, _own_token, check_token
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Sighting
from temphub_kernel.journal import Reader
from temphub_kernel.trust import signatures

SECRET = "s3cret-Token"
READING = {"temperature_c": 20.0, "probe_id": "p"}
HELLO = {"id": "p", "port": 80}


@pytest.mark.parametrize(
    "path,body",
    [("/api/ingest", READING), ("/api/hello", HELLO), ("/api/provision", {"host": "TempProbe-0096"})],
)
def test_the_token_is_taken_in_three_forms(make_hub, path, body):
    """Header, query or JSON: each form of the right token opens the door; none or another is 401 with a way
    out."""
    hub = make_hub(token=SECRET)
    assert hub.ask("POST", path, body, {"X-Token": SECRET})[0] == 200
    assert hub.ask("POST", f"{path}?token={SECRET}", body)[0] == 200
    assert hub.ask("POST", path, {**body, "token": SECRET})[0] == 200
    for answer in (
        hub.ask("POST", path, body),
        hub.ask("POST", path, body, {"X-Token": "other"}),
        hub.ask("POST", f"{path}?token=", body),
        hub.ask("POST", path, {**body, "token": None}),
        hub.ask("POST", path, {**body, "token": "ſ3cret-Token"}),
        hub.ask("POST", path, b"not json"),
    ):
        assert (answer[0], answer[1]["error"]) == (401, "unauthorized")
        assert answer[1]["remedy"]
    # A delivery that was refused is looked into; what a person or program asks in vain is not a probe's
    # trouble.
    assert set(hub.refused) == ({"127.0.0.1"} if path != "/api/provision" else set())


def test_a_probes_own_token_is_good_for_its_name_only(make_hub):
    """The token that one probe was told takes that probe's readings, its sensors' and its hello; it opens no
    other name, nothing else."""
    hub = make_hub(token=SECRET)
    own = {"X-Token": signatures.probe_token(SECRET, "Fridge")}
    ours = [{"temperature_c": 4.0, "probe_id": name} for name in ("Fridge", "Fridge:28ff")]
    assert [hub.ask("POST", "/api/ingest", body, own) for body in ours] == [(200, {"ok": True})] * 2
    assert hub.ask("POST", "/api/ingest", {**ours[0], "token": own["X-Token"]}) == (200, {"ok": True})
    assert hub.ask("GET", f"/api/ingest?temperature_c=4&probe_id=Fridge&token={own['X-Token']}")[0] == 200
    assert hub.ask("POST", "/api/hello", {"id": "Fridge", "port": 80}, own)[0] == 200
    for path, body in (
        ("/api/ingest", {"temperature_c": 4.0, "probe_id": "Freezer"}),
        ("/api/ingest", {"temperature_c": 4.0}),
        ("/api/ingest", {"temperature_c": 4.0, "probe_id": ["Fridge"]}),
        ("/api/hello", {"id": "Freezer", "port": 80}),
        ("/api/provision", {"host": "TempProbe-0096", "": "Fridge", "probe_id": "Fridge", "id": "Fridge"}),
        ("/api/describe", {"probe_id": "Fridge", "alias": "x"}),
        ("/api/trust", {"probe_id": "Fridge"}),
    ):
        assert hub.ask("POST", path, body, own)[0] == 401, (path, body)
    with Reader(hub.journal) as reader:
        assert {p.probe_id for p in reader.after(0, 10)} == {"Fridge", "Fridge:28ff"} and reader.count() == 4


def test_a_probes_own_token_opens_no_page(make_hub):
    """Where the page has a password, the token that a probe was told opens neither it nor the history."""
    hub = make_hub(token=SECRET, environ={"UI_PASSWORD": "a long password"})
    own = {"X-Token": signatures.probe_token(SECRET, "Fridge")}
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 4.0, "probe_id": "Fridge"}, own)[0] == 200
    assert hub.ask("GET", "/api/readings?probe_id=Fridge", None, own)[0] == 401
    assert hub.ask("GET", "/api/readings?probe_id=Fridge", None, {"X-Token": SECRET})[0] == 200


def test_a_refused_reading_is_not_stored(make_hub):
    """Without the token nothing reaches the journal; a GET needs it as well."""
    hub = make_hub(token=SECRET)
    assert hub.ask("GET", "/api/ingest?temperature_c=1")[0] == 401
    assert hub.ask("GET", f"/api/ingest?temperature_c=1&token={SECRET}")[0] == 200
    with Reader(hub.journal) as reader:
        assert reader.count() == 1


def test_reading_needs_no_token(make_hub):
    """The token is for those who write; looking is free."""
    hub = make_hub(token=SECRET)
    for path in ("/api/health", "/api/probes", "/api/readings", "/api/openapi.json", "/metrics"):
        assert hub.ask("GET", path)[0] == 200


def test_a_hello_makes_a_probe_known(hub):
    """A probe that says hello is met, at the address it names or the one it speaks from."""
    hub.ask(
        "POST",
        "/api/hello",
        {"id": "TempProbe-0096", "port": 80, "version": "1.2", "model": "esp32", "boot": "b1"},
    )
    hub.ask("POST", "/api/hello", {"id": "TempProbe-0097", "ip": "192.168.7.9", "port": 8080})
    assert hub.met[0] == Sighting(
        "TempProbe-0096", "127.0.0.1", 80, version="1.2", model="esp32", boot="b1", via="hello"
    )
    assert (hub.met[1].ip, hub.met[1].port) == ("192.168.7.9", 8080)


def test_a_probes_own_token_is_made_once():
    """A delivery costs no new derivation; made-up names, however many or long, are not remembered beyond a
    bound."""
    _own_token.cache_clear()
    for _ in range(50):
        check_token(SECRET, signatures.probe_token(SECRET, "Fridge"), probe_id="Fridge:28ff")
    assert (_own_token.cache_info().misses, _own_token.cache_info().hits) == (1, 49)
    for name in (f"Made-Up-{n}" for n in range(REMEMBERED + 10)):
        with pytest.raises(TempHubError):
            check_token(SECRET, "other", probe_id=name)
    assert _own_token.cache_info().currsize == REMEMBERED
    for name in ("x" * 65, "x" * 100_000, "ä", "", None, ["Fridge"]):
        with pytest.raises(TempHubError):
            check_token(SECRET, "other", probe_id=name)
    assert _own_token.cache_info().misses == REMEMBERED + 11
