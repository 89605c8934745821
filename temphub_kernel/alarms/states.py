"""How a probe does, in one word and one order, for everything that says it: card, chart, wall, header, title
and sign of the page, and the API. Any thread; pure.

What is judged: how old its newest reading is, what its rules say of the value, alarms that nobody has closed,
and a silence that nobody has seen.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from ..core import MINUTE_MS
from ..journal import Alarm, StoredRule
from . import life, rules

Heard = Literal["online", "late", "silent", "fault", "waiting", "new", "refused"]

# A probe that nobody told an interval (a script, a first start) is judged as if it delivered this often.
ASSUMED_INTERVAL_MS = 10_000
# What Wi-Fi and the journal's gathering may add without anybody having to be told.
GRACE_MS = 2_000
SILENT_AT_LEAST_MS = 30_000
MISSED_LATE = 3
# No hub asks probes to keep readings for longer, see api/ingest/gathering.
MOST_GATHERED_MS = MINUTE_MS
MISSED_SILENT = 10

# The worst first; `unseen`: was silent or in alarm, and nobody has seen it; `sick`: measures, and something
# is the matter with it.
STATES = (
    *("too_warm", "too_cold", "fault", "silent", "refused", "unseen", "sick", "late"),
    *("waiting", "new", "fine"),
)
LEVELS = ("fine", "noted", "warning", "critical")
FINE, NOTED, WARNING, CRITICAL = range(4)
# Silence and a failing sensor are a warning first, and critical when they last.
LASTS_MS = 10 * MINUTE_MS
LASTS_INTERVALS = 30
CAUSES = {
    **{"above": "too_warm", "rise": "too_warm", "below": "too_cold", "fall": "too_cold"},
    **{"sensor": "fault", "frozen": "fault", "silent": "silent"},
}
# What the hub remembers of silences, for pages and programs.
TOPIC = "silences"
# And of what it asks of probes that come too often: see api/ingest/gathering.
GATHERING = "gathering"


def heard(
    now_ms: int,
    taken_ms: int | None,
    interval_ms: int,
    good: bool,
    *,
    told: bool = True,
    refused: bool = False,
    gathered_ms: int = 0,
    delivered_ms: int = 0,
) -> Heard:
    """How a probe delivers.

    taken_ms: when its newest reading was taken, None when it has none; interval_ms: its own pace, 0 when
    unknown; good: whether that reading is a temperature;
    told: whether it knows where to deliver; refused: whether the hub refuses what it delivers, which
    outweighs all: what there is of it is from before; gathered_ms: how long probes may keep readings because
    the hub asked them to (`gathered`); delivered_ms: when anything came of it last, 0 when unknown. Silence
    outweighs a fault: an old fault says nothing of now.
    """
    if refused:
        return "refused"
    if taken_ms is None:
        return "waiting" if told else "new"
    # One from the future, of a time when the clock was ahead, says nothing of now.
    age_ms = abs(now_ms - taken_ms)
    late_ms, silent_ms = patience(interval_ms)
    # One that brings what it kept, oldest first, is late, however old that is.
    catches_up = catching_up(now_ms, taken_ms, delivered_ms, interval_ms, gathered_ms)
    if age_ms > silent_ms + gathered_ms and not catches_up:
        return "silent"
    if age_ms > late_ms + gathered_ms:
        return "late"
    return "online" if good else "fault"


class Patience(NamedTuple):
    """Up to which age of its newest reading a probe is not late, and not silent."""

    late_ms: int
    silent_ms: int


def patience(interval_ms: int) -> Patience:
    """With a probe of this pace, 0 when unknown. What probes may keep readings (`gathered`) comes on top."""
    pace_ms = interval_ms or ASSUMED_INTERVAL_MS
    silent_ms = max(MISSED_SILENT * pace_ms, SILENT_AT_LEAST_MS)
    return Patience(MISSED_LATE * pace_ms + GRACE_MS, silent_ms + GRACE_MS)


def catching_up(
    now_ms: int, taken_ms: int, delivered_ms: int, interval_ms: int, gathered_ms: int = 0
) -> bool:
    """True for a probe that delivers right now what it kept earlier, and not as the hub asked it to.
    Something that came while the clock was ahead did not come now."""
    limit_ms = patience(interval_ms).late_ms + gathered_ms
    return abs(now_ms - delivered_ms) <= limit_ms < now_ms - taken_ms


def gathered(note: Mapping[str, object]) -> int:
    """How long probes may keep readings because the hub asked them to, by its note of that, in ms."""
    within_ms = note.get("within_ms")
    return within_ms if isinstance(within_ms, int) else 0


class Newest(NamedTuple):
    """What is known of a probe. taken_ms: of its newest reading, good_ms and celsius: of its newest
    temperature; 0 and None for none; interval_ms: its pace, 0 when unknown; imported: it never delivered."""

    heard: Heard
    taken_ms: int
    good_ms: int
    celsius: float | None
    interval_ms: int
    imported: bool = False


class Silence(NamedTuple):
    """A silence that the hub remembers. to_ms: when it was over, 0 while it goes on; seen_ms: when somebody
    said that he has seen it, 0 for never."""

    from_ms: int
    to_ms: int = 0
    seen_ms: int = 0

    @property
    def unseen(self) -> bool:
        """Whether it is over and nobody has seen it."""
        return bool(self.to_ms) and not self.seen_ms


class Standing(NamedTuple):
    """The worst that is the matter with a probe. state: one of STATES; level: place in LEVELS; since_ms: 0
    when unknown; limit_c: the limit that is passed; cause: of an alarm; to_ms: when what nobody has seen was
    over; taken_care: somebody acknowledged it."""

    state: str = "fine"
    level: int = FINE
    since_ms: int = 0
    limit_c: float | None = None
    cause: str = ""
    to_ms: int = 0
    taken_care: bool = False

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """Sorts the worst first."""
        return -self.level, self.taken_care, STATES.index(self.state), self.since_ms or 2**53

    @property
    def wrong(self) -> bool:
        """Whether somebody has to look at it."""
        return self.level >= WARNING

    @property
    def place(self) -> tuple[int, bool, int, int]:
        """Sorts what is wrong first, the worst before the others; the rest stays as it is."""
        return self.rank if self.wrong else (0, False, 0, 0)


def in_force(stored: Iterable[StoredRule]) -> dict[int, rules.Rule]:
    """The rules for limits that are switched on, by their numbers."""
    return {
        one.no: rules.Rule.from_json(one.body, no=one.no)
        for one in stored
        if one.enabled and one.body.get("limit_c") is not None
    }


def standing(
    newest: Newest,
    limits: Iterable[rules.Rule],
    alarms: Sequence[Alarm],
    silence: Silence | None,
    now_ms: int,
    pending: Callable[[int], int] = lambda _rule: 0,
    no: int = 0,
) -> Standing:
    """The worst of all that is the matter with a probe.

    limits: the rules in force that watch it; alarms: those about it that are not closed; pending(rule): since
    when the value has been beyond that rule's limit, 0 when unknown; no: the probe's number in the journal,
    by which an alarm of several says who of them delivers again.
    """
    found = [_delivers(newest, now_ms), *(_of_alarm(one, no) for one in alarms)]
    if newest.heard in ("online", "late") and newest.celsius is not None and not _long_ago(newest, now_ms):
        # What has become an alarm is that, and somebody may take care of it.
        given = {one.rule for one in alarms if not one.cleared_ms}
        limits = [one for one in limits if one.no not in given]
        found += _drifts(newest.celsius, limits, now_ms, pending)
    if silence is not None and silence.unseen:
        found.append(Standing("unseen", WARNING, silence.from_ms, to_ms=silence.to_ms))
    return min(found, key=lambda one: one.rank)


def _long_ago(newest: Newest, now_ms: int) -> bool:
    """Whether its newest value says nothing of now, though it delivers."""
    return now_ms - newest.taken_ms > patience(newest.interval_ms).silent_ms + MOST_GATHERED_MS


def _delivers(newest: Newest, now_ms: int) -> Standing:
    """What its delivering alone says."""
    if newest.heard == "online":
        return Standing()
    if newest.heard in ("waiting", "new"):
        return Standing(newest.heard)
    if newest.heard == "late":
        return Standing("late", NOTED, newest.taken_ms)
    if newest.heard == "refused":
        return Standing("refused", CRITICAL)
    if newest.heard == "silent" and newest.imported:
        # History of a logger that has never been here: nobody waits for it.
        return Standing("silent", NOTED, newest.taken_ms)
    since_ms = newest.taken_ms if newest.heard == "silent" else newest.good_ms
    # How long a sensor that never gave a value has failed nobody knows.
    lasts = bool(since_ms) and abs(now_ms - since_ms) > lasts_ms(newest.interval_ms)
    return Standing(newest.heard, CRITICAL if lasts else WARNING, since_ms)


def lasts_ms(interval_ms: int) -> int:
    """For how long silence and a failing sensor of a probe of this pace are a warning."""
    return max(LASTS_MS, LASTS_INTERVALS * interval_ms)


def _of_alarm(alarm: Alarm, no: int) -> Standing:
    state = CAUSES.get(alarm.cause, "sick")
    # A probe that delivers again is silent no more, though its rule waits whether it goes on.
    if over_ms := alarm.back_ms(no) or alarm.cleared_ms:
        waits = not alarm.acked_ms or life.lacks_action(alarm)
        told = Standing("unseen", WARNING, alarm.since_ms, alarm.limit_c, alarm.cause, over_ms)
        return told if waits else Standing()
    level = CRITICAL if alarm.severity == "critical" else WARNING
    acked = bool(alarm.acked_ms)
    return Standing(state, level, alarm.since_ms, alarm.limit_c, alarm.cause, taken_care=acked)


def _drifts(
    celsius: float, limits: Iterable[rules.Rule], now_ms: int, pending: Callable[[int], int]
) -> list[Standing]:
    """Limits that are passed, for too short a time to be an alarm."""
    found = []
    for rule in limits:
        if rule.passed(celsius) and rule.hours().is_on(now_ms):
            state = CAUSES[rule.kind]
            found.append(Standing(state, WARNING, pending(rule.no), rule.limit_c, rule.kind))
    return found


def remembered(note: Mapping[str, Sequence[int]]) -> dict[str, Silence]:
    """The silences of the hub's note, by probe."""
    return {probe_id: Silence(*map(int, one)) for probe_id, one in note.items()}


class Watching:
    """Which rules watch a probe: named, by its group, or as one of all. Put in order once: of as many probes
    as rules not every one is held against every other."""

    def __init__(self, stored: Iterable[StoredRule]) -> None:
        self._all: dict[int, StoredRule] = {}
        self._named: dict[str, dict[int, StoredRule]] = {}
        self._grouped: dict[str, dict[int, StoredRule]] = {}
        for place, one in enumerate(stored):
            named, group = one.body.get("probes") or (), one.body.get("group")
            for id_ in named:
                self._named.setdefault(id_, {})[place] = one
            if group:
                self._grouped.setdefault(group, {})[place] = one
            if not named and not group:
                self._all[place] = one

    def of(self, probe_id: str, group: str) -> list[StoredRule]:
        """Those of a probe, in their order."""
        found = {**self._all, **self._named.get(probe_id, {}), **self._grouped.get(group, {})}
        return [found[place] for place in sorted(found)]
