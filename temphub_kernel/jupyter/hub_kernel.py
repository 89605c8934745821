"""The hub kernel's kernel, and what has a kernel end by itself when nobody is left who would look after it.
Inside the kernel's process."""

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipykernel.ipkernel import IPythonKernel

from ..core import Grown, TempHubError, release_memory, run_folder
from ..hub import RUN_PLACE, TOLD, stop

LOOK_S = 1.5
# One that was killed is replaced sooner than this, and keeps the other alive meanwhile.
ALONE_AFTER = 3
STOP_S = 6.0
# So many objects are made before garbage is looked for, and so often before it is among older ones. What
# thousands of probes bring each second is let go without cycles, and every thread waits while a million
# objects are looked through: 0.35 s (Python 3.11).
GARBAGE = 20_000, 20, 20


class WatchedKernel(IPythonKernel):  # type: ignore[misc]  # its types do not hold under `strict`
    """An IPython kernel whose supervisor may be killed and replaced."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        gc.set_threshold(*GARBAGE)
        watch()

    async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The reply; with an error of ours as it is told everywhere, since a reply itself has only a class's
        name and a text."""
        reply: dict[str, Any] = await super().do_execute(*args, **kwargs)
        # What there is then stays for good, as in the pages' kernel; what its making left goes back.
        gc.collect()
        gc.freeze()
        release_memory()
        error = self.shell.last_execution_result.error_in_exec
        return {**reply, TOLD: error.as_json()} if isinstance(error, TempHubError) else reply


def watch(wanted: Callable[[run_folder.RunFolder], bool] = lambda folder: True) -> None:
    """End this process when those are gone who started it, or when it is no longer wanted. Nothing where
    nobody said who they are."""
    if place := os.environ.get(RUN_PLACE):
        threading.Thread(
            target=_until_alone,
            args=(run_folder.RunFolder(Path(place)), wanted),
            name="temphub-watched",
            daemon=True,
        ).start()


def _until_alone(folder: run_folder.RunFolder, wanted: Callable[[run_folder.RunFolder], bool]) -> None:
    missed, watchers, memory = 0, folder.watchers(), Grown()
    while missed < ALONE_AFTER:
        # An unreadable file is no sign that they are gone.
        watchers = folder.watchers() or watchers
        missed = 0 if any(one.runs() for one in watchers) and wanted(folder) else missed + 1
        memory.look()
        threading.Event().wait(LOOK_S)
    # It commits what waits; whatever hangs there, the port and the lock must become free.
    ending = threading.Thread(target=stop, daemon=True)
    ending.start()
    ending.join(STOP_S)
    os._exit(0)
