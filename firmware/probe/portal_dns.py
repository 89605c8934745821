"""The portal's name server: every name on earth is this probe, so that a phone's own question leads to the
set-up page.

Bytes in, bytes out; no sockets, no state.
"""

import struct

from probe import dns

# A phone must forget the lie at once when it is back in its own network.
TTL_S = 1


def answer(packet, ip):
    """The reply to a query: `ip` for A and ANY, an empty NOERROR for AAAA, HTTPS and all else; None for what
    is no query.

    dns.BadPacket for a malformed one. An error code for AAAA would make some systems give up the name
    altogether.
    """
    _, questions = dns.read_questions(packet)
    if not questions:
        return None
    _, end = dns.read_name(packet, 12)
    # Copied byte by byte: some askers mix upper and lower case and want it back as sent.
    asked = packet[12 : end + 4]
    kind = struct.unpack(">H", packet[end : end + 2])[0]
    records = b""
    if kind in (dns.A, dns.ANY):
        records = b"\xc0\x0c" + struct.pack(">HHIH", dns.A, 1, TTL_S, 4) + dns.a_data(ip)
    # Response, authoritative; 'recursion desired' back as it came, 'recursion available' as clients expect it
    # of a router.
    flags = 0x8480 | (packet[2] & 1) << 8
    return packet[:2] + struct.pack(">HHHHH", flags, 1, 1 if records else 0, 0, 0) + asked + records
