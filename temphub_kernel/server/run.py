"""The supervisor's process: it starts the hub kernel and the page server, watches both, and holds nothing of
what they do.

It is started by the keeper, and looks after it in turn. Main thread only.
"""

import asyncio
import logging
import os
import signal
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..core import LOG_FILE, Process, Settings, TempHubError, logs, monotonic_s, run_folder, startup
from ..discovery import lan_urls, unlikely
from ..hub import (
    LOCK_FILE,
    SERVER_LOCK,
    SERVICE_STOP_FILE,
    STOP_FILE,
    HubLock,
    hub_runs,
    is_running,
    read_info,
)
from . import keeper, page_process, virtual
from .supervisor import Supervisor


def elsewhere(urls: list[str], hidden: dict[str, str]) -> list[str]:
    """Lines: where other devices find the page. hidden: address -> adapter of those that devices in the house
    hardly reach."""
    names = {url: hidden.get(urlsplit(url).hostname or "", "") for url in urls}
    likely = [f"  from other devices:  {url}" for url, name in names.items() if not name]
    return likely + [f"  only within {name}:  {url}" for url, name in names.items() if name]


def welcome(settings: Settings) -> None:
    """Said once, when the hub delivers."""
    logs.say(f"TempHub is running. Page: {settings.local_url}")
    for line in elsewhere(lan_urls(settings), unlikely()):
        logs.say(line)
    logs.say(f"  readings for Excel:  {settings.csv_file}")
    logs.say(f"  data folder:         {settings.data_dir}")
    logs.say(f"  all that is said:    {settings.data_dir / LOG_FILE}")
    if settings.is_demo:
        logs.say(
            "This is a demo: it keeps to its virtual probes and to this folder. Start without `demo` to "
            "record real ones."
        )
        logs.say("For both at once give one of them another PORT.")
    logs.say("Looking for probes... Press Ctrl-C to stop.")


log = logging.getLogger(__name__)
STOP_S = 4.5
# A hub whose supervisor and keeper were both killed ends by itself within that.
LEFT_ALONE_S = 15.0
LOOK_S, POLL_S = 1.0, 0.1
FRESHEN_S = 3600.0


def run(
    settings: Settings,
    start: tuple[run_folder.RunFolder, int],
    arguments: list[str],
    *,
    browser: bool,
    probes: int = 0,
) -> int:
    """Run until Ctrl-C. Returns 0; also when a hub runs already, whose page is opened then. Raises
    TempHubError.

    start: its folder, and the process that started this one; arguments: of `temphub`.
    """
    logs.set_up(settings.log_level)
    folder, keeper_process = start
    if probes:
        settings = virtual.apart(settings)
    first = not folder.has(run_folder.UP)
    said = startup.doubts(settings, os.environ, new=not settings.is_demo) if first else []
    lock = HubLock(settings.data_dir, SERVER_LOCK)
    if not lock.take() or (first and _hub_stays(settings)):
        return _second(settings, browser=browser and first)
    # What the kernels inherit: all mean the same data folder.
    os.environ.update(virtual.told(settings))
    file = logs.keep(settings.data_dir)
    for doubt in said:
        log.warning("%s %s", *doubt)
    _clear(settings, folder, first=first)
    try:
        watch = Keepers(folder, keeper_process, arguments, settings.data_dir)
        demo = virtual.VirtualProbes(probes, settings, folder)
        with startup.unhalted(), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_serve(settings, folder, watch, browser=browser, probes=demo))
    except TempHubError as error:
        logs.note(str(error))
        raise
    finally:
        logs.forget(file)
        lock.release()
    return 0


def _clear(settings: Settings, folder: run_folder.RunFolder, *, first: bool) -> None:
    """What others left is cleared away."""
    folder.clear_left()
    if first:
        # Of a `temphub stop` that was cut off: it is not this start that was meant.
        (settings.data_dir / STOP_FILE).unlink(missing_ok=True)


class Keepers:
    """Looks after who looks after this process: a keeper that was killed is replaced. Event loop thread
    only."""

    def __init__(self, folder: run_folder.RunFolder, pid: int, arguments: list[str], data_dir: Path) -> None:
        self._folder = folder
        self._arguments = arguments
        self._asked = [
            data_dir / STOP_FILE,
            *([data_dir / SERVICE_STOP_FILE] if arguments[:1] == ["service"] else []),
        ]
        self._keeper = Process(pid, keeper.WORD)

    async def keep(self, stop: asyncio.Event) -> None:
        """Until cancelled; sets `stop` when it is asked to end by a file."""
        # Not before it listens: who finds it there may ask it to end.
        self._note()
        freshened = monotonic_s()
        while True:
            await asyncio.sleep(LOOK_S)
            if any(file.exists() for file in self._asked):
                stop.set()
            if monotonic_s() - freshened > FRESHEN_S:
                freshened = monotonic_s()
                await asyncio.to_thread(self._folder.keep_fresh)
            if not self._keeper.runs():
                self._replace()

    def _replace(self) -> None:
        try:
            child = keeper.start_after(self._arguments, self._folder)
        except OSError as error:
            log.error("the keeper ended and could not be replaced (%s); recording goes on", error)
            return
        self._keeper = Process(child.pid, keeper.WORD)
        self._note()
        log.warning(
            "the keeper ended; another is started, recording goes on. To stop TempHub, end process %d",
            os.getpid(),
        )

    def _note(self) -> None:
        with suppress(OSError):
            self._folder.write(run_folder.WATCHERS, [Process(os.getpid(), keeper.WORD), self._keeper])


async def _serve(
    settings: Settings,
    folder: run_folder.RunFolder,
    watch: Keepers,
    *,
    browser: bool,
    probes: virtual.VirtualProbes,
) -> None:
    stop, first = _until_asked(), not folder.has(run_folder.UP)
    supervisor, pages = Supervisor(settings, folder), page_process.PageProcess(folder)
    keeping = asyncio.ensure_future(watch.keep(stop))
    try:
        starting = asyncio.ensure_future(supervisor.start() if first else supervisor.go_on())
        asked = asyncio.ensure_future(stop.wait())
        pages.start()
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            if await starting:
                log.warning("the supervisor ended and is back; the hub went on recording meanwhile")
            probes.start()
        else:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        if first and not asked.done():
            welcome(settings)
            (folder.path / run_folder.UP).touch()
            if browser:
                await asyncio.to_thread(_open, settings.local_url)
        await stop.wait()
        logs.say("Stopping...")
    finally:
        keeping.cancel()
        await _close(pages, supervisor, probes)


async def _close(
    pages: page_process.PageProcess, supervisor: Supervisor, probes: virtual.VirtualProbes
) -> None:
    """Everything at once, so that it takes as long as the slowest and not as all together."""
    ends = [supervisor.stop(), pages.stop(), asyncio.to_thread(probes.stop)]
    with suppress(TimeoutError):
        for outcome in await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), STOP_S):
            if isinstance(outcome, BaseException):
                log.error("a part did not stop cleanly: %s", outcome)


def _until_asked() -> asyncio.Event:
    """An event that Ctrl-C, a closed console and a polite kill set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked(*_: object) -> None:
        # Told twice, by the console and by the keeper, it may be over already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), asked)
    return stop


def _hub_stays(settings: Settings) -> bool:
    """Whether another process is the hub of the data folder, and not only one that is left alone and ends."""
    end = monotonic_s() + LEFT_ALONE_S
    while is_running(settings.data_dir, LOCK_FILE):
        info = read_info(settings.data_dir)
        if info is None or not info.page or monotonic_s() > end:
            return True
        time.sleep(POLL_S)
    return False


def _second(settings: Settings, *, browser: bool) -> int:
    info = read_info(settings.data_dir)
    url = info.url if info else settings.local_url
    logs.say(hub_runs(settings, url).problem)
    logs.say(
        f"Its page: {url}"
        if info is None or info.page
        else f"It was started in a notebook; what it shows: {url}"
    )
    if browser:
        _open(url)
    return 0


def _open(url: str) -> None:
    try:
        opened = webbrowser.open(url)
    except webbrowser.Error:
        opened = False
    if not opened:
        logs.say(f"No browser could be opened; open {url} yourself.")
