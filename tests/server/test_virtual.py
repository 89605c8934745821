"""server/virtual.py and `temphub probe`: one virtual probe from the command line, as our own help shows
it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.cli import main

PROBE = [sys.executable, "-m", "temphub_kernel", "probe"]


@contextmanager
def probe(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """(the process of the command, the address that its first line names)"""
    environ = {**os.environ, "DATA_DIR": str(data_dir)}
    # Under nohup a closed console is no matter, and what is started there inherits that.
    heeds = (lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) if hasattr(signal, "SIGHUP") else None
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen([*PROBE, *options], env=environ, cwd=data_dir, preexec_fn=heeds, **said)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "listening on" in line, line + process.stdout.read()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


def refused(place: str) -> bool:
    """True when nothing listens there."""
    host, _, port = place.partition(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) != 0


def test_the_example_of_our_own_help_works(tmp_path):
    """`temphub probe --id X --port 0` needs nothing else: settings and readings lie in probes/X of the data
    folder, and last."""
    token = ("--token", "t")
    with probe(tmp_path, "--id", "TempProbe-0A01", "--port", "0", *token) as (_, place):
        assert place.startswith("127.0.0.1:")
        assert "temphub.probe.lock" in {
            path.name for path in (tmp_path / "probes" / "TempProbe-0A01").iterdir()
        }
    with probe(tmp_path, "--id=A:b.", *token):
        assert (tmp_path / "probes" / "A=b.=").is_dir()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT])
def test_the_port_is_free_when_the_command_is_ended(tmp_path, end):
    """However it ends (a service manager, a closed console, Ctrl-C), nothing of it stays: the probe is the
    command itself, not a child."""
    with probe(tmp_path, "--id", "X", "--port", "0", "--token", "t") as (process, place):
        assert not refused(place)
        process.send_signal(end)
        code = process.wait(PATIENCE_S)
        wait_for(lambda: refused(place), 5)
        assert code == (0 if end in (signal.SIGTERM, signal.SIGINT) else -end)


def test_two_virtual_probes_do_not_share_a_folder(tmp_path):
    """The second one of an id says so and what to do, and the first goes on; with a folder of its own it
    runs."""
    environ = {**os.environ, "DATA_DIR": str(tmp_path)}
    with probe(tmp_path, "--id", "X", "--token", "t") as (process, _):
        for given in (("--id", "X"), ("--id", "Y", "--state", str(tmp_path / "probes" / "X"))):
            done = subprocess.run([*PROBE, *given], env=environ, capture_output=True, text=True, timeout=30)
            assert done.returncode == 1 and done.stdout == ""
            assert "Another virtual probe runs with the folder" in done.stderr and "--state" in done.stderr
        assert process.poll() is None
        with probe(tmp_path, "--id", "X", "--state", str(tmp_path / "other"), "--token", "t"):
            assert process.poll() is None
    with probe(tmp_path, "--id", "X", "--token", "t"):
        saved = tmp_path / "probes" / "X" / "settings.json"
        assert saved.exists() and json.loads(saved.read_text())


def test_a_wrong_command_line_ends_in_words(tmp_path, capsys, monkeypatch):
    """Problem and remedy on stderr, exit code 2 or 1, and no folder made for an id that is none."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for given, part in (
        ([], "--id is missing"),
        (["--id", "a b"], "is not a probe id"),
        (["--id", "X", "--colour", "red"], "--colour is not an option"),
    ):
        done = subprocess.run([*PROBE, *given], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and part in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "probes" / "a=b").exists()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file"))
    assert main(["probe", "--id", "X"]) == 1
    assert "Choose another one with --state" in capsys.readouterr().err


def test_help_says_where_the_settings_lie(tmp_path):
    """`temphub probe --help` names the default of --state."""
    done = subprocess.run([*PROBE, "--help"], capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert (
        done.returncode == 0
        and "probes/ID in the hub's data folder" in done.stdout
        and "temphub probe --id ID" in done.stdout
    )
