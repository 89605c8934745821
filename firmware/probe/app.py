"""Puts the probe together and keeps its loops running.

A port is an object with: settings, identity (without ip and port), outbox_size, batch_size, visitors, sensor, net, link, bind, port,
address() -> ip or None, identify(), say(line), ready(ip, port), tasks() -> [(name, endless coroutine function)].
"""

import asyncio

from probe.client import Client
from probe.clock import Clock
from probe.delivery import Delivery
from probe.endpoints import Endpoints
from probe.hello import Hello
from probe.http import Server
from probe.mdns import Responder
from probe.outbox import Outbox
from probe.sampler import Sampler
from probe.state import State
from probe.waiting import keep_running


class App:
    """`run()` serves until cancelled; `stop()` may be called after it, from outside the loop."""

    def __init__(self, port):
        identity = dict(port.identity)
        identity["ip"] = port.address()
        identity["port"] = port.port
        self._port = port
        self.state = State(identity, port.settings, Outbox(port.outbox_size), Clock(), port.say)
        self._sampler = Sampler(self.state, port.sensor)
        # Two clients: a call home must not wait behind a slow batch on the kept connection.
        self._clients = [Client(port.net), Client(port.net)]
        self._delivery = Delivery(self.state, self._clients[0], port.batch_size)
        self._hello = Hello(self.state, self._clients[1])
        self._responder = Responder(port.link, self.state.who)
        self._server = Server(Endpoints(self.state, port.identify).routes(), port.net, self._failed("web server"), most=port.visitors)

    async def run(self):
        """Bind the port first, as everything else tells others about it; then all loops, for ever."""
        server, number = await self._port.net.start_server(self._server.serve, self._port.bind, self._port.port)
        self.state.identity["port"] = number
        self._port.ready(self.state.identity["ip"] or self._port.bind, number)
        loops = [
            ("sampling", self._sampler.run),
            ("delivery", self._delivery.run),
            ("call home", self._hello.run),
            ("mDNS answers", self._responder.listen),
            ("mDNS announcements", self._responder.announce),
            ("address", self._follow_address),
        ]
        loops += self._port.tasks()
        try:
            await asyncio.gather(*[keep_running(start, self._failed(name)) for name, start in loops])
        finally:
            server.close()
            for client in self._clients:
                client.close()

    def stop(self):
        """Say goodbye; best effort."""
        self._responder.goodbye()
        self._port.link.close()

    async def _follow_address(self):
        while True:
            ip = self._port.address()
            if ip != self.state.identity["ip"]:
                self.state.identity["ip"] = ip
                self._responder.renew.set()
                self._hello.renew.set()
                self._delivery.retry.set()
            await asyncio.sleep(2)

    def _failed(self, name):
        def failed(error):
            self.state.fault(f"The probe's {name} had an error and starts again ({error!r}). Report this if it repeats.")

        return failed
