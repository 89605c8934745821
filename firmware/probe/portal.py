"""The captive portal: while it is open, every page a phone asks for leads to the set-up page. One event loop, no locks.

It only talks to people; joining and testing networks is probe/station.py's work, which reads `wish` and calls succeed() or fail().
"""

import asyncio

from probe import dns, page_portal, portal_dns, settings
from probe.http import Redirect
from probe.request import Problem

MOST_NETWORKS = 16


class Portal:
    """Closed until open(). `visited` is when (ms) a person last used it; `wish` is (ssid, password, hub or "") to be tested."""

    def __init__(self, state, name_link, say):
        """`name_link()` gives a datagram link on port 53, as probe/mdns.py describes it; OSError when there is none."""
        self._state = state
        self._say = say
        self._name_link = name_link
        self._opened = asyncio.Event()
        self._networks = []
        self.opened = False
        self.ip = None
        self._forget()

    @property
    def name(self):
        """The access point's name: the probe's id, in the 32 bytes that a network's name may have."""
        return self._state.who()["id"][:32]

    def open(self, ip, networks):
        """The access point is up with address `ip`; `networks`: [(ssid, rssi, locked)] as scanned before."""
        self.ip = ip
        self._networks = strongest(networks)
        self._forget()
        self.opened = True
        self._opened.set()
        self._say(f"Set-up: join the Wi-Fi network {self.name} with a phone; a page opens (http://{ip}/).")

    def close(self):
        """The access point goes."""
        self.opened = False
        self._opened.clear()

    def save(self, values):
        """Put tested values in force, saved; OSError when they cannot be saved."""
        self._state.provision(values)

    def succeed(self, ip):
        """The wish was joined and saved; `ip` is the probe's address there."""
        self.done = (self.wish[0], ip)
        self.wish = None

    def fail(self, why):
        """The wish could not be joined; the person is asked again."""
        self._chosen = self.wish[0]
        self._hub = self.wish[2]
        self._problem = "The network " + self._chosen + " could not be joined. " + why
        self.wish = None

    def handler(self, request):
        """The server's doorman: who answers this request while the portal is open, or None for the usual routes."""
        if not self.opened:
            return None
        host = request.headers.get("host", "").split(":")[0]
        if host == self._state.who()["ip"] and host != self.ip:
            # From the network that was just joined: the hub looks for the probe there.
            return None
        self.visited = self._state.clock.now()
        pages = {("GET", "/"): self._page, ("POST", "/join"): self._join, ("GET", "/joining"): self._joining}
        if host != self.ip:
            return self._elsewhere
        if request.path in ("/status", "/whoami", "/identify"):
            return None
        return pages.get((request.method, request.path), self._elsewhere)

    async def answer_names(self):
        """Serve names while the portal is open, for ever."""
        while True:
            await self._opened.wait()
            link = self._name_link()
            try:
                while self.opened:
                    await self._answer_name(link)
            finally:
                link.close()

    async def _answer_name(self, link):
        try:
            # The time-out is for closing only; a portal is closed with nobody asking.
            packet, ip, port = await asyncio.wait_for(link.receive(), 1)
            reply = portal_dns.answer(packet, self.ip)
            if reply:
                link.send(reply, ip, port)
            await asyncio.sleep(0)
        except asyncio.TimeoutError:
            # Before OSError: on CPython a time-out is one.
            pass
        except (OSError, dns.BadPacket, ValueError):
            await asyncio.sleep(0.05)

    def _forget(self):
        self.wish = None
        self.done = None
        self.visited = None
        self._problem = ""
        self._chosen = ""
        self._hub = ""

    def _elsewhere(self, request):
        port = self._state.who()["port"]
        raise Redirect("http://" + self.ip + ("" if port == 80 else f":{port}") + "/")

    def _page(self, request):
        if self.wish:
            return page_portal.testing(self.name, self.wish[0])
        if self.done:
            return page_portal.done(self.name, self.done[0], self.done[1])
        # A hub that owns the probe moves it by itself; nobody who only stands near may point it elsewhere.
        hub = None if self._state.settings.token else self._hub or self._state.settings.server_url
        return page_portal.form(self.name, self._networks, self._problem, self._chosen, hub)

    def _joining(self, request):
        return self._page(request)

    def _join(self, request):
        origin = request.headers.get("origin")
        if origin not in (None, "null", "http://" + request.headers.get("host", "")):
            raise Problem(403, "foreign_page", "A page of another site sent this.", "Use the probe's own page.")
        if self.wish or self.done:
            return self._page(request)
        fields = request.form()
        self._chosen = fields.get("other", "").strip() or fields.get("ssid", "")
        self._hub = fields.get("hub", "").strip()
        try:
            self.wish = wish(self._chosen, fields.get("password", ""), "" if self._state.settings.token else self._hub)
            self._problem = ""
        except settings.Refused as refused:
            self._problem = str(refused)
        return self._page(request)


def wish(ssid, password, hub):
    """(ssid, password, hub) when they can be tried, else settings.Refused. A hub address without http:// gets it."""
    if not 0 < len(ssid.encode()) <= 32 or "\0" in ssid:
        raise settings.Refused("No network is chosen.", "Choose one of the list or type a name of at most 32 bytes.")
    if password and not 8 <= len(password.encode()) <= 64:
        raise settings.Refused("A Wi-Fi password has 8 to 64 characters.", "Type it again, or leave it empty for an open network.")
    if hub:
        hub = hub if "://" in hub else "http://" + hub
        hub = settings.check({"server_url": hub})["server_url"]
    return ssid, password, hub


def strongest(networks):
    """Each name once, the strongest first; a bounded number, as neighbours may have any number of networks."""
    best = {}
    for ssid, rssi, locked in networks:
        if ssid and (ssid not in best or rssi > best[ssid][1]):
            best[ssid] = (ssid, rssi, locked)
    return sorted(best.values(), key=lambda network: -network[1])[:MOST_NETWORKS]
