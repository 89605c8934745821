"""Keeps exactly one hub kernel alive, a Jupyter kernel that runs the dashboard notebook's first cell: a dead
or deaf one is replaced at once. Event loop thread only.
"""

import asyncio
import json
import logging
import os
import subprocess
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from tornado.httpclient import AsyncHTTPClient, HTTPError

from ..core import Process, Relayed, Settings, TempHubError, files, logs, monotonic_s, network, run_folder
from ..hub import ROLE, RUN_PLACE, TOLD
from ..jupyter.kernel_process import QUIET, KernelSpecs

log = logging.getLogger(__name__)
KERNEL = ["--IPKernelApp.kernel_class=temphub_kernel.jupyter.hub_kernel.WatchedKernel"]
READY_S = 30.0
POLL_S = 0.2
STOP_S = 3.5


class KernelFailed(TempHubError):
    """Raised when the kernel cannot be started or ends while it starts, whatever the hub in it would say:
    tried again."""


class HubKernel:
    """One life of the hub kernel."""

    def __init__(self, settings: Settings, folder: run_folder.RunFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._manager: AsyncKernelManager | None = None
        self._process = Process(0, "")
        self._client: Any = None
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and the hub in it. Raises TempHubError; nothing is left running then."""
        env = {
            **os.environ,
            ROLE: "hub",
            RUN_PLACE: str(self._folder.path),
            "DATA_DIR": str(self._settings.data_dir),
        }
        file = self._folder.path / f"hub-{os.urandom(4).hex()}.json"
        self._manager = manager = AsyncKernelManager(
            kernel_name="python3", connection_file=str(file), kernel_spec_manager=KernelSpecs()
        )
        try:
            # Independent: who is killed here must not take it along. It looks itself whether anybody is left.
            # A kernel that no parent holds greets its user; what ours says comes as messages.
            options: dict[str, Any] = {"independent": True, "stdout": subprocess.DEVNULL}
            await manager.start_kernel(
                env=env, cwd=str(files.notebooks()), extra_arguments=[*QUIET, *KERNEL], **options
            )
            self._process = Process(int(getattr(manager.provisioner, "pid", 0) or 0), file.name)
            self._note(delivers=False)
            self._client = manager.client()
            self._client.start_channels()
            await self._client.wait_for_ready(timeout=READY_S)
            self._listener = asyncio.ensure_future(self._listen())
            await self._run(first_cell())
            self._note(delivers=True)
        # NoSuchKernel, a KeyError, means that ipykernel is missing or damaged.
        except (RuntimeError, KeyError, OSError) as error:
            await self.kill()
            raise KernelFailed(*_not_up(str(error))) from error
        except asyncio.CancelledError:
            # Its hub may take readings already: it ends as any other.
            await (self.kill() if self._listener is None else self.stop())
            raise
        except BaseException:
            await self.kill()
            raise

    @classmethod
    async def take_over(cls, settings: Settings, folder: run_folder.RunFolder) -> "HubKernel | None":
        """The one that a killed supervisor left running; None when there is none. One that was only starting
        is ended."""
        said, process = folder.read(run_folder.HUB), folder.process(run_folder.HUB)
        if process is None or not process.runs():
            return None
        kernel = cls(settings, folder)
        kernel._process = process
        if not said.get("delivers"):
            await kernel.kill()
            return None
        try:
            kernel._client = AsyncKernelClient(connection_file=str(folder.path / process.word))
            kernel._client.load_connection_file()
            kernel._client.start_channels()
        except (OSError, ValueError, RuntimeError) as error:
            log.warning("the hub's kernel cannot be taken over (%s); another is started", error)
            await kernel.kill()
            return None
        kernel._listener = asyncio.ensure_future(kernel._listen())
        return kernel

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    async def died(self) -> None:
        """Returns when the process has ended."""
        while await self._runs():
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Ask the hub to stop (what waits is committed), then make sure."""
        if self._client is not None:
            self._client.shutdown()
        try:
            await asyncio.wait_for(self.died(), STOP_S)
        except TimeoutError:
            log.warning("the hub did not stop in %g s and is ended; what was acknowledged is on disk", STOP_S)
        await self.kill()

    async def kill(self) -> None:
        """End the process now, whatever it does, and leave no file behind."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager is not None and self._manager.has_kernel:
            await self._manager.shutdown_kernel(now=True)
        self._process.kill()
        while self._process.runs():
            await asyncio.sleep(0.02)
        self._folder.forget(run_folder.HUB, self._process.word)

    def _note(self, *, delivers: bool) -> None:
        self._folder.write(run_folder.HUB, {**self._process._asdict(), "delivers": delivers})

    async def _runs(self) -> bool:
        if self._manager is not None:
            return bool(await self._manager.is_alive())
        return self._process.runs()

    async def _run(self, code: str) -> None:
        request = self._client.execute(code, store_history=False, user_expressions={})
        while True:
            try:
                reply = await self._client.get_shell_msg(timeout=1.0)
            except Empty:
                if not await self._runs():
                    raise KernelFailed(*_not_up("its process ended while starting")) from None
                continue
            if reply["parent_header"].get("msg_id") == request:
                break
        content = reply["content"]
        if content["status"] != "ok":
            raise _as_error(content)

    async def _listen(self) -> None:
        """Passes on what the hub logs; unread messages would pile up otherwise."""
        passed_on = logs.PassedOn()
        while True:
            message = await self._client.get_iopub_msg(timeout=None)
            if message["msg_type"] == "stream":
                passed_on.take(message["content"]["text"])


def first_cell() -> str:
    """The first code cell of the dashboard notebook: what makes a kernel the hub. Raises TempHubError when it
    is missing."""
    path = files.notebooks() / "dashboard.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise TempHubError(
            f"The notebook {path} is missing or damaged, so the hub cannot start.",
            "Install TempHub again.",
            code="no_notebook",
        ) from error


def _as_error(content: dict[str, Any]) -> TempHubError:
    """What the hub in the kernel ended with, which would end it the next time as well."""
    if told := content.get(TOLD):
        return Relayed(told["problem"], told["remedy"], code=told["error"])
    return TempHubError(*_not_up(f"{content.get('ename', '')}: {content.get('evalue', '')}"))


def _not_up(why: str) -> tuple[str, str]:
    return (
        f"The hub's kernel could not be started ({why}), so no reading can be stored.",
        "Start it again with LOG_LEVEL=DEBUG and look at the first error; if packages are missing, install "
        "again.",
    )


# Three questions in a row without an answer: its loop is stuck, and probes get no acknowledgement.
ASK_EVERY_S = 5.0
DEAF_AFTER = 3
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
CALM_S = 60.0
# A kernel that ends while it starts, killed by hand or for lack of memory, is no reason to give up the whole
# start.
FIRST_TRIES = 3


class Supervisor:
    """Starts the hub kernel, watches it, starts the next. `restarts` counts replacements."""

    def __init__(self, settings: Settings, folder: run_folder.RunFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._kernel: HubKernel | None = None
        self._watch: asyncio.Task[None] | None = None
        self.restarts = 0

    async def start(self) -> None:
        """Start the first kernel. Raises TempHubError: what cannot start at all is the user's to see."""
        for _ in range(FIRST_TRIES - 1):
            try:
                self._kernel = await self._begin()
                break
            except KernelFailed as error:
                log.warning("%s It is tried again.", error.problem)
        else:
            self._kernel = await self._begin()
        self._watch = asyncio.ensure_future(self._keep())

    async def go_on(self) -> bool:
        """Where a killed supervisor stopped; whether its kernel runs still. If not, one is started as
        ever."""
        self._kernel = await HubKernel.take_over(self._settings, self._folder)
        self._watch = asyncio.ensure_future(self._keep())
        return self._kernel is not None

    @property
    def pid(self) -> int:
        """The hub kernel's process, 0 while there is none."""
        return self._kernel.pid if self._kernel else 0

    async def stop(self) -> None:
        """Stop watching, then the hub."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._kernel is not None:
            await self._kernel.stop()

    async def _begin(self) -> HubKernel:
        kernel = HubKernel(self._settings, self._folder)
        await kernel.start()
        return kernel

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = monotonic_s()
            if self._kernel is not None:
                await self._until_gone(self._kernel)
                kernel, self._kernel = self._kernel, None
                await kernel.kill()
            if monotonic_s() - began > CALM_S:
                failures = 0
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
            failures += 1
            self.restarts += 1
            try:
                self._kernel = await self._begin()
                log.warning("the hub was replaced; probes re-send what was not acknowledged, nothing is lost")
            except TempHubError as error:
                log.error("%s The hub is started again by itself.", error)

    async def _until_gone(self, kernel: HubKernel) -> None:
        died = asyncio.ensure_future(kernel.died())
        deaf = asyncio.ensure_future(self._deaf())
        try:
            await asyncio.wait({died, deaf}, return_when=asyncio.FIRST_COMPLETED)
            log.warning(
                "the hub's kernel %s; another is started", "ended" if died.done() else "does not answer"
            )
        finally:
            died.cancel()
            deaf.cancel()
            await asyncio.gather(died, deaf, return_exceptions=True)

    async def _deaf(self) -> None:
        """Returns when the endpoint has not answered for too long."""
        client = AsyncHTTPClient(force_instance=True)
        missed = 0
        try:
            while missed < DEAF_AFTER:
                await asyncio.sleep(ASK_EVERY_S)
                try:
                    await client.fetch(
                        f"{self._settings.local_url}/api/health",
                        request_timeout=ASK_EVERY_S,
                        user_agent=network.AGENT,
                    )
                    missed = 0
                except (OSError, HTTPError):
                    missed += 1
        finally:
            client.close()
