"""`th.start()`: become the hub, or attach to the one that runs. Main thread of a kernel or a script."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING

from ..base import logs
from ..base.errors import TempHubError
from ..base.page_place import PagePlace
from ..base.priority import go_first
from ..base.settings import Settings
from .attach import Attached
from .lock import HubLock, read_info

if TYPE_CHECKING:
    from .running import RunningHub

# Set by the server for the kernels that it starts; unset in JupyterLab and in scripts.
ROLE = "TEMPHUB_ROLE"
PAGE = "TEMPHUB_PAGE"

log = logging.getLogger(__name__)
_started: RunningHub | Attached | None = None
_lock = threading.Lock()


def start() -> RunningHub | Attached:
    """Start the hub in this process, or attach to the one that runs on the same data folder.

    Running it again returns the same hub. Raises TempHubError when a setting, the data folder or the port cannot be used.
    """
    global _started
    with _lock:
        if _started is None or (isinstance(_started, Attached) and not os.environ.get(ROLE)):
            _started = _start(Settings.from_environ(), os.environ.get(ROLE, ""))
        return _started


def stop() -> None:
    """Stop the hub if it runs in this process; `start()` may follow."""
    global _started
    with _lock:
        if _started is not None:
            _started.stop()
        _started = None


def _start(settings: Settings, role: str) -> RunningHub | Attached:
    if role == "viewer":
        return Attached(settings, settings.local_url)
    lock = HubLock(settings.data_dir)
    if not lock.take():
        info = read_info(settings.data_dir)
        url = info.url if info else settings.local_url
        if role == "hub":
            raise hub_runs(settings, url)
        return Attached(settings, url)
    # Only here: a page that attaches has no use for the endpoint, mDNS and all that comes with them.
    from .running import RunningHub

    # In a notebook every line would land below the cell: there only warnings are shown, unless LOG_LEVEL asks for more.
    if role == "hub":
        # Not in a notebook of somebody's own, who may compute beside it.
        go_first()
    logs.set_up(settings.log_level if role or os.environ.get("LOG_LEVEL") else "WARN")
    try:
        hub = RunningHub(settings, lock, PagePlace.of(os.environ.get(PAGE, "")) if role == "hub" else None)
        hub.start()
    except TempHubError:
        lock.release()
        raise
    atexit.register(hub.stop)
    return hub


def hub_runs(settings: Settings, url: str) -> TempHubError:
    """The error of a second hub on the same data folder."""
    return TempHubError(
        f"A hub runs already on the data folder {settings.data_dir}, at {url}.",
        "Open its page, or set DATA_DIR and PORT in Start.bat to start another hub.",
        code="hub_runs",
    )
