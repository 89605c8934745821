"""Clients that behave badly, each from an address of its own, as threads; `stop` ends them. Also a
well-behaved probe to compare."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections import Counter
from contextlib import suppress

from .waiting import PATIENCE_S, cannot

ATTACKER = "127.0.0.2"
MAD = "127.0.0.3"


def connect(port: int, address: str = ATTACKER, timeout_s: float = 5.0) -> socket.socket:
    """A connection from another address of the loopback interface."""
    try:
        return socket.create_connection(("127.0.0.1", port), timeout_s, source_address=(address, 0))
    except OSError as error:
        if "assign" in str(error):
            cannot(f"this system has no {address} on its loopback interface")
        raise


class Loop(threading.Thread):
    """Does `once` again and again. answers: how often each HTTP status came; times: seconds of each
    answer."""

    def __init__(self, port: int) -> None:
        super().__init__(name=f"client-{type(self).__name__}")
        self.port = port
        self.stopping = threading.Event()
        self.answers: Counter[object] = Counter()
        self.times: list[float] = []
        self.retry_after: set[str | None] = set()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.once()
            except (OSError, http.client.HTTPException) as error:
                self.answers[type(error).__name__] += 1
                self.stopping.wait(0.01)
        self.close()

    def once(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End what is still open."""

    def stop(self) -> None:
        self.stopping.set()
        self.join(PATIENCE_S)


class Poster(Loop):
    """A probe on a kept connection: one reading every `every_s`, at once again when 0."""

    def __init__(
        self, port: int, probe_id: str, every_s: float = 0.0, address: str = "127.0.0.1", token: str = ""
    ) -> None:
        super().__init__(port)
        self.probe_id, self.every_s, self.address = probe_id, every_s, address
        self._headers = {"X-Token": token} if token else {}
        self._open: http.client.HTTPConnection | None = None

    def once(self) -> None:
        if self._open is None:
            self._open = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=10, source_address=(self.address, 0)
            )
        began = time.perf_counter()
        try:
            self._open.request(
                "POST",
                "/api/ingest",
                json.dumps({"temperature_c": 20.0, "probe_id": self.probe_id}),
                self._headers,
            )
            reply = self._open.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        self.times.append(time.perf_counter() - began)
        self.answers[reply.status] += 1
        if reply.status == 429:
            self.retry_after.add(reply.headers["Retry-After"])
        if self.every_s:
            self.stopping.wait(self.every_s)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class Mad(Loop):
    """A probe gone mad: 60 connections at once, the next reading as soon as one is answered."""

    CONNECTIONS = 60

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(self.CONNECTIONS)))

    async def _one(self) -> None:
        body = b'{"temperature_c": 20.0, "probe_id": "mad"}'
        request = b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(MAD, 0))
        while not self.stopping.is_set():
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
            self.answers[int(head.split()[1])] += 1
            if " 429 " in head:
                self.retry_after.add(head.partition("retry-after: ")[2].partition("\r")[0])
        writer.close()
        await writer.wait_closed()


class Flood(Loop):
    """A new connection for each request, as fast as they can be made, without waiting for answers."""

    def once(self) -> None:
        with connect(self.port) as one:
            one.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.answers["sent"] += 1


class Loris(Loop):
    """500 connections that send a byte of a request now and then, opened anew when the hub closes them."""

    MOST = 500

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._open: list[socket.socket] = []

    def once(self) -> None:
        while len(self._open) < self.MOST and not self.stopping.is_set():
            one = connect(self.port)
            one.setblocking(False)
            self._open.append(one)
            self.answers["opened"] += 1
        for one in list(self._open):
            try:
                one.send(b"G")
            except OSError:
                self._open.remove(one)
                one.close()
        self.answers["rounds"] += 1
        self.stopping.wait(0.2)

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.close()
