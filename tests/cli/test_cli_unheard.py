"""Commands in a pipe whose other end has enough: `temphub probes | head`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import TempHub
from support.waiting import wait_for

COMMANDS = [
    ["--help"],
    ["--version"],
    ["export", "--help"],
    ["probes"],
    ["update", "--all"],
    ["calibrate"],
    ["strike-out"],
    ["doctor"],
    ["doctor", "--json"],
    ["firewall"],
    ["service", "status"],
    ["flash", "--list"],
    ["probe", "--help"],
    ["export", "--out", "-"],
]


def unheard(data_dir: Path, port: int, *words: str) -> "subprocess.CompletedProcess[str]":
    """A command whose output nobody reads from the start; PYTHONUNBUFFERED as in most containers, so each
    line meets that."""
    reads, writes = os.pipe()
    os.close(reads)
    env = {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "INTERFACES": "127.0.0.1",
    }
    try:
        return subprocess.run(
            [sys.executable, "-m", "temphub_kernel", *words],
            env=env,
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=writes,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writes)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory):
    """A hub with readings of two probes."""
    from support.ports import free_port

    folder = tmp_path_factory.mktemp("unheard") / "data"
    folder.mkdir()
    started = TempHub(folder, free_port()).ready()
    for probe in ("Fridge", "Freezer"):
        assert started.ask("POST", "/api/ingest", {"probe_id": probe, "temperature_c": 4.5})[0] == 200
    yield started
    assert started.stop() == 0


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_ends_quietly_when_nobody_reads_on(hub: TempHub, words: list[str]) -> None:
    """Piped into `head` or a pager that is left, no command shows a trace or calls that a problem."""
    done = unheard(hub.data_dir, hub.port, *words)
    assert (
        "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr and "unforeseen" not in done.stderr
    ), done.stderr
    assert done.returncode in (0, 1, 141), done.stderr


def test_a_problem_is_still_told_when_nobody_reads_the_rest(data_dir: Path) -> None:
    """What goes wrong is said on standard error as ever, with its exit code."""
    done = unheard(data_dir, 1, "probes")
    assert done.returncode == 1 and "Problem: " in done.stderr and "Traceback" not in done.stderr


def test_a_hub_goes_on_when_nobody_reads_what_it_says(data_dir: Path, free_port: int) -> None:
    """`temphub | head -1` goes on recording after that line, shows no trace, and its log file has the
    rest."""
    reads, writes = os.pipe()
    os.close(reads)
    runs = data_dir.parent / "runs"
    runs.mkdir()
    env = {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
        "TMPDIR": str(runs),
    }
    log = data_dir.parent / "said.txt"
    with log.open("wb") as said:
        command = [sys.executable, "-m", "temphub_kernel", "--no-browser"]
        process = subprocess.Popen(
            command, env=env, cwd=data_dir, stdin=subprocess.DEVNULL, stdout=writes, stderr=said
        )
    os.close(writes)
    watched = TempHub.__new__(TempHub)
    watched.data_dir, watched.port, watched.log, watched.process = data_dir, free_port, log, process
    watched._runs = runs
    try:
        watched.ready()
        assert watched.ask("POST", "/api/ingest", {"probe_id": "Fridge", "temperature_c": 4.5})[1] == {
            "ok": True
        }
        wait_for(lambda: "Fridge" in (data_dir / "temphub.log").read_text(encoding="utf-8"), 20)
    finally:
        code = watched.stop(signal.SIGTERM)
    assert code in (0, 141) and "Traceback" not in watched.text(), watched.text()
