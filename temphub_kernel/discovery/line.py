"""One open line to the network: zeroconf, the browser on it and the questions under way.

Made, used and closed by the discovery thread; what zeroconf says is handed to `put` from zeroconf's own threads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from zeroconf import ServiceBrowser, ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceInfo

from .heard import PROBE_TYPE
from .multicast import open_zeroconf

ASK_MS = 2500
ASKED_AT_ONCE = 64

# (line, what, instance): `new`, `heard`, `removed` from the browser, `answered` when a question is over, with or without an answer.
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
        self.zeroconf, self.refused = open_zeroconf(addresses)
        self.interfaces = [ip for ip in addresses if ip not in self.refused]
        self._put = put
        self._waiting: dict[str, None] = {}
        self._asking: dict[str, Future[bool]] = {}
        self._browser = ServiceBrowser(self.zeroconf, PROBE_TYPE, listener=_Ear(lambda what, name: put(self, what, name)))

    def recall(self, instance: str) -> AsyncServiceInfo:
        """What is known of an advert without asking anybody; perhaps incomplete."""
        info = AsyncServiceInfo(PROBE_TYPE, instance)
        info.load_from_cache(self.zeroconf)
        return info

    def ask(self, instance: str) -> None:
        """Ask the network for an advert; `answered` follows. Never waits; at most 64 questions are under way."""
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
