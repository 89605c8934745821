"""A page's websocket at a real hub, spoken to by no browser. The lies are small; jupyter/frames.py says what
they led to."""

import asyncio
import re
import struct
import zlib
from contextlib import suppress
from itertools import count

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from support.messages import PROTOCOL, content, header, message
from temphub_kernel.jupyter.frames import MOST_BYTES
from temphub_kernel.jupyter.websocket import CONTROLS_AT_ONCE, MOST_EACH, MOST_TRACKED, MOST_WRONG, Paces

NUMBERS = count()
OPENED = {}
VISIT = re.compile(rb'"kernelId": "([0-9a-f-]{36})"')


def run(scenario):
    """Run a scenario in a loop of its own; every connection of it is closed to its end afterwards."""

    async def whole():
        OPENED.clear()
        try:
            return await asyncio.wait_for(scenario(), 100)
        finally:
            for socket in OPENED:
                socket.close()
                with suppress(TimeoutError):
                    await ended(socket)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(whole())


async def visit(hub):
    """A page's visit, as its HTML names it. Meanwhile pings are answered."""
    return await asyncio.to_thread(visit_now, hub)


def visit_now(hub):
    return VISIT.search(hub.ask("GET", "/", timeout_s=40)[1])[1].decode()


def address(hub, visit, session="s1"):
    return f"ws://127.0.0.1:{hub.port}/v/api/kernels/{visit}/channels?session_id={session}"


async def connected(hub, visit, session="s1", protocols=(PROTOCOL,), **more):
    """A connection that has answered once, so what comes after is about what is sent then."""
    told = asyncio.Queue()
    # Always read, so that pings are answered while the test looks elsewhere.
    more["on_message_callback"] = told.put_nowait
    socket = await websocket_connect(
        HTTPRequest(address(hub, visit, session)), subprotocols=list(protocols), **more
    )
    OPENED[socket] = told
    if PROTOCOL in protocols:
        assert await answers(socket)
    return socket


async def answers(socket, within_s=30):
    """Whether the kernel answers a question that pages ask; False when the connection ends."""
    # The kernel takes no message twice.
    asked = message(header("kernel_info_request", msg_id=f"asked-{next(NUMBERS)}"), {}, {})
    with suppress(WebSocketClosedError):
        await socket.write_message(asked, binary=True)
    async with asyncio.timeout(within_s):
        while (told := await OPENED[socket].get()) is not None:
            if b"kernel_info_reply" in told:
                return True
    return False


async def announce(socket, first, length):
    """The head of a frame, of what is still to come."""
    await socket.protocol.stream.write(struct.pack(">BBQL", first, 0xFF, length, 0))


async def ended(socket, within_s=30):
    """The code with which the hub closes it."""
    async with asyncio.timeout(within_s):
        while await OPENED[socket].get() is not None:
            pass
    # It has ended for whoever asks again, too.
    OPENED[socket].put_nowait(None)
    return socket.close_code


def lines(hub, part):
    """The lines of the console that hold a text."""
    return [line for line in hub.text().splitlines() if part in line]


def test_messages_that_lie_are_dropped_and_the_page_lives_on(hub):
    """A part too many, an offset off by one, a cut end, text, no JSON, code: each dropped, one line each in
    the log however often; the page that sent them and another one are answered all the while."""
    good = message(header("comm_info_request"), {}, {})
    lies = [
        (7).to_bytes(8, "little") + good[8:],
        good[:8] + (int.from_bytes(good[8:16], "little") + 1).to_bytes(8, "little") + good[16:],
        good[:-1],
        good[:12],
        message(header("comm_msg"), {}, {}, parts=[b"{}", b"{}", b"{", b"{}"]),
        message(header("execute_request"), {}, {"code": "open('x', 'w')"}),
    ]

    async def scenario():
        ours, others = await connected(hub, await visit(hub)), await connected(hub, await visit(hub))
        for _ in range(5):
            for lie in lies:
                await ours.write_message(lie, binary=True)
                assert await answers(ours)
            await ours.write_message("{}")
            assert await answers(others)

    run(scenario)
    assert len(lines(hub, "with parts that do not lie where it says")) == 1
    assert len(lines(hub, "with a number of parts that it cannot have")) == 1
    assert len(lines(hub, "text instead of a binary message")) == 1
    assert len(lines(hub, "of a type that pages do not send")) == 1
    assert "Traceback" not in hub.text()


def test_who_sends_nothing_but_lies_is_closed(hub):
    """After some dozen of them, with a reason; its visit's next connection is taken."""

    async def scenario():
        one = await visit(hub)
        socket = await connected(hub, one)
        for _ in range(MOST_WRONG):
            await socket.write_message(b"x", binary=True)
        assert await ended(socket) == 1008
        await connected(hub, one)

    run(scenario)


@pytest.mark.parametrize("protocols", [(), ("jupyter",), ("v0.kernel.websocket.jupyter.org", "x")])
def test_other_protocols_are_not_spoken(hub, protocols):
    """The old one, or one that nobody knows: closed before a message of it is read."""

    async def scenario():
        one = await visit(hub)
        socket = await connected(hub, one, protocols=protocols)
        with suppress(WebSocketClosedError):
            await socket.write_message((2).to_bytes(4, "big") + b"\x00" * 8, binary=True)
            await socket.write_message('{"channel": "shell"}')
        assert await ended(socket) == 1002
        await connected(hub, one)

    run(scenario)
    assert "Traceback" not in hub.text()


def test_a_message_that_is_too_long_ends_its_connection(hub):
    """Sent plain, packed (a kilobyte that becomes too long), or in pieces that never end: closed, and the
    next connection is taken."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = packed.compress(b" " * (MOST_BYTES + 1)) + packed.flush(zlib.Z_SYNC_FLUSH)
    assert len(small) < 1024

    async def scenario():
        one = await visit(hub)
        plain = await connected(hub, one)
        # Told before it comes, so that nothing is on its way when the connection is closed: that could take
        # the reason with it.
        await announce(plain, 0x82, MOST_BYTES + 1)
        assert await ended(plain) == 1009
        tight = await connected(hub, one, compression_options={"compression_level": 9})
        await tight.write_message(b" " * (MOST_BYTES + 1), binary=True)
        assert await ended(tight) == 1009
        pieces = await connected(hub, one)
        for part in range(3):
            await pieces.protocol._write_frame(False, 0 if part else 2, b" " * (MOST_BYTES // 3))
        await announce(pieces, 0x00, MOST_BYTES // 3)
        assert await ended(pieces) == 1009
        await connected(hub, one)

    run(scenario)


def test_pings_and_a_close_that_is_none_end_their_connection_only(hub):
    """Many pings are no page; a close whose reason is no text leaves a line and no traceback."""

    async def scenario():
        one = await visit(hub)
        other = await connected(hub, one, "other")
        pinging = await connected(hub, one)
        for _ in range(int(CONTROLS_AT_ONCE) + 5):
            pinging.ping(b"x")
        assert await ended(pinging) == 1008
        odd = await connected(hub, one)
        await odd.protocol._write_frame(True, 0x8, b"\x03\xe8\xff")
        await ended(odd)
        assert await answers(other)

    run(scenario)
    assert "Traceback" not in hub.text()


def test_a_visit_has_a_few_connections(hub):
    """One too many is refused, as are a visit that there is not and a name that is none; once one is closed a
    place is free again."""

    async def scenario():
        one = await visit(hub)
        sockets = [await connected(hub, one, f"s{number}") for number in range(MOST_EACH)]
        refused = {
            503: address(hub, one, "more"),
            404: address(hub, "00000000-0000-4000-8000-000000000000"),
            400: address(hub, one, "%00"),
        }
        for code, url in refused.items():
            with pytest.raises(HTTPClientError, match=str(code)):
                await websocket_connect(url, subprotocols=[PROTOCOL])
        sockets.pop().close()
        async with asyncio.timeout(30):
            while True:
                try:
                    sockets.append(await connected(hub, one, "again"))
                    break
                except HTTPClientError as error:
                    assert error.code == 503
                    await asyncio.sleep(0.05)

    run(scenario)
    assert "Traceback" not in hub.text()


def test_comms_of_others_are_out_of_reach(hub):
    """What a page says to a comm that is not its own, or is none, is dropped without a word; it opens a few
    channels and no more."""

    async def scenario():
        ours, theirs = await visit(hub), await visit(hub)
        socket = await connected(hub, ours)
        for kind in ("comm_msg", "comm_close"):
            for comm_id in (theirs[:8] + "0" * 32, "none"):
                await socket.write_message(message(header(kind), {}, content(kind, comm_id)), binary=True)
        for number in range(50):
            await socket.write_message(
                message(header("comm_open"), {"version": "1.0.0"}, content("comm_open", f"c{number}")),
                binary=True,
            )
        await socket.write_message(message(header("comm_msg"), {}, content("comm_msg", "c0")), binary=True)
        async with asyncio.timeout(20):
            while b"update_states" not in (told := await OPENED[socket].get()):
                pass
        await socket.write_message(message(header("comm_msg"), {}, content("comm_msg", "c49")), binary=True)
        assert await answers(socket)
        return told

    assert run(scenario)
    assert "No such comm" not in hub.text() and "Traceback" not in hub.text()


def test_all_pages_of_an_address_have_one_pace():
    """However many connections it has; another address is not slowed down, and of those long gone nothing is
    kept."""
    paces = Paces(0.001, 3)
    assert [paces.take("10.0.0.7") > 0 for _ in range(5)] == [False] * 3 + [True] * 2
    assert paces.take("10.0.0.8") == 0
    for number in range(MOST_TRACKED):
        paces.take(f"fd00::{number:x}")
    assert paces.take("10.0.0.7") == 0
