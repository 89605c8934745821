"""A receiver that knows the owner's body and nothing else: `{"temperature_c", "probe_id"}` to /api/ingest. No
hello, no batch, no time.

Each request goes to standard output, one JSON object a line.
"""

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_out = threading.Lock()


def say(**line):
    """One line of the log, whole: two connections may come at once."""
    with _out:
        print(json.dumps(line), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Takes readings in the owner's form."""

    protocol_version = "HTTP/1.1"
    token = ""
    elsewhere = 404

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.judge(body)
        text = body.decode(errors="replace")
        say(at=time.time(), path=self.path, status=status, body=text)
        self.answer(status)

    def do_GET(self):
        say(at=time.time(), path=self.path, status=self.elsewhere, body="")
        self.answer(self.elsewhere)

    def judge(self, body):
        """The status for a body."""
        if self.path != "/api/ingest":
            return self.elsewhere
        if self.token and self.headers.get("X-Token") != self.token:
            return 401
        try:
            value = json.loads(body)
            known = isinstance(value["temperature_c"], int | float) and "readings" not in value
        except (ValueError, KeyError, TypeError):
            known = False
        return 200 if known else 400

    def answer(self, status):
        body = b'{"ok": true}' if status == 200 else b'{"ok": false}'
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
    parser.add_argument("--address", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--token", default="")
    parser.add_argument("--elsewhere", type=int, default=404)
    given = parser.parse_args()
    handler = type("Mine", (Receiver,), {"token": given.token, "elsewhere": given.elsewhere})
    server = ThreadingHTTPServer((given.address, given.port), handler)
    server.daemon_threads = True
    say(listening=server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
