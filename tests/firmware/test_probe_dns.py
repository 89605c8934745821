"""probe/dns.py"""

import os
import struct

from probe import dns


def _query(*questions, **head):
    flags = head.get("flags", 0)
    count = head.get("count", len(questions))
    return struct.pack(">HHHHHH", 7, flags, count, 0, 0, 0) + b"".join(questions)


def _bad(work, *args):
    try:
        work(*args)
    except dns.BadPacket:
        return True
    return False


def test_questions_come_back_as_written():
    """What this code writes it can read, whatever the upper and lower case."""
    packet = _query(
        dns.question(("_temps-probe", "_tcp", "local"), dns.PTR), dns.question(("Kü.1", "local"), dns.A)
    )
    assert dns.read_questions(packet) == (7, [("_temps-probe._tcp.local", dns.PTR), ("kü.1.local", dns.A)])


def test_compressed_names_are_followed():
    """A pointer stands for the rest of an earlier name; reading goes on behind it."""
    packet = b"\x05local\x00" + b"\x04_tcp\xc0\x00" + b"!"
    assert dns.read_name(packet, 7) == ("_tcp.local", 14)


def test_pointer_loops_end():
    """A pointer to itself, to a later place or round in a circle is refused instead of followed for ever."""
    assert _bad(dns.read_name, b"\xc0\x00", 0)
    assert _bad(dns.read_name, b"\xc0\x04\x00\x00\x01a\x00", 0)
    assert _bad(dns.read_name, b"\x01a\xc0\x00", 0)
    assert _bad(dns.read_name, b"\x01a\xc0\x06\x00\x00\x01b\xc0\x00", 6)


def test_endless_names_are_refused():
    """A name longer than 255 bytes does not exist."""
    assert _bad(dns.read_name, (b"\x3f" + b"a" * 63) * 5 + b"\x00", 0)
    chain = b"\x3f" + b"a" * 63 + b"\x00"
    for _ in range(5):
        chain += b"\x3f" + b"b" * 63 + bytes([0xC0 | (len(chain) - 65) >> 8, (len(chain) - 65) & 255])
    assert _bad(dns.read_name, chain, len(chain) - 66)


def test_strange_labels_are_refused():
    """Reserved label types and bytes that are no text."""
    assert _bad(dns.read_name, b"\x40a\x00", 0)
    assert _bad(dns.read_name, b"\x80a\x00", 0)
    assert _bad(dns.read_name, b"\x02\xff\xfe\x00", 0)


def test_every_cut_off_packet_is_refused():
    """A packet that ends too early, at whatever byte, raises BadPacket and nothing else."""
    packet = _query(dns.question(("a", "bc", "local"), dns.PTR), b"\x01x\xc0\x0c\x00\x01\x00\x01")
    assert len(dns.read_questions(packet)[1]) == 2
    for length in range(len(packet)):
        assert _bad(dns.read_questions, packet[:length]), length


def test_noise_never_does_more_than_raise_bad_packet():
    """2,000 packets of noise behind a good header are either read or refused."""
    for _ in range(2000):
        packet = _query(os.urandom(40), count=3)
        try:
            dns.read_questions(packet)
        except dns.BadPacket:
            pass


def test_answers_and_foreign_kinds_of_packets_hold_no_questions():
    """Another device's response is not a question to us."""
    asked = dns.question(("a", "local"), dns.A)
    assert dns.read_questions(_query(asked, flags=0x8400)) == (7, [])
    assert dns.read_questions(_query(asked, flags=0x2800)) == (7, [])


def test_too_many_questions_are_refused():
    """A packet cannot keep the probe busy with hundreds of names."""
    assert _bad(dns.read_questions, _query(count=65535))


def test_a_record_on_the_wire():
    """Name, type, class with the flush bit, lifetime, length, data: as RFC 1035 and RFC 6762 draw it."""
    wire = dns.record(("a", "local"), dns.A, 120, dns.a_data("10.0.0.7"), True)
    assert wire == b"\x01a\x05local\x00" + b"\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04" + bytes([10, 0, 0, 7])


def test_txt_and_srv_data():
    """A TXT entry is cut to what its length byte can say; an empty TXT is one zero byte."""
    assert dns.txt_data([("id", "x"), ("k", "v" * 300)]) == b"\x04id=x\xffk=" + b"v" * 253
    assert dns.txt_data([]) == b"\x00"
    assert dns.srv_data(8080, ("h", "local")) == b"\0\0\0\0\x1f\x90\x01h\x05local\0"


def test_labels_that_do_not_fit_are_refused():
    """64 bytes in a label would be read as something else by everybody."""
    for label in ("", "x" * 64):
        try:
            dns.name_bytes((label,))
        except ValueError:
            continue
        raise AssertionError(label)
