"""The engine's follower: every reading of the journal into it, once. Its own thread and Reader.

What is acknowledged is not kept yet: the bookmark trails by a minute, and goes back when the engine was
started anew meanwhile or lacks what was sampled. Where an engine keeps both of two equal points, what was
perhaps sent before is compared with what is there.
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from ...core import EVER_MS, Settings, TempHubError, monotonic_s
from ...engines import web
from ...journal import Columns, Reader, Writer
from .. import follower
from .beside import Hours, Telling
from .kinds import Door, NotReadable, kind_of
from .lines import NEEDED, Points, Revisions, Series, points_of
from .sending import Fallen, Ignored, Sending, done, said_of

BLOCK = 50_000
# Faster than that it would only take the computer from those who deliver.
MOST_A_SECOND = 250_000
TRAIL_S = 60.0
LOOK_S = 5.0
# Blocks that may be sent before the bookmark says so: what a crash leaves unsure.
AHEAD = 20
SAMPLES = 3
HELLO_S = 60.0


class Sample(NamedTuple):
    """A point that was sent."""

    series: Series
    taken_ms: int
    value: float


class Mark(NamedTuple):
    """Where the follower was at a moment, and some of what was sent before it."""

    at_s: float
    no: int
    samples: list[Sample]


def _lacks(
    sending: Sending, site: str, samples: Sequence[Sample], missed: set[Sample], fallen: Fallen
) -> bool:
    """Whether one of them is not there for the first time. missed: those that were not before; fallen: takes
    what is amiss for good."""
    for one in samples if sending.kind.reads else ():
        if one.taken_ms < sending.look.oldest_ms:
            continue
        try:
            found = sending.kind.there(site, [one.series], one.taken_ms, one.taken_ms)
        except NotReadable as error:
            # A status code is then all there is to go by.
            sending.look = sending.look._replace(advice=error.remedy)
            return False
        value = found.get(one.series, {}).get(one.taken_ms)
        if value is None and one not in missed:
            missed.add(one)
            return True
        if value is None or round(value, 7) != one.value:
            fallen.add("not_kept" if value is None else "changed", 1, one.taken_ms, one.taken_ms)
    return False


class Engine(follower.Forwarder):
    """door: where to; site: under which name. trail_s: how long what was acknowledged counts as unsure."""

    def __init__(
        self,
        door: Door,
        site: str,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        trail_s: float = TRAIL_S,
        look_s: float = LOOK_S,
        block: int = BLOCK,
        pauses_s: Sequence[float] = follower.PAUSES_S,
    ) -> None:
        super().__init__("engine", journal, writer, every_s=every_s, block=block, pauses_s=pauses_s)
        self._door, self._site, self._folder = door, site, journal.parent
        self._trail_s, self._look_s = trail_s, look_s
        self._sending: Sending | None = None
        self._revisions, self._hours, self._telling = Revisions(), Hours(site), Telling(site)
        self._fallen, self._ignored = Fallen(), Ignored()
        self._kept = self._attempted = self._reserved = self._counted = 0
        self._marks: deque[Mark] = deque()
        self._samples: list[Sample] = []
        self._missed: set[Sample] = set()
        self._redo: dict[str, int] = {}
        self._pieces: Iterator[Columns] | None = None
        self._redone: deque[tuple[float, str, int]] = deque()
        self._looked_s = self._said_s = float("-inf")
        self._again_ms, self._away = 0, False
        self._told: tuple[int, dict[str, Any]] = 0, {}

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Ends also while the engine takes its time."""
        self.stopping.set()
        self._door.cut()
        return super().stop(timeout_s)

    def report(self) -> dict[str, Any]:
        """How far it is, for /api/health: site, engine, url, waiting, sent, fallen by reason. Any thread."""
        # With how far it was then: nothing waits only once the rest is told, too.
        no, told = self._told
        return {**told, "waiting": max(0, self._writer.last_no - no)} if told else {}

    def recall(self, note: dict[str, Any], reader: Reader) -> None:
        ours = note.get("target") == self._target()
        # Another engine has nothing yet, and gets all there is.
        self.no = self._kept = self.no if ours and note.get("begun") else 0
        self._attempted = self._reserved = int(note.get("reserved", 0)) if ours else 0
        self._counted = int(note.get("counted", 0)) if ours else 0
        self._revisions = Revisions(note.get("revisions") if ours else None)
        self._fallen = Fallen(note.get("fallen") if ours else None)
        self._ignored = Ignored(note.get("ignored") if ours else None)
        self._redo = {one: int(no) for one, no in note.get("redo", {}).items()} if ours else {}
        self._again_ms = int(note.get("again_ms", 0)) if ours else 0
        self._hours.begin(reader, int(note.get("hours", 0)) if ours else 0, self.no)
        self._marks.clear()
        self._pieces = None

    def place(self) -> int:
        return self._kept

    def note(self) -> dict[str, Any]:
        unsure = {probe_id: no for _, probe_id, no in self._redone}
        return {
            "target": self._target(),
            "reserved": self._reserved,
            "revisions": self._revisions.as_json(),
            "counted": self._counted,
            "fallen": self._fallen.as_json(),
            "ignored": self._ignored.as_json(),
            "redo": {**unsure, **self._redo},
            "again_ms": self._again_ms,
            "hours": self._hours.up_to(self._kept, self._trail_s),
        }

    def _target(self) -> str:
        return sha256(f"{self._door.shown} {self._site}".encode()).hexdigest()[:16]

    def pass_on(self, reader: Reader) -> bool:
        try:
            return self._pass_on(reader)
        except web.Away:
            self._away = True
            raise
        finally:
            self._tell()

    def _pass_on(self, reader: Reader) -> bool:
        sending = self._sending = self._sending or Sending(self._door, self._site, kind_of(self._door))
        self._look(sending, reader)
        self._judge(reader)
        # What fell of a block is counted once, whole.
        most = self.block if self.no >= self._counted else min(self.block, self._counted - self.no)
        began_s = monotonic_s()
        columns = reader.behind(self.no, most, fields=NEEDED, own=True)
        if len(columns):
            self._send(sending, columns)
            if len(columns) == BLOCK:
                self.stopping.wait(max(0.0, BLOCK / MOST_A_SECOND - (monotonic_s() - began_s)))
        return len(columns) == most or self._redo_piece(sending, reader) or self._hour(sending, reader)

    def settled(self) -> None:
        sending = self._sending
        said = sending and said_of(self._fallen, self._ignored, self._door.shown, sending.kind.remedies)
        if said:
            self.trouble(*said)
        else:
            self.well()

    def _send(self, sending: Sending, columns: Columns) -> None:
        last = int(columns.no[-1])
        if last > self._reserved:
            self._reserved = last + AHEAD * self.block
            self.save()
        perhaps = self.no < self._attempted
        # From now on, until it was taken, what is in this block may be there.
        self._attempted = max(self._attempted, last)
        points = points_of(columns, self._revisions.numbers)
        took = sending.send(points, perhaps=perhaps, counted=last <= self._counted)
        self._sample(took)
        self.no = last
        self._hours.touch(columns)
        self._counted = max(self._counted, last)
        self._fallen.take(sending.gathered())

    def _sample(self, points: Points) -> None:
        if len(points):
            at = random.randrange(len(points))
            one = Sample(
                points.series[points.at[at]], int(points.taken_ms[at]), round(float(points.values[at]), 7)
            )
            self._samples = [*self._samples[-SAMPLES + 1 :], one]

    def _look(self, sending: Sending, reader: Reader) -> None:
        now_s = monotonic_s()
        if now_s - self._looked_s < self._look_s:
            return
        self._again()
        had, sending.look = sending.look.started, sending.kind.look()
        self._ignored.take(sending.look)
        # It tells its start to the second only, and may have been started twice in one.
        if self._away or (had and sending.look.started != had):
            self._back(sending, "it was away, or started anew")
        self._away = False
        if now_s - self._said_s >= HELLO_S:
            sending.hello()
            if not sending.kind.reads:
                # It may have been busy when it was asked what it is.
                sending.kind = kind_of(self._door)
            self._said_s = now_s
        self._telling.tell(reader, sending.say)
        if not self._marks or self._marks[-1].no != self.no:
            self._marks.append(Mark(now_s, self.no, self._samples))
            self._samples = []
        while self._marks and now_s - self._marks[0].at_s >= self._trail_s:
            if not self._promote(sending, self._marks[0]):
                break
        while self._redone and now_s - self._redone[0][0] >= 2 * self._trail_s:
            self._redone.popleft()
        self._looked_s = now_s

    def _promote(self, sending: Sending, mark: Mark) -> bool:
        """What was sent before that moment is kept, or sent again."""
        if _lacks(sending, self._site, mark.samples, self._missed, self._fallen):
            self._back(sending, "it lacks what it acknowledged")
            return False
        self._missed.clear()
        self._kept = max(self._kept, mark.no)
        self._marks.popleft()
        return True

    def _back(self, sending: Sending, why: str) -> None:
        follower.log.info(
            "the engine %s: %s; what is not surely kept there is sent again", self._door.shown, why
        )
        self._attempted = max(self._attempted, self.no)
        self.no = self._kept
        self._marks.clear()
        self._samples = []
        for _, probe_id, no in self._redone:
            self._redo.setdefault(probe_id, no)
        self._redone.clear()
        self._pieces = None
        self._hours.back()
        sending.kind.flush()

    def _again(self) -> None:
        """What `temphub forward --again` said it did meanwhile."""
        told = done(self._folder)
        if told and told.at_ms > self._again_ms:
            self._again_ms = told.at_ms
            self._fallen.forget(told.from_ms, told.to_ms)
            self._fallen.take(told.fallen)
            self._ignored.accept()

    def _judge(self, reader: Reader) -> None:
        for probe_id in self._revisions.changed(reader):
            self._redo[probe_id] = self.no
            self._hours.anew(reader, probe_id)
            self._pieces = None

    def _redo_piece(self, sending: Sending, reader: Reader) -> bool:
        """One piece of a probe's corrected values; whether there is more."""
        if not self._redo:
            return False
        probe_id, up_to = next(iter(self._redo.items()))
        if self._pieces is None:
            self.save()
            self._pieces = reader.stream(
                -EVER_MS, EVER_MS, [probe_id], most=BLOCK, fields=NEEDED, struck_out=True, own=True
            )
        piece = next(self._pieces, None)
        if piece is None:
            self._redone.append((monotonic_s(), probe_id, self._redo.pop(probe_id)))
            self._pieces = None
            return bool(self._redo)
        try:
            points = points_of(piece, self._revisions.numbers, only="corrected", up_to=up_to)
            sending.send(points, perhaps=True, counted=True)
        except TempHubError:
            # From its beginning: what is there is not sent again.
            self._pieces = None
            raise
        self._fallen.take(sending.gathered())
        return True

    def _hour(self, sending: Sending, reader: Reader) -> bool:
        """Some of what whole hours come to; whether there is more."""
        lines, hours = self._hours.due(reader, self._revisions.numbers)
        if lines:
            sending.say(lines)
        self._hours.sent(hours)
        return bool(hours)

    def _tell(self) -> None:
        sending = self._sending
        told = {
            "site": self._site,
            "engine": sending.kind.name if sending else "not met yet",
            "url": self._door.shown,
            "sent": sending.sent if sending else 0,
            "unsure": self.no - self._kept,
            "fallen": {reason: fall.readings for reason, fall in self._fallen.counts().items()},
            "ignored": self._ignored.counts(),
            "hours": self._hours.waiting(),
            "advice": sending.look.advice if sending else "",
        }
        self._told = self.no, told


def forwarding(settings: Settings, writer: Writer) -> Engine:
    """What passes everything on to FORWARD_URL."""
    door = Door(settings.forward_url, settings.forward_token, settings.read_from, settings.read_token)
    return Engine(door, settings.site, settings.journal_file, writer)
