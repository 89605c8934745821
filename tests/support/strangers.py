"""A LAN on which our programs meet strangers: programs written from docs/contract.md alone, each a process on
a host of its own."""

import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from temphub_kernel.core.files import firmware

from .avahi import Avahi
from .lan import Lan
from .virtual import micropython
from .waiting import PATIENCE_S, cannot, wait_for

PROGRAMS = Path(__file__).parents[1] / "strangers" / "programs"
TOKEN = "correct-horse-battery-staple"
READY_S = 60.0


class Hub:
    """Our hub on a host: `temphub` as people run it. Its data folder stays when it is started again."""

    def __init__(self, street: "Street", space: str, folder: Path) -> None:
        self._street, self.space, self.folder = street, space, folder
        self.log = street.folder / f"{folder.name}.log"
        self.local = "127.0.0.1"
        folder.mkdir(exist_ok=True)

    def start(self, **settings: str) -> "Hub":
        """Start it and wait until it answers; `up_at` is then."""
        command = [sys.executable, "-m", "temphub_kernel", "--no-browser"]
        self.process = self._street.run(
            self.space, command, self.log, **{"DATA_DIR": str(self.folder), "KEEP_AWAKE": "off", **settings}
        )
        self.port = int(settings.get("PORT", "8088"))
        wait_for(self._answers, READY_S, 0.2)
        self.up_at = time.time()
        return self

    def stop(self) -> None:
        """As Ctrl-C does it from a service."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def rows(self, probe_id: str | None = None) -> list[dict[str, str]]:
        """The rows of its CSV."""
        path = self.folder / "temperature_log.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if probe_id in (None, row["probe_id"])]

    def ask(self, path: str) -> Any:
        """The JSON of a GET, asked on its own host."""
        return self._street.curl(self.space, f"http://{self.local}:{self.port}{path}")[1]

    def text(self) -> str:
        """What its console said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.text()
        return (
            self._street.curl(self.space, "--max-time", "2", f"http://{self.local}:{self.port}/api/health")[0]
            == 200
        )


class Program:
    """A program that tells in JSON lines what it does."""

    def __init__(self, street: "Street", space: str, command: list[str], log: Path, **environ: str) -> None:
        self.space, self.log, self._start = space, log, log.stat().st_size if log.exists() else 0
        self.process = street.run(space, command, log, **environ)

    def said(self, event: str = "", since: float = 0.0) -> list[dict[str, Any]]:
        """The lines of an event (every line: without one), told after `since`."""
        with self.log.open("rb") as file:
            file.seek(self._start)
            lines = [
                json.loads(line)
                for line in file.read().decode().splitlines(keepends=True)
                if line.startswith("{") and line.endswith("\n")
            ]
        return [
            line
            for line in lines
            if line.get("event", "") == (event or line.get("event", "")) and line.get("at", since) >= since
        ]

    def first(self, event: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """The first line of an event."""
        wait_for(lambda: self.said(event) or self.process.poll() is not None, timeout_s)
        assert self.said(event), self.log.read_text(encoding="utf-8", errors="replace")
        return self.said(event)[0]

    def kill(self) -> None:
        """The power goes."""
        self.process.kill()
        self.process.wait()


class Street:
    """The LAN and everything that runs on it, gone after the test."""

    def __init__(self, folder: Path) -> None:
        self.lan = Lan()
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._hosts: dict[str, str] = {}
        self._avahi: dict[str, Avahi] = {}
        self._curl = shutil.which("curl") or cannot("curl is not installed")

    def host(self, name: str, address: str) -> str:
        """A new host; its namespace."""
        self._hosts[name] = self.lan.host(name, address)
        return self._hosts[name]

    def place(self, name: str) -> str:
        """The namespace of a host that is there."""
        return self._hosts[name]

    def run(self, space: str, command: list[str], log: Path, **environ: str) -> "subprocess.Popen[bytes]":
        """Start a program on a host."""
        self._running.append(self.lan.run(space, command, log, **environ))
        return self._running[-1]

    def curl(self, space: str, *words: str) -> tuple[int, Any]:
        """(status, JSON or text) of a curl on that host; status 0 when nothing answered."""
        command = [
            "ip",
            "netns",
            "exec",
            space,
            self._curl,
            "--silent",
            "--max-time",
            "20",
            "--write-out",
            "\n%{http_code}",
            *words,
        ]
        text, _, status = subprocess.run(
            command, capture_output=True, text=True, timeout=30
        ).stdout.rpartition("\n")
        try:
            return int(status), json.loads(text)
        except ValueError:
            return int(status or 0), text

    def shell(self, space: str, line: str) -> tuple[int, Any]:
        """(status, JSON or text) of a curl command line as somebody wrote it, in that host's shell."""
        assert line.lstrip().startswith("curl "), line
        command = [
            "ip",
            "netns",
            "exec",
            space,
            "sh",
            "-c",
            line.strip() + " --silent --max-time 20 --write-out '\n%{http_code}'",
        ]
        text, _, status = subprocess.run(
            command, capture_output=True, text=True, timeout=30
        ).stdout.rpartition("\n")
        return int(status), json.loads(text) if text.startswith("{") else text

    def hub(self, name: str, address: str) -> Hub:
        """Our hub on a host of its own, not started."""
        return Hub(self, self.host(name, address), self.folder / f"data-{name}")

    def stranger(self, kind: str, space: str, probe_id: str, address: str, port: int = 80) -> Program:
        """A stranger's probe in Python (`py`) or C (`c`)."""
        log = self.folder / f"{probe_id}.log"
        if kind == "py":
            command = [
                sys.executable,
                str(PROGRAMS / "plain_probe.py"),
                "--id",
                probe_id,
                "--address",
                address,
                "--port",
                str(port),
            ]
            return Program(self, space, command, log)
        if space not in self._avahi:
            self._avahi[space] = Avahi(self.lan, space, self.folder / f"a{len(self._avahi)}")
            self._running += self._avahi[space].processes
        return Program(
            self,
            space,
            [str(self._compiled()), probe_id, address, str(port)],
            log,
            **self._avahi[space].environ,
        )

    def receiver(self, space: str, name: str, *options: str) -> Program:
        """A stranger's receiver; what it hears goes on in the same log when it is started again."""
        return Program(
            self,
            space,
            [sys.executable, str(PROGRAMS / "plain_receiver.py"), *options],
            self.folder / f"{name}.log",
        )

    def strangers_hub(self, space: str, address: str, *options: str) -> Program:
        """A stranger's hub."""
        files = ["--csv", str(self.folder / f"theirs-{address}.csv")]
        command = [sys.executable, str(PROGRAMS / "plain_hub.py"), "--address", address, *files, *options]
        return Program(self, space, command, self.folder / f"theirs-{address}.log")

    def ours(
        self, space: str, probe_id: str, address: str, port: int = 80, *options: str
    ) -> "subprocess.Popen[bytes]":
        """Our own probe under MicroPython; its flash stays when it is started again."""
        state = self.folder / f"flash-{probe_id}"
        state.mkdir(exist_ok=True)
        given = [
            "--id",
            probe_id,
            "--port",
            str(port),
            "--bind",
            address,
            "--state",
            str(state),
            "--interval-ms",
            "500",
            *options,
        ]
        return self.run(
            space, [micropython(), str(firmware() / "main.py"), *given], self.folder / f"{probe_id}.log"
        )

    def close(self) -> None:
        """End everything."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.lan.close()

    def _compiled(self) -> Path:
        program = self.folder / "plain_probe"
        if not program.exists():
            compiler = shutil.which("gcc") or cannot("gcc is not installed")
            if not Path("/usr/include/avahi-client/client.h").exists():
                cannot("avahi's headers are not installed (package libavahi-client-dev)")
            source = str(PROGRAMS / "plain_probe.c")
            libraries = ["-lavahi-client", "-lavahi-common", "-lpthread"]
            done = subprocess.run(
                [compiler, "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source, *libraries],
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
        return program
