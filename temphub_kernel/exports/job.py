"""An export in a process of its own, so that the hub's readings never wait for it. Any thread, one at a time.

The process ends when it is stopped, when it has nobody to write to, and when whoever started it is gone.
"""

import json
import shutil
import subprocess
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

from ..core import HubFault, Relayed, TempHubError, Unavailable, start_behind

BLOCK_BYTES = 256 * 1024
PREFIX = "temphub-export-"


class Wanted(Protocol):
    """A dataclass that says what file is to be made: of which form, and how it is called."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def form(self) -> str: ...
    def file_name(self) -> str: ...


class Job:
    """One export. `read` gives the file piece by piece: a CSV while it is made, the other forms once they are
    whole."""

    # What its process runs.
    module = f"{__package__}.job_process"

    def __init__(self, journal: Path, order: Wanted) -> None:
        self._journal = journal
        self._order = order
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._source: IO[bytes] | None = None
        self._stopped = self._closed = False
        # A hub that stops closes also what is only just being started.
        self._turn = threading.Lock()

    @property
    def form(self) -> str:
        """What kind of file it makes."""
        return self._order.form

    @property
    def stopped(self) -> bool:
        """Whether nobody wants it any more."""
        return self._stopped

    def start(self) -> None:
        """Start the process. Raises TempHubError (503) where that cannot be done now."""
        try:
            with self._turn:
                self._begin()
        except OSError as error:
            # No room for a temporary folder, or no further process for a moment.
            raise Unavailable(
                f"The file could not be begun ({error.strerror or error}); recording is not touched by that.",
                "Try again in a minute; if it lasts, make room on the hub's computer.",
                code="export_not_begun",
            ) from error

    def _begin(self) -> None:
        if self._closed:
            raise InterruptedError("nobody waits for it any more")
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        wanted = {"journal": str(self._journal), "order": asdict(self._order), "folder": str(self._folder)}
        with self._errors().open("wb") as errors:
            self._process = start_behind(
                self.module, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        assert self._process.stdin is not None
        # A process that is gone already says why in its errors.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
        if self._stopped:
            self._process.kill()

    def read(self) -> bytes:
        """The next piece; empty at the end. Waits. Raises TempHubError when the export failed."""
        assert self._process is not None and self._process.stdout is not None and self._folder is not None
        if self._source is None:
            if self._order.form == "csv":
                self._source = self._process.stdout
            else:
                self._ended()
                self._source = (self._folder / f"export.{self._order.form}").open("rb")
        assert self._source is not None
        block = self._source.read(BLOCK_BYTES)
        if not block:
            self._ended()
        return block

    def kill(self) -> None:
        """Have the process end; returns at once."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process if it runs, and remove what it made; none is started any more. Waits a moment."""
        self.kill()
        with self._turn:
            self._closed = True
            self._clear()

    def _clear(self) -> None:
        if self._process is not None:
            self._process.wait(10)
            for pipe in (self._source, self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ended(self) -> None:
        assert self._process is not None
        if self._process.wait() != 0:
            raise self._failure()

    def _errors(self) -> Path:
        assert self._folder is not None
        return self._folder / "errors"

    def _failure(self) -> TempHubError:
        said = self._errors().read_text(encoding="utf-8", errors="replace").strip().splitlines()
        try:
            told = json.loads(said[-1])
            return Relayed(told["problem"], told["remedy"], code=told["error"], status=told["status"])
        except (ValueError, KeyError, TypeError, IndexError):
            return HubFault(
                f"The export stopped before its end{f' ({said[-1][:200]})' if said else ''}.",
                "Ask again; if it happens again, use `temphub export` on the hub's computer, which says "
                "more.",
                code="export_failed",
            )
