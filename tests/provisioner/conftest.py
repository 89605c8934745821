"""What the provisioner tests share: real HTTP probes on port 0, a listener with deadlines."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.waiting import patient
from temphub_kernel.core.reading import Sighting
from temphub_kernel.core.settings import Settings
from temphub_kernel.provisioner import ProbeCheck, Provisioner, Talk
from temphub_kernel.trust import Trust


@pytest.fixture
def make_settings(tmp_path) -> Callable[..., Settings]:
    """Settings from environment variables."""
    return lambda **env: Settings.from_environ({"DATA_DIR": str(tmp_path), **env})


class Probe:
    """A probe over real HTTP.

    old: knows /provision only; holds: the token it wants; agrees: what it keeps whatever it is told; raw:
    answers in its own way.
    """

    def __init__(self, probe_id: str = "TempProbe-0A01") -> None:
        self.said: dict[str, object] = {"id": probe_id, "boot": "b1", "version": "1.0", "model": "t"}
        self.said |= {"interval_ms": 1000, "server_url": "", "token_set": False, "needs_provision": False}
        self.agrees: dict[str, object] = {}
        self.old = False
        self.holds = ""
        self.raw: Callable[[socket.socket], None] | None = None
        self.posts: list[dict[str, object]] = []
        self.heard = b""
        self.gets = 0
        self.at: list[float] = []
        probe = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                probe.gets += 1
                probe.at.append(time.monotonic())
                if probe.raw is not None:
                    probe.raw(self.connection)
                    self.close_connection = True
                elif probe.old:
                    self.answer(404, {"ok": False})
                else:
                    self.answer(200, probe.said)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                probe.heard += str(self.headers).encode() + raw
                if self.path == "/claim":
                    self.answer(404, {"ok": False})
                    return
                body = json.loads(raw)
                if probe.holds and self.headers.get("X-Token") != probe.holds:
                    self.answer(401, {"ok": False, "error": "unauthorized", "problem": "p", "remedy": "r"})
                    return
                probe.posts.append(body)
                probe.said |= {
                    "server_url": body["server_url"],
                    "interval_ms": body["interval_ms"],
                    "token_set": bool(body.get("token")),
                }
                probe.said |= probe.agrees
                told = {key: probe.said[key] for key in ("server_url", "interval_ms", "token_set")}
                self.answer(200, {"ok": True} if probe.old else {"ok": True, **told})

            def answer(self, status: int, value: object) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a hub that hangs up is no fault of the probe
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def sighting(self, **more) -> Sighting:
        return Sighting(str(self.said["id"]), "127.0.0.1", self.port)._replace(**more)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def make_probe() -> Iterator[Callable[..., Probe]]:
    """Starts probes."""
    made: list[Probe] = []

    def make(*args) -> Probe:
        made.append(Probe(*args))
        return made[-1]

    yield make
    for probe in made:
        probe.close()


@pytest.fixture
def black_hole() -> Iterator[Callable[[], int]]:
    """Ports that take connections and never answer: the port number of a fresh one."""
    held: list[socket.socket] = []

    def make() -> int:
        one = socket.create_server(("127.0.0.1", 0), backlog=64)
        held.append(one)
        return int(one.getsockname()[1])

    yield make
    for one in held:
        one.close()


class Results:
    """Collects checks; waits with a deadline."""

    def __init__(self) -> None:
        self.all: list[ProbeCheck] = []
        self._news = threading.Condition()

    def add(self, check: ProbeCheck) -> None:
        with self._news:
            self.all.append(check)
            self._news.notify_all()

    def wait(self, fits: Callable[[ProbeCheck], bool], timeout_s: float = 5.0, count: int = 1) -> ProbeCheck:
        def found() -> list[ProbeCheck]:
            return [check for check in self.all if fits(check)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, patient(timeout_s)), self.all
            return found()[count - 1]


@pytest.fixture
def results() -> Results:
    """What the provisioner reports."""
    return Results()


@pytest.fixture
def trust(tmp_path) -> Trust:
    """A register of keys on disk."""
    return Trust(tmp_path)


@pytest.fixture
def start(make_settings, results, trust) -> Iterator[Callable[..., Provisioner]]:
    """Starts a provisioner; stopped at the end."""
    running: list[Provisioner] = []

    def make(env: dict[str, str] | None = None, **options) -> Provisioner:
        one = Provisioner(
            make_settings(**(env or {})),
            trust,
            results.add,
            **({"check_every_s": 0.3, "talk": Talk()} | options),
        )
        running.append(one)
        one.start()
        return one

    yield make
    for one in running:
        assert one.stop()
