"""`temphub service install`, `uninstall`, `status`, and `run`, which is what the system starts. Main thread."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from ..base.errors import TempHubError
from ..base.settings import Settings
from ..hub.lock import SERVICE_STOP_FILE, is_running, read_info
from ..hub.stopping import ask_to_stop
from . import given, launchd, systemd, task
from .plan import or_as_before, plan

Say = Callable[[str], None]
SYSTEMS = {"win32": task, "darwin": launchd, "linux": systemd}


def service(action: str, settings_file: Path | None, say: Say) -> int:
    """The exit code; 1 for `status` when it is not installed. Raises TempHubError."""
    if action == "run":
        return run(settings_file)
    keeper = system(sys.platform)
    settings = Settings.from_environ()
    if action == "install":
        return install(settings, keeper, say)
    if action == "uninstall":
        said = keeper.uninstall()
        if keeper is task:
            # Task Scheduler ends only the process that it started, and the others go on.
            ask_to_stop(settings.data_dir, SERVICE_STOP_FILE)
        say(said)
        (settings.data_dir / given.FILE).unlink(missing_ok=True)
        return 0
    return status(settings, keeper, say)


def system(platform: str) -> ModuleType:
    """Who starts programs at logon here. Raises TempHubError where nobody is known."""
    if platform not in SYSTEMS:
        raise TempHubError(
            f"How programs are started at logon on this system ({platform}) is not known to TempHub.",
            "Add the command `temphub --no-browser` to what your system starts at logon.",
            code="service",
        )
    return SYSTEMS[platform]


def install(settings: Settings, keeper: ModuleType, say: Say) -> int:
    """Keep the settings in force and have the hub started with them, now and at every logon. After a failure all is as it was."""
    runs = is_running(settings.data_dir)
    with or_as_before(settings.data_dir / given.FILE):
        path = given.write(settings, os.environ)
        say(keeper.install(plan(path, windowless=keeper is task)))
    say(f"Settings in force now were kept in {path}; after changing one, run `temphub service install` again.")
    if runs:
        say("A hub runs already on this data folder; the one started at logon takes over when that one is closed and you log on again.")
    return 0


def status(settings: Settings, keeper: ModuleType, say: Say) -> int:
    """Whether it is installed, and whether a hub runs on the data folder."""
    standing = keeper.standing()
    info = read_info(settings.data_dir) if is_running(settings.data_dir) else None
    if not standing.installed:
        say("The hub does not start by itself at logon; `temphub service install` changes that.")
    else:
        say(f"The hub starts by itself when you log on ({standing.said}).")
    say(f"A hub runs on {settings.data_dir}: {info.url}" if info else f"No hub runs on {settings.data_dir} now.")
    return 0 if standing.installed else 1


def run(settings_file: Path | None) -> int:
    """Make the kept settings those of this process; the caller then runs the hub. Raises TempHubError."""
    if settings_file is None:
        raise TempHubError("`temphub service run` was not told which settings.", "Use `temphub service install`.", code="service")
    given.apply(settings_file)
    return 0
