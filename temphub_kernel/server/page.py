"""The page itself: Voilà's rendering of the notebook, with what only this visit can be told. Event loop thread only."""

import logging
import re
from html import escape

from tornado.iostream import StreamClosedError
from voila.tornado.handler import TornadoVoilaHandler

from ..base.errors import TempHubError
from .viewers import ViewerKernels

log = logging.getLogger(__name__)
# Where the template says whose page it is.
VISIT = re.compile(r"<!--visit ([0-9a-f-]{36})-->")
SORRY = '<div role="alert" class="cell-text"><p>{}</p><p>{}</p></div><script>setTimeout(() => location.reload(), 5000)</script>'


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]  # Voilà ships no types
    """`GET /`: a visit of its own for each."""

    async def get(self, path: str | None = None) -> None:
        try:
            async for html in self.get_generator(path=path):
                await self._send(html)
        except TempHubError as error:
            await self._send(SORRY.format(escape(error.problem), escape(error.remedy)))

    async def _send(self, html: str) -> None:
        found = VISIT.search(html)
        if found is not None:
            viewers: ViewerKernels = self.kernel_manager
            viewers.given(found[1])
        try:
            self.write(html)
            await self.flush()
        # A browser that left: the visit is still made to its end, so that it is known and ended.
        except StreamClosedError:
            log.debug("a page's browser left before it was complete")
