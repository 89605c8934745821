"""What a page's connection can cost others: `PYTHONPATH=tests python tests/server/page_attacks_bench.py
[seconds] [part of a name …]`.

A hub with one probe that delivers ten times a second, and one attack after the other from this computer, each
for so many seconds (15), in a process of its own that takes the time that nobody else wants and is ended with
it. For each: memory of everything of the hub's before, at most and 10 s afterwards, how long acknowledgements
took, how long those of a server took that does nothing (the computer's own part: attackers and hub share its
cores), and how long an ordinary page's question to its kernel took. The messages are all well formed, or
wrong by a byte; there are only many of them.
"""

import asyncio
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, websocket_connect

from support.compiled import compile_all
from support.messages import PROTOCOL, content, header, message
from support.ports import free_port
from support.running import TempHub
from support.steady import Control, Steady
from support.waiting import wait_for
from temphub_kernel.core.programs import start_behind

VISIT = re.compile(rb'"kernelId": "([0-9a-f-]{36})"')
NUMBERS, FRAMES = count(), count()
# The last: a page that says that there are too many names no visit.
GONE = (
    OSError,
    TypeError,
    WebSocketClosedError,
    StreamClosedError,
    HTTPClientError,
    TimeoutError,
    AttributeError,
)


def say(*texts: str) -> None:
    """A line for the console, now."""
    sys.stdout.write("\n  ".join(texts) + "\n")
    sys.stdout.flush()


class Tried:
    """A hub, and what is measured of it."""

    def __init__(self, hub: TempHub) -> None:
        self.hub = hub
        self.client = AsyncHTTPClient(force_instance=True, max_clients=200)
        self.asked: list[float] = []
        self.most_mb = 0.0

    def mb(self) -> float:
        """Memory of all of the hub's processes, in MB."""
        found = 0
        for process in [(own := psutil.Process(self.hub.process.pid)), *own.children(recursive=True)]:
            with suppress(psutil.Error):
                found += process.memory_info().rss
        return found / 1e6

    async def visit(self) -> str:
        """A page is asked for."""
        page = await self.client.fetch(f"http://127.0.0.1:{self.hub.port}/", request_timeout=60)
        return VISIT.search(page.body)[1].decode()

    async def connect(self, visit: str = "", session: str = "", **more):
        """A page's connection."""
        visit = visit or await self.visit()
        session = session or f"s{next(NUMBERS)}"
        url = f"ws://127.0.0.1:{self.hub.port}/v/api/kernels/{visit}/channels?session_id={session}"
        return await websocket_connect(url, subprotocols=[PROTOCOL], **more)

    async def look(self) -> None:
        """One page, which asks its kernel something five times a second."""
        socket = await self.connect()
        while True:
            name, begun = f"q{next(NUMBERS)}", time.perf_counter()
            await socket.write_message(
                message(header("kernel_info_request", msg_id=name), {}, {}), binary=True
            )
            while (told := await socket.read_message()) is not None and not (
                name.encode() in told and b"kernel_info_reply" in told
            ):
                pass
            while told is None:
                with suppress(*GONE):
                    socket = await self.connect()
                    break
                await asyncio.sleep(0.1)
            self.asked.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(0.2)

    async def watch(self) -> None:
        """Its memory."""
        while True:
            self.most_mb = max(self.most_mb, self.mb())
            await asyncio.sleep(0.25)


def new() -> bytes:
    """A right message that asks for something small."""
    return message(header("comm_info_request", msg_id=f"m{next(NUMBERS)}"), {}, {})


def frame(opcode: int, payload: bytes, *, last: bool = True) -> bytes:
    """One frame of a browser's, masked with zeros."""
    next(FRAMES)
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    return bytes([(0x80 if last else 0) | opcode]) + length + bytes(4) + payload


async def flood(tried: Tried, made, connections: int = 20) -> None:
    """As many as will go, by so many connections; one that is closed opens again."""
    await asyncio.gather(*(_flood(tried, made) for _ in range(connections)))


async def _flood(tried: Tried, made) -> None:
    visit = ""
    while True:
        with suppress(*GONE):
            visit = visit or await tried.visit()
            socket = await tried.connect(visit)
            while True:
                await asyncio.wait_for(socket.protocol.stream.write(made()), 60)
        visit = ""
        await asyncio.sleep(0.05)


async def storm(tried: Tried) -> None:
    """Opened and closed over and over."""

    async def one() -> None:
        visit = ""
        while True:
            with suppress(*GONE):
                visit = visit or await tried.visit()
                (await tried.connect(visit)).close()
                continue
            await asyncio.sleep(0.05)
            visit = ""

    await asyncio.gather(*(one() for _ in range(20)))


async def deaf(tried: Tried) -> None:
    """Asks for all widgets again and again, answers no ping but says that it is there, and reads nothing."""

    async def one() -> None:
        while True:
            with suppress(*GONE):
                visit = await tried.visit()
                socket = await tried.connect(visit)
                opened = message(
                    header("comm_open", msg_id=f"o{next(NUMBERS)}"),
                    {"version": "1.0.0"},
                    content("comm_open", "mine"),
                )
                stream = socket.protocol.stream
                await stream.write(frame(2, opened))
                for turn in count():
                    told = message(
                        header("comm_msg", msg_id=f"r{next(NUMBERS)}"), {}, content("comm_msg", "mine")
                    )
                    await asyncio.wait_for(stream.write(frame(2, told)), 60)
                    if turn % 20 == 0:
                        await stream.write(frame(0xA, b""))
                    await asyncio.sleep(0.03)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(one() for _ in range(10)))


def beginnings():
    """Of messages of many pieces, none of which is the last."""
    turn = next(NUMBERS)
    return frame(0 if turn % 50 else 2, b" " * 1000, last=False)


ATTACKS = {
    "nothing (for comparison)": lambda tried: asyncio.sleep(3600),
    "20 x valid small messages": lambda tried: flood(tried, lambda: frame(2, new())),
    "20 x cut messages": lambda tried: flood(tried, lambda: frame(2, new()[:-1])),
    "20 x text messages": lambda tried: flood(tried, lambda: frame(1, b"{}")),
    "20 x 60 KB messages": lambda tried: flood(tried, lambda: frame(2, b" " * 60_000)),
    "20 x pings": lambda tried: flood(tried, lambda: frame(9, b"x" * 100)),
    "20 x pieces without an end": lambda tried: flood(tried, beginnings),
    "20 x open and close": storm,
    "10 x a reader that never reads": deaf,
}


@contextmanager
def attacker(module: str, name: str, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """An attack of a module of this folder, in a process that is ended with all that it began, whatever it
    waits for."""
    process = start_behind(
        f"server.{module}", "attack", name, str(port), cwd=Path(__file__).parents[1], stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        # Asked first: some say then what they got.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def attack_as(made, port: int) -> None:
    """For that process: one of ATTACKS, until it is ended."""

    async def attack() -> None:
        await made(Tried(SimpleNamespace(port=port)))

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(attack())


async def measure(hub: TempHub, seconds: float, wanted: list[str]) -> None:
    say(
        f"{'':34}{'MB before':>10}{'at most':>9}{'after':>8}{'ack p50':>9}{'p99':>7}{'most':>7}{'machine':>9}"
        f"{'page p50':>10}{'p99':>7}  ms"
    )
    for name in ATTACKS:
        if wanted and not any(part in name for part in wanted):
            continue
        tried = Tried(hub)
        before = tried.mb()
        probe, control = Steady(hub.port, 1, 0.1), Control(1, 0.1)
        steady = [asyncio.ensure_future(one) for one in (tried.look(), tried.watch())]
        await asyncio.sleep(2)
        probe.since()
        control.since()
        tried.asked.clear()
        with attacker("page_attacks_bench", name, hub.port):
            await asyncio.sleep(seconds)
        acks, machine, asked = (
            np.array(probe.since()[0] or [np.nan]),
            np.array(control.since()[0] or [np.nan]),
            np.array(tried.asked or [np.nan]),
        )
        probe.stop()
        control.stop()
        steady[0].cancel()
        await asyncio.sleep(10)
        steady[1].cancel()
        tried.client.close()
        figures = (before, tried.most_mb, tried.mb())
        say(
            f"{name:34}{figures[0]:10.0f}{figures[1]:9.0f}{figures[2]:8.0f}{np.median(acks):9.1f}"
            f"{np.percentile(acks, 99):7.0f}"
            f"{acks.max():7.0f}{np.percentile(machine, 99):9.0f}{np.median(asked):10.1f}"
            f"{np.percentile(asked, 99):7.0f}",
        )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    compile_all()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        hub = TempHub(data, free_port())
        try:
            wait_for(hub.answers, 120)
            wait_for(lambda: hub.ask("GET", "/", timeout_s=60)[0] == 200, 60)
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(measure(hub, seconds, sys.argv[2:]))
            said = [
                line
                for line in hub.text().splitlines()
                if "WARNING" in line or "ERROR" in line or "Traceback" in line
            ]
            say(f"{len(said)} lines of warning; the kinds:", *sorted({line[20:150] for line in said}))
        finally:
            hub.stop(timeout_s=30)


if __name__ == "__main__":
    if sys.argv[1:2] == ["attack"]:
        attack_as(ATTACKS[sys.argv[2]], int(sys.argv[3]))
    else:
        main()
