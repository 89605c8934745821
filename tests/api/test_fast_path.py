"""The fast path of deliveries answers as Tornado does, whatever comes, and leaves to Tornado what it
should."""

import asyncio
import logging
import re
import socket

import pytest

from support.attacks import ATTACKER, Poster, connect as attack_from
from support.smuggling import INNER, PLAIN, START, everything
from support.waiting import wait_for
from temphub_kernel.api.access.rate_limit import Gate
from temphub_kernel.api.ingest import Delivery
from temphub_kernel.api.ingest.fast_path import PIECE, PlainConnection
from temphub_kernel.journal import Reader

OK = b'{"ok":true}'
MANY = 300


@pytest.fixture
def tornado_only(caplog):
    """At LOG_LEVEL=DEBUG each request's line in the log is told, which Tornado's connections do: all go to
    them."""
    return lambda: caplog.at_level(logging.DEBUG, logger="temphub_kernel.api.requests")


@pytest.fixture
def fast(monkeypatch):
    """The bodies that were taken on the fast path."""
    bodies = []
    whole = Delivery.whole

    def noted(self, headers, body):
        bodies.append(body)
        whole(self, headers, body)

    monkeypatch.setattr(Delivery, "whole", noted)
    return bodies


def rows(hub):
    with Reader(hub.journal) as reader:
        return reader.after(0, 100_000)


def connect(hub):
    return socket.create_connection(("127.0.0.1", hub.port), timeout=60)


def answers_to(hub, requests):
    """Sends each on a connection of its own, all at once, and waits until the hub ends them: {name: what came
    back}."""

    async def one(sent):
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        try:
            writer.write(sent)
            return await reader.read()
        except ConnectionError:
            return b"reset"
        finally:
            writer.close()

    async def ask():
        return await asyncio.gather(*map(one, requests.values()))

    return dict(zip(requests, asyncio.run(ask()), strict=True))


def without_times(answer):
    return re.sub(rb'"time":"[^"]*"|Date: [^\r]*', b"", answer)


def test_whatever_comes_is_answered_as_by_tornado(make_hub, tornado_only, fast):
    """Request smuggling, malformed and odd requests: byte for byte the answers of Tornado's connection, and
    no reading more."""
    hub = make_hub(idle_s=2.0, body_s=2.0, gate=Gate(busy=10**9))
    requests = everything()
    here = answers_to(hub, requests)
    taken, stored = len(fast), len(rows(hub))
    with tornado_only():
        there = answers_to(hub, requests)
    assert len(fast) == taken > 20
    assert {name for name in requests if without_times(here[name]) != without_times(there[name])} == set()
    # Tornado also stores what is sent behind a request that was to be the last one, and answers nobody: three
    # requests have such.
    assert len(rows(hub)) == 2 * stored + 3 > 100


def test_no_inner_request_is_answered_but_by_its_place(make_hub):
    """What stands in a body is never taken for a request of its own."""
    hub = make_hub(idle_s=2.0, body_s=2.0)
    answers = answers_to(hub, {name: one for name, one in everything().items() if INNER in one})
    inner = {name: answer.count(b"/api/inner") for name, answer in answers.items()}
    assert inner.pop("plain, then another question") == inner.pop("a question") == 1
    # A length of nothing, or none at all, ends the request there: the next one is a question of its own.
    assert inner.pop("a length of nothing and a question as body") == 1
    assert set(inner.values()) == {0}


def test_a_connection_goes_on_with_tornado(hub, fast):
    """Deliveries, then another question, then more of them than are read at once, on one connection: all
    answered, in order."""
    wrong = PLAIN.replace(b"21.5,", b"null,")
    many = 2 * PIECE // len(wrong)
    with connect(hub) as client:
        client.sendall(PLAIN)
        assert client.recv(1000).endswith(OK)
        client.sendall(PLAIN + INNER + PLAIN + wrong * many)
        seen = b""
        while seen.count(b"HTTP/1.1 ") < 3 + many or not seen.endswith(b"}"):
            seen += client.recv(1 << 20)
    assert [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", seen)] == [200, 404, 200, *[400] * many]
    assert len(fast) == 2 and len(rows(hub)) == 3


def test_a_delivery_may_come_in_any_pieces(hub, fast):
    """However the network cuts a delivery, it is one: each piece was read before the next was sent."""
    with connect(hub) as client, connect(hub) as other:
        for cut in (
            1,
            20,
            len(START),
            len(START) + 5,
            PLAIN.index(b"{") - 3,
            PLAIN.index(b"{"),
            len(PLAIN) - 1,
        ):
            for piece in (PLAIN[:cut], PLAIN[cut:]):
                client.sendall(piece)
                # The loop has been round when another one has its answer.
                other.sendall(PLAIN)
                assert other.recv(1000).endswith(OK)
            assert client.recv(1000).endswith(OK), cut
    assert len(fast) == len(rows(hub)) == 21


def test_who_says_no_more_still_gets_the_answers(hub):
    """A client that has shut its own side (as `nc -N` does) is answered all it asked, and then let go."""
    with connect(hub) as client:
        client.sendall(PLAIN * 3)
        client.shutdown(socket.SHUT_WR)
        seen = b""
        while part := client.recv(65536):
            seen += part
    assert seen.count(OK) == 3


def test_who_reads_nothing_is_read_no_further_and_misses_nothing(monkeypatch, hub, fast):
    """A client that asks on and on without reading is left to Tornado, which waits for it; when it reads,
    each answer is there."""
    opened = PlainConnection.open

    def open_small(self):
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        opened(self)

    monkeypatch.setattr(PlainConnection, "open", open_small)
    wrong, other_wrong = PLAIN.replace(b"21.5,", b"null,"), PLAIN.replace(b"21.5,", b"true,")
    with socket.socket() as client, connect(hub) as other:
        client.settimeout(60)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", hub.port))
        client.sendall(wrong * MANY)
        for _ in range(MANY):
            # With each answer to another one the loop has been round, and has answered one of them at least,
            # if it could.
            other.sendall(other_wrong)
            assert other.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert 0 < sum(b"null" in body for body in fast) < MANY
        seen, rest = 0, b""
        while seen < MANY or not rest.endswith(b"}"):
            part = client.recv(65536)
            assert part
            text = rest + part
            seen += text.count(b"HTTP/1.1 400 ")
            rest = text[-12:]
    assert hub.ask("GET", "/api/health")[0] == 200


def test_an_address_has_its_share_here_too(make_hub):
    """Who sends one delivery after the other is told 429 after a pause, while a probe at another address is
    served."""
    hub = make_hub(gate=Gate(busy=60))
    wrong = PLAIN.replace(b"21.5,", b"null,")
    probe = Poster(hub.port, "probe", 0.05)
    probe.start()
    try:
        wait_for(lambda: probe.answers[200])
        with attack_from(hub.port) as attacker:
            attacker.settimeout(60)
            attacker.sendall(wrong * 2000)
            seen = b""
            while b"HTTP/1.1 429 " not in seen or not seen.endswith(b"}"):
                seen += attacker.recv(65536)
    finally:
        probe.stop()
    refusal = seen[seen.index(b"HTTP/1.1 429 ") :]
    assert b"Retry-After: 1\r\n" in refusal and b"address %s sends so many" % ATTACKER.encode() in refusal
    assert set(probe.answers) == {200}


def test_a_signed_off_connection_is_forgotten(make_hub):
    """However many connections come and go, the fast path holds none of them, and the gate has its places
    back."""
    gate = Gate()
    hub = make_hub(gate=gate)
    for _ in range(20):
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}) == (200, {"ok": True})
        assert hub.ask("GET", "/api/health")[0] == 200
    wait_for(lambda: not gate._silent and len(gate._all) < 10)
