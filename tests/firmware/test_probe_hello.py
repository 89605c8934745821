"""probe/hello.py against a real server"""

import asyncio

from probe.client import Client
from probe.hello import Hello
from probe_harness import HERE, Folder, Hub, Probe, net, run, until


def _call(work, *answers, **given):
    async def go(folder):
        hub = await Hub(*answers).start()
        probe = Probe(folder, **given)
        hello = Hello(probe.state, Client(net, 0.5), 60, 0.02)
        task = asyncio.create_task(hello.run())
        try:
            await work(probe, hub, hello)
        finally:
            task.cancel()
            hub.stop()

    with Folder() as folder:
        run(go(folder))


def test_it_calls_when_it_learns_of_a_hub_and_when_its_address_changes():
    """Who, where, which firmware; then silence until there is something new."""

    async def work(probe, hub, hello):
        probe.state.provision({"server_url": hub.url, "token": "t"})
        await until(lambda: hub.requests)
        line, headers, body = hub.requests[0]
        assert line == "POST /api/hello HTTP/1.1" and headers["x-token"] == "t"
        # Where its count of ms stands: by that the hub dates its first readings.
        assert isinstance(body.pop("sent_ms"), int)
        assert body == {
            "id": "TempProbe-0A01",
            "ip": HERE,
            "port": 8001,
            "version": "9.9",
            "model": "virtual",
            "boot": "a1b2c3d4",
        }
        await asyncio.sleep(0.1)
        assert len(hub.requests) == 1
        probe.state.identity["ip"] = "127.0.0.2"
        probe.state.identity["name"] = "Fridge"
        hello.renew.set()
        await until(lambda: len(hub.requests) == 2)
        assert hub.bodies()[1]["ip"] == "127.0.0.2" and hub.bodies()[1]["name"] == "Fridge"

    _call(work, (200, {"ok": True}))


def test_a_failed_call_is_repeated_soon():
    """A hub that starts later than the probe hears of it before five minutes are over."""

    async def work(probe, hub, hello):
        probe.state.provision({"server_url": hub.url})
        await until(lambda: len(hub.requests) == 3)
        await asyncio.sleep(0.1)
        assert len(hub.requests) == 3

    _call(work, (503, {}), "close", (200, {"ok": True}))


def test_a_refused_call_asks_to_be_set_up():
    """401 shows in the status."""

    async def work(probe, hub, hello):
        probe.state.provision({"server_url": hub.url})
        await until(lambda: probe.state.status()["needs_provision"] and hub.requests)

    _call(work, (401, {}))
