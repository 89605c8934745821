"""probe/http.py, over real connections"""

import asyncio

from probe.http import Problem
from probe.request import parse_head
from probe_harness import Visitor, net, reply, run


def _hello(request):
    return {"path": request.path, "body": request.body.decode()}


def _fail(request):
    raise RuntimeError("broken")


def _refuse(request):
    raise Problem(401, "code", "what", "do")


def _too_much(request):
    raise MemoryError


def _page(request):
    return "<p>ü</p>"


ROUTES = {
    ("GET", "/"): _page,
    ("GET", "/a"): _hello,
    ("POST", "/a"): _hello,
    ("GET", "/fail"): _fail,
    ("GET", "/big"): _too_much,
    ("POST", "/no"): _refuse,
}


def _ask(data, **limits):
    """(status, body) for raw bytes."""

    async def go():
        visitor = await Visitor(ROUTES, **limits).start()
        try:
            return await visitor.raw(data)
        finally:
            visitor.stop()

    return run(go())


def _status(data, **limits):
    return _ask(data, **limits)[0]


def test_a_page_and_a_json_answer():
    """Text becomes HTML in UTF-8, a dict becomes JSON; a query in the address does no harm."""
    assert _ask(b"GET / HTTP/1.1\r\n\r\n") == (200, "<p>ü</p>")
    status, body = _ask(b"GET /a?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 200 and '"/a"' in body


def test_a_body_may_come_in_pieces():
    """Head and body arrive in as many packets as the network likes."""

    async def go():
        visitor = await Visitor(ROUTES).start()
        reader, writer = await visitor.connect()
        for piece in (b"PO", b"ST /a HTTP/1.1\r\nContent-Le", b"ngth: 6\r\n\r", b"\nabc", b"def"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        status, body = await reply(reader)
        net.drop(writer)
        visitor.stop()
        assert status == 200 and '"abcdef"' in body

    run(go())


def test_wrong_paths_and_methods_are_told_apart():
    """404 for what is not there, 405 for what is there but not so."""
    assert _status(b"GET /x HTTP/1.1\r\n\r\n") == 404
    assert _status(b"DELETE /a HTTP/1.1\r\n\r\n") == 405
    assert _status(b"POST /no HTTP/1.1\r\nContent-Length: 0\r\n\r\n") == 401


def test_errors_say_what_to_do():
    """Every refusal is JSON with a code, a problem and a remedy."""
    _, body = _ask(b"POST /no HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
    for part in ('"ok": false', '"error": "code"', '"problem": "what"', '"remedy": "do"'):
        assert part in body, part


def test_what_is_not_http_is_refused():
    """Rubbish gets 400."""
    for head in (
        b"hello",
        b"GET /",
        b"GET / HTTP/2",
        b"GET a HTTP/1.1",
        b"GET / HTTP/1.1\r\nnocolon",
        b"GET /\xff HTTP/1.1",
    ):
        assert _status(head + b"\r\n\r\n") == 400, head


def test_large_heads_and_bodies_are_refused():
    """More than 2 KB of either is not read into memory; the visitor still hears why."""
    assert _status(b"GET / HTTP/1.1\r\nX: " + b"x" * 3000 + b"\r\n\r\n") == 431
    assert _status(b"GET /" + b"x" * 60000) == 431
    assert _status(b"POST /a HTTP/1.1\r\nContent-Length: 2049\r\n\r\n" + b"x" * 2049) == 413
    assert _status(b"POST /a HTTP/1.1\r\nContent-Length: " + b"9" * 1500 + b"\r\n\r\n") == 413
    assert _status(b"POST /a HTTP/1.1\r\nContent-Length: 2048\r\n\r\n" + b"x" * 2048) == 200


def test_a_body_needs_its_length():
    """411 without a length and for chunks, 400 for a length that is no number."""
    assert _status(b"POST /a HTTP/1.1\r\n\r\n") == 411
    assert _status(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 411
    for length in (b"-1", b"x", b"", b"1e3"):
        assert _status(b"POST /a HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n") == 400, length


def test_a_visitor_that_sends_nothing_is_sent_away():
    """After the time-out a silent or dripping visitor gets 408 and its place is free again."""
    assert _status(b"", timeout_s=0.1) == 408
    assert _status(b"GET / HTTP/1.1\r\n", timeout_s=0.1) == 408


def test_only_so_many_visitors_at_a_time_and_slow_ones_free_their_place():
    """The one too many gets 503 at once; others can come when the slow ones have timed out."""

    async def go():
        visitor = await Visitor(ROUTES, timeout_s=0.5, most=3).start()
        slow = []
        for _ in range(3):
            slow.append(await visitor.connect())
            slow[-1][1].write(b"GET")
            await slow[-1][1].drain()
        await asyncio.sleep(0.05)
        assert (await visitor.get("/"))[0] == 503
        for reader, writer in slow:
            assert (await reply(reader))[0] == 408
            net.drop(writer)
        await asyncio.sleep(0.05)
        assert (await visitor.get("/"))[0] == 200
        visitor.stop()

    run(go())


def test_a_visitor_that_hangs_up_leaves_no_trace():
    """Connections dropped at any point are forgotten without an error."""

    async def go():
        visitor = await Visitor(ROUTES, most=2).start()
        for data in (
            b"",
            b"GET",
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
        ) * 3:
            _, writer = await visitor.connect()
            writer.write(data)
            await writer.drain()
            net.drop(writer)
            await asyncio.sleep(0.02)
        assert (await visitor.get("/"))[0] == 200 and visitor.errors == []
        visitor.stop()

    run(go())


def test_a_broken_page_is_reported_and_the_server_goes_on():
    """A mistake in one answer costs that answer only."""

    async def go():
        visitor = await Visitor(ROUTES).start()
        assert (await visitor.get("/fail"))[0] == 0
        assert len(visitor.errors) == 1
        assert (await visitor.get("/"))[0] == 200
        visitor.stop()

    run(go())


def test_header_names_have_no_case():
    """As HTTP says."""
    request = parse_head(b"GET /p?q HTTP/1.1\r\nX-TOKEN:  abc \r\nhost: h")
    assert request.headers == {"x-token": "abc", "host": "h"} and request.path == "/p"


def test_an_answer_for_which_there_is_no_memory_is_refused_in_words():
    """The visitor learns to come again; the server goes on."""
    status, body = _ask(b"GET /big HTTP/1.1\r\n\r\n")
    assert status == 503 and "no_memory" in body and "remedy" in body
