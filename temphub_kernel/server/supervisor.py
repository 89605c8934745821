"""Keeps exactly one hub kernel alive: a dead or deaf one is replaced at once. Event loop thread only."""

import asyncio
import logging

from tornado.httpclient import AsyncHTTPClient, HTTPError

from ..base import own
from ..base.clock import monotonic_s
from ..base.errors import TempHubError
from ..base.run_folder import RunFolder
from ..base.settings import Settings
from .hub_kernel import HubKernel, KernelFailed

log = logging.getLogger(__name__)
# Three questions in a row without an answer: its loop is stuck, and probes get no acknowledgement.
ASK_EVERY_S = 5.0
DEAF_AFTER = 3
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
CALM_S = 60.0
# A kernel that ends while it starts, killed by hand or for lack of memory, is no reason to give up the whole start.
FIRST_TRIES = 3


class Supervisor:
    """Starts the hub kernel, watches it, starts the next. `restarts` counts replacements."""

    def __init__(self, settings: Settings, folder: RunFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._kernel: HubKernel | None = None
        self._watch: asyncio.Task[None] | None = None
        self.restarts = 0

    async def start(self) -> None:
        """Start the first kernel. Raises TempHubError: what cannot start at all is the user's to see."""
        for _ in range(FIRST_TRIES - 1):
            try:
                self._kernel = await self._begin()
                break
            except KernelFailed as error:
                log.warning("%s It is tried again.", error.problem)
        else:
            self._kernel = await self._begin()
        self._watch = asyncio.ensure_future(self._keep())

    async def go_on(self) -> bool:
        """Where a killed supervisor stopped; whether its kernel runs still. If not, one is started as ever."""
        self._kernel = await HubKernel.take_over(self._settings, self._folder)
        self._watch = asyncio.ensure_future(self._keep())
        return self._kernel is not None

    @property
    def pid(self) -> int:
        """The hub kernel's process, 0 while there is none."""
        return self._kernel.pid if self._kernel else 0

    async def stop(self) -> None:
        """Stop watching, then the hub."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._kernel is not None:
            await self._kernel.stop()

    async def _begin(self) -> HubKernel:
        kernel = HubKernel(self._settings, self._folder)
        await kernel.start()
        return kernel

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = monotonic_s()
            if self._kernel is not None:
                await self._until_gone(self._kernel)
                kernel, self._kernel = self._kernel, None
                await kernel.kill()
            if monotonic_s() - began > CALM_S:
                failures = 0
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
            failures += 1
            self.restarts += 1
            try:
                self._kernel = await self._begin()
                log.warning("the hub was replaced; probes re-send what was not acknowledged, nothing is lost")
            except TempHubError as error:
                log.error("%s The hub is started again by itself.", error)

    async def _until_gone(self, kernel: HubKernel) -> None:
        died = asyncio.ensure_future(kernel.died())
        deaf = asyncio.ensure_future(self._deaf())
        try:
            await asyncio.wait({died, deaf}, return_when=asyncio.FIRST_COMPLETED)
            log.warning("the hub's kernel %s; another is started", "ended" if died.done() else "does not answer")
        finally:
            died.cancel()
            deaf.cancel()
            await asyncio.gather(died, deaf, return_exceptions=True)

    async def _deaf(self) -> None:
        """Returns when the endpoint has not answered for too long."""
        client = AsyncHTTPClient(force_instance=True)
        missed = 0
        try:
            while missed < DEAF_AFTER:
                await asyncio.sleep(ASK_EVERY_S)
                try:
                    await client.fetch(f"{self._settings.local_url}/api/health", request_timeout=ASK_EVERY_S, user_agent=own.AGENT)
                    missed = 0
                except (OSError, HTTPError):
                    missed += 1
        finally:
            client.close()
