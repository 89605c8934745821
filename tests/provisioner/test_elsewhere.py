"""Probes without keys that another hub records."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Sighting
from temphub_kernel.provisioner.conversation import Context, Conversation
from temphub_kernel.provisioner.probe_client import Status, Talk
from temphub_kernel.trust import Standing


class OtherHub:
    """Another hub's /api/health, or another program that takes readings (`code` 404)."""

    def __init__(self, code: int = 200, **health: object) -> None:
        self.asked = 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked += 1
                data = json.dumps({"ok": code == 200, **health}).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/api/ingest"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._ended = False

    def close(self) -> None:
        """It dies."""
        if not self._ended:
            self._ended = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


@pytest.fixture
def other() -> Iterator[Callable[..., OtherHub]]:
    """Starts other hubs."""
    made: list[OtherHub] = []

    def make(*arguments, **health) -> OtherHub:
        made.append(OtherHub(*arguments, **health))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_is_left_there_until_that_hub_dies(start, make_probe, results, other, trust):
    """A second hub takes nothing from a first one that works; it says whose the probe is, and takes it when
    the first is gone."""
    probe, hub = make_probe(), other()
    probe.said["server_url"] = hub.url
    start().meet(probe.sighting())
    check = results.wait(lambda one: one.elsewhere, count=3)
    assert (
        "belongs to another hub" in check.problem
        and hub.url in check.problem
        and "temphub trust TempProbe-0A01" in check.remedy
    )
    assert not probe.posts and trust.standings() == {"TempProbe-0A01": Standing.ELSEWHERE}
    hub.close()
    results.wait(lambda one: one.ok)
    assert len(probe.posts) == 1 and trust.standings() == {"TempProbe-0A01": Standing.PLAIN}


@pytest.mark.parametrize("way", ["trust", "provision"])
def test_who_asks_gets_it(start, make_probe, results, other, trust, way):
    """A person's *Trust*, or POST /api/provision that names the probe, takes it although the other hub
    works."""
    probe, hub = make_probe(), other()
    probe.said["server_url"] = hub.url
    one = start()
    one.meet(probe.sighting())
    results.wait(lambda check: check.elsewhere)
    if way == "trust":
        trust.trust("TempProbe-0A01")
        one.wake("TempProbe-0A01")
    else:
        one.provision_now("TempProbe-0A01")
    results.wait(lambda check: check.ok)
    asked = hub.asked
    results.wait(lambda check: check.ok, count=3)
    assert len(probe.posts) == 1 and hub.asked == asked


def test_who_asks_for_all_gets_those_that_nobody_else_has(start, make_probe, results, other):
    """POST /api/provision with nothing in it names a probe of another hub as such, and leaves it there."""
    probe, free, hub = make_probe("P1"), make_probe("P2"), other()
    probe.said["server_url"] = hub.url
    one = start()
    one.meet(probe.sighting())
    one.meet(free.sighting())
    results.wait(lambda check: check.elsewhere)
    told = {check.probe_id: check for check in one.provision_several(None, None)}
    assert (
        told["P2"].ok
        and not told["P1"].ok
        and "belongs to another hub" in told["P1"].problem
        and not probe.posts
    )


def test_its_own_probes_come_back_to_a_hub_that_moved(start, make_probe, results, other, tmp_path):
    """A hub that has another port or address now takes its probes at once, whether or not its old place still
    answers as itself."""
    for url in (
        other(data_dir=str(tmp_path)).url,
        "http://127.0.0.1:1/api/ingest",
        "",
        "http://temphub.local:8088/api/ingest",
        "nonsense",
    ):
        probe = make_probe(f"P{len(results.all)}")
        probe.said["server_url"] = url
        start().meet(probe.sighting())
        results.wait(lambda check, probe=probe: check.probe_id == probe.said["id"] and check.ok)
        assert len(probe.posts) == 1


def test_a_probe_that_asks_for_a_hub_is_taken(start, make_probe, results, other):
    """A probe that its hub refuses says so, and is nobody's."""
    probe, hub = make_probe(), other()
    probe.said |= {"server_url": hub.url, "needs_provision": True}
    start().meet(probe.sighting())
    results.wait(lambda check: check.ok)


def test_another_program_counts_when_the_probe_delivers_to_it(start, make_probe, results, other):
    """A receiver of somebody's own knows no health page: the probe's own count of what was taken decides."""
    serving, idle, program = make_probe("P1"), make_probe("P2"), other(404)
    serving.said |= {"server_url": program.url, "delivered": 7, "last_error": ""}
    idle.said |= {"server_url": program.url, "delivered": 7, "last_error": "The hub answers 404"}
    one = start()
    one.meet(serving.sighting())
    one.meet(idle.sighting())
    results.wait(lambda check: check.probe_id == "P1" and check.elsewhere)
    results.wait(lambda check: check.probe_id == "P2" and check.ok)
    assert not serving.posts and len(idle.posts) == 1


def test_no_port_of_this_computer_is_looked_at_for_a_device_elsewhere(make_settings, other, trust):
    """A device that says it delivers to 127.0.0.1 means itself; only a probe on this computer is taken at its
    word there."""
    hub = other()
    context = Context(Talk(), make_settings(), 8088, trust)
    said = Status("P1", server_url=hub.url)
    Conversation(context, Sighting("P1", "192.168.77.5", 80)).leave_to_another_hub(said)
    assert hub.asked == 0
    with pytest.raises(TempHubError, match="belongs to another hub"):
        Conversation(context, Sighting("P1", "127.0.0.1", 80)).leave_to_another_hub(said)
    assert hub.asked == 1
