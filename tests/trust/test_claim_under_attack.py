"""A probe that belongs to nobody yet, and neighbours who do not leave it alone: floods of claims, slow
visitors, odd requests."""

import http.client
import json
import os
import socket
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from support.attacks import Loop
from support.virtual import VirtualProbe
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.journal import Reader

NAME = "TempProbe-0A0C"
PAUSE_S = 5.0


class Receiver(BaseHTTPRequestHandler):
    """Takes each reading; `server.numbers` are theirs."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.numbers += [one["seq"] for one in said.get("readings", [said]) if "seq" in one]
        answer = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Claimant(Loop):
    """Claims and claims, with a key of its own each time, with none, and with what is no key."""

    def once(self) -> None:
        public = (os.urandom(32).hex(), "00" * 32, "x" * 900)[len(self.times) % 3]
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as one:
            one.request("POST", "/claim", json.dumps({"public": public}))
            self.answers[one.getresponse().status] += 1
        self.times.append(0)


class Dawdler(Loop):
    """Opens one connection after the other, says half a word or nonsense, and waits."""

    def once(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 10) as one:
            one.sendall(
                (b"GET /sta", b"\xff\x00\r\n\r\n", b"POST /claim HTTP/1.1\r\nContent-Length: 2000\r\n\r\n{")[
                    len(self.times) % 3
                ]
            )
            self.times.append(0)
            self.stopping.wait(0.1)


@contextmanager
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads, server.numbers = True, []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.timeout(300)
def test_an_unclaimed_probe_measures_and_delivers_under_a_flood_of_claims(start_here, tmp_path) -> None:
    """It goes on at its pace, each reading once and none left out, and of the claims one in five seconds is
    worked at; afterwards the owner's hub claims it."""
    with receiver() as server, VirtualProbe("micropython", NAME, tmp_path / "probe") as probe:
        port = urlsplit(probe.url).port
        told = {"server_url": f"http://127.0.0.1:{server.server_address[1]}/api/ingest", "interval_ms": 500}
        assert probe.post("/provision", told)[0] == 200
        wait_for(lambda: len(server.numbers) >= 2, 60)
        before, began = server.numbers[-1], time.monotonic()
        flood = [Claimant(port) for _ in range(6)] + [Dawdler(port) for _ in range(6)]
        for one in flood:
            one.start()
        try:
            wait_for(lambda: server.numbers[-1] >= before + 20, 120)
        finally:
            for one in flood:
                one.stopping.set()
            for one in flood:
                one.stop()
        took_s = time.monotonic() - began
        numbers = list(server.numbers)
        assert sorted(set(numbers)) == list(range(min(numbers), max(numbers) + 1)) and len(numbers) == len(
            set(numbers)
        )
        answers = sum((one.answers for one in flood if isinstance(one, Claimant)), Counter())
        assert answers[200] <= took_s / PAUSE_S + 1 and answers[503] > 0, answers
        server.shutdown()
        server.server_close()
        hub = start_here(DEFAULT_INTERVAL_MS="500")
        wait_for(lambda: hub.trust.claimed(NAME), 90)
        with Reader(hub.journal) as reader:
            wait_for(lambda: len(reader.after(0, 1000)) >= 2, 60)
