"""What stands in a report, out of the journal: its probes with their figures, alarms, remarks, calibrations.
One thread, its Reader's."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..alarms import Rule
from ..core import BadRequest, NotFound, counted_as, list_of_names, now_ms, titles, transient
from ..journal import Alarm, Annotation, Calibration, Figures, Limit, Reader, Strike, Thermocouple
from .fingerprint import Digest, Fingerprint, of_records
from .measures import MOST_OF_ALL, MOST_READINGS, Asked, Measured, measured
from .order import ReportOrder
from .together import Together

Progress = Callable[[float, int], object]
SEVERITIES = ("warning", "critical")
# A report of more is a book that nobody reads.
MOST_PROBES = 500
# Figures of so many probes are asked for together: they lie among each other, and those of all take a lot of
# memory.
AT_ONCE = 5


class SetLimit(NamedTuple):
    """A limit of a probe, and how bad it is to pass it."""

    limit: Limit
    severity: str


class ProbePart(NamedTuple):
    """What a report says of one probe. record: what is known of it (see Reader.probes); measured: None
    without a good reading."""

    id: str
    title: str
    record: dict[str, Any]
    limits: tuple[SetLimit, ...]
    measured: Measured | None
    alarms: tuple[Alarm, ...]


class Content(NamedTuple):
    """All of a report. made_ms: when it was made; alarms: with those of several probes at once."""

    order: ReportOrder
    made_ms: int
    names: dict[str, str]
    probes: tuple[ProbePart, ...]
    alarms: tuple[Alarm, ...]
    remarks: tuple[Annotation, ...]
    strikes: tuple[Strike, ...]
    calibrations: tuple[Calibration, ...]
    thermocouples: tuple[Thermocouple, ...]
    fingerprint: Fingerprint


def gather(
    reader: Reader, order: ReportOrder, made_ms: int, progress: Progress = lambda _share, _probes: None
) -> Content:
    """Everything that the report of this order says. Raises TempHubError for an unknown probe or group."""
    known = reader.probes(removed=bool(order.probe_ids))
    chosen, names = _chosen(reader, known, order), titles(known)
    ids = {record["id"]: record for record in chosen}
    alarms = _alarms(reader, order, chosen, everybody=not order.group and not order.probe_ids)
    rules, digest, most = _rules(reader), Digest(), min(MOST_READINGS, MOST_OF_ALL // max(len(ids), 1))
    together = Together(reader, order.from_ms, order.to_ms, sorted(ids), most)
    parts = []
    figures: dict[str, Figures] = {}
    for done, (id_, record) in enumerate(sorted(ids.items()), 1):
        if done % AT_ONCE == 1:
            figures = reader.figures(order.from_ms, order.to_ms, sorted(ids)[done - 1 : done - 1 + AT_ONCE])
        limits = _limits(record, rules, order)
        asked = Asked(
            reader, together, id_, order.from_ms, order.to_ms, tuple(one.limit for one in limits), most
        )
        found = measured(asked, figures.get(id_), digest)
        own = tuple(alarm for alarm in alarms if alarm.probe_id == id_)
        parts.append(ProbePart(id_, names[id_], record, limits, found, own))
        progress(done / len(ids), done)
    beside = _Beside(reader, order, known, set(ids))
    parts.sort(key=lambda part: (part.record["place"] or 10_000, part.title.casefold(), part.id))
    said = (alarms, beside.remarks(), beside.strikes(), beside.calibrations(), beside.thermocouples())
    return Content(order, made_ms, names, tuple(parts), *said, _fingerprint(digest, parts, *said))


def _chosen(reader: Reader, known: Sequence[dict[str, Any]], order: ReportOrder) -> list[dict[str, Any]]:
    """What is known of each probe that the report is of."""
    if order.probe_ids:
        found = _named(known, order.probe_ids)
    elif order.group:
        wanted = order.group.casefold()
        found = [record for record in known if str(record["group"]).casefold() == wanted]
        if not found:
            groups = sorted({str(record["group"]) for record in known if record["group"]})
            raise NotFound(
                f"No probe is in a group called {order.group[:80]!r}, so there is nothing to report.",
                f"Use one of: {', '.join(groups[:12])}."
                if groups
                else "Give probes their group on the page.",
                code="unknown_group",
            )
    else:
        gone = transient(known, {one.probe_id: one for one in reader.newest()}, now_ms())
        later = [str(one["id"]) for one in known if one["first_ms"] >= order.to_ms and one["id"] not in gone]
        # Who was met later has no place in it, but for what it had kept of that time, or an import brought.
        empty = set(later) - reader.figures(order.from_ms, order.to_ms, later).keys() if later else set()
        found = [record for record in known if record["id"] not in gone and record["id"] not in empty]
    if len(found) > MOST_PROBES:
        raise BadRequest(
            f"These are {len(found)} probes, more than the {MOST_PROBES} that one report can hold.",
            "Make a report for each group, or name some probes.",
            code="too_many_probes",
        )
    return found


def _named(known: Sequence[dict[str, Any]], probe_ids: Sequence[str]) -> list[dict[str, Any]]:
    by_id = {record["id"]: record for record in known}
    asked = dict.fromkeys(counted_as(known, id_) for id_ in probe_ids)
    missing = [id_ for id_ in asked if id_ not in by_id]
    if missing:
        raise NotFound(
            f"The probe {missing[0]} has no readings here, so there is nothing of it to report.",
            f"Use one of: {list_of_names(known) or 'none yet'}.",
            code="unknown_probe",
        )
    return [by_id[id_] for id_ in asked]


def _rules(reader: Reader) -> list[Rule]:
    """The limits in force."""
    found = []
    for stored in reader.rules():
        if stored.enabled and stored.body.get("kind") in ("above", "below"):
            found.append(Rule.from_json(stored.body, no=stored.no))
    return found


def _limits(record: dict[str, Any], rules: Sequence[Rule], order: ReportOrder) -> tuple[SetLimit, ...]:
    """A probe's own, the higher ones first, each once."""
    own = [rule for rule in rules if _watches(rule, record)]
    found = {Limit(rule.kind, rule.limit_c): rule.severity for rule in own if rule.limit_c is not None}
    found |= {
        Limit(rule.kind, rule.limit_c): rule.severity
        for rule in own
        if rule.limit_c is not None and rule.severity == "critical"
    }
    for kind, celsius in (("above", order.limit_high_c), ("below", order.limit_low_c)):
        if celsius is not None:
            found.setdefault(Limit(kind, celsius), "warning")
    ordered = sorted(found, key=lambda one: (one.kind, one.celsius if one.kind == "above" else -one.celsius))
    return tuple(SetLimit(limit, found[limit]) for limit in ordered)


def _watches(rule: Rule, record: dict[str, Any]) -> bool:
    if rule.probes:
        return bool({record["id"], *record["also"]} & set(rule.probes))
    return not rule.group or rule.group == record["group"]


def _alarms(
    reader: Reader, order: ReportOrder, chosen: Sequence[dict[str, Any]], *, everybody: bool
) -> tuple[Alarm, ...]:
    ids, numbers = {record["id"] for record in chosen}, {record["no"] for record in chosen}

    def concerns(alarm: Alarm) -> bool:
        if alarm.probe:
            return alarm.probe_id in ids
        return (everybody and not alarm.own) or bool(numbers & set(alarm.body.get("probes", ())))

    return tuple(alarm for alarm in reader.alarms(order.from_ms, order.to_ms) if concerns(alarm))


class _Beside:
    """What people say of some probes in a time."""

    def __init__(
        self, reader: Reader, order: ReportOrder, known: Sequence[dict[str, Any]], ids: set[str]
    ) -> None:
        self._reader, self._order, self._known, self._ids = reader, order, known, ids

    def _is_one(self, probe_id: str) -> bool:
        return counted_as(self._known, probe_id) in self._ids

    def _reaches(self, from_ms: int, to_ms: int) -> bool:
        return from_ms < self._order.to_ms and to_ms >= self._order.from_ms

    def remarks(self) -> tuple[Annotation, ...]:
        found = self._reader.annotations(self._order.from_ms, self._order.to_ms)
        return tuple(one for one in found if one.probe_id is None or self._is_one(one.probe_id))

    def strikes(self) -> tuple[Strike, ...]:
        return tuple(
            one
            for one in self._reader.strikes()
            if self._is_one(one.probe_id) and self._reaches(one.from_ms, one.to_ms)
        )

    def calibrations(self) -> tuple[Calibration, ...]:
        found = self._reader.calibrations()
        return tuple(
            one for one in found if self._is_one(one.probe_id) and self._reaches(one.from_ms, one.to_ms - 1)
        )

    def thermocouples(self) -> tuple[Thermocouple, ...]:
        found = self._reader.thermocouples()
        return tuple(
            one for one in found if self._is_one(one.probe_id) and self._reaches(one.from_ms, one.to_ms - 1)
        )


# What a later look at an alarm changes nothing of.
ALARM_FIELDS = (
    *("no", "probe_id", "cause", "severity", "limit_c", "since_ms", "worst_c", "worst_ms", "cleared_ms"),
    *("acked_ms", "acked_by", "comment", "action", "past"),
)


def _fingerprint(
    digest: Digest,
    parts: Sequence[ProbePart],
    alarms: Sequence[Alarm],
    remarks: Sequence[Annotation],
    strikes: Sequence[Strike],
    calibrations: Sequence[Calibration],
    thermocouples: Sequence[Thermocouple],
) -> Fingerprint:
    by_id = sorted(parts, key=lambda part: part.id)
    return Fingerprint(
        {
            "readings": digest.hexadecimal(),
            "probes": of_records(
                [[part.id, part.title, part.record["group"], part.record["note"]] for part in by_id]
            ),
            "limits": of_records(
                [[part.id, [[*one.limit, one.severity] for one in part.limits]] for part in by_id]
            ),
            "alarms": of_records([[getattr(alarm, name) for name in ALARM_FIELDS] for alarm in alarms]),
            "remarks": of_records([[list(one) for one in remarks], [list(one) for one in strikes]]),
            "calibrations": of_records(
                [[list(one) for one in calibrations], [list(one) for one in thermocouples]]
            ),
        }
    )
