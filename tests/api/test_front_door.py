"""The front door, in front of a real Tornado page server."""

import asyncio
import hashlib
import http.client
import json
import os
import socket
import time

import psutil
import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from support.page_server import BIG, Large
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api import proxy
from temphub_kernel.core.clock import monotonic_s


@pytest.fixture
def hub(make_hub, page):
    return make_hub(page=("127.0.0.1", page.port))


def test_pages_come_through_with_the_original_host(hub):
    """The page server sees the host that the browser asked for, and who asked."""
    status, answer = hub.ask("GET", "/v/some/page?x=1&y=%20", headers={"Host": "temphub.local:8088"})
    assert (status, answer) == (
        200,
        {"host": "temphub.local:8088", "uri": "/v/some/page?x=1&y=%20", "for": "127.0.0.1", "method": "GET"},
    )


def test_the_api_is_not_forwarded(hub):
    """/api and /metrics are the hub's own; everything else is the page server's."""
    assert hub.ask("GET", "/api/health")[1]["ok"] is True
    assert hub.ask("GET", "/api/other")[0] == 404
    assert "temphub_uptime" in hub.ask("GET", "/metrics")[1]
    assert hub.ask("GET", "/v/api/kernels")[1]["uri"] == "/v/api/kernels"


def test_a_large_file_comes_through_whole(hub):
    """64 MiB arrive byte for byte, streamed."""
    status, text = 0, hashlib.sha256()
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
    connection.request("GET", "/v/large")
    reply = connection.getresponse()
    size = 0
    while part := reply.read(1 << 20):
        text.update(part)
        size += len(part)
    status = reply.status
    connection.close()
    assert (status, size, text.hexdigest()) == (
        200,
        BIG,
        hashlib.sha256(bytes(range(256)) * (BIG // 256)).hexdigest(),
    )


GOODBYE = "/v/voila/api/shutdown/0"


def test_what_a_page_sends_comes_through_whole(hub):
    """The little that a page sends reaches the page server byte for byte."""
    body = os.urandom(60 * 1024)
    status, answer = hub.ask("POST", GOODBYE, body)
    assert (status, answer) == (200, {"size": len(body), "sha": hashlib.sha256(body).hexdigest()})


def test_a_page_sends_little(hub):
    """A body of more than 64 KiB for a page is refused in words, whether its length was announced or not; the
    hub goes on."""
    status, answer = hub.ask("POST", GOODBYE, bytes(70_000))
    assert (status, answer["error"]) == (413, "too_large") and "65536" in answer["problem"]
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    connection.request(
        "POST",
        GOODBYE,
        iter([bytes(30_000)] * 10),
        encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )
    reply = connection.getresponse()
    assert (reply.status, json.loads(reply.read())["error"]) == (413, "too_large")
    connection.close()
    assert hub.ask("GET", "/v/x")[0] == 200


@pytest.mark.parametrize("status", [403, 404, 405, 500])
def test_what_the_page_server_refuses_is_told_in_the_hubs_words(hub, status):
    """Never Jupyter's own page of an error: JSON with problem and remedy for programs, a small page for
    browsers."""
    told, answer = hub.ask("GET", f"/v/odd/{status}")
    assert told == status and answer["ok"] is False and answer["problem"] and answer["remedy"]
    told, headers, text = hub.whole("GET", f"/v/odd/{status}", headers={"Accept": "text/html"})
    assert (
        told == status and headers["Content-Type"].startswith("text/html") and b"To the temperatures" in text
    )


@pytest.mark.parametrize("wish", ["close", "keep-alive", "upgrade"])
def test_a_client_of_http_1_0_gets_a_whole_page(hub, page, wish):
    """It knows no chunks: it gets the page's bytes and nothing between them, and the end of the connection as
    their end."""
    page.loop.call_soon_threadsafe(page.go_on.set)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=PATIENCE_S) as client:
        client.sendall(f"GET /v/slowly HTTP/1.0\r\nHost: x\r\nConnection: {wish}\r\n\r\n".encode())
        reply = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = reply.partition(b"\r\n\r\n")
    assert body == b"firstsecond" and b"chunked" not in head


def test_a_slow_reader_holds_no_memory_and_delays_nobody(hub):
    """While a client takes nothing of a large file, the file is not piled up here and readings are
    acknowledged."""
    before = psutil.Process().memory_info().rss
    with socket.create_connection(("127.0.0.1", hub.port)) as client:
        client.sendall(b"GET /v/large HTTP/1.1\r\nHost: x\r\n\r\n")
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
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    connection.request("GET", "/v/slowly")
    reply = connection.getresponse()
    assert reply.read(5) == b"first"
    page.loop.call_soon_threadsafe(page.go_on.set)
    assert reply.read() == b"second"
    connection.close()


def test_replies_without_a_body_end(hub):
    """HEAD, 204 and 304 have no body, and the connection is free for the next request at once."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    for method, path, status in (
        ("HEAD", "/v/x", 200),
        ("GET", "/v/odd/empty", 204),
        ("GET", "/v/odd/unchanged", 304),
        ("GET", "/v/odd/redirect", 302),
    ):
        connection.request(method, path)
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (status, b"")
    connection.request("GET", "/v/odd/cookies")
    reply = connection.getresponse()
    assert len(reply.headers.get_all("Set-Cookie")) == 2
    reply.read()
    connection.close()


def test_a_reply_cut_short_is_not_passed_off_as_whole(hub):
    """When the page server breaks off, so does the front door."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE_S)
    connection.request("GET", "/v/odd/broken")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()


def test_a_reply_that_never_began_is_told_in_words(hub):
    """When the page server ends before the first piece of a page, a browser gets a page that asks again by
    itself, and not an empty one for ever; what the page server cannot make is asked for again more rarely."""
    status, page = hub.ask("GET", "/v/odd/nothing", headers={"Accept": "text/html"})
    assert status == 503 and '"refresh" content="2"' in page
    status, page = hub.ask("GET", "/v/odd/500", headers={"Accept": "text/html"})
    assert status == 500 and '"refresh" content="15"' in page
    assert "refresh" not in hub.ask("GET", "/v/odd/404", headers={"Accept": "text/html"})[1]


def test_without_a_page_server_the_page_says_so(make_hub, free_port):
    """A page server that is away is told in words, a browser by a page that asks again by itself; the API
    goes on."""
    hub = make_hub(page=("127.0.0.1", free_port))
    status, answer = hub.ask("GET", "/")
    assert (status, answer["error"]) == (
        503,
        "page_unavailable",
    ) and "readings are stored all the same" in answer["problem"]
    status, page = hub.ask("GET", "/", headers={"Accept": "text/html,*/*"})
    assert status == 503 and 'http-equiv="refresh"' in page and "readings are stored all the same" in page
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1})[0] == 200


def test_a_hub_from_a_notebook_says_how_to_get_the_page(make_hub):
    """With no page server at all `/` shows the newest values and how to get the full page, harmless whatever
    is stored."""
    hub = make_hub()
    hub.ask("POST", "/api/ingest", {"temperature_c": 4.25, "probe_id": "fridge"})
    status, text = hub.ask("GET", "/")
    assert status == 200 and "4.25 °C" in text and "fridge" in text and "temphub" in text


def test_websockets_come_through(hub):
    """Messages of both kinds go both ways, large ones to the page too."""

    async def talk():
        socket_ = await websocket_connect(f"ws://127.0.0.1:{hub.port}/v/socket", max_message_size=BIG)
        for message in ("hello", os.urandom(100), "x" * 60_000, "large", b"large"):
            await socket_.write_message(message, binary=isinstance(message, bytes))
            assert await socket_.read_message() == message * (
                1_000_000 if message in ("large", b"large") else 1
            )
        socket_.close()
        while await socket_.read_message() is not None:
            pass

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(asyncio.wait_for(talk(), PATIENCE_S))


def test_a_page_that_sends_too_much_is_not_read(hub, monkeypatch):
    """What is beyond a page's share waits at its own computer, and comes through later, whole."""
    monkeypatch.setattr(proxy, "UP_AT_ONCE", 50_000)
    monkeypatch.setattr(proxy, "UP_S", 100_000)
    piece = os.urandom(30_000)

    async def talk():
        socket_ = await websocket_connect(f"ws://127.0.0.1:{hub.port}/v/socket", max_message_size=BIG)
        begun = monotonic_s()
        for _ in range(6):
            await socket_.write_message(piece, binary=True)
        for _ in range(6):
            assert await socket_.read_message() == piece
        took = monotonic_s() - begun
        socket_.close()
        while await socket_.read_message() is not None:
            pass
        return took

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(asyncio.wait_for(talk(), PATIENCE_S)) > 0.5


def test_an_address_has_so_many_pages(hub, monkeypatch):
    """One more is refused in words; when one is closed there is room again."""
    monkeypatch.setattr(proxy, "MOST_TUNNELS_EACH", 2)
    url = f"ws://127.0.0.1:{hub.port}/v/socket"

    async def talk():
        two = [await websocket_connect(url) for _ in range(2)]
        with pytest.raises(Exception, match="503"):
            await websocket_connect(url)
        first = two.pop()
        first.close()
        while await first.read_message() is not None:
            pass
        while True:
            try:
                two.append(await websocket_connect(url))
                break
            except HTTPClientError as error:
                assert error.code == 503
                await asyncio.sleep(0.01)
        for socket_ in two:
            socket_.close()
            while await socket_.read_message() is not None:
                pass

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(asyncio.wait_for(talk(), PATIENCE_S))
