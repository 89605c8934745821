"""A probe as the owner's document describes one, and nothing more: found over mDNS, told where to deliver,
delivering there.

Everything that it hears and says goes to standard output, one JSON object a line.
"""

import argparse
import json
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from zeroconf import ServiceInfo, Zeroconf

_out = threading.Lock()


def say(event, **more):
    """One line of the log."""
    with _out:
        print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


class Probe:
    """What it measures, and what it was told."""

    def __init__(self, name):
        self.name = name
        self.told = {"server_url": "", "interval_ms": 2000, "token": ""}
        self.celsius = 20.0
        self.changed = threading.Event()
        self.lock = threading.Lock()

    def provision(self, body):
        """Take what is told; what is left out stays."""
        with self.lock:
            self.told |= {name: body[name] for name in self.told if name in body}
        self.changed.set()

    def deliver(self):
        """Measure and POST, each interval, to what was told."""
        while True:
            with self.lock:
                told = dict(self.told)
            # A quarter of a degree up and back, so that each reading differs from the one before.
            self.celsius = 20.0 + (self.celsius - 20.0 + 0.25) % 5.0
            if told["server_url"]:
                self.post(told)
            self.changed.wait(told["interval_ms"] / 1000)
            self.changed.clear()

    def post(self, told):
        """One reading."""
        body = json.dumps({"temperature_c": self.celsius, "probe_id": self.name}).encode()
        headers = {"Content-Type": "application/json"}
        if told["token"]:
            headers["X-Token"] = told["token"]
        request = urllib.request.Request(told["server_url"], body, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                answer = reply.status, reply.headers.get("Content-Type"), reply.read()
        except urllib.error.HTTPError as error:
            answer = error.code, error.headers.get("Content-Type"), error.read()
        except OSError as error:
            say("unreachable", url=told["server_url"], why=str(error))
            return
        status, kind, text = answer
        say(
            "posted",
            url=told["server_url"],
            token=told["token"],
            celsius=self.celsius,
            status=status,
            kind=kind,
            answer=text.decode(),
        )


class Endpoints(BaseHTTPRequestHandler):
    """`/whoami`, `/status`, `/provision`."""

    probe: Probe

    def do_GET(self):
        probe = self.probe
        if self.path == "/whoami":
            self.answer(
                200,
                {
                    "probe_id": probe.name,
                    "server_url": probe.told["server_url"],
                    "interval_ms": probe.told["interval_ms"],
                },
            )
        elif self.path == "/status":
            told = {name: probe.told[name] for name in ("server_url", "interval_ms")}
            self.answer(200, {"temperature_c": probe.celsius, **told})
        else:
            self.answer(404, {"ok": False})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        say("asked", path=self.path, body=body.decode(errors="replace"), token=self.headers.get("X-Token"))
        if self.path != "/provision":
            return self.answer(404, {"ok": False})
        try:
            self.probe.provision(json.loads(body))
        except (ValueError, AttributeError, TypeError):
            return self.answer(400, {"ok": False})
        return self.answer(200, {"ok": True})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    """Run until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=80)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    probe = Probe(given.id)
    server = ThreadingHTTPServer((given.address, given.port), type("Mine", (Endpoints,), {"probe": probe}))
    server.daemon_threads = True
    port = server.server_port
    threading.Thread(target=probe.deliver, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    zeroconf = Zeroconf(interfaces=[given.address])
    kind = "_temps-probe._tcp.local."
    addresses = [socket.inet_aton(given.address)]
    zeroconf.register_service(
        ServiceInfo(kind, f"{given.id}.{kind}", port, addresses=addresses, server=f"{given.id}.local.")
    )
    say("advertised", port=port)
    try:
        signal.pause()
    finally:
        zeroconf.close()


if __name__ == "__main__":
    main()
