"""Whatever happens to pages, or to any one process, recording goes on; and when it is over nothing is
left."""

import contextlib
import http.client
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from support.running import lives
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.hub.lock import STOP_FILE
from temphub_kernel.journal import Reader


class Sender(threading.Thread):
    """Delivers a numbered reading every 50 ms, each until it is acknowledged; keeps the longest time without
    an acknowledgement."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.acknowledged, self.longest_s, self.stopping = port, 0, 0.0, threading.Event()

    def run(self):
        last = time.monotonic()
        while not self.stopping.wait(0.05):
            if self.sent():
                self.acknowledged += 1
                self.longest_s = max(self.longest_s, time.monotonic() - last)
                last = time.monotonic()

    def begin(self):
        """Starts it; returns when it delivers."""
        self.start()
        wait_for(lambda: self.acknowledged > 5)

    def sent(self):
        body = {
            "probe_id": "p",
            "boot": "a1b2c3d4",
            "readings": [{"seq": self.acknowledged, "age_ms": 0, "temperature_c": 20.5}],
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/api/ingest", json.dumps(body))
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def check(self, data_dir, longest_s):
        """Stops; everything is there once, and at no time was it refused for longer."""
        self.stopping.set()
        self.join(PATIENCE_S)
        with Reader(data_dir / "temphub.sqlite3") as reader:
            stored = [point.seq for point in reader.after(0, 1_000_000)]
        assert (
            self.acknowledged > 20
            and sorted(stored) == list(range(len(stored)))
            and len(stored) >= self.acknowledged
        )
        assert self.longest_s < longest_s, f"nothing was acknowledged for {self.longest_s:.2f} s"


@pytest.fixture
def delivering(opened_temphub):
    """(a hub with its pages up, something that will deliver to it once it is begun)."""
    temphub = opened_temphub
    wait_for(lambda: pages(temphub)["running"] and temphub.page_server() and len(temphub.kernels()) == 2, 90)
    sender = Sender(temphub.port)
    yield temphub, sender
    sender.stopping.set()
    if sender.ident:
        sender.join(PATIENCE_S)


def pages(temphub):
    """What the hub says of its page server; empty while it cannot be asked."""
    try:
        return next(one for one in temphub.ask("GET", "/api/health")[1]["workers"] if one["name"] == "pages")
    except OSError:
        return {}


def shows_page(temphub):
    try:
        status, body = temphub.ask("GET", "/", timeout_s=30)
    except OSError:
        return False
    return status == 200 and b"kernelId" in body


@pytest.mark.alone
@pytest.mark.parametrize("name", ["keeper", "supervisor", "page_server"])
def test_a_kill_of_any_but_the_hub_stops_no_reading(delivering, data_dir, name):
    """Keeper, supervisor or page server killed outright: readings are acknowledged all the while, the killed
    one is replaced, the page is there again, and a polite kill of the supervisor ends everything."""
    temphub, sender = delivering
    sender.begin()
    kernel, before, kernels = temphub.hub_kernel(), getattr(temphub, name)(), temphub.kernels()
    before.kill()
    wait_for(lambda: (now := getattr(temphub, name)()) and now.pid != before.pid, 30)
    wait_for(lambda: shows_page(temphub), 90)
    wait_for(lambda: sender.acknowledged > 40)
    sender.check(data_dir, 1.0)
    assert temphub.hub_kernel() == kernel
    # With a page server that was killed the pages' kernel goes on, too; their supervisor ends both in order,
    # as its successor begins anew.
    assert (temphub.kernels() == kernels) == (name != "supervisor")
    left = temphub.processes()
    wait_for(lambda: len(temphub.processes()) >= 5 and temphub.keeper() and temphub.supervisor(), 30)
    temphub.supervisor().send_signal(signal.SIGTERM)
    wait_for(lambda: not temphub.processes(), 15)
    assert left and not temphub.folder()


@pytest.mark.alone
def test_a_page_server_that_hangs_is_replaced(delivering, data_dir):
    """A page server that no longer answers, whatever the reason, is noticed within 10 s and replaced;
    readings go on."""
    temphub, sender = delivering
    sender.begin()
    hung = temphub.page_server()
    hung.suspend()
    began = time.monotonic()
    wait_for(lambda: not hung.is_running(), 15)
    assert time.monotonic() - began < 11
    wait_for(lambda: shows_page(temphub), 90)
    wait_for(lambda: "the page server does not answer; another is started" in temphub.text())
    sender.check(data_dir, 1.0)
    assert temphub.stop() == 0


@pytest.mark.alone
def test_a_page_server_that_takes_too_much_memory_is_replaced(start_temphub, data_dir):
    """One that outgrows what it may have is ended before it takes the computer's memory; the third time
    health and doctor say so."""
    temphub = start_temphub(TEMPHUB_PAGE_MB="30").ready()
    sender = Sender(temphub.port)
    sender.start()
    said = wait_for(lambda: "3 times" in (found := pages(temphub)).get("problem", "") and found, 120, 0.2)
    assert (
        "MB of memory" in said["problem"]
        and "readings are stored all the same" in said["problem"]
        and said["remedy"]
    )
    status, answer = temphub.ask("GET", "/")
    assert (status, answer["error"]) == (503, "page_unavailable")
    wait_for(lambda: sender.acknowledged > 40)
    sender.check(data_dir, 1.0)
    wait_for(lambda: "more than the 30 MB that it may" in temphub.text())
    assert temphub.stop() == 0


@pytest.mark.parametrize("moment", ["spawned", "answers"])
def test_a_hub_kernel_killed_while_it_starts_does_not_end_the_start(start_temphub, moment):
    """Killed as soon as it is there, or as soon as it first answers, before the start is through: another is
    started, and it goes on."""
    temphub = start_temphub()
    wait_for(temphub.hub_kernel if moment == "spawned" else temphub.answers, 60, 0.005)
    first = temphub.hub_kernel()
    first.kill()
    wait_for(lambda: temphub.process.poll() is not None or "Press Ctrl-C" in temphub.text(), 90)
    assert temphub.ready().hub_kernel() != first
    assert temphub.stop() == 0


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "closed console"])
def test_nothing_is_left_when_it_is_over(start_temphub, how):
    """Ctrl-C to all in the console, a polite kill of the first process, or the console's window closed: no
    process, no file remains."""
    if os.name != "posix":
        cannot("signals and pseudo terminals are POSIX")
    temphub, terminal = (start_temphub(), -1) if how == "SIGTERM" else _in_terminal(start_temphub)
    try:
        temphub.ready()
        wait_for(lambda: len(temphub.kernels()) == 2, 90)
        # What a process of ours starts is for a moment one more of its kind.
        before = wait_for(lambda: len(found := temphub.processes()) == 5 and found)
        if how == "SIGTERM":
            temphub.process.terminate()
        elif how == "Ctrl-C":
            os.write(terminal, b"\x03")
        else:
            os.close(terminal)
            terminal = -1
        assert temphub.process.wait(PATIENCE_S) == 0
        assert not [process for process in before if lives(process)]
        assert not temphub.folder()
    finally:
        with contextlib.suppress(OSError):
            os.close(terminal)


def test_a_polite_kill_of_a_supervisor_that_only_starts_ends_it_all(start_temphub):
    """Asked before it could listen it is not taken for one that was killed, and started again."""
    if os.name != "posix":
        cannot("on Windows there is no polite kill")
    temphub = start_temphub()
    first = psutil.Process(temphub.process.pid)
    starting = wait_for(
        lambda: next((one for one in first.children() if "-P" in one.cmdline()), None), 60, 0.005
    )
    starting.terminate()
    assert temphub.process.wait(30) == 0
    wait_for(lambda: not temphub.processes(), 30)
    assert not temphub.folder()


def test_temphub_stop_ends_a_hub_without_a_window(start_temphub, data_dir):
    """`temphub stop` ends all of it, and says so; where none runs it says that. The next start is not ended
    by it."""
    temphub = start_temphub().ready()
    env = {**os.environ, "DATA_DIR": str(data_dir)}

    def stop():
        return subprocess.run(
            [sys.executable, "-m", "temphub_kernel", "stop"],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = stop()
    assert done.returncode == 0 and "has stopped" in done.stdout, done.stderr
    assert temphub.process.wait(PATIENCE_S) == 0
    wait_for(lambda: not temphub.processes(), 15)
    done = stop()
    assert done.returncode == 1 and "No hub runs" in done.stdout
    (data_dir / STOP_FILE).touch()
    again = start_temphub().ready()
    assert not (data_dir / STOP_FILE).exists() and again.supervisor()


def _in_terminal(start_temphub):
    """(a hub in a new pseudo terminal, the terminal's other side)"""
    terminal, side = pty.openpty()

    def begin(command, env):
        return subprocess.Popen(command, env=env, stdin=side, stdout=side, stderr=side, preexec_fn=_lead)

    temphub = start_temphub(how=begin)
    os.close(side)
    return temphub, terminal


def _lead():
    """Become the leader of the terminal's session, as a shell that runs one command."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
