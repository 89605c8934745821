"""The page itself: Voilà's rendering of the notebook, with what only this visit can be told. Event loop thread only."""

import asyncio
import logging
import re
from html import escape
from urllib.parse import unquote

from tornado.iostream import StreamClosedError
from voila.tornado.handler import TornadoVoilaHandler

from ..base.errors import TempHubError
from .viewers import ViewerKernels

log = logging.getLogger(__name__)
# Where the template says whose page it is.
VISIT = re.compile(r"<!--visit ([0-9a-f-]{36})-->")
SORRY = '<div role="alert" class="cell-text"><p>{}</p><p>{}</p></div><script>setTimeout(() => location.reload(), 5000)</script>'


# A kernel that is busier than this shows the page's bones instead. Waiting costs little: the same kernel makes the widgets.
FIRST_VIEW_S = 6.0
ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]  # Voilà ships no types
    """`GET /`: a visit of its own for each."""

    async def get(self, path: str | None = None) -> None:
        try:
            async for html in self.get_generator(path=path):
                before, visit, after = _parted(html)
                await self._send(before)
                if visit:
                    await self._send(await self._first_view(visit) + after)
        except TempHubError as error:
            await self._send(SORRY.format(escape(error.problem), escape(error.remedy)))
            self.kernel_manager.refill(_sound)

    async def _first_view(self, visit: str) -> str:
        viewers: ViewerKernels = self.kernel_manager
        viewers.given(visit)
        zone = unquote(self.get_cookie("temphub_zone") or "")
        zone = zone if ZONE.fullmatch(zone) else ""
        try:
            return await viewers.first_view(visit, self.request.query, zone, FIRST_VIEW_S)
        except TempHubError as error:
            log.debug("a page begins without its first view: %s", error)
            return ""

    async def _send(self, html: str) -> None:
        try:
            self.write(html)
            await self.flush()
        # A browser that left: the visit is still made to its end, so that it is known and ended.
        except StreamClosedError:
            log.debug("a page's browser left before it was complete")


def _sound(task: "asyncio.Task[object]") -> bool:
    return not task.done() or (not task.cancelled() and task.exception() is None)


def _parted(html: str) -> tuple[str, str, str]:
    """(what comes before the first view, the visit, what comes after it); no visit when it does not stand here."""
    found = VISIT.search(html)
    return (html[: found.start()], found[1], html[found.end() :]) if found else (html, "", "")
