"""What the processes of one start know of each other: small files in a folder of this user's own, away from
the data. Any thread.

Whoever of them dies, however, the others and its successor find here where the rest is.
"""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .network import PagePlace

if TYPE_CHECKING:
    from .processes import Process


# While it is there the start goes on: taken away by whoever ends it on purpose.
GOES_ON = "goes-on"
# The hub delivers, for the first time.
UP = "up"
# The page server, by itself; what the supervisor says of it; who looks after the hub kernel; the hub kernel;
# the demo's probes.
PAGE, PAGES, WATCHERS, HUB, PROBES = "page.json", "pages.json", "watchers.json", "hub.json", "probes.json"
# The kernel of the pages, which outlives a page server that is killed.
PAGES_KERNEL = "pages-kernel.json"


class RunFolder:
    """One start's folder. Reading what is not there, or only half there, gives None."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls) -> "RunFolder":
        """A new one. Raises OSError."""
        folder = cls(Path(tempfile.mkdtemp(prefix="temphub-")))
        (folder.path / GOES_ON).touch()
        return folder

    def has(self, name: str) -> bool:
        """Whether that file is there."""
        return (self.path / name).exists()

    def read(self, name: str) -> Any:
        """What was written."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write(self, name: str, content: Any) -> None:
        """Whole or not at all: others read at any moment. Raises OSError."""
        fresh = self.path / f"{name}.{os.getpid()}"
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(self.path / name)

    def forget(self, *names: str) -> None:
        """Take files away."""
        for name in names:
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """The start is over."""
        self.forget(GOES_ON)
        shutil.rmtree(self.path, ignore_errors=True)

    def page(self) -> PagePlace | None:
        """Where the page server is; None while there is none."""
        said = self.read(PAGE)
        return (
            PagePlace("127.0.0.1", int(said["port"]), str(said["secret"])) if isinstance(said, dict) else None
        )

    def page_pid(self) -> int:
        """The page server's process; 0 while there is none."""
        said = self.read(PAGE)
        return int(said["pid"]) if isinstance(said, dict) else 0

    def process(self, name: str) -> "Process | None":
        """The process that such a file names."""
        # Only here: the keeper, which asks for none, is to hold as little as can be.
        from .processes import Process

        said = self.read(name)
        return (
            Process(int(said["pid"]), str(said["word"])) if isinstance(said, dict) and "pid" in said else None
        )

    def watchers(self) -> "list[Process]":
        """Who looks after the hub kernel; empty when that is not known."""
        from .processes import Process

        said = self.read(WATCHERS)
        return [Process(int(pid), str(word)) for pid, word in said] if isinstance(said, list) else []

    def clear_left(self) -> None:
        """Take away what starts left behind whose processes were all killed."""
        for path in self.path.parent.glob("temphub-*"):
            other = RunFolder(path)
            # Without watchers it is no such folder, or one that is only being made.
            processes = other.watchers() and [*other.watchers(), *filter(None, [other.process(HUB)])]
            if path != self.path and processes and not any(one.runs() for one in processes):
                shutil.rmtree(path, ignore_errors=True)

    def keep_fresh(self) -> None:
        """Systems clear their temporary places of what nobody has touched for days."""
        with suppress(OSError):
            for path in (self.path, *self.path.rglob("*")):
                os.utime(path)
