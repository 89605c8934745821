"""probe/portal.py and probe/http.py under attack: crowds, slow ones, odd and large requests, floods of names,
over real sockets"""

import asyncio
import gc

from portal_harness import query, visit
from probe import dns
from probe_harness import net, reply, until

# Each with the statuses that may answer it; None: the connection may just end.
ODD = (
    (b"\r\n\r\n", (400,)),
    (b"GET\r\n\r\n", (400,)),
    (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", (400,)),
    (b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", (400, 302)),
    (b"GET / HTTP/1.1\r\nHost: " + b"a" * 1900 + b"\r\n\r\n", (302,)),
    (b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n", (431,)),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 400 + b"\r\n", (431,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\n\r\n", (411,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: -1\r\n\r\n", (400,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: 99999999999999999999\r\n\r\n", (413,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000, (413,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: 2000\r\n\r\n" + b"&" * 2000, (200,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: 1998\r\n\r\n" + b"%FF" * 666, (400,)),
    (b"POST /join HTTP/1.1\r\nHost: HERE\r\nContent-Length: 1999\r\n\r\nssid=" + b"a" * 1994, (200,)),
    (b"BREW /join HTTP/1.1\r\nHost: HERE\r\n\r\n", (302,)),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60 + b"\r\n\r\n", (400,)),
)


def test_odd_and_large_requests_are_answered_or_refused():
    """Each in words, nothing is an error of the probe's, no wish comes of it, and memory is as before."""

    async def work(house, here):
        await all_odd(house, here)
        before = used()
        for _ in range(3):
            await all_odd(house, here)
        assert used() - before < 8000, (before, used())
        assert house.portal.wish is None and not house.visitor.errors
        assert "<form" in (await house.fetch(here, "/"))[2]

    visit(work)


def test_a_crowd_of_slow_visitors_stops_nothing_else():
    """Forty connections that say half a word: the probe's other work and the names go on, those beyond its
    places are told that it is busy or dropped; when they have gone a person sets it up."""

    async def work(house, here):
        beats = [0]

        async def beat():
            while True:
                beats[0] += 1
                await asyncio.sleep(0.01)

        beating = asyncio.create_task(beat())
        slow = []
        for _ in range(40):
            try:
                _, writer = await house.visitor.connect()
                slow.append(writer)
                writer.write(b"GET / HT")
                await writer.drain()
            except OSError:
                # Dropped already.
                pass
        seen = beats[0]
        await until(lambda: beats[0] > seen + 20)
        for number in range(40):
            packet = query(("a" * 60 + ".") * 3 + f"n{number}.example", dns.A)
            # What is cut short has no answer to be waited for.
            answer = await house.ask(packet[: len(packet) - (number % 10 == 5)])
            assert bool(answer) == (number % 10 != 5)
        for writer in slow:
            net.drop(writer)
        body = b"ssid=home&password=secret99"
        for _ in range(200):
            try:
                if (await house.fetch(here, "/join", "POST", body))[0] == 200:
                    break
            except (OSError, IndexError, ValueError):
                pass
            await asyncio.sleep(0.02)
        assert house.portal.wish and not house.visitor.errors
        house.room.run(10)
        assert house.room.settings.get("ssid") == "home"
        beating.cancel()

    visit(work)


async def all_odd(house, here):
    for data, allowed in ODD:
        reader, writer = await house.visitor.connect()
        try:
            writer.write(data.replace(b"HERE", here.encode()))
            await writer.drain()
            status = (await reply(reader))[0]
        finally:
            net.drop(writer)
        assert status in allowed, (data[:60], status)


def used():
    """Bytes of the heap in use; 0 where nobody counts them."""
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0
