"""The process of the kernel that all pages share: started when the first page needs it, replaced when it dies
or hangs.

Like the hub kernel it has a manager of its own, which no web address reaches, and outlives whoever started it
and was killed: the next page server takes it over, without the visits that it had. Event loop thread only.
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_path

from ..core import LEAN, BadGateway, Process, TempHubError, files, run_folder
from ..hub import RUN_PLACE

log = logging.getLogger(__name__)
# Without a history: its file would be the user's own, and it has a thread and a connection to its database.
QUIET = ["--IPKernelApp.log_level=40", "--HistoryManager.enabled=False"]
LAUNCH = "temphub_kernel.jupyter.launch"
KERNEL = ["--IPKernelApp.kernel_class=temphub_kernel.jupyter.pages_kernel.ViewerKernel"]
# The page server's own question to it: what to do with a visit (see viewer_kernel).
ASK = "temphub_request"
POLL_S = 0.25
READY_S = 30.0
# A kernel that has not answered for this long, twice, is stuck; its pages stand still.
ASK_EVERY_S = 5.0
ANSWER_S = 10.0
DEAF_AFTER = 2


class KernelSpecs(KernelSpecManager):  # type: ignore[misc]  # it ships no types
    """Looks for kernels where Jupyter keeps them, and not in IPython's own folder as well, for which all of
    IPython would come into memory; and starts ours by a program of our own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"kernel_dirs": jupyter_path("kernels"), **kwargs})

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """That of this name, in this Python. Raises NoSuchKernel."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = [sys.executable, *LEAN, "-m", LAUNCH, "-f", "{connection_file}"]
        return spec


class SharedKernel:
    """One kernel after the other; `died()` is called when one is gone, before the next is started.

    folder: of this start, where the next page server finds the kernel; None: it ends with this process.
    ask_every_s, answer_s: how often it is asked for a sign of life, and how long an answer may take.
    """

    # One that was begun before there was anybody to use it: it takes as long to start as the page server
    # itself.
    begun: "ClassVar[SharedKernel | None]" = None

    def __init__(
        self,
        connection_dir: Path,
        died: Callable[[], None] = lambda: None,
        *,
        folder: run_folder.RunFolder | None = None,
        ask_every_s: float = ASK_EVERY_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._connection_dir = connection_dir
        self._folder = folder
        self.died = died
        self._ask_every_s = ask_every_s
        self._answer_s = answer_s
        # None for one that was taken over.
        self._manager: AsyncKernelManager | None = None
        self._process = Process(0, "")
        self._client: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._starting = asyncio.Lock()
        self._over = False
        # One for all visits: each brings two threads.
        self.context = zmq.asyncio.Context()

    @property
    def pid(self) -> int:
        """The process, 0 while there is none."""
        return self._process.pid

    async def alive(self) -> bool:
        """Whether there is one right now."""
        if self._manager is not None:
            return bool(await self._manager.is_alive())
        return self._process.pid != 0 and self._process.runs()

    async def connection(self) -> dict[str, Any]:
        """How to reach the kernel; started if there is none. Raises TempHubError."""
        async with self._starting:
            if self._over:
                raise _not_up("the page server is stopping")
            if self._client is None and not await self._take_over():
                await self._start()
            assert self._client is not None
            return dict(self._client.get_connection_info())

    async def ask(
        self, what: str, visit: str = "", *, within_s: float | None = None, **more: Any
    ) -> dict[str, Any]:
        """Have the kernel do something with a visit. Raises TempHubError when it does not answer, or says why
        it cannot."""
        if self._client is None:
            raise _not_up("it is gone")
        message = self._client.session.msg(ASK, {"what": what, "visit": visit, **more})
        answer = self._answers[message["header"]["msg_id"]] = asyncio.get_running_loop().create_future()
        try:
            self._client.shell_channel.send(message)
            content: dict[str, Any] = await asyncio.wait_for(answer, within_s or self._answer_s)
        except TimeoutError as error:
            raise _not_up("it does not answer") from error
        finally:
            self._answers.pop(message["header"]["msg_id"], None)
        if content.get("status") != "ok":
            raise _not_up(str(content.get("why")))
        return content

    def no_more(self) -> None:
        """Start none from now on, whoever waits for one."""
        self._over = True

    async def stop(self) -> None:
        """End it, for good."""
        self.no_more()
        async with self._starting:
            await self._end()
        # Sockets of pages that are still being closed may linger a moment; they are not waited for.
        self.context.destroy(linger=0)

    async def _start(self) -> None:
        connection_file = self._connection_dir / f"pages-{os.urandom(4).hex()}.json"
        manager = AsyncKernelManager(
            kernel_name="python3",
            connection_file=str(connection_file),
            context=self.context,
            kernel_spec_manager=KernelSpecs(),
        )
        self._manager = manager
        env, options = dict(os.environ), {}
        if self._folder is not None:
            # It looks itself whether anybody is left. One that no parent holds greets its user.
            env[RUN_PLACE] = str(self._folder.path)
            options = {"independent": True, "stdout": subprocess.DEVNULL}
        try:
            await manager.start_kernel(
                env=env, cwd=str(files.notebooks()), extra_arguments=[*QUIET, *KERNEL], **options
            )
            self._process = Process(int(getattr(manager.provisioner, "pid", 0) or 0), connection_file.name)
            if self._folder is not None:
                self._folder.write(run_folder.PAGES_KERNEL, self._process._asdict())
            self._client = manager.client(context=self.context)
            self._listen_to(self._client)
            await self._ready(manager)
            self._tasks.append(asyncio.ensure_future(self._watch(self._client)))
        # NoSuchKernel, a KeyError, means that ipykernel is missing or damaged.
        except (RuntimeError, KeyError, OSError) as error:
            await self._end()
            raise _not_up(str(error)) from error
        except BaseException:
            await self._end()
            raise

    async def _take_over(self) -> bool:
        """Go on with the kernel of a page server that was killed; False when there is none, or none that
        answers."""
        process = self._folder.process(run_folder.PAGES_KERNEL) if self._folder is not None else None
        if process is None or not process.runs():
            return False
        self._process = process
        try:
            client = AsyncKernelClient(
                connection_file=str(self._connection_dir / process.word), context=self.context
            )
            client.load_connection_file()
            self._client = client
            self._listen_to(client)
            # Their pages begin anew: what was on its way to them is lost.
            await self.ask("end all")
        except (OSError, ValueError, RuntimeError, TempHubError) as error:
            log.warning("the pages' kernel cannot be taken over (%s); another is started", error)
            await self._end()
            return False
        except BaseException:
            await self._end()
            raise
        self._tasks.append(asyncio.ensure_future(self._watch(client)))
        return True

    def _listen_to(self, client: AsyncKernelClient) -> None:
        # No heartbeat: whether it answers is asked for here, and the beat's thread makes its socket when it
        # likes, at the very end, too.
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        self._tasks = [asyncio.ensure_future(self._listen(client))]

    async def _ready(self, manager: AsyncKernelManager) -> None:
        answer = asyncio.ensure_future(self.ask("nothing", within_s=READY_S))
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=POLL_S)
                if not await manager.is_alive():
                    raise _not_up("its process ended while starting")
            await answer
        finally:
            answer.cancel()

    async def _end(self) -> None:
        manager, self._manager = self._manager, None
        process, self._process = self._process, Process(0, "")
        client, self._client = self._client, None
        tasks, self._tasks = [task for task in self._tasks if task is not asyncio.current_task()], []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({"status": "error", "why": "it is gone"})
        if client is not None:
            client.stop_channels()
        if manager is not None:
            if manager.has_kernel:
                await self._kill(manager)
            manager.cleanup_connection_file()
        elif process.pid:
            process.kill()
            while process.runs():
                await asyncio.sleep(0.02)
        if self._folder is not None and process.pid:
            self._folder.forget(run_folder.PAGES_KERNEL, process.word)

    @staticmethod
    async def _kill(manager: AsyncKernelManager) -> None:
        try:
            await manager.shutdown_kernel(now=True)
        # It first sends a message, for which there may be no socket any more; the process must end all the
        # same.
        except zmq.ZMQError as error:
            log.debug("the pages' kernel is killed without a message: %s", error)
            await manager.provisioner.kill()
            await manager.provisioner.wait()

    async def _listen(self, client: Any) -> None:
        while True:
            try:
                # Looked for again and again: a question that is sent meanwhile may swallow the news of an
                # answer that has come (Jupyter sends past asyncio's own socket), and it would lie there for
                # seconds.
                message = await client.get_shell_msg(timeout=POLL_S)
            except Empty:
                continue
            answer = self._answers.get(message["parent_header"].get("msg_id"))
            if answer is not None and not answer.done():
                answer.set_result(message["content"])

    async def _watch(self, client: AsyncKernelClient) -> None:
        deaf = asyncio.ensure_future(self._deaf())
        try:
            while await self.alive() and not deaf.done():
                await asyncio.sleep(POLL_S)
        finally:
            deaf.cancel()
        log.warning(
            "the pages' kernel %s; another is started, and open pages come back by themselves",
            "hangs" if deaf.done() else "ended",
        )
        async with self._starting:
            if self._client is client:
                await self._end()
        self.died()

    async def _deaf(self) -> None:
        """Returns when the kernel has not answered for too long."""
        missed = 0
        while missed < DEAF_AFTER:
            await asyncio.sleep(self._ask_every_s)
            try:
                await self.ask("nothing")
                missed = 0
            except TempHubError:
                missed += 1


def ended() -> TempHubError:
    """What a page is told that was being made."""
    return _not_up("it ended while the page was made")


def _not_up(why: str) -> TempHubError:
    return BadGateway(
        f"The kernel of the pages cannot be used ({why}), so no page can be shown; readings are stored all "
        "the same.",
        "Reload in a few seconds; if it lasts, start TempHub again.",
        code="page_unavailable",
    )
