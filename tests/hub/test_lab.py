"""The dashboard notebook in JupyterLab, where a kernel of the user's becomes the hub or attaches."""

import asyncio
import http.client
import os

import pytest
from jupyter_client.manager import AsyncKernelManager

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.files import notebooks
from temphub_kernel.hub.lock import is_running
from temphub_kernel.server.supervisor import first_cell


@pytest.fixture
def environ(data_dir, free_port):
    """An analyst's environment: no role is set."""
    settings = {
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port),
        "HOST": "127.0.0.1",
        "INTERFACES": "127.0.0.1",
    }
    return {**os.environ, **settings}


class Lab:
    """A kernel as JupyterLab runs one."""

    def __init__(self, environ):
        self.environ = environ
        self.manager = AsyncKernelManager(kernel_name="python3")

    async def start(self):
        await self.manager.start_kernel(env=self.environ, cwd=str(notebooks()))
        await self.connect()
        return self

    async def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=30)

    async def run(self, code):
        said = []

        def hear(message):
            said.append(message["content"].get("text", "") or message["content"].get("evalue", ""))

        reply = await self.client.execute_interactive(code, output_hook=hear, timeout=30)
        return reply["content"]["status"], "".join(said)

    async def stop(self):
        self.client.stop_channels()
        await self.manager.shutdown_kernel()


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_S)
    try:
        connection.request("GET", "/")
        return b"opened from a notebook" in connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()


def test_the_notebook_becomes_the_hub_and_a_restart_leaves_nothing(environ, data_dir):
    """In JupyterLab with no hub around the notebook's kernel is the hub; restarting that kernel leaves
    neither lock nor port; running the cell again is the hub again; a second kernel attaches."""

    async def story():
        lab = await Lab(environ).start()
        try:
            # A folder that was named and is new is worth a word, once; nothing else is said below the cell.
            status, said = await lab.run(first_cell())
            assert (
                status == "ok" and "is new: there are no readings in it yet" in said and said.count("\n") == 1
            )
            assert (await lab.run("print(hub.role)"))[1] == "hub\n"
            assert answers(environ["PORT"])
            other = await Lab(environ).start()
            await other.run(first_cell())
            assert (await other.run("print(hub.role)"))[1] == "attached\n"
            await other.stop()
            assert answers(environ["PORT"])
            lab.client.stop_channels()
            await lab.manager.restart_kernel()
            await lab.connect()
            assert not is_running(data_dir)
            assert not answers(environ["PORT"])
            assert await lab.run(first_cell()) == ("ok", "")
            assert (await lab.run("print(hub.role)"))[1] == "hub\n"
        finally:
            await lab.stop()

    asyncio.run(asyncio.wait_for(story(), 90))
    wait_for(lambda: not is_running(data_dir))
