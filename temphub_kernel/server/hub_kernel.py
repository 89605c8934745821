"""The hub kernel: a Jupyter kernel that runs the dashboard notebook's first cell. Event loop thread only.

It has a kernel manager of its own, which no web address reaches: a page can neither address it nor shut it down.
"""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from ..base import paths
from ..base.errors import TempHubError
from ..base.page_place import PagePlace
from ..base.settings import Settings
from ..hub.start import PAGE, ROLE
from .shared_kernel import QUIET

log = logging.getLogger(__name__)
READY_S = 30.0
POLL_S = 0.2
STOP_S = 3.5


class HubKernel:
    """One life of the hub kernel."""

    def __init__(self, settings: Settings, page: PagePlace, connection_dir: Path) -> None:
        self._settings = settings
        self._page = page
        self._manager = AsyncKernelManager(kernel_name="python3", connection_file=str(connection_dir / f"hub-{os.urandom(4).hex()}.json"))
        self._client: Any = None
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and the hub in it. Raises TempHubError; nothing is left running then."""
        env = {**os.environ, ROLE: "hub", PAGE: self._page.as_text(), "DATA_DIR": str(self._settings.data_dir)}
        try:
            await self._manager.start_kernel(env=env, cwd=str(paths.notebooks()), extra_arguments=QUIET)
            self._client = self._manager.client()
            self._client.start_channels()
            await self._client.wait_for_ready(timeout=READY_S)
            self._listener = asyncio.ensure_future(self._listen())
            await self._run(first_cell())
        # NoSuchKernel, a KeyError, means that ipykernel is missing or damaged.
        except (RuntimeError, KeyError) as error:
            await self.kill()
            raise _not_up(str(error)) from error
        except BaseException:
            await self.kill()
            raise

    @property
    def pid(self) -> int:
        """The process."""
        return int(getattr(self._manager.provisioner, "pid", 0) or 0)

    async def died(self) -> None:
        """Returns when the process has ended."""
        while await self._manager.is_alive():
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Ask the hub to stop (what waits is committed), then make sure."""
        try:
            await asyncio.wait_for(self._manager.shutdown_kernel(now=False), STOP_S)
        except (TimeoutError, RuntimeError):
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
        if self._manager.has_kernel:
            await self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_connection_file()

    async def _run(self, code: str) -> None:
        request = self._client.execute(code, store_history=False, user_expressions={})
        while True:
            try:
                reply = await self._client.get_shell_msg(timeout=1.0)
            except Empty:
                if not await self._manager.is_alive():
                    raise _not_up("its process ended while starting") from None
                continue
            if reply["parent_header"].get("msg_id") == request:
                break
        content = reply["content"]
        if content["status"] != "ok":
            raise _as_error(content.get("ename", ""), content.get("evalue", ""))

    async def _listen(self) -> None:
        """Passes on what the hub logs; unread messages would pile up otherwise."""
        while True:
            message = await self._client.get_iopub_msg(timeout=None)
            if message["msg_type"] == "stream":
                sys.stderr.write(message["content"]["text"])
                sys.stderr.flush()


def first_cell() -> str:
    """The first code cell of the dashboard notebook: what makes a kernel the hub. Raises TempHubError when it is missing."""
    path = paths.notebooks() / "dashboard.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise TempHubError(
            f"The notebook {path} is missing or damaged, so the hub cannot start.", "Install TempHub again.", code="no_notebook"
        ) from error


def _as_error(name: str, text: str) -> TempHubError:
    problem, dash, remedy = text.partition(" — ")
    if name == "TempHubError" and dash:
        code = "hub_runs" if problem.startswith("A hub runs already") else "not_started"
        return TempHubError(problem, remedy, code=code)
    return _not_up(f"{name}: {text}")


def _not_up(why: str) -> TempHubError:
    return TempHubError(
        f"The hub's kernel could not be started ({why}), so no reading can be stored.",
        "Start it again with LOG_LEVEL=DEBUG and look at the first error; if packages are missing, install again.",
        code="kernel_failed",
    )
