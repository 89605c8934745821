"""The page server's own process: Voilà, until its input ends, which it does with the supervisor. Main thread
only.

`python -m temphub_kernel.server.page_server FOLDER MB`: FOLDER is that of this start; beyond MB of memory it
is refused more.
"""

import asyncio
import contextlib
import gc
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import TempHubError, first_to_go, limit_memory, logs, release_memory, run_folder
from ..hub import ROLE
from ..jupyter.kernel_process import SharedKernel
from ..jupyter.later import spare_page_server

if TYPE_CHECKING:
    from .page_app import PageServer


POLL_S = 0.1
RELEASE_S = 20.0
THREAD_BYTES = 512 * 1024
# Whoever waits for it kills it after that.
STOP_S = 2.5


def main(folder: run_folder.RunFolder, most_mb: int) -> None:
    """Serve pages until the input ends."""
    # What the pages' kernel inherits.
    os.environ[ROLE] = "viewer"
    logs.set_up(os.environ.get("LOG_LEVEL", "") or "INFO")
    first_to_go()
    # Each visit has a thread; the 8 MB that Linux sets aside for one by default would use up the limit with a
    # hundred of them.
    threading.stack_size(THREAD_BYTES)
    limit_memory(most_mb)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_serve(folder))


async def _serve(folder: run_folder.RunFolder) -> None:
    stop = _until_alone()
    early = asyncio.ensure_future(_begin_kernel(folder))
    # Seconds, in which that kernel starts.
    server = (await asyncio.to_thread(_program))(folder.path)
    server.initialize(argv=[])
    server.start()
    folder.write(run_folder.PAGE, {"port": server.port, "secret": server.secret, "pid": os.getpid()})
    ready = asyncio.ensure_future(_preheat(server, folder))
    await stop.wait()
    ready.cancel()
    # Whoever waits for this process kills it sooner than a kernel on a slow computer is up.
    early.cancel()
    await asyncio.gather(early, ready, return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.close(), STOP_S)


def _program() -> "type[PageServer]":
    # A quarter of the time would be spent in looking for garbage among what stays for good.
    gc.disable()
    spare_page_server()
    try:
        from .page_app import PageServer

        return PageServer
    finally:
        gc.freeze()
        gc.enable()


async def _begin_kernel(folder: run_folder.RunFolder) -> None:
    """The kernel of the pages beside the page server, but at the first start of all, when the hub goes
    first."""
    SharedKernel.begun = kernel = SharedKernel(folder.path, folder=folder)
    if folder.has(run_folder.UP):
        # Whoever needs it tries again, and is told.
        with contextlib.suppress(TempHubError):
            await kernel.connection()


async def _preheat(server: "PageServer", folder: run_folder.RunFolder) -> None:
    # The hub goes first: pages are made ready when it delivers.
    while not folder.has(run_folder.UP):
        await asyncio.sleep(POLL_S)
    server.preheat()
    # What its start and each page left free: a tenth of it all.
    while True:
        await asyncio.sleep(RELEASE_S)
        release_memory()


def _until_alone() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def read() -> None:
        # Not through Python's own stdin: its lock would be held when the interpreter ends.
        while os.read(0, 4096):
            pass
        # Even if this loop hangs nobody is left who would end it.
        end = threading.Timer(STOP_S + 1.0, os._exit, (1,))
        end.daemon = True
        end.start()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read, name="temphub-alone", daemon=True).start()
    return stop


if __name__ == "__main__":
    main(run_folder.RunFolder(Path(sys.argv[1])), int(sys.argv[2]))
