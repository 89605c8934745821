"""What a rule would have told of the last days, before it is switched on: by the same engine, from the
journal. A thread of its own."""

from typing import Any, NamedTuple

import numpy as np

from ..core import DAY_MS, BadRequest, iso_utc
from ..journal import Floats, Ints, Reader
from . import conditions, follower, pace, rules, watches, words
from .run import ACTIVE, IDLE, Look, Plan, Run, Step, advance

# The pace of a stream is the median of so many steps about a place.
PACE_STEPS = 101
# So many readings are looked at, a month of three probes every 2 s: some seconds at the most.
MOST_READINGS = 4_000_000
MOST_DAYS = 366
MOST_SHOWN = 200
FIELDS = ("taken_ms", "units", "quality")


class Excursion(NamedTuple):
    """since_ms: when it began; fired_ms: when the alarm would have come; cleared_ms: 0 when it was not over
    at the end of the readings; worst_c at worst_ms: the farthest beyond."""

    since_ms: int
    fired_ms: int
    cleared_ms: int
    worst_c: float
    worst_ms: int

    @property
    def length_ms(self) -> int:
        """From its beginning until it was cleared; 0 when it was not."""
        return max(self.cleared_ms - self.since_ms, 0)


def replay(rule: rules.Rule, interval_ms: int, taken_ms: Ints, celsius: Floats) -> list[Excursion]:
    """The alarms of one probe's readings, by time. taken_ms: rising; celsius: NaN for no temperature;
    interval_ms: 0 when unknown.

    As if each reading had come as soon as it was taken.
    """
    good = ~np.isnan(celsius)
    at_ms, values = taken_ms[good], celsius[good]
    gap_ms = pace.GAP_PACES * _paces(taken_ms, interval_ms)[good]
    condition, plan, hours, run = conditions.condition_of(rule), Plan.of(rule), rule.hours(), Run()
    outside = (
        np.ones(len(values), np.bool_)
        if condition.steps
        else (values < condition.low) | (values > condition.high)
    )
    steps: list[Step] = []
    here, begins = 0, np.flatnonzero(outside)
    while here < len(values):
        if run.stage == IDLE and not condition.steps:
            # What lies between is no matter: on to the next reading beyond.
            place = int(np.searchsorted(begins, here))
            if place == len(begins):
                break
            here = int(begins[place])
        moment, value = int(at_ms[here]), float(values[here])
        beyond, recovered = condition.judge(moment, value)
        look = Look(
            moment, value, beyond, recovered, True, int(gap_ms[here]), not beyond or hours.is_on(moment)
        )
        steps += advance(run, plan, look)
        here += 1
    return _excursions(steps, run)


def _paces(taken_ms: Ints, interval_ms: int) -> Ints:
    """How often readings come, at each of them."""
    if len(taken_ms) < 2:
        return np.full(len(taken_ms), interval_ms or pace.ASSUMED_INTERVAL_MS)
    steps = np.diff(taken_ms, prepend=taken_ms[0] - (taken_ms[1] - taken_ms[0]))
    blocks = [steps[start : start + PACE_STEPS] for start in range(0, len(steps), PACE_STEPS)]
    found: Ints = np.concatenate(
        [np.full(len(block), max(int(np.median(block)), interval_ms)) for block in blocks]
    )
    return found


def _excursions(steps: list[Step], run: Run) -> list[Excursion]:
    found: list[Excursion] = []
    fired: Step | None = None
    for step in steps:
        if step.what == "active":
            fired = step
        elif step.what == "cleared" and fired is not None:
            found.append(
                Excursion(step.since_ms, fired.at_ms, step.at_ms, step.worst_c or 0.0, step.worst_ms)
            )
            fired = None
    if fired is not None and run.stage == ACTIVE:
        found.append(Excursion(run.since_ms, fired.at_ms, 0, run.worst_c, run.worst_ms))
    return found


class Preview(NamedTuple):
    """found: (probe id, excursion), by time; from_ms: how far back it looked; to_ms: now; readings: how many
    there were, about."""

    found: list[tuple[str, Excursion]]
    from_ms: int
    to_ms: int
    readings: int


def preview(reader: Reader, rule: rules.Rule, days: float, to_ms: int) -> Preview:
    """What would have fired. Fewer days where a rule is for so many probes that it would take long. Raises
    TempHubError (400)."""
    if rule.kind not in rules.LIMITS + rules.CHANGES:
        raise BadRequest(
            f"What a rule of the kind {rule.kind} would have told cannot be said from readings.",
            f"Ask for one of {', '.join(rules.LIMITS + rules.CHANGES)}; others may be switched on and looked "
            "at.",
            code="no_preview",
        )
    probes = reader.probes()
    ids = {row["no"]: row["id"] for row in probes}
    mine = follower.watches(rule, probes)
    from_ms = to_ms - round(days * DAY_MS)
    readings = reader.about(from_ms, to_ms, [ids[one.probe] for one in mine])
    if readings > MOST_READINGS:
        from_ms = to_ms - (to_ms - from_ms) * MOST_READINGS // readings
    found = [
        (ids[one.probe], told) for one in mine for told in _of(reader, one, ids[one.probe], from_ms, to_ms)
    ]
    return Preview(
        sorted(found, key=lambda pair: pair[1].since_ms), from_ms, to_ms, min(readings, MOST_READINGS)
    )


def _of(reader: Reader, watch: watches.Watch, probe_id: str, from_ms: int, to_ms: int) -> list[Excursion]:
    columns = reader.columns(from_ms, to_ms, [probe_id], fields=FIELDS)
    return replay(watch.rule, watch.interval_ms, columns.taken_ms, columns.celsius)


def preview_json(told: Preview) -> dict[str, Any]:
    """`POST /api/rules/preview`."""
    lengths = [one.length_ms or told.to_ms - one.since_ms for _, one in told.found]
    return {
        "ok": True,
        "alarms": len(told.found),
        "longest_min": round(max(lengths, default=0) / 60_000, 1),
        "text": text_of(lengths),
        "days": round((told.to_ms - told.from_ms) / DAY_MS, 2),
        "readings": told.readings,
        "excursions": [
            {
                "probe_id": probe_id,
                "since": iso_utc(one.since_ms),
                "fired": iso_utc(one.fired_ms),
                "cleared": iso_utc(one.cleared_ms) if one.cleared_ms else None,
                "worst_c": one.worst_c,
                "worst": iso_utc(one.worst_ms),
            }
            for probe_id, one in told.found[-MOST_SHOWN:]
        ],
    }


def text_of(lengths_ms: list[int]) -> str:
    """`3 alarms, the longest 42 min`."""
    if not lengths_ms:
        return "no alarm"
    if len(lengths_ms) == 1:
        return f"1 alarm, of {words.length(lengths_ms[0])}"
    return f"{len(lengths_ms)} alarms, the longest {words.length(max(lengths_ms))}"
