"""How long from a clean clone to the first reading on the page, and what it costs: a command, not a test.

`python tests/install/first_minute_bench.py [pip] [uv] [--python PATH]`: clones the checkout as committed,
runs README's start command in it, and tells seconds and CPU seconds until the packages are there, the hub
answers, a reading is stored, and the page's HTML shows it. The second figure is what can be compared between
machines and loads. The package cache is warm from the second run on.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 180.0
# A card's value, as the template writes it before any script runs.
SHOWN = re.compile(r'class="th-number">[^<]*\d')


def main() -> None:
    """Measure each way asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("ways", nargs="*", default=["pip", "uv"])
    asked.add_argument("--python", default=getattr(sys, "_base_executable", sys.executable))
    given = asked.parse_args()
    for way in given.ways:
        with tempfile.TemporaryDirectory(prefix="temphub first minute ") as folder:
            measure(way, given.python, Path(folder) / "temphub")


def measure(way: str, python: str, checkout: Path) -> None:
    """One clean clone; prints a line for each step."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
    began = time.monotonic()
    with running(way, python, checkout) as (process, url):
        installed = threading.Event()
        threading.Thread(target=_read, args=(process, installed), daemon=True).start()
        steps: list[tuple[str, Callable[[], bool]]] = [
            ("packages installed", installed.is_set),
            ("hub answers", lambda: bool(_get(f"{url}/api/health"))),
            (
                "reading stored",
                lambda: any(
                    one["readings"]
                    for one in json.loads(_get(f"{url}/api/probes") or '{"probes": []}')["probes"]
                ),
            ),
            ("reading on the page", lambda: bool(SHOWN.search(_get(f"{url}/")))),
        ]
        for name, reached in steps:
            while not reached():
                if process.poll() is not None or time.monotonic() - began > LIMIT_S:
                    raise SystemExit(f"{way}: stopped before: {name}")
                time.sleep(0.05)
            tell(
                f"{way:>4}  {name:<20} {time.monotonic() - began:6.1f} s  {cpu_s(process.pid):6.1f} s of CPU"
            )
        packages = list((checkout / ".venv").rglob("*.dist-info"))
        size = sum(
            one.stat().st_size
            for one in (checkout / ".venv").rglob("*")
            if one.is_file() and not one.is_symlink()
        )
        tell(f"{way:>4}  {len(packages)} packages, {size / 1e6:.0f} MB in .venv")


@contextmanager
def running(way: str, python: str, checkout: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """README's start command, ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    path = os.environ["PATH"].split(os.pathsep)
    path = [one for one in path if way == "uv" or not any(Path(one).glob("uv*"))]
    if way == "uv" and not shutil.which("uv"):
        path.insert(0, str(Path(sys.executable).parent))
    environ = {
        **os.environ,
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
        "PATH": os.pathsep.join(path),
    }
    command = [python, "temphub_kernel/bootstrap.py", "demo", "--probes", "3", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=checkout, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, those it waited for, and those below it that run."""
    total = 0.0
    top = psutil.Process(pid)
    for one in [top, *top.children(recursive=True)]:
        with suppress(psutil.Error):
            total += sum(one.cpu_times()[:4])
    return total


def tell(text: str) -> None:
    """A line of the answer, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _read(process: "subprocess.Popen[bytes]", installed: threading.Event) -> None:
    for line in process.stdout or ():
        if b"Installed." in line:
            installed.set()


def _get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as reply:
            return str(reply.read().decode("utf-8", "replace"))
    except OSError:
        return ""


if __name__ == "__main__":
    main()
