"""Whoever asks for what is not here, or sends too much, is told in words that can be read."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

import pytest
import requests

from support.waiting import PATIENCE_S, cannot
from temphub_kernel.api.replies import MOST_DROPPED

READING = {"temperature_c": 23.8, "probe_id": "TempProbe-0096"}
BIG = bytes(3_000_000)
STRAYS = [
    ("POST", "/", 405, "/api/ingest"),
    ("PUT", "/", 405, "/api/ingest"),
    ("DELETE", "/", 405, "/api/openapi.json"),
    ("OPTIONS", "/", 405, "/api/openapi.json"),
    ("POST", "/ingest", 404, "/api/ingest"),
    ("GET", "/ingest?temperature_c=1", 404, "/api/ingest"),
    ("POST", "/update", 404, "/api/ingest"),
    ("POST", "//api/ingest", 404, "/api/ingest"),
    ("POST", "/api/ingest/", 404, "/api/ingest"),
    ("POST", "/API/ingest", 404, "/api/ingest"),
    ("POST", "/api/v1/ingest", 404, "/api/ingest"),
    ("PUT", "/api/v2/readings", 404, "/api/ingest"),
    ("POST", "/api", 404, "/api/ingest"),
    ("POST", "/provision", 404, "/api/provision"),
    ("POST", "/hello", 404, "/api/hello"),
    ("GET", "/whoami", 404, "http://<address of the probe>/whoami"),
    ("GET", "/status", 404, "http://<address of the probe>/status"),
    ("GET", "/api/v1/probes", 404, "/api/openapi.json"),
    ("GET", "/index.html", 404, "/api/openapi.json"),
    ("GET", "/favicon.ico", 404, "/api/openapi.json"),
    ("POST", "/v/api/kernels", 405, "/api/ingest"),
    ("DELETE", "/v/api/kernels/0", 405, "/api/openapi.json"),
    ("PATCH", "/login", 405, "/api/ingest"),
]


@pytest.fixture(params=["page", "notebook"])
def hub(request, make_hub, page):
    """A hub with a page server behind it, and one without."""
    return make_hub(page=("127.0.0.1", page.port) if request.param == "page" else None)


@pytest.mark.parametrize(("method", "path", "status", "hint"), STRAYS)
def test_a_stranger_gets_words(hub, method, path, status, hint):
    """Whatever a probe or script asks for that there is not: the hub's JSON error, and where it was meant to
    go."""
    told, headers, text = hub.whole(method, path, READING if method in ("POST", "PUT", "PATCH") else None)
    answer = json.loads(text)
    assert told == status and headers["Content-Type"].startswith("application/json")
    assert hint in answer["remedy"] and answer["ok"] is False and answer["error"] and answer["problem"]


def test_a_browser_gets_a_small_page(hub):
    """Who mistyped the address reads what is wrong and finds the way to the temperatures; what was typed is
    no markup."""
    status, headers, text = hub.whole(
        "GET", "/<script>alert(1)</script>", headers={"Accept": "text/html,*/*;q=0.8"}
    )
    assert status == 404 and headers["Content-Type"].startswith("text/html") and b'href="/"' in text
    assert (
        b"<script" not in text
        and b"upyter" not in text
        and "default-src 'none'" in headers["Content-Security-Policy"]
    )


def test_who_wants_json_gets_no_page(hub):
    """`Accept: application/json` at / is told where the data is; who takes anything gets the page."""
    status, answer = hub.ask("GET", "/", headers={"Accept": "application/json"})
    assert (status, answer["error"]) == (406, "not_acceptable") and "/api/probes" in answer["remedy"]
    assert hub.ask("GET", "/", headers={"Accept": "application/json, */*"})[0] == 200


def test_a_password_does_not_hide_the_words(make_hub):
    """With UI_PASSWORD and TLS set a probe that delivers to the wrong path is told the right one, not sent to
    the login."""
    hub = make_hub(environ={"UI_PASSWORD": "long enough"})
    for path in ("/", "/ingest"):
        assert "/api/ingest" in hub.ask("POST", path, READING)[1]["remedy"]
    assert hub.whole("GET", "/")[0] == 303


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/login",
        "/metrics",
        "/api/health",
        "/api/probes",
        "/api/readings?format=csv",
        "/api/openapi.json",
    ],
)
def test_head_is_get_without_a_body(hub, path):
    """HEAD tells status and type, sends no byte of a body, stores nothing, and the connection goes on."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    for _ in range(2):
        connection.request("HEAD", path)
        reply = connection.getresponse()
        assert reply.status in (200, 303) and reply.read() == b""
    connection.request("GET", "/api/health")
    assert json.loads(connection.getresponse().read())["ok"] is True
    connection.close()


@pytest.mark.parametrize(
    "path", ["/api/ingest?temperature_c=1", "/api/provision", "/nothing", "/api/nothing"]
)
def test_head_where_there_is_nothing_to_get(hub, path):
    """It is refused with the right status, and no reading is stored by it."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    connection.request("HEAD", path)
    reply = connection.getresponse()
    assert reply.status == (404 if "nothing" in path else 405) and reply.read() == b""
    connection.request("GET", "/api/probes")
    assert connection.getresponse().status == 200
    connection.close()
    assert hub.ask("GET", "/api/readings?probe_id=adhoc")[1]["readings"] == []


PATHS = [
    ("/api/ingest", 413),
    ("/api/hello", 413),
    ("/v/voila/api/shutdown/0", 413),
    ("/", 405),
    ("/ingest", 404),
]


def curl(url, *more):
    """(status, JSON) by the real curl."""
    program = shutil.which("curl") or cannot(
        "there is no curl on this computer (Debian: apt-get install curl)"
    )
    done = subprocess.run(
        [program, "-s", "-m", "20", *more, "-w", "\n%{http_code}", "--data-binary", "@-", url],
        input=BIG,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), json.loads(body)


def by_curl(url):
    return curl(url)


def by_curl_without_asking_first(url):
    return curl(url, "-H", "Expect:")


def by_curl_in_chunks(url):
    return curl(url, "-H", "Transfer-Encoding: chunked", "-H", "Expect:")


def by_requests(url):
    reply = requests.post(url, data=BIG, timeout=PATIENCE_S)
    return reply.status_code, reply.json()


def by_urllib(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url, BIG), timeout=PATIENCE_S)
    with caught.value as reply:
        return reply.code, json.loads(reply.read())


def by_a_socket_that_sends_first(url):
    """As Arduino's HTTPClient does: all of it is written before a byte is read."""
    port, path = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", url).groups()
    with socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE_S) as client:
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: {len(BIG)}"
            "\r\n\r\n".encode()
        )
        for at in range(0, len(BIG), 1460):
            client.sendall(BIG[at : at + 1460])
        reply = http.client.HTTPResponse(client)
        reply.begin()
        return reply.status, json.loads(reply.read())


@pytest.mark.parametrize(("path", "status"), PATHS)
@pytest.mark.parametrize(
    "send",
    [
        by_curl,
        by_curl_without_asking_first,
        by_curl_in_chunks,
        by_requests,
        by_urllib,
        by_a_socket_that_sends_first,
    ],
)
def test_the_refusal_of_a_large_body_is_seen(make_hub, page, send, path, status):
    """Ordinary clients read the status and its words instead of a connection that was reset, however they
    send."""
    if path.startswith("/v/"):
        hub = make_hub(page=("127.0.0.1", page.port))
    else:
        hub = make_hub()
    told, answer = send(f"http://127.0.0.1:{hub.port}{path}")
    assert told == status and answer["ok"] is False and answer["problem"] and answer["remedy"]


def test_what_is_dropped_has_an_end(make_hub):
    """A body that goes on and on is cut off in the end, by size and by time, and others are answered
    meanwhile."""
    hub = make_hub(body_s=1.0)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(4 * MOST_DROPPED // 65536):
                client.sendall(bytes(65536))
    assert hub.ask("POST", "/api/ingest", READING) == (200, {"ok": True})
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(b"POST /api/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nx")
        reply = http.client.HTTPResponse(client)
        reply.begin()
        assert reply.status == 413 and reply.read()
        assert client.recv(1) == b""
