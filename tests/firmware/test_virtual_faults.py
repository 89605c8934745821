"""`--fault` on the real probe process: what the hub gets, for each fault, under both interpreters."""

import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from probe_interpreters import RunningProbe, wait_until
from support.waiting import PATIENCE_S


class Hub:
    """Remembers, by probe, (when it came, boot, seq, value, quality, age_ms)."""

    def __init__(self):
        self.got = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                rows = hub.got.setdefault(body.get("probe_id"), [])
                now = time.monotonic()
                readings = body.get("readings") or ([body] if "seq" in body else [])
                rows += [
                    (now, body.get("boot"), r["seq"], r["temperature_c"], r.get("quality"), r["age_ms"])
                    for r in readings
                ]
                answer = b'{"ok": true, "stored": 1, "duplicates": 0}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    # A probe whose network goes cuts the connection.
                    pass

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def column(self, probe_id, at):
        """One column of what a probe sent."""
        return [row[at] for row in self.got.get(probe_id, [])]

    def close(self):
        """End it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hub():
    """A hub on 127.0.0.1."""
    one = Hub()
    yield one
    one.close()


@pytest.fixture
def start(hub, tmp_path):
    """Starts a probe with a fault."""

    def make(name, fault):
        options = (
            "--id",
            fault,
            "--state",
            tmp_path / fault,
            "--hub",
            hub.url,
            "--token",
            "t",
            "--interval-ms",
            "500",
            "--fault",
            fault,
        )
        return RunningProbe(name, *options)

    return make


BOTH = pytest.mark.parametrize("name", ["cpython", "micropython"])


@BOTH
def test_bad_readings_arrive_as_such(hub, start, name):
    """crc, open: a null with its quality, between good ones; none is missing."""
    with start(name, "crc"), start(name, "open"):
        wait_until(lambda: len(hub.column("crc", 4)) >= 6 and len(hub.column("open", 4)) >= 8)
    assert hub.column("crc", 4)[:6] == [None, None, "crc", None, None, "crc"]
    assert hub.column("open", 4)[:8] == [None] * 5 + ["open"] * 3 and hub.column("open", 3)[6] is None
    assert hub.column("open", 2)[:8] == list(range(8))


@BOTH
def test_a_network_that_goes_loses_nothing(hub, start, name):
    """wifi: ten seconds of silence, then every reading of them, in order, with its age."""
    with start(name, "wifi"):
        wait_until(lambda: hub.column("wifi", 5) and max(hub.column("wifi", 5)) > 5000, 40)
        wait_until(lambda: hub.column("wifi", 5)[-1] < 500)
    seqs = hub.column("wifi", 2)
    assert sorted(set(seqs)) == list(range(len(set(seqs))))


@pytest.mark.alone
@BOTH
def test_starts_and_wraps_and_a_slow_flash(hub, start, name):
    """reboot: a new boot mark, told as the watchdog's; wrap: no gap and no nonsense in the ages; slow-flash:
    readings go on."""
    with start(name, "reboot") as probe, start(name, "wrap") as wrap, start(name, "slow-flash") as slow:
        body = {"interval_ms": 600, "token": "t", "server_url": hub.url}
        began = time.monotonic()
        assert requests.post(slow.url + "/provision", json=body, timeout=PATIENCE_S).status_code == 200
        assert time.monotonic() - began >= 0.25
        wait_until(lambda: len(set(hub.column("reboot", 1))) >= 2)
        wait_until(lambda: len(hub.column("wrap", 2)) >= 16)
        assert requests.get(wrap.url + "/status", timeout=PATIENCE_S).json()["uptime_s"] >= 7
        again = "http://" + [line for line in probe.lines if "listening on" in line][1].rsplit(" ", 1)[1]
        assert requests.get(again + "/status", timeout=PATIENCE_S).json()["reset"] == "watchdog"
    assert hub.column("wrap", 2)[:16] == list(range(16)) and max(hub.column("wrap", 5)) < 2000
    times = [
        when - age / 1000 for when, age in zip(hub.column("wrap", 0), hub.column("wrap", 5), strict=True)
    ]
    assert all(0.2 < later - earlier < 1.0 for earlier, later in itertools.pairwise(times))
    assert len(hub.column("slow-flash", 2)) >= 8
