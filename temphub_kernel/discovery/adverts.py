"""What adverts say: a probe's, checked, as anything on the LAN may send one, and the hub's own,
`_temps-hub._tcp.local.` and `temphub.local`.
"""

import asyncio
import logging
import socket
from collections.abc import Collection, Iterable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network

# AddressResolverIPv4 is public in zeroconf's documentation, only left out of its __all__.
from zeroconf import AddressResolverIPv4, IPVersion, ServiceInfo, Zeroconf  # type: ignore[attr-defined]

from ..core import Once, Sighting, TempHubError, is_probe_id
from .addresses import nearness, without_loopback

PROBE_TYPE = "_temps-probe._tcp.local."
LONGEST_TEXT = 64


def is_whole(info: ServiceInfo) -> bool:
    """True when port and an address are known; a probe that sends no TXT record is served too."""
    return info.port is not None and bool(info.addresses_by_version(IPVersion.V4Only))


def is_six_only(info: ServiceInfo) -> bool:
    """True when all that is there is an IPv6 address."""
    return (
        info.port is not None
        and not info.addresses_by_version(IPVersion.V4Only)
        and bool(info.addresses_by_version(IPVersion.V6Only))
    )


def sighting_of(
    info: ServiceInfo, own_networks: Iterable[IPv4Network], *, own: Collection[str] = (), hub_port: int = 0
) -> Sighting:
    """The probe behind an advert, at its address nearest to us.

    own, hub_port: the hub's own addresses and port, which no probe can have. Raises TempHubError for an
    advert that cannot be a probe; the words name the advert.
    """
    instance = info.name.removesuffix("." + PROBE_TYPE)
    claimed = _text(info, "id")
    probe_id = claimed if is_probe_id(claimed) else instance
    if not is_probe_id(probe_id):
        raise _bad(instance, f"has no valid probe id (it says {claimed!r})")
    port = info.port or 0
    if not 0 < port < 65536:
        raise _bad(instance, f"names port {port}")
    networks = list(own_networks)
    heard = [IPv4Address(raw) for raw in info.addresses_by_version(IPVersion.V4Only)]
    # Stable: zeroconf gives the newest first, and the newest of the nearest is wanted.
    good = sorted((ip for ip in heard if _can_be_a_probe(ip)), key=lambda ip: nearness(ip, networks))
    if not good and not heard:
        raise _bad(instance, "names IPv6 addresses only, and probes are reached by IPv4")
    if not good:
        raise _bad(instance, f"names no usable address ({', '.join(map(str, heard)) or 'none'})")
    ip = str(good[0])
    if port == hub_port and ip in own:
        raise _bad(instance, f"names the hub itself ({ip}:{port})")
    return Sighting(
        probe_id,
        ip,
        port,
        host=clean((info.server or "").rstrip(".")),
        version=_text(info, "version"),
        model=_text(info, "model"),
        name=_text(info, "name") or clean(instance),
        boot=_text(info, "boot"),
        via="mdns",
    )


def _can_be_a_probe(ip: IPv4Address) -> bool:
    return not (ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def _text(info: ServiceInfo, key: str) -> str:
    return clean((info.properties.get(key.encode()) or b"").decode("utf-8", "replace"))


def clean(text: str) -> str:
    """What a stranger wrote, fit to be shown."""
    return "".join(char for char in text if char.isprintable())[:LONGEST_TEXT]


def _bad(instance: str, why: str) -> TempHubError:
    return TempHubError(
        f"The advert {clean(instance)!r} on the network {why}, so it is not taken for a probe.",
        "Check the device that sends it, or ignore this line if it is not a probe of yours.",
        code="bad_advert",
    )


log = logging.getLogger(__name__)

HUB_TYPE = "_temps-hub._tcp.local."
ASK_MS = 600
MOST_NAMES = 20


class HubAdvert:
    """Announces one hub on one zeroconf at a time. `server` and `instance` are the names in force, empty
    before."""

    def __init__(
        self,
        port: int,
        *,
        version: str = "",
        hub_id: str | None = None,
        host: str = "temphub",
        label: str = "",
    ) -> None:
        self.server = ""
        self.instance = ""
        self._port = port
        self._host = host
        # A DNS label has 63 bytes; room is left for the -2 of a second hub.
        self._label = (
            (label or f"TempHub on {_computer()}").encode()[:58].decode("utf-8", "ignore").replace(".", "-")
        )
        self._texts = {"version": version, "path": "/"} | ({"id": hub_id} if hub_id else {})
        self._own: list[str] = []
        self._busy: Future[None] | None = None
        self._once = Once(log)

    def announce(self, zeroconf: Zeroconf, own: list[str]) -> None:
        """Start announcing on `zeroconf`; returns at once, the rest happens on zeroconf's thread.

        own: this computer's addresses. Each network is told its own only (see multicast.py), so nobody else
        takes loopback for itself.
        """
        self.drop()
        self._own = list(own)
        if own and zeroconf.loop is not None:
            self._busy = asyncio.run_coroutine_threadsafe(self._announce(zeroconf, own), zeroconf.loop)

    def check(self, zeroconf: Zeroconf) -> None:
        """Say what went wrong with the last announcement; give the name up when two hubs took it at the same
        moment."""
        if self._busy is None or not self._busy.done() or self._busy.cancelled():
            return
        error = self._busy.exception()
        if error is not None:
            text = (
                f"The hub could not announce itself ({error}), so probes reach it by their saved address "
                "only. It tries again."
            )
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
        log.info(
            "the hub is announced as %s (%s) at %s",
            self.server,
            self.instance,
            ", ".join(without_loopback(addresses) or addresses),
        )
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
            self._once.warn(
                host,
                f"Another computer ({others[0]}) answers to {host}.local already, so this hub takes another "
                "name.",
            )
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
