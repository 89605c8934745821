"""Puts the probe together and keeps its loops running.

A port is an object with: settings, identity (without ip and port), outbox_size, folder, spill_files, batch_size, visitors, sensors,
net, link, bind, port, slots (see boot_slots.py) or None, radio (see station.py) or None, name_link() (see portal.py), ask_link()
(see find_hub.py), address() -> ip or None, lamp(lit) or None, without one identify(), say(line), ready(ip, port), tasks() ->
[(name, endless coroutine function)], and what care.py asks for.
"""

import asyncio

from probe.care import Care
from probe.client import Client
from probe.clock import Clock
from probe.delivery import Delivery
from probe.endpoints import Endpoints
from probe.find_hub import FindHub
from probe.hello import Hello
from probe.http import Server
from probe.mdns_responder import Responder
from probe.outbox import Outbox
from probe.portal import Portal
from probe.sampler import Sampler
from probe.sensors.board import Board
from probe.signs import Signs
from probe.spill import Spill
from probe.spill_disk import Disk
from probe.state import State
from probe.station import Station
from probe.update import Update
from probe.waiting import keep_running


class App:
    """`run()` serves until cancelled; `stop()` may be called after it, from outside the loop."""

    def __init__(self, port):
        identity = dict(port.identity)
        identity["ip"] = port.address()
        identity["port"] = port.port
        self._port = port
        spill = Spill(Disk(port.folder), identity["boot"], port.spill_files) if port.spill_files else None
        self.state = State(identity, port.settings, Outbox(port.outbox_size, spill), getattr(port, "clock", Clock)(), port.say)
        self.state.sensors = Board(port.sensors, self.state.roster)
        identity["sensors"] = self.state.probe_ids()
        self._sampler = Sampler(self.state, self.state.sensors)
        if port.slots:
            self.state.update = Update(self.state, port.net, port.slots, lambda: self._care.restart("update"), port.say)
        # Two clients: a call home must not wait behind a slow batch on the kept connection.
        self._clients = [Client(port.net, seal=self.state.seal) for _ in range(2)]
        finder = FindHub(self.state, Client(port.net, seal=self.state.seal), port.ask_link)
        self._delivery = Delivery(self.state, self._clients[0], port.batch_size, finder=finder)
        self._hello = Hello(self.state, self._clients[1], finder=finder)
        self._responder = Responder(port.link, self.state.who, say=port.say)
        self._turns = 0
        self._portal = self._station = None
        if port.radio:
            self._portal = Portal(self.state, port.name_link, port.say)
            self._station = Station(port.radio, port.settings, self._portal, self.state.clock.now, port.say)
            self.state.reports.append(self._station.report)
        self._signs = None
        if port.lamp:
            self._signs = Signs(self.state, port.lamp, lambda: self._station.state if self._station else "joined")
            self.state.reports.append(self._signs.report)
        identify = self._signs.identify if self._signs else port.identify
        self._care = Care(self.state, port, lambda: self._turns, lambda: self._clients[0].attempts, self.restart, identify)
        routes = Endpoints(self.state, identify, self._care.restart).routes()
        doorman = self._portal and self._portal.handler
        self._server = Server(routes, port.net, self._failed("web server"), most=port.visitors, doorman=doorman)

    async def run(self):
        """Bind the port first, as everything else tells others about it; then all loops, for ever."""
        self._task = asyncio.current_task()
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
        if self.state.update:
            loops.append(("update", self.state.update.run))
        if self._station:
            loops += [("Wi-Fi", self._station.run), ("portal's names", self._portal.answer_names)]
        if self._signs:
            loops.append(("lamp", self._signs.run))
        loops += self._care.loops() + self._port.tasks()
        tasks = [asyncio.create_task(keep_running(start, self._failed(name))) for name, start in loops]
        try:
            # Not gather: it would wait for ever for a loop that lost its cancellation, see _end.
            while True:
                await asyncio.sleep(3600)
        finally:
            await _end(tasks)
            server.close()
            # MicroPython closes the listening socket in a task of its own.
            await asyncio.sleep(0)
            for client in self._clients:
                client.close()

    def restart(self):
        """End `run` by cancelling it, from one of its own loops; whether the program starts anew is the entry point's to know."""
        self._task.cancel()

    def stop(self):
        """Say goodbye; best effort."""
        self._responder.goodbye()
        self._port.link.close()

    async def _follow_address(self):
        while True:
            self._turns += 1
            ip = self._port.address()
            if ip != self.state.identity["ip"]:
                self.state.identity["ip"] = ip
                self._responder.renew.set()
                self._hello.renew.set()
                self._delivery.retry.set()
            ids = self.state.probe_ids()
            if ids != self.state.identity["sensors"]:
                self.state.identity["sensors"] = ids
                self._hello.renew.set()
            await asyncio.sleep(2)

    def _failed(self, name):
        def failed(error):
            self.state.fault(f"The probe's {name} had an error and starts again ({error!r}). Report this if it repeats.")

        return failed


async def _end(tasks):
    # Again and again: up to CPython 3.11 a cancellation is lost when it comes together with the end of what wait_for waits for.
    for _ in range(50):
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if not left:
            return
        await asyncio.sleep(0.01)
