"""What the probe's tests share: a hub, a clock, a folder, a sensor. Runs on CPython and MicroPython alike, so
no pytest in here."""

import asyncio
import json
import os
import sys

from probe.clock import Clock
from probe.http import Server
from probe.outbox import Outbox
from probe.reading import UNITS_PER_C, dumps
from probe.settings import Settings
from probe.state import State

if sys.implementation.name == "micropython":
    from ports import net_micropython as net
else:
    from ports import net_cpython as net

HERE = "127.0.0.1"


def run(work, seconds=60):
    """Run a coroutine to its end; one that takes longer than `seconds` has failed."""
    if sys.implementation.name == "micropython":
        # MicroPython's one loop keeps the tasks of the test before.
        asyncio.new_event_loop()
    return asyncio.run(_bounded(work, seconds))


async def _bounded(work, seconds):
    return await asyncio.wait_for(work, seconds)


async def until(condition, seconds=45):
    """Wait until `condition()` holds."""
    for _ in range(seconds * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("did not happen in time")


class Folder:
    """A fresh folder for a `with`; empty and gone afterwards."""

    def __enter__(self):
        base = os.getenv("TMPDIR") or os.getenv("TEMP") or "/tmp"
        self.path = base + "/probe-test-" + "".join(f"{byte:02x}" for byte in os.urandom(6))
        os.mkdir(self.path)
        return self.path

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            os.remove(self.path + "/" + name)
        os.rmdir(self.path)


class Ticks:
    """Ticks that only move when told, and wrap at 2**30 like a board's."""

    def __init__(self, start=0):
        self.value = start

    def __call__(self):
        return self.value & 0x3FFFFFFF

    def forward(self, ms):
        """Let `ms` pass."""
        self.value += ms


def wrapping_diff(later, earlier):
    """ticks_diff of a board."""
    return ((later - earlier + 0x20000000) & 0x3FFFFFFF) - 0x20000000


def identity():
    """The identity of a probe that serves on this machine."""
    return {
        "id": "TempProbe-0A01",
        "name": "",
        "version": "9.9",
        "model": "virtual",
        "boot": "a1b2c3d4",
        "ip": HERE,
        "port": 8001,
    }


def units(celsius):
    """°C, or None, as the probe counts them."""
    return None if celsius is None else int(celsius * UNITS_PER_C)


def shown(readings):
    """What a source or a board read, [(key or number, units, quality, …)], in °C."""
    return [
        row[:1] + (_celsius(row[1]), row[2]) + tuple(_celsius(cold) for cold in row[3:]) for row in readings
    ]


def _celsius(units):
    return None if units is None else units / UNITS_PER_C


def waiting(box, limit, now_ms):
    """The oldest readings that wait in an outbox's RAM, of whatever sensor, as the hub gets them."""
    ring = box._ring
    return json.loads(dumps([box._reading(at, now_ms) for at in ring.undone(limit)]))


class Probe:
    """A State with its `folder`, `ticks` that are moved by hand, and the `said` lines."""

    def __init__(self, folder, capacity=200, **given):
        self.said = []
        self.ticks = Ticks()
        settings = Settings(folder, given)
        self.state = State(
            identity(), settings, Outbox(capacity), Clock(self.ticks, wrapping_diff), self.said.append
        )

    def record(self, celsius, quality):
        """One reading of a board with one sensor."""
        self.state.record_round([(0, units(celsius), quality)])


class Sensor:
    """Answers (°C, quality) as it is given, the last one for ever; an exception is raised."""

    def __init__(self, *answers):
        self._answers = list(answers)

    async def read(self):
        """The next answer."""
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return units(answer[0]), answer[1]


class Hub:
    """A real HTTP server on 127.0.0.1 that answers as told: (status, dict), raw bytes, "hang" or "close"; the
    last one for ever.

    An answer may be a function of the body that gives such an answer. `hello` answers greetings, which are
    then in `hellos` only.
    """

    def __init__(self, *answers, hello=None):
        self._answers = list(answers)
        self._hello = hello
        self.requests = []
        self.hellos = []
        self.connections = 0
        self.url = ""

    async def start(self):
        """Listen on any free port."""
        self._server, port = await net.start_server(self._serve, HERE, 0)
        self.url = f"http://{HERE}:{port}"
        return self

    def stop(self):
        """Listen no more; open connections stay."""
        self._server.close()

    async def closed(self):
        """Wait until nobody can connect any more."""
        for _ in range(200):
            try:
                _, writer = await net.connect(HERE, int(self.url.split(":")[2]))
                writer.write(b"x")
                await writer.drain()
                net.drop(writer)
            except OSError:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("still listening")

    def bodies(self):
        """The JSON bodies received."""
        return [request[2] for request in self.requests]

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, EOFError):
            pass
        finally:
            net.drop(writer)

    async def _one(self, reader, writer):
        request = await _request(reader)
        if request is None:
            return False
        if self._hello and "/hello" in request[0]:
            self.hellos.append(request)
            answer = self._hello
        else:
            self.requests.append(request)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            answer = answer(request[2])
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return False
        if answer == "hang":
            await asyncio.sleep(30)
        if answer in ("hang", "close"):
            return False
        writer.write(_answer(*answer))
        await writer.drain()
        return True


async def _request(reader):
    data = b""
    while b"\r\n\r\n" not in data:
        more = await reader.read(512)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict([line.lower().split(": ", 1)[0], line.split(": ", 1)[1]] for line in lines[1:])
    while len(body) < int(headers["content-length"]):
        body += await reader.read(512)
    return lines[0], headers, json.loads(body.decode())


def _answer(status, body):
    raw = json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


class Visitor:
    """Asks a probe.http server over a real connection. `routes` as for the server."""

    def __init__(self, routes, **limits):
        self.errors = []
        self._server = Server(routes, net, lambda name, error: self.errors.append(error), **limits)

    async def start(self):
        """Listen on any free port."""
        self._listener, self.port = await net.start_server(self._server.serve, HERE, 0)
        return self

    def stop(self):
        """Listen no more."""
        self._listener.close()

    async def connect(self):
        """(reader, writer)"""
        return await net.connect(HERE, self.port)

    async def raw(self, data):
        """Send bytes as they are: (status, body as text)."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            await writer.drain()
            return await reply(reader)
        finally:
            net.drop(writer)

    async def get(self, path):
        """(status, body as text)"""
        return await self.raw(f"GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n".encode())

    async def post(self, path, body, *headers):
        """POST a dict or bytes: (status, reply as dict)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"POST {path} HTTP/1.1", "Host: probe", f"Content-Length: {len(raw)}"] + list(headers)
        status, text = await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
        return status, json.loads(text)


async def reply(reader):
    """Read one answer as a browser does: (status, body as text); status 0 when nothing came."""
    data = b""
    length = None
    while length is None or len(data) < length:
        more = await reader.read(1024)
        if not more:
            break
        data += more
        head, blank, _ = data.partition(b"\r\n\r\n")
        if blank and length is None:
            length = len(head) + 4 + int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    head, _, body = data.partition(b"\r\n\r\n")
    return (int(head.split(b" ")[1]) if head else 0), body.decode()
