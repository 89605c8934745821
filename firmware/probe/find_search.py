"""The search for the hub itself: asks at known addresses, then the network by mDNS. Loaded while it goes on;
see find_hub.py."""

import asyncio

from probe import address, dns
from probe.client import Unreachable
from probe.hello import PATH, message

_GROUP = "224.0.0.251"
_PORT = 5353
SERVICE = "_temps-hub._tcp.local"
NAME = "temphub.local"
DEFAULT_PORT = 8088
# So many addresses of all names are kept, and so many of one are tried: each may take the client's whole
# time.
MOST = 16
MOST_TRIED = 6


class Search:
    """One search; the parameters are those of FindHub."""

    def __init__(self, state, client, ask_link, wait_s):
        self._state = state
        self._client = client
        self._ask_link = ask_link
        self._wait_s = wait_s
        self._tried = []

    async def hub(self, known):
        """The URL at which a hub answered: one of `known`, or one that the network tells of; None when there
        is none."""
        for url in known:
            if await self._is_hub(url):
                return url
        for ip, port in await self._browse():
            if await self._is_hub(f"http://{ip}:{port}{address.INGEST}"):
                return self._tried[-1]
        return None

    async def numbered(self, url):
        """The URL with the address in place of a `.local` name; Unreachable when nobody answers to it."""
        host, port, path = address.split_url(url)
        host = host.lower()
        if not host.endswith(".local"):
            return url
        ips = self._nearest((await self._ask(host))[0].get(host, ()))
        if not ips:
            raise Unreachable(
                f"Nobody on this network answers to {host}. Check that the hub runs, or set up its address "
                "as a number."
            )
        urls = [f"http://{ip}:{port}{path}" for ip in ips]
        for url in urls if len(urls) > 1 else ():
            if await self._hello(url) is not None:
                return url
        return urls[0]

    async def _is_hub(self, url):
        # Numbers only: a name is what the browsing is for.
        if not url or url in self._tried or not address.is_ipv4(address.split_url(url)[0]):
            return False
        self._tried.append(url)
        reply = await self._hello(url)
        return bool(reply) and reply[0] == 200 and bool(reply[1]) and reply[1].get("ok") is True

    async def _hello(self, url):
        """(status, reply) of whoever answers there, None when nobody does."""
        try:
            # A claimed probe believes only the hub that holds its key. One with a token alone sends it
            # wherever the hub is said to be.
            return await self._client.post(url, PATH, message(self._state), self._state.settings.token)
        except Unreachable:
            return None
        finally:
            self._client.close()

    async def _browse(self):
        if not self._ask_link:
            return []
        ips, services = await self._ask(NAME)
        found = [(ip, port) for port, host in services for ip in self._nearest(ips.get(host, ()))]
        return found or [(ip, DEFAULT_PORT) for ip in self._nearest(ips.get(NAME, ()))]

    def _nearest(self, ips):
        """Those in the probe's own network first: another computer may be told of containers and VPNs that
        nobody here reaches."""
        if len(ips) < 2:
            return ips
        own = self._state.who()["ip"] or "0.0.0.0"
        return sorted(ips, key=lambda ip: -_alike(ip, own))[:MOST_TRIED]

    async def _ask(self, host):
        """({name: [ip]}, [(port, host)]) that came back within the time."""
        ips, services = {}, []
        try:
            link = self._ask_link()
        except OSError:
            return ips, services
        questions = ((SERVICE, dns.PTR), (host, dns.A))
        packet = dns.query([dns.question(name.split("."), kind) for name, kind in questions])
        try:
            link.send(packet, _GROUP, _PORT)
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
            if ttl and kind == dns.A and len(data) == 4 and sum(len(known) for known in ips.values()) < MOST:
                ip = ".".join(str(byte) for byte in data)
                if ip not in ips.setdefault(name, []):
                    ips[name].append(ip)
            if (
                ttl
                and kind == dns.SRV
                and name.endswith("." + SERVICE)
                and len(data) > 6
                and len(services) < MOST
            ):
                place = (data[4] << 8 | data[5], data[6:].decode())
                if place not in services:
                    services.append(place)


def _alike(ip, own):
    """How many leading bits two addresses share."""
    different = 0
    for one, other in zip(ip.split("."), own.split(".")):  # noqa: B905  # no `strict` in MicroPython
        different = different << 8 | int(one) ^ int(other)
    bits = 32
    while different:
        different >>= 1
        bits -= 1
    return bits
