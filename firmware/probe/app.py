"""Puts the probe together and keeps its loops running.

A port is an object with: settings, identity (without ip and port), outbox_size, folder, spill_files,
batch_size, visitors, sensors, net, link, bind, port, slots (see boot_slots.py) or None, radio (see
station.py) or None, name_link() (see portal.py), ask_link() (see find_hub.py), address() -> ip or None,
lamp(lit) or None, without one identify(), say(line), ready(ip, port), tasks() -> [(name, endless coroutine
function)], and what care.py asks for.
"""

import asyncio
import gc

from probe.rooms import give_up
from probe.waiting import keep_running


class App:
    """`run()` serves until cancelled; `stop()` may be called after it, from outside the loop."""

    def __init__(self, port):
        from probe import assembly

        self._port = port
        self._turns = 0
        parts = assembly.assemble(port, self)
        give_up("probe.assembly")
        self.state = parts["state"]
        self.care = parts["care"]
        self.portal = parts["portal"]
        self._station = parts["station"]
        self._loops = parts["loops"]
        self._server = parts["server"]
        self._clients = parts["clients"]
        self._responder = parts["responder"]
        self._hello = parts["hello"]
        self._delivery = parts["delivery"]

    async def run(self):
        """Bind the port first, as everything else tells others about it; then all loops, for ever."""
        self._task = asyncio.current_task()
        server, number = await self._port.net.start_server(
            self._server.serve, self._port.bind, self._port.port
        )
        self.state.identity["port"] = number
        self._port.ready(self.state.identity["ip"] or self._port.bind, number)
        loops = self._loops + [("address", self._follow_address)] + self.care.loops() + self._port.tasks()
        tasks = [asyncio.create_task(keep_running(name, start, self.state.broke)) for name, start in loops]
        loops = self._loops = None
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
        """End `run` by cancelling it, from one of its own loops; whether the program starts anew is the entry
        point's to know."""
        self._task.cancel()

    def stop(self):
        """Say goodbye; best effort."""
        self._responder.goodbye()
        self._port.link.close()

    # What the parts ask back, here and not in assembly.py: a function made there would keep all of it in
    # memory.
    def turns(self):
        """The rounds of the app's own loop."""
        return self._turns

    def attempts(self):
        """How often the delivery tried."""
        return self._clients[0].attempts

    def relieve(self):
        """Memory for sockets is short: the kept connections go; the next delivery makes its own."""
        gc.collect()
        for client in self._clients:
            client.rest()

    def wifi(self):
        """The station's state; a port without a radio is joined."""
        return self._station.state if self._station else "joined"

    def start_updated(self):
        """An update asks for a new start."""
        self.care.restart("update")

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


async def _end(tasks):
    # Again and again: up to CPython 3.11 a cancellation is lost when it comes together with the end of what
    # wait_for waits for.
    for _ in range(50):
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if not left:
            return
        await asyncio.sleep(0.01)
