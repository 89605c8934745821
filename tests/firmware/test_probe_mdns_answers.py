"""probe/mdns.py and mdns_responder.py: what is said about records that are not there, and when an answer is
sent"""

import asyncio
import struct
import time

from mdns_harness import Link
from probe import dns, mdns
from probe.mdns_responder import SPREAD_S, Responder
from probe_harness import identity, run, until

SERVICE = "_temps-probe._tcp.local"
INSTANCE = "tempprobe-0a01." + SERVICE
HOST = "tempprobe-0a01.local"
AAAA = 28


def _ask(*questions):
    wire = b"".join(dns.question(name.split("."), kind) for name, kind in questions)
    return struct.pack(">HHHHHH", 0, 0, len(questions), 0, 0, 0) + wire


def _answers(packet):
    return [
        (name, kind, data) for section, name, kind, _, data in dns.read_records(packet)[1] if section == 0
    ]


def _types(data):
    """The types in the data of an NSEC record, read as RFC 4034 writes it, and the next name."""
    name, at = dns.read_name(data, 0)
    block, size = data[at], data[at + 1]
    assert block == 0 and len(data) == at + 2 + size
    return name, [
        8 * byte + bit for byte in range(size) for bit in range(8) if data[at + 2 + byte] & 0x80 >> bit
    ]


def test_what_a_name_of_ours_does_not_have_is_told():
    """An asker for IPv6 learns at once that there is only IPv4; of the instance, that there is no address."""
    who = identity()
    for name, kind, has in (
        (HOST, AAAA, [dns.A]),
        (INSTANCE, dns.A, [dns.TXT, dns.SRV]),
        (HOST, dns.TXT, [dns.A]),
    ):
        ((owner, told, data),) = _answers(mdns.reply(_ask((name, kind)), 5353, who))
        assert (owner, told) == (name, dns.NSEC) and _types(data) == (name, has)


def test_address_and_denial_come_together():
    """A and AAAA asked in one packet, as systems do: one answer, nothing twice."""
    found = _answers(mdns.reply(_ask((HOST, dns.A), (HOST, AAAA), (HOST, AAAA)), 5353, identity()))
    assert [kind for _, kind, _ in found] == [dns.A, dns.NSEC]


def _time_of_answer(question, spread_s, port=5353):
    """Seconds until the answer to a question is sent."""
    took = []

    async def go():
        link = Link()
        responder = Responder(link, identity, 0.001, 60, claim_pause_s=0.001, spread_s=spread_s)
        tasks = [asyncio.create_task(loop()) for loop in (responder.announce, responder.listen)]
        await until(lambda: len(link.told()) == 3)
        link.sent.clear()
        asked = time.time()
        link.inbox.append((_ask(question), "10.0.0.9", port))
        await until(lambda: link.sent)
        took.append(time.time() - asked)
        for task in tasks:
            task.cancel()

    run(go())
    return took[0]


def test_an_answer_that_others_may_give_too_is_spread():
    """The list of probes waits its moment; what only this probe can say is said at once, and so is what one
    asker waits for."""
    assert _time_of_answer((SERVICE, dns.PTR), (0.3, 0.35)) >= 0.29
    assert _time_of_answer((HOST, dns.A), (5, 6)) < 3
    assert _time_of_answer((HOST, AAAA), (5, 6)) < 3
    assert _time_of_answer((SERVICE, dns.PTR), (5, 6), port=40000) < 3


def test_the_usual_spread_is_the_one_of_the_standard():
    """20 to 120 ms."""
    assert 0.015 <= _time_of_answer((SERVICE, dns.PTR), SPREAD_S) < 5 and SPREAD_S == (0.02, 0.12)
