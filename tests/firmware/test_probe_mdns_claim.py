"""probe/mdns_claim.py and the responder's claim of its name"""

import asyncio
import struct

from probe import dns, mdns, mdns_claim
from probe.mdns_responder import Responder
from probe_harness import identity, run, until

SERVICE = "_temps-probe._tcp.local"


def _who(ip, port=80):
    who = identity()
    who["ip"], who["port"] = ip, port
    return who


class _Wire:
    """One network: what one link sends, all others hear, and it hears itself as well."""

    def __init__(self):
        self.links = []
        self.heard = []
        # What a neighbour says at once to what is sent: None, or what arrives.
        self.answer = lambda data: None

    def link(self):
        self.links.append(_Link(self))
        return self.links[-1]


class _Link:
    bound = True

    def __init__(self, wire):
        self._wire = wire
        self._inbox = []
        self._came = asyncio.Event()
        self.on = True

    def join(self):
        pass

    def send(self, data, ip, port):
        if self.on:
            self._wire.heard.append(data)
            for link in self._wire.links:
                if link.on:
                    link.take((data, "10.0.0.1", 5353))
            if answer := self._wire.answer(data):
                self.take(answer)

    def take(self, came):
        self._inbox.append(came)
        # Whoever waits is next in line, before anything that waits for a time to pass.
        self._came.set()

    async def receive(self):
        while not self._inbox:
            self._came.clear()
            await self._came.wait()
        return self._inbox.pop(0)


class _Device:
    """A responder that runs on a wire."""

    def __init__(self, wire, who):
        self.said = []
        self.who = who
        self.link = wire.link()
        self.responder = Responder(
            self.link, lambda: self.who, 0.02, 60, say=self.said.append, claim_pause_s=0.03
        )
        self.tasks = [
            asyncio.create_task(loop()) for loop in (self.responder.listen, self.responder.announce)
        ]

    def stop(self):
        for task in self.tasks:
            task.cancel()


def _answers(packet, kind):
    return [(name, data) for _, name, found, _, data in dns.read_records(packet)[1] if found == kind]


def _ask(name, kind, *known):
    head = struct.pack(">HHHHHH", 0, 0, 1, len(known), 0, 0)
    return head + dns.question(name.split("."), kind) + b"".join(known)


def test_the_name_is_asked_for_three_times_before_it_is_told():
    """Three questions with the wanted records, then the announcement, under the id itself."""

    async def go():
        wire = _Wire()
        device = _Device(wire, _who("10.0.0.7"))
        await until(lambda: len(wire.heard) >= 4)
        device.stop()
        for packet in wire.heard[:3]:
            assert [name for name, _ in dns.read_questions(packet)[1]] == [
                "tempprobe-0a01." + SERVICE,
                "tempprobe-0a01.local",
            ]
            assert [(section, kind) for section, _, kind, _, _ in dns.read_records(packet)[1]] == [
                (1, 33),
                (1, 16),
                (1, 1),
            ]
        assert wire.heard[3][2] & 0x80 and device.responder.label == "TempProbe-0A01" and device.said == []

    run(go())


def test_who_comes_second_gets_the_next_name_and_keeps_its_id():
    """-2, then -3; the id in the text is the same for all, and each is told once to a person."""

    async def go():
        wire = _Wire()
        devices = []
        for number in range(3):
            devices.append(_Device(wire, _who("10.0.0." + str(7 + number))))
            seen = len(wire.heard)
            await until(
                lambda seen=seen: any(
                    data[2] & 0x80 and _answers(data, dns.PTR) for data in wire.heard[seen:]
                )
            )
            await asyncio.sleep(0.3)
        labels = [device.responder.label for device in devices]
        assert labels == ["TempProbe-0A01", "TempProbe-0A01-2", "TempProbe-0A01-3"]
        assert [len(device.said) for device in devices] == [0, 1, 2]
        answer = mdns.reply(_ask(SERVICE, dns.PTR), 5353, devices[1].who, labels[1])
        assert _answers(answer, dns.PTR) == [(SERVICE, b"tempprobe-0a01-2." + SERVICE.encode())]
        assert _answers(answer, dns.A)[0][0] == "tempprobe-0a01-2.local"
        assert b"id=TempProbe-0A01" in _answers(answer, dns.TXT)[0][1]
        for device in devices:
            device.stop()

    run(go())


def test_two_that_start_together_do_not_end_with_one_name():
    """The order of their bytes decides; afterwards each has a name of its own."""

    async def go():
        wire = _Wire()
        devices = [_Device(wire, _who("10.0.0.7")), _Device(wire, _who("10.0.0.8"))]
        await asyncio.sleep(0.6)
        labels = sorted(device.responder.label for device in devices)
        assert labels == ["TempProbe-0A01", "TempProbe-0A01-2"]
        for device in devices:
            device.stop()

    run(go())


def test_two_that_meet_later_settle_it():
    """Both had the name in networks of their own; when the networks are joined one of them gives way."""

    async def go():
        wire = _Wire()
        first = _Device(wire, _who("10.0.0.7"))
        await asyncio.sleep(0.3)
        first.link.on = False
        second = _Device(wire, _who("10.0.0.8"))
        await asyncio.sleep(0.3)
        assert first.responder.label == second.responder.label
        first.link.on = True
        second.responder.renew.set()
        await asyncio.sleep(0.6)
        assert {first.responder.label, second.responder.label} == {"TempProbe-0A01", "TempProbe-0A01-2"}
        first.stop()
        second.stop()

    run(go())


def test_ones_own_echo_is_no_conflict():
    """The network hands back what was sent, also written in another way: compressed and in upper case."""
    mine = mdns.records(_who("10.0.0.7"))
    assert not mdns_claim.taken(mdns.announcement(_who("10.0.0.7")), mine)
    assert not mdns_claim.lost(mdns_claim.claim(mine), mine)
    name = b"\x0eTEMPPROBE-0A01\x0c_temps-probe\x04_tcp\x05LOCAL\0"
    host = b"\x0eTEMPPROBE-0A01\xc0" + bytes([12 + name.index(b"\x05LOCAL")])
    srv = struct.pack(">HHIHHHH", 33, 0x8001, 120, 6 + len(host), 0, 0, 80) + host
    packet = struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + name + srv
    assert not mdns_claim.taken(packet, mine)
    assert mdns_claim.taken(packet, mdns.records(_who("10.0.0.7", 81)))


def test_a_goodbye_is_no_conflict():
    """Who leaves gives the name up."""
    mine = mdns.records(_who("10.0.0.7"))
    assert mdns_claim.taken(mdns.announcement(_who("10.0.0.9")), mine)
    assert not mdns_claim.taken(mdns.farewell(_who("10.0.0.9")), mine)


def test_what_the_asker_knows_already_is_not_told_again():
    """Known with more than half of its lifetime: silence. With less, or something else: the answer."""
    who = _who("10.0.0.7")
    instance = (who["id"],) + mdns.SERVICE
    for ttl, answered in ((4500, False), (2250, False), (2249, True)):
        known = dns.record(mdns.SERVICE, dns.PTR, ttl, dns.name_bytes(instance), False)
        assert (mdns.reply(_ask(SERVICE, dns.PTR, known), 5353, who) is not None) == answered, ttl
    other = dns.record(mdns.SERVICE, dns.PTR, 4500, dns.name_bytes(("Other",) + mdns.SERVICE), False)
    assert mdns.reply(_ask(SERVICE, dns.PTR, other), 5353, who)
    host = dns.record(("tempprobe-0a01", "local"), dns.A, 120, dns.a_data("10.0.0.7"), True)
    assert mdns.reply(_ask("tempprobe-0a01.local", dns.A, host), 5353, who) is None


def test_the_next_name_fits_and_never_takes_the_ids_own_number():
    """The suffix counts up; four digits of a MAC address are not a suffix; 63 bytes are the limit."""
    assert (
        mdns_claim.next_label("a") == "a-2"
        and mdns_claim.next_label("a-2") == "a-3"
        and mdns_claim.next_label("a-9") == "a-10"
    )
    assert mdns_claim.next_label("TempProbe-0096") == "TempProbe-0096-2"
    assert mdns_claim.next_label("x-00") == "x-00-2" and mdns_claim.next_label("-2") == "-2-2"
    assert len(mdns_claim.next_label("x" * 63)) <= 63 and len(mdns_claim.next_label("x" * 61 + "-9")) <= 63


def test_torn_records_are_refused():
    """Cut at any byte: BadPacket or a shorter list, nothing else."""
    whole = mdns.announcement(_who("10.0.0.7"))
    assert len(dns.read_records(whole)[1]) == 4
    for length in range(len(whole)):
        try:
            dns.read_records(whole[:length])
        except dns.BadPacket:
            continue
        raise AssertionError(length)


def test_a_device_that_answers_to_everything_does_not_stop_the_probe():
    """After ten names the probe goes on with the last one, and the sampling was never held up."""

    async def go():
        wire = _Wire()
        device = _Device(wire, _who("10.0.0.7"))

        def claimed(data):
            if not data[2] & 0x80:
                return mdns.announcement(_who("10.0.0.66"), device.responder.label), "10.0.0.66", 5353
            return None

        wire.answer = claimed
        await until(lambda: any(data[2] & 0x80 for data in wire.heard))
        device.stop()
        # What it announces first; that it is asked to give this up as well may already have been heard.
        assert b"TempProbe-0A01-11" in next(data for data in wire.heard if data[2] & 0x80)

    run(go())
