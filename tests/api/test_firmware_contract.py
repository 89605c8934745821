"""What the probe's own code sends is what the contract says."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import jsonschema
import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api.contract import contract
from temphub_kernel.core.files import firmware


class Hears(BaseHTTPRequestHandler):
    """A hub that only listens. As version 0.3.0 it tells the time when greeted, and how much it stored of a
    batch only."""

    heard: dict[str, list[dict]]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.setdefault(self.path, []).append(body)
        reply = b'{"ok":true,"stored":1}' if "readings" in body else b'{"ok":true}'
        if self.path == "/api/hello":
            reply = b'{"ok":true,"time":"2026-03-01T12:00:00.000Z"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


@pytest.fixture
def heard():
    """(url, what was heard by path) of a listening server."""
    handler = type("Handler", (Hears,), {"heard": {}})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.heard
    server.shutdown()
    thread.join(PATIENCE_S)
    server.server_close()


def test_what_a_probe_sends_fits_the_contract(heard, tmp_path):
    """The lone readings, batches and the hello that the real firmware sends are valid by the hub's own
    schema."""
    url, said = heard
    arguments = ["--id", "TempProbe-0A01", "--port", "0", "--bind", "127.0.0.1", "--state", str(tmp_path)]
    # With a token, no other hub on this computer can tell the probe to deliver elsewhere.
    arguments += ["--hub", url, "--interval-ms", "500", "--token", "this-test"]
    command = [sys.executable, str(firmware() / "main.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as probe:
        try:
            wait_for(lambda: len(said.get("/api/ingest", [])) >= 3 and said.get("/api/hello"), 15)
        finally:
            probe.kill()
    components = {"components": contract()["components"]}
    forms = ["Batch" if "readings" in body else "Reading" for body in said["/api/ingest"]]
    assert set(forms) == {"Batch", "Reading"}
    for body, form in zip(said["/api/ingest"], forms, strict=True):
        jsonschema.validate(body, {"$ref": f"#/components/schemas/{form}", **components})
        assert "sent_ms" in body
    for body in said["/api/hello"]:
        jsonschema.validate(body, {"$ref": "#/components/schemas/Hello", **components})
