"""A back-up every night into a folder of the user's choice, the oldest ones removed. Its own thread; each is
made by a process beside it."""

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ..core import Once, Settings, TempHubError, Worker, command_problem, now_ms
from .container import beginning, drop_left, file_name, note_failed, read_note

log = logging.getLogger(__name__)
LOOK_S = 600.0
# In the morning the night's is there; a computer that is off then makes it when it is on again.
HOUR = 3
LIMIT_S = 6 * 3600.0
TOLD_AT = 2
REMEDY = "Look at the folder, its drive or share; it is tried again by itself every ten minutes."
STAMP = re.compile(r"\d{8}-\d{6}\.zip")


class NightlyBackup(Worker):
    """Makes the one that is due. tell: is told what is the matter (problem, remedy), both empty when nothing
    is any more; look_s: how often it looks; limit_s: after how long one is given up."""

    def __init__(
        self,
        settings: Settings,
        *,
        tell: Callable[[str, str], object] = lambda _problem, _remedy: None,
        look_s: float = LOOK_S,
        limit_s: float = LIMIT_S,
    ) -> None:
        super().__init__("back-up")
        self._settings = settings
        self._tell, self._look_s, self._limit_s = tell, look_s, limit_s
        # How often in a row none was made; what was told before the start is not known.
        self._failures = 0
        self._told: bool | None = None
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
        # The command itself, so that the night's and a person's are the same.
        why = command_problem(
            self._settings.data_dir,
            "backup",
            str(path),
            within_s=self._limit_s,
            stopped=self.stopping.is_set,
        )
        return why or path

    def _failed(self, why: str) -> None:
        if self.stopping.is_set():
            # The next start makes it.
            return
        problem = f"The daily back-up into {self._folder} was not made ({why})."
        if made := read_note(self._settings.data_dir).get("made"):
            problem = f"{problem[:-1]}; the last one is of {made[:10]}."
        note_failed(self._settings.data_dir, problem, REMEDY)
        self.trouble(problem, REMEDY)
        self._failures += 1
        # A share that comes back by itself within ten minutes is nobody's business at night.
        if self._failures >= TOLD_AT:
            self._say(problem, REMEDY)
        self._once.warn("backup", f"{problem} {REMEDY}")

    def _well(self) -> None:
        told = read_note(self._settings.data_dir)
        if told.get("problem"):
            self.trouble(told["problem"], told["remedy"])
            self._say(told["problem"], told["remedy"])
        else:
            self.well()
            self._failures = 0
            self._say("", "")
            self._once.clear("backup", "the daily back-up is made again")

    def _say(self, problem: str, remedy: str) -> None:
        if self._told != bool(problem):
            try:
                self._tell(problem, remedy)
            except TempHubError as error:
                # The journal takes nothing just now; the next look says it.
                log.debug("what there is to say of the back-up was not taken: %s", error)
                return
            self._told = bool(problem)


def _last_night(now: int) -> int:
    """When the last night's was due, milliseconds since 1970."""
    here = datetime.fromtimestamp(now / 1000).astimezone()
    due = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return int((due if due <= here else due - timedelta(days=1)).timestamp() * 1000)
