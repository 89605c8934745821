"""The real probe process, under both interpreters, on 127.0.0.1."""

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from probe_interpreters import RunningProbe, probe_command, wait_until
from support.waiting import PATIENCE_S

SERVICE = "_temps-probe._tcp.local."
# Each probe here has a token from the start: a hub that runs beside these tests finds it too, and must not be
# able to take it.
BOTH = pytest.mark.parametrize("name", ["cpython", "micropython"])


class _Hub:
    """A small hub on 127.0.0.1 for a `with`: remembers readings by boot and seq, and who said hello."""

    def __init__(self, port=0):
        self.readings = []
        self.hellos = []
        self.tokens = set()
        self._open = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                hub._open.append(self.connection)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hub.tokens.add(self.headers.get("X-Token"))
                if self.path == "/api/hello":
                    hub.hellos.append(body)
                else:
                    now = time.time()
                    readings = body.get("readings") or [body]
                    hub.readings += [
                        (body["boot"], r["seq"], r["temperature_c"], now - r["age_ms"] / 1000)
                        for r in readings
                    ]
                answer = b'{"ok": true, "stored": 1, "duplicates": 0}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Gone like a hub that was switched off: nobody listens, kept connections are cut. Twice does no
        harm."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.socket.close()
        for connection in self._open:
            # Some ended by themselves.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def seqs(self, boot=None):
        """The seq numbers received, of one boot or all."""
        return [seq for b, seq, _, _ in self.readings if boot in (None, b)]


class _Ear(ServiceListener):
    """What zeroconf reports of the probes."""

    def __init__(self):
        self.found = {}
        self.gone = []

    def add_service(self, zc, type_, name):
        """A probe appeared."""
        self.found[name] = zc.get_service_info(type_, name)

    def update_service(self, zc, type_, name):
        """A probe changed."""

    def remove_service(self, zc, type_, name):
        """A probe said goodbye."""
        self.gone.append(name)


@BOTH
def test_a_probe_is_found_set_up_delivers_and_says_goodbye(name, tmp_path):
    """From start to Ctrl-C as the hub sees it: mDNS, whoami, provision, readings in order, goodbye, nothing
    left behind."""
    zc = Zeroconf(interfaces=["127.0.0.1"])
    ear = _Ear()
    browser = ServiceBrowser(zc, SERVICE, ear)
    # Another run of these tests on this PC must not answer to the same name.
    probe_id = f"Test-{name}-{uuid.uuid4().hex[:8]}"
    instance = f"{probe_id}.{SERVICE}"
    options = (
        "--id",
        probe_id,
        "--port",
        0,
        "--bind",
        "127.0.0.1",
        "--state",
        tmp_path / "state",
        "--name",
        "Küche",
        "--token",
        "s3cret",
    )
    try:
        with _Hub() as hub, RunningProbe(name, *options) as probe:
            info = wait_until(lambda: ear.found.get(instance))
            assert f"http://{info.parsed_addresses()[0]}:{info.port}" == probe.url
            assert info.decoded_properties["id"] == probe_id and info.decoded_properties["name"] == "Küche"
            who = requests.get(probe.url + "/whoami", timeout=PATIENCE_S).json()
            assert (who["id"], who["ip"], who["port"], who["name"]) == (
                probe_id,
                "127.0.0.1",
                info.port,
                "Küche",
            )
            assert requests.get(probe.url + "/status", timeout=PATIENCE_S).json()["needs_provision"] is True

            body = {"server_url": hub.url, "interval_ms": 500, "token": "s3cret"}
            answer = requests.post(
                probe.url + "/provision", json=body, headers={"X-Token": "s3cret"}, timeout=PATIENCE_S
            )
            assert answer.json() == {"ok": True, "server_url": hub.url, "interval_ms": 500, "token_set": True}
            wait_until(lambda: len(hub.readings) >= 4 and hub.hellos)
            assert hub.seqs(who["boot"]) == list(range(len(hub.readings)))
            assert all(18 < celsius < 26 and celsius % 0.0625 == 0 for _, _, celsius, _ in hub.readings)
            assert hub.hellos[0]["port"] == info.port and hub.tokens == {"s3cret"}
            text = requests.get(probe.url + "/status", timeout=PATIENCE_S).text
            assert (
                "s3cret" not in text
                and json.loads(text)["needs_provision"] is False
                and json.loads(text)["delivered"] >= 4
            )

            assert probe.stop(signal.SIGINT) == 0
            wait_until(lambda: instance in ear.gone)
            assert probe.lines == [f"probe {probe_id} listening on 127.0.0.1:{info.port}"]
            assert [path.name for path in (tmp_path / "state").iterdir()] == ["settings.json"]
    finally:
        browser.cancel()
        zc.close()


@pytest.mark.alone
@BOTH
def test_nothing_is_lost_while_the_hub_is_away(name, tmp_path):
    """The hub goes and comes back on the same port: every seq arrives, and the late ones carry the time they
    were taken."""
    with _Hub() as first:
        options = (
            "--id",
            "Away",
            "--state",
            tmp_path / "state",
            "--hub",
            first.url,
            "--interval-ms",
            "500",
            "--token",
            "t",
        )
        with RunningProbe(name, *options) as probe:
            wait_until(lambda: len(first.readings) >= 2)
            first.close()
            wait_until(lambda: requests.get(probe.url + "/status", timeout=PATIENCE_S).json()["outbox"] >= 3)
            with _Hub(first.port) as second:
                wait_until(lambda: len(second.readings) >= 5)
                both = first.readings + second.readings
                seqs = [seq for _, seq, _, _ in both]
                assert sorted(set(seqs)) == list(range(max(seqs) + 1))
                times = {seq: taken for _, seq, _, taken in both}
                for seq in range(1, max(seqs) + 1):
                    # Dated by their arrival, the late ones would all have one time.
                    assert times[seq] - times[seq - 1] > 0.1, seq


@BOTH
def test_a_restarted_probe_remembers_its_hub(name, tmp_path):
    """After a kill without warning: same hub, same token, a new boot mark, seq from 0."""
    with _Hub() as hub:
        options = ("--id", "Again", "--state", tmp_path / "state")
        with RunningProbe(name, *options, "--token", "t") as probe:
            assert (
                requests.post(
                    probe.url + "/provision", json={"server_url": hub.url, "token": "t"}, timeout=PATIENCE_S
                ).status_code
                == 200
            )
            wait_until(lambda: hub.readings)
            probe.process.kill()
        with RunningProbe(name, *options) as probe:
            boot = requests.get(probe.url + "/whoami", timeout=PATIENCE_S).json()["boot"]
            wait_until(lambda: hub.seqs(boot))
            assert (
                hub.seqs(boot)[0] == 0
                and len({b for b, _, _, _ in hub.readings}) == 2
                and hub.tokens == {"t"}
            )
            assert (
                requests.post(
                    probe.url + "/provision", json={"server_url": "http://127.0.0.1:1"}, timeout=PATIENCE_S
                ).status_code
                == 401
            )


@BOTH
def test_a_wrong_command_line_ends_with_a_remedy(name, tmp_path):
    """Exit code 2, the problem and the way out on stderr, nothing on stdout."""
    for probe_id, folder, part in (
        ("a b", tmp_path, "is not a probe id"),
        ("A", tmp_path / "no" / "such", "Choose one"),
    ):
        command = probe_command(name, "--id", probe_id, "--state", folder)
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and part in done.stderr and done.stdout == "", done
        assert "Traceback" not in done.stderr


@BOTH
def test_a_taken_port_ends_with_a_remedy(name, tmp_path):
    """Two probes cannot serve on one port; the second says what to change."""
    with _Hub() as other:
        done = subprocess.run(
            probe_command(name, "--id", "A", "--state", tmp_path, "--port", other.port),
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert (
            done.returncode == 2 and "Choose another --port" in done.stderr and "Traceback" not in done.stderr
        ), done


def test_a_polite_kill_says_goodbye(tmp_path):
    """SIGTERM, as a demo or a service manager sends it, ends the CPython probe cleanly."""
    with RunningProbe("cpython", "--id", "Term", "--state", tmp_path, "--token", "t") as probe:
        host, _, port = probe.url[7:].partition(":")
        # A visitor in the middle of its request must not make the end untidy.
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as visitor:
            visitor.sendall(b"GET /status HTTP/1.1\r\n")
            assert requests.get(probe.url + "/status", timeout=PATIENCE_S).status_code == 200
            assert probe.stop(signal.SIGTERM) == 0
        assert len(probe.lines) == 1, probe.lines
