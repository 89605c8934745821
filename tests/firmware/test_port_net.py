"""The net module of the interpreter that runs this: ports/net_cpython.py or ports/net_micropython.py"""

import asyncio
import os

from ports import multicast, net_micropython
from probe.address import is_ipv4
from probe_harness import HERE, net, run, until


def test_any_free_port_is_a_known_port():
    """Port 0 listens somewhere, and the number that is given back leads there; a taken port is an error."""

    async def go():
        seen = []

        async def serve(reader, writer):
            seen.append(1)
            net.drop(writer)

        server, port = await net.start_server(serve, HERE, 0)
        assert 0 < port < 65536
        _, writer = await net.connect(HERE, port)
        await until(lambda: seen)
        net.drop(writer)
        try:
            await net.start_server(serve, HERE, port)
        except OSError:
            server.close()
            return
        raise AssertionError("listened twice")

    run(go())


def test_datagrams_carry_their_senders_address():
    """What a link sends to another arrives whole, with ip and port of the sender."""

    async def go():
        def nothing(sock, ip):
            pass

        high, low = os.urandom(2)
        number = 40000 + (high << 8 | low) % 20000
        links = [
            multicast.Link(multicast.bound_socket(HERE, port, nothing), net, lambda: HERE)
            for port in (0, number)
        ]
        links[0].send(b"hello", HERE, number)
        data, ip, port = await asyncio.wait_for(links[1].receive(), 5)
        assert data == b"hello" and ip == HERE
        links[1].send(b"back", ip, port)
        assert await asyncio.wait_for(links[0].receive(), 5) == (b"back", HERE, number)
        for link in links:
            link.close()

    run(go())


def test_the_own_address_is_an_address_or_none():
    """With a network its address, without one None; never an error."""
    found = net.own_address()
    assert found is None or is_ipv4(found)


def test_numeric_hosts_need_no_look_up():
    """An IP address stands for itself."""
    assert run(net.resolve("127.0.0.9")) == "127.0.0.9"


def test_both_kinds_of_socket_addresses_are_read():
    """A board gives a tuple, the unix port the raw bytes."""
    assert net_micropython.place(("10.0.0.1", 5353)) == ("10.0.0.1", 5353)
    assert net_micropython.place(b"\x02\x00\x14\xe9\x0a\x00\x00\x01" + bytes(8)) == ("10.0.0.1", 5353)
