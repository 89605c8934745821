"""`temphub probes` and `temphub update` against a real endpoint."""

import threading
from dataclasses import replace

import pytest

from support.endpoint import Hub
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.cli import main
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Sighting
from temphub_kernel.core.settings import Settings
from temphub_kernel.hub.commands.probes import Fleet
from temphub_kernel.journal import ProbeBook


@pytest.fixture
def hub(data_dir):
    """An endpoint with a token whose probe book is written to."""
    one = Hub(data_dir, token="s3cret")
    one.book = ProbeBook(one.writer)
    yield one
    one.stop()


@pytest.fixture
def fleet(hub):
    """(fleet, what it said)"""
    said: list[str] = []
    yield Fleet(replace(hub.settings, port=hub.port), said.append, every_s=0.05), said


def meet(hub, probe_id: str, version: str) -> None:
    hub.book.met(Sighting(probe_id, "127.0.0.1", 8001, version=version, model="esp32", name="Cellar"))
    known = {"id": probe_id, "version": version}.items()
    wait_for(lambda: any(known <= one.items() for one in hub.ask("GET", "/api/probes")[1]["probes"]), 5)


def test_the_list_says_who_has_an_update(hub, fleet):
    """Each probe with its version and the one the hub brings; at the end the command that installs it."""
    one, said = fleet
    one.show()
    assert said[-1] == "No probe was found yet."
    brought = hub.ask("GET", "/api/firmware/manifest")[1]["version"]
    meet(hub, "Same", brought)
    one.show()
    assert "no probe needs" in said[-1]
    meet(hub, "TempProbe-0096", "0.0.9")
    said.clear()
    one.show()
    assert said[0].split() == ["ID", "NAME", "VERSION", "UPDATE", "TRUST", "ADDRESS", "LAST", "SEEN"]
    rows = {line.split()[0]: line.split() for line in said[1:3]}
    assert rows["TempProbe-0096"][2:6] == ["0.0.9", brought, "-", "127.0.0.1:8001"] and rows["Same"][3] == "-"
    assert "temphub update TempProbe-0096" in said[-1]


def test_an_update_is_waited_for(hub, fleet):
    """It ends well when the probe says hello with the new version, with what happened on the way."""
    one, said = fleet
    meet(hub, "TempProbe-0096", "0.0.9")
    brought = hub.ask("GET", "/api/firmware/manifest")[1]["version"]
    later = threading.Timer(0.3, meet, (hub, "TempProbe-0096", brought))
    later.start()
    assert one.update(["TempProbe-0096"], wait_s=PATIENCE_S) == 0
    later.join()
    assert said == [f"TempProbe-0096: has 0.0.9, fetches {brought} …", f"TempProbe-0096: runs {brought}."]


def test_an_update_that_does_not_arrive_is_told(hub, fleet):
    """Refused, unknown, or still the old version after the wait: counted, and in words."""
    one, said = fleet
    meet(hub, "TempProbe-0096", "0.0.9")
    assert one.update(["TempProbe-0096", "Nobody"], wait_s=0.2) == 2
    assert "Nobody" in said[1] and "/status" in said[-1]
    assert one.update([], everyone=True, wait_s=0.0) == 0
    assert said[-1].startswith("TempProbe-0096: has 0.0.9")


def test_no_hub_is_told(free_port, data_dir):
    """Without a hub the person learns how to start one."""
    settings = Settings.from_environ({"DATA_DIR": str(data_dir), "HOST": "127.0.0.1", "PORT": str(free_port)})
    with pytest.raises(TempHubError) as caught:
        Fleet(settings, print).show()
    assert "temphub" in caught.value.remedy and str(free_port) in caught.value.problem


def test_the_command_line(hub, monkeypatch, capsys, data_dir):
    """`temphub probes` and `temphub update --all`, with exit codes."""
    for name, value in {
        "DATA_DIR": str(data_dir),
        "HOST": "127.0.0.1",
        "PORT": str(hub.port),
        "SERVER_TOKEN": "s3cret",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["probes"]) == 0 and main(["update", "--all"]) == 0
    assert "No probe" in capsys.readouterr().out
    assert main(["update", "Nobody"]) == 1
    assert main(["trust", "TempProbe-0096"]) == 0 and hub.trust.standings() == {"TempProbe-0096": "trusted"}
    assert main(["release", "TempProbe-0096"]) == 0 and hub.trust.standings() == {
        "TempProbe-0096": "released"
    }
    assert "another hub can take it" in capsys.readouterr().out
    meet(hub, "TempProbe-0097", "0.0.9")
    monkeypatch.setenv("SERVER_TOKEN", "other")
    assert main(["update", "TempProbe-0097"]) == 1
    assert "token" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["update"])
    assert caught.value.code == 2
