"""What the hub tells of the network it sees, and asking it from a page."""

import pytest

import temphub_kernel as th
from support.waiting import wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.hub import PAGE, HubClient


@pytest.fixture
def hub(monkeypatch, data_dir, free_port):
    """A hub that stays on this computer."""
    for name, value in {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    yield th.start()
    th.stop()


def test_the_hub_tells_what_it_sees(hub):
    """Interfaces, adverts and hellos are in the hub's health, for the page's guide to word."""
    HubClient(hub.settings, hub.url, PAGE).ask(
        "/api/hello", {"id": "TempProbe-0001", "ip": "127.0.0.1", "port": 1}
    )
    health = wait_for(
        lambda: (
            (told := HubClient(hub.settings, hub.url, PAGE).ask("/api/health"))["seen"]["interfaces"] and told
        )
    )
    assert health["seen"]["interfaces"] == ["127.0.0.1"] and health["seen"]["hellos"] == 1
    assert type(health["seen"]["adverts"]) is int and health["seen"]["last_error"] == ""


def test_a_refusal_and_a_silence_are_errors_in_words(hub, free_port):
    """What the hub refuses is raised in its own words; a hub that does not answer is named."""
    with pytest.raises(TempHubError, match="Send"):
        HubClient(hub.settings, hub.url, PAGE).ask("/api/provision", {"host": ""})
    th.stop()
    with pytest.raises(TempHubError, match="does not answer"):
        HubClient(hub.settings, hub.url, PAGE).ask("/api/health")
