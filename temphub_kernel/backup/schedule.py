"""A back-up every night into a folder of the user's choice, the oldest ones removed. Its own thread; each is
made by a process beside it."""

import logging
import re
import subprocess
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ..core import PACKAGE, Once, Settings, Worker, collected, now_ms, start_behind
from .container import beginning, drop_left, file_name, note_failed, read_note

log = logging.getLogger(__name__)
LOOK_S = 600.0
# In the morning the night's is there; a computer that is off then makes it when it is on again.
HOUR = 3
LIMIT_S = 6 * 3600.0
REMEDY = "Look at the folder, its drive or share; it is tried again by itself every ten minutes."
STAMP = re.compile(r"\d{8}-\d{6}\.zip")


class NightlyBackup(Worker):
    """Makes the one that is due. look_s: how often it looks; limit_s: after how long one is given up."""

    def __init__(self, settings: Settings, *, look_s: float = LOOK_S, limit_s: float = LIMIT_S) -> None:
        super().__init__("back-up")
        self._settings = settings
        self._look_s, self._limit_s = look_s, limit_s
        self._once = Once(log)

    def run(self) -> None:
        """The thread."""
        while not self.stopping.is_set():
            self.make_due(now_ms())
            self.stopping.wait(self._look_s)

    def make_due(self, now: int) -> Path | None:
        """Make one if none is there since last night, and remove those beyond BACKUP_KEEP; the new one."""
        made: Path | str
        try:
            there = self._there()
            newest = file_name(self._settings.data_dir, _last_night(now))
            if there and there[-1].name >= newest:
                self._well()
                return None
            made = self._make(now)
        except OSError as error:
            made = error.strerror or str(error)
        if isinstance(made, str):
            self._failed(made)
            return None
        for old in self._there()[: -self._settings.backup_keep]:
            with suppress(OSError):
                old.unlink()
        log.info("the back-up %s was written and read again", made)
        self._well()
        return made

    @property
    def _folder(self) -> Path:
        assert self._settings.backup_dir is not None
        return self._settings.backup_dir

    def _there(self) -> list[Path]:
        """This hub's back-ups in the folder, oldest first. Raises OSError."""
        own = beginning(self._settings.data_dir)
        names = (path for path in self._folder.iterdir() if path.name.startswith(own))
        return sorted(path for path in names if STAMP.fullmatch(path.name.removeprefix(own)))

    def _make(self, now: int) -> Path | str:
        """The file, or what went wrong. Raises OSError."""
        drop_left(self._folder)
        path = self._folder / file_name(self._settings.data_dir, now)
        env = {"DATA_DIR": str(self._settings.data_dir), "PYTHONUTF8": "1"}
        # The command itself, so that the night's and a person's are the same.
        nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
        words = ("backup", str(path))
        process = start_behind(PACKAGE.name, *words, stdin=nothing, stdout=nothing, stderr=pipe, env=env)
        with process:
            _, errors = collected(process, self._limit_s, self.stopping.is_set)
        if process.returncode == 0:
            return path
        lines = errors.decode("utf-8", "replace").splitlines()
        told = [line.partition(": ")[2] for line in lines if line.startswith("Problem: ")]
        return told[0].rstrip(".") if told else f"exit code {process.returncode}"

    def _failed(self, why: str) -> None:
        if self.stopping.is_set():
            # The next start makes it.
            return
        problem = f"The daily back-up into {self._folder} was not made ({why})."
        if made := read_note(self._settings.data_dir).get("made"):
            problem = f"{problem[:-1]}; the last one is of {made[:10]}."
        note_failed(self._settings.data_dir, problem, REMEDY)
        self.trouble(problem, REMEDY)
        self._once.warn("backup", f"{problem} {REMEDY}")

    def _well(self) -> None:
        told = read_note(self._settings.data_dir)
        if told.get("problem"):
            self.trouble(told["problem"], told["remedy"])
        else:
            self.well()
            self._once.clear("backup", "the daily back-up is made again")


def _last_night(now: int) -> int:
    """When the last night's was due, milliseconds since 1970."""
    here = datetime.fromtimestamp(now / 1000).astimezone()
    due = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return int((due if due <= here else due - timedelta(days=1)).timestamp() * 1000)
