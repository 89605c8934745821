"""Makes the probe findable: claims its name on the network, announces it, answers who asks for it.

What is said and understood is in probe/mdns.py, in memory only while a packet concerns this probe. `who()` as
there; `link` is the port's datagram socket: bound (True when it holds port 5353), join(), send(data, ip,
port), receive() -> (data, ip, port), close().
"""

import asyncio
import os

from probe.rooms import give_up, words
from probe.waiting import wait_for_event

_GROUP = "224.0.0.251"
_PORT = 5353
# Three questions, a quarter of a second apart, before a name is used (RFC 6762, 8.1).
CLAIMS = 3
CLAIM_PAUSE_S = 0.25
# How long an answer waits that other devices may give too.
SPREAD_S = (0.02, 0.12)
# So many names are tried in a row before it goes slower: a broken device may answer to every name there is.
MOST_NAMES = 10


class Responder:
    """Two loops for the app to run, `listen` and `announce`; `renew` (an Event) asks for a fresh claim and
    announcement now.

    `label` is the name in use; the id, or the id with -2 and so on when another device had it first. The id
    in the text stays.
    """

    def __init__(
        self,
        link,
        who,
        first_pause_s=1,
        pause_s=60,
        fallback_pause_s=30,
        say=None,
        claim_pause_s=CLAIM_PAUSE_S,
        spread_s=SPREAD_S,
    ):
        self._link = link
        self._who = who
        self._first_pause_s = first_pause_s
        self._pause_s = pause_s
        self._fallback_pause_s = fallback_pause_s
        self._claim_pause_s = claim_pause_s
        self._spread_s = spread_s
        self._say = say
        # Until the name is known to be free nobody hears it from us.
        self._claiming = link.bound
        self._refused = asyncio.Event()
        # What is announced; None before the first time.
        self._told = None
        self.label = who()["id"]
        self.renew = asyncio.Event()

    async def listen(self):
        """Answer for ever. A packet that makes no sense is passed over in silence: anybody on the network can
        send one."""
        while True:
            try:
                packet, ip, port = await self._link.receive()
                await self._hear(packet, ip, port)
                # While packets wait, receive() need not give way; a flood must not stop the sampling.
                await asyncio.sleep(0)
            except (OSError, ValueError):
                # The pause keeps a socket that fails at once, or a flood of rubbish, from taking all the
                # time.
                await asyncio.sleep(0.05)

    async def announce(self):
        """Claim the name, then tell it three times, then every minute, so that a lost packet or a lost group
        heals."""
        burst = 3
        fresh = True
        while True:
            if self._who()["ip"]:
                self._link.join()
                if fresh:
                    if self._link.bound:
                        await self._claim()
                    # Made once for each claim, as this comes every minute.
                    self._told = _made("announcement", self._who(), self.label)
                fresh = False
                self._tell(self._told)
                burst = max(0, burst - 1)
            pause = (
                self._first_pause_s
                if burst
                else self._pause_s
                if self._link.bound
                else self._fallback_pause_s
            )
            if await wait_for_event(self.renew, pause):
                burst = 3
                fresh = True

    def goodbye(self):
        """Planned stop: best effort, never an error."""
        if self._who()["ip"] and self._told:
            self._tell(_made("farewell", self._who(), self.label))

    async def _claim(self):
        self._claiming = True
        try:
            # Spread, as after a power cut all devices of a house ask at once.
            await asyncio.sleep(self._claim_pause_s * os.urandom(1)[0] / 255)
            for _ in range(MOST_NAMES):
                if await self._unchallenged():
                    return
        finally:
            self._claiming = False

    async def _unchallenged(self):
        """Ask three times; True when nobody objected, False after the name was changed or when it is to be
        asked again."""
        self._refused.clear()
        for _ in range(CLAIMS):
            if not self._who()["ip"]:
                return True
            self._tell(_made("claim", self._who(), self.label))
            if await wait_for_event(self._refused, self._claim_pause_s):
                return False
        # A busy board hears what has come in before it takes the name.
        await asyncio.sleep(0)
        return not self._refused.is_set()

    async def _hear(self, packet, ip, port):
        who = self._who()
        if not who["ip"] or not self._concerns(packet):
            return
        word, packet, shared = _made("heard", packet, port, who, self.label, self._claiming)
        if word == "taken":
            self._clash()
        elif word:
            self._rename()
        elif packet and port != _PORT:
            self._link.send(packet, ip, port)
        elif packet:
            if shared:
                # Spread, so that all probes of a house do not answer at once (RFC 6762, 6). What comes in
                # meanwhile waits in the socket.
                await asyncio.sleep(
                    self._spread_s[0] + (self._spread_s[1] - self._spread_s[0]) * os.urandom(1)[0] / 255
                )
            self._tell(packet)

    def _concerns(self, packet):
        """Whether it may ask for this probe or speak of it: a house is full of packets, and looking closer
        costs memory and time."""
        stem = self.label.split(".")[0].lower()
        # Of a name that has other signs than a host may have only the beginning is the same everywhere.
        plain = [at for at in range(len(stem)) if stem[at] not in "abcdefghijklmnopqrstuvwxyz0123456789-"]
        marks = [stem[: plain[0]] if plain else stem]
        if packet[2:3] < b"\x80":
            marks += ["_temps-probe", "_dns-sd"]
        packet = bytes(packet).lower()
        return any(mark.encode() in packet for mark in marks)

    def _clash(self):
        if self._claiming:
            self._rename()
        else:
            # Both thought they had the name, as when two networks are joined. Asking again shows who keeps
            # it.
            self.renew.set()

    def _rename(self):
        before = self.label
        self.label = _made("next_label", self.label)
        self._refused.set()
        if self._say:
            self._say(words("name_taken", before, self.label))

    def _tell(self, packet):
        try:
            self._link.send(packet, _GROUP, _PORT)
        except OSError:
            # No network just now; the next announcement comes anyway.
            pass


def _made(what, *values):
    """Asks a function of probe/mdns.py."""
    from probe import mdns

    try:
        return getattr(mdns, what)(*values)
    finally:
        give_up("probe.mdns", "probe.mdns_claim", "probe.dns")
