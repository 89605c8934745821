"""What a rule would have told of the last days, before it is switched on: by the same engine, from the journal. A thread of its own."""

from typing import Any, NamedTuple

from ..core import DAY_MS, BadRequest, iso_utc
from ..journal import Reader
from . import follower, rules, words
from .replay import Excursion, replay
from .watches import Watch

# So many readings are looked at, a month of three probes every 2 s: some seconds at the most.
MOST_READINGS = 4_000_000
MOST_DAYS = 366
MOST_SHOWN = 200
FIELDS = ("taken_ms", "units", "quality")


class Preview(NamedTuple):
    """found: (probe id, excursion), by time; from_ms: how far back it looked; to_ms: now; readings: how many there were, about."""

    found: list[tuple[str, Excursion]]
    from_ms: int
    to_ms: int
    readings: int


def preview(reader: Reader, rule: rules.Rule, days: float, to_ms: int) -> Preview:
    """What would have fired. Fewer days where a rule is for so many probes that it would take long. Raises TempHubError (400)."""
    if rule.kind not in rules.LIMITS + rules.CHANGES:
        raise BadRequest(
            f"What a rule of the kind {rule.kind} would have told cannot be said from readings.",
            f"Ask for one of {', '.join(rules.LIMITS + rules.CHANGES)}; others may be switched on and looked at.",
            code="no_preview",
        )
    probes = reader.probes()
    ids = {row["no"]: row["id"] for row in probes}
    mine = follower.watches(rule, probes)
    from_ms = to_ms - round(days * DAY_MS)
    readings = reader.about(from_ms, to_ms, [ids[one.probe] for one in mine])
    if readings > MOST_READINGS:
        from_ms = to_ms - (to_ms - from_ms) * MOST_READINGS // readings
    found = [(ids[one.probe], told) for one in mine for told in _of(reader, one, ids[one.probe], from_ms, to_ms)]
    return Preview(sorted(found, key=lambda pair: pair[1].since_ms), from_ms, to_ms, min(readings, MOST_READINGS))


def _of(reader: Reader, watch: Watch, probe_id: str, from_ms: int, to_ms: int) -> list[Excursion]:
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
