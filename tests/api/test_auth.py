"""The shared token."""

import pytest

from temphub_kernel.base.sighting import Sighting
from temphub_kernel.journal import Reader

SECRET = "s3cret-Token"
READING = {"temperature_c": 20.0, "probe_id": "p"}
HELLO = {"id": "p", "port": 80}


@pytest.mark.parametrize("path,body", [("/api/ingest", READING), ("/api/hello", HELLO), ("/api/provision", {"host": "TempProbe-0096"})])
def test_the_token_is_taken_in_three_forms(make_hub, path, body):
    """Header, query or JSON: each form of the right token opens the door; none or another is 401 with a way out."""
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
    assert set(hub.refused) == {"127.0.0.1"}


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
    hub.ask("POST", "/api/hello", {"id": "TempProbe-0096", "port": 80, "version": "1.2", "model": "esp32", "boot": "b1"})
    hub.ask("POST", "/api/hello", {"id": "TempProbe-0097", "ip": "192.168.7.9", "port": 8080})
    assert hub.met[0] == Sighting("TempProbe-0096", "127.0.0.1", 80, version="1.2", model="esp32", boot="b1", via="hello")
    assert (hub.met[1].ip, hub.met[1].port) == ("192.168.7.9", 8080)
