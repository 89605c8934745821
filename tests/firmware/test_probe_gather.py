"""probe/delivery.py when a hub asks for deliveries at a distance"""

from probe.client import Client
from probe.delivery import Delivery
from probe.outbox import BLOCK
from probe_harness import Folder, Hub, Probe, net, run

GREETED = (200, {"ok": True, "time": "2026-03-01T12:00:00.000Z"})
OK = (200, {"ok": True, "stored": 1, "duplicates": 0})


def _asks(every_ms):
    return (200, {"ok": True, "stored": 1, "duplicates": 0, "deliver_every_ms": every_ms})


def _deliver(work, *answers):
    """Run `await work(probe, hub, measure)`; `await measure(times)` takes a reading every 2 s, or so often,
    by the probe's clock, and has the delivery look after each."""

    async def go(folder):
        hub = await Hub(*answers, hello=GREETED).start()
        probe = Probe(folder, server_url=hub.url)
        client = Client(net, 1)
        delivery = Delivery(probe.state, client, 100, 0.01, 0.02)

        async def measure(times, every_ms=2000):
            for _ in range(times):
                probe.ticks.forward(every_ms)
                probe.record(20, None)
                for _ in range(5):
                    if await delivery.step() != 0:
                        break

        try:
            await work(probe, hub, measure)
        finally:
            client.close()
            hub.stop()

    with Folder() as folder:
        run(go(folder))


def _sizes(hub):
    return [len(body.get("readings", (1,))) for body in hub.bodies()]


def _seqs(hub):
    return [one["seq"] for body in hub.bodies() for one in body.get("readings", (body,))]


def test_what_is_asked_is_done_from_a_moment_of_its_own_on():
    """The first delivery comes somewhere within the distance, the others at it; each reading once."""

    async def work(probe, hub, measure):
        await measure(61)
        first, *others = _sizes(hub)
        assert first == 1 and 1 <= others[0] <= 11
        assert all(9 <= size <= 11 for size in others[1:]) and len(others) in (6, 7)
        assert _seqs(hub) == list(range(len(_seqs(hub))))
        assert len(probe.state.outbox) <= 10

    _deliver(work, _asks(20000))


def test_when_the_hub_asks_no_more_each_reading_goes_at_once():
    """An answer without the distance ends it."""

    async def work(probe, hub, measure):
        await measure(12)
        had = len(hub.bodies())
        assert had >= 2
        await measure(5)
        assert _sizes(hub)[had:] == [1] * 5

    _deliver(work, _asks(20000), OK)


def test_what_gathers_is_bounded_whatever_is_asked():
    """No answer has it keep as many readings as would go to the flash, nor for longer than a minute."""

    async def work(probe, hub, measure):
        await measure(200, 500)
        assert max(_sizes(hub)) <= BLOCK // 2 + 1
        assert len(probe.state.outbox) < BLOCK // 2

    for every_ms in (60000, 59999):
        _deliver(work, _asks(every_ms))
    for nonsense in (60001, 10**12, -5, 0, "20000", None, 2.5, True, [], {}):

        async def at_once(probe, hub, measure):
            await measure(4)
            assert _sizes(hub) == [1] * 4

        _deliver(at_once, _asks(nonsense))


def test_nothing_is_lost_when_the_hub_goes_away_meanwhile():
    """What gathered is sent until it is acknowledged, and is not thinned out."""

    async def work(probe, hub, measure):
        await measure(40)
        assert sorted(set(_seqs(hub))) == list(range(40 - len(probe.state.outbox)))
        assert probe.state.delivered + len(probe.state.outbox) == 40
        assert not probe.state.dropped and not probe.state.outbox.thinned

    _deliver(work, _asks(10000), (503, {}), "close", (503, {}), _asks(10000))
