"""`GET /api/doctor`: the doctor's findings, one examination at a time, for those who may look."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from support.attacks import connect
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api import background
from temphub_kernel.core.errors import TempHubError


def examined() -> list[int]:
    """The examinations that run now."""
    return [one.pid for one in psutil.Process().children() if "doctor" in _line(one)]


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_the_page_is_told_what_the_command_says(hub) -> None:
    """Every check of `temphub doctor` is in the answer, made for this very hub: its own port and data
    folder."""
    status, answer = hub.ask("GET", "/api/doctor")
    assert status == 200 and answer["ok"] is True
    checks = {one["check"]: one for one in answer["findings"]}
    assert {
        "Version",
        "Python",
        "Packages",
        "Port",
        "Disk space",
        "Clock",
        "CSV log",
        "Journal",
        "Probes",
    } <= set(checks)
    assert (
        str(hub.port) in checks["Port"]["result"]
        and str(hub.journal.parent) in checks["Disk space"]["result"]
    )
    assert answer["well"] == all(one["level"] != "problem" for one in answer["findings"])


def test_many_who_ask_at_once_cost_one_examination(hub) -> None:
    """Five pages that press the button together are given one and the same answer, and readings are taken
    meanwhile."""
    seen: set[int] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            seen.update(examined())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(5) as pool:
            asked = [pool.submit(hub.ask, "GET", "/api/doctor") for _ in range(5)]
            wait_for(examined, 20)
            assert hub.ask("POST", "/api/ingest", {"temperature_c": 21.5}) == (200, {"ok": True})
            assert not any(one.done() for one in asked)
            answers = {json.dumps(one.result()) for one in asked}
    finally:
        over.set()
        watcher.join()
    assert len(answers) == 1 and len(seen) == 1


def test_a_crowd_of_one_address_holds_no_connections(hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hundreds that one address asks at once some wait, the others are told that it is busy; another
    address has its answer, and when an examination fails it has failed for all who waited: they do not begin
    one each."""
    begun: list[int] = []
    fail = threading.Event()

    def begin(settings: object) -> "subprocess.Popen[bytes]":
        begun.append(1)
        assert fail.wait(60)
        raise OSError("no process can be started")

    monkeypatch.setattr(background, "_begin", begin)

    def ask(address: str) -> tuple[int, str]:
        with closing(
            http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60, source_address=(address, 0))
        ) as one:
            one.request("GET", "/api/doctor")
            reply = one.getresponse()
            return reply.status, json.loads(reply.read())["error"]

    monkeypatch.setattr(background, "is_here", lambda address: address == "127.0.0.1")
    connect(hub.port, "127.0.0.3").close()
    with ThreadPoolExecutor(100) as pool:
        crowd = [pool.submit(ask, "127.0.0.3") for _ in range(60)]
        wait_for(lambda: sum(one.done() for one in crowd) == 60 - background.MOST_EACH, 60)
        assert {one.result() for one in crowd if one.done()} == {(503, "busy")}
        others = [pool.submit(ask, address) for address in ("127.0.0.4", "127.0.0.1")]
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 21.5}) == (200, {"ok": True})
        fail.set()
        assert {one.result() for one in others} == {(503, "not_examined")}
        assert {one.result()[1] for one in crowd} == {"busy", "not_examined"} and len(begun) <= 3


def test_with_a_password_only_those_who_are_let_in_see_it(make_hub) -> None:
    """What stands on this computer is nobody's business who shows neither login nor token; nothing is
    examined for them."""
    hub = make_hub(token="secret-token", environ={"UI_PASSWORD": "correct horse"})
    status, answer = hub.ask("GET", "/api/doctor")
    assert (status, answer["error"]) == (401, "login_needed") and not examined()
    assert hub.ask("GET", "/api/doctor", headers={"X-Token": "secret-token"})[0] == 200


def test_a_hub_that_stops_does_not_wait_for_an_examination(hub) -> None:
    """Stopping ends the examination under way, and whoever waits for it is told something or let go, never
    kept."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(hub.ask, "GET", "/api/doctor")
        wait_for(examined, 20)
        assert hub.endpoint.stop(timeout_s=4.0)
        assert not examined()
        # Or the connection went with the endpoint.
        with suppress(OSError, ValueError):
            assert asked.result(timeout=PATIENCE_S)[1]["error"] == "not_examined"


def test_an_examination_that_is_only_begun_when_the_hub_stops_ends(
    hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is ended though the stop came before anybody knew of it: no stop waits for it."""
    made = background.Examinations(hub.settings, background.Turns())
    begun: list[subprocess.Popen[bytes]] = []

    def begin(_: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        begun.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        made.close()
        return begun[0]

    monkeypatch.setattr(background, "_begin", begin)
    monkeypatch.setattr(background, "LIMIT_S", 2.0)
    with pytest.raises(TempHubError) as told:
        asyncio.run(made.latest("127.0.0.1"))
    assert "took longer" not in told.value.problem and begun[0].returncode is not None


def test_an_examination_that_fails_is_told_in_words(
    hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command that breaks gives problem and remedy, not half an answer; the next one tries again."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.exit('this Python is broken')")
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONPATH", str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", ""))
        status, answer = hub.ask("GET", "/api/doctor")
    assert (status, answer["error"]) == (503, "not_examined") and "temphub doctor" in answer["remedy"]
    assert hub.ask("GET", "/api/doctor")[0] == 200


def test_an_examination_that_takes_too_long_is_ended(hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever: past the limit the process is ended and that is said."""
    monkeypatch.setattr(background, "LIMIT_S", 0.05)
    status, answer = hub.ask("GET", "/api/doctor")
    assert status == 503 and "took longer" in answer["problem"] and not examined()
