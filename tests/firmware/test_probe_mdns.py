"""probe/mdns.py"""

import asyncio
import struct

from mdns_harness import Link
from probe import dns, mdns
from probe.mdns_responder import Responder
from probe_harness import identity, run, until

SERVICE = "_temps-probe._tcp.local"
INSTANCE = "tempprobe-0a01." + SERVICE
HOST = "tempprobe-0a01.local"


def _ask(*questions):
    wire = b"".join(dns.question(name.split("."), kind) for name, kind in questions)
    return struct.pack(">HHHHHH", 99, 0, len(questions), 0, 0, 0) + wire


def _read(packet):
    """(head, questions, [(name, type, class, ttl, data)]) of a response; a reader of its own, so that a wrong
    writer shows."""
    head = struct.unpack(">HHHHHH", packet[:12])
    at = 12
    questions = []
    for _ in range(head[2]):
        name, at = dns.read_name(packet, at)
        questions.append((name, struct.unpack(">HH", packet[at : at + 4])[0]))
        at += 4
    found = []
    for _ in range(head[3] + head[5]):
        name, at = dns.read_name(packet, at)
        kind, group, ttl, size = struct.unpack(">HHIH", packet[at : at + 10])
        found.append((name, kind, group, ttl, packet[at + 10 : at + 10 + size]))
        at += 10 + size
    assert at == len(packet)
    return head, questions, found


def _kinds(packet):
    return [(name, kind) for name, kind, _, _, _ in _read(packet)[2]]


async def _serving():
    """(link, tasks) of a responder that has claimed its name and said all it says by itself."""
    link = Link()
    responder = Responder(link, identity, 0.001, 60, claim_pause_s=0.001)
    tasks = [asyncio.create_task(loop()) for loop in (responder.announce, responder.listen)]
    await until(lambda: len(link.told()) == 3)
    link.sent.clear()
    return link, tasks


def test_a_name_that_is_not_claimed_yet_is_not_told():
    """Who asks during the claim gets no answer: the name may turn out to be somebody else's."""

    async def go():
        link = Link()
        responder = Responder(link, identity, 0.001, 60, claim_pause_s=0.1)
        tasks = [asyncio.create_task(loop()) for loop in (responder.listen, responder.announce)]
        link.inbox.append((_ask((SERVICE, dns.PTR)), "10.0.0.9", 5353))
        await asyncio.sleep(0.15)
        assert not link.told() and not link.inbox
        await until(link.told)
        for task in tasks:
            task.cancel()

    run(go())


def test_who_asks_for_the_service_gets_all_in_one_answer():
    """The instance as the answer; port, texts and address beside it."""
    answer = mdns.reply(_ask((SERVICE, dns.PTR)), mdns.PORT, identity())
    head, _, found = _read(answer)
    assert head == (0, 0x8400, 0, 1, 0, 3)
    assert [(name, kind) for name, kind, _, _, _ in found] == [
        (SERVICE, dns.PTR),
        (INSTANCE, dns.SRV),
        (INSTANCE, dns.TXT),
        (HOST, dns.A),
    ]
    assert found[1][4][4:6] == struct.pack(">H", 8001)
    assert found[2][4] == b"\x11id=TempProbe-0A01\x0bversion=9.9\x0dmodel=virtual"
    assert found[3][4] == bytes([127, 0, 0, 1])


def test_shared_records_do_not_flush_and_own_ones_do():
    """A flush bit on the shared PTR would make every other probe vanish from the caches."""
    found = _read(mdns.announcement(identity()))[2]
    assert [(kind, group & 0x8000 != 0) for _, kind, group, _, _ in found] == [
        (dns.PTR, False),
        (dns.SRV, True),
        (dns.TXT, True),
        (dns.A, True),
    ]


def test_a_name_is_told_when_there_is_one():
    """TXT holds the person's name for the probe, in UTF-8."""
    who = identity()
    who["name"] = "Kühlraum"
    assert "name=Kühlraum".encode() in mdns.announcement(who)


def test_each_kind_of_question_is_answered():
    """SRV, TXT, A, ANY and the list of all services, whatever the upper and lower case."""
    who = identity()
    assert _kinds(mdns.reply(_ask((INSTANCE, dns.SRV)), 5353, who))[0] == (INSTANCE, dns.SRV)
    assert _kinds(mdns.reply(_ask((INSTANCE.upper(), dns.TXT)), 5353, who))[0] == (INSTANCE, dns.TXT)
    assert _kinds(mdns.reply(_ask((HOST, dns.A)), 5353, who))[0] == (HOST, dns.A)
    assert _kinds(mdns.reply(_ask((INSTANCE, dns.ANY)), 5353, who))[:2] == [
        (INSTANCE, dns.SRV),
        (INSTANCE, dns.TXT),
    ]
    answer = mdns.reply(_ask(("_services._dns-sd._udp.local", dns.PTR)), 5353, who)
    assert _kinds(answer) == [("_services._dns-sd._udp.local", dns.PTR)]
    assert dns.read_name(_read(answer)[2][0][4], 0)[0] == SERVICE


def test_what_is_not_ours_stays_unanswered():
    """Silence for other names, for other types of the shared ones, and for other devices' answers."""
    who = identity()
    assert mdns.reply(_ask(("_http._tcp.local", dns.PTR)), 5353, who) is None
    assert mdns.reply(_ask((SERVICE, dns.SRV)), 5353, who) is None
    # Who knows no mDNS would not understand what is said about types that are not there.
    assert mdns.reply(_ask((HOST, 28)), 40000, who) is None
    assert mdns.reply(mdns.announcement(who), 5353, who) is None


def test_an_asker_without_mdns_gets_a_plain_dns_answer():
    """Its id and question back, short lifetimes, no flush bits (RFC 6762, 6.7)."""
    head, questions, found = _read(mdns.reply(_ask((SERVICE, dns.PTR)), 40000, identity()))
    assert head[0] == 99 and questions == [(SERVICE, dns.PTR)]
    assert all(ttl <= 10 and group == 1 for _, _, group, ttl, _ in found)


def test_the_farewell_takes_everything_back():
    """The same records with a lifetime of 0."""
    who = identity()
    assert _kinds(mdns.farewell(who)) == _kinds(mdns.announcement(who))
    assert all(ttl == 0 for _, _, _, ttl, _ in _read(mdns.farewell(who))[2])


def test_ids_become_host_names():
    """An id may hold signs that a host name must not."""
    assert mdns.host_label("a.b_c:d-1") == "a-b-c-d-1"


def test_an_instance_name_with_a_dot_is_found_however_it_is_split():
    """Some askers split at every dot."""
    who = identity()
    who["id"] = "a.b"
    assert mdns.reply(_ask(("a.b." + SERVICE, dns.SRV)), 5353, who)


def test_answers_go_to_the_group_or_to_the_legacy_asker():
    """Port 5353 means multicast; another port means that only the asker listens there."""

    async def go():
        link, tasks = await _serving()
        link.inbox += [
            (_ask((SERVICE, dns.PTR)), "10.0.0.9", 5353),
            (_ask((SERVICE, dns.PTR)), "10.0.0.9", 40001),
        ]
        await until(lambda: len(link.sent) == 2)
        for task in tasks:
            task.cancel()
        return [(ip, port) for _, ip, port in link.sent]

    assert run(go()) == [("224.0.0.251", 5353), ("10.0.0.9", 40001)]


def test_rubbish_and_socket_errors_do_not_stop_the_answers():
    """After noise, a torn packet and a failing socket the next real question is answered."""

    async def go():
        link, tasks = await _serving()
        torn = _ask((SERVICE, dns.PTR))[:-3]
        link.inbox += [
            (b"", "1.1.1.1", 5353),
            (b"\xff" * 600, "1.1.1.1", 5353),
            (torn, "1.1.1.1", 9),
            OSError("down"),
        ]
        link.inbox += [(_ask((HOST, dns.A)), "1.1.1.1", 5353)]
        await until(lambda: link.sent)
        for task in tasks:
            task.cancel()
        return len(link.sent)

    assert run(go()) == 1


def test_three_announcements_then_one_a_minute_and_three_again_on_a_change():
    """The first ones may be lost; later ones heal a lost group; a new address is told at once."""

    async def go():
        link = Link()
        responder = Responder(link, identity, 0.01, 60, claim_pause_s=0.001)
        task = asyncio.create_task(responder.announce())
        await until(lambda: len(link.told()) == 3)
        await asyncio.sleep(0.1)
        assert len(link.told()) == 3 and link.joined == 3
        responder.renew.set()
        await until(lambda: len(link.told()) == 6)
        task.cancel()

    run(go())


def test_without_port_5353_the_announcements_come_more_often():
    """Nobody can ask a probe that lacks the port, so it tells by itself."""

    async def go():
        link = Link(False)
        task = asyncio.create_task(Responder(link, identity, 0.001, 60, 0.01).announce())
        await until(lambda: len(link.sent) > 6)
        task.cancel()

    run(go())


def test_without_a_network_nothing_is_said_and_nothing_breaks():
    """No address: silence. A socket that fails: silence, and the next announcement is tried all the same."""

    async def go():
        who = identity()
        link = Link()
        responder = Responder(link, lambda: who, 0.005, 0.005, claim_pause_s=0.001)
        task = asyncio.create_task(responder.announce())
        who["ip"] = None
        await asyncio.sleep(0.05)
        assert not link.sent
        responder.goodbye()
        who["ip"] = "10.0.0.2"
        link.broken = True
        await until(lambda: link.joined > 3)
        responder.goodbye()
        link.broken = False
        await until(lambda: link.sent)
        task.cancel()

    run(go())
