"""Whether a name on the network is free, and the next one to try when it is not (RFC 6762, 8 and 9). Bytes
in, answers out.

`mine` are this probe's records as probe/mdns.py's records() gives them.
"""

from probe import dns

# The records that show who it is: the text of two probes may well be the same.
_TELLING = (dns.SRV, dns.A)


def claim(mine):
    """The question 'is anybody called that?', with the records we would like to own."""
    own = [item for item in mine if item[4]]
    names = []
    for item in own:
        if item[0] not in names:
            names.append(item[0])
    questions = [dns.question(labels, dns.ANY) for labels in names]
    return dns.query(
        questions, [dns.record(labels, kind, ttl, data, False) for labels, kind, ttl, data, _ in own]
    )


def taken(packet, mine):
    """True when the packet is a response in which another device owns one of our names. dns.BadPacket for a
    malformed one."""
    response, found = dns.read_records(packet)
    if not response:
        return False
    for _, name, kind, ttl, data in found:
        own = _own(mine, name, kind)
        # A lifetime of 0 is a goodbye: that device gives the name up.
        if own is not None and ttl and data != own:
            return True
    return False


def lost(packet, mine):
    """True when the packet claims one of our names at the same moment and its records come later in the order
    of bytes."""
    response, found = dns.read_records(packet)
    if response:
        return False
    theirs = sorted(
        (kind, data)
        for section, name, kind, _, data in found
        if section == 1 and _own(mine, name, kind) is not None
    )
    ours = sorted((item[1], _plain(item)) for item in mine if item[4] and item[1] in _TELLING)
    return bool(theirs) and theirs > ours


def suppressed(packet, mine):
    """The types of our shared and own records that the asker already knows for at least half of their
    lifetime."""
    response, found = dns.read_records(packet)
    known = set()
    for section, name, kind, ttl, data in found if not response else []:
        for item in mine:
            same = item[1] == kind and name == ".".join(item[0]).lower() and data == _plain(item)
            if section == 0 and same and 2 * ttl >= item[2]:
                known.add((item[0], kind))
    return known


def next_label(label):
    """`a` -> `a-2` -> `a-3`, within the 63 bytes of a label."""
    stem, dash, number = label.rpartition("-")
    # An id such as TempProbe-0096 ends in a number of its own; ours has one or two digits and no zero in
    # front.
    if (
        dash
        and stem
        and 0 < len(number) <= 2
        and all(c in "0123456789" for c in number)
        and number[0] != "0"
        and int(number) > 1
    ):
        return stem[:60] + "-" + str(int(number) + 1)
    return label[:60] + "-2"


def _own(mine, name, kind):
    if kind in _TELLING:
        for item in mine:
            if item[4] and item[1] == kind and name == ".".join(item[0]).lower():
                return _plain(item)
    return None


def _plain(item):
    # Through the same reader as the packets of others, so that equal records are equal bytes.
    return dns.plain_data(item[3], item[1], 0, len(item[3]))
