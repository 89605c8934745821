"""The front door, in front of a real Tornado page server."""

import asyncio
import hashlib
import http.client
import os
import socket
import time

import psutil
import pytest
from tornado.websocket import websocket_connect

from support.page_server import BIG, Large
from support.waiting import wait_for


@pytest.fixture
def hub(make_hub, page):
    return make_hub(page=("127.0.0.1", page.port))


def test_pages_come_through_with_the_original_host(hub):
    """The page server sees the host that the browser asked for, and who asked."""
    status, answer = hub.ask("GET", "/some/page?x=1&y=%20", headers={"Host": "temphub.local:8088"})
    assert (status, answer) == (200, {"host": "temphub.local:8088", "uri": "/some/page?x=1&y=%20", "for": "127.0.0.1", "method": "GET"})


def test_the_api_is_not_forwarded(hub):
    """/api and /metrics are the hub's own; everything else is the page server's."""
    assert hub.ask("GET", "/api/health")[1]["ok"] is True
    assert hub.ask("GET", "/api/other")[0] == 404
    assert "temphub_uptime" in hub.ask("GET", "/metrics")[1]
    assert hub.ask("GET", "/apidocs")[1]["uri"] == "/apidocs"
    assert hub.ask("GET", "/v/api/kernels")[1]["uri"] == "/v/api/kernels"


def test_a_large_file_comes_through_whole(hub):
    """64 MiB arrive byte for byte, streamed."""
    status, text = 0, hashlib.sha256()
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
    connection.request("GET", "/large")
    reply = connection.getresponse()
    size = 0
    while part := reply.read(1 << 20):
        text.update(part)
        size += len(part)
    status = reply.status
    connection.close()
    assert (status, size, text.hexdigest()) == (200, BIG, hashlib.sha256(bytes(range(256)) * (BIG // 256)).hexdigest())


def test_an_upload_comes_through_whole(hub):
    """A body larger than the API's limit reaches the page server, whose limit counts there."""
    body = os.urandom(3 * 1024 * 1024)
    status, answer = hub.ask("POST", "/upload", body)
    assert (status, answer) == (200, {"size": len(body), "sha": hashlib.sha256(body).hexdigest()})


def test_a_slow_reader_holds_no_memory_and_delays_nobody(hub):
    """While a client takes nothing of a large file, the file is not piled up here and readings are acknowledged."""
    before = psutil.Process().memory_info().rss
    with socket.create_connection(("127.0.0.1", hub.port)) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1000)
        settled = wait_for(_settled())
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}) == (200, {"ok": True})
        # What is under way sits in the system's socket buffers, far less than the file.
        assert settled < BIG / 2
        assert psutil.Process().memory_info().rss - before < 24 * 1024 * 1024
    wait_for(lambda: hub.ask("GET", "/")[0] == 200)


def _settled():
    """What `Large` had sent when it stopped getting further for 0.3 s."""
    seen = [(-1, 0.0)]

    def ask():
        now = time.monotonic()
        if Large.sent != seen[0][0]:
            seen[0] = (Large.sent, now)
        return Large.sent if Large.sent and now - seen[0][1] > 0.3 else None

    return ask


def test_pieces_are_passed_on_as_they_come(hub, page):
    """A page that arrives in parts is shown in parts: the first is there before the last exists."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10)
    connection.request("GET", "/slowly")
    reply = connection.getresponse()
    assert reply.read(5) == b"first"
    page.loop.call_soon_threadsafe(page.go_on.set)
    assert reply.read() == b"second"
    connection.close()


def test_replies_without_a_body_end(hub):
    """HEAD, 204 and 304 have no body, and the connection is free for the next request at once."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10)
    for method, path, status in (
        ("HEAD", "/x", 200),
        ("GET", "/odd/empty", 204),
        ("GET", "/odd/unchanged", 304),
        ("GET", "/odd/redirect", 302),
    ):
        connection.request(method, path)
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (status, b"")
    connection.request("GET", "/odd/cookies")
    reply = connection.getresponse()
    assert len(reply.headers.get_all("Set-Cookie")) == 2
    reply.read()
    connection.close()


def test_a_reply_cut_short_is_not_passed_off_as_whole(hub):
    """When the page server breaks off, so does the front door."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10)
    connection.request("GET", "/odd/broken")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()


def test_without_a_page_server_the_page_says_so(make_hub, free_port):
    """A page server that is away is told in words; the API goes on."""
    hub = make_hub(page=("127.0.0.1", free_port))
    status, answer = hub.ask("GET", "/")
    assert (status, answer["error"]) == (502, "page_unavailable")
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1})[0] == 200


def test_a_hub_from_a_notebook_says_how_to_get_the_page(make_hub):
    """With no page server at all `/` shows the newest values and how to get the full page, harmless whatever is stored."""
    hub = make_hub()
    hub.ask("POST", "/api/ingest", {"temperature_c": 4.25, "probe_id": "fridge"})
    status, text = hub.ask("GET", "/")
    assert status == 200 and "4.25 °C" in text and "fridge" in text and "temphub" in text


def test_websockets_come_through(hub):
    """Messages of both kinds go both ways, large ones too."""

    async def talk():
        socket_ = await websocket_connect(f"ws://127.0.0.1:{hub.port}/socket", max_message_size=BIG)
        for message in ("hello", os.urandom(100), "x" * 5_000_000, os.urandom(3_000_000)):
            await socket_.write_message(message, binary=isinstance(message, bytes))
            assert await socket_.read_message() == message
        socket_.close()
        while await socket_.read_message() is not None:
            pass

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(asyncio.wait_for(talk(), 30))
