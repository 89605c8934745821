"""Makes the probe findable: answers and announces `_temps-probe._tcp.local` (RFC 6762/6763, the part a small device needs).

`who()` gives {"id", "name", "version", "model", "ip", "port"} as they are now; ip None means 'no network yet'.
`link` is the port's datagram socket: bound (True when it holds port 5353), join(), send(data, ip, port), receive().
"""

import asyncio

from probe import dns
from probe.waiting import wait_for_event

GROUP = "224.0.0.251"
PORT = 5353
SERVICE = ("_temps-probe", "_tcp", "local")
META = ("_services", "_dns-sd", "_udp", "local")
HOST_TTL_S = 120
OTHER_TTL_S = 4500
# What an asker that knows no mDNS may remember (RFC 6762, 6.7).
LEGACY_TTL_S = 10


def records(who):
    """Everything this probe can say: [(labels, type, ttl_s, data, unique)]."""
    instance = (who["id"],) + SERVICE
    host = (host_label(who["id"]), "local")
    pairs = [(key, who[key]) for key in ("id", "version", "model", "name") if who[key]]
    return [
        (META, dns.PTR, OTHER_TTL_S, dns.name_bytes(SERVICE), False),
        (SERVICE, dns.PTR, OTHER_TTL_S, dns.name_bytes(instance), False),
        (instance, dns.SRV, HOST_TTL_S, dns.srv_data(who["port"], host), True),
        (instance, dns.TXT, OTHER_TTL_S, dns.txt_data(pairs), True),
        (host, dns.A, HOST_TTL_S, dns.a_data(who["ip"]), True),
    ]


def host_label(probe_id):
    """The probe's host name without `.local`: the id with everything a host name must not hold made a hyphen."""
    return "".join(c if c.isalpha() or c.isdigit() else "-" for c in probe_id)


def reply(packet, source_port, who):
    """The answer to a query, or None when nothing in it is ours. dns.BadPacket for a malformed one."""
    ident, questions = dns.read_questions(packet)
    known = records(who)
    mine = [r for r in known if any(_matches(r, q) for q in questions)]
    if not mine:
        return None
    # Whoever asks for the service wants its address next: sent along, it saves two more rounds.
    extras = [] if mine == known[:1] else [r for r in known[2:] if r not in mine]
    if source_port != PORT:
        echoed = [dns.question(name.split("."), kind) for name, kind in questions]
        return dns.response(_encode(mine, True), _encode(extras, True), ident, echoed)
    return dns.response(_encode(mine, False), _encode(extras, False))


def announcement(who):
    """The unasked response that tells all records; caches take them over."""
    return dns.response(_encode(records(who)[1:], False))


def farewell(who):
    """The same with a lifetime of 0: listeners forget this probe at once."""
    return dns.response([dns.record(*_gone(r)) for r in records(who)[1:]])


def _gone(item):
    labels, kind, _, data, unique = item
    return labels, kind, 0, data, unique


def _matches(item, asked):
    name, kind = asked
    # Compared as text: some askers split an instance name that contains a dot.
    return kind in (item[1], dns.ANY) and name == ".".join(item[0]).lower()


def _encode(items, legacy):
    if legacy:
        return [dns.record(labels, kind, min(ttl, LEGACY_TTL_S), data, False) for labels, kind, ttl, data, _ in items]
    return [dns.record(*item) for item in items]


class Responder:
    """Two loops for the app to run, `listen` and `announce`; `renew` (an Event) asks for a fresh announcement now."""

    def __init__(self, link, who, first_pause_s=1, pause_s=60, fallback_pause_s=30):
        self._link = link
        self._who = who
        self._first_pause_s = first_pause_s
        self._pause_s = pause_s
        self._fallback_pause_s = fallback_pause_s
        self.renew = asyncio.Event()

    async def listen(self):
        """Answer for ever. A packet that makes no sense is passed over in silence: anybody on the network can send one."""
        while True:
            try:
                packet, ip, port = await self._link.receive()
                self._answer(packet, ip, port)
                # While packets wait, receive() need not give way; a flood must not stop the sampling.
                await asyncio.sleep(0)
            except (OSError, dns.BadPacket, ValueError):
                # The pause keeps a socket that fails at once, or a flood of rubbish, from taking all the time.
                await asyncio.sleep(0.05)

    async def announce(self):
        """Three times at the start and after each change, then every minute, so that a lost packet or a lost group heals."""
        burst = 3
        while True:
            if self._who()["ip"]:
                self._link.join()
                self._tell(announcement(self._who()))
                burst = max(0, burst - 1)
            pause = self._first_pause_s if burst else self._pause_s if self._link.bound else self._fallback_pause_s
            if await wait_for_event(self.renew, pause):
                burst = 3

    def goodbye(self):
        """Planned stop: best effort, never an error."""
        if self._who()["ip"]:
            self._tell(farewell(self._who()))

    def _answer(self, packet, ip, port):
        who = self._who()
        answer = reply(packet, port, who) if who["ip"] else None
        if answer is None:
            return
        if port == PORT:
            self._tell(answer)
        else:
            self._link.send(answer, ip, port)

    def _tell(self, packet):
        try:
            self._link.send(packet, GROUP, PORT)
        except OSError:
            # No network just now; the next announcement comes anyway.
            pass
