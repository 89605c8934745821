"""Who is the hub: a lock file in the data folder, held for as long as the hub lives, and a note of where it
is.

The operating system lets the lock go when its process dies, however it dies. Any thread.
"""

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core import TempHubError

log = logging.getLogger(__name__)

LOCK_FILE = "temphub.hub.lock"
# Of the server, which has the page and starts the hub.
SERVER_LOCK = "temphub.server.lock"
# While it is there the hub stops that the server started; the one that only a service's stops by.
STOP_FILE, SERVICE_STOP_FILE = "temphub.stop", "temphub.service.stop"
INFO_FILE = "temphub.hub.json"


@dataclass(frozen=True)
class HubInfo:
    """Where the hub of a data folder is. page: whether a page server runs behind it."""

    pid: int
    url: str
    started_ms: int
    version: str
    page: bool


class HubLock:
    """The one lock of a data folder."""

    def __init__(self, data_dir: Path, name: str = LOCK_FILE) -> None:
        self._data_dir = data_dir
        # thread_local=False: the hub may be stopped from another thread than the one that started it.
        # Only here: a page's kernel and the page server take none, for whom it would be a megabyte.
        from filelock import FileLock

        self._lock = FileLock(data_dir / name, thread_local=False)

    def take(self) -> bool:
        """Become the hub; False when another process is. Raises TempHubError when the folder cannot be
        used."""
        from filelock import Timeout

        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError as error:
            raise TempHubError(
                f"The data folder {self._data_dir} cannot be used ({error.strerror or error}), so nothing "
                "can be stored.",
                "Set DATA_DIR in Start.bat to a folder that you may write; `th.load()` and `temphub export` "
                "read what is in this one.",
                code="bad_data_dir",
            ) from error
        return True

    def release(self) -> None:
        """Let go."""
        self._lock.release()

    def tell(self, info: HubInfo) -> None:
        """Note where the hub is. Written whole or not at all: others may read at any moment."""
        path = self._data_dir / INFO_FILE
        fresh = path.with_name(f"{INFO_FILE}.{os.getpid()}")
        try:
            fresh.write_text(json.dumps(asdict(info)), encoding="utf-8")
            fresh.replace(path)
        # Windows refuses while another program has the note open; the hub works without it.
        except OSError as error:
            log.warning(
                "where the hub is could not be noted in %s (%s); other programs look at PORT instead",
                path,
                error,
            )

    def forget(self) -> None:
        """Remove the note."""
        with suppress(OSError):
            (self._data_dir / INFO_FILE).unlink(missing_ok=True)


def read_info(data_dir: Path) -> HubInfo | None:
    """The note of the hub of a data folder; None when there is none or it cannot be read."""
    try:
        return HubInfo(**json.loads((data_dir / INFO_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_running(data_dir: Path, name: str = LOCK_FILE) -> bool:
    """True when some process holds the lock of this data folder."""
    if not (data_dir / name).exists():
        return False
    lock = HubLock(data_dir, name)
    if lock.take():
        lock.release()
        return False
    return True
