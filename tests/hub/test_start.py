"""`th.start()`: become the hub, or attach."""

import http.client
import json
import os
import socket
import subprocess
import sys

import pytest

import temphub_kernel as th
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.hub import PAGE, Attached, HubClient, read_info
from temphub_kernel.hub.hub import RunningHub
from temphub_kernel.hub.lock import HubLock, is_running
from temphub_kernel.journal import Reader


@pytest.fixture
def environ(monkeypatch, data_dir, free_port):
    """The settings of a hub that stays on this computer; whatever it starts is stopped."""
    settings = {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield {**os.environ, **settings}
    th.stop()


def ask(url: str, method: str = "GET", path: str = "/api/health", body=None):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_start_makes_this_process_the_hub(environ, data_dir, free_port):
    """With no hub around, `th.start()` is the hub: it answers, stores, and tells where it is."""
    hub = th.start()
    assert isinstance(hub, RunningHub) and hub.role == "hub"
    assert hub.url == f"http://127.0.0.1:{free_port}"
    assert ask(hub.url, "POST", "/api/ingest", {"temperature_c": 4.5}) == (200, b'{"ok":true}')
    info = read_info(data_dir)
    assert info and (info.pid, info.url, info.page) == (os.getpid(), hub.url, False)
    assert hub.url in repr(hub)


def test_starting_twice_is_starting_once(environ):
    """Running the cell again returns the running hub."""
    hub = th.start()
    assert th.start() is hub


def test_stop_leaves_nothing_and_start_may_follow(environ, data_dir, free_port):
    """After `th.stop()` lock and port are free and what was acknowledged is in the CSV; a new start goes
    on."""
    hub = th.start()
    ask(hub.url, "POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "p"})
    th.stop()
    assert not is_running(data_dir) and read_info(data_dir) is None
    with socket.socket() as again:
        again.bind(("127.0.0.1", free_port))
    assert (data_dir / "temperature_log.csv").read_text(encoding="utf-8").count("\n") == 2
    again_hub = th.start()
    assert again_hub is not hub and ask(again_hub.url)[0] == 200


def test_another_process_attaches(environ):
    """Where a hub runs, `th.start()` in another kernel attaches to it, and its stop leaves the hub alone."""
    hub = th.start()
    code = "import temphub_kernel as th; hub = th.start(); print(hub.role, hub.url); th.stop()"
    out = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=30, check=True
    )
    assert out.stdout.split() == ["attached", hub.url]
    assert ask(hub.url)[0] == 200


def test_a_kernel_that_attached_becomes_the_hub_when_the_hub_is_gone(environ, data_dir):
    """Running the cell again after the hub has gone makes this kernel the hub."""
    other = HubLock(data_dir)
    assert other.take()
    assert isinstance(th.start(), Attached)
    other.release()
    assert isinstance(th.start(), RunningHub)


def test_a_page_never_becomes_the_hub(environ, monkeypatch):
    """A viewer kernel attaches even when there is no hub: ingest must not depend on a tab."""
    monkeypatch.setenv("TEMPHUB_ROLE", "viewer")
    assert th.start().role == "attached"


def test_a_taken_port_says_which_setting_to_change(environ, data_dir, free_port):
    """A kernel that cannot get the port says so, names PORT, and leaves no lock."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", free_port))
        stranger.listen()
        with pytest.raises(TempHubError, match=f"Port {free_port} is used") as caught:
            th.start()
    assert "set PORT" in caught.value.remedy
    assert not is_running(data_dir)


def test_the_hub_of_a_killed_process_leaves_the_lock_free(environ, data_dir):
    """However the hub's process dies, the next start becomes the hub."""
    code = "import temphub_kernel as th, time; th.start(); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout and process.stdout.readline() == b"up\n"
        assert is_running(data_dir)
        process.kill()
    assert isinstance(th.start(), RunningHub)


def test_health_is_left_in_the_journal(environ, data_dir):
    """Every page finds the hub's state in the journal, with the last problem and its remedy."""
    hub = th.start()

    def note():
        with Reader(hub.journal) as reader:
            return reader.note("health")

    at_ms, body = wait_for(lambda: note()[0] and note())
    assert at_ms > 0 and body["readings"] == 0 and body["urls"] == [hub.url]
    assert {worker["name"] for worker in body["workers"]} >= {
        "journal",
        "endpoint",
        "csvlog",
        "discovery",
        "provisioner",
    }
    assert all(worker["running"] for worker in body["workers"])


def test_provisioning_from_a_page_answers_in_words(environ, free_port):
    """'Provision now' says what came of it, also when the probe is unknown or the hub is away."""
    hub = th.start()
    client = HubClient(hub.settings, hub.url, PAGE)
    assert "nobody" in client.provision("nobody") and " — " in client.provision("nobody")
    th.stop()
    assert "does not answer" in client.provision("nobody")


def test_a_busy_main_thread_does_not_stop_a_reading(environ):
    """A cell that computes without pause delays no acknowledgement by more than the interpreter's own
    turn-taking."""
    code = (
        "import temphub_kernel as th, time\nth.start(); print('up', flush=True)\n"
        "end = time.monotonic() + 60\nwhile time.monotonic() < end: sum(range(1000))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout and process.stdout.readline() == b"up\n"
        url = f"http://127.0.0.1:{environ['PORT']}"
        for n in range(20):
            assert ask(url, "POST", "/api/ingest", {"temperature_c": n}) == (200, b'{"ok":true}')
        process.kill()
