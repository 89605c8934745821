"""`temphub` run as a user runs it: a process of its own, stopped as a user stops it."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests

from temphub_kernel.core.run_folder import RunFolder
from temphub_kernel.core.settings import ALLOWED

from .waiting import patient, wait_for

READY_S = 90.0
# What is answered, or has ended, in a moment where nothing else is at work.
ANSWER_S, STOP_S = 5.0, 8.0


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended, be it while it is looked at."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class TempHub:
    """A `temphub` process on the loopback interface. how: what starts a command with an environment, if not
    as usual."""

    def __init__(
        self,
        data_dir: Path,
        port: int,
        *arguments: str,
        how: Callable[[list[str], dict[str, str]], "subprocess.Popen[bytes]"] | None = None,
        **settings: str,
    ) -> None:
        self.data_dir = data_dir
        self.port = port
        self.log = data_dir.parent / f"temphub-{port}.log"
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("TEMPHUB_") and name not in ALLOWED
        }
        # A server that a test kills leaves its connection files: in the test's own folder.
        scratch = data_dir.parent / "scratch"
        self._runs = scratch / f"port-{port}"
        self._runs.mkdir(parents=True, exist_ok=True)
        env |= {
            "TMPDIR": str(self._runs),
            "JUPYTER_RUNTIME_DIR": str(scratch),
            "IPYTHONDIR": str(scratch / "ipython"),
        }
        # What `Start.bat` would set; nothing leaves this computer.
        env |= {
            "DATA_DIR": str(data_dir),
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            **settings,
        }
        command = [sys.executable, "-m", "temphub_kernel", *(arguments or ("--no-browser",))]
        self._env = env
        with self.log.open("wb") as log:
            quiet = {"stdout": log, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "cwd": data_dir}
            begin = how or (lambda command, env: subprocess.Popen(command, env=env, **quiet))
            self.process = begin(command, self._env)

    def text(self) -> str:
        """What it said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self) -> "TempHub":
        """Waits until the hub answers."""
        wait_for(lambda: self.process.poll() is not None or self.answers(), READY_S)
        assert self.process.poll() is None, self.text()
        return self

    def page_ready(self) -> bytes:
        """Waits until the page server has a page, which takes longer than the hub; the page. Logs in where
        there is a password."""
        return bytes(
            wait_for(lambda: next((page for code, page in [self._page()] if code == 200), b""), READY_S)
        )

    def _page(self) -> tuple[int, bytes]:
        with requests.Session() as visit:
            address = f"http://127.0.0.1:{self.port}"
            if password := self._env.get("UI_PASSWORD"):
                visit.post(f"{address}/login", {"password": password}, timeout=60, allow_redirects=False)
            reply = visit.get(f"{address}/", timeout=60)
            return reply.status_code, reply.content

    def answers(self) -> bool:
        """Whether the hub answers right now."""
        try:
            return self.ask("GET", "/api/health", timeout_s=ANSWER_S)[0] == 200
        except OSError:
            return False

    def ask(
        self, method: str, path: str, body: Any = None, timeout_s: float | None = None
    ) -> tuple[int, Any]:
        """(status, JSON or bytes) of one request."""
        longest_s = patient(ANSWER_S) if timeout_s is None else timeout_s
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=longest_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            reply = connection.getresponse()
            raw = reply.read()
            return reply.status, json.loads(raw) if reply.headers.get("Content-Type", "").startswith(
                "application/json"
            ) else raw
        finally:
            connection.close()

    def folder(self) -> RunFolder | None:
        """What its processes know of each other."""
        # A start whose two first processes were killed in one go leaves its own behind.
        found = []
        for one in map(RunFolder, self._runs.glob("temphub-*")):
            # Whoever ends takes it along, be it while it is looked at.
            with contextlib.suppress(FileNotFoundError):
                runs = any(watcher.runs() for watcher in one.watchers())
                found.append((runs, one.path.stat().st_mtime, one))
        return max(found, key=lambda each: each[:2])[2] if found else None

    def processes(self) -> list[psutil.Process]:
        """All that it runs: each has the folder of the start in its environment or, as the first one, is the
        process itself."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.pid == self.process.pid or process.environ().get("TMPDIR") == str(self._runs)
                if ours and process.status() != psutil.STATUS_ZOMBIE and process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _with(self, word: str) -> list[psutil.Process]:
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                found += [process] if word in " ".join(process.cmdline()) else []
        return found

    def kernels(self) -> list[psutil.Process]:
        """The Jupyter kernels it runs."""
        return self._with("jupyter.launch")

    def hub_kernel(self) -> psutil.Process | None:
        """The kernel that is the hub."""
        return next(iter(self._with("/hub-")), None)

    def page_server(self) -> psutil.Process | None:
        """Voilà's process."""
        return next(iter(self._with("server.page_server")), None)

    def supervisor(self) -> psutil.Process | None:
        """Who looks after the hub kernel and the page server."""
        return self._watcher(0)

    def keeper(self) -> psutil.Process | None:
        """Who looks after the supervisor: the process that was started, or who replaced it."""
        return self._watcher(1)

    def _watcher(self, number: int) -> psutil.Process | None:
        watchers = folder.watchers() if (folder := self.folder()) else []
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(watchers[number].pid) if watchers and watchers[number].runs() else None
        return None

    def rss_mb(self) -> dict[int, float]:
        """Resident memory of each of its processes, MB, by process number."""
        return {process.pid: process.memory_info().rss / 1e6 for process in self.processes()}

    def stop(self, name: int = signal.SIGINT, timeout_s: float | None = None) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(name)
        try:
            return self.process.wait(patient(STOP_S) if timeout_s is None else timeout_s)
        finally:
            self.kill()

    def kill(self) -> None:
        """End whatever is left, without asking."""
        # Who starts others goes first; what one of them started meanwhile is seen in the next round.
        while left := [one for one in (self.supervisor(), self.keeper(), *self.processes()) if one]:
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(left, timeout=1.0)
        self.process.kill()
        self.process.wait()
