"""The pages' kernels: each ends with its page, however that page ended. Event loop thread only.

Voilà ends a kernel when the tab says goodbye; a tab that was lost (a laptop that sleeps, a crash) never does.
"""

import asyncio
import logging
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float

log = logging.getLogger(__name__)
QUIET = ["--IPKernelApp.log_level=40"]


class ViewerKernels(AsyncMappingKernelManager):  # type: ignore[misc]  # it ships no types
    """Ends kernels that no page is connected to any more, or that none ever came to."""

    # A page that only reconnects must find its kernel again.
    lost_s = Float(15.0, help="seconds without a connection after which a page counts as lost")
    awaited_s = Float(60.0, help="seconds in which the page of a kernel that was given out must connect")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def start_kernel(self, *args: Any, **kwargs: Any) -> Any:
        """Start a viewer; what it would say of itself at each start is of no use to the user."""
        return await super().start_kernel(*args, extra_arguments=QUIET, **kwargs)

    async def get_rendered_notebook(self, *args: Any, **kwargs: Any) -> Any:
        """A preheated kernel is given out: its page has to come for it."""
        given = await super().get_rendered_notebook(*args, **kwargs)
        self._expect(given[2], self.awaited_s)
        return given

    def notify_connect(self, kernel_id: str) -> None:
        """A page's websocket opened."""
        super().notify_connect(kernel_id)
        self._drop(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """A page's websocket closed."""
        super().notify_disconnect(kernel_id)
        if self._kernel_connections.get(kernel_id, 0) <= 0:
            self._expect(kernel_id, self.lost_s)

    def remove_kernel(self, kernel_id: str) -> Any:
        """A kernel ended."""
        self._drop(kernel_id)
        return super().remove_kernel(kernel_id)

    async def close(self) -> None:
        """Forget every deadline."""
        for handle in self._deadlines.values():
            handle.cancel()
        self._deadlines.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

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
            log.debug("a page is gone; its kernel %s ends", kernel_id)
            task = asyncio.ensure_future(ensure_async(self.shutdown_kernel(kernel_id, now=True)))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
