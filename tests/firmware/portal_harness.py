"""A phone on the access point of a probe: what the portal's tests share."""

import asyncio
import os
import struct

from ports import multicast
from probe import dns
from probe.endpoints import Endpoints
from probe_harness import HERE, Folder, Visitor, net, run, until
from radio_stand_in import Air, Room


class House:
    """A probe with its portal, its web server and a name server, all on this machine; real time, a stand-in
    radio."""

    def __init__(self, folder, **given):
        self.room = Room(folder, Air(home="secret99", guest=""), **given)
        self.portal = self.room.portal
        self.portal._name_link = self._link
        self.names = 0
        routes = Endpoints(self.room.state, lambda: None).routes()
        self.visitor = Visitor(routes, doorman=self.portal.handler)

    def _link(self):
        high, low = os.urandom(2)
        self.names = 40000 + (high << 8 | low) % 20000
        return multicast.Link(
            multicast.bound_socket(HERE, self.names, lambda sock, ip: None), net, lambda: HERE
        )

    async def ask(self, packet):
        """One datagram to the name server, and its answer or None."""
        link = multicast.Link(multicast.bound_socket(HERE, 0, lambda sock, ip: None), net, lambda: HERE)
        try:
            link.send(packet, HERE, self.names)
            return (await asyncio.wait_for(link.receive(), 0.4))[0]
        except asyncio.TimeoutError:  # noqa: UP041 (MicroPython has no builtin of that name)
            return None
        finally:
            link.close()

    async def fetch(self, host, path, method="GET", body=b"", *headers):
        """(status, head, body) of one request as a browser sends it."""
        reader, writer = await self.visitor.connect()
        lines = [f"{method} {path} HTTP/1.1", "Host: " + host, f"Content-Length: {len(body)}"] + list(headers)
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        data = b""
        while True:
            more = await reader.read(1024)
            if not more:
                break
            data += more
        net.drop(writer)
        head, _, text = data.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head.decode(), text.decode()


def visit(work, **given):
    async def go(folder):
        house = House(folder, **given)
        await house.visitor.start()
        house.room.state.identity["port"] = house.visitor.port
        task = asyncio.create_task(house.portal.answer_names())
        try:
            house.room.run(70)
            await until(lambda: house.names)
            await work(house, f"{HERE}:{house.visitor.port}")
        finally:
            task.cancel()
            house.visitor.stop()
            await asyncio.sleep(0)

    with Folder() as folder:
        run(go(folder))


def query(name, kind, flags=0x0100):
    return struct.pack(">HHHHHH", 0xBEEF, flags, 1, 0, 0, 0) + dns.question(name.split("."), kind)
