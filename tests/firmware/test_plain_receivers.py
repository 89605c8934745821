"""The real probe process, under both interpreters, and real servers that know {"temperature_c", "probe_id"}
and {"ok": true}, no more"""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest
import requests

from probe.spill import Spill
from probe.spill_disk import Disk
from probe_interpreters import RunningProbe, wait_until
from support.ports import free_port
from support.waiting import PATIENCE_S, cannot

BOTH = pytest.mark.parametrize("name", ["cpython", "micropython"])
EARLIER = "0000aaaa"
OK = b'{"ok": true}'


class Receiver:
    """What somebody writes in an afternoon: one path, one reading a request, everything else is an error."""

    def __init__(self):
        self.bodies = []
        self.later = False
        self.paths = set()

    def take(self, path, raw):
        """(status, reply) for one request."""
        self.paths.add(path)
        if path != "/api/ingest":
            return 404, b"<h1>Not Found</h1>"
        if self.later:
            return 503, b"down for maintenance"
        try:
            body = json.loads(raw)
            float(body["temperature_c"])
        except (ValueError, KeyError, TypeError):
            return 500, b"Traceback (most recent call last): ..."
        self.bodies.append(body)
        return 200, OK

    def seqs(self):
        """(boot, seq) as they came."""
        return [(body["boot"], body["seq"]) for body in self.bodies]

    def in_order(self):
        """True when what waited of the earlier boot came first, whole, then this boot's, without a gap and
        none twice."""
        old = [seq for boot, seq in self.seqs() if boot == EARLIER]
        new = [seq for boot, seq in self.seqs() if boot != EARLIER]
        return self.seqs()[: len(old)] == [(EARLIER, seq) for seq in range(len(old))] and new == list(
            range(len(new))
        )


class Handler(BaseHTTPRequestHandler):
    """http.server as its documentation shows it: HTTP/1.0, and nobody says how long the reply is."""

    def do_POST(self):
        status, reply = self.server.receiver.take(
            self.path, self.rfile.read(int(self.headers["Content-Length"]))
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


class KeptHandler(Handler):
    """One that keeps its connections, and so serves one visitor at a time when the server has no threads."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        status, reply = self.server.receiver.take(
            self.path, self.rfile.read(int(self.headers["Content-Length"]))
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


@contextlib.contextmanager
def python_server(receiver, handler=Handler, kind=ThreadingHTTPServer, port=0):
    """Its port."""
    kind.allow_reuse_address = True
    server = kind(("127.0.0.1", port), handler)
    server.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def flask_like(receiver, _):
    """werkzeug's development server, which is what `flask run` starts."""
    try:
        from werkzeug import serving
    except ImportError:
        cannot("werkzeug is not installed")

    def app(environ, start_response):
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status, reply = receiver.take(environ["PATH_INFO"], raw)
        start_response(
            f"{status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(reply)))]
        )
        return [reply]

    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def running(command, port):
    """A server of its own; its port once it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def listens(port):
    """True when somebody does."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


NODE = """
const http = require("http"), [port, behind] = process.argv.slice(-2);
http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", async () => {
    const reply = await fetch("http://127.0.0.1:" + behind + request.url, { method: "POST",
      body: Buffer.concat(pieces) });
    response.statusCode = reply.status;
    for (const sign of await reply.text()) response.write(sign);
    response.end();
  });
}).listen(port, "127.0.0.1");
"""


@contextlib.contextmanager
def node(receiver, tmp_path):
    """Node's http: the reply in chunks, here of one letter each; the connection is kept for 5 s."""
    program = shutil.which("node") or cannot("Node is not installed (apt install nodejs)")
    port = free_port()
    (tmp_path / "receiver.js").write_text(NODE)
    with (
        python_server(receiver) as behind,
        running([program, str(tmp_path / "receiver.js"), str(port), str(behind)], port),
    ):
        yield port


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port};
  location / {{ proxy_pass http://127.0.0.1:{behind}; }} }} }}
"""


@contextlib.contextmanager
def nginx(receiver, tmp_path):
    """nginx before a program that does not say how long its reply is, as it stands before PHP: chunks
    again."""
    program = shutil.which("nginx") or cannot("nginx is not installed (apt install nginx-light)")
    port = free_port()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    with python_server(receiver) as behind:
        (tmp_path / "nginx.conf").write_text(
            NGINX.format(folder=tmp_path, port=port, behind=behind, paths=paths)
        )
        with running([program, "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")], port):
            yield port


SERVERS = {
    "http.server": lambda receiver, _: python_server(receiver),
    "one at a time": lambda receiver, _: python_server(receiver, KeptHandler, HTTPServer),
    "flask": flask_like,
    "node": node,
    "nginx": nginx,
}


def waiting(folder, count):
    """Lay down what an earlier boot could not deliver: `count` readings, the value of each is its seq."""
    folder.mkdir()
    spill = Spill(Disk(str(folder)), EARLIER, 40)
    entries = [(0, seq, seq * 2000, seq * 4096, 0) for seq in range(count)]
    while entries:
        del entries[: spill.append(entries[:64])]


@BOTH
def test_a_backlog_of_hundreds_over_two_outages(name, tmp_path):
    """Nobody listens; then it is there, and says 'later' for a while: 400 readings from before a restart
    arrive, then the new ones."""
    receiver, port = Receiver(), free_port()
    waiting(tmp_path / "state", 400)
    url = f"http://127.0.0.1:{port}/api/ingest"
    options = (
        "--id",
        "Plain",
        "--state",
        tmp_path / "state",
        "--hub",
        url,
        "--interval-ms",
        "500",
        "--token",
        "t",
    )
    with RunningProbe(name, *options) as probe:

        def status():
            return requests.get(probe.url + "/status", timeout=PATIENCE_S).json()

        wait_until(lambda: status()["last_error"] and status()["outbox"] > 402)
        with python_server(receiver, port=port):
            wait_until(lambda: len(receiver.bodies) > 100)
            receiver.later = True
            wait_until(lambda: "503" in (status()["last_error"] or ""))
            receiver.later = False
            wait_until(lambda: len(receiver.bodies) > 410 and status()["outbox"] <= 1, 60)
            told = status()
        assert receiver.in_order() and receiver.seqs()[399] == (EARLIER, 399)
        assert [body["temperature_c"] for body in receiver.bodies[:400]] == [float(seq) for seq in range(400)]
        assert told["dropped"] == told["thinned"] == 0 and told["server_url"] == url


@BOTH
@pytest.mark.parametrize("kind", SERVERS)
def test_the_servers_that_people_have(kind, name, tmp_path):
    """Python's http.server, one without threads, Flask's, Node's and nginx: all of it arrives, in order, and
    no fault stays."""
    receiver = Receiver()
    waiting(tmp_path / "state", 30)
    with SERVERS[kind](receiver, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/api/ingest"
        options = (
            "--id",
            "Plain",
            "--state",
            tmp_path / "state",
            "--hub",
            url,
            "--interval-ms",
            "500",
            "--token",
            "t",
        )
        with RunningProbe(name, *options) as probe:
            wait_until(lambda: len(receiver.bodies) >= 36)
            status = requests.get(probe.url + "/status", timeout=PATIENCE_S).json()
    assert receiver.in_order() and status["last_error"] is None and status["dropped"] == 0
    assert receiver.paths == {"/api/ingest", "/api/hello"}


def test_two_probes_share_a_server_that_serves_one_at_a_time(tmp_path):
    """Neither keeps the other out by a connection that it holds between its readings."""
    receiver = Receiver()
    with python_server(receiver, KeptHandler, HTTPServer) as port:
        url = f"http://127.0.0.1:{port}/api/ingest"
        with contextlib.ExitStack() as probes:
            for probe_id in ("One", "Two"):
                options = (
                    "--id",
                    probe_id,
                    "--state",
                    tmp_path / probe_id,
                    "--hub",
                    url,
                    "--interval-ms",
                    "500",
                    "--token",
                    "t",
                )
                probes.enter_context(RunningProbe("cpython", *options))
            wait_until(
                lambda: (
                    min(
                        [body["probe_id"] for body in receiver.bodies].count(probe)
                        for probe in ("One", "Two")
                    )
                    >= 6
                )
            )
    for probe_id in ("One", "Two"):
        seqs = [body["seq"] for body in receiver.bodies if body["probe_id"] == probe_id]
        assert seqs == list(range(len(seqs)))
