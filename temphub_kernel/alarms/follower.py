"""Alarms as the journal grows: a follower of its own. Its own thread and Reader; what it finds goes through
the writer.

What readings and time bring is one commit: the alarms, what happened to them, the messages that are to be
told, the engine's state and how far the follower is. So a hub that is killed at any moment goes on where the
journal says, and tells nothing twice.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..core import MINUTE_MS, Once, TempHubError, board_of, monotonic_s, now_ms
from ..journal import Alarm, AlarmBook, Columns, Follower, Reader, StoredRule, Writer, change
from . import evaluate, life, rules, sickness
from .watches import Back, Transition, Watch

log = logging.getLogger(__name__)
FOLLOWER = "alarms"
# The note of what may become an alarm, beside all else that is remembered: for who asks each second.
PENDING = "pending"
BLOCK = 20_000
LOOK_S = 0.5
TICK_S = 1.0
# How often its state is kept when nothing happens: after a kill so much is looked at again, with the same
# result.
SAVE_S = 30.0
# That something is pending, or no more, may wait so long for what else is to be kept: with thousands of
# probes there is always one, and all that is known is kept each time.
HOLD_S = 1.0
PROBES_S = 5.0
# After all probes were looked through it is not done again, for a new one, before so many times what that
# took: where thousands come in a row it would be done without an end.
WATCH_REST = 20.0
# How often the worst of alarms that go on is written down while it grows. What a kill takes of it is read
# again from the readings.
WORST_S = 5.0
MOST_SAID = 20_000
FIELDS = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot")


class Pending(NamedTuple):
    """What may become an alarm: beyond its limit, and not yet for long enough."""

    rule: int
    probe: int
    since_ms: int


class Counts(NamedTuple):
    """How many alarms there are: active ones, and those that nobody has acknowledged."""

    active: int = 0
    unacknowledged: int = 0


class Engine:
    """Both that judge: temperatures and sickness."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self.sickness = sickness.Sickness(watches)
        self._evaluator = evaluate.Evaluator(watches)

    def take(self, new: Columns, now_ms: int) -> list[Transition]:
        """What readings come to."""
        shared = (new.probe, new.taken_ms, new.received_ms, new.celsius)
        found = self._evaluator.take(*shared, now_ms)
        return found + self.sickness.take(*shared, new.quality, new.boot, now_ms)

    def worse(self) -> dict[tuple[int, int], tuple[float, int]]:
        """Which alarms became worse since it was asked last: {(rule, probe): (°C, when)}."""
        return self._evaluator.worse()

    def back(self) -> Back:
        """Who is well again, of alarms that go on of which that changed since it was asked last."""
        return self._evaluator.back() | self.sickness.back()

    def soon(self, now_ms: int) -> bool:
        """Whether somebody may have to be told of a sick probe within a minute. Before `tick`."""
        return self.sickness.soon(now_ms)

    def tick(self, now_ms: int) -> list[Transition]:
        """What time alone brings; about once a second."""
        return self._evaluator.tick(now_ms) + self.sickness.tick(now_ms)

    def state(self) -> dict[str, Any]:
        """As `restore` takes it."""
        return {"temperatures": self._evaluator.state(), "sickness": self.sickness.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._evaluator.restore(state.get("temperatures", {}))
        self.sickness.restore(state.get("sickness", {}))


class Alarms(Follower[Reader]):
    """Watches by the rules in the journal.

    channels: the names of all ways out, for rules that name none; own: causes that somebody else looks for,
    of alarms without a rule. look_s: how often it looks for new
    readings, probes_s: for groups, intervals and probes that were removed; rules and new probes are seen at
    once.
    """

    def __init__(
        self,
        journal: Path,
        writer: Writer,
        *,
        channels: Callable[[], Sequence[str]] = tuple,
        own: Sequence[str] = (),
        look_s: float = LOOK_S,
        probes_s: float = PROBES_S,
    ) -> None:
        super().__init__(FOLLOWER)
        self.counts = Counts()
        # What the lamps of boards are to show, by the board's id; replaced as a whole, so any thread may
        # look.
        self.lamps: dict[str, str] = {}
        # How long probes may keep readings because the hub asked them to; set before the start.
        self.gathered_ms: Callable[[], int] = int
        self._journal, self._writer = journal, writer
        self._channels = channels
        self._own = {(0, cause, 0) for cause in own}
        self._look_s, self._every_probes_s = look_s, probes_s
        self._no = 0
        self._rules: dict[int, rules.Rule] = {}
        self._watches: list[Watch] = []
        self._watched: set[tuple[int, str, int]] = set()
        # What each probe's readings may be listed under.
        self._ids: dict[int, tuple[str, ...]] = {}
        self._engine = Engine(())
        self._pending: dict[tuple[int, int], Pending] = {}
        self._held: list[Transition] = []
        self._soon = False
        self._marks: tuple[object, ...] = ()
        # What is not looked at in time was said by probes that nobody watches.
        self._said: deque[tuple[str, str, float]] = deque(maxlen=MOST_SAID)
        self._numbers: dict[str, int] = {}
        self._once = Once(log)
        self._ticked_s = self._saved_s = self._probes_s = self._held_s = self._worst_s = 0.0
        self._rests_until_s, self._saved_no = 0.0, -1
        # What is not written down yet.
        self._worse, self._back = dict[tuple[int, int], tuple[float, int]](), Back()

    def tell(self, probe_id: str, what: str, value: float) -> None:
        """What a probe said of itself beside its readings: `rssi` in dBm, or `outbox`, how many wait on it.
        Any thread; at once."""
        self._said.append((probe_id, what, value))

    @property
    def soon(self) -> bool:
        """Whether somebody may have to be told within minutes. Any thread."""
        return self._soon

    def opened(self) -> Reader:
        return Reader(self._journal, recent=self._writer.recent)

    def begin(self, reader: Reader) -> None:
        self._no, note = reader.bookmark(FOLLOWER)
        self._saved_no = self._no
        if not note.get("begun"):
            # What came before anybody gave a rule is history.
            self._no, self._saved_no = reader.count(), -1
        if reader.note(PENDING)[1].get(PENDING) != note.get(PENDING):
            # A version that left no such note was here.
            self._saved_no = -1
        self._marks, self._probes_s, self._held = (), 0.0, []
        self._pending = {(one[0], one[1]): Pending(*one) for one in note.get(PENDING, [])}
        self._watch(reader, note.get("engine", {}))

    def round(self, reader: Reader) -> float:
        at_ms = now_ms()
        self._look_at_rules(reader)
        found, taken = self._new_readings(reader, at_ms)
        ticks = monotonic_s() - self._ticked_s >= TICK_S
        if ticks:
            self._ticked_s = monotonic_s()
            while self._said:
                probe_id, what, value = self._said.popleft()
                self._engine.sickness.tell(self._numbers.get(probe_id, 0), what, value, at_ms)
            self._engine.sickness.gathers(self.gathered_ms())
            self._look_ahead(at_ms)
            found += self._engine.tick(at_ms)
            self._back |= self._engine.back()
        self._note(found)
        self._hold(found)
        if self._is_to_be_saved() or (ticks and self._waits(reader, at_ms)):
            self._commit(at_ms)
            self._count(reader.live_alarms())
        elif self._worse and monotonic_s() - self._worst_s >= WORST_S:
            worse = self._worse
            change(self._writer, lambda book: _worsen(book, worse))
            self._worse, self._worst_s = {}, monotonic_s()
        self.well()
        return 0.0 if taken == BLOCK else self._look_s

    def end(self, reader: Reader) -> None:
        try:
            self._commit(now_ms())
        except TempHubError as error:
            log.info(
                "what the alarms know was not kept at the stop, so some readings are looked at again: %s",
                error,
            )

    def _new_readings(self, reader: Reader, at_ms: int) -> tuple[list[Transition], int]:
        """What the next readings come to, and how many they were."""
        if self._writer.last_no <= self._no:
            return [], 0
        if not self._watches:
            self._no = self._writer.last_no
            return [], 0
        columns = reader.behind(self._no, BLOCK, fields=FIELDS)
        if not len(columns):
            return [], 0
        self._no = int(columns.no[-1])
        found = self._engine.take(columns, at_ms)
        self._worse |= self._engine.worse()
        return found, len(columns)

    def _waits(self, reader: Reader, at_ms: int) -> bool:
        """Whether time alone brings something."""
        book = reader.alarm_book()
        live = book.live()
        self._count(live)
        return bool(life.due(book, live, self._rules, at_ms) or life.unwatched(live, self._watched))

    def _note(self, found: Sequence[Transition]) -> None:
        """What is pending by now."""
        for one in found:
            if one.what == "pending":
                self._pending[one.rule, one.probe] = Pending(one.rule, one.probe, one.since_ms)
            elif not one.past:
                self._pending.pop((one.rule, one.probe), None)
        # Seen at once: what sends needs a second to be ready.
        self._soon = self._soon or bool(self._pending)

    def _look_ahead(self, at_ms: int) -> None:
        quick = any(rule.delay_ms < MINUTE_MS for rule in self._rules.values())
        self._soon = bool(self._pending) or quick or self._engine.soon(at_ms)

    def _hold(self, found: Sequence[Transition]) -> None:
        if found and not self._held:
            self._held_s = monotonic_s()
        self._held += found

    def _is_to_be_saved(self) -> bool:
        if any(one.what not in ("pending", "dropped") for one in self._held):
            return True
        if self._back or (self._held and monotonic_s() - self._held_s >= HOLD_S):
            return True
        return self._saved_no < 0 or (self._no > self._saved_no and monotonic_s() - self._saved_s >= SAVE_S)

    def _commit(self, at_ms: int) -> None:
        found, self._held = self._held, []
        pending = [list(one) for one in self._pending.values()]
        note = {"begun": True, "engine": self._engine.state(), PENDING: pending}
        rules, channels, no, watched = self._rules, self._channels(), self._no, self._watched
        worse, back = self._worse, self._back

        def step(book: AlarmBook) -> None:
            life.take(book, found, rules, channels, at_ms)
            # Before anything is said again: it says the worst.
            _worsen(book, worse)
            life.come_back(book, back, at_ms)
            life.give_up(book, watched, at_ms)
            life.settle(book, rules, channels, at_ms)
            book.bookmark(FOLLOWER, no, note)
            book.leave(PENDING, {PENDING: pending}, at_ms)

        change(self._writer, step)
        self._saved_no, self._saved_s = no, monotonic_s()
        self._worse, self._worst_s, self._back = {}, self._saved_s, {}

    def _count(self, alarms: Sequence[Alarm]) -> None:
        live = [alarm for alarm in alarms if not alarm.past]
        active = sum(alarm.state == "active" for alarm in live)
        self.counts = Counts(active, sum(not alarm.acked_ms for alarm in live))
        self.lamps = lamps(live, self._ids) if active else {}

    def _look_at_rules(self, reader: Reader) -> None:
        rules, began_s = reader.rules_mark(), monotonic_s()
        if (rules,) == self._marks[:1] and began_s < self._rests_until_s:
            return
        due = began_s - self._probes_s >= self._every_probes_s
        if due or (rules, reader.last_probe()) != self._marks[:2]:
            self._probes_s = began_s
            if (rules, reader.last_probe(), reader.probes_mark()) != self._marks:
                self._watch(reader, self._engine.state())
                self._rests_until_s = began_s + WATCH_REST * (monotonic_s() - began_s)

    def _watch(self, reader: Reader, state: dict[str, Any]) -> None:
        """Take the rules and probes as they are now; what is known of those that stay is kept."""
        # Asked for first: what changes in between is seen at the next look.
        self._marks = (reader.rules_mark(), reader.last_probe(), reader.probes_mark())
        # What only an import knows of has no device that could fall silent.
        gone = reader.only_imported()
        probes = [row for row in reader.probes() if row["id"] not in gone or row["also"]]
        self._rules = {rule.no: rule for rule in map(self._parsed, reader.rules()) if rule is not None}
        self._numbers = {id_: row["no"] for row in probes for id_ in (row["id"], *row["also"])}
        self._ids = {row["no"]: (row["id"], *row["also"]) for row in probes}
        self._watches = [watch for rule in self._rules.values() for watch in watches(rule, probes)]
        self._watched = {(watch.rule.no, watch.rule.kind, watch.probe) for watch in self._watches} | self._own
        self._engine = Engine(self._watches)
        if state:
            self._engine.restore(state)
        watched = {(watch.rule.no, watch.probe) for watch in self._watches}
        self._pending = {pair: one for pair, one in self._pending.items() if pair in watched}

    def _parsed(self, stored: StoredRule) -> rules.Rule | None:
        try:
            rule = rules.Rule.from_json(stored.body, no=stored.no)
        except TempHubError as error:
            # Written by a later version, or by hand.
            self._once.warn(
                f"rule {stored.no}", f"rule {stored.no} is not understood, so it watches nothing: {error}"
            )
            return None
        return rule if stored.enabled else None


def _worsen(book: AlarmBook, worse: dict[tuple[int, int], tuple[float, int]]) -> None:
    for (rule, probe), (celsius, at_ms) in worse.items():
        book.worsen(rule, probe, celsius, at_ms)


def watches(rule: rules.Rule, probes: Sequence[dict[str, Any]]) -> list[Watch]:
    """A watch for each probe that a rule is for. probes: as Reader.probes gives them."""
    if rule.probes:
        wanted = set(rule.probes)
        mine = [row for row in probes if wanted & {row["id"], *row["also"]}]
    else:
        mine = [row for row in probes if not rule.group or row["group"] == rule.group]
    return [Watch(rule, row["no"], row["interval_ms"], row["group"], board_of(row["device"])) for row in mine]


# The last one that is true of a board is shown.
LAMPS = ("acknowledged", "warning", "critical")


def lamps(live: Sequence[Alarm], ids: Mapping[int, Sequence[str]]) -> dict[str, str]:
    """The sign of each board that has an active alarm. live: alarms; ids: those of each probe, by the
    journal's number."""
    found: dict[str, str] = {}
    for alarm in live:
        if alarm.state == "active":
            sign = "acknowledged" if alarm.acked_ms else alarm.severity
            for no in (alarm.probe,) if alarm.probe else alarm.body.get("probes", []):
                for board in map(board_of, ids.get(no, ())):
                    found[board] = max(found.get(board, LAMPS[0]), sign, key=LAMPS.index)
    return found
