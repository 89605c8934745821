"""The pages' visits, how many an address has, and whose page is made next: each ends with its page. Event
loop thread only."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float

from ..core import TempHubError, Unavailable, monotonic_s
from . import kernel_process, sessions, websocket

# Of MOST_VISITS in all: an office behind one address has enough, and the others have the rest.
MOST_OF_ONE = 100
# So many pages are made at a time, and of one address: more would only be late together, and the loop deaf
# meanwhile.
AT_A_TIME, OF_ONE_AT_A_TIME = 4, 2


class Places:
    """Who is to get a page, and whose each visit is, by address."""

    def __init__(self) -> None:
        self._coming: Counter[str] = Counter()
        self._whose: dict[str, str] = {}
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._turns_of: dict[str, asyncio.Semaphore] = {}

    @contextmanager
    def opened_by(self, address: str) -> Iterator[None]:
        """A page is being made for an address. Raises TempHubError (503) when it has its share."""
        if self._coming[address] + sum(whose == address for whose in self._whose.values()) >= MOST_OF_ONE:
            raise _share(address)
        self._coming[address] += 1
        try:
            yield
        finally:
            self._coming[address] -= 1
            # Without those that nobody comes from any more.
            self._coming = +self._coming
            if address not in self._coming:
                self._turns_of.pop(address, None)

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait until a page is to be made for an address that is in `opened_by`; those of others do not wait
        behind all of its."""
        async with self._turns_of.setdefault(address, asyncio.Semaphore(OF_ONE_AT_A_TIME)), self._turns:
            yield

    def taken(self, visit: str, address: str) -> None:
        """A visit went out to an address."""
        self._whose[visit] = address

    def left(self, visit: str) -> None:
        """A visit ended."""
        self._whose.pop(visit, None)


def _share(address: str) -> TempHubError:
    return Unavailable(
        f"{MOST_OF_ONE} pages are open from {address} already, so this one was not opened; readings are "
        "stored all the same.",
        "Close pages that nobody looks at; this page tries again by itself. Behind a proxy, name it in "
        "TRUSTED_PROXIES.",
        code="too_many_pages",
    )


log = logging.getLogger(__name__)
# A visit takes about a megabyte; whoever asks for the page over and over must not fill the memory.
MOST_VISITS = 150


class ViewerKernels(AsyncMappingKernelManager):  # type: ignore[misc]  # it ships no types
    """Gives each page a visit, and ends those that no page is connected to any more, or that none ever came
    to."""

    # A page that only reconnects must find its visit again.
    lost_s = Float(7.0, help="seconds without a connection after which a page counts as lost")
    goodbye_s = Float(
        3.0,
        help="seconds within which a page that said goodbye must be gone; a download looks like a goodbye to "
        "it",
    )
    awaited_s = Float(30.0, help="seconds in which the page of a visit that was given out must connect")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernel = kernel_process.SharedKernel.begun or kernel_process.SharedKernel(
            Path(self.connection_dir)
        )
        self.kernel.died = self._died
        self._run, self._kernels_lost = uuid4().hex[:12], 0
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._leaving: dict[str, float] = {}
        self.places = Places()
        self._making: set[asyncio.Timeout] = set()
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def run(self) -> str:
        """Another one from the moment on when no visit is known that was made before."""
        return f"{self._run}.{self._kernels_lost}"

    async def start_kernel(self, *_: Any, env: dict[str, str] | None = None, **__: Any) -> str:
        """A new visit. Raises TempHubError when the kernel cannot be started."""
        if len(self) >= MOST_VISITS:
            raise _full()
        info = await self.kernel.connection()
        visit = self._new_id()
        self._kernels[visit] = manager = websocket.Visit(self.kernel, info, visit, parent=self, log=self.log)
        self._kernel_connections[visit], self._kernel_ports[visit] = 0, manager.ports
        # One made ready beforehand waits for its page however long that takes.
        if (env or {}).get("VOILA_PREHEAT") != "True":
            self.given(visit)
        return visit

    @asynccontextmanager
    async def making(self, within_s: float) -> AsyncIterator[None]:
        """While a page is made: TimeoutError after so many seconds. When the kernel ends in the middle, Voilà
        goes on waiting for it, and tells the browser to; then TempHubError is raised at once."""
        run = self.run
        try:
            async with asyncio.timeout(within_s) as limit:
                self._making.add(limit)
                yield
            # What runs cells takes the end of its wait for the kernel's and goes on with the next cell, whose
            # wait ends as it should.
            if self.run != run:
                raise kernel_process.ended()
        except TimeoutError:
            if self.run != run:
                raise kernel_process.ended() from None
            raise
        finally:
            self._making.discard(limit)

    async def shutdown_kernel(self, kernel_id: str, *_: Any, **__: Any) -> None:
        """End a visit; the kernel goes on for the others."""
        self.get_kernel(kernel_id)
        self._drop(kernel_id)
        self._leaving.pop(kernel_id, None)
        self.places.left(kernel_id)
        self.stop_buffering(kernel_id)
        self.remove_kernel(kernel_id)
        self._kernel_connections.pop(kernel_id, None)
        self._kernel_ports.pop(kernel_id, None)
        try:
            await self.kernel.ask("end", kernel_id)
        except TempHubError as error:
            log.debug("a visit ended without its kernel: %s", error)

    async def shutdown_all(self, *_: Any, **__: Any) -> None:
        """End everything."""
        # Before those who wait for a kernel are ended one by one: the next would start it.
        self.kernel.no_more()
        await self.close()
        await self._stop_preparing()
        await self.kernel.stop()
        for visit in self.list_kernel_ids():
            self.stop_buffering(visit)
            self.remove_kernel(visit)

    def given(self, visit: str, address: str = "") -> None:
        """A visit goes out to a page of an address, which has to come for it."""
        if visit in self and address:
            self.places.taken(visit, address)
        if visit in self and self._kernel_connections.get(visit, 0) <= 0:
            self._expect(visit, self.awaited_s)

    async def first_view(self, visit: str, within_s: float, **told: str) -> str:
        """What a visit's page can show before its widgets are there. told: the query of its address, its
        zone, its language. Raises TempHubError."""
        answer = await self.kernel.ask("first view", visit, within_s=within_s, **told)
        return str(answer.get("html", ""))

    def notify_connect(self, kernel_id: str) -> None:
        """A page's websocket opened."""
        super().notify_connect(kernel_id)
        self._drop(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """A page's websocket closed."""
        super().notify_disconnect(kernel_id)
        if kernel_id not in self or self._kernel_connections.get(kernel_id, 0) > 0:
            return
        if monotonic_s() < self._leaving.pop(kernel_id, 0.0):
            self.end_soon(kernel_id)
        else:
            self._expect(kernel_id, self.lost_s)

    def goodbye(self, visit: str) -> None:
        """A page says that it is left: its visit ends with its connection. While that stands it is there
        still."""
        if visit not in self:
            return
        if self._kernel_connections.get(visit, 0) <= 0:
            self.end_soon(visit)
        else:
            self._leaving[visit] = monotonic_s() + self.goodbye_s

    def end_soon(self, visit: str) -> None:
        """End a visit beside what is going on."""
        if visit in self:
            self._beside(self._end_now(visit))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Forget every deadline."""
        for handle in self._deadlines.values():
            handle.cancel()
        self._deadlines.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _died(self) -> None:
        """The kernel is gone, and every visit with it: their pages are told by the end of their
        connection."""
        self._kernels_lost += 1
        for limit in self._making:
            if not limit.expired():
                limit.reschedule(0)
        gone = set(self.list_kernel_ids())
        for connection in list(ZMQChannelsWebsocketConnection._open_sockets):
            if connection.kernel_id in gone:
                connection.websocket_handler.close()
        for visit in gone:
            self.end_soon(visit)

        # What was made ready is gone too.
        self.refill(lambda _: False)

    def refill(self, keep: "Callable[[asyncio.Task[Any]], bool]") -> None:
        """Have the visits made ready that are missing; of those there are, only the ones to `keep` count, the
        others are given up."""
        for pool in self._pools.values():
            dropped = [task for task in pool if not keep(task)]
            pool[:] = [task for task in pool if task not in dropped]
            self._beside(_given_up(dropped))
        self.fill_if_needed(delay=0, notebook_name=self.notebook_path)

    async def _stop_preparing(self) -> None:
        """What is being made ready for the next pages would miss its kernel."""
        for pool in self._pools.values():
            await _given_up(pool)
            pool.clear()

    async def _end_now(self, visit: str) -> None:
        # It may have ended meanwhile, by its page's goodbye.
        if visit in self:
            await self.shutdown_kernel(visit)

    def _new_id(self) -> str:
        taken = {sessions.mark(visit) for visit in self.list_kernel_ids()}
        return next(id_ for id_ in iter(lambda: str(uuid4()), "") if sessions.mark(id_) not in taken)

    def _expect(self, kernel_id: str, within_s: float) -> None:
        self._drop(kernel_id)
        self._deadlines[kernel_id] = asyncio.get_running_loop().call_later(within_s, self._end, kernel_id)

    def _drop(self, kernel_id: str) -> None:
        handle = self._deadlines.pop(kernel_id, None)
        if handle is not None:
            handle.cancel()

    def _end(self, kernel_id: str) -> None:
        self._deadlines.pop(kernel_id, None)
        if kernel_id in self and self._kernel_connections.get(kernel_id, 0) <= 0:
            log.debug("a page is gone; its visit %s ends", kernel_id)
            self.end_soon(kernel_id)


async def _given_up(preparing: "list[asyncio.Task[Any]]") -> None:
    """Visits that nobody will come for: what makes each ready, or draws it by now, ends."""
    for task in preparing:
        if task.done() and not task.cancelled() and task.exception() is None:
            task = task.result()["task"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _full() -> TempHubError:
    return Unavailable(
        f"{MOST_VISITS} pages are open already, so this one was not opened; readings are stored all the "
        "same.",
        "Close pages that nobody looks at; this page tries again by itself.",
        code="too_many_pages",
    )
