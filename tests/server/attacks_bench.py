"""Every attack on a hub, one after the other: `PYTHONPATH=tests python tests/server/attacks_bench.py
[seconds] [part of a name …]`.

Six ordinary probes deliver every half second meanwhile, to a hub with 100,000 readings and an open page's
kernel. For each attack (20 s each, the made-up names until all 60,000 are answered): how long the probes'
acknowledgements took, how long those of a server that does nothing took at the same moment (the computer's
own part), readings lost and doubled, and the memory (PSS) of all of the hub's processes before, at most, and
some seconds afterwards. About ten minutes.

A real attacker has a computer of its own. Here it shares the hub's cores: it runs behind all others, in a
session of its own.
"""

import asyncio
import http.client
import itertools
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

import server.page_attacks_bench as pages
from server.crowd_bench import crowd
from server.keeping_bench import memory_mb
from server.test_frames import LIES
from server.test_page_requests import METHODS, PATHS, QUERIES
from support.attacks import Flood, Loop, Loris, Mad, connect
from support.compiled import compile_all
from support.filled import fill
from support.messages import content, header, message
from support.ports import free_port
from support.running import TempHub
from support.steady import Control, Steady
from support.waiting import wait_for
from temphub_kernel.journal import Reader

PROBES, EVERY_S = 6, 0.5
ADDRESSES = 8
BEFORE_S, AFTER_S, LONGEST_S = 3.0, 6.0, 150.0
TOKEN = "a-token-of-26-signs-or-so"
BIG = 100_000_000
# How often each answer or error came to an attacker.
GOT: Counter[str] = Counter()


class Attack(NamedTuple):
    """point: of the list of attacks; work: what the attacker's process does, given the port; whole: until it
    ends by itself."""

    point: str
    work: Callable[[int], object]
    token: bool = False
    whole: bool = False


def ask(
    port: int,
    address: str,
    method: str,
    path: str,
    body: object = None,
    timeout_s: float = 30.0,
    **headers: str,
) -> None:
    """One request from an address."""
    with closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s, source_address=(address, 0))
    ) as one:
        one.request(
            method,
            path,
            json.dumps(body) if body is not None else None,
            {key.replace("_", "-"): v for key, v in headers.items()},
        )
        reply = one.getresponse()
        reply.read()
        GOT[str(reply.status)] += 1


def by_many(count: int, once: Callable[[int, int], object]) -> Callable[[int], None]:
    """So many threads, each of which does `once(port, its number)` again and again."""

    def work(port: int) -> None:
        def loop(number: int) -> None:
            while True:
                try:
                    once(port, number)
                except (OSError, http.client.HTTPException) as error:
                    GOT[type(error).__name__] += 1
                    time.sleep(0.05)

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(loop, range(count)))

    return work


def address_of(number: int) -> str:
    return f"127.0.0.{2 + number % ADDRESSES}"


def threads(*kinds: type[Loop]) -> Callable[[int], None]:
    """Those of support.attacks."""

    def work(port: int) -> None:
        for client in (clients := [kind(port) for kind in kinds]):
            client.start()
        while True:
            time.sleep(1)
            for client in clients:
                answers, client.answers = client.answers, Counter()
                GOT.update({f"{type(client).__name__} {name}": number for name, number in answers.items()})

    return work


def lies() -> Iterator[bytes]:
    """Frames whose messages lie a little about their form, of less than a kilobyte."""
    good = message(header("comm_msg"), {}, content("comm_msg"))
    told = [lie(good) for why, some in LIES.items() if why != "too long" for lie in some]
    return (
        pages.frame(1 if isinstance(one, str) else 2, one.encode() if isinstance(one, str) else one)
        for one in itertools.cycle(told)
    )


def flood_of_lies(tried: "pages.Tried") -> object:
    turn = lies()
    return pages.flood(tried, lambda: next(turn))


def big_body(port: int, number: int) -> None:
    """A body of 100 MB to a page's path, announced or in chunks, for as long as it is taken."""
    path = ("/", "/v/voila/api/shutdown/x", "/v/api/kernels", "/v/")[number % 4]
    with connect(port, address_of(number)) as one:
        chunked = number % 2
        told = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BIG}"
        one.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{told}\r\n\r\n".encode())
        piece = b"x" * 65_536
        piece = b"10000\r\n" + piece + b"\r\n" if chunked else piece
        for _ in range(BIG // 65_536):
            one.sendall(piece)
        GOT[one.recv(65_536)[9:12].decode()] += 1


# Not the page itself: each is a visit.
ODD_ONES = [one for one in itertools.product(PATHS, METHODS, QUERIES) if one[:2] != ("/", "GET")]
TURNS = itertools.count()


def odd_request(port: int, number: int) -> None:
    path, method, query = ODD_ONES[next(TURNS) % len(ODD_ONES)]
    ask(port, address_of(number), method, path + query)


def silent_devices(port: int) -> None:
    """Orders to devices that take a connection and say nothing."""
    quiet = socket.create_server(("0.0.0.0", 0), backlog=500)
    there = quiet.getsockname()[1]
    # From this computer itself, whose own ports a stranger elsewhere has not looked at.
    by_many(
        40,
        lambda port, n: ask(
            port, "127.0.0.1", "POST", "/api/provision", {"host": f"127.0.0.{20 + n}", "port": there}
        ),
    )(port)


def wrong_token(port: int, number: int) -> None:
    path = ("/api/probes", "/api/describe")[number % 2]
    ask(
        port,
        address_of(number),
        "POST" if number % 2 else "GET",
        path,
        {} if number % 2 else None,
        X_Token=f"guess {next(TURNS)}",
    )


def deaf_reader(port: int, number: int) -> None:
    """Asks for an export and takes nothing of it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.bind((address_of(number), 0))
        one.connect(("127.0.0.1", port))
        form = ("csv", "xlsx", "parquet")[number % 3]
        one.sendall(f"GET /api/export?format={form} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(75)


def examination_or_export(port: int, number: int) -> None:
    path = ("/api/doctor", "/api/export", "/api/export?format=parquet", "/api/export?format=csv")[number % 4]
    ask(port, address_of(number // 4), "GET", path, timeout_s=90)


def visit(port: int, number: int) -> None:
    """A page asked for and left, all by one address."""
    ask(port, "127.0.0.2", "GET", "/", timeout_s=90)


def names(port: int) -> None:
    GOT.update({str(name): number for name, number in asyncio.run(crowd(port, 60_000, ADDRESSES)).items()})
    tell()


def tell(*_: object) -> None:
    """What the attacker got, and its end."""
    for name, some in (("frames", pages.FRAMES), ("connections", pages.NUMBERS)):
        GOT[name] += next(some)
    os.write(1, json.dumps(+GOT).encode())
    os._exit(0)


ATTACKS = {
    "nothing (for comparison)": Attack("", lambda port: time.sleep(3600)),
    "lies about messages' form": Attack("1", partial(pages.attack_as, flood_of_lies)),
    **{
        name: Attack("1", partial(pages.attack_as, pages.ATTACKS[name]))
        for name in (
            "20 x valid small messages",
            "20 x pieces without an end",
            "20 x open and close",
            "10 x a reader that never reads",
        )
    },
    "40 x 100 MB to pages' paths": Attack("2", by_many(40, big_body)),
    "HEAD, OPTIONS and odd paths": Attack("3", by_many(16, odd_request)),
    "40 x silent devices": Attack("4", silent_devices),
    "50 x wrong tokens": Attack("5", by_many(50, wrong_token), token=True),
    "exports nobody takes": Attack("6", by_many(24, deaf_reader)),
    "doctor and exports, 96 at once": Attack("6", by_many(96, examination_or_export)),
    "60,000 made-up names": Attack("9", names, whole=True),
    "pages for one address, 40 at once": Attack("10", by_many(40, visit)),
    "slow, flooding and mad clients": Attack("10", threads(Loris, Flood, Mad)),
}


class Watch(threading.Thread):
    """The most memory of all of a hub's processes."""

    def __init__(self, hub: TempHub) -> None:
        super().__init__(daemon=True)
        self._hub, self._over = hub, threading.Event()
        self.most = 0.0

    def run(self) -> None:
        while not self._over.wait(0.5):
            self.most = max(self.most, memory_mb(self._hub))

    def stop(self) -> float:
        self._over.set()
        self.join()
        return self.most


def stored(hub: TempHub) -> int:
    """How many readings of the ordinary probes the journal has."""
    with Reader(hub.data_dir / "temphub.sqlite3") as reader:
        return sum(one.readings for one in reader.newest() if one.probe_id.startswith("steady-"))


def shares(times: list[float]) -> str:
    p50, p99 = np.percentile(times or [math.nan], (50, 99))
    return f"{p50:8.1f}{p99:8.0f}{max(times, default=math.nan):8.0f}"


def measure(hub: TempHub, name: str, attack: Attack, seconds: float) -> None:
    """One line of the table."""
    had = stored(hub)
    probes, control = (
        Steady(hub.port, PROBES, EVERY_S, TOKEN if attack.token else ""),
        Control(PROBES, EVERY_S),
    )
    time.sleep(BEFORE_S)
    answers = probes.since()[1]
    control.since()
    before, watch, began = memory_mb(hub), Watch(hub), time.monotonic()
    watch.start()
    with pages.attacker("attacks_bench", name, hub.port) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_S if attack.whole else seconds)
        took, (machine, _) = time.monotonic() - began, control.since()
        times, some = probes.since()
        cpu_s = sum(psutil.Process(process.pid).cpu_times()[:2]) if process.poll() is None else math.nan
        answers += some
    got = process.stdout.read().decode()
    process.stdout.close()
    most = watch.stop()
    time.sleep(AFTER_S)
    answers += probes.stop()[1]
    control.stop()
    acknowledged, now = answers["200"], stored(hub) - had
    unclear = sum(answers.values()) - acknowledged
    lost, doubled = max(0, acknowledged - now), max(0, now - acknowledged - unclear)
    own = f"{np.percentile(machine or [math.nan], 99):8.0f}"
    memory = f"{before:8.0f}{most:8.0f}{most - before:+8.0f}{memory_mb(hub):8.0f}"
    other = {key: number for key, number in answers.items() if key != "200"} or ""
    load = os.getloadavg()[0]
    pages.say(
        f"{attack.point:>3} {name:36}{took:5.0f}{shares(times)}{own}{len(times):7}{lost:6}{doubled:8}{memory}"
        f"{load:7.1f}{cpu_s:7.1f}",
        f"   the attacker got {got} {other}",
    )


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[TempHub]:
    """A hub with readings of an hour before now, and its page."""
    data = folder / f"data-{len(settings)}"
    data.mkdir()
    now = int(time.time() * 1000)
    fill(
        data,
        {
            f"old-{n}": [(now - (20_000 - at) * 1000, 20 + math.sin(at / 500 + n)) for at in range(20_000)]
            for n in range(5)
        },
    )
    hub = TempHub(data, free_port(), **settings)
    try:
        hub.ready().page_ready()
        wait_for(lambda: len(hub.kernels()) == 2, 60)
        yield hub
        said = [line for line in hub.text().splitlines() if "ERROR" in line or "Traceback" in line]
        pages.say(f"{len(said)} errors in what the hub said", *sorted({line[20:150] for line in said})[:10])
    finally:
        hub.stop(timeout_s=30)


def main(seconds: float, wanted: list[str]) -> None:
    compile_all()
    chosen = {
        name: one for name, one in ATTACKS.items() if not wanted or any(part in name for part in wanted)
    }
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    pages.say(
        f"{PROBES} probes, a reading each {EVERY_S} s; {psutil.cpu_count()} cores, load {load}. "
        "Attackers run on the same cores, behind all others (a computer of their own is what real ones "
        "have).",
        f"{'':40}{'s':>3}{'ack p50':>8}{'p99':>8}{'most':>8}{'nothing':>8}{'acks':>7}{'lost':>6}"
        f"{'doubled':>8}"
        f"{'before':>8}{'at most':>8}{'more':>8}{'after':>8}{'load':>7}{'CPU':>7}  ms, MB PSS",
        "(nothing: p99 of a server that does nothing; CPU: seconds of a core that the attacker had)",
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for token in (False, True):
            mine = {name: one for name, one in chosen.items() if one.token == token}
            if mine:
                with running(
                    Path(folder), **({"SERVER_TOKEN": TOKEN, "UI_PASSWORD": TOKEN} if token else {})
                ) as hub:
                    for name, attack in mine.items():
                        measure(hub, name, attack, seconds)
    pages.say(f"{(time.monotonic() - began) / 60:.1f} minutes in all")


if __name__ == "__main__":
    if sys.argv[1:2] == ["attack"]:
        signal.signal(signal.SIGTERM, tell)
        ATTACKS[sys.argv[2]].work(int(sys.argv[3]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0, sys.argv[2:])
