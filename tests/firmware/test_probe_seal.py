"""probe/seal.py and what a claimed probe sends and believes, against a real server"""

from binascii import hexlify

from claim_harness import SigningHub
from probe.client import Client
from probe.delivery import Delivery
from probe.seal import Seal, mac, same
from probe_harness import Folder, Probe, net, run

KEY = bytes(range(32))
HEX = hexlify(KEY).decode()
OK = (200, {"ok": True})
# Milliseconds since 1970, as a hub counts.
USED = 1795438440000
COUNTER_USED = (409, {"ok": False, "error": "counter_used", "counter": USED})


def _deliver(work, answer):
    """Run `await work(probe, hub, delivery)` for a claimed probe with one reading."""

    async def go(folder):
        hub = await SigningHub(KEY, answer).start()
        probe = Probe(folder, server_url=hub.url, token="s3cret", key=HEX)
        client = Client(net, 2, seal=probe.state.seal)
        delivery = Delivery(probe.state, client)
        probe.record(21.5, None)
        try:
            await work(probe, hub, delivery)
        finally:
            client.close()
            hub.stop()

    with Folder() as folder:
        run(go(folder))


def test_the_vectors_of_the_standard():
    """HMAC-SHA256, RFC 4231: cases 1, 2 and 6."""
    assert (
        mac(b"\x0b" * 20, b"Hi There") == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    )
    assert (
        mac(b"Jefe", b"what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    text = b"Test Using Larger Than Block-Size Key - Hash Key First"
    assert mac(b"\xaa" * 131, text) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"


def test_equal_is_equal():
    """And only that."""
    assert same("abc", "abc") and not same("abc", "abd") and not same("abc", "ab") and not same("", "a")


def test_a_delivery_is_signed_and_carries_no_token():
    """Path, counter and body are under the signature; the token stays at home."""

    async def work(probe, hub, delivery):
        assert await delivery.step() is None
        path, headers, body = hub.requests[0]
        text = f"report\n{path}\n{headers['x-counter']}\n".encode() + body
        assert headers["x-signature"] == mac(KEY, text) and 0 < int(headers["x-counter"]) <= 1 << 30
        assert "x-token" not in headers and b"s3cret" not in body
        assert len(probe.state.outbox) == 0

    _deliver(work, lambda count: OK)


def test_each_request_has_a_counter_of_its_own():
    """Growing by one."""

    async def work(probe, hub, delivery):
        for _ in range(3):
            probe.record(20, None)
            await delivery.step()
        first, *more = [int(headers["x-counter"]) for _, headers, _ in hub.requests]
        assert more == [first + 1, first + 2]

    _deliver(work, lambda count: OK)


def test_a_stranger_that_says_ok_makes_it_forget_nothing():
    """An unsigned 200, 400 or 413 is some other program: the readings stay, whole, and the problem is
    told."""

    for status in (200, 400, 413, 401):

        async def work(probe, hub, delivery):
            hub.signs = False
            assert await delivery.step()
            assert len(probe.state.outbox) == 1 and probe.state.dropped == 0 and probe.state.delivered == 0
            assert "does not hold this probe's key" in probe.state.last_error
            hub.signs = True

        _deliver(work, lambda count, status=status: (status, {"ok": status == 200}))


def test_it_goes_on_from_the_counter_that_the_hub_has_seen():
    """After a restart of the probe: one refusal, then the same readings under a higher counter, at once."""

    async def work(probe, hub, delivery):
        assert await delivery.step() is None
        assert [headers["x-counter"] for _, headers, _ in hub.requests][1:] == [str(USED + 1)]
        assert len(probe.state.outbox) == 0

    _deliver(work, lambda count: OK if count > 1 else COUNTER_USED)


def test_what_a_hub_said_to_an_earlier_start_is_not_believed():
    """Who recorded the hub's replies cannot make the probe forget a reading with them after its next
    start."""

    async def work(probe, hub, delivery):
        assert await delivery.step() is None and len(hub.sent) == 2
        hub.replays = list(hub.sent)
        with Folder() as folder:
            again = Probe(folder, server_url=hub.url, key=HEX)
            again.state.record_round([(0, 92160, None)])
            client = Client(net, 2, seal=again.state.seal)
            try:
                assert await Delivery(again.state, client).step()
            finally:
                client.close()
            assert len(hub.replays) < 2 and len(again.state.outbox) == 1 and again.state.delivered == 0

    _deliver(work, lambda count: OK if count > 1 else COUNTER_USED)


def test_a_hub_that_counts_for_ever_is_given_up_for_now():
    """No endless loop: the readings stay and are sent later."""

    async def work(probe, hub, delivery):
        assert await delivery.step()
        assert len(hub.requests) <= 5 and len(probe.state.outbox) == 1

    _deliver(
        work, lambda count: (409, {"ok": False, "error": "counter_used", "counter": USED + 1000 * count})
    )


def test_a_damaged_key_is_none():
    """Better claimed anew than deaf for ever."""
    for text in (None, "", "zz", "ab", 7, HEX + "00"):
        assert Seal({"key": text}).key is None
    assert Seal({"key": HEX}).key == KEY
