"""The page itself: Voilà's rendering of the notebook, with what only this visit can be told. Event loop
thread only."""

import asyncio
import logging
import re
from html import escape
from typing import Any
from urllib.parse import unquote

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.iostream import StreamClosedError
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler

from ..core import TempHubError, Unavailable, network
from ..jupyter.kernel_manager import ViewerKernels
from ..language import LANGUAGES, in_words, spoken_by, texts_of

log = logging.getLogger(__name__)
# Where the template says whose page it is.
VISIT = re.compile(r"<!--visit ([0-9a-f-]{36})-->")
SORRY = (
    '<div role="alert" class="cell-text"><p>{}</p><p>{}</p></div><script>setTimeout(() => '
    "location.reload(), 5000)</script>"
)


# A kernel that is busier than this shows the page's bones instead. Waiting costs little: the same kernel
# makes the widgets.
FIRST_VIEW_S = 6.0
MADE_S = 60.0
# Where the template leaves room for a word: what is made ready before a browser asks knows no language.
PLACE = re.compile("\ue000([a-z_]+)\ue001")
PLACES = {name: f"\ue000{name}\ue001" for name in texts_of(LANGUAGES[0])["frame"]}
ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]  # Voilà ships no types
    """`GET /`: a visit of its own for each."""

    async def get(self, path: str | None = None) -> None:
        viewers: ViewerKernels = self.kernel_manager
        try:
            with viewers.places.opened_by(self._address):
                async with viewers.making(MADE_S), viewers.places.turn(self._address):
                    await self._make(path)
        except TempHubError as error:
            await self._sorry(error)
        except TimeoutError:
            await self._sorry(_late())
        finally:
            # Voilà keeps each page's address for a way of asking that is not here, for ever.
            RequestInfoSocketHandler._cache.clear()

    def get_argument(self, name: str, *default: Any, **more: Any) -> Any:  # its base's name
        """What an address may ask of Voilà itself: nothing. A template or theme that there is not would be a
        page that never ends."""
        return default[0] if default else more.get("default")

    async def _make(self, path: str | None) -> None:
        words = texts_of(self._language())["frame"]
        async for html in self.get_generator(path=path):
            told = PLACE.sub(lambda place: escape(words.get(place[1], place[0])), html)
            before, visit, after = _parted(told)
            await self._send(before)
            if visit:
                await self._send(await self._first_view(visit) + after)

    async def _sorry(self, error: TempHubError) -> None:
        told = in_words(error.problem, error.remedy, error.code, self._language())
        await self._send(SORRY.format(*map(escape, told)))
        self.kernel_manager.refill(_sound)

    @property
    def _address(self) -> str:
        """Who asks, as the front door says; nobody else gets through to here."""
        return network.visitor_of(self.request.headers.get(network.VISITOR_HEADER, ""))[0]

    def _language(self) -> str:
        return spoken_by(self.request.headers.get("Accept-Language", ""), self.request.query)

    async def _first_view(self, visit: str) -> str:
        viewers: ViewerKernels = self.kernel_manager
        viewers.given(visit, self._address)
        zone = unquote(self.get_cookie("temphub_zone") or "")
        zone = zone if ZONE.fullmatch(zone) else ""
        try:
            return await viewers.first_view(
                visit, FIRST_VIEW_S, query=self.request.query, zone=zone, language=self._language()
            )
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


class VisitHandler(KernelHandler):  # type: ignore[misc]  # it ships no types
    """`GET /v/api/kernels/VISIT`: whether there is still one. Jupyter's own would also end it."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    async def head(self, kernel_id: str) -> None:
        """The same without the body, which Tornado leaves out."""
        await self.get(kernel_id)


def _late() -> TempHubError:
    return Unavailable(
        f"The page was not ready within {MADE_S:g} s; readings are stored all the same.",
        "Wait: this page tries again by itself.",
        code="page_unavailable",
    )


def _sound(task: "asyncio.Task[object]") -> bool:
    return not task.done() or (not task.cancelled() and task.exception() is None)


def _parted(html: str) -> tuple[str, str, str]:
    """(what comes before the first view, the visit, what comes after it); no visit when it does not stand
    here."""
    found = VISIT.search(html)
    return (html[: found.start()], found[1], html[found.end() :]) if found else (html, "", "")
