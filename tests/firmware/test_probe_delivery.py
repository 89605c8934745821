"""probe/delivery.py against a real server"""

import asyncio

from probe.client import Client
from probe.delivery import Delivery
from probe_harness import Folder, Hub, Probe, net, run, until

OK = (200, {"ok": True, "stored": 1, "duplicates": 0})
# A hub that greets tells the time, and so that it understands batches.
GREETED = (200, {"ok": True, "time": "2026-03-01T12:00:00.000Z"})


def _deliver(work, *answers, **options):
    """Run `await work(probe, hub, delivery)` with `readings` waiting; the delivery's loop runs beside it."""

    async def go(folder):
        hub = await Hub(*answers, hello=options.get("hello", GREETED)).start()
        probe = Probe(folder, server_url=hub.url + options.get("path", ""), token=options.get("token", ""))
        for seq in range(options.get("readings", 3)):
            probe.record(20 + seq / 16, None)
        client = Client(net, options.get("timeout_s", 0.5))
        delivery = Delivery(
            probe.state, client, 100, options.get("pause_s", 0.02), 0.2, options.get("unwelcome_s", 0.02)
        )
        task = asyncio.create_task(delivery.run())
        try:
            await work(probe, hub, delivery)
        finally:
            task.cancel()
            client.close()
            hub.stop()

    with Folder() as folder:
        run(go(folder))


def _seqs(hub):
    return [reading["seq"] for body in hub.bodies() for reading in body["readings"]]


def test_readings_arrive_once_in_order_with_their_age():
    """Batch shape, token and boot as the hub's API wants them; acknowledged readings are gone."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        line, headers, body = hub.requests[0]
        assert line == "POST /api/ingest HTTP/1.1" and headers["x-token"] == "t"
        assert body == {
            "probe_id": "TempProbe-0A01",
            "boot": "a1b2c3d4",
            "sent_ms": 0,
            "readings": [{"seq": n, "age_ms": 0, "temperature_c": 20 + n / 16} for n in range(3)],
        }
        assert len(probe.state.outbox) == 0
        probe.ticks.forward(700)
        probe.record(None, "crc")
        await until(lambda: probe.state.delivered == 4)
        own = {"probe_id": "TempProbe-0A01", "boot": "a1b2c3d4", "sent_ms": 700}
        lone = {"seq": 3, "age_ms": 0, "temperature_c": None, "quality": "crc"}
        lone.update(own)
        assert hub.bodies()[-1] == lone
        assert hub.connections == 1

    _deliver(work, OK, token="t")


def test_the_age_is_that_of_the_sending():
    """A reading that waited is older when it is sent again; the batch says when that was in the probe's own
    time."""

    async def work(probe, hub, delivery):
        await until(lambda: len(hub.requests) == 1)
        probe.ticks.forward(90000)
        await until(lambda: probe.state.delivered == 3)
        assert hub.bodies()[-1]["readings"][0]["age_ms"] == hub.bodies()[-1]["sent_ms"] == 90000

    _deliver(work, (503, {}), OK, pause_s=0.1)


def test_long_queues_go_in_batches_of_a_hundred():
    """A hub that was away is caught up with, without one huge request."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 250 - probe.state.outbox.thinned)
        assert max(len(body["readings"]) for body in hub.bodies()) == 100
        assert _seqs(hub) == sorted(_seqs(hub))

    _deliver(work, OK, readings=250)


def test_nothing_is_lost_while_the_hub_fails():
    """After 500, a closed connection, a time-out, 'not ok' and another program's 404 every reading
    arrives."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        assert len(hub.requests) >= 6 and probe.state.dropped == 0
        assert hub.bodies()[-2]["seq"] == 0 and [r["seq"] for r in hub.bodies()[-1]["readings"]] == [1, 2]
        assert probe.state.last_error is None and probe.said

    _deliver(work, (500, {}), "close", "hang", (200, {"ok": False}), (404, {}), OK, timeout_s=0.2)


def test_a_hub_that_is_off_is_tried_again():
    """Connection refused: the readings wait, the problem is told once, the pauses grow."""

    async def go(folder):
        hub = await Hub(OK).start()
        hub.stop()
        await hub.closed()
        probe = Probe(folder, server_url=hub.url)
        probe.record(1, None)
        delivery = Delivery(probe.state, Client(net, 0.5), 100, 1, 30)
        for middle in (1, 2, 4, 8, 16, 30, 30, 30):
            assert 0.75 * middle <= await delivery.step() <= 1.25 * middle
        assert len(probe.state.outbox) == 1 and len(probe.said) == 1
        assert "cannot be reached" in probe.state.status()["last_error"]

    with Folder() as folder:
        run(go(folder))


def test_a_refused_token_asks_to_be_set_up_again():
    """401: the probe says so in its status, keeps its readings and tries again, slowly."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.status()["needs_provision"])
        assert probe.state.outbox and "token" in probe.state.last_error
        await until(lambda: probe.state.delivered == 3)
        assert probe.state.status()["needs_provision"] is False

    _deliver(work, (401, {}), (401, {}), OK, unwelcome_s=0.1)


def test_new_settings_end_a_long_pause():
    """A probe in its slowest pause delivers at once when the hub sets it up."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.unwelcome)
        probe.state.provision({"token": "right"})
        await until(lambda: probe.state.delivered == 3)
        assert hub.requests[-1][1]["x-token"] == "right"

    _deliver(work, (401, {}), OK, unwelcome_s=60)


def test_too_large_batches_are_halved_for_good():
    """413: half as much, until it fits; nothing is lost."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 80)
        assert [len(body["readings"]) for body in hub.bodies()] == [80, 40, 20, 20, 20, 20]
        assert probe.state.dropped == 0

    _deliver(work, (413, {}), (413, {}), OK, readings=80)


def test_one_bad_reading_costs_itself_only():
    """400: halves find the reading that the hub will never take; it is given up, counted and told, the others
    arrive."""

    async def work(probe, hub, delivery):
        await until(lambda: len(probe.state.outbox) == 0)
        assert (probe.state.dropped, probe.state.delivered) == (1, 3)
        assert "not a number" in probe.said[-1]
        assert [len(body.get("readings", "1")) for body in hub.bodies()] == [4, 2, 1, 1, 2]

    _deliver(work, (400, {}), (400, {}), (400, {"problem": "not a number"}), OK, readings=4)


def test_without_a_hub_readings_wait():
    """No address: nothing is sent, everything is kept; setting the probe up starts the delivery."""

    async def go(folder):
        hub = await Hub(OK).start()
        probe = Probe(folder)
        probe.record(1, None)
        client = Client(net, 0.5)
        task = asyncio.create_task(Delivery(probe.state, client).run())
        await asyncio.sleep(0.05)
        assert len(probe.state.outbox) == 1
        probe.state.provision({"server_url": hub.url})
        await until(lambda: probe.state.delivered == 1)
        task.cancel()
        client.close()
        hub.stop()

    with Folder() as folder:
        run(go(folder))
