"""`th.start()`: become the hub, or attach to the one that runs. Main thread of a kernel or a script."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import (
    SETTINGS_FILE,
    Settings,
    TempHubError,
    go_first,
    logs,
    run_folder,
    startup,
    write_settings,
)
from .lock import SERVER_LOCK, HubLock, is_running, read_info

if TYPE_CHECKING:
    from .hub import RunningHub


class Attached:
    """What `th.start()` gives where another process is the hub."""

    role = "attached"

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.url = url

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.settings.journal_file

    @property
    def csv_file(self) -> Path:
        """The CSV log's file."""
        return self.settings.csv_file

    def stop(self) -> None:
        """Nothing to stop: the hub belongs to another process."""

    def __repr__(self) -> str:
        return f"Attached to the hub at {self.url}; readings are in {self.settings.data_dir}"


# Set by the server for the kernels that it starts; unset in JupyterLab and in scripts.
ROLE = "TEMPHUB_ROLE"
# The folder of the start, where the page server behind the hub is to be found.
RUN_PLACE = "TEMPHUB_PAGE"
# Where the reply of such a kernel has the error that the start ended with.
TOLD = "temphub"

log = logging.getLogger(__name__)
_started: RunningHub | Attached | None = None
_file: logs.LogFile | None = None
_lock = threading.Lock()


def start() -> RunningHub | Attached:
    """Start the hub in this process, or attach to the one that runs on the same data folder.

    Running it again returns the same hub. Raises TempHubError when a setting, the data folder or the port
    cannot be used.
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
        _keep_no_log()


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
    from .hub import RunningHub

    # In a notebook every line would land below the cell: there only warnings are shown, unless LOG_LEVEL asks
    # for more.
    if role == "hub":
        # Not in a notebook of somebody's own, who may compute beside it.
        go_first()
    _note_settings(settings)
    logs.set_up(settings.log_level if role or os.environ.get("LOG_LEVEL") else "WARN")
    if role != "hub":
        _keep_log(settings)
    # Behind a page server it was said there.
    for doubt in () if role else startup.doubts(settings, os.environ):
        log.warning("%s %s", *doubt)
    try:
        hub = RunningHub(settings, lock, _run_folder() if role == "hub" else None)
        hub.start()
    except TempHubError as error:
        lock.release()
        logs.note(str(error))
        _keep_no_log()
        raise
    atexit.register(hub.stop)
    return hub


def _note_settings(settings: Settings) -> None:
    """For back-ups: what is set in Start.bat is known to nobody but the hub."""
    with suppress(OSError):
        found = startup.in_force(settings.data_dir, os.environ)
        write_settings(settings.data_dir / SETTINGS_FILE, found)


def _run_folder() -> run_folder.RunFolder | None:
    place = os.environ.get(RUN_PLACE)
    return run_folder.RunFolder(Path(place)) if place else None


def _keep_log(settings: Settings) -> None:
    """A hub without a server writes the log file itself; where a server runs on the same folder the file is
    the server's."""
    global _file
    if not is_running(settings.data_dir, SERVER_LOCK):
        _file = logs.keep(settings.data_dir, settings.log_level)


def _keep_no_log() -> None:
    global _file
    if _file is not None:
        logs.forget(_file)
    _file = None


def hub_runs(settings: Settings, url: str) -> TempHubError:
    """The error of a second hub on the same data folder."""
    return TempHubError(
        f"A hub runs already on the data folder {settings.data_dir}, at {url}.",
        "Open its page, or set DATA_DIR and PORT in Start.bat to start another hub.",
        code="hub_runs",
    )
