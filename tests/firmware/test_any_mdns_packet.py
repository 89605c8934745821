"""Packets of strangers into the probe's mDNS: whatever comes, it is understood or refused, never more than
that. CPython only."""

import struct

from hypothesis import example, given, settings, strategies as st

from probe import dns, mdns, mdns_claim
from probe_harness import identity

LABEL = st.binary(min_size=0, max_size=70)
POINTER = st.integers(0, 0x3FFF).map(lambda to: struct.pack(">H", 0xC000 | to))
NAME = st.lists(
    st.one_of(LABEL.map(lambda raw: bytes([len(raw) & 0x3F]) + raw), POINTER, st.just(b"\0")), max_size=5
).map(b"".join)
NUMBER = st.integers(0, 0xFFFF)
OURS = st.sampled_from(
    [dns.question(name, kind)[:-4] for name in (mdns.SERVICE, mdns.META) for kind in (dns.PTR,)]
)
QUESTION = st.tuples(st.one_of(NAME, OURS), st.sampled_from([1, 12, 16, 33, 255, 0]), NUMBER).map(
    lambda q: q[0] + struct.pack(">HH", *q[1:])
)
RECORD = st.tuples(
    st.one_of(NAME, OURS), NUMBER, NUMBER, st.integers(0, 2**32 - 1), NUMBER, st.binary(max_size=60)
).map(lambda r: r[0] + struct.pack(">HHIH", *r[1:5]) + r[5])
COUNT = st.one_of(st.integers(0, 4), NUMBER)
HEAD = st.tuples(NUMBER, st.sampled_from([0, 0x8400, 0x0100, 0xFFFF]), COUNT, COUNT, COUNT, COUNT).map(
    lambda h: struct.pack(">HHHHHH", *h)
)
PACKET = st.one_of(
    st.binary(max_size=1500),
    st.tuples(HEAD, st.lists(st.one_of(QUESTION, RECORD), max_size=6)).map(
        lambda parts: parts[0] + b"".join(parts[1])
    ),
)
WHO = identity()


@settings(max_examples=600, derandomize=True, database=None, deadline=None)
@given(packet=PACKET, port=st.sampled_from([mdns.PORT, 1024]))
@example(packet=struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + b"\xc0\x0c", port=mdns.PORT)
@example(packet=struct.pack(">HHHHHH", 0, 0, 40, 0, 0, 0) + b"\xc0\x0c\x00\x0c\x00\x01" * 40, port=mdns.PORT)
@example(packet=b"", port=mdns.PORT)
def test_any_packet_is_answered_or_refused(packet, port):
    """No packet makes the probe's parser fail in another way than saying so, or answer with more than a
    datagram holds."""
    mine = mdns.records(WHO)
    for read in (
        dns.read_questions,
        dns.read_records,
        lambda p: mdns_claim.taken(p, mine),
        lambda p: mdns_claim.lost(p, mine),
    ):
        try:
            read(packet)
        except dns.BadPacket:
            pass
    try:
        answer = mdns.reply(packet, port, WHO)
    except dns.BadPacket:
        return
    # However much is asked, a stranger cannot make the probe send a flood.
    assert answer is None or 12 <= len(answer) < len(packet) + 1500
