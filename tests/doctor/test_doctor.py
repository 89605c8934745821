"""`temphub doctor`, run on this very computer."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import temphub_kernel as th
from support.waiting import PATIENCE_S
from temphub_kernel.core.clock import monotonic_s
from temphub_kernel.core.finding import PROBLEM, UNKNOWN, WARNING, WELL, Finding, as_text, problem, well
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor import examine
from temphub_kernel.doctor.cli import CHECKS
from temphub_kernel.doctor.context import Case, look
from temphub_kernel.doctor.hub import hub_parts
from temphub_kernel.doctor.network import port


def run(settings: Settings, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The command as a person types it."""
    given = {
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
        **environ,
    }
    command = [sys.executable, "-m", "temphub_kernel", "doctor", *arguments]
    return subprocess.run(
        command, env={**os.environ, **given}, capture_output=True, encoding="utf-8", timeout=60, check=False
    )


def test_a_computer_without_a_hub_is_examined_and_left_as_it_was(settings: Settings) -> None:
    """Before the first start every check gives a line, the exit code is 0, and not a single file is left
    behind."""
    done = run(settings, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["ok"] is True, done.stdout + done.stderr
    names = {one["check"] for one in answer["findings"]}
    assert {
        "Version",
        "Python",
        "Packages",
        "Port",
        "Firewall",
        "Interfaces",
        "Disk space",
        "Disk speed",
        "Clock",
        "Sleep",
    } <= names
    assert {"CSV log", "Journal", "Probes", "Multicast on 127.0.0.1"} <= names
    assert all(
        set(one) == {"check", "level", "result", "remedy"} and one["result"].endswith(".")
        for one in answer["findings"]
    )
    assert not list(settings.data_dir.iterdir())


def test_a_running_hub_is_recognised(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the hub running the port is its own, and its journal is sound."""
    for name, value in {
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
        "HOST": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("INTERFACES", "127.0.0.1")
    th.start()
    try:
        found = {
            one.check: one
            for one in examine(
                settings,
                checks={name: CHECKS[name] for name in ("Version", "Port", "Hub", "Journal", "CSV log")},
            )
        }
    finally:
        th.stop()
    assert {one.level for one in found.values()} == {WELL}
    assert (
        "this hub's own" in found["Port"].result and "the running hub is the same" in found["Version"].result
    )


def test_a_part_of_the_hub_in_trouble_is_told_in_its_own_words(settings: Settings) -> None:
    """What a part of the running hub says of itself is a line of its own; parts that are well are one line
    together."""
    well_part = {"name": "journal", "running": True, "problem": "", "remedy": ""}
    bad_part = {"name": "mqtt", "running": True, "problem": "The broker is away.", "remedy": "Check it."}
    health = {"ok": True, "data_dir": str(settings.data_dir), "uptime_s": 120, "workers": [well_part]}
    (found,) = hub_parts(Case(settings, settings.local_url, health, held=True))
    assert found.level == WELL and "2 minutes" in found.result
    (found,) = hub_parts(
        Case(settings, settings.local_url, {**health, "workers": [well_part, bad_part]}, held=True)
    )
    assert (found.level, found.check, found.result, found.remedy) == (
        PROBLEM,
        "Hub, mqtt",
        "The broker is away.",
        "Check it.",
    )
    told = {**health, "told": [{"problem": "9 readings were taken in.", "remedy": "Stop the hub first."}]}
    first, second = hub_parts(Case(settings, settings.local_url, told, held=True))
    assert first.level == WARNING and "9 readings" in first.result and second.level == WELL
    assert not list(hub_parts(Case(settings, settings.local_url, {}, held=False)))


def test_another_program_on_the_port_is_named(settings: Settings) -> None:
    """When another program holds the port the person reads which one it is, and what to set."""
    code = (
        f"import socket; s = socket.create_server(('127.0.0.1', {settings.port})); print('up', "
        "flush=True); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout and other.stdout.readline()
        (found,) = port(look(settings))
    finally:
        other.communicate(b"\n", timeout=PATIENCE_S)
    assert found.level == PROBLEM and f"process {other.pid}" in found.result and "python" in found.result
    assert "set PORT in Start.bat to a free port" in found.remedy


def test_a_second_hub_on_the_port_is_told_from_this_one(settings: Settings) -> None:
    """A hub of another data folder on the same port is a problem, named with its folder."""
    (found,) = port(Case(settings, settings.local_url, {"ok": True, "data_dir": "/elsewhere"}, held=False))
    assert found.level == PROBLEM and "/elsewhere" in found.result and found.remedy.startswith("Use that hub")


def test_an_address_that_is_not_ours_is_a_problem(settings: Settings) -> None:
    """HOST set to an address that this computer does not have is found before the start fails on it."""
    wrong = Settings.from_environ({"DATA_DIR": str(settings.data_dir), "HOST": "203.0.113.9"})
    (found,) = port(Case(wrong, "", {}, held=False))
    assert found.level == PROBLEM and "203.0.113.9" in found.result and found.remedy.startswith("Set HOST")


def test_a_wrong_setting_is_the_finding(settings: Settings) -> None:
    """A setting that stops the hub is told in the same words, with exit code 1."""
    done = run(settings, PORT="many")
    assert done.returncode == 1 and "PROBLEM  Settings: The setting PORT is 'many'" in done.stdout
    assert "-> Set PORT to a whole number" in done.stdout


def test_a_problem_sets_the_exit_code(settings: Settings) -> None:
    """Scripts see a problem by exit code 1."""
    with socket.create_server(("127.0.0.1", settings.port)):
        done = run(settings)
    assert done.returncode == 1 and "1 problem found" in done.stdout


def test_a_check_that_hangs_or_breaks_does_not_take_the_others_with_it(settings: Settings) -> None:
    """Whatever one check does, the answer comes in time, and all other checks are in it."""

    over = threading.Event()

    def hangs(_case: Case) -> list[Finding]:
        over.wait(2 * PATIENCE_S)
        return []

    def breaks(_case: Case) -> list[Finding]:
        raise OSError("the tool is gone")

    began = monotonic_s()
    found = examine(
        settings, checks={"a": hangs, "b": breaks, "c": lambda _case: [well("c", "Fine.")]}, limit_s=0.3
    )
    over.set()
    assert monotonic_s() - began < PATIENCE_S
    assert [(one.check, one.level) for one in found] == [("a", UNKNOWN), ("b", PROBLEM), ("c", WELL)]
    assert "the tool is gone" in found[1].result and all(one.remedy for one in found[:2])


def test_the_remedy_stands_below_its_problem() -> None:
    """A person reads the result and right below it what to do."""
    text = as_text([well("A", "Fine."), problem("B", "Bad.", "Mend it.")])
    assert text.splitlines() == [
        "     ok  A: Fine.",
        "PROBLEM  B: Bad.",
        "         -> Mend it.",
        "",
        "1 problem found; what to do stands behind ->.",
    ]


def test_a_folder_that_cannot_be_used_is_a_finding(settings: Settings, tmp_path: Path) -> None:
    """A data folder that cannot be made stops nothing of the examination."""
    (tmp_path / "a file").write_text("")
    settings = Settings.from_environ(
        {"DATA_DIR": str(tmp_path / "a file" / "data"), "PORT": str(settings.port), "INTERFACES": "127.0.0.1"}
    )
    found = examine(
        settings, checks={name: CHECKS[name] for name in ("Port", "Disk", "CSV log", "Journal", "Probes")}
    )
    assert len(found) >= 5 and not any("unforeseen" in one.result for one in found)
