"""The hub's own advert: `_temps-hub._tcp.local.` and the name `temphub.local`. Methods are called from the discovery thread only."""

import asyncio
import logging
import socket
from concurrent.futures import Future
from ipaddress import IPv4Address

# AddressResolverIPv4 is public in zeroconf's documentation, only left out of its __all__.
from zeroconf import AddressResolverIPv4, IPVersion, ServiceInfo, Zeroconf  # type: ignore[attr-defined]

from ..base.logs import Once
from .addresses import without_loopback

log = logging.getLogger(__name__)

HUB_TYPE = "_temps-hub._tcp.local."
ASK_MS = 600
MOST_NAMES = 20


class HubAdvert:
    """Announces one hub on one zeroconf at a time. `server` and `instance` are the names in force, empty before."""

    def __init__(self, port: int, *, version: str = "", hub_id: str | None = None, host: str = "temphub", label: str = "") -> None:
        self.server = ""
        self.instance = ""
        self._port = port
        self._host = host
        # A DNS label has 63 bytes; room is left for the -2 of a second hub.
        self._label = (label or f"TempHub on {_computer()}").encode()[:58].decode("utf-8", "ignore").replace(".", "-")
        self._texts = {"version": version, "path": "/"} | ({"id": hub_id} if hub_id else {})
        self._own: list[str] = []
        self._busy: Future[None] | None = None
        self._once = Once(log)

    def announce(self, zeroconf: Zeroconf, own: list[str]) -> None:
        """Start announcing on `zeroconf`; returns at once, the rest happens on zeroconf's thread.

        own: this computer's addresses. Each network is told its own only (see answering.py), so nobody else takes loopback for itself.
        """
        self.drop()
        self._own = list(own)
        if own and zeroconf.loop is not None:
            self._busy = asyncio.run_coroutine_threadsafe(self._announce(zeroconf, own), zeroconf.loop)

    def check(self, zeroconf: Zeroconf) -> None:
        """Say what went wrong with the last announcement; give the name up when two hubs took it at the same moment."""
        if self._busy is None or not self._busy.done() or self._busy.cancelled():
            return
        error = self._busy.exception()
        if error is not None:
            text = f"The hub could not announce itself ({error}), so probes reach it by their saved address only. It tries again."
            self._once.warn("announce", text)
            self.announce(zeroconf, self._own)
        elif self._lost(zeroconf):
            log.info("another hub took %s at the same moment; this one takes another name", self.server)
            self.drop()
            if zeroconf.loop is not None:
                self._busy = asyncio.run_coroutine_threadsafe(self._move(zeroconf), zeroconf.loop)

    def drop(self) -> None:
        """Stop an announcement under way. The goodbye is sent by closing zeroconf."""
        if self._busy is not None:
            self._busy.cancel()
        self._busy = None

    async def _move(self, zeroconf: Zeroconf) -> None:
        await zeroconf.async_unregister_all_services()
        await self._announce(zeroconf, self._own)

    async def _announce(self, zeroconf: Zeroconf, addresses: list[str]) -> None:
        host = await self._free_host(zeroconf)
        info = ServiceInfo(
            HUB_TYPE,
            f"{self._label}.{HUB_TYPE}",
            port=self._port,
            properties=dict(self._texts),
            server=f"{host}.local.",
            parsed_addresses=addresses,
        )
        done = await zeroconf.async_register_service(info, allow_name_change=True)
        self.server, self.instance = f"{host}.local", info.name.removesuffix("." + HUB_TYPE)
        self._once.clear("announce", "the hub is announced again")
        log.info("the hub is announced as %s (%s) at %s", self.server, self.instance, ", ".join(without_loopback(addresses) or addresses))
        await done

    async def _free_host(self, zeroconf: Zeroconf) -> str:
        """The first of temphub, temphub-2, … that no other computer answers to."""
        for number in range(1, MOST_NAMES):
            host = self._host if number == 1 else f"{self._host}-{number}"
            resolver = AddressResolverIPv4(f"{host}.local.")
            await resolver.async_request(zeroconf, ASK_MS)
            others = self._others(resolver)
            if not others:
                return host
            self._once.warn(host, f"Another computer ({others[0]}) answers to {host}.local already, so this hub takes another name.")
        return f"{self._host}-{_computer()}"

    def _lost(self, zeroconf: Zeroconf) -> bool:
        """Two hubs that started together both found the name free: the lower address keeps it."""
        if not self.server:
            return False
        resolver = AddressResolverIPv4(f"{self.server}.")
        resolver.load_from_cache(zeroconf)
        others = [IPv4Address(ip) for ip in self._others(resolver)]
        return bool(others) and min(others) < min(map(IPv4Address, without_loopback(self._own) or self._own))

    def _others(self, resolver: ServiceInfo) -> list[str]:
        return [ip for ip in resolver.parsed_addresses(IPVersion.V4Only) if ip not in self._own]


def _computer() -> str:
    return socket.gethostname().split(".")[0] or "computer"
