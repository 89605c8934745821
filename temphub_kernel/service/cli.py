"""`temphub service install`, `uninstall`, `status` and `run`, and the settings in force, kept so that a start
at logon means the same hub. Main thread only.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from ..core import ALLOWED, Settings, TempHubError
from ..hub import SERVICE_STOP_FILE, is_running, read_info
from ..hub.commands.stop import ask_to_stop
from . import linux, macos, windows
from .plan import or_as_before, plan

FILE = "temphub.service.json"
LOG = "temphub.service.log"
LOG_BYTES = 5_000_000


def collect(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that were set, and the data folder as it is meant from here: at logon the working folder
    is another one."""
    kept = {name: environ[name] for name in ALLOWED if environ.get(name, "").strip()}
    return {**kept, "DATA_DIR": str(settings.data_dir)}


def write(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Keep the settings in the data folder, readable by this user only: SERVER_TOKEN may be among them.
    Raises TempHubError."""
    path = settings.data_dir / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{FILE}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(
            json.dumps(collect(settings, environ), ensure_ascii=False, indent=2), encoding="utf-8"
        )
        fresh.replace(path)
    except OSError as error:
        raise TempHubError(
            f"The settings for the start at logon could not be kept in {path} ({error.strerror or error}).",
            "Set DATA_DIR in Start.bat to a folder that you may write.",
            code="bad_data_dir",
        ) from error
    return path


def read(path: Path) -> dict[str, str]:
    """The kept settings. Raises TempHubError when the file is gone or broken."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no JSON object")
        return {name: str(value) for name, value in found.items() if name in ALLOWED}
    except (OSError, ValueError) as error:
        raise TempHubError(
            f"The settings for the start at logon cannot be read from {path} ({error}), so the hub did not "
            "start.",
            "Run `temphub service install` again.",
            code="bad_setting",
        ) from error


def apply(path: Path) -> None:
    """Make the kept settings those of this process, and give it a log where there is no console."""
    found = read(path)
    for name in ALLOWED:
        os.environ.pop(name, None)
    os.environ.update(found)
    if sys.stdout is None or sys.stderr is None:
        sys.stdout = sys.stderr = _log(path.with_name(LOG)).open(
            "a", encoding="utf-8", errors="replace", buffering=1
        )


def _log(path: Path) -> Path:
    # Windows does not rename what another process of the hub has open.
    with suppress(OSError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
    return path


Say = Callable[[str], None]
SYSTEMS = {"win32": windows, "darwin": macos, "linux": linux}


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
        if keeper is windows:
            # Task Scheduler ends only the process that it started, and the others go on.
            ask_to_stop(settings.data_dir, SERVICE_STOP_FILE)
        say(said)
        (settings.data_dir / FILE).unlink(missing_ok=True)
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
    """Keep the settings in force and have the hub started with them, now and at every logon. After a failure
    all is as it was."""
    runs = is_running(settings.data_dir)
    with or_as_before(settings.data_dir / FILE):
        path = write(settings, os.environ)
        say(keeper.install(plan(path, windowless=keeper is windows)))
    say(
        f"Settings in force now were kept in {path}; after changing one, run `temphub service install` again."
    )
    if runs:
        say(
            "A hub runs already on this data folder; the one started at logon takes over when that one is "
            "closed and you log on again."
        )
    return 0


def status(settings: Settings, keeper: ModuleType, say: Say) -> int:
    """Whether it is installed, and whether a hub runs on the data folder."""
    standing = keeper.standing()
    info = read_info(settings.data_dir) if is_running(settings.data_dir) else None
    if not standing.installed:
        say("The hub does not start by itself at logon; `temphub service install` changes that.")
    else:
        say(f"The hub starts by itself when you log on ({standing.said}).")
    say(
        f"A hub runs on {settings.data_dir}: {info.url}"
        if info
        else f"No hub runs on {settings.data_dir} now."
    )
    return 0 if standing.installed else 1


def run(settings_file: Path | None) -> int:
    """Make the kept settings those of this process; the caller then runs the hub. Raises TempHubError."""
    if settings_file is None:
        raise TempHubError(
            "`temphub service run` was not told which settings.",
            "Use `temphub service install`.",
            code="service",
        )
    apply(settings_file)
    return 0
