"""Readings acknowledged by this tree, by the builds of other commits, and by InfluxDB and VictoriaMetrics
where they are installed, side by side in alternating runs:

    python tests/benchmarks [--against COMMIT …] [--only WORD …] [--runs 3] [--seconds 5]
    [--backlog PROBES] [--hours 24] [--crowd PROBES] [--minutes 3] [--page]

One table: readings a second, readings per CPU second of all processes (what is still to be written to the
CSV log after a run counts, too), p99, and the ratios of the medians. Needs wrk.
docs/developing/benchmarks.md says what each load shows. Never in CI.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import backlog, crowd, peers
from benchmarks.hubs import HERE, Hub
from benchmarks.loads import LINES, LOADS, Load

# The pages' kernel is brought in first.
REST_S = 15
HEAD = (
    "load",
    "receiver",
    "readings/s",
    "readings per CPU second",
    "p99",
    "refused",
    "ours, as many times",
    "per CPU second",
    "answers when on the disk",
)
NUMBERS = count(1)


class Run(NamedTuple):
    """Of one run: readings a second, readings per CPU second, p99 as wrk says it, requests that were
    refused."""

    a_second: float
    per_cpu_s: float
    p99: str
    refused: int


def tell(line: str = "") -> None:
    """A line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """The files of a commit, or of a folder that is there."""
    if Path(commit).is_dir():
        yield Path(commit).resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="temphub-commit-"))
    git = ["git", "-C", str(HERE), "worktree"]
    subprocess.run([*git, "add", "-q", "--detach", "--force", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def measured(one: Hub | peers.Peer, load: Load, seconds: int) -> Run:
    """One run of a load."""
    text = load.script if isinstance(one, Hub) else LINES
    values = {"per": load.per, "boot": uuid.uuid4().hex[:6], "more": load.more, "run": next(NUMBERS)}
    url = f"{one.url}/api/ingest" if isinstance(one, Hub) else one.url
    had, before = one.health()["readings"] if isinstance(one, Hub) else 0, one.cpu_s()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(text % values)
        script.flush()
        command = [
            "wrk",
            "-t2",
            f"-c{load.connections}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            script.name,
            url,
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    stored = (
        one.settle()["readings"] - had
        if isinstance(one, Hub)
        else int(_found(r"(\d+) requests in", said)) * load.per
    )
    # Until the roll-ups have what came last.
    time.sleep(1)
    spent = sum(cpu - before.get(pid, 0.0) for pid, cpu in one.cpu_s().items())
    refused = int(_found(r"Non-2xx or 3xx responses: (\d+)", said) or 0)
    return Run(
        float(_found(r"Requests/sec:\s+([\d.]+)", said)) * load.per,
        stored / spent,
        _found(r"\n +99% +(\S+)", said),
        refused,
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def rows(name: str, load: Load, all_of: list[Hub | peers.Peer], runs: int, seconds: int) -> None:
    """Runs a load on each in turn and tells what came of it, a row of the table each."""
    found: dict[str, list[Run]] = {one.name: [] for one in all_of}
    for _ in range(runs):
        for one in all_of:
            found[one.name].append(measured(one, load, seconds))
    first = found[all_of[0].name]
    for one in all_of:
        mine = found[one.name]
        rate, per_cpu = (statistics.median(run[at] for run in mine) for at in (0, 1))
        times = [
            f"{statistics.median(run[at] for run in first) / value:.2f}"
            for at, value in enumerate((rate, per_cpu))
        ]
        line(
            name,
            one.name,
            f"{rate:,.0f}",
            f"{per_cpu:,.0f}",
            " · ".join(run.p99 for run in mine),
            f"{sum(run.refused for run in mine)}",
            *(("", "") if one is all_of[0] else times),
            "yes" if isinstance(one, Hub) or one.on_disk else "no",
        )


def table(all_of: list[Hub | peers.Peer], only: list[str], runs: int, seconds: int) -> None:
    """All loads, or those with one of these words in their name."""
    tell(f"{runs} runs of {seconds} s each, in turns; medians, p99 of each run\n")
    line(*HEAD)
    line(*["---"] * len(HEAD))
    for name, load in LOADS.items():
        if not only or any(word in name for word in only):
            rows(f"{name}, {load.connections} connections", load, all_of, runs, seconds)


def line(*cells: str) -> None:
    """A line of the table."""
    tell(f"| {' | '.join(cells)} |")


def machine() -> str:
    """The line that says on what this was measured."""
    load, memory = ", ".join(f"{one:.1f}" for one in os.getloadavg()), psutil.virtual_memory().total / 2**30
    return (
        f"{platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GB, Python "
        f"{platform.python_version()}, load {load}"
    )


def main() -> None:
    """See above."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument(
        "--against", nargs="+", default=[], metavar="COMMIT", help="commits, or folders of other trees"
    )
    asked.add_argument("--only", nargs="+", default=[], help="loads with one of these words in their name")
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--seconds", type=int, default=5)
    asked.add_argument(
        "--backlog", type=int, metavar="PROBES", help="instead: so many probes deliver what they kept"
    )
    asked.add_argument("--hours", type=float, default=24, help="how long they were away")
    asked.add_argument("--crowd", type=int, metavar="PROBES", help="instead: so many claimed probes at 2 s")
    asked.add_argument("--minutes", type=float, default=3, help="how long they are measured")
    asked.add_argument("--page", action="store_true", help="with --crowd: a page is open meanwhile")
    given = asked.parse_args()
    with ExitStack() as trees:
        olds = [(name, trees.enter_context(tree_of(name))) for name in given.against]
        hubs = [Hub(name, tree) for name, tree in (("this tree", HERE), *olds)]
        others = [] if given.backlog or given.crowd else peers.installed()
        try:
            for one in (*hubs, *others):
                one.wait()
            time.sleep(REST_S)
            tell(machine())
            if given.crowd:
                for one in hubs:
                    crowd.run(one, given.crowd, given.minutes, tell, page=given.page)
            elif given.backlog:
                backlog.run(hubs, given.backlog, round(given.hours * 1800))
            else:
                table([*hubs, *others], given.only, given.runs, given.seconds)
        finally:
            for one in (*hubs, *others):
                one.stop()


if __name__ == "__main__":
    main()
