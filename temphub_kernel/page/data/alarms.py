"""Alarms as the page shows them: what is live, what was of late, the rules and mutes; and what is the matter
with each probe. One thread, that of its Reader."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from ...alarms import Rule, life, states, waiting, where
from ...core import DAY_MS, MINUTE_MS
from ...journal import Alarm, AlarmBook, Mute, Reader, StoredRule
from ..choices import Window

# So many of the last ones are read for a list, and can be chosen from.
MOST_CLOSED = 2_000


class ShownAlarm(NamedTuple):
    """An alarm. place: where it is, as people call it; probes: the ids that it is about; muted_ms: until when
    nobody is told, 0; untold: the ways out by which it could not be told yet."""

    alarm: Alarm
    place: str
    probes: tuple[str, ...]
    muted_ms: int = 0
    untold: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it still goes on."""
        return not self.alarm.cleared_ms

    @property
    def over(self) -> bool:
        """Whether it is over, or a silence of which all deliver again."""
        return bool(self.alarm.cleared_ms or self.alarm.all_back_ms)

    @property
    def waits(self) -> bool:
        """Whether somebody has yet to acknowledge it, or to write down what was done when it is over."""
        alarm = self.alarm
        return alarm.live and (not alarm.acked_ms or (bool(alarm.cleared_ms) and life.lacks_action(alarm)))

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int]:
        """Sorts the most pressing first."""
        alarm = self.alarm
        return (
            bool(alarm.acked_ms),
            bool(self.muted_ms),
            self.over,
            alarm.severity != "critical",
            -alarm.no,
        )


class ShownAlarms(NamedTuple):
    """live: those that are not closed, the most pressing first; closed: the last ones of the time that is
    listed, the newest first; left_out: how many more there were; rules: all; mutes: those in force."""

    live: tuple[ShownAlarm, ...] = ()
    closed: tuple[ShownAlarm, ...] = ()
    left_out: int = 0
    rules: tuple[StoredRule, ...] = ()
    mutes: tuple[Mute, ...] = ()


class AlarmMemory:
    """Reads them; what cannot have changed is not read again."""

    def __init__(self) -> None:
        self._rules_mark: object = None
        self._rules: tuple[StoredRule, ...] = ()
        self._closed_mark: object = None
        self._closed: tuple[tuple[ShownAlarm, ...], int] = (), 0
        self._live_mark: object = None
        self._names: Mapping[int, str] = {}
        self._live: tuple[ShownAlarm, ...] = ()

    def read(self, reader: Reader, ids: Mapping[int, str], window: Window, now_ms: int) -> ShownAlarms:
        """All of them now. ids: those of probes, by the journal's numbers; window: the time of which closed
        ones are listed."""
        if (mark := reader.rules_mark()) != self._rules_mark:
            self._rules_mark, self._rules = mark, tuple(reader.rules())
        # Names change without anything happening to an alarm.
        if (seen := (reader.alarms_mark(), window, now_ms // MINUTE_MS)) != self._closed_mark:
            self._closed_mark, self._closed = (
                seen,
                self._read_closed(reader, ids, window, now_ms) if seen[0] else ((), 0),
            )
        if not self._closed_mark[0] and not self._rules:
            return ShownAlarms()
        mutes = tuple(reader.mutes(now_ms))
        untold = _untold(reader)
        known = seen[0], reader.live_mark(), mutes, untold
        # Where somebody is called otherwise the ids are others.
        if known != self._live_mark or ids is not self._names:
            self._live = self._read_live(reader, ids, mutes, untold)
            self._live_mark, self._names = known, ids
        return ShownAlarms(self._live, *self._closed, self._rules, mutes)

    def _read_live(
        self, reader: Reader, ids: Mapping[int, str], mutes: tuple[Mute, ...], untold: dict[int, set[str]]
    ) -> tuple[ShownAlarm, ...]:
        book, alarms, live = reader.alarm_book(), reader.live_alarms(), list[ShownAlarm]()
        names = _Names(book)
        groups = book.groups() if alarms and mutes else {}
        for alarm in alarms:
            muted_ms = max((one.until_ms for one in mutes if life.covers(one, alarm, groups)), default=0)
            ways = tuple(sorted(untold.get(alarm.no, ())))
            live.append(ShownAlarm(alarm, _place(names, alarm), _probes(alarm, ids), muted_ms, ways))
        return tuple(sorted(live, key=lambda one: one.rank))

    def _read_closed(
        self, reader: Reader, ids: Mapping[int, str], window: Window, now_ms: int
    ) -> tuple[tuple[ShownAlarm, ...], int]:
        book = _Names(reader.alarm_book())
        from_ms, to_ms = window.ends(now_ms)
        # Until now: one that a clock ahead dated is among them.
        found = [one for one in reader.alarms(from_ms, to_ms + DAY_MS * window.live) if not one.live]
        found.sort(key=lambda one: (one.since_ms, one.no), reverse=True)
        shown = tuple(ShownAlarm(one, where(book, one), _probes(one, ids)) for one in found[:MOST_CLOSED])
        return shown, len(found) - len(shown)


def _untold(reader: Reader) -> dict[int, set[str]]:
    """By which ways an alarm could not be told yet."""
    found: dict[int, set[str]] = {}
    for message in reader.waiting_messages():
        if message.problem:
            found.setdefault(message.alarm, set()).add(message.channel)
    return found


class _Names:
    """What people call places, asked once each."""

    def __init__(self, book: AlarmBook) -> None:
        self._book = book
        self._called: dict[int, str] = {}
        self._groups: Mapping[int, str] | None = None

    def groups(self) -> Mapping[int, str]:
        """The group of each probe that has one."""
        if self._groups is None:
            self._groups = self._book.groups()
        return self._groups

    def called(self, probe: int) -> str:
        """What people call a probe."""
        if probe not in self._called:
            self._called[probe] = self._book.called(probe)
        return self._called[probe]


def _place(names: _Names, alarm: Alarm) -> str:
    """Where it is; of a silence of several only those that are silent still, while there are some."""
    probes = alarm.body.get("probes", ())
    still = [no for no in probes if not alarm.back_ms(no)]
    if alarm.cleared_ms or not 0 < len(still) < len(probes):
        return where(names, alarm)
    lead = still[0] if alarm.probe else 0
    return where(names, alarm._replace(probe=lead, body={**alarm.body, "probes": still}))


def _probes(alarm: Alarm, ids: Mapping[int, str]) -> tuple[str, ...]:
    several = tuple(ids[no] for no in alarm.body.get("probes", ()) if no in ids)
    return several or ((alarm.probe_id,) if alarm.probe_id else ())


WELL = states.Standing()


class Judged(NamedTuple):
    """Of one probe. alarms: those that go on, the most pressing first; rules: those that watch it."""

    alarms: tuple[ShownAlarm, ...]
    rules: tuple[StoredRule, ...]
    standing: states.Standing

    @property
    def worse(self) -> bool:
        """Whether there is anything to say of it."""
        return bool(self.alarms) or self.standing is not WELL


class Watched(NamedTuple):
    """By what a probe is watched. limits: those of its rules that are in force and have one; between low_c
    and high_c none is passed, whatever the hour."""

    rules: tuple[StoredRule, ...]
    limits: tuple[Rule, ...]
    low_c: float
    high_c: float

    def passed(self, celsius: float) -> set[int]:
        """The numbers of the rules whose limit is passed, whatever the hour."""
        if self.low_c <= celsius <= self.high_c:
            return set()
        return {one.no for one in self.limits if one.passed(celsius)}


# The alarms about a probe, and a silence of it that is remembered.
Noted = tuple[tuple[ShownAlarm, ...], states.Silence | None]


class Standings:
    """Reads what counts for all probes; what cannot have changed is not read again."""

    def __init__(self) -> None:
        self._stored: tuple[StoredRule, ...] | None = None
        self._limits: Mapping[int, Rule] = {}
        self._of: dict[tuple[str, str], Watched] = {}
        self._about: dict[str, list[ShownAlarm]] = {}
        self._shown: dict[int, ShownAlarm] = {}
        self.noted: frozenset[str] = frozenset()
        self._watching = states.Watching(())
        self._silences: dict[str, states.Silence] = {}
        self._pending: dict[tuple[int, int], int] | None = None
        self._reader: Reader | None = None

    def read(self, reader: Reader, alarms: ShownAlarms) -> "Standings":
        """What is so now."""
        if alarms.rules is not self._stored and alarms.rules != self._stored:
            self._stored, self._limits = alarms.rules, states.in_force(alarms.rules)
            self._watching, self._of = states.Watching(alarms.rules), {}
        self._reader, self._pending, self._about = reader, None, {}
        # The very same as before where it is alike: one may be about thousands, and is compared for each.
        before, self._shown = self._shown, {one.alarm.no: one for one in alarms.live}
        for no, one in self._shown.items():
            if (same := before.get(no)) == one:
                self._shown[no] = one = same
            for probe_id in dict.fromkeys(one.probes):
                self._about.setdefault(probe_id, []).append(one)
        self._silences = states.remembered(reader.note(states.TOPIC)[1])
        self.noted = frozenset(self._about) | self._silences.keys()
        return self

    def known(self, probe_id: str) -> Noted | None:
        """What is noted of a probe; None for nothing."""
        if probe_id not in self.noted:
            return None
        return tuple(self._about.get(probe_id, ())), self._silences.get(probe_id)

    def of(self, no: int, probe: Watched, probe_id: str, newest: states.Newest, now_ms: int) -> Judged:
        """Of a probe. no: its number in the journal; probe: by what it is watched."""
        about, silence = self.known(probe_id) or ((), None)
        rules, celsius = probe.rules, newest.celsius
        well = newest.heard == "online" and not about and silence is None
        if well and (celsius is None or probe.low_c <= celsius <= probe.high_c):
            return Judged((), rules, WELL)
        standing = states.standing(
            newest,
            probe.limits,
            [one.alarm for one in about],
            silence,
            now_ms,
            lambda rule: self._since(rule, no),
            no,
        )
        return Judged(tuple(one for one in about if one.active), rules, standing)

    def watched(self, probe_id: str, group: str) -> Watched:
        """By what a probe is watched."""
        known = self._of.get((probe_id, group))
        if known is None:
            rules = tuple(self._watching.of(probe_id, group))
            limits = tuple(self._limits[rule.no] for rule in rules if rule.no in self._limits)
            given = [(one.kind == "above", one.limit_c) for one in limits if one.limit_c is not None]
            low_c = max((limit_c for above, limit_c in given if not above), default=-inf)
            high_c = min((limit_c for above, limit_c in given if above), default=inf)
            known = self._of[probe_id, group] = Watched(rules, limits, low_c, high_c)
        return known

    def _since(self, rule: int, no: int) -> int:
        """Since when a value has been beyond a rule's limit, by the hub that watches."""
        # Read only where something is beyond: all that the watching has to remember comes with it.
        if self._pending is None and self._reader is not None:
            self._pending = waiting(self._reader)
        return (self._pending or {}).get((rule, no), 0)
