"""probe/find_hub.py: a hub that moved, against real servers and a stand-in for the network's mDNS"""

import asyncio
import struct

from probe import dns
from probe.client import Client, Unreachable
from probe.delivery import Delivery
from probe.find_hub import FindHub
from probe_harness import HERE, Folder, Hub, Probe, net, run, until

OK = (200, {"ok": True, "stored": 1, "time": "2026-03-01T12:00:00.000Z"})
SERVICE = ("_temps-hub", "_tcp", "local")
INSTANCE = ("TempHub",) + SERVICE


def _advert(port, host="temphub", ip=HERE, ttl=120, more=()):
    labels = (host, "local")
    return dns.response(
        [dns.record(SERVICE, dns.PTR, ttl, dns.name_bytes(INSTANCE), False)],
        [
            dns.record(INSTANCE, dns.SRV, ttl, dns.srv_data(port, labels), True),
        ]
        + [dns.record(labels, dns.A, ttl, dns.a_data(one), True) for one in (ip,) + tuple(more)],
    )


class _Air:
    """Links that answer every question with `packets`."""

    def __init__(self, *packets):
        self.packets = packets
        self.asked = []
        self.open = 0

    def link(self):
        """A new socket."""
        self.open += 1
        self._inbox = list(self.packets)
        return self

    def send(self, data, ip, port):
        """A question."""
        assert (ip, port) == ("224.0.0.251", 5353)
        self.asked.append(dns.read_questions(data)[1])

    async def receive(self):
        """The next packet; then silence."""
        while not self._inbox:
            await asyncio.sleep(0.005)
        return self._inbox.pop(0), HERE, 5353

    def close(self):
        """Given back."""
        self.open -= 1


def _search(work, *answers, air=None, **given):
    """Run `await work(probe, hub, finder)` with a hub that answers so."""

    async def go(folder):
        hub = await Hub(*answers).start()
        probe = Probe(folder, **given)
        seen = air(hub) if air else None
        finder = FindHub(probe.state, Client(net, 0.5), seen.link if seen else None, 0.1)
        try:
            await work(probe, hub, finder)
        finally:
            hub.stop()
        assert seen is None or seen.open == 0

    with Folder() as folder:
        run(go(folder))


def _port(hub):
    return int(hub.url.split(":")[2])


def test_a_hub_that_moved_is_found_by_browsing():
    """It says hello there; delivering goes on there; a new saved address ends it."""

    async def work(probe, hub, finder):
        assert await finder.url() == "http://127.0.0.1:1"
        assert await finder.search() is True
        assert await finder.url() == hub.url + "/api/ingest"
        line, headers, body = hub.requests[0]
        assert (
            line.startswith("POST /api/hello ")
            and headers["x-token"] == "t"
            and body["id"] == "TempProbe-0A01"
        )
        probe.state.provision({"server_url": "http://10.0.0.1:8088"})
        assert await finder.url() == "http://10.0.0.1:8088"

    _search(
        work,
        OK,
        air=lambda hub: _Air(b"rubbish", _advert(_port(hub))),
        server_url="http://127.0.0.1:1",
        token="t",
    )


def test_each_address_of_a_hub_is_tried():
    """A hub's computer with a container bridge or a VPN tells several addresses, in any order: the one that
    answers is used."""

    async def browsed(probe, hub, finder):
        assert await finder.search() is True
        assert (await finder.url()).startswith(f"http://{HERE}:")

    async def named(probe, hub, finder):
        probe.state.provision({"server_url": f"http://temphub.local:{_port(hub)}/x"})
        assert await finder.url() == f"http://{HERE}:{_port(hub)}/x"

    for first, more in ((HERE, ("127.0.0.9",)), ("127.0.0.9", (HERE, "127.0.0.8"))):

        def air(hub, first=first, more=more):
            return _Air(_advert(_port(hub), ip=first, more=more))

        _search(browsed, OK, air=air, server_url="http://127.0.0.1:1")
        _search(named, OK, air=air, server_url="http://127.0.0.1:1")


def test_the_nearest_address_is_tried_first():
    """Nobody waits for a container's address to time out while the hub answers in the probe's own network."""

    async def work(probe, hub, finder):
        probe.state.identity["ip"] = "192.168.178.77"
        search = finder._search()
        ips = ["172.17.0.1", "10.8.0.2", "192.168.178.5", "192.168.1.5"]
        assert search._nearest(ips)[:2] == ["192.168.178.5", "192.168.1.5"]
        probe.state.identity["ip"] = None
        assert len(search._nearest([f"10.0.0.{number}" for number in range(12)])) == 6

    _search(work, OK)


def test_the_last_good_address_is_tried_before_browsing():
    """Remembered over a restart, and not written again when nothing changed."""

    async def work(probe, hub, finder):
        finder.worked(hub.url)
        assert probe.state.settings.get("last_hub") == hub.url
        finder.worked("http://127.0.0.1:1")
        assert probe.state.settings.get("last_hub") == hub.url
        assert await finder.search() is True and await finder.url() == hub.url

    _search(work, OK, server_url="http://127.0.0.1:1")


def test_a_name_that_ends_in_local_is_asked_for_by_ourselves():
    """Never by the system's resolver: asked once, then the number is used; without an answer it says what to
    do."""

    async def found(probe, hub, finder):
        assert await finder.url() == f"http://{HERE}:8088/x"
        assert await finder.url() == f"http://{HERE}:8088/x"

    async def missing(probe, hub, finder):
        try:
            await finder.url()
        except Unreachable as error:
            assert "Nobody" in str(error) and "Check" in str(error)
        else:
            raise AssertionError("found")

    airs = []

    def air(hub):
        airs.append(_Air(_advert(1)))
        return airs[0]

    _search(found, OK, air=air, server_url="http://TempHub.local:8088/x")
    assert airs[0].asked == [[("_temps-hub._tcp.local", dns.PTR), ("temphub.local", dns.A)]]
    _search(missing, OK, air=lambda hub: _Air(), server_url="http://temphub.local:8088")


def test_what_is_no_hub_is_not_believed():
    """Another program at that place, a hub that refuses, one that says goodbye, a question, a torn packet."""

    async def work(probe, hub, finder):
        assert await finder.search() is False
        assert await finder.url() == "http://127.0.0.1:1"

    for answer in ((404, {}), (401, {}), (200, {"ok": False}), (200, {}), "close"):
        _search(work, answer, air=lambda hub: _Air(_advert(_port(hub))), server_url="http://127.0.0.1:1")
    question = struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + dns.question(SERVICE, dns.PTR)
    for packet in (question, _advert(1)[:-3]):
        _search(work, OK, air=lambda hub, packet=packet: _Air(packet), server_url="http://127.0.0.1:1")
    _search(work, OK, air=lambda hub: _Air(_advert(_port(hub), ttl=0)), server_url="http://127.0.0.1:1")


def test_the_network_is_asked_once_a_minute_at_most():
    """A hub that is away for a night does not make a noisy network."""

    async def work(probe, hub, finder):
        assert await finder.search() is False and await finder.search() is False
        assert len(hub.requests) == 1
        probe.ticks.forward(60000)
        assert await finder.search() is True

    _search(work, (500, {}), OK, air=lambda hub: _Air(_advert(_port(hub))), server_url="http://127.0.0.1:1")


def test_the_delivery_goes_on_where_the_hub_is_now():
    """Three failures at the old place, then everything arrives at the new one, which is remembered."""

    async def work(probe, hub, finder):
        for seq in range(3):
            probe.record(float(seq), None)
        client = Client(net, 0.5)
        delivery = Delivery(probe.state, client, 100, 0.01, 0.05, finder=finder)
        task = asyncio.create_task(delivery.run())
        await until(lambda: probe.state.delivered == 3)
        task.cancel()
        client.close()
        assert hub.requests[-1][0].startswith("POST /api/ingest")
        assert (
            probe.state.settings.get("last_hub") == hub.url + "/api/ingest" and probe.state.clock.anchor > 0
        )

    _search(work, OK, air=lambda hub: _Air(_advert(_port(hub))), server_url="http://127.0.0.1:1")
