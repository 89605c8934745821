"""probe/delivery.py and a receiver that knows only {"temperature_c", "probe_id"}: no hello, no batch, no more
than `ok` in its reply"""

import asyncio

from probe.client import Client
from probe.delivery import Delivery
from probe.find_hub import FindHub
from probe.outbox import Outbox
from probe.spill import Spill
from probe.spill_disk import Disk
from probe_harness import Folder, Hub, Probe, net, run, until

OK = (200, {"ok": True})
NOT_FOUND = (404, {})
STORED = (200, {"ok": True, "stored": 1, "duplicates": 0})
GREETED = (200, {"ok": True, "time": "2026-03-01T12:00:00.000Z"})


def _owners(body):
    """A receiver of the owner's form that stumbles over everything else, as a few lines of a web framework
    do."""
    try:
        float(body["temperature_c"])
    except (KeyError, TypeError):
        return (500, {})
    return OK


def _deliver(work, *answers, hello=NOT_FOUND, readings=3, path="/api/ingest", before=None):
    """Run `await work(probe, hub, delivery)` while the loop delivers `readings`, whose value is their seq."""

    async def go(folder):
        hub = await Hub(*answers, hello=hello).start()
        probe = Probe(folder, server_url=hub.url + path)
        if before:
            before(probe, folder)
        for seq in range(readings):
            probe.record(float(seq), None)
        client = Client(net, 1)
        finder = FindHub(probe.state, Client(net, 0.5), None)
        delivery = Delivery(probe.state, client, 100, 0.01, 0.05, 0.02, finder)
        task = asyncio.create_task(delivery.run())
        try:
            await work(probe, hub, delivery)
        finally:
            task.cancel()
            client.close()
            hub.stop()

    with Folder() as folder:
        run(go(folder), 60)


def _seqs(hub):
    return [body["seq"] for body in hub.bodies()]


def test_each_reading_is_the_owners_body_and_goes_to_the_address_that_was_told():
    """temperature_c and probe_id stand by themselves, our fields beside them; path and query are exactly what
    was told."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        line, _, body = hub.requests[0]
        assert line == "POST /log/ingest.php?key=x HTTP/1.1"
        own = {
            "temperature_c": 0.0,
            "probe_id": "TempProbe-0A01",
            "boot": "a1b2c3d4",
            "seq": 0,
            "age_ms": 0,
            "sent_ms": 0,
        }
        assert body == own and _seqs(hub) == [0, 1, 2]
        assert [request[0] for request in hub.hellos] == ["POST /log/hello?key=x HTTP/1.1"]
        assert probe.state.status()["server_url"] == hub.url + "/log/ingest.php?key=x"
        assert probe.state.last_error is None

    _deliver(work, _owners, path="/log/ingest.php?key=x")


def test_a_backlog_arrives_in_order_none_lost_none_twice():
    """Several hundred readings, most of them on the flash, while it was away: one a request, oldest first,
    what is new behind them."""

    def on_flash(probe, folder):
        probe.state.outbox = Outbox(200, Spill(Disk(folder), "a1b2c3d4", 40))

    seen = []

    def judge(body):
        seen.append((body["seq"], body["temperature_c"]))
        return _owners(body) if len(seen) > 3 else (503, {})

    async def work(probe, hub, delivery):
        while len(seen) < 100:
            # A board could not hold them either.
            hub.requests.clear()
            await asyncio.sleep(0.01)
        # Sampling goes on meanwhile.
        for seq in range(600, 610):
            probe.record(float(seq), None)
        while probe.state.delivered < 610:
            hub.requests.clear()
            await asyncio.sleep(0.01)
        assert seen == [(0, 0.0)] * 3 + [(seq, float(seq)) for seq in range(610)]
        assert len(probe.state.outbox) == 0 and probe.state.outbox.thinned == 0 and probe.state.dropped == 0

    _deliver(work, judge, readings=600, before=on_flash)


def test_any_success_with_ok_is_taken_for_one():
    """200, 201 and 202 with ok true; a success without it is not, and says what is missing."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        assert _seqs(hub) == [0, 1, 2, 2, 2] and "ok: true" in probe.said[0]

    _deliver(work, (201, {"ok": True}), (202, {"ok": True, "id": 5}), (200, {}), (204, {}), OK)


def test_whoever_answers_stored_gets_batches():
    """A hub that was not greeted in time is known by its first reply."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 50)
        assert hub.bodies()[0]["seq"] == 0 and [r["seq"] for r in hub.bodies()[1]["readings"]] == list(
            range(1, 50)
        )
        assert len(hub.requests) == 2

    _deliver(work, STORED, readings=50, hello="close")


def test_a_batch_that_is_not_understood_costs_nothing():
    """Refused, stumbled over, or answered with no more than ok: what was in it is sent again, one by one;
    nothing is asked twice."""
    for answer in ((400, {}), (404, {}), (405, {}), (415, {}), (422, {}), (500, {}), OK):

        async def work(probe, hub, delivery):
            await until(lambda: probe.state.delivered == 3)
            lone = [body["seq"] for body in hub.bodies() if "seq" in body]
            assert lone == [0, 1, 2] and probe.state.dropped == 0
            for seq in range(3, 6):
                probe.record(float(seq), None)
            await until(lambda: probe.state.delivered == 6)
            assert [body["seq"] for body in hub.bodies() if "seq" in body] == list(range(6))

        def judge(body, answer=answer):
            return answer if "readings" in body else OK

        _deliver(work, judge, hello=GREETED)


def test_a_hub_of_version_0_3_goes_on_getting_batches():
    """It tells the time when greeted, and says no more than ok to a lone reading: from then on each delivery
    is a batch."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 1)
        for seq in range(1, 4):
            probe.record(float(seq), None)
            await until(lambda seq=seq: probe.state.delivered == seq + 1)
        assert [[r["seq"] for r in body["readings"]] for body in hub.bodies()[1:]] == [[1], [2], [3]]

    _deliver(work, lambda body: STORED if "readings" in body else OK, hello=GREETED, readings=1)


def test_another_program_at_the_same_place_is_noticed():
    """A hub makes way for a receiver of the owner's form, and comes back: each is served in its form."""
    plain = []

    def judge(body):
        if plain:
            return _owners(body)
        return STORED

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        plain.append(True)
        for seq in range(3, 8):
            probe.record(float(seq), None)
        await until(lambda: probe.state.delivered == 8)
        assert _seqs_of_lone(hub)[-5:] == [3, 4, 5, 6, 7]
        plain.clear()
        for seq in range(8, 12):
            probe.record(float(seq), None)
        await until(lambda: probe.state.delivered == 12)
        assert len(hub.bodies()[-1]["readings"]) == 3 and probe.state.dropped == 0

    _deliver(work, judge)


def _seqs_of_lone(hub):
    return [body["seq"] for body in hub.bodies() if "seq" in body]


def test_a_mark_that_is_refused_does_not_block_the_line():
    """A reading without a number is tried three times, then given up, counted and told; further ones once.
    Numbers all arrive."""

    async def work(probe, hub, delivery):
        for _ in range(3):
            probe.record(None, "open")
            probe.record(20.0, None)
        await until(lambda: probe.state.delivered == 6)
        status = probe.state.status()
        assert (
            status["dropped"] == 3
            and "without a number" in status["dropped_why"]
            and status["last_error"] is None
        )
        assert _seqs(hub) == [0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8]

    _deliver(work, _owners)


def test_a_mark_waits_while_the_receiver_says_later():
    """502, 503, 504, 507, 429 and a refused token are no word about the reading."""
    later = [(status, {}) for status in (502, 503, 504, 507, 429, 401)]

    async def work(probe, hub, delivery):
        probe.record(None, "open")
        await until(lambda: probe.state.delivered == 1)
        assert probe.state.dropped == 0 and hub.bodies()[-1]["quality"] == "open"

    _deliver(work, *later, OK, readings=0)


def test_a_receiver_that_takes_no_further_fields_gets_none():
    """One that refuses what it does not know is served with the owner's two fields alone; a value it refuses
    even so is given up."""

    def strict(body):
        if sorted(body) != ["probe_id", "temperature_c"] or body["temperature_c"] == 1.0:
            return (422, {"problem": "extra"})
        return OK

    async def work(probe, hub, delivery):
        await until(lambda: len(probe.state.outbox) == 0)
        assert probe.state.delivered == 3 and probe.state.dropped == 1
        assert [body["temperature_c"] for body in hub.bodies() if len(body) == 2] == [0.0, 1.0, 2.0, 3.0]

    _deliver(work, strict, readings=4)


def test_no_hub_is_searched_for_in_its_place():
    """What a plain receiver is to get waits for it, also after a restart of the probe; another address ends
    that."""

    async def work(probe, hub, delivery):
        await until(lambda: probe.state.delivered == 3)
        asked = []
        finder = FindHub(probe.state, None, lambda: asked.append(1))
        assert probe.state.settings.get("plain") == hub.url + "/api/ingest"
        assert await finder.search() is False and not asked
        finder.worked(hub.url + "/api/ingest", False)
        assert not probe.state.settings.get("plain")

    _deliver(work, _owners)
