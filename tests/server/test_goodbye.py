"""A page that is left says goodbye: its visit ends with its connection, and not when it is missed."""

import asyncio
import http.client
import re
from contextlib import suppress
from types import SimpleNamespace

import pytest

from support.waiting import PATIENCE_S
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.jupyter.kernel_manager import ViewerKernels


class Shared:
    """The kernel of the pages as far as a visit's end needs it: keeps which visits ended."""

    def __init__(self):
        self.ended = []

    async def ask(self, what, visit="", **_):
        assert what == "end"
        self.ended.append(visit)
        return {"status": "ok"}


@pytest.fixture
def viewers(tmp_path):
    """Two visits, `a` connected and `b` given out but not yet connected; a page that is only missed would end
    in a minute."""
    kernels = ViewerKernels(connection_dir=str(tmp_path), lost_s=60.0, awaited_s=60.0, goodbye_s=30.0)
    kernels.kernel.context.destroy(linger=0)
    kernels.kernel = Shared()
    for visit in ("a", "b"):
        kernels._kernels[visit] = SimpleNamespace(ports=[])
        kernels._kernel_connections[visit] = 0
    return kernels


def run(steps):
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(asyncio.wait_for(steps, PATIENCE_S))


async def settled(viewers):
    await asyncio.gather(*viewers._ending)


def test_a_page_that_is_left_is_put_away_at_once(viewers):
    """Goodbye, then the end of the connection: the visit is gone, long before it would have been missed."""

    async def steps():
        viewers.notify_connect("a")
        viewers.goodbye("a")
        assert not viewers._ending, "its connection stands: a download looks the same to it"
        viewers.notify_disconnect("a")
        await settled(viewers)
        viewers.goodbye("b")
        await settled(viewers)
        await viewers.close()

    run(steps())
    assert viewers.kernel.ended == ["a", "b"]


def test_a_goodbye_that_was_none_ends_nothing(viewers):
    """A page that goes on after a goodbye and loses its connection later finds its visit again; an unknown
    name is no visit."""

    async def steps():
        viewers.goodbye_s = 0.0
        viewers.notify_connect("a")
        viewers.goodbye("a")
        viewers.goodbye("nobody's")
        viewers.notify_disconnect("a")
        await settled(viewers)
        assert "a" in viewers and viewers.kernel.ended == []
        await viewers.close()

    run(steps())


def test_the_goodbye_of_a_real_page_is_taken(start_temphub):
    """What a browser sends as a page is left, without any header of ours, is taken from this hub's page only;
    no 403, no noise."""
    temphub = start_temphub().ready()
    page = temphub.page_ready().decode()
    visit = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)[1]
    own = f"http://127.0.0.1:{temphub.port}"
    path = f"/v/voila/api/shutdown/{visit}"
    for origin, status in (("http://evil.example", 403), (own, 204), (own, 204)):
        connection = http.client.HTTPConnection("127.0.0.1", temphub.port, timeout=PATIENCE_S)
        connection.request("POST", path, b"", {"Origin": origin})
        assert connection.getresponse().status == status
        connection.close()
    assert temphub.stop() == 0
    assert "xsrf" not in temphub.text() and "Traceback" not in temphub.text()


def test_a_page_that_is_being_made_does_not_wait_for_a_kernel_that_ended(viewers):
    """The kernel ended in the middle of a page: whoever waits for the page is told at once, and not a minute
    later when a page has taken too long; the next page is made."""
    viewers.refill = lambda keep: None

    async def steps():
        begun = asyncio.Event()

        async def page(*swallowed):
            async with viewers.making(60):
                begun.set()
                with suppress(*swallowed):
                    await asyncio.Event().wait()

        # What runs cells may take it for the kernel's end and come to its own.
        for swallowed in ((), (asyncio.CancelledError,)):
            begun.clear()
            waiting = asyncio.create_task(page(*swallowed))
            await begun.wait()
            viewers._died()
            with pytest.raises(TempHubError, match="ended while the page was made"):
                await waiting
        async with viewers.making(60):
            pass
        with pytest.raises(TimeoutError):
            async with viewers.making(0):
                await asyncio.Event().wait()
        await settled(viewers)
        await viewers.close()

    run(steps())


def test_what_was_made_ready_ends_with_its_kernel(viewers):
    """The kernel ended while visits were made ready: what makes one ready ends, also where that is drawing it
    already, and others are made."""

    async def steps():
        async def never():
            await asyncio.Event().wait()

        async def made():
            return {"task": drawing}

        async def fails():
            raise TempHubError("It is gone.", "Wait.")

        drawing = asyncio.create_task(never())
        pool = [asyncio.create_task(one()) for one in (never, made, fails)]
        await asyncio.sleep(0)
        again = []
        viewers._pools, viewers.notebook_path = {"page": list(pool)}, "page"
        viewers.fill_if_needed = lambda **told: again.append(told["notebook_name"])
        viewers._died()
        await settled(viewers)
        assert viewers._pools == {"page": []} and again == ["page"]
        assert pool[0].cancelled() and drawing.cancelled()
        await viewers.close()

    run(steps())
