"""How long other probes wait while somebody takes too much: `python tests/api/limits_bench.py [seconds]`.

The hub's endpoint, the attack and the ten measured probes (two readings a second each) are processes of their
own. For each attack: what the probes got, their p50 and p99, what the attacker got, and how the hub's memory
grew.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.attacks import Flood, Loop, Loris, Mad, Poster
from support.endpoint import Hub

ATTACKS = {"nobody": [], "loris": [Loris], "flood": [Flood] * 4, "mad": [Mad]}


def serve(folder: str) -> None:
    hub = Hub(Path(folder))
    sys.stdout.write(f"{hub.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    hub.stop()


def attack(name: str, port: int) -> None:
    clients: list[Loop] = [kind(port) for kind in ATTACKS[name]]
    for client in clients:
        client.start()
    sys.stdin.read()
    for client in clients:
        client.stop()
    sys.stdout.write(str(dict(sum((client.answers for client in clients), Counter()))) + "\n")


def child(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def measure(name: str, seconds: float) -> str:
    with tempfile.TemporaryDirectory() as folder:
        hub = child("serve", folder)
        port = int(hub.stdout.readline())
        rss = psutil.Process(hub.pid).memory_info().rss
        attacker = child("attack", name, str(port))
        time.sleep(2)
        probes = [Poster(port, f"probe-{n}", 0.5) for n in range(10)]
        for probe in probes:
            probe.start()
        time.sleep(seconds)
        grown = (psutil.Process(hub.pid).memory_info().rss - rss) / 1e6
        for probe in probes:
            probe.stopping.set()
        for probe in probes:
            probe.stop()
        got = attacker.communicate()[0].strip()
        hub.communicate()
    times = sorted(took for probe in probes for took in probe.times)
    answers = dict(sum((probe.answers for probe in probes), Counter()))
    p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.99))
    return (
        f"{name:8} others {answers} p50 {p50:.0f} ms, p99 {p99:.0f} ms; attacker {got}; hub +{grown:.0f} MB"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["attack"]:
        attack(sys.argv[2], int(sys.argv[3]))
    else:
        for each in ATTACKS:
            sys.stdout.write(measure(each, float((sys.argv[1:] or ["20"])[0])) + "\n")
            sys.stdout.flush()
