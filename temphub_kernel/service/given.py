"""The settings in force, kept in a file so that a start at logon means the same hub. Main thread only."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..base.errors import TempHubError
from ..base.settings import ALLOWED, Settings

FILE = "temphub.service.json"
LOG = "temphub.service.log"
LOG_BYTES = 5_000_000


def collect(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that were set, and the data folder as it is meant from here: at logon the working folder is another one."""
    kept = {name: environ[name] for name in ALLOWED if environ.get(name, "").strip()}
    return {**kept, "DATA_DIR": str(settings.data_dir)}


def write(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Keep the settings in the data folder, readable by this user only: SERVER_TOKEN may be among them. Raises TempHubError."""
    path = settings.data_dir / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{FILE}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(collect(settings, environ), ensure_ascii=False, indent=2), encoding="utf-8")
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
            f"The settings for the start at logon cannot be read from {path} ({error}), so the hub did not start.",
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
        sys.stdout = sys.stderr = _log(path.with_name(LOG)).open("a", encoding="utf-8", errors="replace", buffering=1)


def _log(path: Path) -> Path:
    # Windows does not rename what another process of the hub has open.
    with suppress(OSError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
    return path
