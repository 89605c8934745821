"""The page server as a child that may die, hang or fill the memory: noticed within 10 s, and replaced. Event
loop thread only.

Nothing of it is in this process but its pulse: what a page sends can never reach what keeps the hub running.
"""

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPError

from ..core import (
    DOOR_HEADER,
    LEAN,
    PagePlace,
    Process,
    logs,
    memory_mb,
    monotonic_s,
    network,
    run_folder,
    started_by,
)
from .keeper import from_here

log = logging.getLogger(__name__)
ALIVE = "/v/alive"
CONNECTIONS = "voila"
POLL_S = 0.25
# To look for what it started costs the system more than to look at it.
KERNEL_EVERY = 40
# Two questions in a row without an answer: 2 + 3.5 + 3.5 s, so a page server that hangs is noticed within 10
# s.
ASK_EVERY_S, ANSWER_S, DEAF_AFTER = 2.0, 3.5, 2
# What a computer that is slow and busy needs to get it up.
START_S = 90.0
# With 150 pages open it takes a third of that. The page kernel holds the pages' data and may take more.
MOST_MB, MOST_KERNEL_MB = 512, 2048
MOST = "TEMPHUB_PAGE_MB"
# It is away for as short as can be; only one that never answers is left in peace for a while.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
OFTEN, OFTEN_S = 3, 600.0
STOP_S = 3.0


class PageProcess:
    """One page server after the other. env: variables of its own."""

    def __init__(self, folder: run_folder.RunFolder, env: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._env = env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ended: deque[float] = deque(maxlen=OFTEN)
        self._why = ""
        self._answered = False
        self._told: dict[str, Any] = {}
        self.restarts = 0
        # An environment variable for tests; nobody else has a reason.
        self._most_mb = int(os.environ.get(MOST, MOST_MB))

    def start(self) -> None:
        """Start the first and watch it."""
        self._watch = asyncio.ensure_future(self._keep())

    async def stop(self) -> None:
        """End it: asked first, by the end of its input."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        end = monotonic_s() + STOP_S
        # Its kernel ends with it when it ends in order, and by itself when nobody is left, but not at once.
        started = self._started()
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            while self._process.poll() is None and monotonic_s() < end:
                await asyncio.sleep(0.02)
                # One that was only starting may have its kernel since.
                started |= self._started()
        await self._clear()
        for one in started:
            one.kill()
        while any(one.runs() for one in started) and monotonic_s() < end + STOP_S:
            await asyncio.sleep(0.02)

    def _started(self) -> set[Process]:
        kernel = self._folder.process(run_folder.PAGES_KERNEL)
        return {
            *filter(None, [kernel]),
            *(started_by(self._process.pid) if self._process is not None else []),
        }

    async def _keep(self) -> None:
        stillborn = 0
        while True:
            self._tell(running=not self.restarts)
            try:
                self._begin()
                answered = await self._until_gone()
            except OSError as error:
                answered, self._why = False, f"could not be started ({error})"
            await self._clear()
            stillborn = 0 if answered else stillborn + 1
            self.restarts += 1
            self._ended.append(monotonic_s())
            log.warning(
                "the page server %s; another is started, open pages come back by themselves, recording goes "
                "on",
                self._why,
            )
            self._tell(running=False)
            await asyncio.sleep(PAUSES_S[min(stillborn, len(PAUSES_S) - 1)])

    def _begin(self) -> None:
        self._folder.forget(run_folder.PAGE)
        shutil.rmtree(self._folder.path / CONNECTIONS, ignore_errors=True)
        (self._folder.path / CONNECTIONS).mkdir()
        words = [
            sys.executable,
            *from_here(),
            *LEAN,
            "-m",
            "temphub_kernel.server.page_server",
            str(self._folder.path),
            str(2 * self._most_mb),
        ]
        # Ctrl-C is for the supervisor, which ends it in order.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
        }
        self._process = subprocess.Popen(words, env={**os.environ, **self._env}, **pipes, **apart)
        threading.Thread(target=_pass_on, args=(self._process,), name="temphub-page-log", daemon=True).start()

    async def _until_gone(self) -> bool:
        """Whether it ever answered; `_why` says how it ended."""
        process, client = self._process, AsyncHTTPClient(force_instance=True)
        assert process is not None
        watches = [
            asyncio.ensure_future(one)
            for one in (self._dead(process), self._deaf(client), self._hungry(process.pid))
        ]
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            self._why = done.pop().result()
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)
            client.close()
        return self._answered

    async def _dead(self, process: "subprocess.Popen[bytes]") -> str:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()

        def wait() -> None:
            process.wait()
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

        # Pages stand still meanwhile: it is told at once, and costs nothing until then.
        threading.Thread(target=wait, name="temphub-page-end", daemon=True).start()
        await ended.wait()
        return f"ended (code {process.returncode})"

    async def _deaf(self, client: AsyncHTTPClient) -> str:
        began, self._answered, missed = monotonic_s(), False, 0
        while missed < DEAF_AFTER:
            place = self._folder.page()
            if place is not None and await _answers(client, place):
                self._answered, missed = True, 0
                self._tell(running=True)
                await asyncio.sleep(ASK_EVERY_S)
            elif self._answered:
                missed += 1
            elif monotonic_s() - began > START_S:
                return "did not start"
            else:
                await asyncio.sleep(POLL_S)
        return "does not answer"

    async def _hungry(self, pid: int) -> str:
        rounds = 0
        while True:
            # What is started on Windows may be a launcher, which starts the page server.
            pid = self._folder.page_pid() or pid
            taken = dict(memory_mb(pid, whole=rounds % KERNEL_EVERY == 0))
            # Started by a page server that is no more it is nobody's child.
            if (
                rounds % KERNEL_EVERY == 0
                and (kernel := self._folder.process(run_folder.PAGES_KERNEL))
                and kernel.runs()
            ):
                taken |= memory_mb(kernel.pid, whole=False)
            rounds += 1
            for number, mb in taken.items():
                if number == pid and mb > self._most_mb:
                    return f"took {mb:.0f} MB of memory, more than the {self._most_mb} MB that it may,"
                if number != pid and mb > MOST_KERNEL_MB:
                    log.warning(
                        "the pages' kernel took %d MB of memory, more than the %d MB that it may, and is "
                        "ended",
                        mb,
                        MOST_KERNEL_MB,
                    )
                    Process(number, "").kill()
            await asyncio.sleep(POLL_S)

    async def _clear(self) -> None:
        """Nothing of it is left: no process, and nobody is led to its port."""
        self._folder.forget(run_folder.PAGE)
        process, self._process = self._process, None
        if process is None:
            return
        Process(process.pid, "").kill()
        while process.poll() is None:
            await asyncio.sleep(0.02)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def _tell(self, *, running: bool) -> None:
        problem = remedy = ""
        if len(self._ended) == OFTEN and monotonic_s() - self._ended[0] < OFTEN_S:
            problem = (
                f"The page server had to be replaced {OFTEN} times within ten minutes (it {self._why}"
                "); readings are stored all the same."
            )
            remedy = (
                "Close pages that nobody looks at; if it goes on, restart TempHub and send its "
                "temphub.log to whoever helps you."
            )
        elif not running:
            problem = f"The page server {self._why} and is being replaced; readings are stored all the same."
            remedy = "Wait a few seconds: open pages come back by themselves."
        state = {"running": running, "restarts": self.restarts, "problem": problem, "remedy": remedy}
        with suppress(OSError):
            if state != self._told:
                self._folder.write(run_folder.PAGES, state)
                self._told = state


async def _answers(client: AsyncHTTPClient, place: PagePlace) -> bool:
    try:
        url = f"http://{place.host}:{place.port}{ALIVE}"
        await client.fetch(
            url,
            headers={DOOR_HEADER: place.secret},
            request_timeout=ANSWER_S,
            connect_timeout=ANSWER_S,
            user_agent=network.AGENT,
        )
    except (OSError, HTTPError):
        return False
    return True


def _pass_on(process: "subprocess.Popen[bytes]") -> None:
    passed_on = logs.PassedOn()
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            passed_on.take(line.decode("utf-8", "replace"))
