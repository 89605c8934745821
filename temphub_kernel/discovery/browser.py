"""Finds probes by mDNS and keeps up with a network that changes, one open line for each network. The
discovery thread only."""

import asyncio
import logging
import queue
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import IPv4Network
from typing import TypedDict

from zeroconf import ServiceBrowser, ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceInfo

from ..core import Once, Settings, Sighting, TempHubError, Unavailable, Worker, clock
from . import ipv6, multicast, registry
from .addresses import networks, usable
from .adverts import PROBE_TYPE, HubAdvert, is_six_only, is_whole, sighting_of

ASK_MS = 2500
ASKED_AT_ONCE = 64

# (line, what, instance): `new`, `heard`, `removed` from the browser, `answered` when a question is over, with
# or without an answer.
Put = Callable[["Line", str, str], None]


class _Ear(ServiceListener):
    """Passes on what zeroconf says; runs in zeroconf's thread, so it only hands over."""

    def __init__(self, put: Callable[[str, str], None]) -> None:
        self._put = put

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._put("new", name)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._put("heard", name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self._put("removed", name)


class Line:
    """Browses for probes on the given addresses. Raises TempHubError when none of them allows it."""

    def __init__(self, addresses: list[str], put: Put) -> None:
        self.zeroconf, self.refused = multicast.open_zeroconf(addresses)
        self.interfaces = [ip for ip in addresses if ip not in self.refused]
        self._put = put
        self._waiting: dict[str, None] = {}
        self._asking: dict[str, Future[bool]] = {}
        self._browser = ServiceBrowser(
            self.zeroconf, PROBE_TYPE, listener=_Ear(lambda what, name: put(self, what, name))
        )

    def recall(self, instance: str) -> AsyncServiceInfo:
        """What is known of an advert without asking anybody; perhaps incomplete."""
        info = AsyncServiceInfo(PROBE_TYPE, instance)
        info.load_from_cache(self.zeroconf)
        return info

    def ask(self, instance: str) -> None:
        """Ask the network for an advert; `answered` follows. Never waits; at most 64 questions are under
        way."""
        self._waiting[instance] = None
        self.ask_on()

    def ask_on(self) -> None:
        """Send questions that waited for others to end."""
        loop = self.zeroconf.loop
        self._asking = {name: future for name, future in self._asking.items() if not future.done()}
        while loop is not None and self._waiting and len(self._asking) < ASKED_AT_ONCE:
            name = next(iter(self._waiting))
            del self._waiting[name]
            if name not in self._asking:
                question = AsyncServiceInfo(PROBE_TYPE, name).async_request(self.zeroconf, ASK_MS)
                self._asking[name] = asyncio.run_coroutine_threadsafe(question, loop)
                self._asking[name].add_done_callback(lambda _, name=name: self._put(self, "answered", name))  # type: ignore[misc]

    def close(self) -> None:
        """Give up the questions, say goodbye for what was announced, close the sockets. Takes about 0.3 s."""
        self._waiting.clear()
        for future in list(self._asking.values()):
            future.cancel()
        self._browser.cancel()
        self.zeroconf.close()


log = logging.getLogger(__name__)

# A probe is gone after two questions that nobody answered; after five only its own word is waited for.
MISSES_GONE = 2
MISSES_QUIET = 5
# Probes get this long to answer on a changed network before they count as gone.
GRACE_S = 30.0
WAITING_EVENTS = 4096


class Seen(TypedDict):
    """What there is to know of the search. adverts: heard since the start; probes: known now; refused:
    address -> reason."""

    interfaces: list[str]
    refused: dict[str, str]
    adverts: int
    probes: int
    last_error: str
    six_only: list[str]
    hub_name: str
    hub_instance: str


class Discovery(Worker):
    """Browses for probes and announces the hub, on all usable interfaces, rebuilt whenever they change."""

    def __init__(
        self,
        settings: Settings,
        on_sighting: Callable[[Sighting], None],
        on_gone: Callable[[str], None],
        *,
        hub_port: int,
        hub_id: str | None = None,
        version: str = "",
        addresses: Callable[[], list[str]] | None = None,
        on_network: Callable[[list[str]], None] | None = None,
        poll_s: float = 3.0,
        hub_host: str = "temphub",
    ) -> None:
        """on_network: told the addresses in use at the start and at each change. Callbacks should return
        soon: they hold up discovery."""
        super().__init__("discovery")
        self._settings = settings
        self._addresses = addresses or (lambda: usable(settings.interfaces))
        self._on_network = on_network
        self._poll_s = poll_s
        self._hub_port = hub_port
        self._roster = registry.Roster(on_sighting, on_gone)
        self._advert = HubAdvert(hub_port, version=version, hub_id=hub_id, host=hub_host)
        self._once = Once(log)
        self._events: queue.Queue[tuple[Line | None, str, str]] = queue.Queue(WAITING_EVENTS)
        self._line: Line | None = None
        self._six = ipv6.SixEar()
        self._current: list[str] | None = None
        self._networks: list[IPv4Network] = []
        self._looked_ms = 0
        self._grace_until: float | None = None
        self._seen = Seen(
            interfaces=[],
            refused={},
            adverts=0,
            probes=0,
            last_error="",
            six_only=[],
            hub_name="",
            hub_instance="",
        )

    def seen(self) -> Seen:
        """A copy of what discovery sees just now. Any thread."""
        return Seen(**self._seen)

    def stop(self, timeout_s: float = 4.0) -> bool:
        """As every worker; says goodbye for the hub first. Takes well under 2 s."""
        self.stopping.set()
        self._put(None, "wake", "")
        return super().stop(timeout_s)

    def run(self) -> None:
        """Look at the network every `poll_s`, handle what zeroconf says in between."""
        try:
            while not self.stopping.is_set():
                self._look()
                self._handle_until(clock.monotonic_s() + self._poll_s)
        finally:
            self._close()

    def _look(self) -> None:
        now_ms = clock.now_ms()
        # A computer that slept: the sockets may have lost their multicast groups.
        slept = 0 < self._looked_ms < now_ms - 1000 * (10 * self._poll_s + 20)
        self._looked_ms = now_ms
        found = self._addresses()
        if found != self._current or slept or (found and self._line is None):
            self._rebuild(found)
        if self._line is not None:
            self._advert.check(self._line.zeroconf)
            for entry in list(self._roster.entries.values()):
                self._look_at(self._line, entry, ask=entry.misses < MISSES_QUIET)
            for name in self._roster.turned_away():
                self._handle(self._line, "heard", name)
            self._seen["six_only"] = self._six.look(self._roster.entries)
        if self._grace_until is not None and clock.monotonic_s() > self._grace_until:
            self._grace_until = None
            self._roster.settle_all()
        self._seen["probes"] = len(self._roster.said)
        self._seen["hub_name"], self._seen["hub_instance"] = self._advert.server, self._advert.instance

    def _rebuild(self, found: list[str]) -> None:
        changed, self._current = found != self._current, found
        self._close()
        self._roster.forget_adverts()
        self._grace_until = clock.monotonic_s() + GRACE_S
        self._networks = [IPv4Network(text) for text in networks()]
        self._open(found)
        if changed:
            log.debug("the hub's addresses are %s", ", ".join(found) or "none")
            if self._on_network is not None:
                self._on_network(list(found))

    def _open(self, found: list[str]) -> None:
        self._seen["interfaces"], self._seen["refused"] = [], {}
        try:
            if not found:
                raise self._no_interface()
            line = self._line = Line(found, self._put)
        except TempHubError as error:
            self.trouble(error.problem, error.remedy)
            self._once.warn("open", str(error))
            self._seen["last_error"] = str(error)
            return
        self.well()
        self._once.clear("open", "probes are looked for again")
        for ip, reason in line.refused.items():
            text = (
                f"The address {ip} does not allow finding probes ({reason}); the others are used. Set "
                "INTERFACES to leave it out."
            )
            self._once.warn(f"refused {ip}", text)
            self._seen["last_error"] = text
        self._seen["interfaces"], self._seen["refused"] = line.interfaces, line.refused
        self._advert.announce(line.zeroconf, self._reachable(line.interfaces))

    def _reachable(self, in_use: list[str]) -> list[str]:
        """With HOST set to one address, only that one answers."""
        return [self._settings.host] if self._settings.host in in_use else in_use

    def _no_interface(self) -> TempHubError:
        wanted = ", ".join(self._settings.interfaces)
        which = "This computer has no network address"
        if wanted:
            which = f"None of the addresses in INTERFACES ({wanted}) belongs to this computer now"
        remedy = "Connect the network, or correct INTERFACES; the hub looks again by itself."
        return Unavailable(f"{which}, so no probe can be found.", remedy, code="no_interface")

    def _close(self) -> None:
        self._advert.drop()
        self._six.close()
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _put(self, source: Line | None, what: str, name: str) -> None:
        try:
            self._events.put_nowait((source, what, name))
        except queue.Full:
            self._once.warn(
                "flood",
                "The network sends more probe adverts than the hub can take; some are left out. Check who "
                "sends them.",
            )

    def _handle_until(self, deadline: float) -> None:
        while not self.stopping.is_set() and (left := deadline - clock.monotonic_s()) > 0:
            try:
                source, what, name = self._events.get(timeout=left)
            except queue.Empty:
                return
            if source is not None and source is self._line:
                self._handle(source, what, name)

    def _handle(self, line: Line, what: str, name: str) -> None:
        if what == "removed":
            self._roster.removed(name)
            return
        self._seen["adverts"] += what == "new"
        entry = self._roster.enter(name)
        if entry is None:
            return
        if what == "answered":
            entry.misses += 1
            self._look_at(line, entry, ask=False)
            if entry.misses >= MISSES_GONE:
                self._roster.lost(entry)
        else:
            self._look_at(line, entry, ask=True)
        line.ask_on()

    def _look_at(self, line: Line, entry: registry.Entry, *, ask: bool) -> None:
        """Take what zeroconf's cache holds of an advert; ask the network for what is missing."""
        info = line.recall(entry.instance)
        if not is_whole(info):
            if ask:
                line.ask(entry.instance)
            # It may yet tell an IPv4 address: asked on, but not without a word.
            if entry.misses < MISSES_GONE or not is_six_only(info):
                return
        try:
            self._roster.saw(
                entry, sighting_of(info, self._networks, own=self._current or [], hub_port=self._hub_port)
            )
        except TempHubError as error:
            self._seen["last_error"] = str(error)
            self._roster.refuse(entry, error)
