"""`temphub`: Voilà, the supervisor and the hub kernel, from start to Ctrl-C. Main thread only."""

import asyncio
import logging
import os
import signal
import webbrowser
from contextlib import suppress
from pathlib import Path

from ..base import logs
from ..base.page_place import PagePlace
from ..base.settings import Settings
from ..hub.lock import LOCK_FILE, HubLock, is_running, read_info
from ..hub.start import ROLE, hub_runs
from . import announce
from .app import PageServer
from .supervisor import Supervisor
from .virtual import VirtualProbes

log = logging.getLogger(__name__)
SERVER_LOCK = "temphub.server.lock"
STOP_S = 4.5


def run(settings: Settings, *, browser: bool, probes: int = 0) -> int:
    """Run until Ctrl-C. Returns 0; also when a hub runs already, whose page is opened then. Raises TempHubError."""
    logs.set_up(settings.log_level)
    lock = HubLock(settings.data_dir, SERVER_LOCK)
    if not lock.take() or is_running(settings.data_dir, LOCK_FILE):
        return _second(settings, browser=browser)
    # What the kernels inherit: pages attach, and all mean the same data folder.
    os.environ[ROLE] = "viewer"
    os.environ["DATA_DIR"] = str(settings.data_dir)
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_serve(settings, browser=browser, probes=VirtualProbes(probes, settings)))
    finally:
        lock.release()
    return 0


async def _serve(settings: Settings, *, browser: bool, probes: VirtualProbes) -> None:
    server = PageServer(settings.log_level)
    server.initialize(argv=[])
    # After Voilà has set its own signal handlers: ours are the ones that count.
    stop = _until_asked()
    server.start()
    supervisor = Supervisor(settings, PagePlace("127.0.0.1", server.port, server.secret), Path(server.connection_dir))
    telling: asyncio.Task[None] | None = None
    try:
        await supervisor.start()
        announce.welcome(settings)
        probes.start()
        server.preheat()
        telling = asyncio.ensure_future(announce.probes(settings))
        if browser:
            await asyncio.to_thread(_open, settings.local_url)
        await stop.wait()
        announce.say("Stopping...")
    finally:
        if telling is not None:
            telling.cancel()
        await _close(server, supervisor, probes)


async def _close(server: PageServer, supervisor: Supervisor, probes: VirtualProbes) -> None:
    """Everything at once, so that it takes as long as the slowest and not as all together."""
    ends = [supervisor.stop(), server.close(), asyncio.to_thread(probes.stop)]
    with suppress(TimeoutError):
        for outcome in await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), STOP_S):
            if isinstance(outcome, BaseException):
                log.error("a part did not stop cleanly: %s", outcome)


def _until_asked() -> asyncio.Event:
    """An event that Ctrl-C, a closed console and a polite kill set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked(*_: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), asked)
    return stop


def _second(settings: Settings, *, browser: bool) -> int:
    info = read_info(settings.data_dir)
    url = info.url if info else settings.local_url
    announce.say(hub_runs(settings, url).problem)
    announce.say(f"Its page: {url}" if info is None or info.page else f"It was started in a notebook; what it shows: {url}")
    if browser:
        _open(url)
    return 0


def _open(url: str) -> None:
    try:
        opened = webbrowser.open(url)
    except webbrowser.Error:
        opened = False
    if not opened:
        announce.say(f"No browser could be opened; open {url} yourself.")
