"""What the probe says to be found: the records and packets of `_temps-probe._tcp.local` (RFC 6762/6763, the
part a small device needs).

`who()` gives {"id", "name", "version", "model", "ip", "port"} as they are now; ip None means 'no network
yet'. Bytes in, bytes out; probe/mdns_responder.py does the talking, and loads this when there is something to
say.
"""

from probe import dns, mdns_claim

GROUP = "224.0.0.251"
PORT = 5353
SERVICE = ("_temps-probe", "_tcp", "local")
META = ("_services", "_dns-sd", "_udp", "local")
HOST_TTL_S = 120
OTHER_TTL_S = 4500
# What an asker that knows no mDNS may remember (RFC 6762, 6.7).
LEGACY_TTL_S = 10


def records(who, label=None):
    """Everything this probe can say: [(labels, type, ttl_s, data, unique)]. `label` is its name here when the
    id was taken."""
    label = label or who["id"]
    instance = (label,) + SERVICE
    host = (host_label(label), "local")
    pairs = [(key, who[key]) for key in ("id", "version", "model", "name") if who[key]]
    return [
        (META, dns.PTR, OTHER_TTL_S, dns.name_bytes(SERVICE), False),
        (SERVICE, dns.PTR, OTHER_TTL_S, dns.name_bytes(instance), False),
        (instance, dns.SRV, HOST_TTL_S, dns.srv_data(who["port"], host), True),
        (instance, dns.TXT, OTHER_TTL_S, dns.txt_data(pairs), True),
        (host, dns.A, HOST_TTL_S, dns.a_data(who["ip"]), True),
    ]


def host_label(probe_id):
    """The probe's host name without `.local`: the id with everything a host name must not hold made a
    hyphen."""
    return "".join(c if c.isalpha() or c.isdigit() else "-" for c in probe_id)


def reply(packet, source_port, who, label=None):
    """The answer to a query, or None when nothing in it is ours. dns.BadPacket for a malformed one."""
    return answer(packet, source_port, who, label)[0]


def answer(packet, source_port, who, label=None):
    """(the answer or None, whether other devices may answer the same question)"""
    ident, questions = dns.read_questions(packet)
    known = records(who, label)
    mine = [r for r in known if any(_matches(r, q) for q in questions)]
    if source_port == PORT:
        heard = mdns_claim.suppressed(packet, known) if mine else ()
        mine = [r for r in mine if (r[0], r[1]) not in heard] + _denials(questions, known)
    if not mine:
        return None, False
    return _packed(mine, known, source_port, ident, questions), not all(r[4] for r in mine)


def _packed(mine, known, source_port, ident, questions):
    # Whoever asks for the service wants its address next: sent along, it saves two more rounds.
    extras = [] if mine == known[:1] else [r for r in known[2:] if r not in mine]
    if source_port != PORT:
        echoed = [dns.question(name.split("."), kind) for name, kind in questions]
        return dns.response(_encode(mine, True), _encode(extras, True), ident, echoed)
    return dns.response(_encode(mine, False), _encode(extras, False))


def _denials(questions, known):
    """For each question about a name of ours and a type that it does not have: the types that it has (RFC
    6762, 6.1).

    So nobody waits for an IPv6 address that does not come.
    """
    found = []
    for name, kind in questions:
        own = [r for r in known if r[4] and name == ".".join(r[0]).lower()]
        if own and kind != dns.ANY and kind not in [r[1] for r in own]:
            labels = own[0][0]
            item = (labels, dns.NSEC, HOST_TTL_S, dns.nsec_data(labels, [r[1] for r in own]), True)
            if item not in found:
                found.append(item)
    return found


def heard(packet, source_port, who, label, claiming):
    """What a packet means for the probe called `label`: (word, answer or None, whether other devices may
    answer it too).

    The word is "taken" when another device owns its name, "lost" when one claims it at the same moment and
    wins, else None.
    """
    mine = records(who, label)
    if packet[2:3] >= b"\x80":
        return "taken" if mdns_claim.taken(packet, mine) else None, None, False
    if claiming:
        # Not ours yet: neither answered nor defended. Who asks at the same moment and loses in the order of
        # bytes waits.
        return "lost" if mdns_claim.lost(packet, mine) else None, None, False
    return (None,) + answer(packet, source_port, who, label)


def claim(who, label=None):
    """The question whether anybody is called that."""
    return mdns_claim.claim(records(who, label))


def next_label(label):
    """What to try when another device has that name."""
    return mdns_claim.next_label(label)


def announcement(who, label=None):
    """The unasked response that tells all records; caches take them over."""
    return dns.response(_encode(records(who, label)[1:], False))


def farewell(who, label=None):
    """The same with a lifetime of 0: listeners forget this probe at once."""
    return dns.response([dns.record(*_gone(r)) for r in records(who, label)[1:]])


def _gone(item):
    labels, kind, _, data, unique = item
    return labels, kind, 0, data, unique


def _matches(item, asked):
    name, kind = asked
    # Compared as text: some askers split an instance name that contains a dot.
    return kind in (item[1], dns.ANY) and name == ".".join(item[0]).lower()


def _encode(items, legacy):
    if legacy:
        return [
            dns.record(labels, kind, min(ttl, LEGACY_TTL_S), data, False)
            for labels, kind, ttl, data, _ in items
        ]
    return [dns.record(*item) for item in items]
