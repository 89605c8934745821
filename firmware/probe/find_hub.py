"""Finds a hub that has moved: at the saved URL, at the last good address, then by mDNS with a socket of our own.

Names that end in `.local` are asked for here, as the board's own resolver would wait five seconds for each, and in vain.
"""

import asyncio

from probe import address, dns
from probe.client import Unreachable
from probe.hello import PATH, message
from probe.mdns import GROUP, PORT

SETTING = "last_hub"
SERVICE = "_temps-hub._tcp.local"
NAME = "temphub.local"
DEFAULT_PORT = 8088


class FindHub:
    """`ask_link()` makes a datagram socket on a port of its own (see probe/mdns.py), or is None where there is none."""

    def __init__(self, state, client, ask_link, wait_s=2, pause_ms=60000):
        self._state = state
        self._client = client
        self._ask_link = ask_link
        self._wait_s = wait_s
        self._pause_ms = pause_ms
        self._searched_ms = None
        # Where the hub was found, and the saved URL it stands for: a new saved URL ends it.
        self._found = None
        self._instead_of = None

    async def url(self):
        """Where to deliver now, "" without a hub. Unreachable when it is a `.local` name that nobody answers to."""
        saved = self._state.settings.server_url
        if self._found and self._instead_of == saved:
            return self._found
        if not saved:
            return ""
        host, port, path = address.split_url(saved)
        if not host.lower().endswith(".local") or not self._ask_link:
            return saved
        ips = (await self._ask(host.lower()))[0]
        if host.lower() not in ips:
            raise Unreachable(f"Nobody on this network answers to {host}. Check that the hub runs, or set up its address as a number.")
        self._use(_url(ips[host.lower()], port, path))
        return self._found

    def worked(self, url):
        """A batch was taken there: remembered over a restart, when it is not the saved URL anyway."""
        if url not in (self._state.settings.server_url, self._state.settings.get(SETTING)):
            try:
                self._state.settings.update({SETTING: url})
            except OSError:
                # It only saves time.
                pass

    async def search(self):
        """Look for the hub in all places; True when it answered at one. At most once a minute."""
        now = self._state.clock.now()
        if self._searched_ms is not None and now - self._searched_ms < self._pause_ms:
            return False
        self._searched_ms = now
        tried = []
        for url in (self._state.settings.server_url, self._state.settings.get(SETTING)):
            if await self._is_hub(url, tried):
                return True
        for ip, port in await self._browse():
            if await self._is_hub(_url(ip, port, ""), tried):
                return True
        self._found = None
        return False

    async def _is_hub(self, url, tried):
        # Numbers only: a name is what the browsing is for.
        if not url or url in tried or not address.is_ipv4(address.split_url(url)[0]):
            return False
        tried.append(url)
        try:
            # The token goes along, as it goes to every place where the hub is said to be.
            status, reply = await self._client.post(url, PATH, message(self._state.who()), self._state.settings.token)
        except Unreachable:
            return False
        finally:
            self._client.close()
        if status != 200 or not reply or reply.get("ok") is not True:
            return False
        self._use(url)
        return True

    def _use(self, url):
        self._found = url
        self._instead_of = self._state.settings.server_url

    async def _browse(self):
        if not self._ask_link:
            return []
        ips, services = await self._ask(NAME)
        found = [(ips[host], port) for port, host in services if host in ips]
        if NAME in ips and not found:
            found.append((ips[NAME], DEFAULT_PORT))
        return found

    async def _ask(self, host):
        """({name: ip}, [(port, host)]) that came back within the time."""
        ips, services = {}, []
        try:
            link = self._ask_link()
        except OSError:
            return ips, services
        questions = ((SERVICE, dns.PTR), (host, dns.A))
        packet = dns.query([dns.question(name.split("."), kind) for name, kind in questions])
        try:
            link.send(packet, GROUP, PORT)
            await asyncio.wait_for(_hear(link, ips, services, host), self._wait_s)
        except (OSError, asyncio.TimeoutError):
            # No network, or all that answered have answered.
            pass
        finally:
            link.close()
        return ips, services


async def _hear(link, ips, services, host):
    # Ends early with the name and a service of it; else the time decides.
    while host not in ips or not any(name in ips for _, name in services):
        packet = (await link.receive())[0]
        try:
            is_reply, records = dns.read_records(packet)
        except dns.BadPacket:
            continue
        for _, name, kind, ttl, data in records if is_reply else ():
            if ttl and kind == dns.A and len(data) == 4 and len(ips) < 16:
                ips[name] = ".".join(str(byte) for byte in data)
            if ttl and kind == dns.SRV and name.endswith("." + SERVICE) and len(data) > 6 and len(services) < 16:
                services.append((data[4] << 8 | data[5], data[6:].decode()))


def _url(ip, port, path):
    return f"http://{ip}:{port}{path}"
