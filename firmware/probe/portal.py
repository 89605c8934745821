"""The captive portal as the rest of the probe sees it: open or closed, and what a person wished for. One
event loop, no locks.

Its pages and its name server are in portal_desk.py, in memory only while it is open. Joining and testing
networks is probe/station.py's work, which reads `wish` and calls succeed() or fail().
"""

import asyncio

from probe.rooms import give_up


class Portal:
    """Closed until open(). `visited` is when (ms) a person last used it; `wish` is (ssid, password, hub or
    "") to be tested."""

    def __init__(self, state, name_link, say):
        """`name_link()` gives a datagram link on port 53, as probe/mdns.py describes it; OSError when there
        is none."""
        self.state = state
        self._say = say
        self._name_link = name_link
        self._opened = asyncio.Event()
        self._desk = None
        self.networks = []
        self.opened = False
        self.ip = None
        self._forget()

    @property
    def name(self):
        """The access point's name: the probe's id, in the 32 bytes that a network's name may have."""
        return self.state.who()["id"][:32]

    def open(self, ip, networks):
        """The access point is up with address `ip`; `networks`: [(ssid, rssi, locked)] as scanned before."""
        from probe import portal_desk

        self._desk = portal_desk
        self.ip = ip
        self.networks = portal_desk.strongest(networks)
        self._forget()
        self.opened = True
        self._opened.set()
        self._say(f"Set-up: join the Wi-Fi network {self.name} with a phone; a page opens (http://{ip}/).")

    def close(self):
        """The access point goes."""
        self.opened = False
        self._opened.clear()
        self.networks = []
        self._desk = None
        give_up("probe.portal_desk", "probe.portal_dns", "probe.page_portal", "probe.page", "probe.ssid")

    def save(self, values):
        """Put tested values in force, saved; OSError when they cannot be saved."""
        self.state.provision(values)

    def succeed(self, ip):
        """The wish was joined and saved; `ip` is the probe's address there."""
        self.done = (self.wish[0], ip)
        self.wish = None

    def fail(self, why):
        """The wish could not be joined; the person is asked again."""
        self.chosen = self.wish[0]
        self.hub = self.wish[2]
        self.problem = "The network " + self.chosen + " could not be joined. " + why
        self.wish = None

    def handler(self, request):
        """The server's doorman: who answers this request while the portal is open, or None for the usual
        routes."""
        return self._desk.handler(self, request) if self._desk else None

    async def answer_names(self):
        """Serve names while the portal is open, for ever."""
        while True:
            await self._opened.wait()
            link = self._name_link()
            try:
                while self._desk:
                    await self._desk.answer_name(link, self.ip)
            finally:
                link.close()

    def _forget(self):
        self.wish = None
        self.done = None
        self.visited = None
        self.problem = ""
        self.chosen = ""
        self.hub = ""
