"""Telling a probe to fetch its new firmware."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.firmware_build import OLD_UPDATE, UPDATE
from temphub_kernel.trust import signatures


@pytest.fixture
def probe():
    """A probe over real HTTP that answers /update as told; `heard` holds (path, body, token)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send(200, self.server.said)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/provision":
                self.send(200, b'{"ok": true}')
                return
            self.server.heard.append((self.path, body, self.headers.get("X-Token")))
            self.send(*self.server.answer)

        def send(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.said = b'{"id": "P1", "version": "1.0"}'
    server.heard, server.answer = [], (200, b'{"ok": true, "state": "downloading", "version": "1.0"}')
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def sha256(board: bool) -> str:
    """Says which firmware was asked for."""
    return str(board)


def known(start, probe, results):
    """A provisioner with a token that knows the probe."""
    from temphub_kernel.core.reading import Sighting

    one = start({"SERVER_TOKEN": "s3cret"})
    one.meet(Sighting("P1", "127.0.0.1", probe.server_port, version="1.0"))
    results.wait(lambda check: check.ok)
    return one


def test_a_known_probe_is_told(start, probe, results, trust):
    """By its id, with the token; it gets a path on this hub, never an address."""
    trust.trust("P1")
    assert known(start, probe, results).update_now("P1", sha256) == "1.0"
    assert probe.heard == [
        (
            "/update",
            b'{"manifest_url": "/api/firmware/manifest?format=mpy", "sha256": "True"}',
            signatures.probe_token("s3cret", "P1"),
        )
    ]


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        ((404, b"{}"), "no_update", "temphub flash"),
        ((401, b"{}"), "probe_claimed", "SERVER_TOKEN"),
        (
            (409, b'{"ok": false, "problem": "An update is under way.", "remedy": "Wait."}'),
            "probe_refused",
            "under way",
        ),
        ((500, b"x"), "probe_refused", "500"),
    ],
)
def test_a_refusal_is_told_in_words(start, probe, results, trust, answer, code, word):
    """Too old, claimed by another hub, busy, broken."""
    trust.trust("P1")
    one = known(start, probe, results)
    probe.answer = answer
    with pytest.raises(TempHubError) as caught:
        one.update_now("P1", sha256)
    assert caught.value.code == code and word in str(caught.value)


def test_an_unknown_probe_is_not_asked(start):
    """Only probes that the hub knows, never an address out of a request."""
    for name in ("Nobody", "127.0.0.1"):
        with pytest.raises(TempHubError) as caught:
            start().update_now(name, sha256)
        assert caught.value.code == "unknown_probe" and caught.value.status == 404


@pytest.mark.parametrize(
    ("version", "free", "fits"),
    [
        ("0.4.0", UPDATE, True),
        ("0.4.0", UPDATE - 1, False),
        ("0.3.0", OLD_UPDATE, True),
        ("0.3.0", OLD_UPDATE - 1, False),
    ],
)
def test_an_update_that_cannot_fit_is_refused_before_it_begins(
    start, probe, results, trust, version, free, fits
):
    """The probe tells what memory it has left; too little for its installer, and it is told nothing: words
    and the way out instead."""
    trust.trust("P1")
    probe.said = json.dumps(
        {"id": "P1", "version": version, "outbox": 0, "needs_provision": False, "heap_free": free}
    ).encode()
    one = known(start, probe, results)
    if fits:
        assert one.update_now("P1", sha256) == "1.0"
        return
    with pytest.raises(TempHubError, match=f"{free} bytes of memory left") as error:
        one.update_now("P1", sha256)
    assert (
        error.value.code == "no_memory" and "temphub flash --keep" in error.value.remedy and probe.heard == []
    )
