"""A hub as the owner's document describes one: a zeroconf browser, a provisioner that tells every probe
found, a receiver and a CSV.

What it does goes to standard output, one JSON object a line; readings go to the CSV file as well.
"""

import argparse
import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from zeroconf import ServiceBrowser, Zeroconf

EVERY_S = 10.0
_out = threading.Lock()


def say(event, **more):
    """One line of the log."""
    with _out:
        print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


class Provisioner:
    """Tells all discovered probes by IP, again and again."""

    def __init__(self, server_url, interval_ms, token):
        self.body = {"server_url": server_url, "interval_ms": interval_ms, "token": token}
        self.probes = {}
        self.news = threading.Event()

    def change(self, zeroconf, service_type, name, state_change):
        """Called by zeroconf."""
        info = zeroconf.get_service_info(service_type, name) if state_change.name != "Removed" else None
        if info and info.parsed_addresses():
            self.probes[name] = (info.parsed_addresses()[0], info.port)
            self.news.set()

    def run(self):
        """Every ten seconds, and at once for a new one."""
        while True:
            for name, (ip, port) in list(self.probes.items()):
                say("told", probe=name, **self.tell(ip, port))
            self.news.wait(EVERY_S)
            self.news.clear()

    def tell(self, ip, port):
        """What came of it."""
        request = urllib.request.Request(
            f"http://{ip}:{port}/provision",
            json.dumps(self.body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                return {"status": reply.status, "answer": reply.read().decode()}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "answer": error.read().decode()}
        except OSError as error:
            return {"status": 0, "answer": str(error)}


class Api(BaseHTTPRequestHandler):
    """`/api/ingest` and `/api/health`."""

    protocol_version = "HTTP/1.1"
    token = ""
    csv_file = ""
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/api/ingest":
            say("asked", path=self.path, status=404)
            return self.answer(404, {"ok": False, "error": "not found"})
        try:
            value = json.loads(body)
            celsius, probe_id = float(value["temperature_c"]), str(value.get("probe_id", "unknown"))
        except (ValueError, KeyError, TypeError):
            say("bad", body=body.decode(errors="replace"))
            return self.answer(400, {"ok": False, "error": "temperature_c is missing"})
        if self.token and self.token not in (self.headers.get("X-Token"), value.get("token")):
            say("unauthorized")
            return self.answer(401, {"ok": False, "error": "unauthorized"})
        with self.lock, open(self.csv_file, "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')},{probe_id},{celsius}\n")
        say("received", probe_id=probe_id, celsius=celsius)
        return self.answer(200, {"ok": True})

    def do_GET(self):
        if self.path == "/api/health":
            return self.answer(200, {"ok": True, "time": time.strftime("%Y-%m-%dT%H:%M:%S")})
        say("asked", path=self.path, status=404)
        return self.answer(404, {"ok": False, "error": "not found"})

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
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--token", default="")
    parser.add_argument("--interval-ms", type=int, default=1000)
    parser.add_argument("--csv", required=True)
    given = parser.parse_args()
    server = ThreadingHTTPServer(
        (given.address, given.port), type("Mine", (Api,), {"token": given.token, "csv_file": given.csv})
    )
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    provisioner = Provisioner(
        f"http://{given.address}:{server.server_port}/api/ingest", given.interval_ms, given.token
    )
    zeroconf = Zeroconf(interfaces=[given.address])
    ServiceBrowser(zeroconf, "_temps-probe._tcp.local.", handlers=[provisioner.change])
    say("listening", port=server.server_port)
    provisioner.run()


if __name__ == "__main__":
    main()
