"""`temphub`, from start to Ctrl-C."""

import contextlib
import os
import signal
import socket
import sys
import time

import pytest

from support import ports
from support.running import lives
from support.waiting import cannot, wait_for
from temphub_kernel.core.programs import FIRST
from temphub_kernel.hub.lock import LOCK_FILE, is_running
from temphub_kernel.journal import Reader
from temphub_kernel.server.run import SERVER_LOCK


@pytest.mark.alone
def test_it_starts_says_where_it_is_and_stops_clean(ready_temphub, data_dir, free_port):
    """The console names page, CSV and data folder; Ctrl-C ends everything within 5 s: no kernel, lock or port
    left."""
    temphub = ready_temphub
    wait_for(lambda: "Press Ctrl-C" in temphub.text())
    assert f"Page: http://127.0.0.1:{free_port}" in temphub.text()
    assert str(data_dir / "temperature_log.csv") in temphub.text()
    assert temphub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "p"}) == (200, {"ok": True})
    wait_for(lambda: len(temphub.kernels()) == 2, 60)
    kernels = temphub.kernels()
    began = time.monotonic()
    assert temphub.stop() == 0
    assert time.monotonic() - began < 5.0
    assert not [kernel for kernel in kernels if kernel.is_running()]
    assert not is_running(data_dir, LOCK_FILE) and not is_running(data_dir, SERVER_LOCK)
    with socket.socket() as again:
        # What the system still remembers of connections that are over is no listener.
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", free_port))
    assert "Traceback" not in temphub.text()
    assert (data_dir / "temperature_log.csv").read_text(encoding="utf-8").count("\n") == 2


def test_a_polite_kill_stops_it_too(start_temphub):
    """SIGTERM, as a service manager sends it, ends everything as Ctrl-C does."""
    temphub = start_temphub().ready()
    assert temphub.stop(signal.SIGTERM) == 0


def test_a_second_start_shows_the_first(start_temphub, data_dir, free_port):
    """A second `temphub` on the same data folder says that a hub runs and where, and leaves it alone."""
    first = start_temphub().ready()
    second = start_temphub("--no-browser", port=ports.free_port())
    assert second.process.wait(60) == 0
    assert "A hub runs already" in second.text() and f"http://127.0.0.1:{free_port}" in second.text()
    assert first.answers()


def test_a_taken_port_is_a_clear_stop(start_temphub, free_port, data_dir):
    """A port that a stranger holds stops the start with the problem, the setting to change, and exit code
    1."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", free_port))
        stranger.listen()
        temphub = start_temphub()
        assert temphub.process.wait(60) == 1
    assert f"Problem: Port {free_port} is used by another program" in temphub.text()
    assert "set PORT in Start.bat" in temphub.text()
    assert "Traceback" not in temphub.text()
    assert not is_running(data_dir, LOCK_FILE)


@pytest.mark.parametrize(
    ("name", "value"), [("DEFAULT_INTERVAL_MS", "often"), ("LOG_LEVEL", "LOUD"), ("PUBLIC_BASE", "hub")]
)
def test_a_wrong_setting_is_a_clear_stop(start_temphub, name, value):
    """A wrong setting stops the start with its name, the value met and what is allowed."""
    temphub = start_temphub(**{name: value})
    assert temphub.process.wait(60) == 1
    assert name in temphub.text() and value in temphub.text() and "What to do: Set" in temphub.text()
    assert "Traceback" not in temphub.text()


def test_a_data_folder_that_cannot_be_used_is_a_clear_stop(start_temphub, tmp_path, free_port):
    """A data folder that is a file stops the start in words."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    temphub = start_temphub(folder=tmp_path, DATA_DIR=str(blocked / "below"))
    assert temphub.process.wait(60) == 1
    assert "data folder" in temphub.text() and "Set DATA_DIR" in temphub.text()
    assert "Traceback" not in temphub.text()


def test_with_nobody_left_the_rest_ends_by_itself(start_temphub, data_dir):
    """When keeper and supervisor are killed in one go all else ends by itself, and a new start waits for that
    and goes on."""
    temphub = start_temphub().ready()
    temphub.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "p"})
    watchers = [temphub.supervisor(), temphub.keeper()]
    before = temphub.processes()
    for watcher in watchers:
        watcher.suspend()
    for watcher in watchers:
        watcher.kill()
    temphub.process.wait()
    again = start_temphub()
    # Until then it answers still.
    wait_for(lambda: not [one for one in before if lives(one)], 15)
    again.ready()
    again.ask("POST", "/api/ingest", {"temperature_c": 2, "probe_id": "p"})
    assert again.stop() == 0
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert [point.units for point in reader.after(0, 10)] == [10_000_000, 20_000_000]


def test_demo_probes_are_found_and_told_where_to_deliver(start_temphub, data_dir):
    """`temphub demo` shows live temperatures from virtual probes that were discovered and provisioned, says
    so, and keeps them apart."""
    log = str(data_dir.parent / "all-readings.csv")
    temphub = start_temphub(
        "demo", "--probes", "3", "--no-browser", SERVER_TOKEN="only-this-test", CSV_FILE=log
    ).ready()

    def delivering():
        # Whatever else advertises itself on this computer is not this test's.
        probes = [p for p in temphub.ask("GET", "/api/probes")[1]["probes"] if p["id"].startswith("Demo-")]
        return len(probes) == 3 and all(p["virtual"] and p["readings"] >= 2 for p in probes)

    wait_for(delivering, 20)
    wait_for(lambda: all(f"found Demo-{n} (virtual)" in temphub.text() for n in (1, 2, 3)))
    real = start_temphub(port=ports.free_port()).ready()
    # What the demo's probes announce reaches the real hub within seconds.
    demo_log = data_dir / "demo-data" / "all-readings.csv"
    wait_for(lambda: demo_log.read_text(encoding="utf-8").count("\n") >= 7)
    assert not seen_within(real, 8), "a real hub took up a demo's probes"
    assert real.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "p"})[0] == 200
    assert real.stop() == temphub.stop() == 0
    lines = demo_log.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "timestamp,local_time,probe_id,temperature_c,quality" and len(lines) >= 7
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert [
            probe["id"] for probe in reader.probes() if probe["id"].startswith("Demo-")
        ] == [] and reader.count() == 1
    assert not (data_dir.parent / "all-readings.csv").exists()


def seen_within(hub, wait_s):
    """Whether the hub knows a probe of a demo within the time, and for as long as it takes to hear of all
    three."""
    end = time.monotonic() + wait_s

    def told():
        if any(probe["id"].startswith("Demo-") for probe in hub.ask("GET", "/api/probes")[1]["probes"]):
            return "known"
        heard = hub.ask("GET", "/api/health")[1]["seen"]["adverts"] >= 3
        return time.monotonic() > end and heard and "only heard"

    return wait_for(told, 45, 0.2) == "known"


def test_the_start_says_what_nobody_reads_and_what_is_new(start_temphub):
    """A setting that does not exist and a data folder without readings are told at the start, with what to
    do."""
    temphub = start_temphub(PORTT="8090").ready()
    wait_for(lambda: "Press Ctrl-C" in temphub.text())
    said = temphub.text()
    assert "There is no setting PORTT, so it has no effect. Correct the name if PORT is meant." in said
    assert (
        said.count("is new: there are no readings in it yet. If you expect earlier readings, set DATA_DIR to")
        == 1
    )
    temphub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "p"})
    temphub.stop()
    assert "is new" not in start_temphub().ready().text()


def test_recording_goes_before_pages(start_temphub):
    """Where the system allows it the hub's threads have a priority above that of the page server and of the
    pages' kernel."""
    if sys.platform == "win32" or os.geteuid() != 0:
        cannot("only root may put a process before others")
    temphub = start_temphub().ready()
    wait_for(lambda: len(temphub.kernels()) == 2, 60)
    hub = temphub.hub_kernel()
    first = [number for number in (one.id for one in hub.threads()) if priority(number) == FIRST]
    assert hub.pid in first and len(first) > 5

    def others():
        # What a process of ours starts is for a moment one more.
        return {one.pid: priority(one.pid) for one in temphub.processes() if one.pid != hub.pid}

    wait_for(lambda: list(others().values()) == [0] * 4)


def priority(number):
    """Of a thread, or a process; None where it has ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        return os.getpriority(os.PRIO_PROCESS, number)
