"""`GET /api/doctor`: what `temphub doctor` says of this computer, for the page. Endpoint thread; examined in a process of its own.

An examination measures the disk, reads the whole journal, sends on the network and asks every probe: one at a time, below the
hub's own priority. Whoever asks meanwhile or at once again is given the same answer, a bounded number of them.
"""

import asyncio
import json
import subprocess
from collections import Counter
from typing import Any

from ..base import paths
from ..base.clock import monotonic_s
from ..base.errors import Busy, TempHubError, Unavailable
from ..base.priority import collected, start_behind
from ..base.settings import Settings
from ..base.this_computer import is_here
from .handlers import ApiHandler
from .questions import Turns

KEEP_S = 10.0
# It ends by itself within 10 s of its start; on a busy computer the start alone takes seconds.
LIMIT_S = 60.0
MOST_WAITING, MOST_EACH = 100, 10
# Of Turns: it takes some 45 MB.
PARTS = 2


class Examinations:
    """The examination under way, and the last one's answer."""

    def __init__(self, settings: Settings, turns: Turns) -> None:
        self._settings = settings
        self._turns = turns
        self._under_way: asyncio.Future[dict[str, Any]] | None = None
        self._waiting: Counter[str] = Counter()
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: dict[str, Any] | None = None
        self._ended_s = 0.0
        self._closed = False

    async def latest(self, address: str) -> dict[str, Any]:
        """`{"well", "version", "time", "findings"}`, at most KEEP_S old when asked for. Raises TempHubError.

        address: who asks; each has some places to wait in, so that nobody holds all the connections there are.
        """
        if self._answer is not None and monotonic_s() - self._ended_s <= KEEP_S:
            return self._answer
        here = is_here(address)
        if self._waiting.total() >= MOST_WAITING or (not here and self._waiting[address] >= MOST_EACH):
            raise _too_many(self._waiting.total())
        if self._under_way is None:
            self._answer = None
            self._under_way = asyncio.ensure_future(self._in_turn())
            self._under_way.add_done_callback(self._ended)
        self._waiting[address] += 1
        try:
            # One who leaves does not end it for the others; one that failed has failed for all who waited.
            return await asyncio.shield(self._under_way)
        finally:
            self._waiting -= Counter((address,))

    def _ended(self, outcome: "asyncio.Future[dict[str, Any]]") -> None:
        self._under_way, self._ended_s = None, monotonic_s()
        if not outcome.cancelled() and outcome.exception() is None:
            self._answer = outcome.result()

    async def _in_turn(self) -> dict[str, Any]:
        if not await self._turns.begin(PARTS, lambda: not self._closed):
            raise _stopping()
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._examine)
        finally:
            self._turns.end(PARTS)

    def close(self) -> None:
        """End what is under way."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def _examine(self) -> dict[str, Any]:
        if self._closed:
            raise _stopping()
        try:
            self._process = process = _begin(self._settings)
        except OSError as error:
            raise _failed(str(error)) from error
        with process:
            try:
                said, _ = collected(process, LIMIT_S)
            except TimeoutError as error:
                raise _failed(f"it took longer than {LIMIT_S:g} s") from error
        try:
            found = json.loads(said)
            return {"well": found["ok"], **{name: found[name] for name in ("version", "time", "findings")}}
        except (ValueError, KeyError, TypeError) as error:
            raise _failed(f"exit code {process.returncode}") from error


class Doctor(ApiHandler):
    """`GET /api/doctor`"""

    async def get(self) -> None:
        self.reply({"ok": True, **await self.room.examinations.latest(self.request.remote_ip or "")})


def _begin(settings: Settings) -> "subprocess.Popen[bytes]":
    """The command itself, so that page and command line cannot differ."""
    # This hub's own place, whatever the working folder would mean.
    place = {
        "DATA_DIR": str(settings.data_dir),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "INTERFACES": ",".join(settings.interfaces),
    }
    return start_behind(
        paths.PACKAGE.name,
        "doctor",
        "--json",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**place, "PYTHONUTF8": "1"},
    )


def _too_many(waiting: int) -> TempHubError:
    return Busy(
        f"{waiting} wait already for what the doctor finds on this computer.",
        "Try again in a few seconds.",
    )


def _stopping() -> TempHubError:
    return _failed("the hub is being stopped")


def _failed(why: str) -> TempHubError:
    return Unavailable(
        f"This computer could not be examined ({why}); recording is not touched by that.",
        "Try again, or run `temphub doctor` on the hub's computer.",
        code="not_examined",
    )
