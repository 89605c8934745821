"""The page server's process, as the supervisor ends it."""

import asyncio

import psutil

from support.waiting import wait_for
from temphub_kernel.core.run_folder import RunFolder
from temphub_kernel.server import page_process

# A page server that was only starting: told to end it has yet begun its kernel.
STARTS_LATE = """
import subprocess, sys, time
sys.stdin.read()
kernel = [sys.executable, "-c", "import time; time.sleep(600)"]
print("KERNEL", subprocess.Popen(kernel, start_new_session=True).pid, flush=True)
time.sleep(0.3)
"""


def test_a_kernel_that_begins_while_the_page_server_is_ended_is_ended_with_it(monkeypatch, tmp_path):
    """The supervisor looks until the end for what the page server has started."""
    said: list[str] = []
    monkeypatch.setattr(page_process.logs.PassedOn, "take", lambda _, text: said.append(text))
    monkeypatch.setattr(page_process, "from_here", lambda: ["-c", STARTS_LATE])

    async def begin_and_end() -> None:
        pages = page_process.PageProcess(RunFolder(tmp_path))
        pages.start()
        while pages._process is None:
            await asyncio.sleep(0.01)
        await pages.stop()

    asyncio.run(begin_and_end())
    wait_for(lambda: any(text.startswith("KERNEL ") for text in said))
    kernel = int(next(text for text in said if text.startswith("KERNEL ")).split()[1])
    # What is killed takes a moment to be gone.
    wait_for(lambda: not psutil.pid_exists(kernel) or psutil.Process(kernel).status() == psutil.STATUS_ZOMBIE)
