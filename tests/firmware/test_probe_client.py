"""probe/client.py against a real server"""

import asyncio

from probe.client import Client, Unreachable
from probe_harness import HERE, Hub, net, run


async def _problem(client, url):
    try:
        await client.post(url, "/api/ingest", {}, "")
    except Unreachable as error:
        return str(error)
    raise AssertionError("answered")


def _with_hub(work, *answers):
    async def go():
        hub = await Hub(*answers).start()
        client = Client(net, 0.5)
        try:
            await work(client, hub)
        finally:
            client.close()
            hub.stop()

    run(go())


def test_a_request_carries_path_body_and_token():
    """POST to the whole address that was told, JSON, X-Token only when there is one; a call home goes beside
    it."""

    async def work(client, hub):
        assert await client.post(hub.url + "/base/in.php?key=x", "/api/ingest", {"a": [1, None]}, "t0") == (
            200,
            {"ok": True},
        )
        await client.post(hub.url, "/api/ingest", {}, "")
        await client.post(hub.url + "/base/in.php?key=x/y", "/api/hello", {}, "")
        assert [request[0] for request in hub.requests[1:]] == [
            "POST /api/ingest HTTP/1.1",
            "POST /base/hello?key=x/y HTTP/1.1",
        ]
        line, headers, body = hub.requests[0]
        assert line == "POST /base/in.php?key=x HTTP/1.1" and body == {"a": [1, None]}
        assert headers["x-token"] == "t0" and headers["content-type"] == "application/json"
        assert "x-token" not in hub.requests[1][1]

    _with_hub(work, (200, {"ok": True}))


def test_the_connection_is_kept():
    """Ten requests, one connection."""

    async def work(client, hub):
        for _ in range(10):
            await client.post(hub.url, "/api/ingest", {}, "")
        assert hub.connections == 1

    _with_hub(work, (200, {}))


def test_a_kept_connection_that_grew_old_is_replaced_unnoticed():
    """The hub closes idle connections; the next request opens a new one by itself."""

    async def work(client, hub):
        await client.post(hub.url, "/api/ingest", {}, "")
        assert await client.post(hub.url, "/api/ingest", {"n": 2}, "") == (200, {"n": 3})
        assert hub.connections == 2

    _with_hub(work, (200, {}), "close", (200, {"n": 3}))


def test_other_answers_are_answers():
    """A refusal is a reply; what is not a JSON object is None."""

    async def work(client, hub):
        assert await client.post(hub.url, "/api/ingest", {}, "") == (401, {"ok": False})
        assert await client.post(hub.url, "/api/ingest", {}, "") == (500, None)

    _with_hub(work, (401, {"ok": False}), (500, [1]))


def test_chunked_and_unbounded_replies_are_understood():
    """As a proxy, PHP, Node or an old server sends them: in chunks, with header lines behind, up to the
    connection's end, or nothing."""

    async def work(client, hub):
        for _ in range(5):
            assert await client.post(hub.url, "/api/ingest", {}, "") == (200, {"ok": 1})
        assert await client.post(hub.url, "/api/ingest", {}, "") == (204, None)

    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"ok\r\n5;x=y\r\n": 1}\r\n0\r\n\r\n'
    trailed = (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"ok": 1\r\n1\r\n}\r\n0\r\nX-Sum: '
        b"1\r\n\r\n"
    )
    plain = b'HTTP/1.0 200 OK\r\n\r\n{"ok": 1}'
    closing = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"ok": 1}'
    _with_hub(work, chunked, trailed, plain, closing, closing, b"HTTP/1.1 204 No Content\r\n\r\n")


def test_a_reply_that_comes_in_pieces_is_waited_for():
    """Head and body in packets of their own, without a length, as Python's http.server and hand-written
    programs send them."""

    async def go():
        answers = [
            (False, (b"HTTP/1.0 200 OK\r\n", b"Server: x\r\n\r\n", b'{"ok"', b": true}")),
            (True, (b"HTTP/1.1 200 OK\r\n\r\n", b'{"ok": true}')),
            (
                True,
                (
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    b"c",
                    b'\r\n{"ok": true}',
                    b"\r\n0\r",
                    b"\n\r",
                    b"\n",
                ),
            ),
        ]

        async def serve(reader, writer):
            while not (await reader.read(512)).endswith(b"}"):
                pass
            stays, pieces = answers.pop(0)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02)
            if stays:
                await reader.read(512)
            net.drop(writer)

        server, port = await net.start_server(serve, HERE, 0)
        client = Client(net, 0.5)
        while answers:
            assert await client.post(f"http://{HERE}:{port}", "/api/ingest", {}, "") == (200, {"ok": True})
            client.close()
        server.close()
        await asyncio.sleep(0.05)

    run(go())


def test_a_silent_hub_costs_the_time_out_and_no_more():
    """The problem says that no answer came in time and what to check."""

    async def work(client, hub):
        problem = await _problem(client, hub.url)
        assert "in time" in problem and "Check" in problem

    _with_hub(work, "hang")


def test_nonsense_is_no_answer():
    """Not HTTP, cut off, closed at once, endless: all Unreachable, none a crash."""
    cut_off = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc"
    for answer in (b"SSH-2.0-OpenSSH\r\n\r\n", cut_off, "close", b"x" * 9000, b"HTTP/1.1 abc\r\n\r\n"):

        async def work(client, hub):
            assert await _problem(client, hub.url)

        _with_hub(work, answer)
    for length in (b"Content-Length: 999999", b"Transfer-Encoding: chunked"):
        answer = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n" + b"x" * 20000

        async def too_long(client, hub):
            assert "too long" in await _problem(client, hub.url)

        _with_hub(too_long, answer)


def test_nobody_listening_is_a_problem_with_a_remedy():
    """Connection refused names the place and says what to check."""

    async def go():
        hub = await Hub((200, {})).start()
        hub.stop()
        await hub.closed()
        problem = await _problem(Client(net, 0.5), hub.url)
        assert HERE in problem and "nothing listens there" in problem

    run(go())
