"""Points into an engine, each once, by what it answers; and what it let fall, in words with a remedy. One
thread.

Requests grow while they are answered quickly and shrink when they are too large, too slow or broken off. What
it would let fall is not sent but counted; what it refused in part is not sent again.
"""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...core import EVER_MS, HOUR_MS, iso_utc, monotonic_s, now_ms, write_private
from ...engines import MEASUREMENT, BrokenOff
from ...journal import Flags
from .kinds import Blind, Door, Look, NotReadable, TooMuch, missing
from .lines import Points, once, tag_value

log = logging.getLogger(__name__)
REASONS = {
    "too_old": "older than what it keeps",
    "too_new": "dated further ahead than it takes",
    "no_time": "dated 1970 or before, which engines take for now",
    "same_millisecond": "of the same probe and millisecond as another, of which only one can be there",
    "partial_write": "refused by it in the middle of others",
    "refused_type": "refused for the type of its field there",
    "refused": "refused one by one",
    "not_kept": "acknowledged twice, and not there when it was read back",
    "changed": "there with another value than was sent",
}
AGAIN = "temphub forward --again --from {} --to {}"
ACCEPT = "temphub forward --accept"


class Fall(NamedTuple):
    """How many readings, and the first and last moment they are of, in ms."""

    readings: int
    from_ms: int
    to_ms: int


class Fallen:
    """Counted by reason. stored: as `as_json` had it."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        self._of = {
            reason: Fall(*map(int, told)) for reason, told in (stored or {}).items() if reason in REASONS
        }

    def __bool__(self) -> bool:
        return bool(self._of)

    def add(self, reason: str, count: int, from_ms: int, to_ms: int) -> None:
        """So many more, of [from_ms, to_ms]."""
        if count:
            had = self._of.get(reason, Fall(0, from_ms, to_ms))
            self._of = {
                **self._of,
                reason: Fall(had.readings + count, min(had.from_ms, from_ms), max(had.to_ms, to_ms)),
            }

    def take(self, other: "Fallen") -> None:
        """Those of another count too."""
        for reason, fall in other.counts().items():
            self.add(reason, *fall)

    def forget(self, from_ms: int, to_ms: int) -> None:
        """All of [from_ms, to_ms) was sent again: what lies within it is counted anew."""
        self._of = {
            reason: fall
            for reason, fall in self._of.items()
            if not (from_ms <= fall.from_ms and fall.to_ms < to_ms)
        }

    def counts(self) -> dict[str, Fall]:
        """By reason."""
        return dict(self._of)

    def as_json(self) -> dict[str, list[int]]:
        """To be stored."""
        return {reason: list(fall) for reason, fall in self._of.items()}

    def said(self, shown: str, remedies: Mapping[str, str]) -> tuple[str, str]:
        """(problem, remedy). shown: the engine's address; remedies: what helps with a reason at this kind of
        engine."""
        told = [
            f"{fall.readings:,} {REASONS[reason]} ({_second(fall.from_ms)} to {_second(fall.to_ms)})"
            for reason, fall in self._of.items()
        ]
        first, last = min(f.from_ms for f in self._of.values()), max(f.to_ms for f in self._of.values())
        total = sum(fall.readings for fall in self._of.values())
        helps = [remedies[reason] for reason in self._of if reason in remedies]
        again = AGAIN.format(_second(first), _second(last + 1000))
        return (
            f"The engine {shown} let {total:,} readings fall: {'; '.join(told)}. The hub has all of them.",
            f"{' '.join([*dict.fromkeys(helps), f'Send them again: {again}; or do without: {ACCEPT}'])}",
        )


IGNORED_MS = HOUR_MS


class Ignored:
    """What an engine says itself that it let fall, of all who write there, beside what it had let fall when
    this hub first asked. stored: as `as_json` had it."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        told = stored or {}
        self._started = str(told.get("started", ""))
        self._before = {str(key): int(number) for key, number in dict(told.get("before", {})).items()}
        self._now = dict(self._before)
        self._rose_ms = 0

    def take(self, look: Look) -> None:
        """What it says now; after its start it counts from nothing."""
        if look.started != self._started:
            self._before = {} if self._started else dict(look.ignored)
            self._started, self._now = look.started, dict(self._before)
        if look.ignored != self._now:
            self._now, self._rose_ms = dict(look.ignored), now_ms()

    def accept(self) -> None:
        """It is known."""
        self._before = dict(self._now)

    def counts(self) -> dict[str, int]:
        """By reason."""
        risen = {key: number - self._before.get(key, 0) for key, number in self._now.items()}
        return {key: number for key, number in risen.items() if number > 0}

    def as_json(self) -> dict[str, Any]:
        """To be stored."""
        return {"started": self._started, "before": self._before}

    def said(self, shown: str, remedies: Mapping[str, str]) -> tuple[str, str] | None:
        """(problem, remedy) as `Fallen.said`; None for nothing within the last hour: who else writes there
        may do so for long."""
        counts = self.counts()
        if not counts or now_ms() - self._rose_ms > IGNORED_MS:
            return None
        told = "; ".join(f"{number:,} {REASONS.get(key, key)}" for key, number in counts.items())
        helps = [remedies[key] for key in counts if key in remedies]
        return (
            f"The engine {shown} says that it let points fall: {told}. It counts what all programs write "
            "there; what this hub sent is compared with what is there.",
            " ".join(
                [*dict.fromkeys(helps), f"Look which program sends such points, or accept it: {ACCEPT}"]
            ),
        )


def said_of(
    fallen: Fallen, ignored: Ignored, shown: str, remedies: Mapping[str, str]
) -> tuple[str, str] | None:
    """(problem, remedy) of what was let fall of this hub, or else of all; None for nothing."""
    return fallen.said(shown, remedies) if fallen else ignored.said(shown, remedies)


def _second(ms: int) -> str:
    """The second that a moment lies in."""
    return f"{iso_utc(ms)[:-5]}Z"


FILE = "temphub.again.json"


class Done(NamedTuple):
    """What was sent again when; fallen: what was let fall of it."""

    at_ms: int
    from_ms: int
    to_ms: int
    fallen: Fallen


def done(folder: Path) -> Done | None:
    """The last time a range was sent again in a data folder."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Done(int(told["at_ms"]), int(told["from_ms"]), int(told["to_ms"]), Fallen(told["fallen"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def say_done(folder: Path, from_ms: int, to_ms: int, fallen: Fallen) -> None:
    """Have the hub count what fell within [from_ms, to_ms) as this."""
    told = {"at_ms": now_ms(), "from_ms": from_ms, "to_ms": to_ms, "fallen": fallen.as_json()}
    write_private(folder / FILE, json.dumps(told))


def accept(folder: Path) -> None:
    """Have the hub say no more of what fell until now."""
    say_done(folder, -EVER_MS, EVER_MS, Fallen())


PARTIAL = re.compile(r"dropped[= ]+(\d+)")
LEAST, MOST = 1, 100_000
FIRST = 20_000
QUICK_S, SLOW_S = 1.0, 5.0
BAD_REQUEST = (400, 422)


class Sending:
    """To one engine under one site. fallen: what it let fall; sent: points that it took; samples of each are
    the caller's to keep. most: points in a request."""

    def __init__(self, door: Door, site: str, kind: Blind, most: int = MOST) -> None:
        self.door = door
        self.site = site
        self.kind = kind
        self.look = Look()
        self.fallen = Fallen()
        self.sent = 0
        self._most = most
        self._size = min(FIRST, most)

    def send(self, points: Points, *, perhaps: bool = False, counted: bool = False) -> Points:
        """Send what it does not have; returns what it took. perhaps: some of it may be there already;
        counted: what cannot be there is counted already.

        Raises TempHubError when it is to be tried again, all of it with perhaps=True.
        """
        points = self._taken(points, counted)
        if perhaps and self.kind.doubles and len(points):
            points = self.lacking(points)
        start = 0
        while start < len(points):
            end = min(start + self._size, len(points))
            part = np.zeros(len(points), bool)
            part[start:end] = True
            try:
                self._post(points.only(part))
            except (TooMuch, BrokenOff) as error:
                if self._size <= LEAST:
                    raise
                self._size = max(LEAST, min(self._size, end - start) // 2)
                if isinstance(error, TooMuch):
                    # It says so of its own: to try again and again would only cost.
                    self._most = self._size
                elif self.kind.doubles:
                    # Nobody said whether it was taken.
                    raise
                continue
            start = end
        return points

    def lacking(self, points: Points) -> Points:
        """Those that the engine does not have. Raises TempHubError."""
        self.kind.flush()
        first, last = int(points.taken_ms.min()), int(points.taken_ms.max())
        try:
            there = self.kind.there(self.site, points.series, first, last)
        except NotReadable:
            # Twice is better than not at all.
            return points
        return points.only(np.array(missing(points, there), bool))

    def gathered(self) -> Fallen:
        """What it let fall since this was last asked."""
        found, self.fallen = self.fallen, Fallen()
        return found

    def hello(self) -> None:
        """A point that says this hub is there; what refuses it takes nothing at all. Raises TempHubError."""
        self._accepted(f"{MEASUREMENT},site={tag_value(self.site)} hub=1 {now_ms()}\n")

    def say(self, lines: str) -> None:
        """What is beside readings. One that it will never take is let be, since readings wait behind it.
        Raises TempHubError when it is to be tried again."""
        answer = self.door.post(lines.encode())
        if answer.status in (*BAD_REQUEST, 413):
            log.warning("%s", self.door.refused(answer))
        elif not 200 <= answer.status < 300 or answer.html:
            raise self.door.refused(answer)

    def _accepted(self, line: str) -> None:
        answer = self.door.post(line.encode())
        if not 200 <= answer.status < 300 or answer.html:
            raise self.door.refused(answer)

    def _taken(self, points: Points, counted: bool) -> Points:
        """Without what cannot be there, which is counted by readings: a corrected value is beside another."""
        points, doubled = once(points)
        if doubled and not counted:
            self.fallen.add("same_millisecond", doubled, int(points.taken_ms[0]), int(points.taken_ms[-1]))
        left = np.ones(len(points), bool)
        corrected = np.isin(
            points.at, [at for at, one in enumerate(points.series) if one.field == "corrected"]
        )
        bounds: list[tuple[str, Flags]] = [
            ("no_time", points.taken_ms <= 0),
            ("too_old", (points.taken_ms > 0) & (points.taken_ms < self.look.oldest_ms)),
            ("too_new", points.taken_ms > self.look.newest_ms),
        ]
        for reason, which in bounds:
            left &= ~which
            which &= ~corrected
            if which.any() and not counted:
                self._fell(reason, points.only(which))
        return points.only(left)

    def _post(self, points: Points) -> None:
        began_s = monotonic_s()
        answer = self.door.post(points.text(self.site))
        if 200 <= answer.status < 300 and not answer.html:
            self.sent += len(points)
            self._fit(len(points), monotonic_s() - began_s)
            return
        why = self.door.reason(answer)
        if answer.status in BAD_REQUEST and (dropped := PARTIAL.search(why)):
            # The others are there: sent again they would be refused again, and for ever.
            reason = "too_old" if "retention" in why else "refused_type" if "type" in why else "partial_write"
            self._fell(reason, points, min(int(dropped[1]), len(points)))
            self.sent += len(points) - min(int(dropped[1]), len(points))
            return
        if answer.status not in BAD_REQUEST:
            raise self.door.refused(answer)
        self._one_by_one(points)

    def _fit(self, count: int, took_s: float) -> None:
        if took_s > SLOW_S:
            self._size = max(LEAST, self._size // 2)
        elif took_s < QUICK_S and count == self._size:
            self._size = min(self._most, self._size * 2)

    def _one_by_one(self, points: Points) -> None:
        """One of them is refused, or all; found by halves."""
        self.hello()
        if len(points) == 1:
            self._fell("refused", points)
            return
        half = np.arange(len(points)) < len(points) // 2
        for which in (half, ~half):
            self._post(points.only(which))

    def _fell(self, reason: str, points: Points, count: int | None = None) -> None:
        first, last = int(points.taken_ms.min()), int(points.taken_ms.max())
        self.fallen.add(reason, len(points) if count is None else count, first, last)
