"""DNS packets as mDNS uses them: questions read, records written. Bytes in, bytes out; no sockets, no
state."""

import struct

A, PTR, TXT, SRV, NSEC, ANY = 1, 12, 16, 33, 47, 255
_IN = 1
_FLUSH = 0x8000
MAX_QUESTIONS = 40
# Of other devices' records no more are looked at in one packet.
MAX_RECORDS = 60


class BadPacket(ValueError):
    """The packet breaks the rules of RFC 1035; its sender gets no answer."""


def read_name(packet, at):
    """The name at `at` (labels joined by dots, lower case) and the position behind it. BadPacket when it
    leads nowhere."""
    labels = []
    behind = None
    start = at
    length = 0
    while True:
        size = _byte(packet, at)
        if size == 0:
            return ".".join(labels), at + 1 if behind is None else behind
        if size & 0xC0 == 0xC0:
            target = (size & 0x3F) << 8 | _byte(packet, at + 1)
            behind = at + 2 if behind is None else behind
            # Each jump must land before the piece it left, so no chain of pointers can be endless.
            if target >= start:
                raise BadPacket("compression pointer does not lead back")
            at = start = target
            continue
        length += size + 1
        if size & 0xC0 or at + 1 + size > len(packet) or length > 254:
            raise BadPacket("label too long")
        labels.append(_text(packet[at + 1 : at + 1 + size]))
        at += 1 + size


def read_questions(packet):
    """(id, [(name, type)]) of a query; the list is empty for a response or another kind of packet."""
    if len(packet) < 12:
        raise BadPacket("shorter than a header")
    ident, flags, count = struct.unpack(">HHH", packet[:6])
    # Response bit and opcode: somebody else's answer is not a question.
    if flags & 0xF800:
        return ident, []
    if count > MAX_QUESTIONS:
        raise BadPacket("too many questions")
    questions = []
    at = 12
    for _ in range(count):
        name, at = read_name(packet, at)
        if at + 4 > len(packet):
            raise BadPacket("question cut off")
        kind, group = struct.unpack(">HH", packet[at : at + 4])
        at += 4
        if group & 0x7FFF in (_IN, ANY):
            questions.append((name, kind))
    return ident, questions


def read_records(packet):
    """(is a response, [(section, name, type, ttl_s, data)]); section 0 = answers, 1 = authorities, 2 =
    extras.

    Names inside SRV and PTR data are written out in lower case, so that equal data are equal bytes. BadPacket
    as above.
    """
    if len(packet) < 12:
        raise BadPacket("shorter than a header")
    flags, questions = struct.unpack(">HH", packet[2:6])
    if questions > MAX_QUESTIONS:
        raise BadPacket("too many questions")
    at = 12
    for _ in range(questions):
        at = read_name(packet, at)[1] + 4
    found = []
    for section, count in enumerate(struct.unpack(">HHH", packet[6:12])):
        for _ in range(min(count, MAX_RECORDS - len(found))):
            name, at = read_name(packet, at)
            if at + 10 > len(packet):
                raise BadPacket("record cut off")
            kind, _, ttl, size = struct.unpack(">HHIH", packet[at : at + 10])
            at += 10
            if at + size > len(packet):
                raise BadPacket("record cut off")
            found.append((section, name, kind, ttl, plain_data(packet, kind, at, size)))
            at += size
    return flags & 0x8000 != 0, found


def plain_data(packet, kind, at, size):
    """The data of a record at `at`, with a name in it uncompressed and in lower case."""
    skip = {PTR: 0, SRV: 6}.get(kind)
    if skip is None or size <= skip:
        return packet[at : at + size]
    return packet[at : at + skip] + read_name(packet, at + skip)[0].encode()


def name_bytes(labels):
    """Labels on the wire, without compression."""
    out = b""
    for label in labels:
        raw = label.encode()
        if not 0 < len(raw) < 64:
            raise ValueError(f"A DNS label holds 1 to 63 bytes, not {len(raw)}.")
        out += bytes([len(raw)]) + raw
    return out + b"\0"


def question(labels, kind):
    """One question on the wire."""
    return name_bytes(labels) + struct.pack(">HH", kind, _IN)


def record(labels, kind, ttl_s, data, flush):
    """One record on the wire; `flush` says that it replaces what the asker remembers."""
    return (
        name_bytes(labels)
        + struct.pack(">HHIH", kind, _IN | (_FLUSH if flush else 0), ttl_s, len(data))
        + data
    )


def a_data(ip):
    """The data of an A record from '192.168.1.20'."""
    return bytes([int(part) for part in ip.split(".")])


def srv_data(port, labels):
    """The data of an SRV record: no priorities, the port, the host."""
    return struct.pack(">HHH", 0, 0, port) + name_bytes(labels)


def txt_data(pairs):
    """The data of a TXT record from [(key, value)]; each entry is cut to the 255 bytes the format allows."""
    out = b""
    for key, value in pairs:
        raw = (key + "=" + value).encode()[:255]
        out += bytes([len(raw)]) + raw
    return out or b"\0"


def nsec_data(labels, kinds):
    """The data of an NSEC record: the name has records of these types, all below 256, and no others (RFC
    4034, 4.1)."""
    bits = bytearray(max(kinds) // 8 + 1)
    for kind in kinds:
        bits[kind >> 3] |= 0x80 >> (kind & 7)
    return name_bytes(labels) + bytes([0, len(bits)]) + bits


def query(questions, authorities=()):
    """A whole query out of encoded questions; `authorities` are the records that the asker would like to call
    its own."""
    head = struct.pack(">HHHHHH", 0, 0, len(questions), 0, len(authorities), 0)
    return head + b"".join(questions) + b"".join(authorities)


def response(answers, extras=(), ident=0, questions=()):
    """A whole authoritative response out of encoded records; `questions` are echoed, as legacy askers
    expect."""
    head = struct.pack(">HHHHHH", ident, 0x8400, len(questions), len(answers), 0, len(extras))
    return head + b"".join(questions) + b"".join(answers) + b"".join(extras)


def _byte(packet, at):
    if at >= len(packet):
        raise BadPacket("name cut off")
    return packet[at]


def _text(raw):
    try:
        return str(raw, "utf-8").lower()
    except UnicodeError:
        raise BadPacket("label is not UTF-8")
