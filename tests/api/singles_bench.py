"""Single readings of this tree beside those of another one: `python tests/api/singles_bench.py /path/of/another/tree [--close]`.

A hub of each tree runs in a folder of its own, started with the tree's `.venv-dev`; wrk posts lone readings to one after the other, on
kept connections or on one each. For each run: readings a second, readings per CPU second of all processes of the hub, p99, what was
refused, and the memory (PSS); in the end the ratios of the medians to the first tree. Only the ratios say anything on a busy computer.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.ports import free_port

HERE = Path(__file__).parents[2]
SCRIPT = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
%s
function request()
  n = n + 1
  return wrk.format(nil, nil, nil, string.format('{"temperature_c": %%.2f, "probe_id": "TempProbe-%%04d"}', 20 + n %% 500 / 100, n %% 100))
end
"""
CLOSE = 'wrk.headers["Connection"] = "close"'


class Tree:
    """A hub of one tree."""

    def __init__(self, folder: Path) -> None:
        self.name = folder
        self.runs: list[tuple[float, float]] = []
        self._data = tempfile.mkdtemp(prefix="temphub-singles-")
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        place = {"DATA_DIR": self._data, "PORT": str(port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1", "LOG_LEVEL": "ERROR"}
        program = folder / ".venv-dev" / "bin" / "temphub"
        self._hub = subprocess.Popen(
            [program, "--no-browser"], env={**os.environ, **place}, cwd=self._data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def health(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self._url}/api/health", timeout=10) as reply:
            return json.load(reply)

    def wait(self) -> None:
        while True:
            try:
                self.health()
                return
            except OSError:
                assert self._hub.poll() is None, f"the hub of {self.name} has ended"
                time.sleep(0.2)

    def run(self, script: str, connections: int, seconds: int) -> None:
        """One run, with what of it is still to be written to the CSV log afterwards."""
        before, had = self._cpu(), self.health()["readings"]
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, f"{self._url}/api/ingest"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        while (health := self.health())["csv_waiting"]:
            time.sleep(0.1)
        spent = sum(seconds - before.get(pid, 0.0) for pid, seconds in self._cpu().items())
        a_second = float(_found(r"Requests/sec:\s+([\d.]+)", said))
        self.runs.append((a_second, (health["readings"] - had) / spent))
        refused = _found(r"Non-2xx or 3xx responses: (\d+)", said) or "0"
        slowest = _found(r"99%\s+(\S+)", said)
        figures = f"{a_second:8.0f} readings/s {self.runs[-1][1]:8.0f} per CPU s, p99 {slowest}, refused {refused}, {self._pss():.0f} MB"
        tell(f"{self.name}: {figures}")

    def median(self) -> tuple[float, float]:
        return statistics.median(one for one, _ in self.runs), statistics.median(one for _, one in self.runs)

    def stop(self) -> None:
        self._hub.terminate()
        self._hub.wait(60)
        shutil.rmtree(self._data, ignore_errors=True)

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self._hub.pid)
        return [first, *first.children(recursive=True)]

    def _cpu(self) -> dict[int, float]:
        return {one.pid: sum(one.cpu_times()[:2]) for one in self._processes()}

    def _pss(self) -> float:
        return sum(one.memory_full_info().pss for one in self._processes()) / 1e6


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("trees", nargs="+", type=Path, help="the first is what the others are compared with")
    asked.add_argument("--close", action="store_true", help="a connection for each reading")
    asked.add_argument("--connections", type=int, default=16)
    asked.add_argument("--seconds", type=int, default=5)
    asked.add_argument("--runs", type=int, default=3)
    given = asked.parse_args()
    trees = [Tree(folder.resolve()) for folder in (*given.trees, HERE)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (CLOSE if given.close else ""))
        script.flush()
        try:
            for tree in trees:
                tree.wait()
            # The pages' kernel is brought in first.
            time.sleep(20)
            for _ in range(given.runs):
                for tree in trees:
                    tree.run(script.name, given.connections, given.seconds)
        finally:
            for tree in trees:
                tree.stop()
    base = trees[0].median()
    for tree in trees[1:]:
        ours = tree.median()
        tell(f"{tree.name}: {ours[0] / base[0]:.2f} times the readings/s, {ours[1] / base[1]:.2f} times the readings per CPU s")


if __name__ == "__main__":
    main()
